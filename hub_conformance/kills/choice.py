"""Which rules are run with which fault, and in which order, so that few have to be run."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from functools import cache

from .fault import Fault
from .learned import Learned
from .record import Record

#: How many cells of one rule are tried with one fault at once.
CELLS = 4


def share(rule: Learned, fault: Fault) -> float:
    """How much of what a rule asks the fault touches, from 0 to 1."""
    return len(rule.operations & fault.operations) / max(len(rule.operations), 1)


def is_about(rule: Learned, fault: Fault) -> bool:
    """Whether a rule meets a fault's operations, or is of the fault's chapter."""
    return rule.rule.chapter == fault.category or bool(rule.operations & fault.operations)


def ranked(rules: Iterable[Learned], fault: Fault) -> list[Learned]:
    """Order rules by how likely they are to see a fault: each with its best cell first."""
    by_share = sorted(
        rules,
        key=lambda rule: (
            rule.rule.chapter == "fuzz",
            bool(rule.operations) and not rule.operations & fault.operations,
            rule.rule.chapter != fault.category,
            -share(rule, fault),
            rule.index,
        ),
    )
    cells: Counter[str] = Counter()
    places = {}
    for place, rule in enumerate(by_share):
        places[rule.index] = (rule.rule.chapter == "fuzz", cells[rule.family], place)
        cells[rule.family] += 1
    return sorted(by_share, key=lambda rule: places[rule.index])


def for_fault(
    rules: Sequence[Learned], fault: Fault, seen_by: Collection[str]
) -> tuple[list[Learned], int]:
    """Return the rules to run with a fault: those that saw it before first, and their number."""
    before = [rule for rule in rules if rule.id in seen_by]
    others = (rule for rule in rules if rule.id not in seen_by and is_about(rule, fault))
    return before + ranked(others, fault), len(before)


def for_rules(
    rules: Iterable[Learned],
    records: Iterable[Record],
    unseen: Collection[str],
    most: int,
    known: Collection[str] = (),
) -> dict[str, list[Learned]]:
    """Return what to try with which fault, so that rules which saw nothing yet may see one.

    Some cells of each rule are tried with the `most` likeliest faults they were not run with. A
    fault that no matrix knows yet is the likeliest: planted for a rule that saw nothing.
    """
    everything = list(records)
    words = _Words(record.fault for record in everything)
    pairs: dict[str, list[tuple[tuple[bool, float, float, int], int, str]]] = {}
    by_index = {rule.index: rule for rule in rules if rule.family in unseen}
    for rule in by_index.values():
        pairs.setdefault(rule.family, []).extend(
            (
                (
                    record.fault.name in known,
                    -words.in_common(rule, record.fault),
                    -share(rule, record.fault),
                    len(record.fault.operations),
                ),
                rule.index,
                record.fault.name,
            )
            for record in everything
            if rule.index not in record.ran and is_about(rule, record.fault)
        )
    chosen: dict[str, list[Learned]] = {}
    for found in pairs.values():
        best: dict[str, list[Learned]] = {}
        for _, index, fault in sorted(found):
            best.setdefault(fault, []).append(by_index[index])
        for fault in list(best)[:most]:
            chosen.setdefault(fault, []).extend(best[fault][:CELLS])
    return chosen


class _Words:
    """Tells by the words of their names how near a rule and a fault are: rare words count more."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.of_faults = {fault.name: _words(f"{fault.name} {fault.statement}") for fault in faults}
        self.counts = Counter(word for each in self.of_faults.values() for word in each)

    def in_common(self, rule: Learned, fault: Fault) -> float:
        """The sum over the words that both have, each the less the more faults have it."""
        common = _words(f"{rule.id} {rule.rule.statement}") & self.of_faults[fault.name]
        return sum(1 / self.counts[word] for word in common)


@cache
def _words(text: str) -> frozenset[str]:
    """The words of a text, without what makes a plural of them."""
    return frozenset(word.rstrip("s") for word in re.findall("[a-z]+", text.lower()))
