"""One request to an ASGI application, in this process."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import quote, unquote

from starlette.types import ASGIApp, Message


@dataclass
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    cookies: dict[str, str]
    text: str

    def json(self) -> Any:
        return json.loads(self.text)


async def request(
    app: ASGIApp, method: str, path: str, headers: dict[str, str], content: bytes
) -> Answer:
    """Send it and gather the whole answer."""
    where, _, query = path.partition("?")
    where = quote(where, safe="/%")
    scope = {
        "type": "http", "method": method, "path": unquote(where), "raw_path": where.encode(),
        "query_string": quote(query, safe="%=&:!/").encode(), "scheme": "http",
        "headers": [(k.lower().encode(), v.encode()) for k, v in headers.items()],
    }  # fmt: skip
    sent: list[Message] = []

    waiting = iter([{"type": "http.request", "body": content}])

    async def receive() -> Message:
        for message in waiting:
            return message
        return await asyncio.Future()  # the client stays: a stream is read to its end

    async def send(message: Message) -> None:
        sent.append(message)

    await app(scope, receive, send)
    return answer_of(sent)


async def converse(app: ASGIApp, path: str, headers: dict[str, str]) -> list[Message]:
    """Ask for a websocket, and go when it opens; what the application said."""
    scope = {
        "type": "websocket", "path": unquote(path), "raw_path": path.encode(), "query_string": b"",
        "scheme": "ws", "subprotocols": [], "extensions": {"websocket.http.response": {}},
        "headers": [(k.lower().encode(), v.encode()) for k, v in headers.items()],
    }  # fmt: skip
    waiting: list[Message] = [{"type": "websocket.disconnect"}, {"type": "websocket.connect"}]
    said: list[Message] = []

    async def receive() -> Message:
        return waiting.pop()

    async def send(message: Message) -> None:
        said.append(message)

    await app(scope, receive, send)
    return said


def answer_of(sent: list[Message]) -> Answer:
    """The whole of what was sent."""
    pairs = [(k.decode(), v.decode("latin-1")) for k, v in sent[0]["headers"]]
    cookies = SimpleCookie()
    for name, value in pairs:
        if name == "set-cookie":
            cookies.load(value)
    values = {name: morsel.value for name, morsel in cookies.items()}
    joined = {name: ", ".join(v for n, v in pairs if n == name) for name, _ in pairs}
    body = b"".join(each.get("body", b"") for each in sent[1:])
    return Answer(sent[0]["status"], joined, values, body.decode())
