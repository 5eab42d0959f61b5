"""What fuzzing found: recorded while it goes on, told as rules of their own at the end of the run.

A finding is the rule `fuzz/<operation>/<check>[/<status>]`. It is not raised where it is met, so
that one defect, known or not, neither ends the search nor hides what lies behind it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import asdict, dataclass
from typing import Any

from .report.result import Result
from .rules import DOCS

ITEM = "fuzz/operation"
LINKS = "fuzz/links"
LINK = f"{DOCS}reference/rest-api.html"

#: The checks of a generated case, and what holds where none of them finds anything.
STATEMENTS = {
    "no-server-error": "No request, however wrong, makes the hub answer {status}.",
    "documented-status": "Every status that a request is answered with is a documented one.",
    "answer-form": "Every answer {status} has the documented content type, headers and body.",
    "valid-accepted": "A request that keeps to the description is carried out.",
    "invalid-refused": "A request that breaks the description is refused with a 4xx.",
    "refused-changes-nothing": "A request that is refused leaves all as it was.",
    "created-can-be-read": "What a request created can be read, by name and in its list.",
    "no-use-after-delete": "What was deleted is gone for every operation.",
}
#: Checks that the answer check of the whole run does too, as `contract/<operation>/<status>`.
SHARED = frozenset({"no-server-error", "documented-status", "answer-form"})


@dataclass
class Finding:
    """One way in which an operation was seen wrong, with the smallest request that shows it."""

    operation: str
    check: str
    status: int
    said: str
    exchange: dict[str, Any] | None = None
    calls: int = 1
    size: int = 0
    links: bool = False

    @property
    def id(self) -> str:
        """The id of the rule that does not hold."""
        if self.links:
            return f"{LINKS}/{self.check}/{self.operation}/{self.status}"
        return f"fuzz/{self.operation}/{self.check}/{self.status}"

    @property
    def result(self) -> Result:
        """The finding as a rule's result."""
        met = "1 request" if self.calls == 1 else f"{self.calls} requests"
        return Result(
            id=self.id,
            statement=STATEMENTS[self.check].format(status=self.status),
            level="MUST",
            versions="2.0 and later",
            link=LINK,
            verdict="failed",
            reason=f"{self.said} (shown by {met})",
            requests=self.calls,
            cause=f"{self.operation} answered {self.status}",
            exchange=self.exchange,
        )


class Findings:
    """All findings of a run by id, and what became of the cases of each operation."""

    def __init__(self) -> None:
        self.found: dict[str, Finding] = {}
        #: By the id of the item, for the report.
        self.cases: dict[str, dict[str, int]] = {}

    def add(self, finding: Finding) -> None:
        """Keep a finding; of several alike the smallest request."""
        before = self.found.setdefault(finding.id, finding)
        if before is finding:
            return
        finding.calls += before.calls
        if finding.size < before.size:
            self.found[finding.id] = finding
        else:
            before.calls = finding.calls

    def count(self, item: str, counts: dict[str, int]) -> None:
        """Keep what became of an operation's cases."""
        self.cases[item] = counts

    def results(self, told: Collection[str]) -> Iterator[Result]:
        """Yield the findings, without those that are `told` already by the answer check."""
        for _, finding in sorted(self.found.items()):
            is_told = f"contract/{finding.operation}/{finding.status}" in told
            if not (is_told and finding.check in SHARED):
                yield finding.result

    def dump(self) -> list[dict[str, Any]]:
        """Return plain types, for `load`."""
        return [asdict(each) for each in self.found.values()]

    def load(self, dumped: list[dict[str, Any]]) -> None:
        """Add what another process found."""
        for each in dumped:
            self.add(Finding(**each))


def item_of(rule: str) -> str:
    """The id of the item that finds what a rule's id names; another id as it is.

    `--hub-rule=fuzz/get-users/no-server-error/500` runs `fuzz/operation[get-users]`.
    """
    parts = rule.split("/")
    if parts[0] != "fuzz" or len(parts) < 3:
        return rule
    return LINKS if parts[1] == "links" else f"{ITEM}[{parts[1]}]"
