"""Which operation answers which path and method."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from starlette.convertors import Convertor, register_url_convertor
from starlette.routing import BaseRoute, Route

from ..core.hub import Hub
from ..core.operations import (
    activity,
    groups,
    info,
    proxy,
    resolution,
    servers,
    services,
    share_codes,
    shares,
    tokens,
    users,
)
from .endpoints import ApiEndpoint, Operation, RootEndpoint


class _Segment(Convertor[str]):
    # One part of a path that may be empty: `servers/` is the default server.
    regex = "[^/]*"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


class _Tail(Convertor[str]):
    # The rest of a path, if there is one.
    regex = "(?:/.*)?"

    def convert(self, value: str) -> str:
        return value.removeprefix("/")

    def to_string(self, value: str) -> str:
        return f"/{value}"


register_url_convertor("segment", _Segment())
register_url_convertor("tail", _Tail())

_SERVER: Mapping[str, Operation] = {
    "GET": servers.read_server,
    "PUT": servers.create_server,
    "POST": servers.start_server,
    "PATCH": servers.update_server,
    "DELETE": servers.stop_server,
}

API: Mapping[str, Mapping[str, Operation]] = {
    "": {"GET": info.version},
    "/": {"GET": info.version},
    "/info": {"GET": info.info},
    "/health": {"GET": info.health, "HEAD": info.health},
    "/shutdown": {"POST": info.shutdown},
    "/user": {"GET": info.identity},
    "/authorizations/token": {"POST": resolution.removed},
    "/authorizations/token/{secret:segment}": {"GET": resolution.whose_token},
    "/authorizations/cookie/{name:segment}": {"GET": resolution.whose_cookie_in_body},
    "/authorizations/cookie/{name:segment}/{value:segment}": {"GET": resolution.whose_cookie},
    "/users": {"GET": users.list_users, "POST": users.create_users},
    "/users/{name}": {
        "GET": users.read_user,
        "POST": users.create_user,
        "PATCH": users.update_user,
        "DELETE": users.delete_user,
    },
    "/users/{name}/activity": {"POST": activity.post_activity},
    "/users/{name}/tokens": {"GET": tokens.list_tokens, "POST": tokens.create_token},
    "/users/{name}/tokens/{id:segment}": {
        "GET": tokens.read_token,
        "DELETE": tokens.delete_token,
    },
    "/users/{name}/server": {**_SERVER},
    "/users/{name}/server/progress": {"GET": servers.progress},
    "/users/{name}/servers/{server:segment}": {**_SERVER},
    "/users/{name}/servers/{server:segment}/progress": {"GET": servers.progress},
    "/groups": {"GET": groups.list_groups, "POST": groups.create_groups},
    "/groups/{name}": {
        "GET": groups.read_group,
        "POST": groups.create_group,
        "DELETE": groups.delete_group,
    },
    "/groups/{name}/users": {"POST": groups.add_users, "DELETE": groups.remove_users},
    "/groups/{name}/properties": {"PUT": groups.put_properties},
    "/services": {"GET": services.list_services},
    "/services/{name}": {
        "GET": services.read_service,
        "POST": services.create_service,
        "DELETE": services.delete_service,
    },
    "/shares/{owner}": {
        "GET": shares.list_of_owner,
        "POST": shares.one_server_only,
        "PATCH": shares.one_server_only,
        "DELETE": shares.one_server_only,
    },
    "/shares/{owner}/{server:segment}": {
        "GET": shares.list_of_server,
        "POST": shares.grant,
        "PATCH": shares.revoke,
        "DELETE": shares.revoke_all,
    },
    "/users/{name}/shared": {"GET": shares.list_of_user},
    "/users/{name}/shared/{owner}/{server:segment}": {
        "GET": shares.read_of_user,
        "DELETE": shares.leave_as_user,
    },
    "/groups/{name}/shared": {"GET": shares.list_of_group},
    "/groups/{name}/shared/{owner}/{server:segment}": {
        "GET": shares.read_of_group,
        "DELETE": shares.leave_as_group,
    },
    "/share-codes/{owner}": {
        "GET": share_codes.list_of_owner,
        "POST": shares.one_server_only,
        "DELETE": shares.one_server_only,
    },
    "/share-codes/{owner}/{server:segment}": {
        "GET": share_codes.list_of_server,
        "POST": share_codes.issue,
        "DELETE": share_codes.revoke,
    },
    "/proxy": {
        "GET": proxy.list_routes,
        "POST": proxy.sync_routes,
        "PATCH": proxy.move_proxy,
    },
}


def endpoint_of(path: str) -> type[ApiEndpoint]:
    """What answers a path of the API."""
    return ApiEndpoint if path.strip("/") else RootEndpoint


def routes(hub: Hub, stop: Callable[[], None]) -> list[BaseRoute]:
    """The routes of a hub that programs ask; see `other_routes` for the others."""
    prefix = hub.settings.hub_prefix
    return [
        *(
            Route(f"{prefix}api{path}", endpoint_of(path)(hub, stop, operations))
            for path, operations in API.items()
        ),
        Route(f"{prefix}health", ApiEndpoint(hub, stop, API["/health"])),
    ]
