"""Servers that misbehave, on real sockets of 127.0.0.1, each in a thread of its own."""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from typing import Any

Reply = Callable[[socket.socket], None]
#: How long a dripping or hanging reply goes on when nobody hangs up, in seconds.
PATIENCE = 5.0
#: Seconds between two drips.
DRIP = 0.02


class Server:
    """Answers with the next of `script` while that lasts, else by `routes`, else with `reply`.

    `routes` goes by method and path, such as "GET /hub/api/". A reply writes to the socket; the
    connection is kept after it unless it closed its side. `received` holds what came in: the head
    of each request and its body, as text.
    """

    def __init__(self, reply: Reply, tls: ssl.SSLContext | None = None) -> None:
        self.reply = reply
        self.script: list[Reply] = []
        self.routes: dict[str, Reply] = {}
        self.received: list[str] = []
        self.connections = 0
        self.ended = threading.Event()
        self._tls = tls
        self._open: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.origin = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"
        self._start(self._accept)

    def close(self) -> None:
        """Hang up everywhere and wait for the threads."""
        self.ended.set()
        for each in (self._listener, *self._open):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
        for thread in self._threads:
            thread.join(PATIENCE)

    def _start(self, target: Callable[..., None], *arguments: Any) -> None:
        thread = threading.Thread(target=target, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self.ended.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._start(self._serve, connection)

    def _serve(self, connection: socket.socket) -> None:
        # Whatever a client does to a connection (resets, half a handshake) ends that one only.
        with contextlib.suppress(OSError):
            if self._tls:
                connection = self._tls.wrap_socket(connection, server_side=True)
            self._open.add(connection)
            with connection, connection.makefile("rb") as stream:
                while not self.ended.is_set() and (request := _read_request(stream)):
                    self.received.append(request)
                    self._reply_to(request)(connection)

    def _reply_to(self, request: str) -> Reply:
        if self.script:
            return self.script.pop(0)
        method, target, _ = request.split(" ", 2)
        return self.routes.get(f"{method} {target.partition('?')[0]}", self.reply)

    def drip(self, connection: socket.socket, head: bytes, drop: bytes) -> None:
        """Send `head`, then a drop now and then until the other side hangs up."""
        connection.sendall(head)
        for _ in range(int(PATIENCE / DRIP)):
            if self.ended.wait(DRIP):
                return
            connection.sendall(drop)

    def hang(self, connection: socket.socket, head: bytes = b"") -> None:
        """Send `head` and nothing more until the server is closed."""
        connection.sendall(head)
        self.ended.wait(PATIENCE)


def _read_request(stream: Any) -> str:
    """Return one request's head and body; "" at the end of the connection."""
    lines = []
    length = 0
    while line := stream.readline():
        lines.append(line)
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
        if line == b"\r\n":
            return b"".join([*lines, stream.read(length)]).decode("latin-1")
    return ""


def answer(
    body: bytes | Any = b"", status: int = 200, *, close: bool = False, **headers: str
) -> Reply:
    """A whole answer: bytes as they are, anything else as JSON.

    Headers are given with underscores. `close` closes the connection without announcing it.
    """
    is_json = not isinstance(body, bytes)
    content = json.dumps(body).encode() if is_json else body
    fields = {"Content-Type": "application/json" if is_json else "text/html"}
    fields |= {key.replace("_", "-"): value for key, value in headers.items()}
    fields |= {"Content-Length": str(len(content))}
    head = "".join(f"{key}: {value}\r\n" for key, value in fields.items())

    def reply(connection: socket.socket) -> None:
        connection.sendall(f"HTTP/1.1 {status} Said\r\n{head}\r\n".encode() + content)
        if close:
            connection.shutdown(socket.SHUT_RDWR)

    return reply


def raw(data: bytes, *, close: bool = True) -> Reply:
    """Bytes as they are, then the end of the connection."""

    def reply(connection: socket.socket) -> None:
        connection.sendall(data)
        if close:
            connection.shutdown(socket.SHUT_RDWR)

    return reply


def endless(head: bytes, piece: bytes) -> Reply:
    """A head, and a piece again and again as fast as it is taken."""

    def reply(connection: socket.socket) -> None:
        connection.sendall(head)
        while True:
            connection.sendall(piece)

    return reply


def reset(connection: socket.socket) -> None:
    """Hang up without an answer."""
    connection.shutdown(socket.SHUT_RDWR)


@contextlib.contextmanager
def serving(reply: Reply, tls: ssl.SSLContext | None = None) -> Iterator[Server]:
    """A server for the length of a block."""
    server = Server(reply, tls)
    try:
        yield server
    finally:
        server.close()
