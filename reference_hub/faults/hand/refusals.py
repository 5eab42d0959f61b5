"""Faults in refusals, and in the proxy's routes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ...core import access, checks, errors, models
from ...core.call import Body, Call, Query, Reply, empty
from ...core.hub import Hub
from ...core.operations import info, proxy
from ...http import convert, endpoints
from ..changes import also, always, answering, doing, on
from ..fault import make

_WRITES = "post-user post-users patch-user post-user-tokens post-group-users put-group-properties"


def _stale_routes(original: Any, hub: Hub, target: str) -> Any:
    table = original(hub, target)
    for user in hub.users.values():
        for server in user.servers.values():
            if not server.is_active and server.user_options:
                spec = models.server_url(hub, server)
                table[spec] = {
                    "routespec": spec,
                    "target": target,
                    "data": {"user": user.name, "server_name": server.name},
                }
    return table


def _pending_routed(original: Any, hub: Hub, target: str) -> Any:
    table = original(hub, target)
    for server in hub.active_servers.values():
        spec = models.server_url(hub, server)
        data = {"user": server.user.name, "server_name": server.name}
        table.setdefault(spec, {"routespec": spec, "target": target, "data": data})
    return table


def _without(field: str) -> Any:
    def changed(original: Any, hub: Hub, target: str) -> Any:
        return {
            spec: {key: each for key, each in route.items() if key != field}
            for spec, route in original(hub, target).items()
        }

    return doing(changed)


def _named_as_default(original: Any, hub: Hub, target: str) -> Any:
    table = original(hub, target)
    for route in table.values():
        if "server_name" in route["data"]:
            route["data"]["server_name"] = ""
    return table


def _list_of_routes(value: Any) -> Any:
    if "_pagination" in value:
        return {**value, "items": list(value["items"].values())}
    return list(value.values())


def _routes_without_data(value: Any) -> Any:
    for route in (value["items"] if "_pagination" in value else value).values():
        del route["data"]
    return value


def _refused(_: Any, call: Call) -> Reply:
    raise errors.method_not_allowed("OPTIONS")


def _lenient(original: Any, body: Body) -> Any:
    try:
        return original(body)
    except errors.HubError:
        return {}


def _list_as_object(original: Any, body: Body) -> Any:
    value = body.json()
    return original(body) if not isinstance(value, list) else {}


def _untyped(_: Any, key: str, value: Any, expected: type) -> None:
    return None


def _loose(original: Any, key: str, value: Any, expected: type) -> None:
    if expected is not bool or not isinstance(value, int | str):
        original(key, value, expected)


def _as_html(original: Any, reply: Reply, headers: Any) -> Any:
    response = original(reply, headers)
    if response.status_code >= 400:
        response.headers["content-type"] = "text/html"
    return response


def _without_version(original: Any, *args: Any, **more: Any) -> Any:
    headers = original(*args, **more)
    del headers["x-jupyterhub-version"]
    return headers


def _status_differs(original: Any, error: Any, headers: Mapping[str, str]) -> Any:
    response = original(error, headers)
    response.status_code = 400 if error.status == 404 else error.status
    return response


def _as_200(original: Any, error: Any, headers: Mapping[str, str]) -> Any:
    response = original(error, headers)
    response.status_code = 200
    return response


def _first_argument(original: Any, query: Query, name: str) -> Any:
    values = query.arguments.get(name)
    return values[0].strip() if values else original(query, name)


def _anything(original: Any, endpoint: Any, request: Any) -> Any:
    if request.method not in endpoint.operations:
        request.scope["method"] = "GET"
    return original(endpoint, request)


def _broken(original: Any, reply: Reply, headers: Mapping[str, str]) -> Any:
    said = Reply({"message": "Internal error", "status": 500}, 500)
    return original(said, headers)


FAULTS = [
    make(
        "proxy/stopped-servers-routed",
        "subtle",
        "get-proxy delete-user-server delete-user-server-name",
        "Routes of stopped servers stay.",
        (proxy, "routes", doing(_stale_routes)),
    ),
    make(
        "proxy/pending-servers-routed",
        "subtle",
        "get-proxy",
        "Servers are routed before they are ready.",
        (proxy, "routes", doing(_pending_routed)),
    ),
    make(
        "proxy/target-missing",
        "medium",
        "get-proxy",
        "Routes have no target.",
        (proxy, "routes", _without("target")),
    ),
    make(
        "proxy/data-missing",
        "medium",
        "get-proxy",
        "Routes have no data.",
        (*on("get-proxy"), answering(_routes_without_data)),
    ),
    make(
        "proxy/named-as-default",
        "subtle",
        "get-proxy",
        "The route of a named server says that it is the default one.",
        (proxy, "routes", doing(_named_as_default)),
    ),
    make(
        "proxy/list",
        "medium",
        "get-proxy",
        "Routes come as a list.",
        (*on("get-proxy"), answering(_list_of_routes)),
    ),
    make(
        "proxy/for-readers",
        "subtle",
        "get-proxy",
        "Routes are shown to whoever may read the hub.",
        (*on("get-proxy"), also("read:hub")),
    ),
    make(
        "proxy/check-is-204",
        "medium",
        "post-proxy",
        "A check of the routes is answered 204.",
        (*on("post-proxy"), doing(lambda old, call: replace(old(call), status=204))),
    ),
    make(
        "proxy/change-unchecked",
        "subtle",
        "patch-proxy",
        "The body of a change of the proxy is not looked at.",
        (*on("patch-proxy"), doing(lambda old, call: call.require("proxy") and empty())),
    ),
    make(
        "errors/bad-json-is-nothing",
        "subtle",
        _WRITES,
        "A body that is no JSON counts as none.",
        (Body, "json", doing(_lenient)),
    ),
    make(
        "errors/list-is-an-object",
        "subtle",
        _WRITES,
        "A list in place of an object counts as an empty one.",
        (Body, "object", doing(_list_as_object)),
        (Body, "optional_object", doing(_list_as_object)),
    ),
    make(
        "errors/types-unchecked",
        "medium",
        _WRITES,
        "Types of values are not checked.",
        (checks, "check_type", doing(_untyped)),
    ),
    make(
        "errors/truthy-is-true",
        "subtle",
        _WRITES,
        "Numbers and texts pass for true or false.",
        (checks, "check_type", doing(_loose)),
    ),
    make(
        "errors/strings-unchecked",
        "subtle",
        "post-users post-groups post-user-tokens post-group-users",
        "Items of lists are made strings, whatever they are.",
        (
            checks,
            "strings",
            doing(lambda _, key, value: [str(each) for each in value] if value else []),
        ),
    ),
    make(
        "errors/html",
        "medium",
        "get-user get-group get-users post-user",
        "Refusals call themselves HTML.",
        (convert, "to_response", doing(_as_html)),
    ),
    make(
        "errors/version-header-missing",
        "subtle",
        "get-api get-user get-users",
        "Answers do not tell the hub's version.",
        (convert, "hub_headers", doing(_without_version)),
    ),
    make(
        "errors/status-differs",
        "subtle",
        "get-user get-group get-service",
        "The status in the body of a 404 is not that of the answer, which is 400.",
        (convert, "to_error", doing(_status_differs)),
    ),
    make(
        "errors/all-200",
        "gross",
        "get-user get-group post-user get-current-user",
        "Every refusal is answered 200.",
        (convert, "to_error", doing(_as_200)),
    ),
    make(
        "errors/first-argument-counts",
        "subtle",
        "get-users get-groups",
        "Of an argument given twice the first counts.",
        (Query, "get", doing(_first_argument)),
    ),
    make(
        "errors/any-method-is-get",
        "subtle",
        "get-user get-users get-groups",
        "A method that a path does not have is taken for GET.",
        (endpoints.ApiEndpoint, "answer", doing(_anything)),
    ),
    make(
        "errors/options-refused",
        "subtle",
        "get-users get-user",
        "OPTIONS is refused.",
        (info, "options", doing(_refused)),
    ),
    make(
        "errors/everything-breaks",
        "gross",
        "get-api",
        "Every answer of the API is a 500.",
        (convert, "to_response", doing(_broken)),
    ),
    make(
        "identity/no-token-is-known",
        "gross",
        "get-current-user",
        "No token is known, whoever issued it.",
        (access, "identify", always(None)),
    ),
]
