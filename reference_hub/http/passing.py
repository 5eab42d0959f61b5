"""``/user/:name/...``: passed on to servers that are processes, by HTTP or websocket."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING
from urllib.parse import unquote

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket

from ..core.hub import Hub
from ..core.operations import single_user
from . import sockets
from .endpoints import Endpoint

if TYPE_CHECKING:
    from .processes.forward import Forwarder


class Passing(Endpoint):
    """The way to processes; what is about no process goes to `otherwise`."""

    def __init__(self, hub: Hub, stop: Callable[[], None], otherwise: ASGIApp) -> None:
        super().__init__(hub, stop)
        self.headers = {}  # the answer is the process's own
        self.otherwise = otherwise

    @cached_property
    def forwarder(self) -> Forwarder:
        """What passes requests on. Most hubs never need it, nor the packages that it needs."""
        from .processes.forward import Forwarder

        return Forwarder()

    def address(self, scope: Scope) -> str:
        """Where the process is that a path leads to; "" if it leads to none."""
        parameters = scope["path_params"]
        name, path = unquote(parameters["name"]), unquote(parameters.get("path", ""))
        found = single_user.route(self.hub, name, path)
        return found[0].address if found else ""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on, or one conversation."""
        address = self.address(scope)
        if scope["type"] == "websocket":
            await self.converse(WebSocket(scope, receive, send), address)
        elif address:
            await super().__call__(scope, receive, send)
        else:
            await self.otherwise(scope, receive, send)

    async def converse(self, socket: WebSocket, address: str) -> None:
        """Pass a conversation on to a process; without one, answer it here."""
        if address:
            await self.forwarder.websocket(socket, address)
        else:
            await sockets.answer(self.hub, socket)

    async def answer(self, request: Request) -> Response:
        """What the process answers."""
        return await self.forwarder.http(request, self.address(request.scope))
