"""What scopes amount to: expansion, filters, and what a token is left with.

Pure functions on sets of scopes, written from JupyterHub's documentation and from what hubs of 3.0
to 6.1 were seen to do. (A hub of 2.x ignores the scopes asked for a token; its filter `!server` has
other side effects and is not described here.)

A scope is `base`, or `base!kind=name` for the objects of one name only. Two filters on the same
base add up. `base!user`, `base!server` and `base!service` stand for what is the holder's own.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from .model import KINDS, Operation, Requirement, ScopeDefinition

Scopes = frozenset[str]
Table = Mapping[str, ScopeDefinition]
#: Names of the groups that each user is in. A user it does not know is in none.
Groups = Mapping[str, AbstractSet[str]]

OWN_KINDS = ("user", "server", "service")


class UnknownScope(ValueError):
    """The table has no such scope, or the filter is of no known kind."""


@dataclass(frozen=True)
class Scope:
    """A scope taken apart. `kind` is "" without a filter; `name` is "" for what is one's own."""

    base: str
    kind: str = ""
    name: str = ""

    def __str__(self) -> str:
        if not self.kind:
            return self.base
        return f"{self.base}!{self.kind}={self.name}" if self.name else f"{self.base}!{self.kind}"


@dataclass(frozen=True)
class Resource:
    """An object that access is asked for.

    `owner` is the user of a server; `groups` are those of the user, or of the server's user.
    """

    kind: str
    name: str
    owner: str = ""
    groups: frozenset[str] = frozenset()

    @property
    def full_name(self) -> str:
        """The name as filters have it: a server's follows its user's and a slash."""
        return f"{self.owner}/{self.name}" if self.kind == "server" else self.name


def parse(text: str) -> Scope:
    """Take a scope apart. Raises UnknownScope for a filter of no known kind or without a name."""
    base, mark, filter_text = text.partition("!")
    if not mark:
        return Scope(base)
    kind, _, name = filter_text.partition("=")
    if kind not in KINDS or not (name or filter_text in OWN_KINDS):
        raise UnknownScope(f"no such filter: {text!r}")
    return Scope(base, kind, name)


def subscopes(base: str, table: Table) -> Scopes:
    """A scope together with all that is held along with it. Raises UnknownScope."""
    if base not in table:
        raise UnknownScope(f"no such scope: {base!r}")
    return frozenset({base}).union(*(subscopes(each, table) for each in table[base].subscopes))


def expand(
    scopes: Iterable[str],
    table: Table,
    *,
    owner: Resource | None = None,
    client: Resource | None = None,
) -> Scopes:
    """All that a collection of scopes amounts to, each named, filters filled in.

    `owner` is the user or service that holds them, `client` the server or service that a token was
    issued to through OAuth: they say whose `!user`, `!server` and `!service` is meant. Where
    nobody is, the scope amounts to nothing, and so does `self` for anybody but a user. `inherit`
    is left as it is. Raises UnknownScope.
    """
    own = _own_names(owner, client)
    expanded: set[Scope] = set()
    for text in scopes:
        scope = parse(text)
        if text == "self":
            expanded.update(_own_scopes(table, owner))
        else:
            expanded.update(_with_subscopes(scope, table, own))
    return reduce(map(str, expanded))


def known(scopes: Iterable[object], table: Table) -> Scopes:
    """Those that a table has: `custom:` scopes, which are a hub's own, and newer ones are not."""
    texts = (each for each in scopes if isinstance(each, str))
    return frozenset(each for each in texts if each.partition("!")[0] in table)


def reduce(scopes: Iterable[str]) -> Scopes:
    """Leave out the scopes with a filter that are also held without one."""
    held = frozenset(scopes)
    return frozenset(each for each in held if "!" not in each or each.partition("!")[0] not in held)


def intersect(one: Collection[str], other: Collection[str], groups: Groups) -> Scopes:
    """What two expanded sets both allow.

    Of two filters the narrower is left: a server's within its user's, and either's within that of
    a group the user is in.
    """
    others: dict[str, list[Scope]] = {}
    for scope in map(parse, other):
        others.setdefault(scope.base, []).append(scope)
    pairs = ((left, right) for left in map(parse, one) for right in others.get(left.base, ()))
    narrower = (_narrower(left, right, groups) for left, right in pairs)
    return reduce(str(scope) for scope in narrower if scope is not None)


def identify_scopes(owner: Resource) -> Scopes:
    """What every token may do: tell who its owner is."""
    if owner.kind == "service":
        return frozenset({f"read:services:name!service={owner.name}"})
    return frozenset(f"read:users:{field}!user={owner.name}" for field in ("name", "groups"))


