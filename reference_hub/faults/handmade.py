"""The faults that were thought up: what tired implementers do."""

from __future__ import annotations

from collections.abc import Sequence

from .fault import Fault
from .hand import lists, people, rights, sometimes, starts

FAULTS: Sequence[Fault] = (
    *rights.FAULTS,
    *sometimes.FAULTS,
    *lists.FAULTS,
    *people.FAULTS,
    *starts.FAULTS,
)
