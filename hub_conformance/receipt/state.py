"""What a hub holds, as digests: two looks at it are compared, and no value is kept."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import Any

#: The kinds of object, in the order in which they are told of.
KINDS = ("user", "group", "service", "server", "token", "share", "share code", "route")
#: Those that are read owner by owner.
OF_OWNERS = ("share", "share code")
#: What passes by itself, is compared under another kind, or tells nothing but activity.
IGNORED: Mapping[str, frozenset[str]] = {
    "user": frozenset({"last_activity", "servers", "server", "pending", "auth_state"}),
    "server": frozenset({"last_activity", "started", "state", "pending"}),
    "service": frozenset({"pid"}),
    "token": frozenset({"last_activity"}),
    "share code": frozenset({"server", "exchange_count", "last_exchanged_at"}),
    "route": frozenset({"data"}),
}
#: Objects of one kind that are kept; of more there is no receipt.
MOST = 50_000
#: How much the clocks of a hub and of this machine may differ.
SKEW = timedelta(minutes=10)
#: Bytes of the digest of one field.
_SIZE = 6

#: An object within its kind: the user whose it is ("" for none), and its name.
Key = tuple[str, str]
#: The names of an object's fields, and as many digests one after the other.
Digest = tuple[tuple[str, ...], bytes]


class TooMany(Exception):
    """There are more objects of a kind than are kept."""


@dataclass(frozen=True)
class Change:
    """An object that came, went, or changed in some `fields`."""

    kind: str
    name: str
    inside: str
    how: str
    fields: tuple[str, ...] = ()

    def __str__(self) -> str:
        inside = f"{self.inside}/" if self.inside and self.kind != "route" else ""
        fields = f" ({', '.join(self.fields)})" if self.fields else ""
        return f"{self.kind} {inside}{self.name} {self.how}{fields}"


@dataclass
class State:
    """One look at a hub. `owns` says which names are the run's; such objects are only named.

    `objects` are all others, by kind; `own` those of the run, as (kind, user, name); `unread` says
    of a kind why it could not be read; `expiring` when tokens and share codes end; `hosts` who has
    used servers; `owners` whose shares were read, and how many others there are is `passed_over`.
    """

    owns: Callable[[str], bool]
    objects: dict[str, dict[Key, Digest]] = field(default_factory=dict)
    own: list[tuple[str, str, str]] = field(default_factory=list)
    unread: dict[str, str] = field(default_factory=dict)
    expiring: dict[tuple[str, Key], str] = field(default_factory=dict)
    hosts: list[str] = field(default_factory=list)
    owners: list[str] = field(default_factory=list)
    passed_over: int = 0
    _layouts: dict[tuple[str, ...], tuple[str, ...]] = field(default_factory=dict, repr=False)

    def open(self, kind: str) -> None:
        """Begin to read a kind, from its start."""
        self.objects[kind] = {}
        self.own = [each for each in self.own if each[0] != kind]

    def add(self, kind: str, name: str, model: Mapping[str, Any], inside: str = "") -> None:
        """Keep one object. Raises TooMany."""
        name, inside = str(name), str(inside)  # a hub may answer anything
        if self.owns(str(model.get("note", "")) if kind == "token" else inside or name):
            self.own.append((kind, inside, name))
            return
        found = self.objects[kind]
        if len(found) >= MOST:
            raise TooMany(f"there are more than {MOST}")
        found[inside, name] = self._digest(model, IGNORED.get(kind, frozenset()))
        if isinstance(ends := model.get("expires_at"), str):
            self.expiring[kind, (inside, name)] = ends

    def give_up(self, kind: str, why: str) -> None:
        """Keep nothing of a kind, for a reason."""
        self.open(kind)
        del self.objects[kind]
        self.unread[kind] = why

    def _digest(self, model: Mapping[str, Any], ignored: frozenset[str]) -> Digest:
        fields = tuple(sorted(model.keys() - ignored))
        fields = self._layouts.setdefault(fields, fields)  # one tuple for all that look alike
        return fields, b"".join(_hashed(self._plain(model[each])) for each in fields)

    def _plain(self, value: Any) -> Any:
        """A value without what means nothing: order in a list, names of the run, kinds of empty."""
        if isinstance(value, dict):
            return {key: self._plain(each) for key, each in value.items()} or None
        if isinstance(value, list):
            kept = [each for each in value if not (isinstance(each, str) and self.owns(each))]
            return sorted(_text(self._plain(each)) for each in kept) or None
        return value

    def differences(self, later: State) -> Iterator[Change]:
        """Yield what came, went or changed until `later`, of the kinds that both could read.

        What belongs to a user who came or went goes without saying.
        """
        moved: set[str] = set()
        for kind in KINDS:
            if kind not in self.objects or kind not in later.objects:
                continue
            for change in self._of_kind(kind, later):
                if kind == "user" and change.how != "changed":
                    moved.add(change.name)
                if change.inside not in moved:
                    yield change

    def _of_kind(self, kind: str, later: State) -> Iterator[Change]:
        old, new = self.objects[kind], later.objects[kind]
        seen = set(self.owners) & set(later.owners)
        for key in sorted(old.keys() | new.keys()):
            inside, name = key
            if kind in OF_OWNERS and inside not in seen:
                continue
            if key not in old:
                yield Change(kind, name, inside, "came")
            elif key not in new:
                if not has_ended(self.expiring.get((kind, key), "")):
                    yield Change(kind, name, inside, "went")
            elif fields := _differing(old[key], new[key]):
                yield Change(kind, name, inside, "changed", fields)


def has_ended(text: str, now: datetime | None = None) -> bool:
    """Whether this time is past, as far as clocks that differ can tell; what is none never is."""
    try:
        ends = datetime.fromisoformat(text)
    except ValueError:
        return False
    ends = ends if ends.tzinfo else ends.replace(tzinfo=UTC)
    return ends <= (now or datetime.now(UTC)) + SKEW


def _differing(old: Digest, new: Digest) -> tuple[str, ...]:
    if old == new:
        return ()
    before, after = _fields(old), _fields(new)
    return tuple(
        sorted(
            each
            for each in before.keys() | after.keys()
            if before.get(each, _NOTHING) != after.get(each, _NOTHING)
        )
    )


def _fields(digest: Digest) -> dict[str, bytes]:
    fields, digests = digest
    return {each: digests[n * _SIZE : (n + 1) * _SIZE] for n, each in enumerate(fields)}


def _hashed(value: Any) -> bytes:
    return blake2b(_text(value).encode("utf-8", "replace"), digest_size=_SIZE).digest()


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


_NOTHING = _hashed(None)
