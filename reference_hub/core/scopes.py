"""What a set of scopes allows: expansion, filters and intersection.

A *raw* scope is what roles and tokens are given (``self``, ``read:users!user``). Expansion gives
every subscope its own line and resolves metascopes and the owner's filters. Parsing turns
expanded scopes into *grants*: for each scope either UNFILTERED or its filters.

Source: the RBAC chapter of JupyterHub's documentation; ``jupyterhub.scopes`` of 6.1.1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from . import errors, scope_table

Filters = Mapping[str, frozenset[str]]
"""Kind of filter (user, group, server, service) to the names it admits."""
UNFILTERED = None
Grants = Mapping[str, Filters | None]
GroupsOf = Callable[[str], Iterable[str]]
"""Gives the names of a user's groups, now: membership takes effect at once."""

FILTER_KINDS = ("user", "group", "server", "service")
_OWNER_FILTERS = ("user", "server", "service")


@dataclass(frozen=True)
class Owner:
    """Whose scopes are expanded: it decides what ``self`` and ``!user`` mean."""

    kind: Literal["user", "service"]
    name: str


class ScopeTable:
    """The scopes of one hub, with its custom ones, and their expansion (remembered)."""

    def __init__(self, custom: Mapping[str, object] | None = None) -> None:
        self.subscopes = scope_table.with_custom_scopes(custom or {})
        self._closure: dict[str, frozenset[str]] = {}
        self._expanded: dict[tuple[frozenset[str], Owner], frozenset[str]] = {}

    def closure(self, name: str) -> frozenset[str]:
        """A scope and everything below it."""
        if name not in self._closure:
            found: set[str] = set()
            waiting = [name]
            while waiting:  # a worklist, since custom scopes may go round in circles
                scope = waiting.pop()
                if scope not in found:
                    found.add(scope)
                    waiting.extend(self.subscopes[scope])
            self._closure[name] = frozenset(found)
        return self._closure[name]

    def expand(self, raw: Iterable[str], owner: Owner) -> frozenset[str]:
        """Every scope that the (existing) raw ones amount to for their owner."""
        key = (frozenset(raw), owner)
        if key not in self._expanded:
            if len(self._expanded) > 10_000:  # names are the client's choice: keep it bounded
                self._expanded.clear()
            pieces = (self._expand_one(scope, owner) for scope in key[0])
            self._expanded[key] = reduce(frozenset().union(*pieces))
        return self._expanded[key]

    def _expand_one(self, scope: str, owner: Owner) -> Iterator[str]:
        name, _, filter_ = scope.partition("!")
        if scope == "self":
            yield from self._expand_self(owner)
            return
        resolved = resolve_filter(filter_, owner)
        if resolved is None:
            return
        for each in self.closure(name):
            if keeps_filter(each, resolved):
                yield join(each, resolved)

    def _expand_self(self, owner: Owner) -> Iterator[str]:
        if owner.kind == "user":  # a service has no `self` beyond being identified
            for scope in scope_table.SELF:
                yield from (join(each, f"user={owner.name}") for each in self.closure(scope))

    def check_exist(self, raw: Iterable[str]) -> None:
        """Raise a 400 for a scope or a kind of filter that does not exist."""
        for scope in raw:
            name, _, filter_ = scope.partition("!")
            if name not in self.subscopes or not is_known_filter(filter_):
                raise errors.unknown_scope(scope)


def join(name: str, filter_: str) -> str:
    """A scope and its filter, if any."""
    return f"{name}!{filter_}" if filter_ else name


def is_known_filter(filter_: str) -> bool:
    """Whether a filter has the form of one; empty is none at all."""
    kind, equals, name = filter_.partition("=")
    if not equals:
        return not filter_ or filter_ in _OWNER_FILTERS
    return kind in FILTER_KINDS and bool(name)


def resolve_filter(filter_: str, owner: Owner) -> str | None:
    """Put the owner's name into a bare ``!user`` or ``!service``; None if there is none to put."""
    if filter_ not in _OWNER_FILTERS:
        return filter_
    return f"{filter_}={owner.name}" if filter_ == owner.kind else None


def keeps_filter(name: str, filter_: str) -> bool:
    """Whether a subscope comes along under a filter.

    ``read:servers`` brings ``read:users:name``, but a server is no user: filtered to servers, the
    subscopes about users are dropped rather than widened.
    """
    return not (filter_.startswith("server") and name.startswith("read:user"))


@lru_cache(maxsize=4096)
def parse(expanded: frozenset[str]) -> Grants:
    """Expanded scopes as grants."""
    grants: dict[str, dict[str, set[str]] | None] = {}
    for scope in expanded:
        name, _, filter_ = scope.partition("!")
        if not filter_:
            grants[name] = UNFILTERED
            continue
        kind, _, value = filter_.partition("=")
        filters = grants.setdefault(name, {})
        if filters is not UNFILTERED:
            filters.setdefault(kind, set()).add(value)
    return {name: _freeze(filters) for name, filters in grants.items()}


def _freeze(filters: dict[str, set[str]] | None) -> Filters | None:
    if filters is UNFILTERED:
        return UNFILTERED
    return {kind: frozenset(names) for kind, names in filters.items()}


def unparse(grants: Grants) -> frozenset[str]:
    """Grants as expanded scopes."""
    return frozenset(scope for name in grants for scope in _lines(name, grants[name]))


def _lines(name: str, filters: Filters | None) -> Iterator[str]:
    if filters is UNFILTERED:
        yield name
        return
    for kind, values in filters.items():
        yield from (f"{name}!{kind}={value}" for value in values)


def reduce(expanded: frozenset[str]) -> frozenset[str]:
    """Drop filtered scopes that are held unfiltered too."""
    return unparse(parse(expanded))


def covers(filters: Filters | None, kind: str, name: str, groups_of: GroupsOf) -> bool:
    """Whether filters reach one resource: by its name, its user, or a group of that user."""
    if filters is UNFILTERED or name in filters.get(kind, ()):
        return True
    if kind == "server":
        return covers(filters, "user", name.partition("/")[0], groups_of)
    if kind == "user" and "group" in filters:
        return not filters["group"].isdisjoint(groups_of(name))
    return False


def allows(grants: Grants, scope: str, kind: str, name: str, groups_of: GroupsOf) -> bool:
    """Whether a scope is held for one resource."""
    return scope in grants and covers(grants[scope], kind, name, groups_of)


def intersect(left: frozenset[str], right: frozenset[str], groups_of: GroupsOf) -> frozenset[str]:
    """What both sets allow: each line of either that the other one covers."""
    one, other = parse(left), parse(right)
    return reduce(
        frozenset(_covered(left, other, groups_of)) | frozenset(_covered(right, one, groups_of))
    )


def _covered(expanded: frozenset[str], grants: Grants, groups_of: GroupsOf) -> Iterator[str]:
    for scope in expanded:
        name, _, filter_ = scope.partition("!")
        if name in grants and _line_covered(grants[name], filter_, groups_of):
            yield scope


def _line_covered(filters: Filters | None, filter_: str, groups_of: GroupsOf) -> bool:
    if filters is UNFILTERED:
        return True
    kind, _, value = filter_.partition("=")
    return bool(filter_) and covers(filters, kind, value, groups_of)


def identify(owner: Owner) -> frozenset[str]:
    """The scopes that let anybody at least learn who they are."""
    if owner.kind == "user":
        return frozenset(f"read:users:{what}!user={owner.name}" for what in ("name", "groups"))
    return frozenset({f"read:services:name!service={owner.name}"})
