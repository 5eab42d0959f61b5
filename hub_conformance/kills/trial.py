"""One run of rules against the hub with one fault, in a process that has everything imported."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import pytest

from ..activation import register
from ..errors import ConformanceError
from ..session import RUN, Run
from .faulty import FaultyHub
from .learned import Learning, Listening

#: Verdicts that tell of a fault: what does not hold, and what generated requests do not reach.
KILLING = ("failed", "vacuous")
#: What a fault must not stretch a run to: one answer, one start of a server, in seconds.
READ_SECONDS = 20.0
SPAWN_SECONDS = 5.0


@dataclass(frozen=True)
class Order:
    """Which items to run, by their places in the collection, with which fault ("" for none).

    After the first `at_least` of them the first rule that fails is enough, unless it is None.
    """

    fault: str
    configuration: int
    items: Sequence[int]
    at_least: int | None = None
    seconds: float = 300.0


@dataclass
class Outcome:
    """What a trial saw: the rules that failed, in order, with their reasons.

    `refused` is what the pre-flight ended the run with; `cause` names the answer that the first
    failure met; `verdicts` are those other than passed; `problem` says why the trial itself came to
    nothing; `seen` is what was learned of each rule.
    """

    fault: str
    configuration: int
    refused: str = ""
    cause: str = ""
    failed: dict[str, str] = field(default_factory=dict)
    verdicts: dict[str, str] = field(default_factory=dict)
    seen: dict[str, tuple[list[str], float]] = field(default_factory=dict)
    ran: int = 0
    seconds: float = 0.0
    incomplete: str = ""
    problem: str = ""

    @property
    def is_killed(self) -> bool:
        """Whether the suite saw the fault."""
        return bool(self.failed or self.refused)

    def dump(self) -> dict[str, Any]:
        """Return plain types; `Outcome(**dump)` undoes it."""
        return asdict(self)


def perform(session: pytest.Session, hub: FaultyHub, order: Order) -> Outcome:
    """Switch the fault on and run the items; what fails is not raised but told."""
    outcome = Outcome(order.fault, order.configuration)
    started = time.monotonic()
    try:
        hub.switch(order.fault)
        _run(session, hub, order, outcome)
    except pytest.UsageError as error:
        outcome.refused = str(error)
    except ConformanceError as error:
        outcome.problem = str(error)
    outcome.seconds = time.monotonic() - started
    return outcome


def _run(session: pytest.Session, hub: FaultyHub, order: Order, outcome: Outcome) -> None:
    run = _made(session.config, hub, order.seconds)
    register(session.config, run)
    run.pytest_sessionstart()
    assert run.target
    run.transcript = listening = Listening(run.target.api)
    learning = Learning(listening)
    if not order.fault:
        session.config.pluginmanager.register(learning)
    try:
        outcome.ran = _items(session, order, lambda: _has_failed(run), lambda: run.incomplete)
    finally:
        if not order.fault:
            session.config.pluginmanager.unregister(learning)
    for result in run.met_by_many():
        run.tally.add(run.outcomes.judged(result))
    failed = run.tally.of(*KILLING)
    outcome.failed = {each.id: each.reason for each in failed}
    outcome.cause = failed[0].cause if failed else ""
    outcome.verdicts = {each.id: each.verdict for each in run.tally if each.verdict != "passed"}
    outcome.seen, outcome.incomplete = learning.seen, run.incomplete


def _made(config: pytest.Config, hub: FaultyHub, seconds: float) -> Run:
    """A run of its own, as if it were the first of this process."""
    before, started = config.stash[RUN], hub.running
    assert started
    settings = replace(
        before.settings,
        url=started.url,
        token=started.token,
        login=started.accounts["login"],
        oauth_client=started.accounts["client"],
        strict=True,
        spawn_seconds=SPAWN_SECONDS,
        read_seconds=READ_SECONDS,
        limit_seconds=seconds,
        destructive=False,
        user_options=None,
    )
    return Run(
        config, replace(settings, **hub.configuration.changes), [str(each) for each in before.files]
    )


def _items(
    session: pytest.Session, order: Order, failed: Callable[[], bool], over: Callable[[], str]
) -> int:
    """Run the items one after another; return how many were."""
    items = [session.items[index] for index in order.items]
    following = [*items, None][1:]
    for number, (item, after) in enumerate(zip(items, following, strict=True), 1):
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=after)
        enough = order.at_least is not None and number >= order.at_least and failed()
        if enough or over():
            return number
    return len(items)


def _has_failed(run: Run) -> bool:
    """Whether any rule has failed so far, those among them that are told in the end."""
    met = run.answer_check.met.values() if run.answer_check else ()
    return bool(
        any(each.verdict in KILLING for each in run.tally)
        or run.findings.found
        or any(each.mismatch for each in met)
    )
