"""Servers: the models of a default server and of two named ones that run beside it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from ..client import Answer
from ..hub import Hub, quoted
from ..named import Trio
from ..rules import rule
from ..sandbox import User
from ..urls import parts_of
from ._servers import (
    CLOCK_SLACK,
    FIELDS,
    STOPPED,
    an_object,
    hub_time,
    listed,
    model_of,
    moment,
    path_of,
    servers_in,
    servers_of,
    tail_of,
    user_model,
)

#: More than any run takes: a server was not started a day ago.
RUN_LASTS = timedelta(hours=6)


@pytest.fixture(params=["default", "first", "second"])
def server(request: pytest.FixtureRequest) -> str:
    """The name of each of the three servers that run side by side."""
    if request.param == "default":
        request.getfixturevalue("runner")
        return ""
    trio: Trio = request.getfixturevalue("trio")
    name: str = getattr(trio, request.param)
    return name


@pytest.fixture(scope="module")
def seen(runner: User, request: pytest.FixtureRequest, named_servers: bool) -> Answer:
    """The user's model, read once when all their servers run, as an admin sees it."""
    if named_servers:
        request.getfixturevalue("trio")
    return runner.sandbox.hub.get(runner.path)


@pytest.fixture
def model(seen: Answer, server: str) -> dict[str, Any]:
    """The model of that server."""
    found = servers_in(an_object(seen))
    assert server in found, f"the servers are {sorted(found)}, not {server!r}"
    return found[server]


# --- side by side


@rule("servers/default-and-two-named-run-side-by-side", needs=("spawn", "named-servers"))
def test_side_by_side(trio: Trio) -> None:
    """A default server and two named ones of a user run at once, each under its own name."""
    found = servers_of(trio.user)
    assert set(found) == set(trio.names), sorted(found)
    assert {name: each.get("ready") for name, each in found.items()} == dict.fromkeys(found, True)


@rule("servers/urls-are-distinct", needs=("spawn", "named-servers"))
def test_urls_are_distinct(trio: Trio) -> None:
    """No two servers of a user have the same `url` or the same `progress_url`."""
    found = servers_of(trio.user).values()
    for field in ("url", "progress_url"):
        assert len({each.get(field) for each in found}) == 3, [each.get(field) for each in found]


# --- field by field


@rule("servers/model-has-exactly-its-fields", needs="spawn")
def test_fields(model: dict[str, Any], version: tuple[int, int]) -> None:
    """A server's model has every field of this version and no other, `state` aside."""
    expected = {field for field, since in FIELDS.items() if version >= since}
    assert set(model) - {"state"} == expected


@rule("servers/model-name", needs="spawn")
def test_name(model: dict[str, Any], server: str) -> None:
    """`name` is the server's name, its key in `servers`; that of the default server is empty."""
    assert model.get("name") == server


@rule("servers/model-full-name", since="5.0", needs="spawn")
def test_full_name(model: dict[str, Any], runner: User, server: str) -> None:
    """`full_name` is the user's name, a slash, and the server's name."""
    assert model.get("full_name") == f"{runner.name}/{server}"


@rule("servers/model-display-name-defaults-to-the-name", since="6.0", needs="spawn")
def test_display_name(model: dict[str, Any], server: str) -> None:
    """`display_name` is the server's name where none was given."""
    assert model.get("display_name") == server


@rule("servers/model-ready-while-running", needs="spawn")
def test_ready(model: dict[str, Any]) -> None:
    """A running server is `ready`: true, and not pending: null."""
    assert model.get("ready") is True
    assert "pending" in model
    assert model["pending"] is None


@rule("servers/model-stopped-is-false-while-running", since="3.0", needs="spawn")
def test_stopped(model: dict[str, Any]) -> None:
    """`stopped` is false while the server runs."""
    assert model.get("stopped") is False


