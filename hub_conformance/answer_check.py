"""Every answer of the hub held against the contract: the client's second hook after receiving.

A mismatch is the finding of a rule of its own, `contract/<operation>/<status>`, met by so many
calls; the rule during which it was met is judged by its own assertions alone, so that one defect
is one finding.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

from .capabilities import ABSENT, needed_by
from .client import Answer
from .contract.answers import Mismatch
from .contract.description import Description, ours
from .report.result import Result
from .secret import Scrubber
from .target import Target, parse_version
from .transcript import exchange_of

#: Bytes of a body that takes long to check: not again where one of its kind was wrong before.
LARGE = 2**20


@dataclass
class Met:
    """One operation and status: how many calls met it, and the first answer that was wrong.

    `level` is SHOULD where all that was wrong are fields of a hub newer than the contract.
    """

    calls: int = 0
    mismatch: str = ""
    exchange: dict[str, Any] | None = None
    level: str = "MUST"

    @property
    def is_wrong(self) -> bool:
        """Whether nothing worse can be found."""
        return bool(self.mismatch) and self.level == "MUST"

    def note(self, said: str, exchange: dict[str, Any] | None, level: str) -> None:
        """Keep the first mismatch, or the first that is worse than one of fields to be."""
        if not self.mismatch or (self.level == "SHOULD" and level == "MUST"):
            self.mismatch, self.exchange, self.level = said, exchange, level


class AnswerCheck:
    """Checks each answer of an operation that the contract has; others are none of its business.

    `description` stands in for the contract's own.
    """

    def __init__(
        self,
        target: Target,
        version: tuple[int, int],
        scrubber: Scrubber,
        description: Description | None = None,
    ) -> None:
        self.target = target
        self.scrubber = scrubber
        self.description = description or ours(version)
        #: Whether the hub may have fields that the contract does not know yet.
        self.is_newer = parse_version(target.version) > version
        self.met: dict[str, Met] = {}
        #: The first mismatch since `start`.
        self.current = ""
        self._taken: list[Mismatch] | None = None

    def start(self) -> None:
        """Begin a new rule."""
        self.current = ""

    def after(self, answer: Answer) -> None:
        """Check one answer."""
        request = answer.request
        path = request.path.removeprefix(self.target.api)
        if path == request.path:
            return
        operation = self.description.match(request.method, path)
        if operation is None:
            return
        key = f"{operation}/{answer.status}"
        if self._taken is None and len(answer.body) > LARGE and self._was_wrong(key):
            return
        found = self.description.answers.check(
            operation,
            answer.status,
            answer.headers,
            answer.body,
            accept=request.headers.get("Accept"),
        )
        level = self._level(found)
        if found and level == "MUST" and self._taken is not None:
            self._taken += found
            return
        met = self.met.setdefault(key, Met())
        met.calls += 1
        if found:
            answer.learn()
            said = self.scrubber.scrub(str(found[0]))
            self.current = self.current or said
            if not met.is_wrong:
                met.note(said, exchange_of(answer, self.target.origin), level)

    def _was_wrong(self, key: str) -> bool:
        """Count one more answer of a kind, if it was wrong before."""
        met = self.met.get(key)
        if met is None or not met.is_wrong:
            return False
        met.calls += 1
        self.current = self.current or met.mismatch
        return True

    def _level(self, found: list[Mismatch]) -> str:
        """How much it matters: a newer hub may have more fields, and should be looked at."""
        return "SHOULD" if self.is_newer and all(each.only_more for each in found) else "MUST"

    @contextmanager
    def taking(self) -> Iterator[list[Mismatch]]:
        """Have mismatches put into a list instead: they are findings of somebody else."""
        taken: list[Mismatch] = []
        self._taken = taken
        try:
            yield taken
        finally:
            self._taken = None

    def results(self, absent: Collection[str] = ()) -> Iterator[Result]:
        """Yield a result for each operation and status met.

        Without those by which a hub says that it has no such operation, where what the operation
        needs is among the `absent` capabilities.
        """
        for key, met in sorted(self.met.items()):
            operation, _, status = key.rpartition("/")
            found = self.description.operations[operation]
            if int(status) in ABSENT and needed_by(found.method, found.path) in absent:
                continue
            yield Result(
                id=f"contract/{key}",
                statement=f"Every answer {status} to {operation} has the form that the contract"
                " gives it: a documented status, content type, and body.",
                level=met.level,
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
            if each["mismatch"]:
                met.note(each["mismatch"], each["exchange"], each["level"])
