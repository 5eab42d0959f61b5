"""One rule's result, and all of a run's, as plain data that travels between processes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

from ..cells import cell_id
from ..verdicts import NOT_HELD


@dataclass
class Result:
    """How one rule, or one cell of a parametrized one, ended.

    `id` is the rule's id with the cell; `seconds` the duration, `requests` what was sent meanwhile;
    `cells_failed` how many cells of a table were seen not to hold, 1 where there is no table;
    `cells` the table's, each with its verdict and reason;
    `exchange` is the last exchange of a rule that did not hold, `cause` a short name of where it
    broke, by which failures are grouped; `cases` what became of generated cases.
    """

    id: str
    statement: str
    level: str
    versions: str
    link: str
    verdict: str
    reason: str = ""
    seconds: float = 0.0
    requests: int = 0
    cells_failed: int = 0
    cells: dict[str, dict[str, str]] = field(default_factory=dict)
    cause: str = ""
    exchange: dict[str, Any] | None = None
    cases: dict[str, int] | None = None

    @property
    def rule(self) -> str:
        """The id without the cell."""
        return self.id.partition("[")[0]

    @property
    def chapter(self) -> str:
        """The part of the id before the slash."""
        return self.id.partition("/")[0]

    @property
    def failing(self) -> dict[str, str]:
        """What does not hold, by id, each with its reason: the cells of a table, or the rule."""
        wrong = {
            cell_id(self.id, name): each["reason"]
            for name, each in self.cells.items()
            if each["verdict"] in NOT_HELD
        }
        return wrong or {self.id: self.reason}

    def dump(self) -> dict[str, Any]:
        """Return plain types; `Result(**dump)` undoes it."""
        return asdict(self)


class Tally:
    """The results of a run by id: each counts once, whichever process it came from."""

    def __init__(self) -> None:
        self.results: dict[str, Result] = {}

    def add(self, result: Result) -> None:
        """Keep a result. Of two with one id the one that is not passed stays."""
        before = self.results.get(result.id)
        if before is None or before.verdict == "passed":
            self.results[result.id] = result

    def __iter__(self) -> Iterator[Result]:
        return iter(self.results.values())

    def __len__(self) -> int:
        return len(self.results)

    def of(self, *verdicts: str) -> list[Result]:
        """Return the results with one of these verdicts."""
        return [each for each in self if each.verdict in verdicts]

    @property
    def counts(self) -> Counter[str]:
        """How many results there are of each verdict."""
        return Counter(each.verdict for each in self)

    @property
    def cells(self) -> Counter[str]:
        """How many cells of tables there are of each verdict."""
        return Counter(cell["verdict"] for each in self for cell in each.cells.values())

    @property
    def checked(self) -> Counter[str]:
        """The same of rules alone: a receipt of a run that checked nothing is no check."""
        return Counter(each.verdict for each in self if each.chapter != "receipt")

    @property
    def chapters(self) -> dict[str, Counter[str]]:
        """The same by chapter, in the order met."""
        found: dict[str, Counter[str]] = {}
        for each in self:
            found.setdefault(each.chapter, Counter())[each.verdict] += 1
        return found
