"""Runs a proxy and a hub, and ends both with every server they started, whatever happens.

Usage: supervisor.py DIRECTORY COMMANDS, where COMMANDS is a JSON list of commands.

It ends when its standard input closes (that is, when the test process stops it or dies), on
SIGTERM, or when one of the commands ends. Then all are killed and DIRECTORY is removed. Nothing is
shut down gently: the hub's database is in memory, so there is nothing to save.

It runs on the standard library alone, without `site`, and so costs some 10 ms.
"""

from __future__ import annotations

import json
import os
import select
import shutil
import signal
import subprocess
import sys
from types import FrameType


def main(directory: str, commands: list[list[str]]) -> None:
    """Run `commands` until one of them or standard input ends."""
    signals = _watch_signals()
    processes: list[subprocess.Popen[bytes]] = []
    try:
        for command in commands:
            processes.append(_start(command, processes))
        _wait(signals)
    finally:
        _kill(processes)
        shutil.rmtree(directory, ignore_errors=True)


def _watch_signals() -> int:
    # Signals arrive as bytes to be read, so that none interrupts the killing at the end.
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    signal.set_wakeup_fd(writer)
    # A handler, even one that does nothing, is what resets a signal that was ignored: a process
    # started in a shell's background ignores SIGINT, its children inherit that, and a
    # single-user server that ignores SIGINT takes half a minute to stop.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD):
        signal.signal(number, _nothing)
    return reader


def _start(command: list[str], processes: list[subprocess.Popen[bytes]]) -> subprocess.Popen[bytes]:
    # All share the process group of the first, and so do the servers that the hub starts.
    group = processes[0].pid if processes else 0
    return subprocess.Popen(command, stdin=subprocess.DEVNULL, process_group=group)


def _wait(signals: int) -> None:
    while True:
        readable, _, _ = select.select([0, signals], [], [])
        if 0 in readable:  # nobody writes to standard input, so this is its end
            return
        if {signal.SIGTERM, signal.SIGCHLD} & set(os.read(signals, 64)):
            return


def _kill(processes: list[subprocess.Popen[bytes]]) -> None:
    if processes:
        # The first is not waited for yet, so its group's number cannot belong to anybody else.
        os.killpg(processes[0].pid, signal.SIGKILL)
    for process in processes:
        process.wait()


def _nothing(signum: int, frame: FrameType | None) -> None:
    pass


if __name__ == "__main__":
    main(sys.argv[1], json.loads(sys.argv[2]))
