"""Servers: removing named ones, names nobody has, users deleted, and what else reacts."""

from __future__ import annotations

import pytest

from ..hub import Hub
from ..named import Trio, trio_names
from ..rules import not_applicable, rule
from ..sandbox import User
from ._credentials import need_scopes
from ._servers import (
    REMOVE,
    created,
    happens,
    model_of,
    path_of,
    route_of,
    servers_of,
    started,
    stopped,
)
from ._tokens import ids_of

ABSENT = "nothing"


@pytest.fixture
def names(version: tuple[int, int]) -> tuple[str, str]:
    """Two names for named servers that this version takes."""
    return trio_names(version)


@pytest.fixture(params=["default", "named"])
def server(request: pytest.FixtureRequest, names: tuple[str, str]) -> str:
    """The name of a default and of a named server."""
    if request.param == "default":
        return ""
    request.getfixturevalue("enabled_named_servers")
    return names[0]


# --- what a stop leaves


@rule("servers/starts-pile-up-no-tokens", needs="spawn")
def test_tokens(user: User, runner: User, hub: Hub) -> None:
    """A server that is started and stopped again leaves no more tokens than the first time.

    What a start is issued ends with the server, or serves the next start as well.
    """
    need_scopes(hub.target, "read:tokens")
    started(user)
    stopped(user)
    left = len(ids_of(hub, user))
    started(user)
    stopped(user)
    happens(user, lambda: len(ids_of(hub, user)) <= left, "the tokens of the stopped server to end")


# --- remove


@rule("servers/remove-forgets-a-named-server", needs=("spawn", "named-servers"))
@pytest.mark.parametrize("was", ["running", "stopped"])
def test_remove(
    user: User, names: tuple[str, str], runner: User, version: tuple[int, int], was: str
) -> None:
    """`remove` stops a named server and forgets it: it is unknown afterwards."""
    if was == "running":
        started(user, names[0])
    else:
        created(user, names[0], version)
    stopped(user, names[0], remove=True)
    assert names[0] not in servers_of(user, with_stopped=True)
    answer = user.sandbox.hub.delete(path_of(user, names[0]))
    assert answer.status == 404, answer


@rule("servers/remove-false-only-stops", since="3.0", needs=("spawn", "named-servers"))
def test_remove_false(user: User, names: tuple[str, str], runner: User) -> None:
    """A stop with `remove: false` keeps the server's name, to be started again."""
    started(user, names[0])
    stopped(user, names[0], remove=False)
    model = model_of(user, names[0], with_stopped=True)
    assert model.get("ready") is False, model


@rule("servers/remove-one-and-the-others-stay", since="3.0", needs=("spawn", "named-servers"))
def test_remove_one(
    user: User, names: tuple[str, str], runner: User, version: tuple[int, int]
) -> None:
    """Removing a named server leaves the default one running and another stopped one known."""
    started(user)
    started(user, names[0])
    created(user, names[1], version)
    stopped(user, names[0], remove=True)
    found = servers_of(user, with_stopped=True)
    assert set(found) == {"", names[1]}
    assert found[""].get("ready") is True, found


@rule("servers/removed-server-starts-afresh", needs=("spawn", "named-servers"))
def test_removed_starts_afresh(user: User, names: tuple[str, str], runner: User) -> None:
    """A server made again under a removed one's name has none of its options."""
    started(user, names[0], options={"hubconf": "old"})
    stopped(user, names[0], remove=True)
    assert "hubconf" not in started(user, names[0])["user_options"]


@rule("servers/default-server-cannot-be-removed")
def test_remove_default(alice: User) -> None:
    """`remove` of the default server is refused with 400."""
    answer = alice.sandbox.hub.delete(path_of(alice), json=REMOVE)
    assert answer.status == 400, answer


@rule("servers/refused-remove-of-the-default-leaves-it-running", needs="spawn")
def test_remove_running_default(user: User) -> None:
    """The refused removal of a running default server does not stop it."""
    started(user)
    answer = user.sandbox.hub.delete(path_of(user), json=REMOVE)
    assert answer.status == 400, answer
    assert model_of(user).get("ready") is True


# --- unknown names


