"""Waiting for servers: the event stream of a start, and starts that are answered late."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping

from starlette.responses import Response, StreamingResponse

from ..core import spawning
from ..core.call import EventStream
from ..core.entities import Server
from ..core.hub import Hub

_LOOK_AGAIN = 0.05  # seconds; another request may call the start off at any time


def stream_response(hub: Hub, stream: EventStream, headers: Mapping[str, str]) -> Response:
    """The stream as server-sent events."""
    return StreamingResponse(
        events(hub, stream),
        headers={**headers, "content-type": "text/event-stream", "cache-control": "no-cache"},
    )


async def events(hub: Hub, stream: EventStream) -> AsyncIterator[bytes]:
    """The events known, and then, of a pending server, those of its start and how that ends."""
    for event in stream.events:
        yield encode(event)
    server = stream.server
    if server is None:
        return
    start, told = server.events, len(stream.events)  # another start has another list
    while start is server.events and (told < len(start) or server.pending):
        for event in start[told:]:
            yield encode(event)
            told += 1
        await until_settled(hub, server, _LOOK_AGAIN)
    yield encode(spawning.final_event(hub, server))


def encode(event: Mapping[str, object]) -> bytes:
    """One event on the wire."""
    return f"data: {json.dumps(event)}\n\n".encode()


async def until_settled(hub: Hub, server: Server, timeout: float = float("inf")) -> None:
    """Wait until a server is no longer pending, at most for so many seconds."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + timeout
    spawning.settle(hub, server)
    while server.pending and (left := deadline - loop.time()) > 0:
        await asyncio.sleep(min(left, remaining(hub, server), _LOOK_AGAIN))
        spawning.settle(hub, server)


async def until_gone(hub: Hub, server: Server) -> None:
    """Wait until nothing of a stopped server runs any more: the spawner sees to it that it ends."""
    while hub.spawner.is_ending(server):
        await asyncio.sleep(_LOOK_AGAIN)


def remaining(hub: Hub, server: Server) -> float:
    """Seconds until a pending start comes to its end, as far as that is known."""
    if server.ready_at is None:
        return _LOOK_AGAIN
    return max((server.ready_at - hub.clock()).total_seconds(), 0.0)
