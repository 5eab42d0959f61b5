"""``/user/:name/...`` and ``/services/:name/...``: passed on to processes, by HTTP or websocket."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from importlib.util import find_spec
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket

from ..core import errors
from ..core.hub import Hub
from ..core.operations import single_user
from . import convert, sockets
from .endpoints import Endpoint

if TYPE_CHECKING:
    from .processes.forward import Forwarder

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


class Passing(Endpoint):
    """The way to processes; what is about no process goes to `otherwise`."""

    idle: int | None = None  # connections that stay open for more

    def __init__(self, hub: Hub, stop: Callable[[], None], otherwise: ASGIApp) -> None:
        super().__init__(hub, stop)
        self.headers = {}  # the answer is the process's own
        self.otherwise = otherwise

    @cached_property
    def forwarder(self) -> Forwarder:
        """What passes requests on. Most hubs never need it, nor the packages that it needs."""
        from .processes.forward import Forwarder

        return Forwarder(self.idle)

    def address(self, scope: Scope) -> str:
        """Where the process is that a path leads to; "" if it leads to none."""
        parameters = scope["path_params"]
        name, path = unquote(parameters["name"]), unquote(parameters.get("path", ""))
        found = single_user.route(self.hub, name, path)
        return found[0].address if found else ""

    async def refuse(self, socket: WebSocket) -> None:
        """Answer a conversation that is with no process."""
        await sockets.answer(self.hub, socket)

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
            await self.refuse(socket)

    async def answer(self, request: Request) -> Response:
        """What the process answers."""
        return await self.forwarder.http(request, self.address(request.scope))


class PassingService(Passing):
    """The way to services that run on this machine; a hub for tests calls no other."""

    idle = 0  # a hub in somebody's tests has no end at which they would be closed

    def address(self, scope: Scope) -> str:
        """The URL of a service; "" of one without, or elsewhere, or where httpx is missing."""
        service = self.hub.services.get(unquote(scope["path_params"]["name"]))
        url = service.url if service else ""
        return url if url and is_beside(url, scope) and find_spec("httpx") else ""

    async def refuse(self, socket: WebSocket) -> None:
        """404: there is nobody to talk to."""
        await sockets.refuse(socket, convert.to_error(errors.no_such_path(), self.headers))


def is_beside(url: str, scope: Scope) -> bool:
    """Whether a URL is on this machine, and not the hub's own, which would lead here for ever."""
    there, own = urlsplit(url), scope.get("server") or ("", None)
    return there.hostname in _LOOPBACK and there.port != own[1]
