"""One request as the core sees it, and one answer as the core gives it."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NoReturn

from . import access, errors, names
from .entities import JSON, Server
from .hub import Hub


@dataclass(frozen=True)
class Reply:
    """An answer: a status, and a value to be sent as JSON (or no body at all)."""

    value: JSON = None
    status: int = 200
    has_body: bool = True
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    starting: Server | None = None  # the answer may wait a while for this server to be ready
    ending: Server | None = None  # the answer waits for what still runs of this server to be gone
    stops_hub: bool = False  # once it is sent


@dataclass(frozen=True)
class EventStream:
    """An answer as server-sent events: those known now, then those of a server's start."""

    events: Sequence[Mapping[str, JSON]]
    server: Server | None = None


def created(value: JSON) -> Reply:
    """201 with the model of what was made."""
    return Reply(value, 201)


def empty(status: int = 200, content_type: str = "application/json") -> Reply:
    """An answer without a body."""
    return Reply(status=status, has_body=False, content_type=content_type)


class Body:
    """A request's body, parsed when an operation asks for it: permission is checked first."""

    def __init__(self, raw: bytes = b"") -> None:
        self.raw = raw

    def json(self) -> JSON:
        """The parsed body, None if there is none. Raises a 400 for what is not JSON."""
        if not self.raw:
            return None
        try:
            return json.loads(
                self.raw.decode("utf-8", "replace"),
                parse_float=_finite,
                parse_constant=_refuse,
            )
        except (ValueError, RecursionError):
            raise errors.bad_json() from None

    def optional_object(self) -> dict[str, JSON]:
        """The object in the body; nothing, null and other empty values count as ``{}``."""
        value = self.json() or {}
        if not isinstance(value, dict):
            raise errors.not_an_object()
        return value

    def object(self) -> dict[str, JSON]:
        """The object in the body. Raises a 400 for everything else."""
        value = self.json()
        if not isinstance(value, dict):
            raise errors.not_an_object()
        return value


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is Python's JSON, not RFC 8259's")


def _finite(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        raise ValueError("too large to be given back")
    return value


class Query:
    """The query arguments: the last of several counts, without space around it."""

    def __init__(self, arguments: Mapping[str, Sequence[str]] | None = None) -> None:
        self.arguments = arguments or {}

    def get(self, name: str) -> str | None:
        """The argument's value, None if it is not given. Raises a 400 if it is no UTF-8."""
        value = self.raw(name)
        return None if value is None else value.strip()

    def raw(self, name: str) -> str | None:
        """The same, with the space around it."""
        values = self.arguments.get(name)
        if not values:
            return None
        if not names.is_encodable(values[-1]):
            raise errors.undecodable(f"argument {name}")
        return values[-1]


@dataclass
class Call:
    """One request: who asks which hub, with what. ``url`` is as the client wrote it."""

    hub: Hub
    requester: access.Requester | None = None
    query: Query = field(default_factory=Query)
    body: Body = field(default_factory=Body)
    accept: str = ""
    url: str = ""

    def require(self, *scopes: str, kind: str = "", name: str = "") -> access.Requester:
        """Raise unless one of the scopes is held (for the named resource, if one is named)."""
        return access.require(self.requester, scopes, kind, name)

    def require_some(self, scope: str) -> access.Requester:
        """Raise unless the scope is held for something: the list shows what for."""
        return access.require_some(self.requester, scope)
