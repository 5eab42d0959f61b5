"""Which operation answers which path and method."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from starlette.convertors import Convertor, register_url_convertor
from starlette.routing import BaseRoute, Route, WebSocketRoute

from ..core.hub import Hub
from ..core.operations import (
    activity,
    groups,
    home_page,
    info,
    oauth,
    pages,
    proxy,
    resolution,
    servers,
    services,
    share_codes,
    share_page,
    shares,
    spawn_page,
    token_page,
    tokens,
    users,
)
from .browser import PageEndpoint, PageMethods, TokenEndpoint, UnknownPage
from .elsewhere import Elsewhere, Slashless
from .endpoints import (
    ApiEndpoint,
    Operation,
    RootEndpoint,
    UnknownPath,
)
from .metrics import Metrics
from .passing import Passing, PassingService
from .visits import VisitedServer, VisitedStopped


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


PAGES: Mapping[str, PageMethods] = {
    "": PageMethods(pages.start),
    "login": PageMethods(pages.login_page, pages.log_in, is_open=True),
    "logout": PageMethods(pages.log_out, is_open=True),
    "home": PageMethods(home_page.home, home_page.act),
    "token": PageMethods(token_page.token_page, token_page.act),
    "accept-share": PageMethods(share_page.look, share_page.accept),
    "spawn": PageMethods(spawn_page.spawn, spawn_page.spawn_as_said),
    "spawn/{name}": PageMethods(spawn_page.spawn, spawn_page.spawn_as_said),
    "spawn/{name}/{server}": PageMethods(spawn_page.spawn, spawn_page.spawn_as_said),
    "spawn-pending/{name}": PageMethods(spawn_page.spawn_pending),
    "spawn-pending/{name}/{server}": PageMethods(spawn_page.spawn_pending),
    "user-redirect/{path:path}": PageMethods(spawn_page.user_redirect),
    "error/{code}": PageMethods(spawn_page.proxy_error, is_open=True),
    "api/oauth2/authorize": PageMethods(oauth.authorize, oauth.agree),
}


def endpoint_of(path: str) -> type[ApiEndpoint]:
    """What answers a path of the API."""
    return ApiEndpoint if path.strip("/") else RootEndpoint


def routes(hub: Hub, stop: Callable[[], None]) -> list[BaseRoute]:
    """Every route of a hub, the first match counting."""
    users_server = Passing(hub, stop, VisitedServer(hub, stop))
    services_way = PassingService(hub, stop, Elsewhere(hub, stop))
    base, prefix = hub.settings.base_url, hub.settings.hub_prefix
    api = [
        Route(f"{prefix}api{path}", endpoint_of(path)(hub, stop, operations))
        for path, operations in API.items()
    ]
    for_people = [
        Route(f"{prefix}{path}", PageEndpoint(hub, stop, methods))
        for path, methods in PAGES.items()
    ]
    return [
        *api,
        *for_people,
        Route(f"{prefix}api/oauth2/token", TokenEndpoint(hub, stop)),
        Route(f"{prefix}health", ApiEndpoint(hub, stop, API["/health"])),
        Route(f"{prefix}metrics", Metrics(hub, stop)),
        Route(f"{prefix}api/metrics", Metrics(hub, stop)),
        Route(f"{prefix}user/{{name}}{{path:tail}}", VisitedStopped(hub, stop)),
        Route(f"{prefix}api/{{path:path}}", UnknownPath(hub, stop)),
        Route(f"{prefix}{{path:path}}", UnknownPage(hub, stop)),
        Route(f"{base}user/{{name}}", users_server),
        Route(f"{base}user/{{name}}/{{path:path}}", users_server),
        WebSocketRoute(f"{base}user/{{name}}/{{path:path}}", users_server),
        Route(f"{base}services/{{name}}", PassingService(hub, stop, Slashless(hub, stop))),
        Route(f"{base}services/{{name}}/{{path:path}}", services_way),
        WebSocketRoute(f"{base}services/{{name}}/{{path:path}}", services_way),
        Route("/{path:path}", Elsewhere(hub, stop)),
    ]
