"""What the rules about scopes share: tokens with some scopes, and tables of cells."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cache, cached_property

import pytest

from ..cells import Cell, Table
from ..client import Answer
from ..contract import Operation, Requirement
from ..contract.scopes import (
    Resource,
    Scopes,
    expand,
    opens,
    parse,
    reduce,
    refusal,
    token_scopes,
)
from ..hub import Hub
from ..operations import RECIPES, Call
from ..rules import not_applicable, untested
from ..sandbox import User
from ..stage import Stage
from ..transcript import curl
from ._shape import described

METASCOPES = frozenset({"self", "inherit", "(no_scope)"})
#: A scope that opens no operation of the API: a token with it alone can only tell its owner.
UNRELATED = "read:metrics"


class Desk:
    """Issues tokens and makes calls: the scopes of the version, its operations, the objects.

    Tokens belong to `grantor`, an admin, so that they have exactly the scopes asked for (and may
    tell the name and groups of the grantor, as every token may). The grantor is made for the run:
    so many tokens vanish faster with their owner than one by one.
    """

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        #: By operation, the harmless call that was not let in yet.
        self._unspent: dict[str, Call] = {}
        self._held: dict[tuple[str, ...], Scopes] = {}

    @cached_property
    def grantor(self) -> User:
        """The admin whom tokens belong to."""
        return self.stage.grantor

    @cached_property
    def owner(self) -> Resource:
        """The grantor, as the expander wants them."""
        return Resource("user", self.grantor.name)

    def limited(self, *scopes: str) -> Hub:
        """The hub through a token of the grantor with exactly these scopes, minted once a set.

        All that an admin holds can only be inherited from somebody who holds it.
        """
        caller = self.stage.sandbox.hub.target.owner
        missing = self.everything - set(caller.scopes)
        if "inherit" in scopes and missing and self.grantor.name == caller.name:
            untested(
                f"{caller.name}, whose tokens the run uses, lacks {', '.join(sorted(missing))}"
            )
        return self.stage.sandbox.limited(*scopes)

    @property
    def whole(self) -> Hub:
        """The hub with all the grantor may do: by the run's own token, where it is theirs."""
        sandbox = self.stage.sandbox
        return sandbox.hub if self.grantor.name == sandbox.guard.caller else self.grantor.hub

    @cached_property
    def everything(self) -> Scopes:
        """All that an admin holds."""
        return frozenset(set(self.stage.table) - METASCOPES)

    def held(self, *scopes: str) -> Scopes:
        """What a token with these scopes amounts to."""
        if scopes in self._held:
            return self._held[scopes]
        held = token_scopes(
            scopes, self.owner, self.everything, self.stage.table, groups=self.stage.groups
        )
        if not any("!" in each for each in scopes):  # filters depend on groups, which grow
            self._held[scopes] = held
        return held

    @cached_property
    def strangers(self) -> list[str]:
        """Names of this run that nothing bears."""
        return [self.stage.sandbox.name("stranger") for _ in range(self.many)]

    #: More filters of one scope, or members of a group, than anybody writes by hand.
    many = 24

    # --- operations

    def operation(self, operation_id: str) -> Operation:
        """The operation; ends the rule where the version does not have it."""
        if operation_id not in self.stage.operations:
            not_applicable(f"{self.stage.version} has no operation {operation_id}")
        return self.stage.operations[operation_id]

    def call(self, operation: Operation) -> Call:
        """A call that does what it says: a fresh one where it uses its object up."""
        return RECIPES[operation.id].call(self.stage)

    def harmless(self, operation: Operation) -> Call:
        """A call that costs less and tells as much about the right to it.

        One and the same for all rules, until it is let in and uses its object up.
        """
        if operation.id not in self._unspent:
            self._unspent[operation.id] = RECIPES[operation.id].harmless(self.stage)
        return self._unspent[operation.id]

    def calls(self, operation: Operation) -> Iterator[Call]:
        """Harmless calls without end."""
        while True:
            yield self.harmless(operation)

    def send(
        self, call: Call, hub: Hub, method: str = "", headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Make a call, by another method if need be.

        Notes when its object is used up, or may be: the answer was lost.
        """
        recipe, status = RECIPES[call.operation.id], 0
        try:
            answer = call.send(hub, method, headers)
            status = answer.status
        finally:
            if status < 400 and recipe.consumes:
                if call is self._unspent.get(recipe.id):
                    del self._unspent[recipe.id]
                self.stage.spend(call.names)
        return answer

    def not_opening(self, call: Call) -> list[str]:
        """The scopes that do not open an operation, held for everything."""
        return sorted(
            each
            for each in self.everything
            if refusal(call.operation, expand({each}, self.stage.table), call.resource)
        )

    def narrowed(self, scopes: Sequence[str], listing: str, name: str) -> list[str]:
        """These scopes and the one to list this object alone: what lists all, does it no more.

        A list of all there are has pages without end, on which to find one.
        """
        only = f"!{listing.removeprefix('list:').removesuffix('s')}={name}"
        lists = {each for each in scopes if listing in expand({each}, self.stage.table)}
        return [*(f"{each}{only if each in lists else ''}" for each in scopes), listing + only]

    def parents(self, requirement: Requirement) -> list[str]:
        """The scopes that have another one among their sub-scopes."""
        return sorted(
            each
            for each in self.everything - {requirement.scope}
            if opens(requirement, expand({each}, self.stage.table), None)
        )

    # --- cells

    def allow(self, table: Table, call: Call, *scopes: str, name: str = "") -> Cell:
        """Make a call that these scopes must open; `name` is the cell's where they have names."""
        held = self.held(*scopes)
        assert refusal(call.operation, held, call.resource) is None, (call, scopes)
        answer = self.send(call, self.limited(*scopes))
        return self.note(table, answer, call.expected, name or " + ".join(scopes), *scopes)

    def refuse(self, table: Table, call: Call, *scopes: str, name: str = "") -> Cell:
        """Make a call that these scopes must not open, with the status that the contract has."""
        status = refusal(call.operation, self.held(*scopes), call.resource)
        assert status is not None, (call, scopes)
        answer = self.send(call, self.limited(*scopes))
        return self.note(table, answer, {status}, name or " + ".join(scopes), *scopes)

    def note(
        self, table: Table, answer: Answer, expected: Collection[int], name: str, *scopes: str
    ) -> Cell:
        """Put one answer into a table, with the line that sends the request again."""
        if answer.status in expected:
            return table.add(name)
        wanted = " or ".join(map(str, sorted(expected)))
        more = f" and {len(scopes) - 6} more" if len(scopes) > 6 else ""
        request = answer.request
        said = f"{request.method} {request.path} with [{', '.join(scopes[:6])}{more}]"
        line = curl(answer, self.stage.sandbox.hub.target.origin)
        scrub = answer.scrubber.scrub
        return table.add(
            name, scrub(f"{said}: expected {wanted}, got {answer.status}\n      {line}")
        )


@cache
def desk_of(stage: Stage) -> Desk:
    """The one desk of a stage: its tokens serve all modules of the chapter."""
    return Desk(stage)


@pytest.fixture(scope="module")
def desk(stage: Stage) -> Desk:
    """Issues tokens with some scopes, and makes calls with them."""
    return desk_of(stage)


# --- filters: a scope each, under a name that is the same in every run


def inside(call: Call, requirement: Requirement) -> dict[str, str]:
    """The scope with each filter under which it covers the object of a call."""
    resource = call.resource
    if resource is None or requirement.partial:
        return {}
    names = {resource.kind: {resource.full_name}, "group": resource.groups}
    if resource.kind == "server":
        names["user"] = {resource.owner}
    if resource.kind == "group":
        names["group"] = {resource.name}
    return {
        f"{requirement.scope}!{kind}=its{number or ''}": f"{requirement.scope}!{kind}={name}"
        for kind in sorted(requirement.filters)
        for number, name in enumerate(sorted(names.get(kind, ())))
    }


def outside(call: Call, requirement: Requirement, stage: Stage) -> dict[str, str]:
    """The scope with filters that name other objects: existing ones, and near misses of names."""
    resource = call.resource
    if resource is None or requirement.partial:
        return {}
    return {
        f"{requirement.scope}!{kind}={label}": f"{requirement.scope}!{kind}={name}"
        for kind in sorted(requirement.filters)
        for label, name in _other_names(kind, resource, stage).items()
    }


def near(name: str) -> dict[str, str]:
    """Names that differ from one by a last character."""
    return {"longer": f"{name}2", "shorter": name[:-1]}


def patterns(name: str) -> list[str]:
    """What may pass for a pattern of a name, in a shell or in a database."""
    return ["*", f"{name[:-1]}*", f"{name[:-1]}%", f"{name[:-1]}_"]


def lookalikes(call: Call, requirement: Requirement) -> list[str]:
    """The scope with filters that cover the object where a name is taken for a pattern."""
    return [
        f"{requirement.scope}!{parse(scope).kind}={each}"
        for scope in inside(call, requirement).values()
        for each in patterns(parse(scope).name)
    ]


def _other_names(kind: str, resource: Resource, stage: Stage) -> dict[str, str]:
    if kind == "user":
        user, groups = resource.owner or resource.name, sorted(resource.groups)
        alike = {"named-like-its-group": groups[0]} if groups else {}
        return {"another": stage.outsider, **near(user), **alike}
    if kind == "group" and resource.kind == "group":
        name = resource.name
        return {"another": stage.other_group, **near(name), "upper": name.upper()}
    if kind == "group":
        own = next(iter(sorted(resource.groups)), "")
        others = {**near(own), "upper": own.upper()} if own else {}
        alike = {"named-like-the-user": resource.owner or resource.name}
        return {"another": stage.other_group, **others, **alike}
    if kind == "server":
        return _other_servers(resource, stage)
    return near(resource.name)


def _other_servers(server: Resource, stage: Stage) -> dict[str, str]:
    """Other servers of the user, and servers of the same name of other users."""
    owner, name = server.owner, server.name
    own = {"longer-name": f"{name}2", "upper-name": name.upper(), "default": ""} if name else {}
    owners = {"another-user": stage.outsider, **near(owner)}
    return {
        **{key: f"{owner}/{other}" for key, other in {"another": "another", **own}.items()},
        **{key: f"{other}/{name}" for key, other in owners.items()},
    }


def strangers(call: Call, requirement: Requirement, stage: Stage) -> dict[str, str]:
    """The scope with filters of kinds that cannot cover the object, though the name is right.

    Of a group also those that name a member, or a server of theirs.
    """
    resource = call.resource
    name = resource.full_name if resource else "nobody"
    kinds = {"user", "group", "service", "server"} - requirement.filters
    filters = {f"{kind}=its": f"{kind}={name}" for kind in sorted(kinds)}
    if resource and resource.kind == "user":
        filters["server=its"] = f"server={name}/"
    if resource and resource.kind == "group":
        filters |= {"user=member": f"user={stage.user}", "server=member": f"server={stage.user}/"}
    return {f"{requirement.scope}!{key}": f"{requirement.scope}!{filters[key]}" for key in filters}


# --- users


def identity(hub: Hub) -> dict[str, object]:
    """Read `/user`, whatever the scopes."""
    answer = hub.get("/user")
    assert answer.status == 200, answer
    assert isinstance(answer.json, dict), answer
    return answer.json


def scopes_of(hub: Hub) -> frozenset[str]:
    """The scopes that a hub says a token has, but for those of the hub's own making."""
    found = identity(hub).get("scopes")
    assert isinstance(found, list), f"scopes is {found!r}"
    return described(map(str, found))


def without_filters(scopes: Iterable[str]) -> Scopes:
    """The bases of expanded scopes."""
    return reduce(parse(each).base for each in scopes)


def as_owner(user: User, stage: Stage) -> Resource:
    """A user as the expander wants them."""
    return Resource("user", user.name, groups=stage.groups.get(user.name, frozenset()))
