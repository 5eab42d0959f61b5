"""Cells: the single questions that a rule asks in a row, each named, counted and judged.

A rule that takes the fixture `table` puts what it finds out into it, and ends with `table.judge()`.
Names of cells are the same in every run, so that a baseline can list one (`rule[case/cell]`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from .baseline import Baseline
from .rules import CellsFailed, Rule, not_applicable
from .verdicts import BROKEN, Verdict

if TYPE_CHECKING:
    from .session import Run

#: Which of several verdicts of cells is the rule's.
_WORST = (*BROKEN, "untested", "warned", "known")


@dataclass(frozen=True)
class Cell:
    """One question: `wrong` says what does not hold, `untried` why nobody could ask."""

    name: str
    wrong: str = ""
    untried: str = ""


class Table:
    """Cells collected while a rule runs, and judged once at its end.

    `lacking` says which right the run's token was refused for since the cell before: what is wrong
    then is untried.
    """

    def __init__(self, lacking: Callable[[], str] = lambda: "") -> None:
        self.lacking = lacking
        self.cells: dict[str, Cell] = {}
        self.is_judged = False

    def add(self, name: str, wrong: str = "", *, untried: str = "") -> Cell:
        """Note what came of one question. Raises ValueError for a name that is taken."""
        if name in self.cells:
            raise ValueError(f"two cells have the name {name!r}")
        if (lacking := self.lacking()) and wrong:
            wrong, untried = "", lacking
        self.cells[name] = Cell(name, wrong, untried)
        return self.cells[name]

    def judge(self) -> None:
        """Fail with all cells that are wrong. Without a cell the rule says nothing here."""
        if not self.cells:
            not_applicable("this version has nothing of the kind for the operation")
        self.is_judged = True
        wrong = [each.name for each in self.cells.values() if each.wrong]
        if wrong or any(each.untried for each in self.cells.values()):
            raise CellsFailed(self.said(wrong), len(wrong))

    def said(self, names: Iterable[str]) -> str:
        """Say which cells are wrong, each on lines of its own."""
        lines = [f"  {self.cells[each].wrong}" for each in names]
        return "\n".join([f"{len(lines)} of {len(self.cells)} cells are wrong:", *lines])


CELLS = pytest.StashKey[Table]()


@pytest.fixture
def table(request: pytest.FixtureRequest, hub_run: Run) -> Table:
    """The cells of this rule."""
    made = request.node.stash[CELLS] = Table(hub_run.outcomes.refusals.take)
    return made


def table_of(item: pytest.Item, error: BaseException | None) -> Table | None:
    """The table that an item was judged by; None where it ended for another reason."""
    found = item.stash.get(CELLS, None)
    is_its_end = error is None or isinstance(error, CellsFailed)
    return found if found and found.is_judged and is_its_end else None


def cell_id(result: str, cell: str) -> str:
    """The id of a cell in the table of a result: `rule[case/cell]`, or `rule[cell]`."""
    rule, _, case = result.partition("[")
    return f"{rule}[{case.removesuffix(']')}/{cell}]" if case else f"{rule}[{cell}]"


def judged(
    table: Table, rule: Rule, result: str, baseline: Baseline, *, version: str, strict: bool
) -> dict[str, Verdict]:
    """The verdict of each cell: a line of the baseline for one hides no other."""
    may_be_stale = baseline.is_judged_on(version)
    is_tolerated = rule.level == "SHOULD" and not strict

    def verdict(cell: Cell) -> Verdict:
        listed = baseline.known.get(cell_id(result, cell.name))
        if cell.untried:
            return Verdict("untested", cell.untried)
        if not cell.wrong:
            is_stale = listed and may_be_stale and not listed.may_hold
            return Verdict("stale", "the baseline lists it") if is_stale else Verdict("passed")
        if known := listed or baseline.find(rule.id, result):
            return Verdict("known", known.reason)
        return Verdict("warned" if is_tolerated else "failed", cell.wrong.splitlines()[0])

    return {name: verdict(cell) for name, cell in table.cells.items()}


def summed(cells: Mapping[str, Verdict]) -> Verdict:
    """The verdict of a rule whose cells have these: the worst one, with the first reason of it."""
    counts = Counter(each.name for each in cells.values())
    worst = next((each for each in _WORST if counts[each]), "passed")
    name, first = next((name, each) for name, each in cells.items() if each.name == worst)
    if worst == "passed":
        return first
    if worst == "known":
        return Verdict(worst, first.reason)
    others = "".join(f", {counts[each]} {each}" for each in ("known",) if counts[each])
    head = f"{counts[worst]} of {len(cells)} cells {worst}{others}"
    return Verdict(worst, f"{head}: {name}: {first.reason}")
