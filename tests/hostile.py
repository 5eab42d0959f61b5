"""Hubs that turn hostile: real ones in front until so many requests are answered, then trouble."""

from __future__ import annotations

import contextlib
import http.client
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

from .servers import Reply, Server, answer, endless, raw, reset

_GIGABYTES = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 9000000000\r\n\r\n"
)
_CHUNKED = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
)


class Turncoat(Server):
    """Passes the first `patience` requests on to the hub at `origin`; `reply` answers the rest.

    Puts off `postponed` of them first, every second one; `closes` each connection after one answer.
    Of every `loses` requests it loses the answer to one, and of as many the request itself; waits
    `latency` seconds before each answer.
    """

    def __init__(
        self, origin: str, patience: int, reply: Reply, tls: ssl.SSLContext | None = None
    ) -> None:
        self.hub = urlsplit(origin).netloc
        self.patience = patience
        self.passed_on = 0
        self.postponed = 0
        self.closes = False
        self.loses = 0
        self.latency = 0.0
        self._lock = threading.Lock()
        super().__init__(reply, tls)

    def _reply_to(self, request: str) -> Reply:
        with self._lock:
            self.passed_on += 1
            is_friendly = self.passed_on <= self.patience
            if is_late := bool(self.postponed and self.passed_on % 2):
                self.postponed -= 1
            lost = self.passed_on % self.loses if self.loses else 1
        time.sleep(self.latency)
        if self.loses and lost == self.loses // 2:
            return reset
        if lost == 0:
            pass_on(self.hub, request)
            return reset
        if is_late:
            return answer({"status": 429}, 429, Retry_After="0")
        if is_friendly:
            return pass_on(self.hub, request, close=self.closes)
        return super()._reply_to(request)


def pass_on(hub: str, request: str, *, close: bool = False) -> Reply:
    """What `hub`, a host and port, answers to a request."""
    head, _, body = request.partition("\r\n\r\n")
    line, *fields = head.split("\r\n")
    method, target, _ = line.split(" ", 2)
    headers = dict(field.split(": ", 1) for field in fields)
    headers.pop("Accept-Encoding", None)
    connection = http.client.HTTPConnection(hub)
    try:
        connection.request(method, target, body.encode("latin-1") or None, headers)
        found = connection.getresponse()
        content = found.read()
    finally:
        connection.close()
    left_out = ("content-length", "transfer-encoding", "connection", "content-type")
    kept = {key: value for key, value in found.headers.items() if key.lower() not in left_out}
    kept["Content-Type"] = found.headers.get("Content-Type", "")
    return answer(content, found.status, close=close, **kept)


def next_for_ever() -> Reply:
    """A page of one more item and a `next`, whatever was asked."""
    offset = 0

    def reply(connection: socket.socket) -> None:
        nonlocal offset
        offset += 1
        after = {"offset": offset, "limit": 1, "url": f"/hub/api/users?offset={offset}&limit=1"}
        info = {"offset": offset - 1, "limit": 1, "total": 10**9, "next": after}
        item = {"name": f"u{offset}", "kind": "user", "admin": False, "groups": [], "servers": {}}
        answer({"items": [item], "_pagination": info})(connection)

    return reply


#: What a hostile hub does, by name.
TRICKS: dict[str, Callable[[Server], Reply]] = {
    "hang": lambda server: server.hang,
    "drip": lambda server: (
        lambda connection: server.drip(connection, b"HTTP/1.1 200 OK\r\nA: ", b"a")
    ),
    "drip a body": lambda server: lambda connection: server.drip(connection, _GIGABYTES, b" "),
    "gigabytes": lambda server: endless(_GIGABYTES, b"[" * 65536),
    "gigabytes in chunks": lambda server: endless(_CHUNKED, b"10000\r\n" + b" " * 65536 + b"\r\n"),
    "large JSON": lambda server: answer(
        b"[" + b"[]," * 900_000 + b"[]]", Content_Type="application/json"
    ),
    "cut": lambda server: reset,
    "cut in the middle": lambda server: raw(_GIGABYTES + b"[1, 2"),
    "html": lambda server: answer(b"<html><h1>Welcome</h1></html>"),
    "garbage": lambda server: raw(b"\x00\xffSSH-2.0-OpenSSH\r\n\r\n"),
    "deep": lambda server: answer(b'{"a":' * 100_000, Content_Type="application/json"),
    "deep and closed": lambda server: answer(
        b"[" * 100_000 + b"]" * 100_000, Content_Type="application/json"
    ),
    "wrong version": lambda server: answer({"version": {"major": 6}}),
    "500": lambda server: answer({"status": 500, "message": "oh"}, 500),
    "429 for an hour": lambda server: answer({"status": 429}, 429, Retry_After="3600"),
    "429 for ever": lambda server: answer({"status": 429}, 429, Retry_After="0"),
    "redirect": lambda server: answer(b"", 302, Location="http://127.0.0.2:1/hub/api/"),
    "next for ever": lambda server: next_for_ever(),
}


@contextlib.contextmanager
def turning(origin: str, patience: int, trick: str) -> Iterator[Turncoat]:
    """A hub in front of `origin` that turns to a trick after `patience` requests."""
    server = Turncoat(origin, patience, reset)
    server.reply = TRICKS[trick](server)
    try:
        yield server
    finally:
        server.close()
