"""Every answer of the hub held against the contract: the client's second hook after receiving.

A mismatch is the finding of a rule of its own, `contract/<operation>/<status>`, met by so many
calls; the rule during which it was met is judged by its own assertions alone, so that one defect
is one finding.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from . import contract
from .client import Answer
from .contract import answers
from .report.result import Result
from .secret import Scrubber
from .target import Target
from .transcript import exchange_of


@dataclass
class Met:
    """One operation and status: how many calls met it, and the first answer that was wrong."""

    calls: int = 0
    mismatch: str = ""
    exchange: dict[str, Any] | None = None


class AnswerCheck:
    """Checks each answer of an operation that the contract has; others are none of its business."""

    def __init__(self, target: Target, version: tuple[int, int], scrubber: Scrubber) -> None:
        self.target = target
        self.version = ".".join(map(str, version))
        self.scrubber = scrubber
        self.operations = contract.operations(self.version)
        self.met: dict[str, Met] = {}
        #: The first mismatch since `start`.
        self.current = ""

    def start(self) -> None:
        """Begin a new rule."""
        self.current = ""

    def after(self, answer: Answer) -> None:
        """Check one answer."""
        request = answer.request
        path = request.path.removeprefix(self.target.api)
        if path == request.path:
            return
        operation = contract.match(request.method, path)
        if operation is None or operation not in self.operations:
            return
        found = answers.check(
            self.version,
            operation,
            answer.status,
            answer.headers,
            answer.body,
            accept=request.headers.get("Accept"),
        )
        met = self.met.setdefault(f"{operation}/{answer.status}", Met())
        met.calls += 1
        if found:
            said = self.scrubber.scrub(str(found[0]))
            self.current = self.current or said
            if not met.mismatch:
                met.mismatch = said
                met.exchange = exchange_of(answer, self.target.origin)

    def results(self) -> Iterator[Result]:
        """Yield a result for each operation and status met."""
        for key, met in sorted(self.met.items()):
            operation, _, status = key.rpartition("/")
            yield Result(
                id=f"contract/{key}",
                statement=f"Every answer {status} to {operation} has the form that the contract"
                " gives it: a documented status, content type, and body.",
                level="MUST",
                versions="2.0 and later",
                link="hub_conformance/contract/openapi.yaml",
                verdict="failed" if met.mismatch else "passed",
                reason=f"{met.mismatch} (met by {met.calls} calls)" if met.mismatch else "",
                requests=met.calls,
                cause=f"{operation} answered {status}",
                exchange=met.exchange,
            )

    def dump(self) -> dict[str, Any]:
        """Return plain types, for `add`."""
        return {key: asdict(met) for key, met in self.met.items()}

    def add(self, dumped: dict[str, Any]) -> None:
        """Add what another process met."""
        for key, each in dumped.items():
            met = self.met.setdefault(key, Met())
            met.calls += each["calls"]
            if each["mismatch"] and not met.mismatch:
                met.mismatch, met.exchange = each["mismatch"], each["exchange"]
