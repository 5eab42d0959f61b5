"""What the rules about the proxy share: its whole table, and the routes of one user."""

from __future__ import annotations

from typing import Any

from ..hub import Hub
from ..rules import untested
from ..sandbox import User
from ..urls import parts_of
from ._pagination import HUGE
from ._shape import object_of

Route = dict[str, Any]
#: How often a table that strangers change is read again before it is given up.
ATTEMPTS = 8


def check_route(spec: str, route: Any) -> Route:
    """Assert the shape of one route: its specification, a target, and data."""
    assert isinstance(route, dict), f"the route {spec!r} is {route!r}"
    assert set(route) == {"routespec", "target", "data"}, f"{spec!r} has {sorted(route)}"
    assert route["routespec"] == spec, f"{spec!r} calls itself {route['routespec']!r}"
    assert spec.endswith("/"), f"{spec!r} has no slash at its end"
    assert isinstance(route["target"], str), f"the target of {spec!r} is {route['target']!r}"
    parts = parts_of(route["target"])
    assert parts.scheme, f"the target of {spec!r} is no URL: {route['target']!r}"
    assert parts.netloc, f"the target of {spec!r} is no URL: {route['target']!r}"
    assert isinstance(route["data"], dict), f"the data of {spec!r} are {route['data']!r}"
    return route


def table(hub: Hub) -> dict[str, Route]:
    """Read the whole routing table in the largest pages, again while its total changes."""
    for _ in range(ATTEMPTS):
        pages = list(hub.walk("/proxy", limit=HUGE))
        if len({page.total for page in pages}) == 1:
            break
    else:
        untested("the routing table never held still")
    found: dict[str, Route] = {}
    for page in pages:
        assert isinstance(page.items, dict), f"routes are an object, got {page.items!r}"
        found |= {spec: check_route(spec, route) for spec, route in page.items.items()}
    return found


def plain_table(hub: Hub) -> dict[str, Route]:
    """Read the routing table without asking for pages, window by window."""
    found: dict[str, Route] = {}
    page = hub.page("/proxy", limit=HUGE)
    for offset in range(0, page.total, page.limit):
        part = object_of(hub.get("/proxy", params={"offset": offset, "limit": HUGE}))
        found |= {spec: check_route(spec, route) for spec, route in part.items()}
    return found


def routes_of(found: dict[str, Route], user: User) -> dict[str, Route]:
    """The routes of one user's servers, by the name of the server."""
    mine = [route for route in found.values() if route["data"].get("user") == user.name]
    named = {route["data"].get("server_name"): route for route in mine}
    assert len(named) == len(mine), f"two routes of one server: {mine}"
    return named


def route_of_service(found: dict[str, Route], name: str) -> Route | None:
    """The route of one service."""
    return next((each for each in found.values() if each["data"].get("service") == name), None)


def steady(route: Route | None) -> Route | None:
    """A route without what changes with every request that goes through it."""
    if route is None:
        return None
    data = {key: value for key, value in route["data"].items() if key != "last_activity"}
    return {**route, "data": data}


def inner_url(hub: Hub) -> str:
    """A URL at which something answers the hub at once: its own, as its proxy reaches it.

    A hub waits half a minute for a service where nobody answers.
    """
    found = [each for each in table(hub).values() if each["data"].get("hub")]
    if not found:
        untested("the routing table does not say where the hub is")
    return str(found[0]["target"])
