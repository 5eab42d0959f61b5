"""What became of each fault and of each rule, and what that comes to."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from ..contract import match
from ..rules import Rule
from .fault import Fault
from .learned import Learned
from .trial import Outcome

#: Rules that come up only where something is met, by the family that they are counted as.
_GENERATED = (
    (re.compile(r"contract/[^/]+/\d+"), "contract/<operation>/<status>"),
    (re.compile(r"fuzz/links/([^/]+)/[^/]+/\d+"), r"fuzz/links/\1"),
    (re.compile(r"fuzz/[^/]+/([^/]+)/\d+"), r"fuzz/<operation>/\1"),
)

#: How an answer is told in a reason: method, and path below the API's root.
_CALL = re.compile(r"<\d{3}[^>]* to ([A-Z]+) /hub/api([^ ?>]*)")


def family_of(id: str) -> str:
    """Return the rule that an id belongs to: without the cell, generated ones by family."""
    for pattern, family in _GENERATED:
        if pattern.fullmatch(id):
            return pattern.sub(family, id)
    return id.partition("[")[0]


@dataclass
class Record:
    """One fault, the rules that saw it in the order in which they failed, and what was run."""

    fault: Fault
    failed: dict[str, str] = field(default_factory=dict)
    refused: str = ""
    cause: str = ""
    problem: str = ""
    ran: set[int] = field(default_factory=set)
    seconds: float = 0.0

    @property
    def is_killed(self) -> bool:
        """Whether the suite saw the fault."""
        return bool(self.failed or self.refused)

    @property
    def first(self) -> str:
        """What is told first of it."""
        return next((f"{rule}: {reason}" for rule, reason in self.failed.items()), self.refused)

    def add(self, outcome: Outcome, items: Iterable[int]) -> None:
        """Add what a trial saw that ran these items."""
        self.failed = {**self.failed, **outcome.failed}
        self.refused = self.refused or outcome.refused
        self.cause = self.cause or outcome.cause
        self.problem = outcome.problem or outcome.incomplete
        self.ran |= set(items)
        self.seconds += outcome.seconds

    def take_back(self, ids: Collection[str]) -> None:
        """Forget what these rules saw: they fail without the fault as well."""
        self.failed = {id: reason for id, reason in self.failed.items() if id not in ids}


class Records:
    """All faults and all rules."""

    def __init__(self, faults: Iterable[Fault], rules: Iterable[Learned]) -> None:
        self.faults = {fault.name: Record(fault) for fault in faults}
        self.rules = list(rules)

    @property
    def killers(self) -> Mapping[str, list[str]]:
        """The faults that each rule saw, by the rule."""
        found: dict[str, list[str]] = {}
        for name, record in self.faults.items():
            for family in {family_of(id) for id in record.failed}:
                found.setdefault(family, []).append(name)
        return found

    @property
    def checked(self) -> dict[str, Rule]:
        """The rules that can be checked in one of the configurations."""
        return {each.family: each.rule for each in self.rules if each.configuration is not None}

    @property
    def unchecked(self) -> dict[str, Rule]:
        """The rules that cannot: mostly those about older versions."""
        checked = self.checked
        return {each.family: each.rule for each in self.rules if each.family not in checked}

    @property
    def unseen(self) -> list[str]:
        """Rules that no fault has turned red."""
        killers = self.killers
        return [family for family in self.checked if family not in killers]

    @property
    def survivors(self) -> list[Record]:
        """Faults that nothing saw."""
        return [record for record in self.faults.values() if not record.is_killed]

    @property
    def misleading(self) -> list[Record]:
        """Gross faults whose first failure shows no call of an operation that they touch."""
        gross = (each for each in self.faults.values() if each.fault.grade == "gross")
        return [each for each in gross if each.failed and not self._names_its_cause(each)]

    def _names_its_cause(self, record: Record) -> bool:
        """Whether the first failure's last call, one that it tells, or makes, is of the fault's."""
        first, reason = next(iter(record.failed.items()))
        shown = next((rule.operations for rule in self.rules if rule.id == first), frozenset())
        told = {match(*call) for call in _CALL.findall(reason)}
        return bool({record.cause.partition(" ")[0], *told, *shown} & record.fault.operations)