@rule("servers/model-started-is-when-it-started", needs="spawn")
def test_started(seen: Answer, model: dict[str, Any]) -> None:
    """`started` is the moment of the start, with its zone: between the user's creation and now."""
    began, now = moment(model.get("started")), hub_time(seen)
    assert moment(seen.json.get("created")) <= began <= now + CLOCK_SLACK
    assert now - began < RUN_LASTS, f"{began} is not of today's run"


@rule("servers/model-last-activity-is-not-before-the-start", needs="spawn")
def test_last_activity(seen: Answer, model: dict[str, Any]) -> None:
    """`last_activity` of a running server is a moment from its start to now, with its zone."""
    active = moment(model.get("last_activity"))
    assert moment(model.get("started")) <= active
    # Other rules may report activity that lies less than an hour ahead.
    assert active <= hub_time(seen) + timedelta(hours=1)


@rule("servers/model-url-is-the-place-behind-the-proxy", needs="spawn")
def test_url(hub: Hub, model: dict[str, Any], runner: User, server: str) -> None:
    """`url` leads to /user/:name/ or /user/:name/:server/ below the hub's base path."""
    path = f"{hub.target.prefix}user/{quoted(runner.name)}/"
    assert tail_of(model.get("url")) == (f"{path}{quoted(server)}/" if server else path)


@rule("servers/model-progress-url-is-the-progress-stream", needs="spawn")
def test_progress_url(hub: Hub, model: dict[str, Any], runner: User, server: str) -> None:
    """`progress_url` is the path of this server's progress stream in the API."""
    expected = f"{hub.target.api}{path_of(runner, server)}/progress"
    assert model.get("progress_url") == expected


@rule("servers/model-full-urls-extend-the-urls", since="5.0", needs="spawn")
@pytest.mark.parametrize("field", ["url", "progress_url"])
def test_full_urls(model: dict[str, Any], field: str) -> None:
    """`full_url` and `full_progress_url` are null, or the same places with scheme and host."""
    full = model.get(f"full_{field}", "missing")
    if full is not None:
        assert isinstance(full, str), full
        assert parts_of(full).scheme in ("http", "https"), full
        assert parts_of(full).netloc, full
        assert tail_of(full) == tail_of(model.get(field))


@rule("servers/model-user-options-are-those-of-the-start", needs="spawn")
def test_user_options(model: dict[str, Any], runner: User) -> None:
    """`user_options` is the object that the start was asked with."""
    assert model.get("user_options") == (runner.sandbox.user_options or {})


# --- state


@rule("servers/state-needs-its-scope", needs="spawn")
def test_state_is_hidden(limited: Callable[..., Hub], runner: User, server: str) -> None:
    """`state` is not shown without the scope `admin:server_state`."""
    assert "state" not in model_of(runner, server, limited("read:servers"))
    assert "state" not in model_of(runner, server, runner.hub)


@rule("servers/state-is-hidden-wherever-read", since="3.0", needs=("spawn", "named-servers"))
@pytest.mark.parametrize("which", ["running", "stopped"])
def test_state_is_hidden_everywhere(
    request: pytest.FixtureRequest,
    limited: Callable[..., Hub],
    version: tuple[int, int],
    which: str,
) -> None:
    """Without `admin:server_state` no server shows `state`: listed, by itself, running or not."""
    if which == "stopped":
        user, name = request.getfixturevalue("resting")
    else:
        trio: Trio = request.getfixturevalue("trio")
        user, name = trio.user, trio.first
    hub = limited("read:servers", "list:users", "read:users:name")
    found = listed(hub, user, **STOPPED)
    assert found, f"{user.name} is not listed"
    assert "state" not in servers_in(found)[name]
    assert "state" not in model_of(user, name, hub, with_stopped=True)
    if version >= (6, 0):
        assert "state" not in an_object(hub.get(path_of(user, name)))


@rule("servers/state-with-its-scope", needs="spawn")
def test_state_is_shown(limited: Callable[..., Hub], runner: User, server: str) -> None:
    """With `admin:server_state` a running server shows its `state`, an object."""
    hub = limited("read:servers", "admin:server_state")
    assert isinstance(model_of(runner, server, hub).get("state"), dict)


