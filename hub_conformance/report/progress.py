"""Progress while a run goes on: a line for each chapter that is finished, among pytest's dots."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Generator, Iterable
from typing import TYPE_CHECKING

import pytest

from .. import plugin
from ..rules import rule_of
from ..verdicts import BROKEN
from .summary import count_of_rules

if TYPE_CHECKING:
    from ..session import Run

#: A packaged chapter's file. The controller of pytest-xdist collects nothing: it has node ids only.
_FILE = re.compile(rf"{plugin.PACKAGE}/suite/test_([a-z]+)")


class Progress:
    """Hooks that count what has ended, in the process that has the terminal."""

    def __init__(self, run: Run) -> None:
        self.run = run
        #: The chapter of each rule that has not ended, by node id.
        self.pending: dict[str, str] = {}
        self.total: Counter[str] = Counter()
        self.left: Counter[str] = Counter()
        #: Chapters that have ended and are not yet told.
        self.ended: list[str] = []
        #: Requests since the last line, and when that was.
        self.requests = 0
        self.since = time.monotonic()

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Learn what there is to run."""
        self._expect(
            (str(item.nodeid), found.chapter) for item in session.items if (found := rule_of(item))
        )

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: list[str]) -> None:
        """Learn it from the first worker of pytest-xdist: they all collect the same."""
        if not self.total:
            self._expect((each, found[1]) for each in ids if (found := _FILE.match(each)))

    def _expect(self, chapters: Iterable[tuple[str, str]]) -> None:
        self.pending = dict(chapters)
        self.total = Counter(self.pending.values())
        self.left = Counter(self.total)
        self.since = time.monotonic()

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count one report; tell of a chapter after its last one."""
        self.requests += getattr(report, "hub_requests", 0)
        if report.when != "teardown" or str(report.nodeid) not in self.pending:
            return
        chapter = self.pending.pop(str(report.nodeid))
        self.left[chapter] -= 1
        if not self.left[chapter]:
            self.ended.append(chapter)
            if self.pending:  # after the last rule pytest still has to finish its own line
                self._tell()

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtestloop(self) -> Generator[None, object, object]:
        """Tell of the last chapter when pytest has written its 100%."""
        done = yield
        self._tell()
        return done

    def _tell(self) -> None:
        reporter = self.run.config.pluginmanager.get_plugin("terminalreporter")
        lines = [self._line(each) for each in self.ended]
        self.ended.clear()
        if not reporter or not lines:
            return
        reporter.ensure_newline()  # pytest then names the file again before its next dot
        writer = self.run.config.get_terminal_writer()
        if writer.width_of_current_line:  # under xdist dots follow no file
            writer.line()
        for line in lines:
            reporter.write_line(line)
        self.requests, self.since = 0, time.monotonic()

    def _line(self, chapter: str) -> str:
        """Say how a chapter ended; the rate is that of the run since the line before."""
        counts = self.run.tally.chapters.get(chapter, Counter())
        bad = [f"{counts[each]} {each}" for each in (*BROKEN, "untested") if counts[each]]
        rate = self.requests / max(time.monotonic() - self.since, 0.001)
        done, total = self.total.total() - len(self.pending), self.total.total()
        parts = [count_of_rules(self.total[chapter]), *bad, f"{rate:.0f} requests/s"]
        return f"{chapter} {', '.join(parts)}; {done} of {total} done"
