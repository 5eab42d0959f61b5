"""What a hostile hub does, by name: each a reply of a server on a real socket."""

from __future__ import annotations

import gzip
import socket
import struct
import zlib
from collections.abc import Callable

from .servers import Reply, Server, answer, endless, raw, reset

_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
_GIGABYTES = _HEAD + b"Content-Length: 9000000000\r\n\r\n"
_CHUNKED = _HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
_ZEROS = bytes(20_000_000)
#: A frame of Zstandard that unpacks to more than a hundred gigabytes: blocks of one repeated byte.
_ZSTD = b"\x28\xb5\x2f\xfd\x00\x58" + (((128 << 10) << 3) | 2).to_bytes(3, "little") * 250_000
VERSION = b'{"version": "6.1.1"}'


def next_for_ever(url: str = "/hub/api/users?offset={offset}&limit=1") -> Reply:
    """A page of one more item and a `next`, whatever was asked."""
    offset = 0

    def reply(connection: socket.socket) -> None:
        nonlocal offset
        offset += 1
        after = {"offset": offset, "limit": 1, "url": url.format(offset=offset)}
        info = {"offset": offset - 1, "limit": 1, "total": 10**9, "next": after}
        item = {"name": f"u{offset}", "kind": "user", "admin": False, "groups": [], "servers": {}}
        answer({"items": [item], "_pagination": info})(connection)

    return reply


