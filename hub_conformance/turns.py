"""Which worker of pytest-xdist may have how many users on the hub: `--hub-max-users` is for all.

Each has its share while it checks the rules of a file. A file that takes more is checked by one
worker alone: it gives back what it has, and waits until the others have nothing on the hub but what
lives as long as their run. A worker that waits holds nothing, so that none waits for ever.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest

from .plugin import PACKAGE

if TYPE_CHECKING:
    from .sandbox import Sandbox
    from .session import Run

try:
    import fcntl
except ImportError:  # Windows: there each worker keeps to its share
    fcntl = None  # type: ignore[assignment]

#: More than any run has.
MOST = 10**6
FOLDER = pytest.StashKey[str]()


class Turns:
    """The turns of one process. `most` users are for all of them, `room` for this one by now.

    `folder` is on the disk of all workers; without it each keeps to its share.
    """

    def __init__(self, most: int, workers: int = 1, folder: str = "", worker: str = "") -> None:
        self.most = most
        self.is_divided = workers > 1
        self.share = self.room = most // workers
        self._folder = Path(folder)
        self._own = self._folder / f"{worker}.left"
        self._locks = self.is_divided and fcntl is not None and bool(folder)
        self._locks = self._locks and self._folder.is_dir()
        self._wants_all = False
        self._held = -1

    @property
    def can_have_more(self) -> bool:
        """Whether a file that takes more than there is room for may be begun anew with more."""
        return self._locks and not self._wants_all

    def ask_for_all(self) -> None:
        """Have the next turn when nobody else has one."""
        self._wants_all = True

    def begin(self) -> float:
        """Wait for a turn; return for how many seconds."""
        if not self._locks:
            return 0.0
        begun = time.monotonic()
        # Who waits to be alone holds the gate: others do not pass it by again and again.
        gate = self._lock("gate", fcntl.LOCK_EX)
        try:
            self._held = self._lock("room", fcntl.LOCK_EX if self._wants_all else fcntl.LOCK_SH)
        finally:
            os.close(gate)
        self.room = self.most - self._left_by_others() if self._wants_all else self.share
        return time.monotonic() - begun

    def end(self, left: int) -> None:
        """Give the turn back; `left` is how many users this worker has until its own end."""
        if self._held >= 0:
            self._own.write_text(str(left))
            os.close(self._held)
            self._held, self._wants_all = -1, False

    def _lock(self, name: str, kind: int) -> int:
        found = os.open(self._folder / name, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(found, kind)
        except BaseException:
            os.close(found)
            raise
        return found

    def _left_by_others(self) -> int:
        others = (each for each in self._folder.glob("*.left") if each != self._own)
        return sum(int(each.read_text()) for each in others)


def of(config: pytest.Config, most: int) -> Turns:
    """The turns of this process, a worker or the only one."""
    given = vars(config).get("workerinput")
    if given is None:
        return Turns(most)
    return Turns(most, int(given["workercount"]), given[PACKAGE]["turns"], given["workerid"])


def folder(config: pytest.Config) -> str:
    """Where the workers meet, until their controller ends."""
    if FOLDER not in config.stash:
        made = TemporaryDirectory(prefix="hub-conformance-")
        config.add_cleanup(made.cleanup)
        config.stash[FOLDER] = made.name
    return config.stash[FOLDER]


@contextmanager
def turn(run: Run, whole: Sandbox) -> Iterator[None]:
    """Have a turn, in the end with as few users as can be."""
    run.patience.waited(run.turns.begin())
    if run.census:
        run.census.most = run.turns.room
    try:
        yield
    finally:
        if run.turns.is_divided and run.census:
            whole.make_room(MOST)
            run.turns.end(len(run.census.there))
