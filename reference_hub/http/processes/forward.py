"""Requests for a server's process, passed on as they came: HTTP as a stream, and websockets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from urllib.parse import urlsplit

import httpx
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Message, Scope
from starlette.websockets import WebSocket
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus

from ...core import errors
from ..sockets import refuse

# They speak of one connection, of which there are two here (RFC 9110, 7.6.1).
_HOP_BY_HOP = frozenset(
    b"connection keep-alive proxy-authenticate proxy-authorization proxy-connection te trailer"
    b" transfer-encoding upgrade".split()
)
_CONNECT = 10.0  # seconds until a process that accepts no connection is given up
Headers = list[tuple[bytes, bytes]]


class Forwarder:
    """The way to the processes; one for the whole hub, for the sake of its open connections."""

    def __init__(self, idle: int | None = None) -> None:
        """`idle` is how many connections may wait for more to come, None for any number."""
        # No client, for one keeps cookies, and they are the users'.
        limits = httpx.Limits(
            max_connections=None, max_keepalive_connections=idle, keepalive_expiry=30
        )
        self.transport = httpx.AsyncHTTPTransport(trust_env=False, limits=limits)

    async def http(self, request: Request, address: str) -> Response:
        """The process's own answer, passed on while it comes. Raises a 503 without one."""
        scope = request.scope
        outgoing = httpx.Request(
            request.method,
            httpx.URL(address, raw_path=target(scope)),
            headers=[*end_to_end(scope["headers"]), *forwarded(scope)],
            content=request.stream() if has_body(scope) else None,
            # A kernel may think for as long as it likes.
            extensions={"timeout": httpx.Timeout(None, connect=_CONNECT).as_dict()},
        )
        try:
            answer = await self.transport.handle_async_request(outgoing)
        except httpx.TransportError:
            raise errors.server_unreachable() from None
        response = StreamingResponse(body(answer), answer.status_code)
        response.raw_headers = end_to_end(answer.headers.raw)
        return response

    async def websocket(self, socket: WebSocket, address: str) -> None:
        """Both directions, until either side ends it; a refusal is passed on as one."""
        scope, there = socket.scope, urlsplit(address)
        own = (b"host", b"sec-websocket", b"content-length")
        headers = [
            (name.decode("latin-1"), value.decode("latin-1"))
            for name, value in [*end_to_end(scope["headers"]), *forwarded(scope)]
            if not name.startswith(own)
        ]
        # The host stays the one that the client asked for: servers compare it with the origin.
        host = socket.headers.get("host", "127.0.0.1")
        try:
            async with connect(
                f"ws://{host}{target(scope).decode('latin-1')}",
                host=there.hostname,
                port=there.port or 80,
                proxy=None,
                additional_headers=headers,
                user_agent_header=None,
                subprotocols=scope.get("subprotocols") or None,
                compression=None,
                max_size=None,
                open_timeout=_CONNECT,
            ) as server:
                await socket.accept(server.subprotocol)
                await both_ways(socket, server)
        except InvalidStatus as refusal:
            answer = refusal.response
            await refuse(socket, Response(bytes(answer.body or b""), answer.status_code))
        except (InvalidHandshake, OSError):
            await refuse(socket, Response(status_code=503))


def target(scope: Scope) -> bytes:
    """Path and query as sent."""
    query = b"?" + scope["query_string"] if scope["query_string"] else b""
    return bytes(scope["raw_path"] + query)


def end_to_end(headers: Iterable[tuple[bytes, bytes]]) -> Headers:
    """The headers that are for the other end, in lower case; `Connection` may name more."""
    # Space around a value is not part of it, and httpx sends none.
    lowered = [(name.lower(), value.strip(b" \t")) for name, value in headers]
    named = {
        each.strip().lower()
        for name, value in lowered
        if name == b"connection"
        for each in value.split(b",")
    }
    return [(name, value) for name, value in lowered if name not in _HOP_BY_HOP | named]


def forwarded(scope: Scope) -> Headers:
    """What the process could not know otherwise: who asked, and how."""
    host = str((scope.get("client") or ("127.0.0.1", 0))[0])
    secure = scope["scheme"] in {"https", "wss"}
    return [
        (b"x-forwarded-for", host.encode()),
        (b"x-forwarded-proto", b"https" if secure else b"http"),
    ]


def has_body(scope: Scope) -> bool:
    """Whether a request brings a body."""
    names = {name.lower() for name, _ in scope["headers"]}
    return not names.isdisjoint({b"content-length", b"transfer-encoding"})


async def body(answer: httpx.Response) -> AsyncIterator[bytes]:
    """The body as it comes, compressed or not."""
    assert isinstance(answer.stream, httpx.AsyncByteStream)
    try:
        async for piece in answer.stream:
            yield piece
    finally:
        await answer.aclose()


async def both_ways(socket: WebSocket, server: ClientConnection) -> None:
    """Pass messages on until one side is gone, and tell the other one."""
    tasks = [asyncio.ensure_future(up(socket, server)), asyncio.ensure_future(down(socket, server))]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def up(socket: WebSocket, server: ClientConnection) -> None:
    """From the client to the process."""
    while True:
        message: Message = await socket.receive()
        if message["type"] == "websocket.disconnect":
            code = message.get("code") or 1000
            await server.close(code if may_be_sent(code) else 1000, message.get("reason") or "")
            return
        text = message.get("text")
        await server.send(message["bytes"] if text is None else text)


async def down(socket: WebSocket, server: ClientConnection) -> None:
    """From the process to the client."""
    try:
        async for message in server:
            if isinstance(message, str):
                await socket.send_text(message)
            else:
                await socket.send_bytes(message)
    except ConnectionClosed:
        pass  # its code is told below
    code = server.close_code or 1000
    await socket.close(code if may_be_sent(code) else 1011, server.close_reason or "")


def may_be_sent(code: int) -> bool:
    """Whether a close frame may carry the code; some only say how a connection was lost."""
    return code in {1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011} or 3000 <= code < 5000
