"""What a run says about itself: header lines, a table of verdicts, one line to end with."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import pytest

from ..patience import Patience
from ..receipt.keeper import Receipt
from ..rules import Rule
from ..target import Target
from ..transcript import Transcript
from ..verdicts import BROKEN, HELD, VERDICTS
from . import receipt
from .failure import printable
from .result import Result, Tally

#: Names of the sandbox's objects, which would make every reason one of its own.
OURS = re.compile(r"[a-z][a-z0-9-]*-\d{8}t\d{6}z-[0-9a-f]{4}(-[\w-]+)?")
#: Reasons and failures of one kind that are printed; the rest is counted.
SHOWN = 12


@dataclass(frozen=True)
class Closing:
    """What the last line is made of, beside the results."""

    target: Target
    partial: bool = False
    incomplete: str = ""
    absent: tuple[str, ...] = ()
    seconds: float = 0.0
    transcript: Transcript = field(default_factory=Transcript)
    patience: Patience = field(default_factory=Patience)
    left: tuple[str, ...] = ()
    cleanup: str = ""
    receipt: Receipt | None = None


def header(target: Target, contract: str, run: str, declared: Iterable[str]) -> str:
    """Return the lines that name the hub, by whose right it is checked, and how."""
    expected = ", ".join(declared) or "nothing declared"
    lines = [
        f"hub: {target.base} JupyterHub {target.version}, token of {target.owner}",
        f"contract: {contract}; expected: {expected}; run: {run}",
    ]
    if target.public is None:
        lines.append("internal address: servers cannot be reached without --hub-public-url")
    return "\n".join(map(printable, lines))


def list_rules(config: pytest.Config, rules: list[Rule]) -> None:
    """Print each rule once: id, level, versions, statement."""
    reporter: Any = config.pluginmanager.get_plugin("terminalreporter")
    for rule in {rule.id: rule for rule in rules}.values():
        reporter.write_line(f"{rule.id}  {rule.level}  {rule.versions}\n    {rule.statement}")


def write(reporter: Any, tally: Tally, closing: Closing) -> None:
    """Print the table, what failed by cause, what was not checked and why, and the last line."""
    if not len(tally):
        return
    if closing.receipt:
        reporter.section("receipt")
        for line in receipt.lines(closing.receipt, closing.cleanup):
            reporter.write_line(line)
    reporter.section("conformance")
    for line in [
        *_table(tally),
        *_cells(tally),
        *_broken(tally),
        *_known(tally),
        *_unchecked(tally),
    ]:
        reporter.write_line(line)
    for line in [*_left(closing), *_waited(closing.patience)]:
        reporter.write_line(line)
    sent = closing.transcript
    own = max(0.0, closing.seconds - sent.seconds)
    reporter.write_line(
        f"{sent.requests} requests, {sent.seconds:.1f} s waiting for the hub,"
        f" {own:.1f} s the suite's own"
    )
    good = not any(tally.counts[each] for each in (*BROKEN, "untested")) and not closing.incomplete
    reporter.write_line(last_line(tally, closing), green=good, red=not good, bold=True)


def _table(tally: Tally) -> list[str]:
    shown = [each for each in VERDICTS if tally.counts[each]]
    width = max(len(each) for each in tally.chapters) + 2
    lines = ["".join([" " * width, *(f"{each:>{len(each) + 2}}" for each in shown)])]
    for chapter, counts in tally.chapters.items():
        cells = [f"{counts[each] or '-':>{len(each) + 2}}" for each in shown]
        lines.append("".join([f"{chapter:<{width}}", *cells]))
    return lines


def _cells(tally: Tally) -> list[str]:
    """Count the cells of tables, where there are tables."""
    counts = tally.cells
    told = ", ".join(f"{counts[each]} {each}" for each in VERDICTS if counts[each])
    return [f"cells of tables: {told}"] if told else []


def _broken(tally: Tally) -> list[str]:
    """Group what failed by likely cause: the request that the last answer was to."""
    groups: dict[str, list[Result]] = defaultdict(list)
    for result in tally.of(*BROKEN):
        cause = result.cause if result.verdict != "stale" else "stale lines of the baseline"
        groups[cause or "no answer"].append(result)
    lines = []
    for cause, results in sorted(groups.items(), key=lambda group: -len(group[1])):
        lines.append(f"{cause}: {count_of_rules(len(results))}")
        lines += [f"  {each.verdict} {each.id}: {_cut(each.reason)}" for each in results[:SHOWN]]
        if len(results) > SHOWN:
            lines.append(f"  and {len(results) - SHOWN} more")
    return lines


def _known(tally: Tally) -> list[str]:
    return [
        f"{each.verdict} {each.id}: {_cut(each.reason)}" for each in tally.of("known", "warned")
    ]


def _unchecked(tally: Tally) -> list[str]:
    """Count what was not checked by reason: a cascade is one line, with its cause."""
    lines = []
    for verdict in ("untested", "not requested", "not applicable"):
        reasons = Counter(OURS.sub("…", each.reason) for each in tally.of(verdict))
        for reason, count in reasons.most_common(SHOWN):
            lines.append(f"{verdict}, {count_of_rules(count)}: {_cut(reason)}")
        if len(reasons) > SHOWN:
            left = sum(count for _, count in reasons.most_common()[SHOWN:])
            lines.append(f"{verdict}, {count_of_rules(left)}: for other reasons")
    return lines


def _left(closing: Closing) -> list[str]:
    """List what is left behind, and say how it is removed."""
    if not closing.left:
        return []
    lines = [f"left behind on the hub: {len(closing.left)}"]
    lines += [f"  {_cut(each)}" for each in closing.left[:SHOWN]]
    if len(closing.left) > SHOWN:
        lines.append(f"  and {len(closing.left) - SHOWN} more")
    return [*lines, f"  to remove them: {closing.cleanup}"]


def _waited(patience: Patience) -> list[str]:
    """Say what the hub and its connection asked of the run's patience."""
    lines = []
    if patience.postponed:
        times = "once" if patience.postponed == 1 else f"{patience.postponed} times"
        lines.append(
            f"the hub asked for a pause {times} (429 or 503); waited {patience.paused:g} s"
        )
    if patience.repeated:
        again = count_of_rules(patience.repeated)
        lines.append(f"checked again after a lost connection: {again}")
    return lines


def last_line(tally: Tally, closing: Closing) -> str:
    """Return the verdict of the run, in one line."""
    counts = tally.counts
    parts = [f"{counts[each]} {each}" for each in VERDICTS if counts[each]]
    if closing.absent:
        parts.append(f"not on this hub: {', '.join(closing.absent)}")
    hub = f"{closing.target.base} JupyterHub {closing.target.version}"
    return f"{hub}: {_verdict(tally, closing)}; {', '.join(parts)}"


def _verdict(tally: Tally, closing: Closing) -> str:
    counts = tally.counts
    if any(counts[each] for each in ("failed", "stale", "vacuous")):
        return "not conformant"
    if counts["error"]:
        return "a defect of the suite"
    if closing.incomplete:
        return f"incomplete ({closing.incomplete})"
    if counts["untested"]:
        return "incomplete"
    if not any(tally.checked[each] for each in HELD):
        return "nothing checked"
    return "partial" if closing.partial else "conformant"


def count_of_rules(count: int) -> str:
    """Say how many rules, in words."""
    return "1 rule" if count == 1 else f"{count} rules"


def _cut(text: str, length: int = 160) -> str:
    line = printable(" ".join(text.split()))
    return line if len(line) <= length else f"{line[: length - 1]}…"
