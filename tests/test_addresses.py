"""Addresses at which there is no hub to speak to: the run ends soon, and says what is wrong."""

from __future__ import annotations

import contextlib
import datetime
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from hub_conformance.embedded import EmbeddedHub

from .hostile import mutating
from .servers import answer, serving

#: Seconds within which a run that cannot start has ended.
BOUND = 30.0
HUB = answer({"version": "6.1.1"})
TOKEN = "a-t0ken-of-nobody-0123456789"
BLOCKED = ("-p", "no:schemathesis", "-p", "no:cacheprovider", "-p", "no:xdist")


@pytest.fixture
def authority(tmp_path: Path) -> trustme.CA:
    made = trustme.CA()
    made.cert_pem.write_to_path(tmp_path / "ca.pem")
    return made


def serving_tls(certificate: trustme.LeafCert) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    certificate.configure_cert(context)
    return context


def refusal(pytester: pytest.Pytester, url: str, *options: str) -> str:
    """Start a run that ends before its first rule; return what it says."""
    pytester.makepyfile("def test_mine(hub): pass")
    started = time.monotonic()
    result = pytester.runpytest_inprocess(*BLOCKED, f"--hub-url={url}", *options)
    said = "\n".join([*result.outlines, *result.errlines])
    assert time.monotonic() - started < BOUND
    assert result.ret == 4, said
    assert "Traceback" not in said
    assert "INTERNALERROR" not in said
    assert TOKEN not in said
    return said


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run by somebody's token that gives up soon."""
    monkeypatch.setattr("hub_conformance.session.PREFLIGHT_SECONDS", 5.0)
    monkeypatch.setenv("JUPYTERHUB_API_TOKEN", TOKEN)


def test_closed_port(pytester: pytest.Pytester) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    assert "Connection refused" in refusal(pytester, f"http://127.0.0.1:{port}")


def test_name_that_nobody_has(pytester: pytest.Pytester) -> None:
    said = refusal(pytester, "http://hub.invalid:8000")
    assert "hub.invalid" in said
    assert "no hub reached" in said


@pytest.mark.parametrize("name", ["a" * 64 + ".invalid", "a..b", "x" * 300])
def test_name_that_is_none(pytester: pytest.Pytester, name: str) -> None:
    assert "no hub reached" in refusal(pytester, f"http://{name}/")


def test_banner_of_another_protocol(pytester: pytest.Pytester) -> None:
    with speaking_first(b"SSH-2.0-OpenSSH_9.7\r\n") as address:
        said = refusal(pytester, f"http://{address}")
    assert "what came back is no HTTP ('SSH-2.0-OpenSSH_9.7" in said


@contextlib.contextmanager
def speaking_first(words: bytes) -> Iterator[str]:
    """The host and port of a server that waits for nobody's request, as of other protocols."""

    def greet() -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                with connection:
                    connection.sendall(words)
                    connection.recv(65536)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=greet, daemon=True)
        thread.start()
        yield f"127.0.0.1:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)
    thread.join(5.0)


def test_address_of_version_6(pytester: pytest.Pytester) -> None:
    if not socket.has_ipv6:
        pytest.skip("this machine has no IPv6")
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as listener:
        port = listener.getsockname()[1]
    said = refusal(pytester, f"http://[::1]:{port}/")
    assert f"http://[::1]:{port}/hub/api/: " in said


# --- TLS


def test_plain_http_where_tls_is_expected(pytester: pytest.Pytester) -> None:
    with speaking_first(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n") as address:
        said = refusal(pytester, f"https://{address}")
    assert "no TLS connection" in said
    assert "does the hub speak https there?" in said


def test_tls_where_plain_http_is_expected(pytester: pytest.Pytester, authority: trustme.CA) -> None:
    with serving(HUB, serving_tls(authority.issue_cert("127.0.0.1"))) as server:
        said = refusal(pytester, server.origin.replace("https:", "http:"))
    assert "does the hub speak https there?" in said


@pytest.fixture
def bad_certificates(authority: trustme.CA) -> dict[str, trustme.LeafCert]:
    past = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
    return {
        "self signed": trustme.CA().issue_cert("127.0.0.1"),
        "of another host": authority.issue_cert("hub.example.org"),
        "expired": authority.issue_cert("127.0.0.1", not_before=past, not_after=past),
    }


@pytest.mark.parametrize(
    ("kind", "why"),
    [
        ("self signed", "unable to get local issuer certificate"),
        ("of another host", "IP address mismatch"),
        ("expired", "certificate has expired"),
    ],
)
def test_certificate_that_is_not_trusted(
    pytester: pytest.Pytester,
    tmp_path: Path,
    bad_certificates: dict[str, trustme.LeafCert],
    kind: str,
    why: str,
) -> None:
    with serving(HUB, serving_tls(bad_certificates[kind])) as server:
        said = refusal(pytester, server.origin, f"--hub-ca-bundle={tmp_path / 'ca.pem'}")
        assert not server.received, "the token was sent"
    assert "the certificate is not trusted" in said
    assert why in said


def test_handshake_that_never_ends(pytester: pytest.Pytester) -> None:
    with serving(HUB) as server:  # which waits for the end of a line
        said = refusal(pytester, server.origin.replace("http:", "https:"))
    assert "no TLS connection within 5 s; does the hub speak https there?" in said


# --- versions


@pytest.mark.parametrize("version", ["", "six", "6", 6, True, [6, 1], {"major": 6}, "6.1" * 40])
def test_version_that_cannot_be_read(
    pytester: pytest.Pytester, reference: EmbeddedHub, version: object
) -> None:
    with mutating(reference.url, "get-api", lambda body: {"version": version}) as server:
        assert "reports a version that cannot be read: " in refusal(pytester, server.origin)


@pytest.mark.parametrize("body", [{"version": None}, {}, {"versions": "6.1"}, [], None, "6.1.1", 6])
def test_no_version(pytester: pytest.Pytester, reference: EmbeddedHub, body: object) -> None:
    with mutating(reference.url, "get-api", lambda found: body) as server:
        said = refusal(pytester, server.origin)
    assert "is no JupyterHub: GET /hub/api/ answered 200 application/json instead of JSON" in said


@pytest.mark.parametrize(
    ("version", "held"),
    [("99.0", "6.1"), ("1.5", "2.3"), ("3.14.dev0+abc", "3.14"), ("0.0", "2.3")],
)
def test_version_that_nobody_judged(
    pytester: pytest.Pytester,
    reference: EmbeddedHub,
    monkeypatch: pytest.MonkeyPatch,
    version: str,
    held: str,
) -> None:
    monkeypatch.setenv("JUPYTERHUB_API_TOKEN", reference.token.reveal())
    path = pytester.makepyfile("def test_mine(hub): assert hub.get('/').ok")
    with mutating(reference.url, "get-api", lambda body: {"version": version}) as server:
        result = pytester.runpytest_inprocess(*BLOCKED, f"--hub-url={server.origin}", str(path))
    assert result.ret < 2  # the hub's answers are those of another version
    result.stdout.fnmatch_lines(
        [f"hub: *JupyterHub {version},*", f"contract: {held}*", "* 1 passed in *"]
    )
