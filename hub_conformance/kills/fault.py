"""The faults that the reference hub can be given, as it lists them itself."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass

from ..errors import UsageError

LIST_SECONDS = 30.0


@dataclass(frozen=True)
class Fault:
    """A deviation that can be planted: `operations` are those whose answers it changes."""

    name: str
    category: str
    grade: str
    statement: str
    operations: frozenset[str]


def listed() -> list[Fault]:
    """Ask `python -m reference_hub` for its faults."""
    command = [sys.executable, "-m", "reference_hub", "--list-faults=json"]
    said = subprocess.run(  # noqa: S603 - our own module, by our own interpreter
        command, stdout=subprocess.PIPE, timeout=LIST_SECONDS, check=True
    )
    return [
        Fault(
            row["name"],
            row["category"],
            row["grade"],
            row["statement"],
            frozenset(row["operations"]),
        )
        for row in json.loads(said.stdout)
    ]


def chosen(faults: Iterable[Fault], names: Iterable[str]) -> list[Fault]:
    """Return the faults with these names, all where there is no name. Raises UsageError."""
    by_name = {fault.name: fault for fault in faults}
    wanted = list(names) or list(by_name)
    if unknown := sorted(set(wanted) - by_name.keys()):
        raise UsageError(
            f"--fault: there is no fault {', '.join(unknown)};"
            " python -m reference_hub --list-faults prints them all"
        )
    return [by_name[name] for name in wanted]
