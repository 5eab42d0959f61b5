"""The receipt of a run, for people and for machines."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..receipt.keeper import Receipt
from ..receipt.state import Change
from .failure import printable

#: Changes of one sort that are printed; the rest is counted.
SHOWN = 12
#: Changes by others that the JSON report has.
DUMPED = 500


def lines(receipt: Receipt, cleanup: str) -> list[str]:
    """Return the section of the summary; `cleanup` is the command that removes what is left."""
    if receipt.none:
        return [printable(f"none: {receipt.none}")]
    counts = ", ".join(_count(each, kind) for kind, each in receipt.compared.items())
    reasons = {
        why: ", ".join(f"{kind}s" for kind, each in receipt.unread.items() if each == why)
        for why in receipt.unread.values()
    }
    unread = [f"not compared, {kinds}: {why}" for why, kinds in reasons.items()]
    ours = [
        f"{change}{f', named by {request}' if request else ''}" for change, request in receipt.ours
    ]
    return [
        printable(each)
        for each in (
            f"as before: {counts or 'nothing could be read'}",
            *unread,
            *_listed("changed by this run", ours),
            *_listed("changed meanwhile by others", map(str, receipt.others)),
            *_listed("left by this run", receipt.left),
            *([f"  to remove them: {cleanup}"] if receipt.left else []),
        )
    ]


def _count(number: int, kind: str) -> str:
    return f"1 {kind}" if number == 1 else f"{number} {kind}s"


def _listed(title: str, found: Iterable[str]) -> list[str]:
    each = list(found)
    if not each:
        return []
    more = [f"  and {len(each) - SHOWN} more"] if len(each) > SHOWN else []
    return [f"{title}: {len(each)}", *(f"  {line}" for line in each[:SHOWN]), *more]


def dumped(receipt: Receipt | None) -> dict[str, Any] | None:
    """Return the receipt as plain data for the JSON report."""
    if receipt is None:
        return None
    return {
        "none": receipt.none,
        "as_before": dict(receipt.compared),
        "not_compared": dict(receipt.unread),
        "by_this_run": [_plain(change, request) for change, request in receipt.ours],
        "by_others": [_plain(change) for change in receipt.others[:DUMPED]],
        "left": list(receipt.left),
    }


def _plain(change: Change, request: str = "") -> dict[str, Any]:
    return {
        "kind": change.kind,
        "name": change.name,
        "of": change.inside,
        "how": change.how,
        "fields": list(change.fields),
        "request": request,
    }
