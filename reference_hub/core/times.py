"""Times: aware UTC inside, ISO 8601 with ``Z`` outside."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from . import errors

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """The clock of a hub that nobody gave another."""
    return datetime.now(UTC)


def render(moment: datetime | None) -> str | None:
    """``2026-01-31T09:30:00.000000Z``, or None for what has not happened."""
    if moment is None:
        return None
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def parse(value: object) -> datetime:
    """An ISO 8601 time, naive ones read as UTC.

    Raises a 400 for anything else.
    """
    if not isinstance(value, str):
        raise errors.bad_timestamp(value)
    try:
        moment = datetime.fromisoformat(value.strip())
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise errors.bad_timestamp(value) from None
