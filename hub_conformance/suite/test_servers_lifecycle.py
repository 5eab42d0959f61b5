"""Servers: starting, stopping, removing; what happens to one server and not to the others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import pytest

from ..client import Answer
from ..hub import Hub
from ..named import Trio, trio_names
from ..rules import not_applicable, rule, untested
from ..sandbox import Sandbox, User
from ._credentials import need_scopes
from ._servers import (
    an_object,
    created,
    listed,
    model_of,
    moment,
    path_of,
    route_of,
    servers_in,
    servers_of,
    start,
    started,
    stopped,
    tail_of,
    user_model,
)

STATES = ("active", "ready", "inactive")


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


_Seen = TypeVar("_Seen")


def tried(read: Callable[[], _Seen]) -> _Seen | AssertionError:
    """Read something, or keep what was wrong for the one rule that is about it."""
    try:
        return read()
    except AssertionError as error:
        return error


@dataclass(frozen=True)
class Moment:
    """What was seen of a user at one time: model, states that list them, route of the server."""

    model: dict[str, Any]
    states: set[str] | AssertionError
    route: dict[str, Any] | AssertionError | None

    @classmethod
    def see(cls, user: User, server: str) -> Moment:
        """Look at a user and one of their servers."""
        hub = user.sandbox.hub

        def states() -> set[str]:
            return {each for each in STATES if listed(hub, user, state=each)}

        return cls(user_model(user), tried(states), tried(lambda: route_of(hub, user, server)))


@dataclass(frozen=True)
class Ended:
    """What was seen when servers of one user were each started alone, and stopped again."""

    user: User
    before: dict[str, Moment]
    running: dict[str, Moment]
    answers: dict[str, Answer]
    at_once: dict[str, dict[str, Any] | None]
    after: dict[str, Moment]

    def models(self, **params: str) -> list[dict[str, Any]]:
        """Read the user's model by name, in the list of users, and as the user does."""
        found = listed(self.user.sandbox.hub, self.user, **params)
        assert found, f"{self.user.name} is not listed"
        own = an_object(self.user.hub.get("/user", params=params))
        return [user_model(self.user, params=params), found, own]


@pytest.fixture(scope="module")
def ended(
    shared: Sandbox,
    runner: User,
    named_servers: bool,
    version: tuple[int, int],
) -> Ended:
    """A user whose servers ran and have stopped; not to be changed."""
    user = shared.user("ended")
    found = Ended(user, {}, {}, {}, {}, {})
    for server in [trio_names(version)[0], ""] if named_servers else [""]:
        found.before[server] = Moment.see(user, server)
        started(user, server)
        found.running[server] = Moment.see(user, server)
        found.answers[server] = shared.hub.delete(path_of(user, server))
        found.at_once[server] = shared.server_model(user, server)
        stopped(user, server)
        found.after[server] = Moment.see(user, server)
    return found


# --- start


@rule("servers/start-is-201-or-202", needs="spawn")
def test_start(user: User) -> None:
    """Starting the default server answers 201 when it is ready, 202 while it still starts."""
    answer = start(user)
    if answer.status in (500, 503):
        untested(f"this hub starts no server: {answer!r}")
    assert answer.status in (201, 202), answer
    model = model_of(user)
    if answer.status == 201:
        assert model.get("ready") is True, model
    else:
        assert model.get("ready") is True or model.get("pending") == "spawn", model


@rule("servers/start-without-a-body", needs="spawn")
def test_start_without_a_body(user: User, runner: User) -> None:
    """A start needs no body; the options are then an empty object."""
    if user.sandbox.user_options:
        not_applicable("--hub-user-options: this hub is started with options")
    answer = user.sandbox.hub.post(path_of(user))
    assert answer.status in (201, 202), answer
    user.sandbox.await_start(user)
    model = model_of(user)
    assert (model.get("ready"), model.get("user_options")) == (True, {}), model


@rule("servers/start-makes-only-that-server-active", needs="spawn")
def test_start_only_one(ended: Ended, server: str) -> None:
    """A start makes that server active and no other; a named one is not the user's `server`."""
    model = ended.running[server].model
    assert set(servers_in(model)) == {server}, model
    assert (model.get("server", "missing") is None) == bool(server), model
    assert model.get("pending", "missing") is None, model


@rule("servers/start-of-a-running-server-is-refused", needs="spawn")
def test_start_when_running(hub: Hub, trio_or_default: tuple[User, str]) -> None:
    """Starting a running server is refused with 400, and it runs on as before."""
    user, server = trio_or_default
    before = model_of(user, server)
    answer = start(user, server, options={"hubconf": "refused"})
    assert answer.status == 400, answer
    after = model_of(user, server)
    assert after.get("ready") is True, after
    for field in ("started", "user_options", "pending"):
        assert after.get(field) == before.get(field)


@pytest.fixture(params=["default", "named"])
def trio_or_default(request: pytest.FixtureRequest) -> tuple[User, str]:
    """A running default server, and a running named one: not to be changed."""
    if request.param == "default":
        return request.getfixturevalue("runner"), ""
    trio: Trio = request.getfixturevalue("trio")
    return trio.user, trio.first


# --- stop


@rule("servers/stop-is-204-or-202", needs="spawn")
def test_stop(ended: Ended, server: str, version: tuple[int, int]) -> None:
    """A stop answers 204 when the server has stopped, 202 while it still stops."""
    answer, model = ended.answers[server], ended.at_once[server]
    assert answer.status in (202, 204), answer
    if version < (3, 0):  # no way to see stopped servers yet
        assert model is None or answer.status == 202, model
        return
    assert model, f"a stop without remove leaves the server known, and {server!r} is gone"
    if answer.status == 204:
        assert not answer.body
        assert (model.get("ready"), model.get("pending")) == (False, None), model
    else:
        assert model.get("pending") in ("stop", None), model


