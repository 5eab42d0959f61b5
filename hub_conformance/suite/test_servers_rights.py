"""Servers: who may read, start, change, stop and remove them, scope by scope."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from ..client import Answer
from ..hub import Hub
from ..named import Trio
from ..rules import not_applicable, rule
from ..sandbox import User
from ._servers import (
    model_of,
    path_of,
    servers_in,
    servers_of,
    start_scope,
    started,
    stopped,
    user_model,
)

ALL = "servers"
EVERYTHING = "admin:servers"


@dataclass(frozen=True)
class Operation:
    """A call that changes nothing: let through it ends with `passed`, whatever else it finds."""

    method: str
    passed: tuple[int, ...]
    body: Any = None
    tail: str = ""
    since: tuple[int, int] = (2, 0)

    def call(self, hub: Hub, user: User, server: str) -> Answer:
        """Send it."""
        sent = {} if self.body is None else {"json": self.body}
        return hub.request(self.method, path_of(user, server) + self.tail, **sent)


#: On running servers: a start, a creation and a change are refused for what they meet, not for
#: who asks. Removing the default server is refused in the same way.
START = Operation("POST", (400,), {})
CREATE = Operation("PUT", (409,), {}, since=(6, 0))
CHANGE = Operation("PATCH", (400,), {"display_name": "Changed"}, since=(6, 0))
READ = Operation("GET", (200,), since=(6, 0))
PROGRESS = Operation("GET", (200,), tail="/progress")
REMOVE_DEFAULT = Operation("DELETE", (400,), {"remove": True})

STARTING = {"start": START, "create": CREATE, "change": CHANGE}
READING = {"read-one": READ, "progress": PROGRESS}
OTHER_SCOPES = (
    "read:servers",
    "delete:servers",
    "access:servers",
    "admin:server_state",
    "admin:users",
    "users:activity",
)
STOPPING = {"stop": Operation("DELETE", ()), "remove": REMOVE_DEFAULT}


@pytest.fixture(params=["default", "named"])
def server(request: pytest.FixtureRequest) -> str:
    """The name of the running default server, and of a running named one."""
    if request.param == "default":
        return ""
    trio: Trio = request.getfixturevalue("trio")
    return trio.first


def possible(operation: Operation, version: tuple[int, int]) -> Operation:
    """Return the operation, or end the rule where the version has none."""
    if version < operation.since:
        not_applicable("since {}.{}".format(*operation.since))
    return operation


def statuses(
    limited: Callable[..., Hub], scopes: tuple[str, ...], operation: Operation, place: Any
) -> dict[str, int]:
    """Call once for each scope alone; return the statuses."""
    return {scope: operation.call(limited(scope), *place).status for scope in scopes}


# --- starting, creating, changing


@rule("servers/starting-needs-its-scope", needs="spawn")
@pytest.mark.parametrize("label", STARTING)
def test_starting_needs(
    limited: Callable[..., Hub], runner: User, server: str, version: tuple[int, int], label: str
) -> None:
    """Start, creation and change are 403 with any one scope that is not about starting."""
    operation = possible(STARTING[label], version)
    found = statuses(limited, OTHER_SCOPES, operation, (runner, server))
    assert found == dict.fromkeys(OTHER_SCOPES, 403)


@rule("servers/starting-with-its-scope", needs="spawn")
@pytest.mark.parametrize("label", STARTING)
def test_starting_with(
    limited: Callable[..., Hub], runner: User, server: str, version: tuple[int, int], label: str
) -> None:
    """Start, creation and change are let through with the scope for it, or one above it."""
    operation = possible(STARTING[label], version)
    own = start_scope(version)
    kept = model_of(runner, server)
    for scope in (own, ALL, EVERYTHING, f"{own}!user={runner.name}"):
        answer = operation.call(limited(scope), runner, server)
        assert answer.status in operation.passed, f"{scope}: {answer!r}"
    answer = operation.call(limited(f"{own}!server={runner.name}/{server}"), runner, server)
    assert answer.status in operation.passed, answer
    assert model_of(runner, server).get("started") == kept.get("started")


@rule("servers/starting-outside-the-filter-is-404", needs=("spawn", "named-servers"))
@pytest.mark.parametrize("label", STARTING)
def test_starting_outside(
    limited: Callable[..., Hub], trio: Trio, bob: User, version: tuple[int, int], label: str
) -> None:
    """With a filter for another user or server, start, creation and change are 404."""
    operation = possible(STARTING[label], version)
    _none_passes(limited, start_scope(version), operation, trio, bob)


def _none_passes(
    limited: Callable[..., Hub], scope: str, operation: Operation, trio: Trio, bob: User
) -> None:
    for server, filtered in (
        ("", f"{scope}!user={bob.name}"),
        (trio.first, f"{scope}!user={bob.name}"),
        ("", f"{scope}!server={trio.user.name}/{trio.first}"),
        (trio.first, f"{scope}!server={trio.user.name}/{trio.second}"),
        (trio.first, f"{scope}!server={trio.user.name}/"),
        (trio.first, f"{scope}!server={bob.name}/{trio.first}"),
        (trio.first, f"{scope}!server={trio.user.name}/{trio.first}x"),
        (trio.first, f"{scope}!server={trio.user.name}/{trio.first[:-1]}"),
    ):
        answer = operation.call(limited(filtered), trio.user, server)
        assert answer.status == 404, f"{filtered}: {answer!r}"


# --- stopping and removing


@rule("servers/stopping-needs-its-scope", needs="spawn")
def test_stopping_needs(
    limited: Callable[..., Hub], runner: User, server: str, version: tuple[int, int]
) -> None:
    """A stop is 403 with any one scope that is not about stopping, and the server runs on."""
    other = tuple(scope for scope in OTHER_SCOPES if scope != "delete:servers")
    if version >= (6, 0):
        other += ("start:servers",)
    found = statuses(limited, other, Operation("DELETE", ()), (runner, server))
    assert found == dict.fromkeys(other, 403)
    assert model_of(runner, server).get("ready") is True


@rule("servers/stopping-with-its-scope")
def test_stopping_with(limited: Callable[..., Hub], alice: User) -> None:
    """A stop is let through with `delete:servers`, or a scope above it."""
    filters = (f"user={alice.name}", f"server={alice.name}/")
    scopes = ("delete:servers", ALL, EVERYTHING, *(f"delete:servers!{each}" for each in filters))
    found = statuses(limited, scopes, Operation("DELETE", ()), (alice, ""))
    assert found == dict.fromkeys(scopes, 204)


@rule("servers/stopping-outside-the-filter-is-404", needs=("spawn", "named-servers"))
def test_stopping_outside(limited: Callable[..., Hub], trio: Trio, bob: User) -> None:
    """With a filter for another user or server a stop is 404, and the server runs on."""
    _none_passes(limited, "delete:servers", Operation("DELETE", ()), trio, bob)
    assert set(servers_of(trio.user)) == set(trio.names)


@rule("servers/scopes-of-one-server-start-and-stop-it", needs=("spawn", "named-servers"))
def test_starts_and_stops(
    limited: Callable[..., Hub], user: User, trio: Trio, version: tuple[int, int]
) -> None:
    """The scope to start one server, alone, starts it; that to stop it, alone, removes it."""
    one = f"!server={user.name}/{trio.first}"
    started(user, trio.first, limited(start_scope(version) + one))
    assert set(servers_of(user)) == {trio.first}
    stopped(user, trio.first, limited(f"delete:servers{one}"), remove=True)
    assert trio.first not in servers_of(user, with_stopped=True)


# --- reading


@rule("servers/reading-needs-its-scope", needs="spawn")
@pytest.mark.parametrize("label", READING)
def test_reading_needs(
    limited: Callable[..., Hub], runner: User, server: str, version: tuple[int, int], label: str
) -> None:
    """Reading a server or its progress is 403 with any one scope that is not about reading it."""
    operation = possible(READING[label], version)
    other = tuple(scope for scope in OTHER_SCOPES if scope != "read:servers")
    if version >= (6, 0):
        other += ("start:servers",)
    found = statuses(limited, other, operation, (runner, server))
    assert found == dict.fromkeys(other, 403)


@rule("servers/reading-with-its-scope", needs="spawn")
@pytest.mark.parametrize("label", READING)
def test_reading_with(
    limited: Callable[..., Hub], runner: User, server: str, version: tuple[int, int], label: str
) -> None:
    """Reading a server or its progress is let through with `read:servers`, or a scope above it."""
    operation = possible(READING[label], version)
    filters = (f"user={runner.name}", f"server={runner.name}/{server}")
    scopes = ("read:servers", ALL, EVERYTHING, *(f"read:servers!{each}" for each in filters))
    found = statuses(limited, scopes, operation, (runner, server))
    assert found == dict.fromkeys(scopes, 200)


@rule("servers/reading-outside-the-filter-is-404", needs=("spawn", "named-servers"))
@pytest.mark.parametrize("label", READING)
def test_reading_outside(
    limited: Callable[..., Hub], trio: Trio, bob: User, version: tuple[int, int], label: str
) -> None:
    """With a filter for another user or server, reading a server or its progress is 404."""
    _none_passes(limited, "read:servers", possible(READING[label], version), trio, bob)


# --- whose


@rule("servers/owner-starts-reads-and-stops", needs="spawn")
@pytest.mark.parametrize("which", ["default", "named"])
def test_owner(request: pytest.FixtureRequest, user: User, runner: User, which: str) -> None:
    """A user starts, reads, stops and starts again their own servers with their own token."""
    server = request.getfixturevalue("trio").first if which == "named" else ""
    started(user, server, user.hub)
    own = user_model(user, user.hub)
    assert set(servers_in(own)) == {server}, own
    assert (own.get("server", "missing") is None) == bool(server), own
    stopped(user, server, user.hub)
    assert servers_of(user, user.hub) == {}


@rule("servers/another-user-may-nothing", needs="spawn")
def test_another_user(runner: User, server: str, bob: User, version: tuple[int, int]) -> None:
    """Another user's token is told 404 for every operation on a server, which runs on."""
    assert _of_all(bob.hub, runner, server, version) == {404}


@rule("servers/without-a-credential-nothing", needs="spawn")
def test_anonymous(anonymous: Hub, runner: User, server: str, version: tuple[int, int]) -> None:
    """Without a credential every operation on a server is 403, and it runs on."""
    assert _of_all(anonymous, runner, server, version) == {403}


def _of_all(hub: Hub, user: User, server: str, version: tuple[int, int]) -> set[int]:
    """Call every operation on a running server; return the statuses, the odd ones named."""
    found = {
        label: operation.call(hub, user, server).status
        for label, operation in {**STARTING, **READING, **STOPPING}.items()
        if version >= operation.since
    }
    assert len(set(found.values())) == 1, found
    assert model_of(user, server).get("ready") is True
    return set(found.values())
