"""Servers: activity that is reported of them, as far as their models show it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from ..client import Answer
from ..hub import Hub
from ..named import Trio
from ..rules import rule
from ..sandbox import Sandbox, User
from ._servers import created, model_of, moment, servers_of, user_model

NAME, OTHER = "active-one", "other-one"


@pytest.fixture(scope="module")
def idle(enabled_named_servers: None, shared: Sandbox, version: tuple[int, int]) -> User:
    """A user with two named servers that do not run, for activity to be reported of."""
    user = shared.user("idle")
    for name in (NAME, OTHER):
        created(user, name, version)
    return user


def report(user: User, servers: Any, hub: Hub | None = None, **more: Any) -> Answer:
    """Report activity of a user's servers."""
    body = {"servers": servers, **more}
    return (hub or user.sandbox.hub).post(f"{user.path}/activity", json=body)


def soon(user: User, server: str = NAME) -> datetime:
    """Return a moment later than all activity of a server, and less than an hour ahead of now."""
    seen = model_of(user, server, with_stopped=True).get("last_activity")
    latest = max(moment(seen), datetime.now(UTC)) if seen else datetime.now(UTC)
    return latest + timedelta(seconds=30)


def activity(user: User, server: str) -> datetime | None:
    """Read when a server was last active."""
    seen = model_of(user, server, with_stopped=True).get("last_activity")
    return None if seen is None else moment(seen)


@rule("servers/activity-of-a-server-is-recorded", since="3.0", needs="named-servers")
def test_recorded(idle: User) -> None:
    """Reported activity of a server is its `last_activity` from then on, and no other server's."""
    when, other = soon(idle), activity(idle, OTHER)
    answer = report(idle, {NAME: {"last_activity": when.isoformat()}})
    assert answer.status == 200, answer
    assert activity(idle, NAME) == when
    assert activity(idle, OTHER) == other


@rule("servers/activity-is-recorded-in-its-zone", since="3.0", needs="named-servers")
@pytest.mark.parametrize("hours", [5, -8])
def test_zones(idle: User, hours: int) -> None:
    """A timestamp with another zone than UTC is the same moment in the model."""
    when = soon(idle).astimezone(timezone(timedelta(hours=hours)))
    answer = report(idle, {NAME: {"last_activity": when.isoformat()}})
    assert answer.status == 200, answer
    assert activity(idle, NAME) == when


@rule("servers/activity-without-a-zone-is-utc", since="3.0", needs="named-servers")
def test_no_zone(idle: User) -> None:
    """A timestamp without a zone is taken as UTC."""
    when = soon(idle)
    answer = report(idle, {NAME: {"last_activity": when.replace(tzinfo=None).isoformat()}})
    assert answer.status == 200, answer
    assert activity(idle, NAME) == when


@rule("servers/activity-never-goes-back", since="3.0", needs="named-servers")
def test_older(idle: User) -> None:
    """Activity older than what is on record is accepted, and changes nothing."""
    when = soon(idle)
    for each in (when, when - timedelta(hours=1)):
        answer = report(idle, {NAME: {"last_activity": each.isoformat()}})
        assert answer.status == 200, answer
    assert activity(idle, NAME) == when


@rule("servers/activity-far-in-the-future-is-refused", since="3.0", needs="named-servers")
def test_future(idle: User) -> None:
    """Activity more than an hour in the future is refused with 400, and changes nothing."""
    before = activity(idle, NAME)
    when = datetime.now(UTC) + timedelta(hours=2)
    answer = report(idle, {NAME: {"last_activity": when.isoformat()}})
    assert answer.status == 400, answer
    assert activity(idle, NAME) == before


@rule("servers/activity-of-an-unknown-server-is-refused", since="3.0", needs="named-servers")
def test_unknown(idle: User) -> None:
    """Activity that names an unknown server is refused with 400, that of the others in it too."""
    before, when = activity(idle, NAME), soon(idle).isoformat()
    body = {NAME: {"last_activity": when}, "nothing": {"last_activity": when}}
    answer = report(idle, body)
    assert answer.status == 400, answer
    assert activity(idle, NAME) == before
    assert "nothing" not in servers_of(idle, with_stopped=True)


@rule("servers/activity-of-wrong-shape-is-refused", since="3.0", needs="named-servers")
@pytest.mark.parametrize(
    "servers",
    [[NAME], {NAME: None}, {NAME: {}}, {NAME: {"last_activity": "soon"}}, {NAME: "now"}],
    ids=["list", "null", "empty", "no-time", "text"],
)
def test_shapes(idle: User, servers: Any) -> None:
    """`servers` is an object of objects with a `last_activity` each: all else is 400."""
    before = activity(idle, NAME)
    answer = report(idle, servers)
    assert answer.status == 400, answer
    assert activity(idle, NAME) == before


@rule("servers/activity-of-a-server-is-not-the-users", since="3.0", needs="named-servers")
def test_not_the_users(idle: User) -> None:
    """Activity reported of a server alone does not change the user's own `last_activity`."""
    before = user_model(idle).get("last_activity")
    answer = report(idle, {NAME: {"last_activity": soon(idle).isoformat()}})
    assert answer.status == 200, answer
    assert user_model(idle).get("last_activity") == before


@rule("servers/activity-of-a-running-server", needs=("spawn", "named-servers"))
def test_running(trio: Trio) -> None:
    """Activity of one running server is recorded of that one; all keep running as they were."""
    user, name = trio.user, trio.second
    before, when = servers_of(user), soon(user, name)
    answer = report(user, {name: {"last_activity": when.isoformat()}})
    assert answer.status == 200, answer
    after = servers_of(user)
    assert moment(after[name]["last_activity"]) == when
    for each in trio.names:
        assert after[each].get("started") == before[each].get("started")
        assert each == name or moment(after[each]["last_activity"]) < when


@rule("servers/activity-needs-its-own-scope", since="3.0", needs="named-servers")
def test_needs_scope(idle: User, bob: User, limited: Any) -> None:
    """Neither another user nor a token of `servers` alone reports activity of a server."""
    before, body = activity(idle, NAME), {NAME: {"last_activity": soon(idle).isoformat()}}
    answer = report(idle, body, limited("servers"))
    assert answer.status == 403, answer
    answer = report(idle, body, bob.hub)
    assert answer.status in (403, 404), answer
    assert activity(idle, NAME) == before
    answer = report(idle, body, limited("users:activity"))
    assert answer.status == 200, answer
    assert activity(idle, NAME) != before
