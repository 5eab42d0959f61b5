"""Hubs that turn hostile: real ones in front until so many requests are answered, then trouble."""

from __future__ import annotations

import contextlib
import http.client
import ssl
import threading
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

from .servers import Reply, Server, answer, reset
from .tricks import TRICKS


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


@contextlib.contextmanager
def turning(origin: str, patience: int, trick: str) -> Iterator[Turncoat]:
    """A hub in front of `origin` that turns to a trick after `patience` requests."""
    server = Turncoat(origin, patience, reset)
    server.reply = TRICKS[trick](server)
    try:
        yield server
    finally:
        server.close()
