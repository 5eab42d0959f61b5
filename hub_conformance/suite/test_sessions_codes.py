"""Sessions: taking a share code on the hub's page for it (since 5.0)."""

from __future__ import annotations

from typing import Any

import pytest

from ..accounts import Login
from ..browser import Browser
from ..hub import Hub, quoted
from ..rules import rule
from ..sandbox import Sandbox, User
from ._sessions import (
    ELSEWHERE,
    elsewhere,
    leads_nowhere_else,
    page,
    place,
    sent_to_login,
)
from ._shape import moment, single
from ._shares import is_now

pytest_plugins = ("hub_conformance.suite._sessions",)

NEEDS = ("login", "shares")


@pytest.fixture
def offer(sandbox: Sandbox) -> tuple[User, str]:
    """A user of this rule, and a share code for their default server."""
    user = sandbox.user("host")
    answer = sandbox.make("issue a share code", f"/share-codes/{user.name}/", {})
    return user, answer.json["code"].reveal()


@pytest.fixture(scope="module")
def code_for_next(shared: Sandbox) -> str:
    """A share code that any number of rules take."""
    path = f"/share-codes/{shared.user('host').name}/"
    code: str = shared.make("issue a share code", path, {}).json["code"].reveal()
    return code


def shared_with(hub: Hub, login: Login, owner: User) -> list[dict[str, Any]]:
    """What the owner shares with the user who logs in."""
    items = hub.page(f"/shares/{quoted(owner.name)}", limit=50).items
    return [each for each in items if (each.get("user") or {}).get("name") == login.user]


@rule("sessions/share-code-is-taken-on-its-page", since="5.0", needs=NEEDS)
def test_accept(session: Browser, login: Login, hub: Hub, offer: tuple[User, str]) -> None:
    """The page of a share code names the owner, and agreeing to it makes the share, at once."""
    owner, code = offer
    text = page(session.get("hub/accept-share", params={"code": code}))
    assert owner.name in text, "the page does not name who shares"
    assert shared_with(hub, login, owner) == [], "looking at the page has made the share"
    answer = session.submit("hub/accept-share", {"code": code})
    assert place(session, answer).startswith(f"{session.prefix}user/{owner.name}"), answer
    share = single(shared_with(hub, login, owner))
    assert share["scopes"] == [f"access:servers!server={owner.name}/"], share
    assert share["kind"] == "user", share
    codes = hub.page(f"/share-codes/{owner.name}").items
    assert len(codes) == 1, codes
    code_model = codes[0]
    assert code_model["exchange_count"] == 1, code_model
    is_now(code_model["last_exchanged_at"], answer)
    mine = session.api("GET", f"/users/{quoted(login.user)}/shared/{owner.name}/")
    assert mine.status == 200, mine


@rule("sessions/share-code-gives-the-scopes-it-names", since="5.0", needs=NEEDS)
def test_accept_scopes(session: Browser, login: Login, hub: Hub, sandbox: Sandbox) -> None:
    """Taking a share code gives the scopes that the code was made with, and no others."""
    owner = sandbox.user("host")
    body = {"scopes": ["access:servers", "read:servers"]}
    made = sandbox.make("issue a share code", f"/share-codes/{owner.name}/", body).json
    session.get("hub/accept-share", params={"code": made["code"].reveal()})
    session.submit("hub/accept-share", {"code": made["code"].reveal()})
    share = single(shared_with(hub, login, owner))
    assert sorted(share["scopes"]) == sorted(made["scopes"]), share


@rule("sessions/share-code-can-be-taken-again", since="5.0", needs=NEEDS)
def test_accept_again(session: Browser, login: Login, hub: Hub, offer: tuple[User, str]) -> None:
    """A share code is good for any number of exchanges, also when the share was taken back."""
    owner, code = offer
    for count in (1, 2):
        session.get("hub/accept-share", params={"code": code})
        session.submit("hub/accept-share", {"code": code})
        assert len(shared_with(hub, login, owner)) == 1, f"no share after exchange {count}"
        codes = [each["exchange_count"] for each in hub.page(f"/share-codes/{owner.name}").items]
        assert codes == [count], codes
        assert hub.delete(f"/shares/{owner.name}/").status == 204
        assert shared_with(hub, login, owner) == []


