"""A user's server for the tests: it tells what reached it. Run as `python -m …`, by the hub."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

PREFIX = os.environ["JUPYTERHUB_SERVICE_PREFIX"]
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
release = asyncio.Event()


async def mirror(request: Request) -> Response:
    """Everything that is known of the request."""
    model = {
        "method": request.method,
        "path": request.scope["raw_path"].decode(),
        "query": request.scope["query_string"].decode(),
        "headers": [[name.decode(), value.decode()] for name, value in request.scope["headers"]],
        "body": (await request.body()).decode(),
    }
    answer = JSONResponse(model, 203, headers={"Connection": "x-gone", "X-Gone": "1"})
    for name in ("one", "two"):
        answer.set_cookie(name, "set")
    return answer


async def about(request: Request) -> Response:
    """Its variables, where it is, and what it started."""
    return JSONResponse({"env": dict(os.environ), "cwd": os.getcwd(), "child": child.pid})


async def stream(request: Request) -> Response:
    """A piece, and another one when `release` is asked for."""

    async def pieces() -> AsyncIterator[bytes]:
        yield b"first"
        await release.wait()
        yield b"second"

    return StreamingResponse(pieces())


async def let_go(request: Request) -> Response:
    release.set()
    return Response()


async def die(request: Request) -> Response:
    os._exit(7)


async def echo(socket: WebSocket) -> None:
    """Back what comes; "end" ends it."""
    await socket.accept("spoken" if "spoken" in socket.scope["subprotocols"] else None)
    await socket.send_text(socket.headers.get("host", "") + socket.headers.get("x-own", ""))
    while True:
        message = await socket.receive()
        if message["type"] == "websocket.disconnect":
            return
        if message.get("text") == "end":
            await socket.close(3999, "asked to")
            return
        if message.get("text") is not None:
            await socket.send_text(message["text"])
        else:
            await socket.send_bytes(message["bytes"])


async def refuse(socket: WebSocket) -> None:
    await socket.send_denial_response(Response("no entry", 418))


def main() -> None:
    address = urlsplit(os.environ["JUPYTERHUB_SERVICE_URL"])
    app = Starlette(
        routes=[
            Route(f"{PREFIX}api", mirror),
            Route(f"{PREFIX}about", about),
            Route(f"{PREFIX}stream", stream),
            Route(f"{PREFIX}let-go", let_go),
            Route(f"{PREFIX}die", die),
            WebSocketRoute(f"{PREFIX}echo", echo),
            WebSocketRoute(f"{PREFIX}refuse", refuse),
            Route(f"{PREFIX}{{path:path}}", mirror, methods=["GET", "POST", "PUT", "DELETE"]),
        ]
    )
    uvicorn.run(
        app,
        host=address.hostname or "",
        port=address.port or 0,
        log_level="warning",
        ws="websockets-sansio",
        timeout_graceful_shutdown=1,
    )


if __name__ == "__main__":
    main()
