"""Connections on which a whole answer, headers included, has one deadline.

`requests` passes its read limit on to each single `recv`: a hub that sends a byte now and then is
never too slow for it. Here the limit that was set for the first byte counts for the last one too,
and what arrives on the wire is counted, because a header or chunk line without end is collected
below the level at which a body's size can be seen.
"""

from __future__ import annotations

import contextlib
import http
import http.client
import io
import math
import queue
import socket
import ssl
import time
from collections.abc import Iterator, Mapping
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import ConnectionPool, HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError

from .errors import AnswerTooLarge, ConnectionLost, HubError, HubTooSlow, HubUnreachable

#: Bytes of one answer on the wire. Above the client's own limit of a body, which words it better.
WIRE_LIMIT = 64 * 1024 * 1024
#: Bytes read at a time.
PIECE = 65536


_NO_PROXY = (
    requests.exceptions.ProxyError,
    requests.exceptions.InvalidProxyURL,
    requests.exceptions.InvalidSchema,
)


class WireLimitPassed(OSError):
    """More bytes came than any answer may have."""


class _Unreadable(http.client.HTTPException):
    """The head of an answer can be read in more than one way."""


class _DeadlinePassed(TimeoutError):
    """The whole answer was not there in time."""


class _Silence(_DeadlinePassed):
    """After the answer, nothing came in time on the connection that it has upgraded."""


class _Metered(io.RawIOBase):
    """A socket's stream that ends at a deadline and after so many bytes."""

    def __init__(self, stream: io.RawIOBase, sock: socket.socket) -> None:
        self._stream = stream
        self._sock = sock
        self._left = WIRE_LIMIT
        self.has_ended = False
        self._seconds = sock.gettimeout()
        self._deadline = time.monotonic() + (math.inf if self._seconds is None else self._seconds)

    def readable(self) -> bool:
        """As every stream of a connection."""
        return True

    def readinto(self, buffer: Any) -> int | None:
        """Read what is there; raise _DeadlinePassed or WireLimitPassed when that is too late."""
        if self._left <= 0:
            raise WireLimitPassed(f"more than {WIRE_LIMIT} bytes")
        remaining = self._deadline - time.monotonic()
        if remaining <= 0:
            raise _DeadlinePassed
        self._sock.settimeout(None if remaining == math.inf else remaining)
        try:
            found = self._stream.readinto(buffer)
        except TimeoutError:
            raise _DeadlinePassed from None
        finally:
            # The connection may be kept; its next request must not inherit what was left here.
            self._sock.settimeout(self._seconds)
        self._left -= found or 0
        self.has_ended = found == 0
        return found

    def send(self, data: bytes) -> None:
        """Write to the socket below."""
        self._sock.sendall(data)

    def close(self) -> None:
        """Close the stream below, which lets the socket go."""
        if not self.closed:
            self._stream.close()
        super().close()


class _MeteredResponse(http.client.HTTPResponse):
    """Made when the request is out and the socket has the read limit: the clock starts here."""

    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self._metered = _Metered(self.fp.detach(), sock)
        self.fp = io.BufferedReader(self._metered)

    def begin(self) -> None:
        """Read the head of the answer, past those in between (RFC 9110, 15.2) such as 103.

        Raises RemoteDisconnected where it breaks off, and _Unreadable where two readers could take
        two things for a header, or for the body (RFC 9112, 5 and 6.3).
        """
        super().begin()
        while 100 <= self.status < 200 and self.status != http.HTTPStatus.SWITCHING_PROTOCOLS:
            self.headers = self.msg = None  # type: ignore[assignment]  # as before the first
            super().begin()
        if self._metered.has_ended:  # the empty line that ends a head is found before the end
            raise http.client.RemoteDisconnected("the connection broke in the headers")
        if self.headers.defects or self.headers.get_payload():
            raise _Unreadable("a line among the headers is none")
        _check_length(self.headers)


class Upgraded:
    """What a connection is after a 101: bytes each way, in what is left of the answer's time.

    It is never used for another request: who closes the response closes it.
    """

    def __init__(self, response: requests.Response) -> None:
        below = response.raw._original_response
        assert isinstance(below, _MeteredResponse)
        self._metered = below._metered
        self._stream = below.fp  # has what came right after the head, too

    def send(self, data: bytes) -> None:
        """Send bytes. Raises OSError when the other side takes none."""
        self._metered.send(data)

    def receive(self) -> bytes:
        """Return what is there, b"" at the end. Raises OSError when that is too late."""
        try:
            return self._stream.read1(PIECE)
        except _DeadlinePassed:
            raise _Silence from None


def _check_length(headers: http.client.HTTPMessage) -> None:
    lengths = {
        each.strip() for field in headers.get_all("Content-Length", ()) for each in field.split(",")
    }
    if not all(each.isascii() and each.isdigit() for each in lengths) or len(lengths) > 1:
        raise _Unreadable(f"Content-Length: {', '.join(sorted(lengths))}")
    if lengths and "Transfer-Encoding" in headers:
        raise _Unreadable("both Content-Length and Transfer-Encoding")


class _Connection(HTTPConnection):
    response_class = _MeteredResponse


class _TlsConnection(HTTPSConnection):
    response_class = _MeteredResponse


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _TlsConnection


