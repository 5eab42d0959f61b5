"""The ASGI application of a hub."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from urllib.parse import quote

from starlette.applications import Starlette
from starlette.routing import Router
from starlette.types import ASGIApp, Receive, Scope, Send

from ..core.hub import Hub
from .routes import routes


def do_nothing() -> None:
    """What stops a hub that runs in somebody else's process."""


class Later:
    """Whatever is not asked by programs, loaded with the first request for it."""

    def __init__(self, hub: Hub, stop: Callable[[], None]) -> None:
        self.hub, self.stop = hub, stop

    @cached_property
    def router(self) -> Router:
        """Its routes."""
        from .other_routes import other_routes

        return Router(other_routes(self.hub, self.stop), redirect_slashes=False)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        await self.router(scope, receive, send)


def create_app(hub: Hub, stop: Callable[[], None] = do_nothing) -> ASGIApp:
    """The hub as an ASGI application; ``stop`` is called after a shutdown was answered."""
    app = Starlette(routes=routes(hub, stop))
    # `users/` is no other spelling of `users`: JupyterHub has no such path.
    app.router.redirect_slashes = False
    app.router.default = Later(hub, stop)
    return EscapedPaths(app)


class EscapedPaths:
    """Route on the path as sent.

    An escaped slash belongs to a name. Servers unescape before routing, and the name would fall
    apart.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        if scope["type"] in {"http", "websocket"}:
            scope = {**scope, "path": path_as_sent(scope)}
        await self.app(scope, receive, send)


def path_as_sent(scope: Scope) -> str:
    """The path with its escapes; some that call an application in their process send it without."""
    raw: bytes = scope.get("raw_path") or quote(scope["path"]).encode()
    return raw.decode("latin-1")
