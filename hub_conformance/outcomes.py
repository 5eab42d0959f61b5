"""From pytest's outcomes to verdicts and back, as hooks: what one rule ended in, and why."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Literal

import pytest

from . import plugin
from .baseline import EMPTY, Baseline, Known
from .cells import Table, judged, summed, table_of
from .errors import ConnectionLost, NoRoom, SetupFailed
from .report.failure import explain, printable, said_by
from .report.result import Result
from .rights import Refusals
from .rules import CellsFailed, Rule, rule_id, rule_of
from .transcript import exchange_of
from .verdicts import BROKEN, NOT_HELD, TOLERATED, Verdict, judge

if TYPE_CHECKING:
    from .session import Run

#: Exchanges that a failure names before the last, which it shows.
BEFORE = 8
CLEANUP = Rule("sandbox/cleanup", "All that the suite makes on the hub is removed again.")


class Outcomes:
    """Hooks around each rule. `baseline` lists what is known not to hold on this hub."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.baseline: Baseline = EMPTY
        self.refusals = Refusals(run)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self) -> None:
        """Forget what was refused to the rule before."""
        self.refusals.take()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Turn an outcome into a verdict that explains itself and shows no secret."""
        found = rule_of(item)
        raised = call.excinfo.value if call.excinfo else None
        if found and call.when != "teardown":
            _make_cheap(call, is_shown=self._shows_tracebacks)
        report = yield
        if found and call.when == "teardown":
            report.__dict__["hub_requests"] = self.run.transcript.since_start
        report.__dict__["hub_lost"] = isinstance(raised, ConnectionLost)
        report.__dict__["hub_short"] = isinstance(raised, NoRoom)
        if found and _ends(report):
            self._judge(item, found, report, call)
        report.longrepr = self.run.scrubber.scrub_tree(report.longrepr)
        report.sections = self.run.scrubber.scrub_tree(report.sections)
        if found and call.excinfo and isinstance(call.excinfo.value, BaseExceptionGroup):
            # Judged and told of: Schemathesis' plugin would put a bare traceback in its place.
            told = AssertionError(self.run.scrubber.scrub(said_by(call.excinfo.value, "")))
            call.excinfo = pytest.ExceptionInfo.from_exc_info(
                (AssertionError, told, call.excinfo.tb)
            )
        return report

    @property
    def _shows_tracebacks(self) -> bool:
        """Whether `--tb` asks for them: a rule's failure otherwise explains itself."""
        return bool(self.run.config.option.tbstyle != "auto")

    def _judge(
        self, item: pytest.Item, found: Rule, report: pytest.TestReport, call: pytest.CallInfo[None]
    ) -> None:
        name, error = rule_id(item, found), call.excinfo.value if call.excinfo else None
        if report.when == "teardown":
            found, name = CLEANUP, CLEANUP.id
        known, may_be_stale = self._known(found.id, name)
        verdict = judge(
            found,
            report.outcome,
            error,
            skipped=_reason(report),
            mismatch=self._mismatch(error),
            lacking="" if found is CLEANUP else self._lacking(error),
            known=known,
            may_be_stale=may_be_stale,
            strict=self.run.settings.strict,
        )
        table, cells = table_of(item, error), {}
        if table:
            cells = self._judge_cells(table, found, name)
            verdict = verdict if verdict.name == "stale" else summed(cells)
            error = _of_new(table, cells) if verdict.name == "failed" else None
        result = self._result(found, name, verdict, call.duration)
        result.cells = self._dump_cells(cells)
        self._tell_pytest(report, result, error)
        result.cells_failed = _cells_failed(verdict, cells)
        for properties in (item.user_properties, report.user_properties):
            _set(properties, "verdict", verdict.name)
            _set(properties, "cells_failed", result.cells_failed)
        report.__dict__["hub_result"] = result.dump()

    def _mismatch(self, error: BaseException | None) -> str:
        """The answer that the contract forbids and that may have led to an error.

        Kept with the error: that of a shared fixture ends later rules too, which met no answer.
        """
        now = self.run.answer_check.current if self.run.answer_check else ""
        kept: str = vars(error).setdefault("hub_mismatch", now) if error else now
        return kept or now

    def _lacking(self, error: BaseException | None) -> str:
        """Why the run's token was refused something that may have led to an error; kept as above.

        What is left on the hub is another thing.
        """
        now = self.refusals.take()
        kept: str = vars(error).setdefault("hub_lacking", now) if error else now
        return kept or now

    def _judge_cells(self, table: Table, found: Rule, name: str) -> dict[str, Verdict]:
        version = self.run.target.version if self.run.target else ""
        strict = self.run.settings.strict
        return judged(table, found, name, self.baseline, version=version, strict=strict)

    def _dump_cells(self, cells: Mapping[str, Verdict]) -> dict[str, dict[str, str]]:
        return {
            name: {"verdict": each.name, "reason": self.run.scrubber.scrub(each.reason)}
            for name, each in cells.items()
        }

    def _known(self, rule: str, name: str) -> tuple[Known | None, bool]:
        version = self.run.target.version if self.run.target else ""
        return self.baseline.find(rule, name), self.baseline.is_judged_on(version)

    def _result(self, found: Rule, name: str, verdict: Verdict, seconds: float) -> Result:
        transcript = self.run.transcript
        result = Result(
            id=name,
            statement=found.statement,
            level=found.level,
            versions=found.versions,
            link=found.link,
            verdict=verdict.name,
            reason=self.run.scrubber.scrub(verdict.reason),
            seconds=seconds,
            requests=transcript.since_start,
            cases=self.run.findings.cases.get(name),
        )
        if verdict.name in BROKEN + TOLERATED and transcript.answers and self.run.target:
            last = transcript.answers[-1]
            result.exchange = exchange_of(last, self.run.target.origin)
            result.cause = self.run.cause_of(last)
        return result

    def _tell_pytest(
        self, report: pytest.TestReport, result: Result, error: BaseException | None
    ) -> None:
        """Give the report the outcome that the verdict is for pytest."""
        if result.verdict == "passed":
            return
        if result.verdict in BROKEN:
            report.outcome = "failed"
            if not self._shows_tracebacks or error is None:
                told: Any = self._explain(result, said_by(error, result.reason))
                report.longrepr = (
                    told  # pytest asks for `toterminal` and `reprcrash`, no base class
                )
            return
        report.outcome = "skipped"
        said = printable(f"{result.verdict}: {result.reason}")
        if result.verdict in TOLERATED:
            report.wasxfail = said
            report.longrepr = f"{result.id}: {said}"
        else:
            report.longrepr = (str(report.fspath), report.location[1] or 0, said)

    def _explain(self, result: Result, said: str) -> Any:
        base = self.run.target.base if self.run.target else "reference"
        answers = list(self.run.transcript.answers)[:-1][-BEFORE:]
        return explain(result, said, [repr(each) for each in answers], base)

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self) -> None:
        """Note that what is torn down from here on belongs to no rule: the run was stopped."""
        self.run.is_over = True

    # --- in the process that reports

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep the result that a report carries, also when a worker sent it."""
        if dumped := getattr(report, "hub_result", None):
            self.run.tally.add(Result(**dumped))

    @pytest.hookimpl(wrapper=True)
    def pytest_runtestloop(self, session: pytest.Session) -> Generator[None, object, object]:
        """Judge what many rules met together, when the last one has ended."""
        reports = not self.run.is_worker and not self.run.config.option.collectonly
        if reports and self.run.target:
            self.run.keeper.begin()
        done = yield
        if reports:
            self.tell(session, self.run.met_by_many())
        return done

    def tell(self, session: pytest.Session, results: Iterable[Result]) -> None:
        """Hold findings that are no pytest items against the baseline, and announce them."""
        for result in results:
            self._announce(session, self.judged(result))

    def judged(self, result: Result) -> Result:
        """Hold a finding that is no pytest item against the baseline."""
        if result.verdict == "untested":
            return result
        known, may_be_stale = self._known(result.id, result.id)
        failed = AssertionError(result.reason) if result.verdict == "failed" else None
        outcome = "failed" if failed else "passed"
        rule = Rule(result.id, result.statement, result.level)
        verdict = judge(rule, outcome, failed, known=known, may_be_stale=may_be_stale)
        result.verdict, result.reason = verdict.name, verdict.reason
        result.cells_failed = _cells_failed(verdict, {})
        return result

    def _announce(self, session: pytest.Session, result: Result) -> None:
        """Keep a finding; tell pytest of one that is not passed, as a report of its own."""
        self.run.tally.add(result)
        if result.verdict == "passed":
            return
        for when in ("call", "teardown"):
            session.config.hook.pytest_runtest_logreport(report=self._report(result, when))

    def _report(self, result: Result, when: Literal["call", "teardown"]) -> pytest.TestReport:
        self.run.transcript.start()
        report = pytest.TestReport(
            nodeid=f"{plugin.PACKAGE}/{result.id}",
            location=(f"{plugin.PACKAGE}/{result.chapter}", 0, result.id),
            keywords={},
            outcome="passed",
            longrepr=None,
            when=when,
            user_properties=[
                ("rule", result.id),
                ("verdict", result.verdict),
                ("cells_failed", result.cells_failed),
            ],
        )
        if when == "call":
            self._tell_pytest(report, result, None)
        return report


def _make_cheap(call: pytest.CallInfo[None], *, is_shown: bool) -> None:
    """Turn a missing prerequisite into a skip, and drop a traceback that nobody will see.

    pytest renders tracebacks before anybody may say no, which takes longer than the rule; that of a
    fixture of the session, which hundreds of rules meet, grows with each of them.
    """
    if not call.excinfo:
        return
    error, trace = call.excinfo.value, call.excinfo.tb
    if isinstance(error, SetupFailed):
        error = pytest.skip.Exception(f"untested: {error}", _use_item_location=True)
    elif is_shown or not isinstance(error, Exception):  # a skip is none
        return
    else:
        while trace.tb_next:
            trace = trace.tb_next
    call.excinfo = pytest.ExceptionInfo.from_exc_info((type(error), error, trace))


def _ends(report: pytest.TestReport) -> bool:
    """Whether this report is the one that the rule's verdict comes from."""
    return report.when == "call" or report.outcome != "passed"


def _reason(report: pytest.TestReport) -> str:
    """Return the reason of a skip."""
    if isinstance(report.longrepr, tuple):
        return report.longrepr[2].removeprefix("Skipped: ")
    return ""


def _cells_failed(verdict: Verdict, cells: Mapping[str, Verdict]) -> int:
    """Return how many cells were seen not to hold: those of a table, or the rule as a single one.

    A rule that is parametrized is one result a cell already.
    """
    if verdict.name not in NOT_HELD:
        return 0
    return sum(each.name in NOT_HELD for each in cells.values()) or 1


def _of_new(table: Table, cells: Mapping[str, Verdict]) -> CellsFailed:
    """What a table says of the cells that fail and that no baseline lists."""
    failed = [name for name, each in cells.items() if each.name == "failed"]
    return CellsFailed(table.said(failed), len(failed))


def _set(properties: list[tuple[str, Any]], key: str, value: object) -> None:
    """Set one property of a report, once: a failed teardown overrules what was said before."""
    properties[:] = [each for each in properties if each[0] != key] + [(key, value)]