class Adapter(HTTPAdapter):
    """`requests`' adapter with metered connections."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Make the pools; called by the base class."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}
        self._only: ConnectionPool | None = None

    def get_connection_with_tls_context(self, *args: Any, **kwargs: Any) -> ConnectionPool:
        """Return the pool of the one origin that a client has, looked up once."""
        if self._only is None:
            self._only = super().get_connection_with_tls_context(*args, **kwargs)
        return self._only

    def hang_up(self) -> None:
        """Close the kept connections; the next request opens a new one.

        Each is taken out of the pool first: another thread might be about to take it.
        """
        pool = self._only.pool if isinstance(self._only, HTTPConnectionPool) else None
        taken: list[Any] = []
        with contextlib.suppress(queue.Empty):
            while pool and len(taken) < pool.maxsize:
                taken.append(pool.get(block=False))
        with contextlib.suppress(queue.Full):
            for each in taken:
                if each:
                    each.close()
                if pool:
                    pool.put(None, block=False)

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
        """Return what makes the connections through a proxy: metered too."""
        manager = super().proxy_manager_for(*args, **kwargs)
        manager.pool_classes_by_scheme = self.poolmanager.pool_classes_by_scheme
        return manager

    def request_url(self, request: requests.PreparedRequest, proxies: Any) -> str:
        """Return what goes into the request line: the path as it is, unless a proxy reads it."""
        whole = super().request_url(request, proxies) if proxies else ""
        return whole if whole.startswith("http:") else request.path_url


def proxies_of_environment(origin: str) -> dict[str, str]:
    """Return the proxies that the environment has for a hub, by scheme: {} for none."""
    return dict(requests.utils.get_environ_proxies(f"{origin}/", no_proxy=None))


def has_proxy(origin: str, proxies: Mapping[str, str]) -> bool:
    """Whether requests to an origin go through one of the proxies."""
    return bool(requests.utils.select_proxy(origin, dict(proxies)))


def passwords_of(proxies: Mapping[str, str]) -> list[str]:
    """Return the passwords in the proxies' addresses."""
    found = []
    for each in proxies.values():
        with contextlib.suppress(ValueError):  # no address: the first request tells of it
            found.append(requests.utils.get_auth_from_url(each)[1])
    return found


def as_it_comes(response: requests.Response) -> Iterator[bytes]:
    """Yield a body in pieces as they arrive, where `iter_content` would wait for a full one."""
    if response.raw.chunked:
        yield from response.iter_content(PIECE)
    while piece := response.raw.read1(PIECE, decode_content=True):
        yield piece


def explain(
    error: Exception, connect_seconds: float, read_seconds: float
) -> tuple[type[HubError], str]:
    """Return the class of error and the sentence for what the layers below raised."""
    cause = _root_cause(error)
    if _has(error, WireLimitPassed):
        return AnswerTooLarge, f"the answer has {cause} on the wire"
    if _has(error, _Silence):
        return HubTooSlow, f"101, and then no answer to a ping within {read_seconds:.3g} s"
    if _has(error, _DeadlinePassed):
        return HubTooSlow, f"no whole answer within {read_seconds:.3g} s"
    if _has(error, _Unreadable):
        return HubUnreachable, f"the answer's headers can be read in two ways ({cause[:80]})"
    if isinstance(error, requests.ReadTimeout) and _is_tls(error):  # of the handshake
        said = f"no TLS connection within {connect_seconds:.3g} s; does the hub speak https there?"
        return HubUnreachable, said
    if isinstance(error, requests.Timeout):  # of connect, or sending
        return HubUnreachable, f"no connection within {connect_seconds:.3g} s"
    if isinstance(error, _NO_PROXY):  # --hub-trust-env reads them
        return HubUnreachable, f"the proxy that the environment names cannot be used ({cause})"
    if isinstance(error, ValueError):  # the words of which quote what cannot be sent
        return (
            HubError,
            "it cannot be sent: the hub's or a proxy's address, or a header, is not one",
        )
    if _has(error, ssl.SSLCertVerificationError):
        return HubUnreachable, (
            f"the certificate is not trusted ({cause});"
            " a private authority's certificate is given with --hub-ca-bundle"
        )
    if isinstance(error, requests.exceptions.SSLError):
        return HubUnreachable, f"no TLS connection ({cause}); does the hub speak https there?"
    if _has(error, http.client.RemoteDisconnected):
        return ConnectionLost, "the connection was closed without an answer"
    if _has(error, http.client.BadStatusLine):
        return HubUnreachable, f"what came back is no HTTP ({cause[:80]!r})"
    if isinstance(error, requests.exceptions.ContentDecodingError):
        return HubUnreachable, f"the answer's Content-Encoding is not what it says ({cause})"
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return ConnectionLost, f"the connection broke in the middle of the answer ({cause})"
    if _has(error, ConnectionResetError, ConnectionAbortedError, BrokenPipeError):
        return ConnectionLost, cause
    return HubUnreachable, cause


def _is_tls(error: requests.RequestException) -> bool:
    return bool(error.request and str(error.request.url).startswith("https:"))


def _has(error: Exception, *kinds: type[BaseException]) -> bool:
    return any(isinstance(each, kinds) for each in _causes(error))


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    current: object = error
    while isinstance(current, BaseException) and id(current) not in seen:
        seen.add(id(current))
        yield current
        inner = next((each for each in current.args if isinstance(each, BaseException)), None)
        reason = getattr(current, "reason", None)  # of some it is a string
        below = reason if isinstance(reason, BaseException) else inner
        current = below or current.__cause__ or current.__context__


def _root_cause(error: BaseException) -> str:
    """Return the innermost sentence, without urllib3's object addresses."""
    innermost = list(_causes(error))[-1]
    text = str(innermost) or type(innermost).__name__
    if isinstance(innermost, HTTPError) and ": " in text:
        text = text.split(": ", 1)[1]
    return text
