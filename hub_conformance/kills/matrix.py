"""The whole of it, as a pytest plugin: it takes the place of pytest's loop over the items."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import pytest

from ..activation import register
from ..errors import ConformanceError
from ..session import RUN
from .choice import for_fault, for_rules, is_about, ranked
from .configuration import CONFIGURATIONS
from .fault import Fault
from .learned import Learned, learned_of
from .pool import Pool
from .record import Records, family_of
from .trial import Order, Outcome

#: How long one fault may take, in seconds: with the rules chosen for it, and with all.
SECONDS, ALL_SECONDS = 300.0, 600.0
#: With how many faults more, round by round, a rule is tried that no fault has turned red.
ROUNDS = (3, 8, 20)


class NotGreen(ConformanceError):
    """Rules fail without a fault: there is nothing to be learned from faults then."""


@dataclass(frozen=True)
class Wanted:
    """What to run: `before` are the rules that saw a fault last time, by each fault there was.

    `chapters` are those whose rules are run, all where there is none.
    """

    faults: Sequence[Fault]
    jobs: int
    is_full: bool = False
    chapters: Sequence[str] = ()
    before: Mapping[str, Sequence[str]] = field(default_factory=dict)


class Matrix:
    """Learns from a run without a fault, then has each fault looked for.

    `tell` is called with what is going on, how much of it is done, and how much there is.
    """

    def __init__(self, wanted: Wanted, tell: Callable[[str, int, int], None]) -> None:
        self.wanted = wanted
        self.tell = tell
        self.records = Records(wanted.faults, ())
        self.error: ConformanceError | None = None
        self.seconds = 0.0
        self.is_stopped = False

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Do everything."""
        first = session.config.stash[RUN]
        session.config.pluginmanager.unregister(self)
        session.config.pluginmanager.unregister(name="terminalreporter")
        started = time.monotonic()
        try:
            with Pool(session, self.wanted.jobs) as pool:
                self._conduct(session, pool)
        except ConformanceError as error:
            self.error = error
        except KeyboardInterrupt:
            self.is_stopped = True
        finally:
            register(session.config, first)
        self.seconds = time.monotonic() - started
        return True

    def _conduct(self, session: pytest.Session, pool: Pool) -> None:
        rules = learned_of(session.items)
        self._learn(pool, rules)
        self.records = Records(self.wanted.faults, rules)
        if self.wanted.is_full:
            self._run(pool, "every rule with every fault", list(self._everything()))
            return
        self._run(pool, "faults", list(self._narrow()))
        rest = list(self._rest())
        self._doubt(pool, self._run(pool, "faults that nothing saw yet", rest, self._survives))
        for number, most in enumerate(ROUNDS, 1):
            orders = list(self._for_rules(most))
            said = f"rules that saw nothing yet, round {number}"
            self._run(pool, said, orders, self._may_show_more)

    # --- without a fault

    def _learn(self, pool: Pool, rules: list[Learned]) -> None:
        for number, configuration in enumerate(CONFIGURATIONS):
            self.tell(f"without a fault: {configuration.name}", number, len(CONFIGURATIONS))
            left = [rule.index for rule in rules if rule.configuration is None]
            if not left:
                return
            order = Order("", number, left, seconds=ALL_SECONDS)
            # The first in this process, which all trials are forked from: then they find ready
            # whatever is made on first use.
            outcome = pool.here(order) if number == 0 else next(pool.run([order]))[1]
            _expect_green(outcome, configuration.name)
            for rule in rules:
                if rule.configuration is None and _is_checked(rule, outcome):
                    called, rule.seconds = outcome.seen[rule.id]
                    rule.configuration, rule.operations = number, frozenset(called)

    # --- with one

    def _run(
        self,
        pool: Pool,
        what: str,
        orders: Sequence[Order],
        is_wanted: Callable[[Order], bool] = lambda order: True,
    ) -> set[tuple[int, str]]:
        """Carry out the orders that, when their turn has come, are wanted.

        Returns which rules failed, after the configurations that they failed in.
        """
        failed: set[tuple[int, str]] = set()
        wanted = (order for order in orders if is_wanted(order))
        for done, (order, outcome) in enumerate(pool.run(wanted), 1):
            self.records.faults[order.fault].add(outcome, order.items[: outcome.ran])
            failed |= {(order.configuration, id) for id in outcome.failed}
            self.tell(what, done, len(orders))
        return failed

    def _narrow(self) -> Iterator[Order]:
        """The rules that meet a fault's operations, until one has seen it.

        Before them, in any case: those that saw it last time, and those that saw nothing then and
        are likeliest to see this.
        """
        before = self.wanted.before
        seen = {family_of(id) for ids in before.values() for id in ids}
        tried = self._likeliest(set(self.records.checked) - seen, ROUNDS[0])
        for fault in self.wanted.faults:
            first = {*before.get(fault.name, ()), *(rule.id for rule in tried.get(fault.name, ()))}
            for number in range(len(CONFIGURATIONS)):
                rules, known = for_fault(self._of(number), fault, first)
                # Elsewhere than in the most usual configuration, those alone.
                if chosen := rules[: known if number else None]:
                    yield _order(fault, number, chosen, at_least=known)

    def _rest(self) -> Iterator[Order]:
        """All other rules, for a fault that none of those saw.

        In other configurations than the first also those about it that it let be checked, too.
        """
        for record in self.records.survivors:
            for number in range(len(CONFIGURATIONS)):
                rules = [each for each in self._of(number) if each.index not in record.ran]
                if not CONFIGURATIONS[number].ends:
                    before = (each for other in range(number) for each in self._of(other))
                    rules += [each for each in before if is_about(each, record.fault)]
                if rules:
                    yield _order(record.fault, number, ranked(rules, record.fault), at_least=0)

    def _doubt(self, pool: Pool, failed: Collection[tuple[int, str]]) -> None:
        """Take back what rules saw that fail without a fault, too, where they are run alone.

        Rules that have nothing to do with a fault see it least likely.
        """
        index = {each.id: each.index for each in self.records.rules}
        orders = [Order("", number, [index[id]]) for number, id in failed if id in index]
        for done, (_, outcome) in enumerate(pool.run(orders), 1):
            self.tell("rules in doubt", done, len(orders))
            for record in self.records.faults.values():
                record.take_back(outcome.failed)

    def _survives(self, order: Order) -> bool:
        return not self.records.faults[order.fault].is_killed

    def _for_rules(self, most: int) -> Iterator[Order]:
        """The rules that no fault has turned red, with those they are likeliest to see."""
        for name, rules in self._likeliest(self.records.unseen, most).items():
            for number in sorted({each.configuration or 0 for each in rules}):
                chosen = [each for each in rules if each.configuration == number]
                yield _order(self.records.faults[name].fault, number, chosen)

    def _likeliest(self, unseen: Collection[str], most: int) -> dict[str, list[Learned]]:
        rules = [each for each in self.records.rules if each.configuration is not None]
        return for_rules(rules, self.records.faults.values(), unseen, most, self.wanted.before)

    def _may_show_more(self, order: Order) -> bool:
        unseen, items = set(self.records.unseen), set(order.items)
        return any(each.index in items and each.family in unseen for each in self.records.rules)

    def _everything(self) -> Iterator[Order]:
        for fault in self.wanted.faults:
            yield _order(fault, 0, self._of(0), seconds=ALL_SECONDS)
            for number in range(1, len(CONFIGURATIONS)):
                if rules := [each for each in self._of(number) if is_about(each, fault)]:
                    yield _order(fault, number, rules, seconds=ALL_SECONDS)

    def _of(self, configuration: int) -> list[Learned]:
        return [each for each in self.records.rules if each.configuration == configuration]


def _order(
    fault: Fault,
    configuration: int,
    rules: Iterable[Learned],
    at_least: int | None = None,
    seconds: float = SECONDS,
) -> Order:
    items = [each.index for each in rules]
    if CONFIGURATIONS[configuration].ends:  # the rule that ends the hub is collected last
        items.sort()
    return Order(fault.name, configuration, items, at_least, seconds)


def _is_checked(rule: Learned, outcome: Outcome) -> bool:
    return rule.id in outcome.seen and rule.id not in outcome.verdicts


def _expect_green(outcome: Outcome, name: str) -> None:
    """Raise NotGreen for a run without a fault that is not well."""
    bad = outcome.failed or {
        id: verdict for id, verdict in outcome.verdicts.items() if verdict in ("error", "untested")
    }
    said = outcome.refused or outcome.problem or outcome.incomplete
    if bad or said:
        lines = "; ".join(f"{id}: {why}" for id, why in list(bad.items())[:5])
        raise NotGreen(f"without a fault, {name}: {said or lines}")
