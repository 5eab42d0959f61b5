"""What the rules about scopes share: tokens with some scopes, and tables of cells."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache, cached_property

import pytest

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
from ..rules import CellsFailed, not_applicable
from ..sandbox import User
from ..stage import Stage

METASCOPES = frozenset({"self", "inherit", "(no_scope)"})
#: A scope that opens no operation of the API: a token with it alone can only tell its owner.
UNRELATED = "read:metrics"


@dataclass(frozen=True)
class Cell:
    """One request with some scopes, and what came back."""

    what: str
    scopes: tuple[str, ...]
    expected: frozenset[int]
    answer: Answer

    @property
    def fails(self) -> bool:
        """Whether the answer has another status than it should."""
        return self.answer.status not in self.expected

    def __str__(self) -> str:
        wanted = " or ".join(map(str, sorted(self.expected)))
        scopes = ", ".join(self.scopes[:6]) + (
            f" and {len(self.scopes) - 6} more" if len(self.scopes) > 6 else ""
        )
        return f"  {self.what} with [{scopes}]: expected {wanted}, got {self.answer.status}"


@dataclass
class Table:
    """Cells collected while a rule runs, and judged once at its end."""

    cells: list[Cell] = field(default_factory=list)

    def add(
        self, what: str, scopes: Iterable[str], expected: Collection[int], answer: Answer
    ) -> Cell:
        """Note what came back for one cell."""
        cell = Cell(what, tuple(scopes), frozenset(expected), answer)
        self.cells.append(cell)
        return cell

    def judge(self) -> None:
        """Fail with all cells that are wrong. Without a cell the rule says nothing here."""
        if not self.cells:
            not_applicable("this version has nothing of the kind for the operation")
        failing = [str(each) for each in self.cells if each.fails]
        count = f"{len(failing)} of {len(self.cells)} cells are wrong:"
        if failing:
            raise CellsFailed("\n".join([count, *failing]), len(failing))


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

    @cached_property
    def grantor(self) -> User:
        """The admin whom tokens belong to."""
        return self.stage.grantor

    @cached_property
    def owner(self) -> Resource:
        """The grantor, as the expander wants them."""
        return Resource("user", self.grantor.name)

    def limited(self, *scopes: str) -> Hub:
        """The hub through a token of the grantor with exactly these scopes, minted once a set."""
        return self.stage.sandbox.limited(*scopes)

    @cached_property
    def everything(self) -> Scopes:
        """All that an admin holds."""
        return frozenset(set(self.stage.table) - METASCOPES)

    def held(self, *scopes: str) -> Scopes:
        """What a token with these scopes amounts to."""
        return token_scopes(
            scopes, self.owner, self.everything, self.stage.table, groups=self.stage.groups
        )

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

    def send(self, call: Call, hub: Hub) -> Answer:
        """Make a call, and note when its object is used up, or may be: the answer was lost."""
        recipe, status = RECIPES[call.operation.id], 0
        try:
            answer = call.send(hub)
            status = answer.status
        finally:
            if status < 400 and recipe.consumes and call is self._unspent.get(recipe.id):
                del self._unspent[recipe.id]
        return answer

    def not_opening(self, call: Call) -> list[str]:
        """The scopes that do not open an operation, held for everything."""
        return sorted(
            each
            for each in self.everything
            if refusal(call.operation, expand({each}, self.stage.table), call.resource)
        )

    def parents(self, requirement: Requirement) -> list[str]:
        """The scopes that have another one among their sub-scopes."""
        return sorted(
            each
            for each in self.everything - {requirement.scope}
            if opens(requirement, expand({each}, self.stage.table), None)
        )

    # --- cells

    def allow(self, table: Table, call: Call, *scopes: str) -> Cell:
        """Make a call that these scopes must open."""
        held = self.held(*scopes)
        assert refusal(call.operation, held, call.resource) is None, (call, scopes)
        answer = self.send(call, self.limited(*scopes))
        return table.add(call.operation.id, scopes, call.expected, answer)

    def refuse(self, table: Table, call: Call, *scopes: str) -> Cell:
        """Make a call that these scopes must not open, with the status that the contract has."""
        status = refusal(call.operation, self.held(*scopes), call.resource)
        assert status is not None, (call, scopes)
        return table.add(
            call.operation.id, scopes, {status}, self.send(call, self.limited(*scopes))
        )


@cache
def desk_of(stage: Stage) -> Desk:
    """The one desk of a stage: its tokens serve all modules of the chapter."""
    return Desk(stage)


@pytest.fixture(scope="session")
def desk(stage: Stage) -> Desk:
    """Issues tokens with some scopes, and makes calls with them."""
    return desk_of(stage)


# --- filters


def inside(call: Call, requirement: Requirement) -> list[str]:
    """The scope with each filter under which it covers the object of a call."""
    resource = call.resource
    if resource is None or requirement.partial:
        return []
    names = {resource.kind: {resource.full_name}, "group": resource.groups}
    if resource.kind == "server":
        names["user"] = {resource.owner}
    if resource.kind == "group":
        names["group"] = {resource.name}
    return [
        f"{requirement.scope}!{kind}={name}"
        for kind in sorted(requirement.filters)
        for name in sorted(names.get(kind, ()))
    ]


def outside(call: Call, requirement: Requirement, stage: Stage) -> list[str]:
    """The scope with filters that name other objects: existing ones, and near misses of names."""
    resource = call.resource
    if resource is None or requirement.partial:
        return []
    return [
        f"{requirement.scope}!{kind}={name}"
        for kind in sorted(requirement.filters)
        for name in _other_names(kind, resource, stage)
    ]


def near(name: str) -> list[str]:
    """Names that differ from one by a last character: longer and shorter."""
    return [f"{name}2", name[:-1]]


def _other_names(kind: str, resource: Resource, stage: Stage) -> list[str]:
    if kind == "user":
        user = resource.owner or resource.name
        return [stage.outsider, *near(user)]
    if kind == "group" and resource.kind == "group":
        return [stage.other_group, *near(resource.name)]
    if kind == "group":
        return [stage.other_group, *(each for name in resource.groups for each in near(name))]
    if kind == "server":
        return _other_servers(resource, stage)
    return near(resource.name)


def _other_servers(server: Resource, stage: Stage) -> list[str]:
    """Other servers of the user, and servers of the same name of other users."""
    another = "" if server.name else "another"
    longer = [f"{server.owner}/{server.name}2"] if server.name else []
    others = [f"{user}/{server.name}" for user in (stage.outsider, *near(server.owner))]
    return [f"{server.owner}/{another}", *longer, *others]


def strangers(call: Call, requirement: Requirement) -> list[str]:
    """The scope with filters of kinds that cannot cover the object, though the name is right."""
    resource = call.resource
    name = resource.full_name if resource else "nobody"
    kinds = {"user", "group", "service", "server"} - requirement.filters
    if resource and resource.kind == "user" and "server" in kinds:
        name = f"{name}/"
    return [f"{requirement.scope}!{kind}={name}" for kind in sorted(kinds)]


# --- users


def identity(hub: Hub) -> dict[str, object]:
    """Read `/user`, whatever the scopes."""
    answer = hub.get("/user")
    assert answer.status == 200, answer
    assert isinstance(answer.json, dict), answer
    return answer.json


def scopes_of(hub: Hub) -> frozenset[str]:
    """The scopes that a hub says a token has."""
    found = identity(hub).get("scopes")
    assert isinstance(found, list), f"scopes is {found!r}"
    return frozenset(map(str, found))


def without_filters(scopes: Iterable[str]) -> Scopes:
    """The bases of expanded scopes."""
    return reduce(parse(each).base for each in scopes)


def as_owner(user: User, stage: Stage) -> Resource:
    """A user as the expander wants them."""
    return Resource("user", user.name, groups=stage.groups.get(user.name, frozenset()))
