"""Faults in starts: as they are shown while they go on, and when several ask at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from ...core import errors, models
from ...core.hub import Hub
from ...http import endpoints, progress
from ..changes import doing, rewriting
from ..fault import make

_STARTS = "post-user-server post-user-server-name"
_PROGRESS = "get-user-server-progress get-user-server-name-progress"
_READ = "get-user get-user-server get-user-server-name"
#: How long a start is held up, so that another one meets it, in seconds.
_HELD = 0.2
_read: set[Any] = set()  # servers whose start somebody reads about
_busy: set[str] = set()  # users of whom a start is carried out


async def _told_once(original: Any, hub: Hub, stream: Any) -> AsyncIterator[bytes]:
    server = stream.server
    if server in _read:
        for event in stream.events:
            yield progress.encode(event)
        return
    _read.add(server)
    try:
        async for each in original(hub, stream):
            yield each
    finally:
        _read.discard(server)


async def _one_by_one(original: Any, endpoint: Any, request: Any) -> Any:
    user, path = request.path_params.get("name", ""), request.scope["path"]
    if request.method != "POST" or f"/users/{user}/server" not in path:
        return await original(endpoint, request)
    if user in _busy:
        raise errors.HubError(400, f"{user} is busy.")
    _busy.add(user)
    try:
        await asyncio.sleep(_HELD)
        return await original(endpoint, request)
    finally:
        _busy.discard(user)


def _nowhere_yet(model: dict[str, Any]) -> dict[str, Any]:
    return {**model, "url": ""} if model["pending"] else model


FAULTS = [
    make(
        "servers/progress-told-once",
        "subtle",
        _PROGRESS,
        "Of several who read the progress of a start only the first is told how it ends.",
        (progress, "events", doing(_told_once)),
    ),
    make(
        "servers/starts-one-by-one",
        "subtle",
        _STARTS,
        "A start is refused while another one of the same user is carried out.",
        (endpoints.ApiEndpoint, "answer", doing(_one_by_one)),
    ),
    make(
        "servers/pending-is-nowhere",
        "subtle",
        _READ,
        "A server that starts has no url yet.",
        (models, "server_model", rewriting(_nowhere_yet)),
    ),
]
