"""One process: its start, its log, and its end with everything it started."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

_LOOK_AGAIN = 0.05  # seconds
_GRACE = 10.0  # seconds between asking a process to end and ending it
_TAIL = 4096  # bytes of a log that are looked at


class Process:
    """A running command in a process group of its own, its output in a file.

    Raises OSError where the command cannot be run.
    """

    def __init__(self, command: Sequence[str], env: Mapping[str, str], directory: Path) -> None:
        self.log = directory / ".log"
        with self.log.open("wb") as log:
            self.popen = subprocess.Popen(  # noqa: S603  # the command is the operator's own
                command,
                env=env,
                cwd=directory,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def status(self) -> int | None:
        """The exit status, None while it runs; negative for the signal that ended it."""
        return self.popen.poll()

    def last_line(self) -> str:
        """The last line that it wrote, "" without one."""
        with self.log.open("rb") as log:
            log.seek(max(0, os.fstat(log.fileno()).st_size - _TAIL))
            lines = log.read().decode("utf-8", "replace").split("\n")
        return next((line.strip() for line in reversed(lines) if line.strip()), "")

    async def end(self) -> None:
        """Ask the process to end, then make it end, and its group with it."""
        self.signal(signal.SIGTERM)
        deadline = asyncio.get_running_loop().time() + _GRACE
        while self.status is None and asyncio.get_running_loop().time() < deadline:
            await asyncio.sleep(_LOOK_AGAIN)
        self.kill()

    def kill(self) -> None:
        """End whatever is left of the group, at once."""
        self.signal(signal.SIGKILL)
        self.popen.wait()

    def signal(self, number: int) -> None:
        """Send a signal to the group, if there still is one."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.popen.pid, number)


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])
