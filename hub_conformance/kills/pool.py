"""Trials side by side: a process forked for each, a hub of each configuration for each of them."""

from __future__ import annotations

import gc
import multiprocessing
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkProcess

import pytest

from .configuration import CONFIGURATIONS
from .faulty import FaultyHub
from .trial import Order, Outcome, perform

#: How much longer than its time limit a trial may take to remove what it made, in seconds.
GRACE_SECONDS = 30.0
_FORK = multiprocessing.get_context("fork")


class Hubs:
    """The hubs that one trial at a time has for itself, one a configuration."""

    def __init__(self) -> None:
        self.all = [FaultyHub(each) for each in CONFIGURATIONS]

    def ready(self, configuration: int) -> FaultyHub:
        """Return the hub of a configuration, started where it does not run."""
        self.all[configuration].start()
        return self.all[configuration]

    def stop(self) -> None:
        """End them all."""
        for each in self.all:
            each.stop()


@dataclass
class _Going:
    """A trial that goes on."""

    order: Order
    process: ForkProcess
    answer: Connection
    hubs: Hubs
    until: float
    is_again: bool


class Pool:
    """Runs trials, `jobs` at a time."""

    def __init__(self, session: pytest.Session, jobs: int) -> None:
        self.session = session
        self.free = [Hubs() for _ in range(jobs)]
        self.going: list[_Going] = []

    def __enter__(self) -> Pool:
        gc.collect()
        gc.freeze()  # what is there already is then not copied into each process
        return self

    def __exit__(self, *_: object) -> None:
        for each in self.going:
            each.process.kill()
            each.process.join()
            each.hubs.stop()
        for hubs in self.free:
            hubs.stop()

    def here(self, order: Order) -> Outcome:
        """Run one trial in this process."""
        return perform(self.session, self.free[-1].ready(order.configuration), order)

    def run(self, orders: Iterable[Order]) -> Iterator[tuple[Order, Outcome]]:
        """Yield the outcomes as they come; orders are taken when there is room for them."""
        waiting = iter(orders)
        following = next(waiting, None)
        while following or self.going:
            while following and self.free:
                self._start(following)
                following = next(waiting, None)
            yield from self._ended()

    def _start(self, order: Order, *, is_again: bool = False) -> None:
        hubs = self.free.pop()
        hub = hubs.ready(order.configuration)
        ours, theirs = _FORK.Pipe(duplex=False)
        process = _FORK.Process(target=_child, args=(self.session, hub, order, theirs))
        process.start()
        theirs.close()
        until = time.monotonic() + order.seconds + GRACE_SECONDS
        self.going.append(_Going(order, process, ours, hubs, until, is_again))

    def _ended(self) -> Iterator[tuple[Order, Outcome]]:
        """Wait for at least one trial, or until one has taken too long."""
        left = min(each.until for each in self.going) - time.monotonic()
        wait([each.answer for each in self.going], timeout=max(0.0, left))
        for each in list(self.going):
            if each.answer.poll() or time.monotonic() > each.until:
                self.going.remove(each)
                outcome = _outcome_of(each)
                self.free.append(each.hubs)
                if outcome.problem and not each.is_again:
                    self._start(each.order, is_again=True)
                else:
                    yield each.order, outcome


def _child(session: pytest.Session, hub: FaultyHub, order: Order, answer: Connection) -> None:
    answer.send(perform(session, hub, order).dump())
    answer.close()


def _outcome_of(each: _Going) -> Outcome:
    """Take what a trial says, and have its hub ready for another: one in doubt is ended."""
    outcome = Outcome(each.order.fault, each.order.configuration)
    if each.answer.poll():
        try:
            outcome = Outcome(**each.answer.recv())
        except EOFError:
            outcome.problem = "the process of the trial ended without a word"
    else:
        outcome.problem = f"not ended after {each.order.seconds + GRACE_SECONDS:g} s"
        each.process.kill()
    each.process.join()
    each.answer.close()
    hub = each.hubs.all[each.order.configuration]
    if outcome.problem or hub.configuration.ends:
        hub.stop()
    return outcome
