"""What the rules about servers share: starting and stopping by hand, and reading models."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import pytest

from ..client import Answer
from ..errors import SetupFailed
from ..hub import Hub, quoted
from ..named import CREATES, Trio, make_stopped
from ..rules import untested
from ..sandbox import User
from ..urls import parts_of
from ._credentials import need_scopes

#: Fields of a server's model and the version that brought them.
FIELDS = {
    "name": (2, 0),
    "last_activity": (2, 0),
    "started": (2, 0),
    "pending": (2, 0),
    "ready": (2, 0),
    "url": (2, 0),
    "user_options": (2, 0),
    "progress_url": (2, 0),
    "stopped": (3, 0),
    "full_name": (5, 0),
    "full_url": (5, 0),
    "full_progress_url": (5, 0),
    "display_name": (6, 0),
}
#: What a server's name is part of.
NAMED = ("name", "full_name", "url", "full_url", "progress_url", "full_progress_url")
#: How far the hub's clock may be from itself: its `Date` has whole seconds.
CLOCK_SLACK = timedelta(seconds=5)
#: Ids of cells about each of three servers that run side by side.
TRIO = ("default", "first", "second")
STOPPED = {"include_stopped_servers": "1"}
REMOVE = {"remove": True}


def start_scope(version: tuple[int, int]) -> str:
    """Return the smallest scope that starts servers: 6.0 split `servers`."""
    return "start:servers" if version >= CREATES else "servers"


def path_of(user: User, server: str = "") -> str:
    """Return the path of a server below the API's root."""
    return user.sandbox.server_path(user, server)


# --- starting and stopping by hand


def start(
    user: User, server: str = "", hub: Hub | None = None, options: dict[str, Any] | None = None
) -> Answer:
    """Ask for a start with the run's user options and these; judge nothing."""
    body = {**(user.sandbox.user_options or {}), **(options or {})}
    return (hub or user.sandbox.hub).post(path_of(user, server), json=body)


