"""What the fixture `reference_hub` costs a test, and what a second hub costs.

    python benchmarks/reference_hub_fixture.py

Prints the median and the longest time of many resets, as they are done before each test, of a hub
that a test has filled; and the least time of several starts of a hub of its own.
"""

from __future__ import annotations

import statistics
import time

from reference_hub.running import InProcessHub, RunningHub

RESETS = 500
STARTS = 10


def fill(hub: RunningHub) -> None:
    """What a test of a client may leave behind."""
    for number in range(20):
        hub.add_user(f"user-{number}", in_groups=["team"])
        hub.token(f"user-{number}", expires_in=60)
    hub.start_server("user-1")
    hub.share("user-1", "", user="user-2")


def resets() -> list[float]:
    """Milliseconds of each reset of a filled hub."""
    times = []
    with RunningHub() as hub:
        for _ in range(RESETS):
            fill(hub)
            begun = time.perf_counter()
            hub.reset()
            times.append((time.perf_counter() - begun) * 1000)
    return times


def starts() -> list[float]:
    """Milliseconds until another hub listens."""
    times = []
    for _ in range(STARTS):
        begun = time.perf_counter()
        with RunningHub():
            times.append((time.perf_counter() - begun) * 1000)
    return times


def in_process() -> float:
    """Milliseconds, at least, until there is a hub without a socket."""
    times = []
    for _ in range(STARTS):
        begun = time.perf_counter()
        InProcessHub()
        times.append((time.perf_counter() - begun) * 1000)
    return min(times)


def main() -> None:
    """Measure and print."""
    found = resets()
    print(
        f"reset before a test: median {statistics.median(found):.2f} ms, "
        f"longest of {RESETS} {max(found):.2f} ms (limit 5 ms for the median)"
    )
    print(f"a second hub on a socket: {min(starts()):.1f} ms; without one: {in_process():.1f} ms")


if __name__ == "__main__":
    main()
