"""Bad lines to hubs that are well."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

from .hostile import Turncoat
from .servers import reset

FIRST_CHAPTERS = "identity or tokens or scopes or pagination or servers"
EVERYTHING = ""
Trouble = Mapping[str, float]
#: What is wrong with a line, as attributes of a `Turncoat`, and which chapters are run over it.
WAYS: dict[str, tuple[Trouble, str]] = {
    "20 ms": ({"latency": 0.02}, EVERYTHING),
    "200 ms": ({"latency": 0.2}, FIRST_CHAPTERS),
    "one of a hundred lost": ({"loses": 200}, EVERYTHING),  # as many requests as answers
    "put off": ({"postponed": 100}, EVERYTHING),
    "connections closed": ({"closes": True}, EVERYTHING),
}


@contextlib.contextmanager
def in_front(origin: str, **trouble: float) -> Iterator[Turncoat]:
    """A bad line to the hub at `origin`."""
    server = Turncoat(origin, 10**9, reset)
    for name, value in trouble.items():
        setattr(server, name, value)
    try:
        yield server
    finally:
        server.close()


def verdicts(folder: Path, url: str, environment: dict[str, str], *options: str) -> Counter[str]:
    """How often which verdict was given by a run that must end well."""
    command = [sys.executable, "-m", "pytest", "-q", f"--hub-url={url}"]
    done = subprocess.run(
        [*command, "--hub-report=report.json", "-p", "no:cacheprovider", *options],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-5000:]
    return Counter(json.loads((folder / "report.json").read_text())["counts"])