def started(
    user: User, server: str = "", hub: Hub | None = None, options: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Start a server and wait until it runs; return its model."""
    answer = start(user, server, hub, options)
    assert answer.status in (201, 202), f"expected 201 or 202, got {answer!r}"
    if answer.status == 202:
        user.sandbox.await_start(user, server)
    model = model_of(user, server)
    assert model.get("ready") is True, f"started, and not ready: {model}"
    return model


def stopped(
    user: User, server: str = "", hub: Hub | None = None, *, remove: bool | None = None
) -> Answer:
    """Stop a server (`remove` forgets it) and wait until it has stopped."""
    sent = {} if remove is None else {"json": {"remove": remove}}
    answer = (hub or user.sandbox.hub).delete(path_of(user, server), **sent)
    assert answer.status in (202, 204), f"expected 204 or 202, got {answer!r}"

    def has_ended() -> bool:
        model = user.sandbox.server_model(user, server)
        if model is None or remove:
            return model is None
        return not (model.get("ready") or model.get("pending"))

    happens(user, has_ended, f"the server {server!r} of {user.name} was to end after {answer!r}")
    return answer


def created(user: User, server: str, version: tuple[int, int]) -> str:
    """Make a named server that does not run; return its name."""
    make_stopped(user, server, version)
    return server


def happens(user: User, happened: Callable[[], bool], what: str) -> None:
    """Wait until something is so. Raises AssertionError when it never is."""
    try:
        user.sandbox.until(happened, what)
    except SetupFailed as error:
        raise AssertionError(str(error)) from None


# --- reading


def an_object(answer: Answer) -> dict[str, Any]:
    """Return the JSON object of a 200 answer."""
    assert answer.status == 200, f"expected 200, got {answer!r}"
    found = answer.json
    assert isinstance(found, dict), f"expected an object, got {found!r}"
    return found


def servers_in(model: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return `servers` of a user's model, its shape checked."""
    found = model.get("servers")
    assert isinstance(found, dict), f"servers is {found!r}"
    assert all(isinstance(each, dict) for each in found.values()), f"servers is {found!r}"
    return found


def user_model(
    user: User, hub: Hub | None = None, params: dict[str, str] | None = None
) -> dict[str, Any]:
    """Read a user's model, by default as the caller sees it.

    Ends the rule as untested where the caller has no right to see servers in it.
    """
    caller = user.sandbox.hub
    found = an_object((hub or caller).get(user.path, params=params or {}))
    if hub is None and "servers" not in found:
        need_scopes(caller.target, "read:servers")
    return found


def servers_of(
    user: User, hub: Hub | None = None, *, with_stopped: bool = False
) -> dict[str, dict[str, Any]]:
    """Read the servers in a user's model."""
    return servers_in(user_model(user, hub, STOPPED if with_stopped else {}))


def model_of(
    user: User, server: str = "", hub: Hub | None = None, *, with_stopped: bool = False
) -> dict[str, Any]:
    """Read one server out of its user's model."""
    found = servers_of(user, hub, with_stopped=with_stopped)
    assert server in found, f"{user.name} has the servers {sorted(found)}, not {server!r}"
    return found[server]


def listed(hub: Hub, user: User, **params: Any) -> dict[str, Any] | None:
    """Read a user out of the list of users; None when the list has them not."""
    answer = hub.get("/users", params={"name_filter": user.name, **params})
    assert answer.status == 200, answer
    assert isinstance(answer.json, list), f"expected a list, got {answer.json!r}"
    return next((each for each in answer.json if each.get("name") == user.name), None)


def moment(value: Any) -> datetime:
    """Read a timestamp of a model, which says its zone."""
    assert isinstance(value, str), f"{value!r} is no timestamp"
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        raise AssertionError(f"{value!r} is no timestamp") from None
    assert found.tzinfo is not None, f"{value!r} says no zone"
    return found


def hub_time(answer: Answer) -> datetime:
    """Return the hub's own time, as told with an answer; ours where it tells none."""
    told = answer.headers.get("Date")
    return parsedate_to_datetime(told) if told else datetime.now(UTC)


def tail_of(url: Any) -> str:
    """Return the path of a URL; with subdomains a hub gives whole URLs."""
    assert isinstance(url, str), f"{url!r} is no URL"
    return parts_of(url).path


# --- through the proxy


def of_trio(request: pytest.FixtureRequest) -> str:
    """Return the name of the server that a cell is about: the default one, or a named one."""
    if not request.param:
        return ""
    trio: Trio = request.getfixturevalue("trio")
    return trio.names[request.param]


def place(user: User, server: str, rest: str = "") -> str:
    """Return where a server is, below the hub's base URL."""
    parts = ["user", quoted(user.name), *([quoted(server)] if server else []), rest]
    return "/".join(parts)


def reach(hub: Hub, user: User, server: str, rest: str) -> Answer:
    """GET a path of a running server, through the proxy."""
    return hub.server("GET", place(user, server, rest))


def landing(hub: Hub, user: User, server: str, rest: str) -> Answer:
    """Like `reach`, following the hub's redirects of servers that do not run to its own pages."""
    path = place(user, server, rest)
    answer = hub.server("GET", path)
    for _ in range(3):
        target = parts_of(answer.headers.get("Location", ""))
        if not 300 <= answer.status < 400 or "login" in target.path:
            break
        base = parts_of(hub.target.public or hub.target.base).path
        answer = hub.server("GET", target.path.removeprefix(base))
    return answer


def routes(hub: Hub) -> list[dict[str, Any]]:
    """Read the whole routing table, again while its total changes."""
    for _ in range(8):
        pages = list(hub.walk("/proxy"))
        if len({page.total for page in pages}) == 1:
            break
    else:
        untested("the routing table never held still")
    return [route for page in pages for route in _values(page.items)]


def _values(items: Any) -> Iterable[dict[str, Any]]:
    assert isinstance(items, dict), f"routes are an object by path, got {items!r}"
    for path, route in items.items():
        assert isinstance(route, dict), f"the route {path} is {route!r}"
        yield route


def route_of(hub: Hub, user: User, server: str) -> dict[str, Any] | None:
    """Find the route of one server by the user and server it says it belongs to."""
    for route in routes(hub):
        data = route.get("data") or {}
        if data.get("user") == user.name and data.get("server_name") == server:
            return route
    return None
