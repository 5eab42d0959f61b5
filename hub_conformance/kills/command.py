"""What `python -m hub_conformance kill-matrix` does."""

from __future__ import annotations

import argparse
import os
import resource
import sys
import tempfile
import time

import pytest

from ..errors import ConformanceError
from . import document, fault
from .matrix import Matrix, Wanted
from .options import OUTPUT

BAR = 30


def run(options: argparse.Namespace) -> int:
    """Run the matrix and write it.

    Returns 0; 1 when a fault survives, or a rule sees none of which the matrix that was written
    before does not say so; 2 when it was stopped.
    """
    all_faults = fault.listed()
    before = document.read_before(options.output.with_suffix(".json"), OUTPUT.with_suffix(".json"))
    number, of = options.part
    wanted = Wanted(
        fault.chosen(all_faults, options.fault)[number - 1 :: of],
        max(1, options.jobs),
        options.full,
        options.chapter,
        before.seen_by,
    )
    progress = Progress()
    matrix = conduct(Matrix(wanted, progress))
    progress.end()
    report = document.build(matrix, cpu_seconds())
    document.write(report, options.output)
    print(document.last_line(report))
    if matrix.is_stopped:
        return 2
    is_whole = len(wanted.faults) == len(all_faults) and not options.chapter
    news = sorted(set(report["unseen"]) - before.unseen) if is_whole else []
    for name in (*report["survivors"], *news):
        print(f"not killed: {name}")
    return 1 if report["survivors"] or news else 0


def conduct(matrix: Matrix) -> Matrix:
    """Have pytest collect the suite and hand it to the matrix. Raises ConformanceError."""
    with tempfile.TemporaryDirectory() as empty:
        apart = ["-c", os.devnull, f"--rootdir={empty}", "-p", "no:cacheprovider"]
        quiet = ["-q", "-p", "no:logging", "--hub-url=reference"]
        some = ["-m", " or ".join(matrix.wanted.chapters)] if matrix.wanted.chapters else []
        status = pytest.main([*apart, *quiet, *some], plugins=[matrix])
    if matrix.error:
        raise matrix.error
    if not matrix.records.rules:
        raise ConformanceError(f"pytest ended with status {status} before the first trial")
    return matrix


def cpu_seconds() -> float:
    """Return the CPU time of this process and of all that it started and that has ended."""
    both = (resource.getrusage(each) for each in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(each.ru_utime + each.ru_stime for each in both)


class Progress:
    """A bar on standard error; where that is no terminal, a line for each tenth."""

    def __init__(self) -> None:
        self.started = time.monotonic()
        self.is_terminal = sys.stderr.isatty()
        self._told = ""

    def __call__(self, what: str, done: int, total: int) -> None:
        """Show how much of something is done."""
        filled = BAR * done // max(total, 1)
        line = f"[{'#' * filled}{'.' * (BAR - filled)}] {done}/{total} {what}"
        tenth = f"{what} {10 * done // max(total, 1)}"
        if self.is_terminal:
            print(f"\r{line}, {self._seconds} s\x1b[K", end="", file=sys.stderr, flush=True)
        elif tenth != self._told:
            self._told = tenth
            print(f"{line}, {self._seconds} s", file=sys.stderr, flush=True)

    def end(self) -> None:
        """Leave the bar's line."""
        if self.is_terminal:
            print(file=sys.stderr)

    @property
    def _seconds(self) -> int:
        return round(time.monotonic() - self.started)
