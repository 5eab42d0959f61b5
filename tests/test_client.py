"""The client against servers that misbehave: limits, one origin, no secret in what it raises."""

from __future__ import annotations

import gzip
import json
import logging
import socket
import ssl
import time
import traceback
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme
from hypothesis import given
from hypothesis import strategies as st

from hub_conformance import transport
from hub_conformance.client import (
    Answer,
    Client,
    Request,
)
from hub_conformance.errors import (
    AnswerTooLarge,
    ConformanceError,
    HubError,
    HubTooSlow,
    HubUnreachable,
    OtherOrigin,
    OutOfBounds,
)
from hub_conformance.hub import Hub
from hub_conformance.secret import Scrubber, Secret
from hub_conformance.target import Owner, Target
from hub_conformance.urls import encode_query, origin_of, parts_of, path_within

from .servers import Reply, Server, answer, endless, raw, reset, serving

TOKEN = "s3cr3t-t0ken-0123456789abcdef"
LIMIT = 0.2
#: What a request may take that has to fail after LIMIT: machines are busy at times.
SOON = LIMIT + 2.0
OK = answer({"fine": True})


@pytest.fixture
def server() -> Iterator[Server]:
    with serving(OK) as started:
        yield started


@pytest.fixture
def client(server: Server) -> Iterator[Client]:
    made = client_of(server)
    yield made
    made.close()


def client_of(server: Server, **options: object) -> Client:
    limits = {"connect_seconds": LIMIT, "read_seconds": LIMIT, "size_limit": 100_000}
    scrubber = Scrubber()
    scrubber.learn(TOKEN)
    return Client(server.origin, scrubber, **{**limits, **options})  # type: ignore[arg-type]


def get(path: str = "/x", **fields: object) -> Request:
    return Request("GET", path, credential=Secret(TOKEN), **fields)  # type: ignore[arg-type]


def failure_of(client: Client, request: Request | None = None) -> ConformanceError:
    """Send a request that must fail, in time, in one sentence and without the token."""
    started = time.perf_counter()
    with pytest.raises(ConformanceError) as caught:
        client.send(request or get())
    assert time.perf_counter() - started < SOON
    shows_no_token(caught.value)
    assert "\n" not in str(caught.value)
    assert "object at 0x" not in str(caught.value)
    return caught.value


def shows_no_token(error: BaseException) -> None:
    """Neither the error, nor anything that hangs on it, holds the token."""
    waiting, seen = [error], set[int]()
    while waiting:
        each = waiting.pop()
        if id(each) in seen:
            continue
        seen.add(id(each))
        shown = f"{each!s} {each!r} {each.args!r} {vars(each)!r}"
        assert TOKEN not in shown
        waiting += [inner for inner in (each.__cause__, each.__context__) if inner]
        waiting += [inner for inner in each.args if isinstance(inner, BaseException)]
    assert TOKEN not in "".join(traceback.format_exception(error))


# --- what goes out and comes back


def test_answer_comes_back_whole(client: Client, server: Server) -> None:
    server.reply = answer({"name": "x"}, status=201, X_Id="7")
    found = client.send(
        Request("POST", "/a%20b", query="q=1", body=b"{}", credential=Secret(TOKEN))
    )
    assert (found.status, found.json, found.headers["x-id"], found.ok) == (
        201,
        {"name": "x"},
        "7",
        True,
    )
    assert server.received[0].startswith("POST /a%20b?q=1 HTTP/1.1\r\n")
    assert f"\r\nAuthorization: token {TOKEN}\r\n" in server.received[0]
    assert server.received[0].endswith("\r\n\r\n{}")


@pytest.mark.parametrize(
    "path", ["/a/../b", "/a/%2e%2e/b", "/a%2Fb", "/%7euser", "/a//b", "/a%252e", "/s%C3%A4ge", "/"]
)
def test_path_goes_out_as_it_is(client: Client, server: Server, path: str) -> None:
    client.send(get(path))
    assert server.received[0].split(" ")[1].upper() == path.upper()  # %7e and %7E are the same


