"""Sessions: whose cookie is whose, and what a form has to carry."""

from __future__ import annotations

from reference_hub.core.hub import Hub
from reference_hub.core.sessions import SessionTable


def test_a_cookie_leads_to_its_session(hub: Hub) -> None:
    table, user = SessionTable(), hub.add_user("ann")
    session, cookie = table.open(user, hub.clock())
    other, _ = table.open(user, hub.clock())
    assert table.find(cookie) is session
    assert session.id != other.id
    for wrong in ("", cookie[:-1], f"{cookie}x", session.id):
        assert table.find(wrong) is None


def test_a_closed_session_is_no_more(hub: Hub) -> None:
    table, user = SessionTable(), hub.add_user("ann")
    session, cookie = table.open(user, hub.clock())
    other, other_cookie = table.open(user, hub.clock())
    table.close(session)
    assert table.find(cookie) is None
    assert table.find(other_cookie) is other


def test_sessions_go_with_their_user(hub: Hub) -> None:
    user = hub.add_user("ann")
    _, cookie = hub.sessions.open(user, hub.clock())
    hub.remove_user(user)
    assert hub.sessions.find(cookie) is None


def test_a_form_is_bound_to_its_session(hub: Hub) -> None:
    table, user = SessionTable(), hub.add_user("ann")
    (one, _), (two, _) = table.open(user, hub.clock()), table.open(user, hub.clock())
    values = [
        table.xsrf(one, "firefox"),
        table.xsrf(two, "firefox"),
        table.xsrf(None, "firefox"),
        table.xsrf(None, "lynx"),
        SessionTable().xsrf(None, "lynx"),
    ]
    assert len(set(values)) == len(values)
    assert table.xsrf(one, "lynx") == values[0], "a session is known by more than its browser"
