"""A single-user server that starts in a blink and lets in whom a real one would let in.

Usage: singleuser.py [DESCRIPTOR [VERSION [OPEN]]], where DESCRIPTOR is a socket that listens
already; without one it listens where JUPYTERHUB_SERVICE_URL says. VERSION is the hub's. With OPEN,
it tells its own version to anybody, as Jupyter Server does; without, it asks for a token there too.

It offers two paths of a Jupyter server's API below its prefix, and the websocket of its events, on
which nothing happens: only a ping is answered (RFC 6455, 5.5.2). It asks the hub about the token of
each request, in the way of `jupyterhub.services.auth.HubAuth`: the answer's scopes must meet one
of the server's access scopes.

Standard library only, and little of that: every import counts in the time of a spawn.
"""

from __future__ import annotations

import signal

# At once and silently, also when the hub was started with SIGINT ignored.
signal.signal(signal.SIGINT, signal.SIG_DFL)

import http.client  # noqa: E402
import json  # noqa: E402
import os  # noqa: E402
import socket  # noqa: E402
import sys  # noqa: E402
import time  # noqa: E402
from collections.abc import Iterable  # noqa: E402
from http.server import BaseHTTPRequestHandler  # noqa: E402
from socketserver import TCPServer, ThreadingMixIn  # noqa: E402
from urllib.parse import parse_qs, unquote, urlsplit  # noqa: E402

STARTED = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
PREFIX = unquote(os.environ["JUPYTERHUB_SERVICE_PREFIX"])
API_URL = urlsplit(os.environ["JUPYTERHUB_API_URL"])
ACCESS_SCOPES: list[str] = json.loads(
    # The second is the name it had before 3.0.
    os.environ.get("JUPYTERHUB_OAUTH_ACCESS_SCOPES") or os.environ["JUPYTERHUB_OAUTH_SCOPES"]
)
HUB_VERSION = sys.argv[2] if len(sys.argv) > 2 else ""
EVENTS = f"{PREFIX}api/events/subscribe"
OPEN_PATHS = {f"{PREFIX}api"} if sys.argv[3:] == ["open"] else set()


def meets(required: str, held: Iterable[str]) -> bool:
    """Whether one of the scopes `held` gives the scope `required`.

    `access:servers` gives every server, `access:servers!user=ana` each of ana's. A group's filter
    gives nothing here: a server does not know who is in a group.
    """
    base, _, wanted = required.partition("!")
    enough = {base, required}
    kind, _, entity = wanted.partition("=")
    if kind == "server":
        enough.add(f"{base}!user={entity.partition('/')[0]}")
    return not enough.isdisjoint(held)


def is_allowed(authorization: str) -> bool:
    """Whether the owner of this Authorization header may use this server, says the hub."""
    hub = http.client.HTTPConnection(API_URL.hostname or "127.0.0.1", API_URL.port, timeout=10)
    try:
        hub.request("GET", f"{API_URL.path}/user", headers={"Authorization": authorization})
        answer = hub.getresponse()
        body = answer.read()
    finally:
        hub.close()
    if answer.status != http.HTTPStatus.OK:
        return False
    held = json.loads(body)["scopes"]
    return any(meets(scope, held) for scope in ACCESS_SCOPES)


class Handler(BaseHTTPRequestHandler):
    """Answers `api` and `api/status` to those who may use the server."""

    protocol_version = "HTTP/1.1"
    # Both for speed: an answer in two small packets costs 40 ms on a connection kept alive.
    wbufsize = -1
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        """Answer one request."""
        url = urlsplit(self.path)
        path = unquote(url.path)
        if path not in OPEN_PATHS and not self._is_authorised(url.query):
            self._answer(403, {"message": "Forbidden"})
        elif path == f"{PREFIX}api":
            self._answer(200, {"version": "2.0.0"})
        elif path == f"{PREFIX}api/status":
            self._answer(200, {"started": STARTED, "connections": 0, "kernels": 0})
        elif path == EVENTS and self.headers.get("Upgrade", "").lower() == "websocket":
            self._upgrade()
            self._converse()
        elif path == EVENTS:
            self._answer(400, {"message": "Only for websockets"})
        else:
            self._answer(404, {"message": "Not Found"})

    def _upgrade(self) -> None:
        import base64  # here, because hardly any server needs them
        import hashlib

        key = self.headers.get("Sec-WebSocket-Key", "") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
        self.send_response(101)
        self.send_header("Connection", "Upgrade")
        self.send_header("Upgrade", "websocket")
        digest = hashlib.sha1(key.encode()).digest()
        self.send_header("Sec-WebSocket-Accept", base64.b64encode(digest).decode())
        self.end_headers()
        self.wfile.flush()
        self.close_connection = True

    def _converse(self) -> None:
        """Answer pings until the client ends it; whatever else comes is read and forgotten."""
        while len(head := self.rfile.read(2)) == 2:
            opcode, size = head[0] & 15, head[1] & 127
            if size > 125:
                size = int.from_bytes(self.rfile.read(2 if size == 126 else 8), "big")
            mask, data = self.rfile.read(4), self.rfile.read(size)
            if opcode in (8, 9):  # back as a close, or as a pong
                back = bytes(byte ^ mask[place % 4] for place, byte in enumerate(data))
                self.wfile.write(bytes([0x88 if opcode == 8 else 0x8A, len(back)]) + back)
                self.wfile.flush()
            if opcode == 8:
                return

    def _is_authorised(self, query: str) -> bool:
        authorization = self.headers.get("Authorization")
        if token := parse_qs(query).get("token"):
            authorization = f"token {token[0]}"
        return authorization is not None and is_allowed(authorization)

    def _answer(self, status: int, model: dict[str, object]) -> None:
        body = json.dumps(model).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-JupyterHub-Version", HUB_VERSION)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: addresses may carry tokens, and the hub's log says enough."""


class Server(ThreadingMixIn, TCPServer):
    """One thread a connection."""

    daemon_threads = True
    request_queue_size = 64


def listener() -> socket.socket:
    """The socket to listen on."""
    if len(sys.argv) > 1:
        return socket.socket(fileno=int(sys.argv[1]))
    service = urlsplit(os.environ["JUPYTERHUB_SERVICE_URL"])
    return socket.create_server((service.hostname or "127.0.0.1", service.port or 0))


def main() -> None:
    """Serve until a signal ends the process."""
    listening = listener()
    server = Server(listening.getsockname(), Handler, bind_and_activate=False)
    server.socket.close()
    server.socket = listening
    server.serve_forever()


if __name__ == "__main__":
    main()