def access_scopes(client: Resource | None) -> Scopes:
    """What a token issued through OAuth may always do: use the server or service it is for."""
    if client is None:
        return frozenset()
    return frozenset({f"access:{client.kind}s!{client.kind}={client.full_name}"})


def token_scopes(
    requested: Collection[str],
    owner: Resource,
    owner_scopes: Collection[str],
    table: Table,
    *,
    client: Resource | None = None,
    groups: Groups | None = None,
) -> Scopes:
    """What a token made with these scopes may do, while its owner has `owner_scopes` (expanded).

    `groups` must know every user whom a filter names. Raises UnknownScope.
    """
    if "inherit" in requested:
        return frozenset(owner_scopes)
    expanded = expand(requested, table, owner=owner, client=client)
    wanted = reduce(expanded | identify_scopes(owner) | access_scopes(client))
    return intersect(wanted, owner_scopes, groups or {})


def excess_scopes(
    requested: Collection[str],
    owner: Resource,
    owner_scopes: Collection[str],
    table: Table,
    *,
    groups: Groups | None = None,
) -> Scopes:
    """Of the scopes asked for a new token, expanded, those that its owner does not hold.

    A hub refuses the token unless there are none. Raises UnknownScope.
    """
    wanted = expand(set(requested) - {"inherit"}, table, owner=owner)
    return wanted - intersect(wanted, owner_scopes, groups or {})


def allows(held: Iterable[str], needed: str, resource: Resource | None = None) -> bool:
    """Whether expanded scopes grant one scope for an object, or without any for all objects."""
    filters = [scope for scope in map(parse, held) if scope.base == needed]
    return any(not each.kind or (resource and _covers(each, resource)) for each in filters)


def opens(requirement: Requirement, held: Iterable[str], resource: Resource | None) -> bool:
    """Whether expanded scopes meet a requirement of an operation for the object it names."""
    scopes = [scope for scope in map(parse, held) if scope.base == requirement.scope]
    if not requirement.partial:
        usable = (each for each in scopes if not each.kind or each.kind in requirement.filters)
        return allows(map(str, usable), requirement.scope, resource)
    return bool(scopes) and {each.kind for each in scopes} <= requirement.filters | {""}


def refusal(operation: Operation, held: Collection[str], resource: Resource | None) -> int | None:
    """The status with which a valid token's request is refused for its scopes, None if it is not.

    403 without any of the scopes; held for other objects only, what the operation says (mostly
    404, the same as for an absent object). Hubs before 5.0 answer 404 as soon as *one* of several
    alternatives is held for other objects, though another would open the operation.
    """
    if not operation.scopes or any(opens(each, held, resource) for each in operation.scopes):
        return None
    bases = {parse(each).base for each in held}
    if resource is not None and any(each.scope in bases for each in operation.scopes):
        return operation.outside_filter
    return 403


def _own_names(owner: Resource | None, client: Resource | None) -> dict[str, str]:
    """The names that `!user`, `!server` and `!service` stand for; the client's come first."""
    present = (each for each in (owner, client) if each is not None)
    return {each.kind: each.full_name for each in present}


def _own_scopes(table: Table, owner: Resource | None) -> Iterator[Scope]:
    """What `self` stands for."""
    if owner is not None and owner.kind == "user":
        for base in table["self"].stands_for:
            for each in subscopes(base, table):
                yield Scope(each, "user", owner.name)


def _with_subscopes(scope: Scope, table: Table, own: Mapping[str, str]) -> Iterator[Scope]:
    name = scope.name or own.get(scope.kind, "")
    if scope.kind and not name:
        return
    for base in subscopes(scope.base, table):
        # A server is no user: what it is to read a user is not passed on for a single server.
        if not (scope.kind == "server" and base.startswith("read:user")):
            yield Scope(base, scope.kind, name)


def _narrower(one: Scope, other: Scope, groups: Groups) -> Scope | None:
    """The scope that two of the same base have in common, if any."""
    if not one.kind or one == other:
        return other
    if not other.kind or _lies_within(one, other, groups):
        return one
    return other if _lies_within(other, one, groups) else None


def _lies_within(inner: Scope, outer: Scope, groups: Groups) -> bool:
    if inner.kind not in ("user", "server"):
        return False
    user = inner.name.partition("/")[0]
    if outer.kind == "group":
        return outer.name in groups.get(user, ())
    return inner.kind == "server" and outer.kind == "user" and outer.name == user


def _covers(scope: Scope, resource: Resource) -> bool:
    """Whether the filter of a scope names an object, its user, or a group of the user."""
    if scope.kind == resource.kind:
        return scope.name == resource.full_name
    if resource.kind == "server" and scope.kind == "user":
        return scope.name == resource.owner
    return (
        resource.kind in ("user", "server")
        and scope.kind == "group"
        and scope.name in resource.groups
    )
