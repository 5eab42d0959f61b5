"""Faults in the proxy's routes, in refusals, in servers and tokens: what is seen at the edges."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ...core import checks, errors, models, pagination, spawning
from ...core.call import Body, Call, Query, Reply, empty
from ...core.entities import Server
from ...core.hub import Hub
from ...core.operations import groups, info, proxy, servers, users
from ...core.operations import tokens as operations
from ...http import convert, endpoints
from ..changes import also, answering, doing, on
from ..fault import make

_WRITES = "post-user post-users patch-user post-user-tokens post-group-users put-group-properties"
_NAMED = "post-user-server-name delete-user-server-name get-user-server-name"


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


def _reset_activity(original: Any, hub: Hub, server: Server) -> None:
    original(hub, server)
    server.last_activity = None


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


def _kept_after_refusal(original: Any, call: Call, user: Any, name: str, request: Any) -> Server:
    if name and name not in user.servers:
        user.servers[name] = Server(user, name, request.display_name or name)
    return original(call, user, name, request)  # type: ignore[no-any-return]


def _stops_siblings(original: Any, hub: Hub, server: Server) -> None:
    original(hub, server)
    if server.name:
        for each in server.user.servers.values():
            original(hub, each)


def _deletes_before_checking(original: Any, call: Call, name: str) -> Reply:
    user = call.hub.find_user(name)
    if user and call.requester and user is call.requester.owner:
        for group in list(user.groups.values()):
            groups.leave(user, group)
    return original(call, name)  # type: ignore[no-any-return]


def _named_is_active(original: Any, hub: Hub, value: Any) -> Any:
    found = [user for user in (hub.find_user(str(name)) for name in value) if user]
    for user in found:
        user.last_activity = hub.clock()
    return original(hub, value)


def _first_only(original: Any, hub: Hub, wanted: Any) -> Any:
    return original(hub, wanted)[:1]


def _renames_first(original: Any, hub: Hub, user: Any, body: Any) -> str:
    new = original(hub, user, body)
    if new != user.name:
        hub.rename_user(user, new)
        body.pop("name", None)
    return str(new)


def _revokes_same_note(original: Any, call: Call, name: str, token_id: str) -> Reply:
    token = operations.find_token(call.hub, name, token_id)
    reply = original(call, name, token_id)
    for each in list(token.owner.tokens.values()):
        if each.note == token.note:
            call.hub.remove_token(each)
    return reply  # type: ignore[no-any-return]


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
        "servers/refused-name-is-kept",
        "subtle",
        "post-user-server-name put-user-server-name",
        "A named server that is refused is there all the same.",
        (servers, "get_or_create", doing(_kept_after_refusal)),
    ),
    make(
        "servers/stop-takes-siblings",
        "subtle",
        _NAMED,
        "Stopping a named server stops all of the user.",
        (spawning, "stop", doing(_stops_siblings)),
    ),
    make(
        "servers/remove-only-stops",
        "subtle",
        "delete-user-server-name",
        "remove is ignored.",
        (
            *on("delete-user-server-name"),
            doing(lambda old, call, *names: old(replace(call, body=Body()), *names)),
        ),
    ),
    make(
        "servers/stop-removes",
        "subtle",
        "delete-user-server-name",
        "A named server that is stopped is removed.",
        (
            *on("delete-user-server-name"),
            doing(
                lambda old, call, *names: old(replace(call, body=Body(b'{"remove":true}')), *names)
            ),
        ),
    ),
    make(
        "servers/start-is-200",
        "medium",
        "post-user-server post-user-server-name",
        "A start is answered 200.",
        (
            servers,
            "start_reply",
            doing(lambda old, server: replace(old(server), status=200)),
        ),
    ),
    make(
        "servers/pending-is-201",
        "subtle",
        "post-user-server post-user-server-name",
        "A start that goes on is answered 201.",
        (
            servers,
            "start_reply",
            doing(lambda old, server: replace(old(server), status=201)),
        ),
    ),
    make(
        "servers/progress-never-ready",
        "subtle",
        "get-user-server-progress get-user-server-name-progress",
        "The events of a start do not say that the server is ready.",
        (
            spawning,
            "final_event",
            doing(
                lambda old, hub, server: {
                    key: each for key, each in old(hub, server).items() if key != "ready"
                }
            ),
        ),
    ),
    make(
        "servers/progress-starts-full",
        "subtle",
        "get-user-server-progress get-user-server-name-progress",
        "The events of a start begin at 100.",
        (
            spawning,
            "opening_events",
            doing(lambda old: [{**each, "progress": 100} for each in old()]),
        ),
    ),
    make(
        "servers/url-of-the-default",
        "subtle",
        "get-user-server-name get-user",
        "A named server's url is that of the default one.",
        (models, "server_url", doing(lambda _, hub, server: models.user_url(hub, server.user))),
    ),
    make(
        "servers/stop-resets-activity",
        "subtle",
        "delete-user-server delete-user-server-name",
        "A stopped server has never been active.",
        (spawning, "stop", doing(_reset_activity)),
    ),
    make(
        "tokens/revoking-takes-those-of-the-note",
        "subtle",
        "delete-user-token",
        "Revoking a token revokes those with the same note.",
        (*on("delete-user-token"), doing(_revokes_same_note)),
    ),
    make(
        "users/only-first-made",
        "subtle",
        "post-users",
        "Of several new users only the first is made.",
        (users, "new_names", doing(_first_only)),
    ),
    make(
        "users/renamed-though-refused",
        "subtle",
        "patch-user",
        "A change that is refused has renamed the user.",
        (users, "checked_new_name", doing(_renames_first)),
    ),
    make(
        "users/refused-deletion-leaves-groups",
        "subtle",
        "delete-user",
        "Who may not delete themselves loses their groups.",
        (*on("delete-user"), doing(_deletes_before_checking)),
    ),
    make(
        "groups/naming-counts-as-activity",
        "subtle",
        "post-group-users",
        "Being named as a member counts as activity.",
        (groups, "find_members", doing(_named_is_active)),
    ),
    make(
        "pagination/total-one-more",
        "subtle",
        "get-users get-groups",
        "total is one too many.",
        (
            pagination,
            "page_model",
            doing(lambda old, call, page, items, total: old(call, page, items, total + 1)),
        ),
    ),
    make(
        "services/list-lacks-last",
        "subtle",
        "get-services",
        "The last service is not listed.",
        (*on("get-services"), answering(lambda v: dict(list(v.items())[:-1]))),
    ),
]
