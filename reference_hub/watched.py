"""The application of a hub, watched: what it was asked, and what it shall answer instead."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .http.app import path_as_sent


@dataclass(frozen=True)
class ReceivedRequest:
    """A request that the hub received, and the status it answered with.

    `path` is as sent, escapes and base URL included; names of headers are in lower case; `body` is
    what was read of it before the answer began.
    """

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    status: int


@dataclass
class Instead:
    """An answer that is given so many times to paths that contain `path`."""

    status: int
    path: str
    headers: Mapping[str, str]
    times: int


class Watched:
    """The application, with a log of what it was asked, and answers that are prescribed."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.requests: list[ReceivedRequest] = []
        self.instead: list[Instead] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        body: list[bytes] = []

        async def hear() -> Message:
            message = await receive()
            body.append(message.get("body", b""))
            return message

        async def watch(message: Message) -> None:
            if message["type"] == "http.response.start":
                self.requests.append(received(scope, b"".join(body), message["status"]))
            await send(message)

        instead = self.prescribed(path_as_sent(scope))
        return await (
            self.app(scope, hear, watch) if instead is None else give(instead, hear, watch)
        )

    def prescribed(self, path: str) -> Instead | None:
        """What this path is answered with instead, if anything."""
        for each in self.instead:
            if each.path in path:
                each.times -= 1
                if each.times <= 0:
                    self.instead.remove(each)
                return each
        return None


async def give(instead: Instead, receive: Receive, send: Send) -> None:
    """Answer with a bare status, when the whole request is there."""
    while (await receive()).get("more_body"):
        pass
    headers = [(key.lower().encode(), value.encode()) for key, value in instead.headers.items()]
    start = {"type": "http.response.start", "status": instead.status}
    await send({**start, "headers": [*headers, (b"content-length", b"0")]})
    await send({"type": "http.response.body", "body": b""})


def received(scope: Scope, body: bytes, status: int) -> ReceivedRequest:
    """The record of a request."""
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    query = scope["query_string"].decode("latin-1")
    return ReceivedRequest(scope["method"], path_as_sent(scope), query, headers, body, status)