@rule("servers/state-scope-alone-reads-no-server", needs="spawn")
def test_state_scope_alone(limited: Callable[..., Hub], runner: User) -> None:
    """`admin:server_state` without `read:servers` reads no user and no server."""
    answer = limited("admin:server_state").get(runner.path)
    assert answer.status in (403, 404), answer


# --- the same server everywhere


@rule("servers/list-of-users-shows-the-same-server", needs="spawn")
def test_same_in_list(hub: Hub, runner: User, server: str) -> None:
    """A server's model in the list of users equals that in the user's own model."""
    found = listed(hub, runner)
    assert found, f"{runner.name} is not listed"
    assert _lasting(servers_in(found).get(server)) == _lasting(model_of(runner, server))


@rule("servers/own-model-shows-the-same-server", needs="spawn")
def test_same_for_oneself(runner: User, server: str) -> None:
    """A user finds the same server in `GET /user` as in their model by name."""
    own = servers_in(an_object(runner.hub.get("/user")))
    assert _lasting(own.get(server)) == _lasting(model_of(runner, server, runner.hub))


@rule("servers/read-one-shows-the-same-server", since="6.0", needs="spawn")
def test_same_by_itself(hub: Hub, runner: User, server: str) -> None:
    """`GET` of one server gives the model that the user's model has of it."""
    single = an_object(hub.get(path_of(runner, server)))
    assert _lasting(single) == _lasting(model_of(runner, server))


def _lasting(model: Any) -> dict[str, Any]:
    """Leave out of a server's model what may change by itself."""
    assert isinstance(model, dict), f"the server's model is {model!r}"
    return {key: value for key, value in model.items() if key != "last_activity"}


# --- the user's model


@rule("servers/user-model-server-is-the-default-servers-url", needs="spawn")
def test_user_server(seen: Answer) -> None:
    """`server` of a user's model is the `url` of the ready default server; `pending` is null."""
    model = an_object(seen)
    assert model.get("server") == servers_in(model)[""].get("url")
    assert model.get("pending", "missing") is None


@rule("servers/user-model-has-no-servers-before-the-first-start")
@pytest.mark.parametrize("params", [{}, STOPPED], ids=["running", "stopped-too"])
def test_nothing_runs(bob: User, params: dict[str, str]) -> None:
    """Of a user who never started one, `server` and `pending` are null and no server is active."""
    model = user_model(bob, params=params)
    assert model.get("server", "missing") is None
    assert model.get("pending", "missing") is None
    active = [each for each in servers_in(model).values() if each.get("ready") is not False]
    assert not active
    assert params or not servers_in(model)


@rule("servers/read-servers-scope-shows-servers-only", needs="spawn")
def test_read_servers_scope(limited: Callable[..., Hub], runner: User) -> None:
    """`read:servers` alone shows a user's name and servers, not `server`, `pending` or roles."""
    model = user_model(runner, limited("read:servers"))
    assert "" in servers_in(model)
    assert set(model) & {"server", "pending", "roles", "groups", "last_activity"} == set()


@rule("servers/servers-are-hidden-without-their-scope", needs="spawn")
@pytest.mark.parametrize("scope", ["read:users", "list:users"])
def test_servers_hidden(limited: Callable[..., Hub], runner: User, scope: str) -> None:
    """A user's model has no `servers` for a token without `read:servers`."""
    hub = limited(scope)
    shown = listed(hub, runner) if scope == "list:users" else user_model(runner, hub)
    assert shown is not None
    assert "servers" not in shown


@rule("servers/server-filter-shows-that-server-only", needs=("spawn", "named-servers"))
def test_server_filter(limited: Callable[..., Hub], trio: Trio) -> None:
    """`read:servers!server=` shows the one server it names and no other of the user's."""
    for name in trio.names:
        hub = limited(f"read:servers!server={trio.user.name}/{name}", "read:users:name")
        assert set(servers_of(trio.user, hub)) == {name}
