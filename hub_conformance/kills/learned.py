"""What a run without a fault teaches: which operations each rule is about."""

from __future__ import annotations

import time
from collections.abc import Generator
from dataclasses import dataclass

import pytest

from ..client import Answer
from ..contract import match
from ..rules import Rule, rule_id, rule_of
from ..transcript import Transcript


@dataclass
class Learned:
    """One rule, or one cell of one: its item's place in the collection, and what it asks.

    `configuration` is the number of the first in which it can be checked, None where it is in none.
    """

    index: int
    rule: Rule
    id: str
    configuration: int | None = None
    operations: frozenset[str] = frozenset()
    seconds: float = 0.0

    @property
    def family(self) -> str:
        """The rule without the cell."""
        return self.rule.id


def learned_of(items: list[pytest.Item]) -> list[Learned]:
    """Return a blank for each item that is a rule."""
    return [
        Learned(index, found, rule_id(item, found))
        for index, item in enumerate(items)
        if (found := rule_of(item))
    ]


class Listening(Transcript):
    """A transcript that also notes which operations were called."""

    def __init__(self, api: str) -> None:
        super().__init__()
        self.api = api
        self.called: set[str] = set()

    def after(self, answer: Answer) -> None:
        """Note one exchange."""
        super().after(answer)
        request = answer.request
        path = request.path.removeprefix(self.api)
        if operation := match(request.method, path):
            self.called.add(operation)


class Learning:
    """A hook that notes what is called while a rule itself runs, not while it is made ready."""

    def __init__(self, transcript: Listening) -> None:
        self.transcript = transcript
        #: By the rule's id: the operations it called, and how long it took.
        self.seen: dict[str, tuple[list[str], float]] = {}

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, object, object]:
        """Note the operations of one rule."""
        self.transcript.called.clear()
        started = time.monotonic()
        try:
            return (yield)
        finally:
            if found := rule_of(item):
                called = sorted(self.transcript.called)
                self.seen[rule_id(item, found)] = called, time.monotonic() - started
