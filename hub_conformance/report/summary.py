"""What a run says about itself: one header line, a table of verdicts, one line to end with."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from ..rules import Rule
from ..target import Target, parse_version
from ..transcript import Transcript

VERDICTS = ("passed", "failed", "error", "untested", "not requested", "not applicable")


class Tally:
    """Verdicts counted by chapter, an item once, whichever process ran it."""

    def __init__(self) -> None:
        self.verdicts: dict[str, str] = {}
        self.reasons: dict[str, str] = {}

    def add(self, report: pytest.TestReport) -> None:
        """Count the verdict that a report carries; a failed teardown overrules."""
        known = dict(report.user_properties)
        if "rule" not in known or "verdict" not in known:
            return
        if report.when == "teardown" and report.outcome == "passed":
            return
        rule = str(known["rule"])
        self.verdicts[rule] = str(known["verdict"])
        if report.outcome == "skipped" and isinstance(report.longrepr, tuple):
            self.reasons[rule] = report.longrepr[2].removeprefix("Skipped: ")

    @property
    def untested(self) -> int:
        """How many rules were left untested."""
        return self.count("untested")

    def count(self, verdict: str, chapter: str | None = None) -> int:
        """Return how many items ended in a verdict, of one chapter or of all."""
        return sum(
            found == verdict and (chapter is None or rule.startswith(f"{chapter}/"))
            for rule, found in self.verdicts.items()
        )

    @property
    def chapters(self) -> list[str]:
        """The chapters met, in order."""
        return list(dict.fromkeys(rule.partition("/")[0] for rule in self.verdicts))


def header(target: Target, applies: tuple[int, int], run: str) -> str:
    """Return the line that names the hub."""
    major, minor = applies
    held = "" if parse_version(target.version) == applies else f" (held to {major}.{minor})"
    line = f"hub: {target.base} JupyterHub {target.version}{held}, token of {target.owner}"
    if target.public is None:
        line += ", internal address: servers cannot be reached without --hub-public-url"
    return f"{line}, run {run}"


def list_rules(config: pytest.Config, rules: list[Rule]) -> None:
    """Print each rule once: id, level, versions, statement."""
    reporter: Any = config.pluginmanager.get_plugin("terminalreporter")
    for rule in {rule.id: rule for rule in rules}.values():
        reporter.write_line(f"{rule.id}  {rule.level}  {rule.versions}\n    {rule.statement}")


def write(reporter: Any, tally: Tally, transcript: Transcript, target: Target) -> None:
    """Print the table of verdicts, the reasons of what was not checked, and the last line."""
    if not tally.verdicts:
        return
    reporter.section("conformance")
    shown = [verdict for verdict in VERDICTS if tally.count(verdict)]
    reporter.write_line("".join([f"{'chapter':<12}", *(f"{each:>16}" for each in shown)]))
    for chapter in tally.chapters:
        counts = [f"{tally.count(each, chapter) or '-':>16}" for each in shown]
        reporter.write_line("".join([f"{chapter:<12}", *counts]))
    for reason, count in Counter(tally.reasons.values()).most_common():
        reporter.write_line(f"{count} rule{'s' * (count > 1)} {reason}")
    reporter.write_line(
        f"{transcript.requests} requests, {transcript.seconds:.1f} s waiting for the hub"
    )
    reporter.write_line(_last_line(tally, target))


def _last_line(tally: Tally, target: Target) -> str:
    broken = tally.count("failed") + tally.count("error")
    if broken:
        verdict = f"not conformant: {broken} failed"
    elif tally.untested:
        verdict = f"incomplete: {tally.untested} untested"
    elif tally.count("passed"):
        verdict = "conformant"
    else:
        verdict = "nothing checked"
    return f"{target.base} JupyterHub {target.version}: {verdict}, {tally.count('passed')} passed"
