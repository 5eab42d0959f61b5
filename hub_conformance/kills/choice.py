"""Which rules are run with which fault, and in which order, so that few have to be run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence

from .fault import Fault
from .learned import Learned


def share(rule: Learned, fault: Fault) -> float:
    """How much of what a rule asks the fault touches, from 0 to 1."""
    return len(rule.operations & fault.operations) / max(len(rule.operations), 1)


def is_about(rule: Learned, fault: Fault) -> bool:
    """Whether a rule meets a fault's operations: or it asks none, and is of the same chapter."""
    if not rule.operations:
        return rule.rule.chapter == fault.category
    return bool(rule.operations & fault.operations)


def ranked(rules: Iterable[Learned], fault: Fault) -> list[Learned]:
    """Order rules by how likely they are to see a fault: each with its best cell first."""
    by_share = sorted(
        rules,
        key=lambda rule: (
            rule.rule.chapter == "fuzz",
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


def best_cells(rules: Iterable[Learned], most: int) -> list[Learned]:
    """Keep the first cells of each rule."""
    cells: Counter[str] = Counter()
    kept = []
    for rule in rules:
        cells[rule.family] += 1
        if cells[rule.family] <= most:
            kept.append(rule)
    return kept


def for_fault(
    rules: Sequence[Learned], fault: Fault, seen_by: Collection[str]
) -> tuple[list[Learned], int]:
    """Return the rules to run with a fault: those that saw it before first, and their number."""
    before = [rule for rule in rules if rule.id in seen_by]
    others = (rule for rule in rules if rule.id not in seen_by and is_about(rule, fault))
    return before + ranked(others, fault), len(before)


def for_rules(
    rules: Iterable[Learned], fault: Fault, unseen: Collection[str], most: int
) -> list[Learned]:
    """Return the cells to run with a fault of the rules that no fault has turned red yet."""
    wanted = (
        rule
        for rule in rules
        if rule.family in unseen and (is_about(rule, fault) or rule.rule.chapter == fault.category)
    )
    return best_cells(ranked(wanted, fault), most)
