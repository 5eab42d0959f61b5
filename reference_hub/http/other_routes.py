"""Which page, and what of a user's or service's, answers which path outside the API."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from starlette.routing import BaseRoute, Route, WebSocketRoute

from ..core.hub import Hub
from ..core.operations import home_page, oauth, pages, share_page, spawn_page, token_page
from .browser import PageEndpoint, PageMethods, TokenEndpoint, UnknownPage
from .elsewhere import Elsewhere, Slashless
from .endpoints import UnknownPath
from .metrics import Metrics
from .passing import Passing, PassingService
from .visits import VisitedServer, VisitedStopped

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


def other_routes(hub: Hub, stop: Callable[[], None]) -> list[BaseRoute]:
    """Every route of a hub that is not of its API, the first match counting."""
    users_server = Passing(hub, stop, VisitedServer(hub, stop))
    services_way = PassingService(hub, stop, Elsewhere(hub, stop))
    base, prefix = hub.settings.base_url, hub.settings.hub_prefix
    for_people = [
        Route(f"{prefix}{path}", PageEndpoint(hub, stop, methods))
        for path, methods in PAGES.items()
    ]
    return [
        *for_people,
        Route(f"{prefix}api/oauth2/token", TokenEndpoint(hub, stop)),
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
