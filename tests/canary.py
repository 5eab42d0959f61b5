"""A hub that tells what it was told: secrets come back in bodies, headers and addresses."""

from __future__ import annotations

import base64
import codecs
import contextlib
import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

from hub_conformance.spellings import SHORTEST

from .hostile import Headers, ask, whole
from .servers import Reply, Server, reset

#: Keys whose values are secrets, in JSON, forms and queries.
SECRET = {"token", "code", "access_token", "refresh_token", "client_secret", "password"}


def spellings(secret: str) -> dict[str, str]:
    """How a careless or spiteful hub may spell what it was sent."""
    raw = secret.encode()
    return {
        "plain": secret,
        "url": quote(secret, safe=""),
        "every byte in the url": "".join(f"%{each:02x}" for each in raw),
        "base64": base64.b64encode(raw).decode(),
        "base64 in a pair": base64.b64encode(b"somebody:" + raw).decode(),
        "base64 for urls": base64.urlsafe_b64encode(b"token " + raw + b"!").decode(),
        "hex": raw.hex(),
        "swapped case": secret.swapcase(),
        "upper case": secret.upper(),
        "lower case": secret.lower(),
        "reversed": secret[::-1],
        "rot13": codecs.encode(secret, "rot13"),
    }


class Echoing(Server):
    """Passes requests on to the hub at `origin`, and spoils some answers with what it was sent.

    `secrets` are all credentials that came by, in either direction; of `every` so many answers one
    is another than the hub's.
    """

    def __init__(self, origin: str) -> None:
        self.hub = urlsplit(origin).netloc
        self.secrets: set[str] = set()
        self.every = 7
        self.passed_on = 0
        super().__init__(reset)

    def _reply_to(self, request: str) -> Reply:
        sent = set(sent_with(request))
        status, content, headers = ask(self.hub, request)
        self.secrets |= sent | set(told_by(content, headers))
        self.passed_on += 1
        if self.passed_on % self.every:
            return whole(status, content, headers)
        return self._spoiled(
            status, [each for secret in sent for each in spellings(secret).values()]
        )

    def _spoiled(self, status: int, told: list[str]) -> Reply:
        text = " ".join(told) or "nothing"
        if self.passed_on % 3 == 0:
            where = f"http://127.0.0.2:1/?{quote(text[:2000])}"
            return whole(302, text.encode(), [("Location", where), ("Content-Type", "text/html")])
        body = json.dumps({"status": 500, "message": f"no {text}", "name": told}).encode()
        headers = [("Content-Type", f"application/json; said={text[:3000]}"), ("X-Said", text)]
        return whole(500 if self.passed_on % 2 else status, body, headers)


def sent_with(request: str) -> Iterator[str]:
    """The credentials in a request's headers, query and body."""
    head, _, body = request.partition("\r\n\r\n")
    line, *fields = head.split("\r\n")
    for name, _, value in (field.partition(": ") for field in fields):
        if name.lower() == "authorization":
            yield from _long([value.partition(" ")[2]])
        if name.lower() == "cookie":
            yield from _long(each.partition("=")[2].strip('"') for each in value.split("; "))
    query = line.split(" ")[1].partition("?")[2]
    for key, value in [*parse_qsl(query), *parse_qsl(body)]:
        if key in SECRET:
            yield from _long([value])
    yield from _in_json(body)


def told_by(content: bytes, headers: Headers) -> Iterator[str]:
    """The credentials in an answer's body, cookies and address."""
    yield from _in_json(content.decode("utf-8", "replace"))
    for key, value in headers:
        if key.lower() == "set-cookie":
            yield from _long([value.partition(";")[0].partition("=")[2].strip('"')])
        if key.lower() == "location":
            yield from _long(v for k, v in parse_qsl(urlsplit(value).query) if k in SECRET)


def _in_json(text: str) -> Iterator[str]:
    try:
        waiting: list[Any] = [json.loads(text)]
    except ValueError:
        return
    while waiting:
        found = waiting.pop()
        if isinstance(found, dict):
            yield from _long(v for k, v in found.items() if k in SECRET and isinstance(v, str))
            waiting += found.values()
        elif isinstance(found, list):
            waiting += found


def _long(found: Any) -> Iterator[str]:
    """Those that are no words or numbers, nor made up (`0000…`): `***` stands for these alone."""
    return (
        each
        for each in found
        if len(each) >= SHORTEST and re.search(r"\d", each) and len(set(each)) > 1
    )


@contextlib.contextmanager
def echoing(origin: str) -> Iterator[Echoing]:
    """Such a hub in front of `origin`, for the length of a block."""
    server = Echoing(origin)
    try:
        yield server
    finally:
        server.close()
