"""Every fault by its name."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Mapping

from . import generated, handmade
from .fault import Fault

FAULTS: Mapping[str, Fault] = {fault.name: fault for fault in (*handmade.FAULTS, *generated.FAULTS)}


class UnknownFault(ValueError):
    """There is no fault of that name; the message is one sentence."""


def find(name: str) -> Fault:
    """The fault of that name. Raises :class:`UnknownFault`."""
    if name not in FAULTS:
        close = difflib.get_close_matches(name, FAULTS, 1)
        hint = f" (did you mean {close[0]}?)" if close else " (--list-faults shows all)"
        raise UnknownFault(f"unknown fault {name!r}{hint}")
    return FAULTS[name]


def as_json(faults: Iterable[Fault]) -> str:
    """Faults for programs: a list of objects."""
    return json.dumps([fault.as_row() for fault in faults])


def as_table(faults: Iterable[Fault]) -> str:
    """Faults for people."""
    return "\n".join(
        f"{fault.name:<44} {fault.category:<10} {fault.grade:<7} {fault.statement}"
        for fault in faults
    )