@rule("sessions/codes-taken-one-after-another-add-up", since="5.0", needs=NEEDS)
def test_add_up(session: Browser, login: Login, hub: Hub, sandbox: Sandbox) -> None:
    """Who has a share and takes a code has what both give: one share, and each exchange counts."""
    owner = sandbox.user("host")
    codes, counts = list[Any](), dict[str, int]()
    for scopes in (["access:servers"], ["read:servers"]):
        body = {"scopes": scopes}
        codes.append(sandbox.make("issue a share code", f"/share-codes/{owner.name}/", body).json)
    for which in (0, 1, 0):
        code = codes[which]["code"].reveal()
        place(session, session.submit("hub/accept-share", {"code": code}))
        counts[codes[which]["id"]] = counts.get(codes[which]["id"], 0) + 1
    share = single(shared_with(hub, login, owner))
    assert sorted(share["scopes"]) == sorted(codes[0]["scopes"] + codes[1]["scopes"]), share
    listed = hub.page(f"/share-codes/{owner.name}", limit=50).items
    assert {each["id"]: each["exchange_count"] for each in listed} == counts
    first, second = (moment(each["last_exchanged_at"]) for each in listed)
    assert first >= second, "the code that was taken last was not exchanged last"


@rule("sessions/withdrawn-code-leaves-what-it-gave", since="5.0", needs=NEEDS)
def test_withdrawn(session: Browser, login: Login, hub: Hub, offer: tuple[User, str]) -> None:
    """The share that somebody has by a code outlives the code."""
    owner, code = offer
    place(session, session.submit("hub/accept-share", {"code": code}))
    shares = shared_with(hub, login, owner)
    assert len(shares) == 1, shares
    assert hub.delete(f"/share-codes/{owner.name}/").status == 204
    assert shared_with(hub, login, owner) == shares


@pytest.mark.parametrize("address", ELSEWHERE)
@rule("sessions/taking-a-code-leads-nowhere-else", since="5.0", needs=NEEDS)
def test_elsewhere(address: str, session: Browser, code_for_next: str) -> None:
    """Who takes a share code is sent on within the hub, whatever its page was asked to lead to."""
    form, params = {"code": code_for_next}, {"next": elsewhere(session, address)}
    leads_nowhere_else(session, session.submit("hub/accept-share", form, params=params))


@rule("sessions/share-code-is-not-taken-by-a-forged-form", since="5.0", needs=NEEDS)
def test_forged_accept(session: Browser, login: Login, hub: Hub, offer: tuple[User, str]) -> None:
    """Without the value of `_xsrf`, or without a login, a share code makes no share."""
    owner, code = offer
    answer = session.submit("hub/accept-share", {"code": code}, xsrf=None)
    assert answer.status == 403, answer
    nobody = Browser(hub.using(None))
    sent_to_login(nobody, nobody.get("hub/accept-share", params={"code": code}))
    nobody.get("hub/login")
    answer = nobody.submit("hub/accept-share", {"code": code})
    assert answer.status in (302, 403), answer
    assert shared_with(hub, login, owner) == []
    code_model = single(hub.page(f"/share-codes/{owner.name}").items)
    assert code_model["exchange_count"] == 0, code_model


@rule("sessions/revoked-share-code-is-not-taken", since="5.0", needs=NEEDS)
def test_revoked_code(session: Browser, login: Login, hub: Hub, offer: tuple[User, str]) -> None:
    """A share code that was revoked has no page any more, 404, and is refused, 400."""
    owner, code = offer
    assert hub.delete(f"/share-codes/{owner.name}/").status == 204
    answer = session.get("hub/accept-share", params={"code": code})
    assert answer.status == 404, answer
    answer = session.submit("hub/accept-share", {"code": code})
    assert answer.status == 400, answer
    assert shared_with(hub, login, owner) == []


@rule("sessions/unknown-share-code-is-not-found", since="5.0", needs=NEEDS)
def test_unknown_code(session: Browser) -> None:
    """A share code that the hub never issued has no page."""
    for code in ("x", "0" * 32):
        answer = session.get("hub/accept-share", params={"code": code})
        assert answer.status == 404, answer
