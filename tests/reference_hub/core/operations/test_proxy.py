from __future__ import annotations

from typing import Any

import pytest

from reference_hub.core.operations import proxy, servers, services
from tests.reference_hub.tools import Ask


def test_routes_lead_to_the_hub_ready_servers_and_services(ask: Ask) -> None:
    ask(servers.start_server, "ann")
    ask(servers.start_server, "ann", "lab")
    ask(servers.start_server, "bob", body={"delay": 5})
    ask(services.create_service, "web", body={"url": "http://127.0.0.1:1"})
    table = ask(proxy.list_routes).value
    assert list(table) == ["/", "/services/web/", "/user/ann/", "/user/ann/lab/"]
    for spec, route in table.items():
        assert route["routespec"] == spec
    assert table["/"]["data"]["hub"] is True
    assert table["/user/ann/lab/"]["data"]["user"] == "ann"
    assert table["/user/ann/lab/"]["data"]["server_name"] == "lab"
    assert table["/services/web/"]["target"] == "http://127.0.0.1:1"
    ask(servers.stop_server, "ann")
    assert "/user/ann/" not in ask(proxy.list_routes).value


def test_pages_of_routes(ask: Ask) -> None:
    ask(servers.start_server, "ann")
    page = ask(proxy.list_routes, query="limit=1", pages=True).value
    assert list(page["items"]) == ["/"]
    assert page["_pagination"]["total"] == 2
    rest = ask(proxy.list_routes, query="offset=1").value
    assert list(rest) == ["/user/ann/"]


@pytest.mark.parametrize("operation", [proxy.list_routes, proxy.sync_routes, proxy.move_proxy])
def test_who_may(ask: Ask, operation: Any) -> None:
    assert ask(operation, who="ann", body={}).status == 403
    assert ask(operation, body={}).status == 200


@pytest.mark.parametrize("body", [None, [], "x", {"api_url": 5}, {"auth_token": None}])
def test_bodies_that_are_refused(ask: Ask, body: Any) -> None:
    assert ask(proxy.move_proxy, body=body).status == 400


def test_a_new_place_of_the_proxy_is_noted(ask: Ask) -> None:
    assert ask(proxy.move_proxy, body={"api_url": "http://127.0.0.1:1"}).status == 200
    assert ask.hub.proxy_settings == {"api_url": "http://127.0.0.1:1"}
