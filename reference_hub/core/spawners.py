"""What runs users' servers: the one that only simulates it, and what others have to do.

Another spawner lives outside the core, for it does I/O. The core tells it to begin and to end; it
tells the core how a start went, with :func:`spawning.make_ready` and :func:`spawning.fail`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

from . import errors
from .entities import JSON, Server

if TYPE_CHECKING:
    from .hub import Hub

_LONGEST_DELAY = 3600.0  # seconds


class Spawner(Protocol):
    """What the core asks of whatever runs servers; each call returns at once."""

    def check(self, options: Mapping[str, JSON]) -> None:
        """Raise a 400 for user options that it cannot use."""

    def begin(self, hub: Hub, server: Server, secret: str) -> None:
        """Begin a start; the server's own token has that secret."""

    def end(self, server: Server) -> None:
        """Stop a server, or call off its start."""

    def is_ending(self, server: Server) -> bool:
        """Whether something of a server that was stopped still runs."""


class Simulated:
    """Nothing runs. A start takes no time and succeeds unless its user options ask otherwise.

    ``{"delay": seconds}`` keeps it pending, ``{"fail": true}`` makes it fail (after the delay, if
    both are given), ``{"never_ready": true}`` makes it fail when the hub has waited long enough.
    """

    def check(self, options: Mapping[str, JSON]) -> None:
        """Raise a 400 for a delay that is none."""
        start_delay(options)

    def begin(self, hub: Hub, server: Server, secret: str) -> None:
        """Note when the start comes to its end, and how; the clock does the rest."""
        server.state = {"simulated": True}
        options, patience = server.user_options, hub.settings.start_timeout
        seconds = start_delay(options)
        if options.get("never_ready") is True:
            seconds, server.fate = patience, f"it did not answer within {patience:g} seconds"
        elif options.get("fail") is True:
            server.fate = "user_options asked for a failure"
        server.ready_at = hub.clock() + timedelta(seconds=seconds)

    def end(self, server: Server) -> None:
        """Nothing runs that could be stopped."""

    def is_ending(self, server: Server) -> bool:
        """Stopping takes no time."""
        return False


def start_delay(options: Mapping[str, JSON]) -> float:
    """Seconds that a start will take. Raises a 400 for what is no such number."""
    delay = options.get("delay", 0)
    if isinstance(delay, bool) or not isinstance(delay, int | float):
        raise errors.wrong_type("user_options.delay", "a number of seconds")
    if not 0 <= delay <= _LONGEST_DELAY:
        raise errors.wrong_type("user_options.delay", f"between 0 and {_LONGEST_DELAY:.0f}")
    return float(delay)
