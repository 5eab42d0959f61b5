"""The faults that were thought up: what tired implementers do."""

from __future__ import annotations

from collections.abc import Sequence

from .fault import Fault
from .hand import (
    beside,
    browsers,
    credentials,
    edges,
    granted,
    holders,
    lists,
    many,
    people,
    places,
    refusals,
    reports,
    rights,
    sharing,
    shown,
    sometimes,
    starts,
    strangers,
    together,
    visitors,
    websockets,
)

FAULTS: Sequence[Fault] = (
    *rights.FAULTS,
    *sometimes.FAULTS,
    *lists.FAULTS,
    *people.FAULTS,
    *starts.FAULTS,
    *sharing.FAULTS,
    *browsers.FAULTS,
    *edges.FAULTS,
    *places.FAULTS,
    *many.FAULTS,
    *credentials.FAULTS,
    *refusals.FAULTS,
    *reports.FAULTS,
    *strangers.FAULTS,
    *granted.FAULTS,
    *shown.FAULTS,
    *websockets.FAULTS,
    *together.FAULTS,
    *visitors.FAULTS,
    *holders.FAULTS,
    *beside.FAULTS,
)
