"""What a fault is, and how faults are planted and taken out again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, MutableMapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, Literal

from ..core import scopes
from ..core.hub import Hub

Grade = Literal["gross", "medium", "subtle"]
Change = Callable[[Any], Any]
"""From what the hub has there to what it has while the fault is on."""


@dataclass(frozen=True)
class Patch:
    """One policy replaced: an attribute of a module or class, or an entry of a table."""

    target: Any
    name: str
    change: Change


@dataclass(frozen=True)
class Fault:
    """A deviation from the contract: one sentence says what the hub does wrong."""

    name: str
    category: str
    grade: Grade
    operations: frozenset[str]  # ids of the API description
    statement: str
    patches: tuple[Patch, ...]

    def as_row(self) -> dict[str, Any]:
        """What ``--list-faults=json`` and ``GET /faults`` say of it."""
        return {
            "name": self.name,
            "category": self.category,
            "grade": self.grade,
            "operations": sorted(self.operations),
            "statement": self.statement,
        }


def make(
    name: str, grade: str, operations: str, statement: str, *patches: tuple[Any, str, Change]
) -> Fault:
    """A fault; its category is the first part of its name, operations come with spaces."""
    return Fault(
        name,
        name.partition("/")[0],
        grade,  # type: ignore[arg-type]  # a test compares all of them
        frozenset(operations.split()),
        statement,
        tuple(Patch(*patch) for patch in patches),
    )


@contextmanager
def planted(hub: Hub, faults: Iterable[Fault]) -> Iterator[None]:
    """The faults are on; afterwards everything is the very object it was."""
    with ExitStack() as stack:
        stack.callback(forget_conclusions, hub)
        for fault in faults:
            for patch in fault.patches:
                stack.callback(_put, patch.target, patch.name, put_in(patch))
        forget_conclusions(hub)
        yield


def put_in(patch: Patch) -> Any:
    """Put in what the fault has; returns what was there."""
    target, name = patch.target, patch.name
    # From the class's own table: getattr would unwrap properties and static methods.
    original = target[name] if isinstance(target, MutableMapping) else vars(target)[name]
    _put(target, name, patch.change(original))
    return original


def _put(target: Any, name: str, value: Any) -> None:
    if isinstance(target, MutableMapping):
        target[name] = value
    else:
        setattr(target, name, value)


def forget_conclusions(hub: Hub) -> None:
    """Empty what the hub remembers of scopes: it was concluded under other policies."""
    hub.scope_table._closure.clear()
    hub.scope_table._expanded.clear()
    scopes.parse.cache_clear()
