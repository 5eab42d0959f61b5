"""How long a run waits: for one answer, for a hub that asks for a pause, and in all.

A run is over at its time limit, or when the hub has given nothing usable for a while. What is over
may still remove what it made, for a while that is bounded too.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from .errors import OutOfTime

#: A run in which nothing usable has been answered for so long is over, in seconds.
SILENCE_SECONDS = 300.0
#: All that is asked before the first rule takes at most so long, in seconds.
PREFLIGHT_SECONDS = 25.0
#: What is left of a run that is over may be removed for so long, in seconds …
CLEANING_SECONDS = 60.0
#: … and as long as the hub goes on answering within so many.
CLEANING_SILENCE_SECONDS = 10.0
#: Once something has been waited for in vain, in seconds: the most that the same is waited for …
AGAIN_SECONDS = 2.0
#: … and anything else, as far as these are not more than a fifth of what silence is left.
ANYTHING_SECONDS = 15.0
#: Statuses by which a hub asks for a pause, if it says how long (RFC 9110, 10.2.3).
POSTPONED = (429, 503)
#: The longest pause that is granted, in seconds, and how many for one request.
LONGEST_PAUSE = 10.0
MOST_PAUSES = 5


class Patience:
    """The clock of a run. `limit` is how long it may take, in seconds, None for any time.

    `postponed` counts the answers that were waited for, `paused` the seconds that took; `repeated`
    the rules that were checked once more after a lost connection; `lost` the seconds that were
    waited in vain.
    """

    def __init__(self, limit: float | None = None, *, silence: float | None = None) -> None:
        self.limit = limit
        self.silence = SILENCE_SECONDS if silence is None else silence
        self.over = ""
        self.is_cleaning = False
        self.postponed = 0
        self.paused = 0.0
        self.repeated = 0
        self.lost = 0.0
        self._stuck: set[str] = set()
        self.started = self._heard = time.monotonic()
        self._over_since = math.inf
        #: Since when nothing usable has come of what was asked while cleaning up.
        self._silent_since: float | None = None
        self._in_vain = False

    @property
    def seconds(self) -> float:
        """How long the run has taken."""
        return time.monotonic() - self.started

    def heard(self, status: int) -> None:
        """Note an answer. A hub that breaks on everything, or puts off everything, says nothing."""
        if status < 500 and status not in POSTPONED:
            self._heard, self._silent_since = time.monotonic(), None

    def check(self) -> None:
        """Raise OutOfTime when nothing is asked any more."""
        if self.left() <= 0:
            raise OutOfTime(f"the run was over: {self.over}")

    def waited(self, seconds: float) -> None:
        """Note that for so long nothing was asked of the hub."""
        self._heard += seconds

    def left(self) -> float:
        """Return how long the next answer may take, in seconds; 0 when nothing is asked any more.

        The first time that there is nothing left, the run is over: `over` says why.
        """
        now = time.monotonic()
        until_silence = self._heard + self.silence - now
        until_limit = math.inf if self.limit is None else self.started + self.limit - now
        hanging = max(until_limit, 0.0) + CLEANING_SILENCE_SECONDS
        if self.is_cleaning:  # the limit ends no run whose rules have all been checked
            until_limit += CLEANING_SECONDS
        if not self.over and min(until_limit, until_silence) <= 0:
            self._end(f"--hub-time-limit of {self.limit:g} s" if until_limit <= 0 else self._why())
        if self.over:
            return self._left_for_cleaning(now) if self.is_cleaning else 0.0
        left = min(until_limit, until_silence)
        return min(left, hanging) if self.is_cleaning else left

    def worth(self, what: str, seconds: float) -> float:
        """Return for how long to wait for something that may take `seconds`.

        A hub that hangs on one operation must not hold up a run for that long again and again: the
        more has been waited for in vain, the less is waited, and least for what it was.
        """
        if not self.lost:
            return seconds
        least = AGAIN_SECONDS if what in self._stuck else ANYTHING_SECONDS
        return min(seconds, max((self.silence - self.lost) / 5, least))

    def in_vain(self, what: str, seconds: float) -> None:
        """Note that something did not come though it was waited for."""
        self.lost += seconds
        self._stuck.add(what)

    def _why(self) -> str:
        return f"no usable answer for {self.silence:g} s"

    def _end(self, why: str) -> None:
        self.over, self._over_since = why, time.monotonic()

    def _left_for_cleaning(self, now: float) -> float:
        if self._silent_since is None:  # between two rules the hub owes nothing
            self._silent_since = now
        in_all = self._over_since + CLEANING_SECONDS - now
        return max(0.0, min(in_all, self._silent_since + CLEANING_SILENCE_SECONDS - now))

    def pause(self, status: int, headers: Mapping[str, str], pauses: int) -> float | None:
        """Return for how long to wait before the request is sent again; None not to.

        `pauses` is how often that one has been put off. A hub that was waited for in vain is not
        waited for again until it has answered something else.
        """
        if status not in POSTPONED:
            self._in_vain = False
            return None
        wanted = _seconds(headers.get("Retry-After", ""), headers.get("Date", ""))
        if wanted is None or self._in_vain or wanted > min(LONGEST_PAUSE, self.left()):
            return None
        if pauses >= MOST_PAUSES:
            self._in_vain = True
            return None
        self.postponed += 1
        self.paused += wanted
        return wanted

    def totals(self) -> dict[str, float]:
        """Return the counts as plain types."""
        return {"postponed": self.postponed, "paused": self.paused, "repeated": self.repeated}

    def add(self, totals: Mapping[str, float]) -> None:
        """Add the counts of another process."""
        self.postponed += int(totals.get("postponed", 0))
        self.paused += totals.get("paused", 0.0)
        self.repeated += int(totals.get("repeated", 0))


def _seconds(text: str, now: str) -> float | None:
    """Return what `Retry-After` says in seconds, a date by the hub's clock; None for nonsense.

    `now` is the answer's `Date`; without one our own clock counts. What is past is 0.
    """
    if text.isascii() and text.isdigit():
        return float(text) if len(text) < 9 else None
    try:
        until = parsedate_to_datetime(text)
        since = parsedate_to_datetime(now) if now else datetime.now(UTC)
        return max(0.0, (until - since).total_seconds())
    except (ValueError, TypeError, OverflowError):  # no date, or one of the two without a zone
        return None