def test_headers_of_the_request_win(client: Client, server: Server) -> None:
    client.send(Request("GET", "/", headers={"accept": "text/x", "authorization": "Bearer other"}))
    assert "text/x" in server.received[0]
    assert "*/*" not in server.received[0]
    assert "Bearer other" in server.received[0]


@pytest.mark.parametrize("credential", [None, Secret(TOKEN)])
def test_netrc_and_proxies_are_not_used(
    client: Client,
    server: Server,
    credential: Secret | None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password from-netrc\n")
    monkeypatch.setenv("NETRC", str(netrc))
    with serving(OK) as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.origin)
        monkeypatch.delenv("no_proxy", raising=False)
        client.send(Request("GET", "/", credential=credential))
        assert not proxy.received
    assert "Basic" not in server.received[0]
    assert (TOKEN in server.received[0]) == (credential is not None)


@pytest.fixture
def proxy(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A proxy that the environment names, and that answers by itself."""
    with serving(answer({"proxied": True})) as started:
        monkeypatch.setenv("HTTP_PROXY", started.origin.replace("//", "//me:p4ssw0rd-of-mine@"))
        monkeypatch.setenv("http_proxy", started.origin.replace("//", "//me:p4ssw0rd-of-mine@"))
        for name in ("no_proxy", "NO_PROXY"):
            monkeypatch.delenv(name, raising=False)
        yield started


def test_proxy_is_used_where_it_is_asked_for(server: Server, proxy: Server) -> None:
    client = client_of(server, trust_env=True)
    assert client.send(get("/a%2Fb", query="c=1")).json == {"proxied": True}
    assert not server.received
    assert proxy.received[0].startswith(f"GET {server.origin}/a%2Fb?c=1 HTTP/1.1\r\n")
    assert "Proxy-Authorization: Basic " in proxy.received[0]
    assert client.scrubber.scrub("p4ssw0rd-of-mine") == "***"
    assert client.is_read_on_the_way
    client.close()


def test_proxied_answers_have_their_limits(server: Server, proxy: Server) -> None:
    client = client_of(server, trust_env=True)
    proxy.reply = lambda connection: proxy.drip(connection, *DRIPS["header"])
    assert isinstance(failure_of(client), HubTooSlow)
    client.close()


def test_no_proxy_is_heeded(server: Server, proxy: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    client = client_of(server, trust_env=True)
    assert client.send(get()).json == {"fine": True}
    assert not proxy.received
    assert not client.is_read_on_the_way
    client.close()


@pytest.mark.parametrize("address", ["http://127.0.0.1:1", "http://[", "http://", "socks9://x"])
def test_proxy_that_cannot_be_used(
    server: Server, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY"):
        monkeypatch.setenv(name, address)
    monkeypatch.delenv("no_proxy", raising=False)
    client = client_of(server, trust_env=True)
    assert "proxy" in str(failure_of(client))
    assert not server.received
    client.close()


def test_cookies_do_not_come_back(client: Client, server: Server) -> None:
    server.reply = answer({}, Set_Cookie="session=stolen; Path=/")
    for _ in range(2):
        client.send(get())
    assert "cookie" not in "".join(server.received).lower()


def test_connection_is_kept(client: Client, server: Server) -> None:
    for _ in range(3):
        client.send(get())
    assert server.connections == 1


def test_requests_and_waiting_are_counted(client: Client) -> None:
    client.send(get())
    assert client.requests_sent == 1
    assert client.seconds_waited > 0


# --- hooks


def test_hook_before_keeps_a_request_in(client: Client, server: Server) -> None:
    def refuse(request: Request) -> None:
        raise OutOfBounds(f"no {request.path}")

    client.before.append(refuse)
    with pytest.raises(OutOfBounds, match="no /x"):
        client.send(get())
    with pytest.raises(OutOfBounds, match="no /x"):
        list(client.stream(get(), LIMIT))
    assert not server.received


def test_hook_after_sees_each_answer(client: Client, server: Server) -> None:
    seen: list[Answer] = []
    client.after.append(seen.append)
    server.script = [answer({"n": 1}), answer(b"data: 1\n"), answer(b"no", status=500)]
    client.send(get())
    assert list(client.stream(get(), LIMIT)) == ["data: 1"]
    with pytest.raises(AssertionError):
        list(client.stream(get(), LIMIT))
    assert [each.status for each in seen] == [200, 200, 500]


# --- time


def test_hang_before_the_headers(client: Client, server: Server) -> None:
    server.reply = server.hang
    error = failure_of(client)
    assert isinstance(error, HubTooSlow)
    assert str(error) == f"GET {server.origin}/x: no whole answer within 0.2 s"


def test_hang_in_the_body(client: Client, server: Server) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"
    server.reply = lambda connection: server.hang(connection, head)
    assert isinstance(failure_of(client), HubTooSlow)


DRIPS = {
    "status": (b"", b"H"),
    "interim": (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "header": (b"HTTP/1.1 200 OK\r\nX: ", b"y"),
    "body": (b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n", b"z"),
    "body to the end": (b"HTTP/1.0 200 OK\r\n\r\n", b"z"),
    "chunks": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nz\r\n"),
    "chunk size": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"0"),
    "trailers": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", b"A: b\r\n"),
}


@pytest.mark.parametrize("where", DRIPS)
def test_dripping_is_too_slow(client: Client, server: Server, where: str) -> None:
    server.reply = lambda connection: server.drip(connection, *DRIPS[where])
    assert isinstance(failure_of(client), HubTooSlow)


@pytest.mark.parametrize("where", ["body", "chunks"])
def test_dripping_stream_is_too_slow(client: Client, server: Server, where: str) -> None:
    server.reply = lambda connection: server.drip(connection, *DRIPS[where])
    started = time.perf_counter()
    with pytest.raises(HubTooSlow) as caught:
        list(client.stream(get(), LIMIT))
    assert time.perf_counter() - started < SOON
    shows_no_token(caught.value)


def test_slow_answer_leaves_the_next_its_time(server: Server) -> None:
    client = client_of(server, read_seconds=1.0)
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"

    def slowly(connection: socket.socket) -> None:
        connection.sendall(head)
        server.ended.wait(0.15)
        connection.sendall(b"12345")

    server.reply = slowly
    for _ in range(2):
        assert client.send(get()).body == b"12345"
    assert server.connections == 1
    client.close()


def test_connecting_has_a_limit_of_its_own() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        address = full.getsockname()
        # The queue of a listener that accepts nobody is full after a few.
        waiting = [socket.socket() for _ in range(4)]
        for each in waiting:
            each.setblocking(False)
            each.connect_ex(address)
        client = Client(f"http://127.0.0.1:{address[1]}", Scrubber(), connect_seconds=LIMIT)
        error = failure_of(client)
        for each in waiting:
            each.close()
        client.close()
    assert isinstance(error, HubUnreachable)
    assert "no connection within 0.2 s" in str(error)


# --- size


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n",
        b"HTTP/1.0 200 OK\r\n\r\n",
        b"HTTP/1.0 302 Found\r\nLocation: /y\r\n\r\n",
        b"HTTP/1.0 500 Oh\r\n\r\n",
    ],
)
def test_endless_body_is_cut(client: Client, server: Server, head: bytes) -> None:
    server.reply = endless(head, b"x" * 4096)
    error = failure_of(client)
    assert isinstance(error, AnswerTooLarge)
    assert "more than 100000 bytes" in str(error)


def test_endless_stream_is_cut(client: Client, server: Server) -> None:
    server.reply = endless(b"HTTP/1.0 200 OK\r\n\r\n", b"x" * 4096)
    with pytest.raises(AnswerTooLarge):
        list(client.stream(get(), 5.0))


BOMB = gzip.compress(bytes(20_000_000), 6)


@pytest.mark.parametrize("chunked", [False, True])
def test_bomb_is_not_unpacked(client: Client, server: Server, chunked: bool) -> None:
    bomb = BOMB
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n"
    if chunked:
        head += b"Transfer-Encoding: chunked\r\n\r\n%x\r\n" % len(bomb)
        bomb += b"\r\n0\r\n\r\n"
    else:
        head += b"Content-Length: %d\r\n\r\n" % len(bomb)
    server.reply = raw(head + bomb)
    tracemalloc.start()
    error = failure_of(client)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert isinstance(error, AnswerTooLarge)
    assert peak < 4_000_000


ENDLESS_LINES = {
    "header": b"HTTP/1.1 200 OK\r\nX: ",
    "chunk size": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;",
}


@pytest.mark.parametrize("where", ENDLESS_LINES)
def test_endless_line_is_cut(
    client: Client, server: Server, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "WIRE_LIMIT", 200_000)
    server.reply = endless(ENDLESS_LINES[where], b"x" * 4096)
    assert isinstance(failure_of(client), (AnswerTooLarge, HubUnreachable))


def test_endless_trailers_are_too_large(
    client: Client, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "WIRE_LIMIT", 200_000)
    server.reply = endless(DRIPS["trailers"][0], b"A: b\r\n" * 500)
    error = failure_of(client)
    assert isinstance(error, AnswerTooLarge)
    assert "on the wire" in str(error)


# --- connections that end


def test_connection_cut_in_the_middle(client: Client, server: Server) -> None:
    server.reply = raw(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
    error = failure_of(client)
    assert isinstance(error, HubUnreachable)
    assert "the connection broke in the middle of the answer" in str(error)


def test_nothing_listens(server: Server) -> None:
    client = client_of(server)
    server.close()
    assert "Connection refused" in str(failure_of(client))


def test_kept_connection_that_was_closed(client: Client, server: Server) -> None:
    server.reply = answer({}, close=True)
    for _ in range(3):
        assert client.send(get()).ok
    assert server.connections == 3


def test_dropped_reading_request_is_sent_again_once(client: Client, server: Server) -> None:
    server.script = [reset]
    assert client.send(get()).ok
    assert len(server.received) == 2


def test_reading_request_is_sent_twice_at_most(client: Client, server: Server) -> None:
    server.reply = reset
    error = failure_of(client)
    assert str(error) == f"GET {server.origin}/x: the connection was closed without an answer"
    assert len(server.received) == 2


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "BREW"])
def test_writing_request_is_never_sent_again(client: Client, server: Server, method: str) -> None:
    server.script = [reset]
    failure_of(client, Request(method, "/x", body=b"{}", credential=Secret(TOKEN)))
    assert len(server.received) == 1


def test_slow_request_is_not_sent_again(client: Client, server: Server) -> None:
    server.script = [server.hang]
    failure_of(client)
    assert len(server.received) == 1


# --- answers that are none


@pytest.mark.parametrize(
    "garbage", [b"SSH-2.0-OpenSSH_9.7\r\n", b"\x00\xff\x00\xff\r\n\r\n", b"\n"]
)
def test_garbage(client: Client, server: Server, garbage: bytes) -> None:
    server.reply = raw(garbage)
    error = failure_of(client)
    assert isinstance(error, HubUnreachable)
    assert "what came back is no HTTP" in str(error)


def test_garbage_that_quotes_the_token(client: Client, server: Server) -> None:
    server.reply = raw(TOKEN.encode() + b"\r\n\r\n")
    assert "***" in str(failure_of(client))


def test_wrong_content_encoding(client: Client, server: Server) -> None:
    server.reply = answer(b"no gzip at all", Content_Encoding="gzip")
    assert "Content-Encoding" in str(failure_of(client))


def test_html_is_an_answer(client: Client, server: Server) -> None:
    server.reply = answer(b"<html>hello</html>")
    found = client.send(get())
    assert found.text == "<html>hello</html>"
    assert found.message == ""
    with pytest.raises(AssertionError, match="no JSON") as caught:
        _ = found.json
    shows_no_token(caught.value)


@pytest.mark.parametrize("opening", [b"[", b'{"a":'])
def test_deep_json_is_no_json(client: Client, server: Server, opening: bytes) -> None:
    server.reply = answer(opening * 100_000)
    client.size_limit = 1_000_000
    found = client.send(get())
    assert found.message == ""
    with pytest.raises(AssertionError, match="no JSON"):
        _ = found.json


@pytest.mark.parametrize(
    "body", [TOKEN.encode() + b"\xff", TOKEN.encode(), b'{"a": "' + TOKEN.encode()]
)
def test_bad_json_that_quotes_the_token(client: Client, server: Server, body: bytes) -> None:
    server.reply = answer(body)
    with pytest.raises(AssertionError) as caught:
        _ = client.send(get()).json
    shows_no_token(caught.value)


def test_repr_quotes_the_message_without_the_token(client: Client, server: Server) -> None:
    server.reply = answer({"status": 500, "message": f"bad token {TOKEN}"}, status=500)
    assert repr(client.send(get())) == "<500 (bad token ***) to GET /x>"


@pytest.mark.parametrize("body", [{"message": 5}, [], None, {"message": None}])
def test_message_is_a_string(client: Client, server: Server, body: object) -> None:
    server.reply = answer(body, status=500)
    assert client.send(get()).message == ""


def test_secrets_of_an_answer_are_learned(client: Client, server: Server) -> None:
    new = "another-secret-of-the-hub"
    server.reply = answer({"tokens": [{"token": new, "id": "a1"}], "code": "", "token": None})
    found = client.send(get()).json
    assert found["tokens"][0]["token"] == Secret(new)
    assert (found["code"], found["token"]) == ("", None)
    assert client.scrubber.scrub(f"it is {new}") == "it is ***"


# --- one origin


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_redirect_is_not_followed(client: Client, server: Server, status: int, method: str) -> None:
    with serving(OK) as other:
        server.reply = answer(b"", status=status, Location=f"{other.origin}/hub/api/")
        found = client.send(Request(method, "/x", credential=Secret(TOKEN)))
        assert found.status == status
        assert not other.received
    assert len(server.received) == 1


@pytest.mark.parametrize("location", ["http://[", "http://x:99999/", "//", "\x01", ""])
def test_odd_redirect_is_an_answer(client: Client, server: Server, location: str) -> None:
    server.reply = answer(b"", status=302, Location=location)
    assert client.send(get()).status == 302


@pytest.mark.parametrize(
    "path", ["@127.0.0.2/x", ".example.org/x", "1/x", ":80@127.0.0.2/", "x", "", "\\@127.0.0.2/"]
)
def test_path_cannot_change_the_origin(client: Client, server: Server, path: str) -> None:
    assert isinstance(failure_of(client, get(path)), OtherOrigin)
    assert not server.received


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("http://host:8000/hub/api/users?offset=2", "/hub/api/users?offset=2"),
        ("HTTP://HOST:8000/x", "/x"),
        ("/x?y", "/x?y"),
        ("?limit=1", "/?limit=1"),
        ("//host:8000/x", "/x"),
        ("http://host:8000", "/"),
        ("x", "/x"),
        ("@other/x", "/@other/x"),
        ("http://host:8000/x#part", "/x"),
    ],
)
def test_path_within(url: str, path: str) -> None:
    assert path_within("http://host:8000", url) == path


@pytest.mark.parametrize(
    "url",
    [
        "http://other:8000/x",
        "https://host:8000/x",
        "http://host:8001/x",
        "http://host/x",
        "//other/x",
        "http://me@host:8000/x",
        "http://host:8000@other/x",
        "http://[/x",
        "http://host:99999/x",
        "javascript:alert(1)",
        "file:///etc/passwd",
    ],
)
def test_path_within_refuses_another_origin(url: str) -> None:
    with pytest.raises(OtherOrigin, match="another origin"):
        path_within("http://host:8000", url)


def test_next_url_elsewhere_does_not_get_the_token(client: Client, server: Server) -> None:
    owner = Owner("user", "me", admin=True)
    hub = Hub(client, Target(f"{server.origin}/", "6.1.1", owner), Secret(TOKEN))
    with serving(OK) as other:
        for url in (f"{other.origin}/hub/api/users", f"@127.0.0.1:{other.port}/hub/api/users"):
            try:
                hub.follow(url)
            except OtherOrigin as error:
                shows_no_token(error)
        assert not other.received
    assert [each.split(" ")[1] for each in server.received] == [
        f"/@127.0.0.1:{other.port}/hub/api/users"
    ]


@given(st.text("/\\@:.?#[]%ahost0128 \t\n", max_size=30))
def test_path_within_stays_or_refuses(url: str) -> None:
    try:
        path = path_within("http://host:8000", url)
    except OtherOrigin:
        return
    assert path.startswith("/")
    assert origin_of(f"http://host:8000{path}") == "http://host:8000"


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("http://host:80/x", "http://host"),
        ("https://host:443", "https://host"),
        ("http://host:443", "http://host:443"),
        ("HTTPS://Host.Example:8443/y?z", "https://host.example:8443"),
        ("http://[::1]:8000/", "http://[::1]:8000"),
        ("http://user:pass@host/", "http://host"),
    ],
)
def test_origin_of(url: str, origin: str) -> None:
    assert origin_of(url) == origin


@pytest.mark.parametrize("url", ["http://[", "http://host:port/", "http://host:99999/"])
def test_what_is_no_url_is_a_finding(url: str) -> None:
    with pytest.raises(AssertionError, match="is no URL"):
        parts_of(url)


def test_query() -> None:
    assert encode_query({"a": 1, "b": None, "c": ["x", "y z"], "d": ""}) == "a=1&c=x&c=y+z&d="


# --- TLS


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def tls_server(authority: trustme.CA) -> Iterator[Server]:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with serving(OK, context) as started:
        yield started


def test_unknown_authority_is_not_trusted(tls_server: Server) -> None:
    client = client_of(tls_server, connect_seconds=2.0)
    error = failure_of(client)
    client.close()
    assert isinstance(error, HubUnreachable)
    assert "the certificate is not trusted" in str(error)
    assert "--hub-ca-bundle" in str(error)
    assert not tls_server.received


def test_private_authority_by_its_bundle(
    tls_server: Server, authority: trustme.CA, tmp_path: Path
) -> None:
    bundle = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(bundle)
    client = client_of(tls_server, ca_bundle=str(bundle), connect_seconds=2.0)
    assert client.send(get()).ok
    tls_server.reply = lambda connection: tls_server.drip(connection, *DRIPS["body"])
    assert isinstance(failure_of(client), HubTooSlow)
    client.close()


def test_bundle_of_another_authority(tls_server: Server, tmp_path: Path) -> None:
    bundle = tmp_path / "ca.pem"
    trustme.CA().cert_pem.write_to_path(bundle)
    client = client_of(tls_server, ca_bundle=str(bundle), connect_seconds=2.0)
    assert "the certificate is not trusted" in str(failure_of(client))
    client.close()


def test_bundle_that_is_gone(tls_server: Server, tmp_path: Path) -> None:
    client = client_of(tls_server, ca_bundle=str(tmp_path / "gone.pem"))
    assert isinstance(failure_of(client), HubUnreachable)
    client.close()


def test_https_to_a_server_without_tls(server: Server) -> None:
    client = Client(server.origin.replace("http:", "https:"), Scrubber(), connect_seconds=LIMIT)
    error = failure_of(client)
    client.close()
    assert str(error).endswith("no TLS connection within 0.2 s; does the hub speak https there?")


# --- secrets


UNSENDABLE = [TOKEN + "\r\nX: y", "token-\u20ac" + TOKEN, " \n" + TOKEN]


@pytest.mark.parametrize("credential", UNSENDABLE)
def test_credential_that_cannot_be_sent(client: Client, server: Server, credential: str) -> None:
    client.scrubber = Scrubber()  # it knows nothing: the words themselves must be clean
    request = Request("GET", "/x", credential=Secret(credential))
    with pytest.raises(HubError, match="cannot be sent") as caught:
        client.send(request)
    shows_no_token(caught.value)
    assert all("\r\nX: y" not in each for each in server.received)


SILENT_FAILURES: dict[str, Reply] = {
    "reset": reset,
    "cut": raw(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"),
    "garbage": raw(b"garbage\r\n\r\n"),
    "headers without end": raw(b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 500),
    "500": answer({"message": "no"}, status=500),
    "redirect": answer(b"", status=302, Location="http://127.0.0.2:1/"),
}


@pytest.mark.parametrize("what", SILENT_FAILURES)
def test_log_records_show_no_token(
    client: Client, server: Server, what: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    server.reply = SILENT_FAILURES[what]
    try:
        client.send(get())
    except HubError as error:
        shows_no_token(error)
    assert caplog.records, "urllib3 logs its connections"
    assert TOKEN not in caplog.text
    assert all(TOKEN not in repr(vars(record)) for record in caplog.records)


#: Plugins that take a second to load.
QUIET = ("-p", "no:schemathesis", "-p", "no:hypothesispytest")


def test_long_tracebacks_show_no_token(
    pytester: pytest.Pytester, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OF_THE_TEST", f"{server.origin} {TOKEN}")
    server.reply = raw(b"garbage\r\n\r\n")
    pytester.makepyfile(
        """
        import os
        from hub_conformance.client import Client, Request
        from hub_conformance.hub import Hub
        from hub_conformance.secret import Scrubber, Secret
        from hub_conformance.target import Owner, Target

        def hub():
            origin, token = os.environ["OF_THE_TEST"].split()
            target = Target(origin + "/", "6.1.1", Owner("user", "me", True))
            return Hub(Client(origin, Scrubber()), target, Secret(token))

        def test_nothing_comes_back():
            of_mine = hub()
            of_mine.get("/users")

        def test_no_stream():
            of_mine = hub()
            of_mine.events("/users", seconds=1.0)

        def test_comparison():
            of_mine = hub()
            assert of_mine == of_mine.credential
        """
    )
    result = pytester.runpytest_inprocess(*QUIET, "-l", "--tb=long", "--log-level=DEBUG", "-rA")
    result.assert_outcomes(failed=3)
    shown = result.stdout.str() + result.stderr.str()
    assert "of_mine" in shown
    assert TOKEN not in shown


def test_request_shows_no_credential() -> None:
    assert TOKEN not in repr(get())


@pytest.mark.parametrize(
    ("body", "found"),
    [(None, None), (b"", None), (b'{"a": 1}', {"a": 1}), (b"no", None), (b"[" * 100_000, None)],
)
def test_json_of_a_request(body: bytes | None, found: object) -> None:
    assert Request("POST", "/", body=body).json == found


# --- streams


def stream_of(*pieces: bytes) -> bytes:
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces)
    return b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\n\r\n"


LINES = ["data: 1", "", "data: s\u00e4ge", "last"]


@pytest.mark.parametrize("size", [1, 3, 100])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_stream_is_cut_into_lines(client: Client, server: Server, size: int, end: str) -> None:
    text = end.join(LINES).encode()
    pieces = [text[at : at + size] for at in range(0, len(text), size)]
    server.reply = raw(stream_of(*pieces))
    assert list(client.stream(get(), LIMIT)) == LINES
    server.reply = raw(b"HTTP/1.0 200 OK\r\n\r\n" + text)
    assert list(client.stream(get(), LIMIT)) == LINES


def test_stream_yields_before_it_ends(client: Client, server: Server) -> None:
    head = b"HTTP/1.0 200 OK\r\n\r\ndata: 1\n"
    server.reply = lambda connection: server.hang(connection, head)
    assert next(client.stream(get(), 5.0)) == "data: 1"


def test_stream_of_another_status(client: Client, server: Server) -> None:
    server.reply = answer({"message": f"no {TOKEN}"}, status=404)
    with pytest.raises(AssertionError, match="expected a stream, got <404") as caught:
        list(client.stream(get(), LIMIT))
    shows_no_token(caught.value)


@pytest.mark.parametrize("body", [b"data: {", b"data: 1\n", b"data: " + b"[" * 90_000])
def test_event_that_is_no_object(client: Client, server: Server, body: bytes) -> None:
    hub = Hub(client, Target(f"{server.origin}/", "6.1.1", Owner("user", "me", admin=True)))
    server.reply = answer(body, Content_Type="text/event-stream")
    with pytest.raises(AssertionError, match="no JSON object"):
        hub.events("/progress", seconds=LIMIT)


def test_events(client: Client, server: Server) -> None:
    hub = Hub(client, Target(f"{server.origin}/", "6.1.1", Owner("user", "me", admin=True)))
    sent = [{"progress": 0}, {"progress": 100, "ready": True}]
    body = "".join(f"data: {json.dumps(each)}\n\n" for each in sent)
    server.reply = answer(f": comment\n{body}".encode())
    assert hub.events("/progress", seconds=LIMIT) == sent
