"""The proxy's routes. This hub is its own proxy, so the table is computed, never stale."""

from __future__ import annotations

from collections.abc import Mapping

from .. import checks, models, pagination, times
from ..call import Call, Reply, empty
from ..entities import JSON
from ..hub import Hub


def list_routes(call: Call) -> Reply:
    """``GET /proxy``: an object by route, in pages like a list."""
    call.require("proxy")
    page = pagination.window(call)
    table = routes(call.hub)
    shown = page.cut(sorted(table))
    now, target = times.render(call.hub.clock()), origin(call.url)
    items = {spec: route_model(call.hub, spec, table[spec], now, target) for spec in shown}
    return Reply(pagination.present(call, page, items, len(table)))


#: Where a hub is that has no address behind its proxy, because it is its own. Clients take a hub
#: whose own address they were given for one whose servers cannot be reached there.
HUB_TARGET = "http://in-process.invalid"


def origin(url: str) -> str:
    """Scheme and host of a URL."""
    return "/".join(url.split("/", 3)[:3])


def routes(hub: Hub) -> dict[str, dict[str, JSON]]:
    """What each route leads to: the hub, each ready server, each service that has a URL."""
    table: dict[str, dict[str, JSON]] = {hub.settings.base_url: {"hub": True}}
    for server in hub.active_servers.values():
        if server.is_ready:
            data = {"user": server.user.name, "server_name": server.name}
            table[models.server_url(hub, server)] = data
    for service in hub.services.values():
        if service.url:
            table[models.service_prefix(hub, service)] = {"service": service.name}
    return table


def route_model(hub: Hub, spec: str, data: Mapping[str, JSON], now: JSON, target: str) -> JSON:
    """A route; servers of this hub are where the client asks."""
    return {
        "routespec": spec,
        "target": _target(hub, data, target),
        "data": {**data, "last_activity": now},
    }


def _target(hub: Hub, data: JSON, target: str) -> str:
    if data.get("hub"):
        return HUB_TARGET
    service = hub.services.get(data.get("service", ""))
    return service.url if service else target


def sync_routes(call: Call) -> Reply:
    """``POST /proxy``: nothing to do where nothing can be out of step."""
    call.require("proxy")
    return empty()


def move_proxy(call: Call) -> Reply:
    """``PATCH /proxy``: noted; there is no other proxy to talk to."""
    call.require("proxy")
    body = call.body.object()
    given: dict[str, str] = {key: body[key] for key in ("api_url", "auth_token") if key in body}
    for key, value in given.items():
        checks.check_type(key, value, str)
    call.hub.proxy_settings.update(given)
    return empty()
