"""What changed between two runs: a release, a deployment."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..cells import cell_id
from ..errors import UsageError
from .document import SCHEMA_VERSION

#: Verdicts that are findings.
WORST = ("vacuous", "stale", "error", "failed")


@dataclass(frozen=True)
class Change:
    """A rule whose verdict is another one; "" stands for a run that did not have the rule."""

    id: str
    old: str
    new: str
    reason: str

    @property
    def is_regression(self) -> bool:
        """Whether the rule held before, or was at least no finding, and is one now.

        A rule that used to be checked and is not any more is one too: it may hide a finding.
        """
        if self.new in WORST:
            return self.old not in WORST
        return self.old in ("passed", "warned", "known") and self.new in ("untested", "")

    def __str__(self) -> str:
        mark = "regression" if self.is_regression else "change"
        said = f" ({self.reason})" if self.reason else ""
        return f"{mark}: {self.id}: {self.old or 'absent'} -> {self.new or 'absent'}{said}"


def load(path: Path) -> dict[str, Any]:
    """Read a report. Raises UsageError when it is none, or one of another version."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise UsageError(f"{path} is no JSON: {error}") from None
    version = data.get("schema_version") if isinstance(data, dict) else None
    if version != SCHEMA_VERSION:
        raise UsageError(f"{path} is no report of schema_version {SCHEMA_VERSION}")
    found: dict[str, Any] = data
    return found


def _each(report: dict[str, Any], *, with_cells: bool) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield what has a verdict, by id: rules, and the cells of their tables."""
    for each in report["rules"]:
        yield each["id"], each
        for name, cell in each["cells"].items() if with_cells else ():
            yield cell_id(each["id"], name), cell


def changes(old: dict[str, Any], new: dict[str, Any]) -> Iterator[Change]:
    """Yield the rules and cells whose verdict differs, by id.

    A partial run is compared in what it ran.
    """
    with_cells = "cells" in old and "cells" in new  # reports of before had none
    before, after = (dict(_each(report, with_cells=with_cells)) for report in (old, new))
    for rule in sorted(before.keys() | after.keys()):
        if (rule not in before and old["partial"]) or (rule not in after and new["partial"]):
            continue
        was = before[rule]["verdict"] if rule in before else ""
        now = after[rule]["verdict"] if rule in after else ""
        # Which answers a run meets may differ a little: a contract rule not met is no news.
        if was == now or (rule.startswith("contract/") and {was, now} == {"passed", ""}):
            continue
        yield Change(rule, was, now, after[rule]["reason"] if rule in after else "")
