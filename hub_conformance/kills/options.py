"""The command line of `kill-matrix`; all else is imported when it is run."""

from __future__ import annotations

import argparse
import os
import re
from pathlib import Path

#: Where the matrix is written, without the suffixes of its two forms.
OUTPUT = Path("docs/kill-matrix")


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command and its options."""
    made = commands.add_parser(
        "kill-matrix", help="prove that the suite sees: run it with one planted fault after another"
    )
    made.add_argument(
        "--full", action="store_true", help="run every rule with every fault, not those it is about"
    )
    made.add_argument(
        "--fault", action="append", default=[], metavar="NAME", help="this one (repeatable)"
    )
    made.add_argument(
        "--chapter", action="append", default=[], metavar="NAME", help="its rules (repeatable)"
    )
    made.add_argument(
        "--part",
        type=_part,
        default=(1, 1),
        metavar="K/N",
        help="the K-th of N parts of the faults, for what takes too long at once",
    )
    made.add_argument(
        "--jobs",
        type=int,
        default=(os.cpu_count() or 1) + 1,  # a trial waits for its hub, and some for nothing
        help="trials at once (default: one more than there are cores)",
    )
    made.add_argument(
        "--output",
        type=Path,
        default=OUTPUT,
        metavar="PATH",
        help="write PATH.md and PATH.json (default: %(default)s)",
    )
    made.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    from .command import run

    return run(options)


def _part(text: str) -> tuple[int, int]:
    """Read `2/7`. Raises ArgumentTypeError for what is no part."""
    found = re.fullmatch(r"([1-9]\d*)/([1-9]\d*)", text)
    if not found or int(found[1]) > int(found[2]):
        raise argparse.ArgumentTypeError(f"{text!r} is no part: the second of seven is 2/7")
    return int(found[1]), int(found[2])
