"""The reference hub beside a real JupyterHub 6.1, in one run.

    python -m benchmarks.side_by_side [ROUNDS]

Prints a Markdown table: how long each takes to start and to answer, by the clock and in CPU seconds
of the hub's own process, and how many times less the reference hub needs. The two take turns, and
the best round of each counts, so that whatever else the machine does weighs on both alike.
JupyterHub is asked at its internal address: its proxy's time is not counted. Linux only.
"""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.jupyterhub.hub import RealHub

USERS = 1000
REQUESTS = 40  # of one round
STARTS = 4
_TICK = 1 / os.sysconf("SC_CLK_TCK")


@dataclass
class Hub:
    """A hub that runs: where its API is, who asks, and which process it is."""

    api_url: str
    token: str
    pid: int
    made: list[Any] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.path = urlsplit(self.api_url).path
        self.connection = http.client.HTTPConnection(urlsplit(self.api_url).netloc, timeout=60)

    def __call__(self, method: str, path: str, body: Any = None) -> Any:
        """Ask, on one connection that is kept alive."""
        headers = {"Authorization": f"token {self.token}"}
        raw = None if body is None else json.dumps(body).encode()
        self.connection.request(method, self.path + path, raw, headers)
        answer = self.connection.getresponse()
        content = answer.read()
        if answer.status >= 400:
            raise RuntimeError(f"{method} {path}: {answer.status} {content[:200]!r}")
        return json.loads(content) if content else None


@dataclass(frozen=True)
class Cost:
    """Seconds by the clock, and of the hub's CPU."""

    wall: float
    cpu: float

    def least(self, other: Cost) -> Cost:
        """The better one of each."""
        return Cost(min(self.wall, other.wall), min(self.cpu, other.cpu))


def cpu_seconds(pid: int) -> float:
    """What a process, with all its threads, has used so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) * _TICK


@contextmanager
def reference_hub() -> Iterator[Hub]:
    """A reference hub with an admin's token."""
    command = [sys.executable, "-m", "reference_hub", "--port=0", "--json", "--exit-with-stdin"]
    # As for JupyterHub: what the caller's environment says about Python is not meant for the hub.
    env = {name: text for name, text in os.environ.items() if not name.startswith("PYTHON")}
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, env=env) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        said = json.loads(process.stdout.readline())
        yield Hub(f"{said['url']}hub/api", said["token"], process.pid)
        process.stdin.close()


@contextmanager
def jupyterhub() -> Iterator[Hub]:
    """A real hub with an admin's token, and pages as large as it gives them by default."""
    with RealHub("6.1", page_default_limit=None, page_max_limit=None) as hub:
        yield Hub(hub.internal_url, hub.admin_token, hub_process(hub.supervisor_pid))


def hub_process(supervisor: int) -> int:
    """The process of the hub itself among those that a supervisor started."""
    for entry in Path("/proc").iterdir():
        try:
            parent = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
            words = (entry / "cmdline").read_text()
        except (OSError, ValueError, IndexError):
            continue
        if parent == supervisor and "jupyterhub" in words and "http-proxy" not in words:
            return int(entry.name)
    raise RuntimeError("the hub's process was not found")


def start(make: Callable[[], Any]) -> Cost:
    """What a start costs, until the version is told."""
    begun = time.perf_counter()
    with make() as hub:
        hub("GET", "/")
        return Cost(time.perf_counter() - begun, cpu_seconds(hub.pid))


def fill(hub: Hub) -> None:
    """Bring a hub to a thousand users."""
    missing = USERS - len(hub("GET", "/users?limit=200"))
    names = [f"user{number}" for number in range(missing)]
    for first in range(0, missing, 100):
        hub("POST", "/users", {"usernames": names[first : first + 100]})


def identity(hub: Hub, number: int) -> None:
    """Who asks."""
    hub("GET", "/user")


def page(hub: Hub, number: int) -> None:
    """Fifty users."""
    hub("GET", f"/users?limit=50&offset={number % 20 * 50}")


def create_user(hub: Hub, number: int) -> None:
    """One user more."""
    hub.made.append(hub("POST", f"/users/new-{number}")["name"])


def delete_user(hub: Hub, number: int) -> None:
    """One of them less."""
    hub("DELETE", f"/users/{hub.made.pop()}")


def make_token(hub: Hub, number: int) -> None:
    """A token of the admin's own."""
    hub("POST", "/users/admin/tokens", {"expires_in": 600})


#: What is measured, in this order: what is created is deleted next.
REQUESTED: dict[str, Callable[[Hub, int], None]] = {
    "`GET /user`": identity,
    f"`GET /users?limit=50` of {USERS:,}": page,
    "create a user": create_user,
    "delete a user": delete_user,
    "make a token": make_token,
}


def batch(hub: Hub, request: Callable[[Hub, int], None]) -> Cost:
    """What one request costs, on average of a round."""
    begun, used = time.perf_counter(), cpu_seconds(hub.pid)
    for number in range(REQUESTS):
        request(hub, number)
    wall, cpu = time.perf_counter() - begun, cpu_seconds(hub.pid) - used
    # The kernel counts in hundredths of a second: less than one of them is half of one here.
    return Cost(wall / REQUESTS, max(cpu, _TICK / 2) / REQUESTS)


def compare(rounds: int) -> dict[str, tuple[Cost, Cost]]:
    """Everything measured, JupyterHub first."""
    starts = [(start(jupyterhub), start(reference_hub)) for _ in range(STARTS)]
    found = {"start": best(starts)}
    with jupyterhub() as real, reference_hub() as ours:
        fill(real)
        fill(ours)
        measured: dict[str, list[tuple[Cost, Cost]]] = {name: [] for name in REQUESTED}
        for _ in range(rounds):
            for name, request in REQUESTED.items():
                measured[name].append((batch(real, request), batch(ours, request)))
    return found | {name: best(costs) for name, costs in measured.items()}


def best(costs: list[tuple[Cost, Cost]]) -> tuple[Cost, Cost]:
    """The least of each side."""
    real, ours = costs[0]
    for other_real, other_ours in costs[1:]:
        real, ours = real.least(other_real), ours.least(other_ours)
    return real, ours


def table(found: dict[str, tuple[Cost, Cost]]) -> str:
    """The Markdown."""
    lines = [
        "| | JupyterHub 6.1 | reference hub | times faster | times less CPU |",
        "|---|---|---|---|---|",
    ]
    for name, (real, ours) in found.items():
        faster, less = real.wall / ours.wall, real.cpu / ours.cpu
        figures = f"{shown(real)} | {shown(ours)} | {faster:.2g} | {less:.2g}"
        lines.append(f"| {name} | {figures} |")
    return "\n".join(lines)


def shown(cost: Cost) -> str:
    """Milliseconds by the clock, and of CPU."""
    wall = f"{cost.wall * 1000:.0f}" if cost.wall >= 0.1 else f"{cost.wall * 1000:.2g}"
    cpu = f"{cost.cpu * 1000:.0f}" if cost.cpu >= 0.1 else f"{cost.cpu * 1000:.2g}"
    return f"{wall} ms ({cpu} ms CPU)"


def main() -> None:
    """Measure and print."""
    print(table(compare(int(sys.argv[1]) if len(sys.argv) > 1 else 8)))


if __name__ == "__main__":
    main()
