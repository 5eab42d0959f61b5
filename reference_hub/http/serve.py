"""Running the application under uvicorn."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
import threading
from collections.abc import Awaitable, Callable
from typing import Any

import uvicorn
from starlette.types import ASGIApp

from ..core.hub import Hub
from .app import create_app

MakeApp = Callable[[Hub, Callable[[], None]], ASGIApp]
OnEnd = Callable[[], Awaitable[None]]

_KEEP_ALIVE = 120  # seconds: uvicorn's own 5 close connections under the feet of idle clients
_GRACE = 1  # seconds for open streams when the hub stops


class Websockets(asyncio.Protocol):
    """The protocol of uvicorn for websockets, not loaded before the first one is opened."""

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        """Return uvicorn's, which takes the same arguments."""
        from uvicorn.protocols.websockets import websockets_sansio_impl

        return websockets_sansio_impl.WebSocketsSansIOProtocol(*args, **kwargs)


class Server(uvicorn.Server):
    """uvicorn, telling when it accepts connections, and waiting for what has to end with it."""

    def __init__(
        self, config: uvicorn.Config, on_ready: Callable[[], None], on_end: OnEnd | None = None
    ) -> None:
        super().__init__(config)
        self.on_ready, self.on_end = on_ready, on_end

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start listening, then tell."""
        await super().startup(sockets)
        if self.started:
            self.on_ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop listening, then end the rest."""
        await super().shutdown(sockets)
        if self.on_end is not None:
            await self.on_end()


def listen(ip: str, port: int) -> socket.socket:
    """A bound socket; port 0 takes a free one. Raises OSError if the address cannot be had."""
    family = socket.AF_INET6 if ":" in ip else socket.AF_INET
    # asyncio switches Nagle's algorithm off only where the protocol is named: else many an answer
    # waits 40 ms, its body for the acknowledgement of its head.
    sock = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((ip, port))
    except OSError:
        sock.close()
        raise
    return sock


def serve(
    hub: Hub,
    sock: socket.socket,
    on_ready: Callable[[], None],
    *,
    exit_with_stdin: bool = False,
    make_app: MakeApp = create_app,
    on_end: OnEnd | None = None,
) -> None:
    """Serve until stopped: by a signal, a shutdown request, or the end of standard input."""

    def stop() -> None:
        server.should_exit = True

    config = uvicorn.Config(
        make_app(hub, stop),
        lifespan="off",
        ws=Websockets,
        log_level="warning",
        access_log=False,
        timeout_keep_alive=_KEEP_ALIVE,
        timeout_graceful_shutdown=_GRACE,
    )
    server = Server(config, on_ready, on_end)
    if exit_with_stdin:
        threading.Thread(target=follow_stdin, args=(server,), daemon=True).start()
    server.run(sockets=[sock])


def follow_stdin(server: uvicorn.Server) -> None:
    """Stop the server when standard input ends: its parent is gone, however it went."""
    # Past the buffer, whose lock a thread that still waits must not hold when Python ends.
    while os.read(sys.stdin.fileno(), 4096):
        pass
    server.should_exit = server.force_exit = True