@rule("servers/stop-of-an-unknown-named-server-is-404", needs="named-servers")
@pytest.mark.parametrize("body", [None, REMOVE], ids=["stop", "remove"])
def test_unknown_server(alice: User, body: dict[str, bool] | None) -> None:
    """Stopping or removing a named server that the user does not have is 404."""
    sent = {"json": body} if body else {}
    answer = alice.sandbox.hub.delete(path_of(alice, ABSENT), **sent)
    assert answer.status == 404, answer


@rule("servers/anothers-server-name-is-unknown", needs=("spawn", "named-servers"))
def test_anothers_server(trio: Trio, alice: User) -> None:
    """A named server of one user is not found under another user's path."""
    answer = alice.sandbox.hub.delete(path_of(alice, trio.first))
    assert answer.status == 404, answer
    assert model_of(trio.user, trio.first).get("ready") is True


@rule("servers/unknown-user-is-404")
@pytest.mark.parametrize("server", ["", ABSENT], ids=["default", "named"])
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "GET"])
def test_unknown_user(
    hub: Hub, shared_absent: User, version: tuple[int, int], method: str, server: str
) -> None:
    """Start, creation, change and reading of a server of an unknown user answer 404."""
    if version < (6, 0) and method != "POST":
        not_applicable("since 6.0")
    body = {"name": "other"} if method == "PATCH" else {}
    answer = hub.request(method, path_of(shared_absent, server), json=body)
    assert answer.status == 404, answer


@rule("servers/stop-for-an-unknown-user-is-404")
@pytest.mark.parametrize("server", ["", ABSENT], ids=["default", "named"])
def test_stop_unknown_user(hub: Hub, shared_absent: User, server: str) -> None:
    """Stopping a server of an unknown user answers 404."""
    answer = hub.delete(path_of(shared_absent, server))
    assert answer.status == 404, answer


@pytest.fixture
def shared_absent(alice: User) -> User:
    """A user whom the hub does not know, with a name of this run."""
    return User(alice.sandbox.name("absent"), alice.sandbox)


# --- what else reacts


@rule("servers/routes-stay-with-their-servers", needs=("spawn", "named-servers"))
def test_routes_of_three(trio: Trio, hub: Hub) -> None:
    """Each of a user's running servers has a route of its own."""
    found = [route_of(hub, trio.user, name) for name in trio.names]
    assert all(found), found
    assert len({route["routespec"] for route in found if route}) == 3, found


@rule("servers/deleting-a-user-stops-the-default-server", needs="spawn")
def test_delete_user(user: User, hub: Hub) -> None:
    """A user with a running default server can be deleted; the server is gone with the user."""
    started(user)
    _gone_with_user(user, hub, "")


@rule(
    "servers/deleting-a-user-stops-named-servers",
    needs=("spawn", "named-servers"),
)
def test_delete_user_with_named(user: User, names: tuple[str, str], runner: User, hub: Hub) -> None:
    """A user with a running named server can be deleted; the server is gone with the user."""
    started(user, names[0])
    _gone_with_user(user, hub, names[0])


def _gone_with_user(user: User, hub: Hub, server: str) -> None:
    answer = hub.delete(user.path)
    assert answer.status == 204, answer
    assert hub.get(user.path).status == 404
    happens(user, lambda: route_of(hub, user, server) is None, "the server's route to vanish")
    answer = hub.post(user.path, json={})
    assert answer.status == 201, answer
    assert not any(each.get("ready") for each in servers_of(user, with_stopped=True).values())


# --- named servers switched off


@rule("servers/named-servers-switched-off-are-refused")
@pytest.mark.parametrize("method", ["POST", "DELETE", "PUT", "PATCH"])
def test_switched_off(
    alice: User, named_servers: bool, version: tuple[int, int], method: str
) -> None:
    """Without named servers every use of one is refused with 400 and a message that says why."""
    if named_servers:
        not_applicable("named servers are enabled on this hub")
    if version < (6, 0) and method in ("PUT", "PATCH"):
        not_applicable("since 6.0")
    body = {"name": "other"} if method == "PATCH" else {}
    answer = alice.sandbox.hub.request(method, path_of(alice, ABSENT), json=body)
    assert answer.status == 400, answer
    assert answer.message, answer
    assert ABSENT not in servers_of(alice, with_stopped=True)