@rule("servers/stopped-server-has-a-stopped-model", since="3.0", needs="spawn")
def test_stopped_model(ended: Ended, server: str) -> None:
    """A stopped server is `stopped`, not `ready`, not pending, and `started` is null."""
    before = servers_in(ended.running[server].model)[server]
    after = model_of(ended.user, server, with_stopped=True)
    assert after.get("ready") is False, after
    assert after.get("stopped") is True, after
    assert after.get("pending", "missing") is None, after
    assert after.get("started", "missing") is None, after
    for field in ("name", "url", "progress_url"):
        assert after.get(field) == before.get(field), after
    assert moment(after.get("last_activity")) >= moment(before.get("last_activity"))


@rule("servers/stop-clears-the-users-server", needs="spawn")
def test_stop_clears_the_user(ended: Ended) -> None:
    """Once the default server has stopped, the user's `server` and `pending` are null."""
    for model in ended.models():
        assert model.get("server", "missing") is None
        assert model.get("pending", "missing") is None


@rule("servers/stop-of-a-stopped-server-is-a-success", needs="spawn")
def test_stop_twice(ended: Ended, server: str) -> None:
    """Stopping a server that has stopped already answers 204."""
    answer = ended.user.sandbox.hub.delete(path_of(ended.user, server))
    assert answer.status == 204, answer


@rule("servers/stop-of-a-server-never-started-is-a-success")
def test_stop_never_started(user: User, version: tuple[int, int], named_servers: bool) -> None:
    """Stopping a server that was never started answers 204."""
    answer = user.sandbox.hub.delete(path_of(user))
    assert answer.status == 204, answer
    if version >= (6, 0) and named_servers:
        answer = user.sandbox.hub.delete(path_of(user, created(user, "never-ran", version)))
        assert answer.status == 204, answer


@rule("servers/stop-one-and-the-others-stay", needs=("spawn", "named-servers"))
def test_stop_one(user: User, names: tuple[str, str], runner: User) -> None:
    """Stopping one of a user's servers, named or default, leaves the others running untouched."""
    left = {name: started(user, name) for name in ("", *names)}
    for name in (names[0], ""):
        stopped(user, name)
        left.pop(name)
        model = user_model(user)
        assert set(servers_in(model)) == set(left)
        assert (model.get("server", "missing") is None) == ("" not in left), model
        for other, before in left.items():
            after = model["servers"][other]
            assert after.get("ready") is True, after
            assert after.get("started") == before.get("started"), after


# --- shown and hidden


@rule("servers/stopped-are-hidden-unless-asked-for", needs="spawn")
def test_hidden(ended: Ended) -> None:
    """Servers that have stopped are not in `servers`: by name, in the list, or one's own."""
    assert [servers_in(model) for model in ended.models()] == [{}, {}, {}]


@rule("servers/stopped-are-shown-when-asked-for", since="3.0", needs="spawn")
@pytest.mark.parametrize("value", ["1", "true", "yes"])
def test_shown(ended: Ended, server: str, value: str) -> None:
    """With `include_stopped_servers` stopped servers are in `servers`, wherever one reads them."""
    for model in ended.models(include_stopped_servers=value):
        assert server in servers_in(model), model
        assert model["servers"][server].get("ready") is False


@rule("servers/include-stopped-servers-can-be-false", since="3.0", needs="named-servers")
@pytest.mark.parametrize("value", ["0", "false", "False"])
def test_hidden_by_false(resting: tuple[User, str], hub: Hub, value: str) -> None:
    """`include_stopped_servers` of 0 or false hides stopped servers as its absence does."""
    user, server = resting
    assert server not in servers_in(user_model(user, params={"include_stopped_servers": value}))
    shown = listed(hub, user, include_stopped_servers=value)
    assert shown is not None
    assert server not in shown["servers"]


@rule("servers/asking-for-stopped-ones-keeps-the-running", needs=("spawn", "named-servers"))
def test_running_too(trio: Trio) -> None:
    """With `include_stopped_servers` running servers are there too, and still ready."""
    found = servers_of(trio.user, with_stopped=True)
    assert set(found) == set(trio.names)
    assert all(each.get("ready") is True for each in found.values()), found


@rule("servers/progress-of-a-stopped-server-is-refused", needs="spawn")
def test_progress_when_stopped(ended: Ended, server: str) -> None:
    """A server that was stopped has no progress: 400 or 404."""
    answer = ended.user.sandbox.hub.get(f"{path_of(ended.user, server)}/progress")
    assert answer.status in (400, 404), answer


# --- what else reacts


@rule("servers/state-filters-follow-start-and-stop", needs="spawn")
def test_state_filters(ended: Ended, server: str) -> None:
    """`state` of active or ready lists a user while any server runs, inactive while none does."""
    assert ended.before[server].states == {"inactive"}
    assert ended.running[server].states == {"active", "ready"}
    assert ended.after[server].states == {"inactive"}


@rule("servers/route-comes-and-goes", needs="spawn")
def test_route(ended: Ended, server: str) -> None:
    """The routing table has a running server's route, and loses it when the server stops."""
    need_scopes(ended.user.sandbox.hub.target, "proxy")
    assert ended.before[server].route is None
    route = ended.running[server].route
    url = servers_in(ended.running[server].model)[server].get("url")
    assert isinstance(route, dict), f"no route for the running server {server!r}: {route!r}"
    assert str(route.get("routespec", "")).endswith(tail_of(url)), route
    assert isinstance(route.get("target"), str), route
    assert ended.after[server].route is None
