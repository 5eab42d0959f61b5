"""Services at the hub's own address, as behind JupyterHub's proxy."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from .client import Client
from .conftest import Live


class Mirror(BaseHTTPRequestHandler):
    """Tells what it was asked for, and sends people to where it is."""

    protocol_version = "HTTP/1.1"  # it would keep connections open

    def do_GET(self) -> None:
        said = f"{self.path} {self.headers['Authorization']} {self.headers['Host']}".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def url() -> Iterator[str]:
    """Where a service is."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Mirror) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join(10)


def test_a_service_gets_what_is_for_it(client: Client, url: str) -> None:
    assert client("POST", "/hub/api/services/mirror", {"url": url}).status == 201
    answer = client("GET", "/services/mirror/a%2Fb?x=%20", who="ann")
    host = f"{client.connection.host}:{client.connection.port}"
    said = f"/services/mirror/a%2Fb?x=%20 token secret-of-ann {host}"
    assert (answer.status, answer.content.decode()) == (200, said)
    answer = client("GET", "/services/mirror", who=None)
    assert (answer.status, answer.content.decode()) == (200, f"/services/mirror None {host}")


def test_a_service_that_is_not_there(client: Client, url: str) -> None:
    where = urlsplit(url)
    gone = where._replace(netloc="127.0.0.1:1").geturl()
    assert client("POST", "/hub/api/services/gone", {"url": gone}).status == 201
    assert client("GET", "/services/gone/", who=None).status == 503


@pytest.mark.parametrize("own", [True, False])
def test_nothing_goes_to_other_machines_or_in_circles(client: Client, own: bool) -> None:
    port = client.connection.port
    url = f"http://127.0.0.1:{port}/" if own else "http://192.0.2.1/"
    assert client("POST", "/hub/api/services/far", {"url": url}).status == 201
    for name in ("far", "none"):
        answer = client("GET", f"/services/{name}/", who=None)
        assert answer.headers["location"] == f"/hub/services/{name}/"
        assert client("GET", answer.headers["location"], who=None).status == 404


def test_a_websocket_of_no_service(live: Live, client: Client) -> None:
    address = f"ws://127.0.0.1:{client.connection.port}/services/none/ws"
    with pytest.raises(InvalidStatus) as refused, connect(address):
        pass
    assert refused.value.response.status_code == 404
