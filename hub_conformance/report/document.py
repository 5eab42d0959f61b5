"""The JSON report: what a machine gets of a run. `schema.json` beside this file describes it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import receipt
from .summary import last_line

if TYPE_CHECKING:
    from ..session import Run

#: Raised when a key changes its meaning or goes; new keys do not raise it.
SCHEMA_VERSION = 1
SCHEMA = Path(__file__).with_name("schema.json")


def build(run: Run, status: int) -> dict[str, Any]:
    """Return the report of a run as plain data, without any secret."""
    assert run.target
    closing = run.closing()
    return {
        "schema_version": SCHEMA_VERSION,
        "verdict": last_line(run.tally, closing).partition(": ")[2].partition(";")[0],
        "exit_status": status,
        "interrupted": status == 2,
        "incomplete": run.incomplete,
        "partial": closing.partial,
        "hub": {
            "url": run.target.base,
            "public_url": run.target.public,
            "version": run.target.version,
            "contract": ".".join(map(str, run.applies)),
            "token_of": str(run.target.owner),
        },
        "run": run.id,
        "capabilities": {
            "declared": list(run.settings.expected),
            "observed": run.capabilities.observed,
        },
        "options": _options(run),
        "requests": run.transcript.requests,
        "seconds": {
            "total": round(run.patience.seconds, 3),
            "hub": round(run.transcript.seconds, 3),
        },
        "postponed": closing.patience.postponed,
        "repeated": closing.patience.repeated,
        "left_behind": list(closing.left),
        "receipt": receipt.dumped(closing.receipt),
        "counts": dict(run.tally.counts),
        "cells": dict(run.tally.cells),
        "rules": [result.dump() for result in run.tally],
    }


def _options(run: Run) -> dict[str, Any]:
    """Return the options of this plugin that were given; the token is none of them any more."""
    return {
        name: value
        for name, value in sorted(vars(run.config.option).items())
        if name.startswith("hub_") and name != "hub_token" and value not in (None, False)
    }


def write(path: Path, report: dict[str, Any]) -> None:
    """Write a report as JSON."""
    text = json.dumps(report, indent=1, ensure_ascii=False) + "\n"
    # Half a surrogate pair, which a hub may send, is in JSON what it is in Python: \ud800.
    path.write_text(text, encoding="utf-8", errors="backslashreplace")