def hard_reset(connection: socket.socket) -> None:
    """Hang up with a reset, where a polite server would say that it has ended."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()
    raise ConnectionError  # so that nobody else holds on to it


def body(content: bytes, encoding: str = "identity", kind: str = "application/json") -> Reply:
    """An answer that claims to be JSON."""
    return answer(content, Content_Type=kind, Content_Encoding=encoding)


def _drips(head: bytes, drop: bytes) -> Callable[[Server], Reply]:
    return lambda server: lambda connection: server.drip(connection, head, drop)


def _always(reply: Reply) -> Callable[[Server], Reply]:
    return lambda server: reply


def _later(status: int, seconds: str) -> Callable[[Server], Reply]:
    return _always(answer({"status": status}, status, Retry_After=seconds))


def _elsewhere(location: str) -> Callable[[Server], Reply]:
    return _always(answer(b"", 302, Location=location))


def _to_itself(server: Server) -> Reply:
    return answer(b"", 302, Location=f"{server.origin}/hub/api/")


Trick = Callable[[Server], Reply]

#: Those that take their time, or never end.
SLOW: dict[str, Trick] = {
    "hang": lambda server: server.hang,
    "drip": _drips(b"HTTP/1.1 200 OK\r\nA: ", b"a"),
    "drip a body": _drips(_GIGABYTES, b" "),
    "drip chunks": _drips(_CHUNKED, b"1\r\n \r\n"),
    "drip interim answers": _drips(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "drip early hints": _drips(b"", b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"),
    "drip events": _drips(
        b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n", b'data: {"progress": 1}\n\n'
    ),
}
#: Those that send more than anybody wants.
LARGE: dict[str, Trick] = {
    "gigabytes": _always(endless(_GIGABYTES, b"[" * 65536)),
    "gigabytes in chunks": _always(endless(_CHUNKED, b"10000\r\n" + b" " * 65536 + b"\r\n")),
    "large JSON": _always(body(b"[" + b"[]," * 900_000 + b"[]]")),
    "gzip bomb": _always(body(gzip.compress(_ZEROS, 6), encoding="gzip")),
    "gzip bomb in gzip": _always(
        body(gzip.compress(gzip.compress(_ZEROS, 6)), encoding="gzip, gzip")
    ),
    "deflate bomb": _always(body(zlib.compress(_ZEROS, 6), encoding="deflate")),
    "zstd bomb": _always(body(_ZSTD, encoding="zstd")),
    "headers without end": _always(endless(_HEAD, b"".join(b"X-%d: y\r\n" % n for n in range(99)))),
    "a header without end": _always(endless(_HEAD + b"X: ", b"y" * 65536)),
    "interim answers without end": _always(endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 999)),
    "early hints without end": _always(endless(b"", b"HTTP/1.1 103 Early Hints\r\n\r\n" * 999)),
}
#: Those that are not HTTP, or break it.
BROKEN: dict[str, Trick] = {
    "cut": _always(reset),
    "cut hard": _always(hard_reset),
    "cut in the headers": _always(raw(_HEAD + b"Content-Le")),
    "cut in the middle": _always(raw(_GIGABYTES + b"[1, 2")),
    "cut in a chunk": _always(raw(_CHUNKED + b"ff\r\n[1, 2")),
    "garbage": _always(raw(b"\x00\xffSSH-2.0-OpenSSH\r\n\r\n")),
    "HTTP/0.9": _always(raw(b"<html>hello</html>")),
    "no status": _always(raw(b"HTTP/1.1\r\n\r\n")),
    "status of letters": _always(raw(b"HTTP/1.1 two OK\r\n\r\n")),
    "status of many digits": _always(raw(b"HTTP/1.1 20000000 OK\r\n\r\n")),
    "negative status": _always(raw(b"HTTP/1.1 -200 OK\r\n\r\n")),
    "negative length": _always(raw(_HEAD + b"Content-Length: -5\r\n\r\n" + VERSION)),
    "length of letters": _always(raw(_HEAD + b"Content-Length: ten\r\n\r\n" + VERSION)),
    "two lengths": _always(
        raw(_HEAD + b"Content-Length: 4\r\nContent-Length: 20\r\n\r\n" + VERSION)
    ),
    "length and chunks": _always(
        raw(_HEAD + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n")
    ),
    "chunks of letters": _always(raw(_CHUNKED + b"zz\r\nabc\r\n0\r\n\r\n")),
    "no gzip at all": _always(body(VERSION, encoding="gzip")),
    "NUL in a header": _always(raw(_HEAD + b"X: a\x00b\r\nContent-Length: 0\r\n\r\n")),
}
#: Those whose body is no JSON, or JSON that nobody expects.
BODIES: dict[str, bytes] = {
    "html": b"<html><h1>Welcome</h1></html>",
    "nothing": b"",
    "no UTF-8": b'{"version": "6.1.\xff"}',
    "UTF-16": VERSION.decode().encode("utf-16"),
    "byte order mark": b"\xef\xbb\xbf" + VERSION,
    "NUL": b'{"version": "6.1.1"}\x00',
    "deep": b'{"a":' * 100_000,
    "deep and closed": b"[" * 100_000 + b"]" * 100_000,
    "deep objects": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "huge number": b'{"version": "6.1.1", "a": 1' + b"0" * 5000 + b"}",
    "large number": b'{"a": 1' + b"0" * 4000 + b"}",
    "huge exponent": b'{"a": 1e999999999}',
    "not a number": b'{"version": "6.1.1", "a": NaN}',
    "infinity": b'{"version": "6.1.1", "a": -Infinity}',
    "twins": b'{"version": "6.1.1", "version": "5.5.4"}',
    "surrogates": b'{"name": "\\ud800", "\\udfff": ["\\udc00"], "message": "\\ud800", "status": 1}',
    "steering a terminal": b'{"name": "\\u001b[2J\\u001b]0;x\\u0007", "message": "\\u001b[31m"}',
    "null": b"null",
    "a list": b"[]",
    "a string": b'"x"',
    "a number": b"0",
    "an object": b"{}",
    "objects in a list": b"[{}]",
    "objects by name": b'{"x": {}}',
    "an object of nulls": b'{"name": null, "items": null, "_pagination": null, "token": null}',
}
#: Those that send somebody away.
REFUSALS: dict[str, Trick] = {
    "500": _always(answer({"status": 500, "message": "oh"}, 500)),
    "404 of a proxy": _always(answer(b"<html>nothing here</html>", 404)),
    "503": _always(answer(b"<html>down for maintenance</html>", 503)),
    "429 for an hour": _later(429, "3600"),
    "429 for ever": _later(429, "0"),
    "503 for a second": _later(503, "1"),
    "429 until a day": _later(429, "Wed, 21 Oct 2099 07:28:00 GMT"),
    "429 since a day": _later(429, "Wed, 21 Oct 2020 07:28:00 GMT"),
    "429 for less than nothing": _later(429, "-1"),
    "429 for nonsense": _later(429, "\u00b2 soon; never"),
    "redirect": _elsewhere("http://127.0.0.2:1/hub/api/"),
    "redirect to itself": _to_itself,
    "redirect to a file": _elsewhere("file:///etc/passwd"),
    "redirect without a scheme": _elsewhere("//127.0.0.2:1/hub/api/"),
    "redirect to nowhere": _elsewhere("http://["),
}

#: Pages that have no end, or lead away.
PAGES: dict[str, Trick] = {
    "next for ever": lambda server: next_for_ever(),
    "next elsewhere": lambda server: next_for_ever("http://127.0.0.2:1/hub/api/users?offset=1"),
    "next to a file": lambda server: next_for_ever("file:///etc/passwd"),
}
_OTHER: dict[str, Trick] = {
    "charset of no use": _always(body(VERSION, kind="application/json; charset=klingon")),
    "wrong version": _always(answer({"version": {"major": 6}})),
}
TRICKS: dict[str, Trick] = {
    **SLOW,
    **LARGE,
    **BROKEN,
    **REFUSALS,
    **PAGES,
    **_OTHER,
    **{name: _always(body(content)) for name, content in BODIES.items()},
}
