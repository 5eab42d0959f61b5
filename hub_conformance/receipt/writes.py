"""Whom the run's writing requests named, if not themselves: read by other eyes than the guard's.

By place and key alone, so that a word which happens to be somebody's name does not count.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import pairwise
from typing import Any
from urllib.parse import parse_qsl, unquote

from ..client import Request
from ..guard import DATA, MANY, ONE
from .state import Change

#: What the segment after one of these is the name of.
_AFTER = {
    "users": "user",
    "user": "user",
    "spawn": "user",
    "shares": "user",
    "share-codes": "user",
    "shared": "user",
    "groups": "group",
    "services": "service",
}
#: The same for keys of a body or a query, in lower case.
_UNDER = {**ONE, **MANY}
#: Names that are kept.
MOST = 10_000
#: How deep a body is looked through.
DEPTH = 8


class Writes:
    """Names outside the run, each with the first request that had it. `owns` says which are its."""

    def __init__(self, owns: Callable[[str], bool]) -> None:
        self.owns = owns
        self.named: dict[tuple[str, str], str] = {}

    def note(self, request: Request) -> None:
        """Remember whom a request names that is about to be sent, if it may change anything."""
        if not request.writes and "/spawn" not in unquote(request.path):
            return
        for kind, name in named_by(request):
            is_news = (kind, name) not in self.named and len(self.named) < MOST
            if is_news and not self.owns(name.partition("/")[0]):
                self.named[kind, name] = f"{request.method} {request.path}"

    def dump(self) -> list[list[str]]:
        """Return plain types, for `load`."""
        return [[kind, name, request] for (kind, name), request in self.named.items()]

    def load(self, dumped: Iterable[Iterable[str]]) -> None:
        """Add what another process noted."""
        for kind, name, request in dumped:
            self.named.setdefault((kind, name), request)

    def of(self, change: Change) -> str:
        """Return the request that named what changed, "" where there was none."""
        if change.kind == "token":
            key = "token", f"{change.inside}/{change.name}"
        elif change.inside:
            key = "user", change.inside
        else:
            key = change.kind, change.name
        return self.named.get((key[0], key[1].casefold()), "")


def named_by(request: Request) -> Iterator[tuple[str, str]]:
    """Yield kind and name of all that a request names, in lower case."""
    parts = [unquote(unquote(each)).casefold() for each in request.path.split("/")]
    match parts[-4:]:
        case ["users", owner, "tokens", token]:
            yield "token", f"{owner}/{token}"
    is_of_tokens = "tokens" in parts
    for word, name in pairwise(parts):
        kind = _AFTER.get(word)
        if kind and name and not (is_of_tokens and kind == "user"):
            yield kind, name
    for key, value in parse_qsl(request.query):
        yield from _under(key, value)
    if not is_of_tokens and "properties" not in parts:
        yield from _in_body(_kind_of_list(parts), request.json, DEPTH)


def _kind_of_list(parts: list[str]) -> str:
    """The kind whose names a bare list, or the key `name`, has in a request to this path."""
    if "servers" in parts or "server" in parts:
        return ""
    return next((_AFTER[each] for each in reversed(parts) if each in _AFTER), "")


def _in_body(kind: str, body: Any, depth: int) -> Iterator[tuple[str, str]]:
    if isinstance(body, Mapping) and depth:
        for key, value in body.items():
            if key.casefold() in DATA:
                continue
            if key.casefold() == "name" and kind:
                yield from _names(kind, value)
            else:
                yield from _under(key, value)
                yield from _in_body(kind, value, depth - 1)
    elif isinstance(body, list) and kind:
        yield from _names(kind, body)


def _under(key: str, value: Any) -> Iterator[tuple[str, str]]:
    if kind := _UNDER.get(key.casefold()):
        yield from _names(kind, value)


def _names(kind: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield kind, value.casefold()
    elif isinstance(value, (list, Mapping)):
        for each in value:
            if isinstance(each, str):
                yield kind, each.casefold()
