"""A server in front of a hub, which passes requests on and may spoil them or their answers."""

from __future__ import annotations

import contextlib
import http.client
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Asked:
    """One request as it came in."""

    method: str
    target: str
    body: bytes

    @property
    def line(self) -> str:
        return f"{self.method} {self.target}"


@dataclass(frozen=True)
class Said:
    """One answer as it goes out."""

    status: int
    body: bytes
    content_type: str = "application/json"


Pass = Callable[[Asked], Said]
#: Answers a request, by itself or by passing it on.
Spoiler = Callable[[Asked, Pass], Said]


@contextlib.contextmanager
def forwarding(origin: str, spoil: Spoiler) -> Iterator[str]:
    """The origin of a server that passes everything on to `origin` by way of `spoil`."""
    host, port = urlsplit(origin).hostname, urlsplit(origin).port

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1
        disable_nagle_algorithm = True

        def setup(self) -> None:
            super().setup()
            self.hub = http.client.HTTPConnection(str(host), port)

        def finish(self) -> None:
            self.hub.close()
            super().finish()

        def handle_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            said = spoil(Asked(self.command, self.path, body), self.pass_on)
            self.send_response(said.status)
            self.send_header("Content-Length", str(len(said.body)))
            if said.content_type:
                self.send_header("Content-Type", said.content_type)
            self.end_headers()
            self.wfile.write(said.body if self.command != "HEAD" else b"")

        def pass_on(self, asked: Asked) -> Said:
            skipped = ("host", "content-length", "accept-encoding", "connection")
            headers = {k: v for k, v in self.headers.items() if k.lower() not in skipped}
            self.hub.request(asked.method, asked.target, asked.body, headers)
            answer = self.hub.getresponse()
            return Said(answer.status, answer.read(), answer.headers.get("Content-Type", ""))

        def log_message(self, *arguments: Any) -> None:
            """Stay quiet."""

        do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = handle_any

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def with_body(asked: Asked, body: bytes) -> Asked:
    """The same request with another body."""
    return replace(asked, body=body)
