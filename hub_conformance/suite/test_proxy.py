"""The proxy: its routing table, and how routes come and go with servers and services."""

from __future__ import annotations

import pytest

from ..hub import Hub
from ..named import Trio, trio_names
from ..rules import rule
from ..sandbox import Sandbox, User
from ._credentials import need_scopes
from ._proxy import (
    inner_url,
    plain_table,
    route_of_service,
    routes_of,
    steady,
    table,
)
from ._servers import model_of, started, stopped, tail_of
from ._services import create, path_of
from ._shape import object_of, refused

NAMED = ("spawn", "named-servers")


@pytest.fixture(scope="module")
def admin(hub: Hub) -> Hub:
    """The hub, through a token that has the right to the proxy."""
    need_scopes(hub.target, "proxy")
    return hub


def in_step(hub: Hub) -> None:
    """Have the hub bring the proxy's routes up to date."""
    answer = hub.post("/proxy")
    assert (answer.status, answer.body) == (200, b""), answer


# --- the table


@rule("proxy/table-is-an-object-by-route")
def test_table(admin: Hub) -> None:
    """The routing table is an object of routes, each with its specification, target and data."""
    assert plain_table(admin)


@rule("proxy/hub-has-the-route-of-the-rest")
def test_hub(admin: Hub) -> None:
    """One route leads to the hub: that of the base URL, for what has no route of its own."""
    found = [route for route in table(admin).values() if route["data"].get("hub") is True]
    assert len(found) == 1, found
    place = found[0]["routespec"]
    assert place[place.index("/") :] == admin.target.prefix, place


@rule("proxy/running-server-has-its-route", needs="spawn")
def test_running(admin: Hub, runner: User) -> None:
    """The route of a running server is that of its URL, and tells its user and its name."""
    route = routes_of(table(admin), runner).get("")
    assert route, f"no route of the server of {runner.name}"
    place = route["routespec"]
    assert place[place.index("/") :] == tail_of(model_of(runner).get("url"))


@rule("proxy/named-servers-have-their-own", needs=NAMED)
def test_named(admin: Hub, trio: Trio) -> None:
    """Each running server of a user has a route of its own, the named beside the default one.

    In pages or not, and after a check of the routes.
    """
    found = routes_of(table(admin), trio.user)
    assert set(found) == set(trio.names)
    in_step(admin)
    assert set(routes_of(plain_table(admin), trio.user)) == set(trio.names)
    places = {name: route["routespec"] for name, route in found.items()}
    assert len(set(places.values())) == len(places), places
    for name in trio.names[1:]:
        assert places[name] == f"{places['']}{name}/", places


@rule("proxy/user-without-a-server-has-none")
def test_none(admin: Hub, alice: User) -> None:
    """A user whose servers do not run has no route."""
    assert routes_of(table(admin), alice) == {}


@rule("proxy/pages-have-the-same-routes", needs="spawn")
def test_pages(admin: Hub, runner: User) -> None:
    """Page by page the table has the same routes as without pages."""
    plain, paged = (routes_of(found, runner) for found in (plain_table(admin), table(admin)))
    assert {name: steady(route) for name, route in plain.items()} == {
        name: steady(route) for name, route in paged.items()
    }
    assert "" in plain


# --- coming and going


@rule("proxy/route-comes-and-goes-with-the-server", needs="spawn")
def test_lifecycle(admin: Hub, user: User) -> None:
    """A started server has a route at once, a stopped one has none, nor after a check of routes."""
    started(user)
    assert set(routes_of(table(admin), user)) == {""}
    stopped(user)
    assert routes_of(table(admin), user) == {}
    in_step(admin)
    assert routes_of(table(admin), user) == {}


@pytest.mark.parametrize("stops", ["named", "default"])
@rule("proxy/only-the-stopped-servers-route-goes", needs=NAMED)
def test_one_stopped(admin: Hub, user: User, version: tuple[int, int], stops: str) -> None:
    """When one of a user's servers stops, the route of the other stays; both go with the user."""
    server, _ = trio_names(version)
    started(user)
    started(user, server)
    ended, left = (server, "") if stops == "named" else ("", server)
    stopped(user, ended)
    assert set(routes_of(table(admin), user)) == {left}
    if left:  # users whose named servers run are not deleted
        return
    answer = admin.delete(user.path)
    assert answer.status == 204, answer
    assert routes_of(table(admin), user) == {}


@rule("proxy/check-leaves-what-is-right", needs="spawn")
def test_check(admin: Hub, runner: User) -> None:
    """A check of the routes answers 200 without a body, and keeps those that are right."""
    before = table(admin)
    in_step(admin)
    after = table(admin)
    for found in (before, after):
        assert any(route["data"].get("hub") for route in found.values()), sorted(found)
    mine = [
        {name: steady(route) for name, route in routes_of(found, runner).items()}
        for found in (before, after)
    ]
    assert mine[0] == mine[1]
    assert "" in mine[0]


@rule("proxy/check-brings-and-takes-services-routes", since="5.0", needs="services")
def test_services(admin: Hub, sandbox: Sandbox) -> None:
    """A service with a URL has a route after a check of the routes, a removed one has none."""
    name, url = sandbox.name("service"), inner_url(admin)
    prefix = object_of(create(admin, name, url=url), 201).get("prefix")
    in_step(admin)
    route = route_of_service(table(admin), name)
    assert route, f"no route of the service {name}"
    place = route["routespec"]
    assert place[place.index("/") :] == tail_of(prefix)
    assert route["target"].rstrip("/") == url.rstrip("/")
    assert admin.delete(path_of(name)).status == 200
    in_step(admin)
    assert route_of_service(table(admin), name) is None


@rule("proxy/service-without-a-url-has-no-route", since="5.0", needs="services")
def test_no_url(admin: Hub, sandbox: Sandbox) -> None:
    """A service without a URL has no route."""
    name = sandbox.name("service")
    assert create(admin, name, info={}).status == 201
    in_step(admin)
    assert route_of_service(table(admin), name) is None


# --- another proxy


@rule("proxy/change-that-is-no-object-is-refused")
def test_no_change(admin: Hub) -> None:
    """To say that another proxy is in charge takes an object: a list is refused with 400.

    The hub keeps to the proxy that it has.
    """
    refused(admin.patch("/proxy", json=[]), 400)
    assert any(route["data"].get("hub") for route in table(admin).values())


@rule("proxy/change-of-nothing-checks-the-routes", needs="destructive")
def test_nothing(admin: Hub) -> None:
    """A change that names neither address nor token answers 200: the proxy stays the same."""
    before = table(admin)
    answer = admin.patch("/proxy", json={})
    assert answer.status == 200, answer
    assert {each["target"] for each in before.values() if each["data"].get("hub")} == {
        each["target"] for each in table(admin).values() if each["data"].get("hub")
    }
