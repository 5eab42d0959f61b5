"""Hubs that turn hostile: real ones in front until so many requests are answered, then trouble."""

from __future__ import annotations

import contextlib
import http.client
import json
import select
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

from hub_conformance import contract

from .servers import PATIENCE, Reply, Server, answer, raw, reset
from .tricks import TRICKS

#: Some of what rules do: make, read, walk, issue a token, start a server.
RULES = '''
    import pytest
    from hub_conformance import rule

    @rule("mine/users")
    def test_users(hub, sandbox, alice):
        """Users are made and listed."""
        made = sandbox.users(3)
        found = {name for page in hub.walk("/users", limit=2) for name in page.names}
        assert {each.name for each in made} <= found

    @rule("mine/tokens")
    def test_tokens(hub, user):
        """A token speaks for its owner."""
        assert user.hub.get("/user").json["name"] == user.name

    @rule("mine/servers")
    def test_servers(sandbox, user):
        """A server starts."""
        assert sandbox.server(user)["ready"]

    @pytest.mark.parametrize("cell", range(10))
    @rule("mine/groups")
    def test_groups(hub, sandbox, user, cell):
        """A group has members."""
        name = sandbox.group("g", [user])
        for value in range(3):
            hub.put(f"/groups/{name}/properties", json={"a": value})
        assert hub.get(f"/groups/{name}").json["users"] == [user.name]
'''


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
        if is_friendly and "\r\nUpgrade: websocket\r\n" in request:
            return tunnel(self.hub, request)
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


Headers = list[tuple[str, str]]
#: Headers that are of one connection only.
_OF_THE_WAY = ("content-length", "transfer-encoding", "connection")


def ask(hub: str, request: str) -> tuple[int, bytes, Headers]:
    """What `hub`, a host and port, answers to a request: status, body and headers."""
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
    return found.status, content, found.getheaders()


def whole(status: int, content: bytes, headers: Headers, *, close: bool = False) -> Reply:
    """An answer with these headers, each as often as it stands there."""
    kept = [each for each in headers if each[0].lower() not in _OF_THE_WAY]
    lines = [f"{key}: {value}" for key, value in kept] + [f"Content-Length: {len(content)}"]
    head = "\r\n".join([f"HTTP/1.1 {status} Said", *lines, "", ""])
    data = head.encode("latin-1") + content
    return raw(data, close=close)


def pass_on(hub: str, request: str, *, close: bool = False) -> Reply:
    """What `hub`, a host and port, answers to a request."""
    return whole(*ask(hub, request), close=close)


def tunnel(hub: str, request: str) -> Reply:
    """Pass a request on to `hub`, a host and port, and then bytes both ways, until one has gone."""

    def reply(connection: socket.socket) -> None:
        host, _, port = hub.partition(":")
        with socket.create_connection((host, int(port)), PATIENCE) as other:
            other.sendall(request.encode("latin-1"))
            ends = {connection: other, other: connection}
            while ready := select.select(ends, [], [], PATIENCE)[0]:
                data = ready[0].recv(65536)
                if not data:
                    break
                ends[ready[0]].sendall(data)
        reset(connection)

    return reply


@contextlib.contextmanager
def turning(origin: str, patience: int, trick: str) -> Iterator[Turncoat]:
    """A hub in front of `origin` that turns to a trick after `patience` requests."""
    server = Turncoat(origin, patience, reset)
    server.reply = TRICKS[trick](server)
    try:
        yield server
    finally:
        server.close()


class Mutating(Server):
    """Passes requests on to the hub at `origin`; of one operation it changes what is answered.

    `operation` is an id of the contract, "" for all of them; `change` maps the JSON of a 2xx answer
    to other JSON. Of the operations in `spared` the first answer stays as it is.
    """

    def __init__(self, origin: str, operation: str, change: Callable[[Any], Any]) -> None:
        self.hub = urlsplit(origin).netloc
        self.operation = operation
        self.change = change
        self.changed = 0
        self.spared: set[str] = set()
        super().__init__(reset)

    def _reply_to(self, request: str) -> Reply:
        status, content, headers = ask(self.hub, request)
        met = _operation_of(request)
        if status < 300 and met and self.operation in ("", met):
            if met in self.spared:
                self.spared.discard(met)
            else:
                content = self._changed(content)
                self.changed += 1
        return whole(status, content, headers)

    def _changed(self, content: bytes) -> bytes:
        """Other JSON; what is none, such as a stream, stays where every operation is met."""
        try:
            found = json.loads(content or b"null")
        except ValueError:
            if self.operation:
                raise
            return content
        return json.dumps(self.change(found)).encode()

    def _is_met_by(self, request: str) -> bool:
        return _operation_of(request) == self.operation


def _operation_of(request: str) -> str | None:
    method, target, _ = request.split(" ", 2)
    return contract.match(method, target.partition("?")[0].removeprefix("/hub/api"))


class Stuck(Mutating):
    """Passes requests on to the hub at `origin`, but for one operation, which it never answers."""

    def __init__(self, origin: str, operation: str) -> None:
        super().__init__(origin, operation, lambda body: body)

    def _reply_to(self, request: str) -> Reply:
        return self.hang if self._is_met_by(request) else pass_on(self.hub, request)


class Losing(Mutating):
    """Passes requests on to the hub at `origin`; loses the first answer to one operation."""

    def _reply_to(self, request: str) -> Reply:
        reply = pass_on(self.hub, request)
        if self.changed or not self._is_met_by(request):
            return reply
        self.changed += 1
        return reset


@contextlib.contextmanager
def losing(origin: str, operation: str) -> Iterator[Losing]:
    """A hub in front of `origin` that loses one answer."""
    server = Losing(origin, operation, lambda body: body)
    try:
        yield server
    finally:
        server.close()


@contextlib.contextmanager
def stuck(origin: str, operation: str) -> Iterator[Stuck]:
    """A hub in front of `origin` that hangs on one operation."""
    server = Stuck(origin, operation)
    try:
        yield server
    finally:
        server.close()


@contextlib.contextmanager
def mutating(origin: str, operation: str, change: Callable[[Any], Any]) -> Iterator[Mutating]:
    """A hub in front of `origin` that answers one operation otherwise."""
    server = Mutating(origin, operation, change)
    try:
        yield server
    finally:
        server.close()
