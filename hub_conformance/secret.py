"""Secrets, and the one scrubber that keeps them out of everything a person or a file gets to see.

Two lines of defence: `Secret` has no readable repr, so a secret that stays in our own types cannot
be printed by accident; `Scrubber` knows every secret of the run and blanks it in any text, whoever
wrote that text.
"""

from __future__ import annotations

import dataclasses
import hmac
import logging
import traceback
from collections.abc import Callable
from typing import Any

from .spellings import SHORTEST, spellings

BLANK = "***"


class Secret:
    """A string that no repr, format or traceback shows; `reveal` gives it back."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the secret itself; for putting it on the wire, nothing else."""
        return self._value

    def __repr__(self) -> str:
        return BLANK

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and hmac.compare_digest(
            self._value.encode("utf-8", "surrogatepass"),
            other._value.encode("utf-8", "surrogatepass"),
        )

    def __hash__(self) -> int:
        return hash(self._value)

    def __len__(self) -> int:
        return len(self._value)


class Scrubber:
    """Knows every secret seen in the run and blanks each in any text."""

    def __init__(self) -> None:
        self._learned: set[str] = set()
        #: Spellings by how they start: a run may learn a thousand secrets.
        self._known: dict[str, set[str]] = {}

    def learn(self, value: str | Secret) -> Secret:
        """Remember a secret, in the spellings it may turn up in, and return it wrapped."""
        text = value.reveal() if isinstance(value, Secret) else value
        if len(text) >= SHORTEST and text not in self._learned:
            self._learned.add(text)
            for spelling in spellings(text):
                self._known.setdefault(spelling[:SHORTEST], set()).add(spelling)
        return Secret(text)

    def scrub(self, text: str) -> str:
        """Return `text` with every known secret blanked."""
        # Again, because blanks and what stands beside them may spell a secret; each round shortens.
        while spans := self._spans(text):
            text = _blanked(text, spans)
        return text

    def scrub_start(self, text: str, length: int) -> str:
        """Return the first `length` characters of a text, or some fewer, scrubbed.

        Of a long text only the start is looked at, and no part of a secret that goes beyond it is
        let stand.
        """
        longest = max((len(each) for some in self._known.values() for each in some), default=0)
        looked_at = text[: length + 2 * longest]
        scrubbed = self.scrub(looked_at)
        if len(looked_at) < len(text):
            scrubbed = scrubbed[: max(0, len(scrubbed) - longest)]
        return scrubbed[:length]

    def _spans(self, text: str) -> list[tuple[int, int]]:
        """Where secrets are, in order: all of them, also those that overlap."""
        if not self._known:
            return []
        starts = range(len(text) - SHORTEST + 1)
        met = ((at, self._known.get(text[at : at + SHORTEST], ())) for at in starts)
        return [
            (at, at + len(known))
            for at, some in met
            for known in some
            if text.startswith(known, at)
        ]

    def scrub_tree(self, value: Any) -> Any:
        """Scrub every string inside a report's representation, in place where it can be."""
        if isinstance(value, str):
            return self.scrub(value)
        if isinstance(value, bytes):
            return self.scrub(value.decode("latin-1")).encode("latin-1")
        if isinstance(value, dict):
            return {self.scrub_tree(key): self.scrub_tree(each) for key, each in value.items()}
        if isinstance(value, tuple) and hasattr(value, "_fields"):
            return type(value)(*(self.scrub_tree(each) for each in value))
        if isinstance(value, (list, tuple, set, frozenset)):
            return type(value)(self.scrub_tree(each) for each in value)
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            for field in dataclasses.fields(value):
                current = getattr(value, field.name)
                object.__setattr__(value, field.name, self.scrub_tree(current))
        return value


def _blanked(text: str, spans: list[tuple[int, int]]) -> str:
    """Put one blank in place of each run of spans that overlap."""
    parts, end = [], 0
    for first, last in spans:
        if first >= end:
            parts += [text[end:first], BLANK]
        end = max(end, last)
    return "".join([*parts, text[end:]])


def scrub_log_records(scrubber: Scrubber) -> Callable[[], None]:
    """Scrub every log record as it is made, for any handler; return what undoes it.

    A filter on one logger or handler would miss the others, so the record factory is the place.
    """
    previous = logging.getLogRecordFactory()

    def factory(*args: Any, **kwargs: Any) -> logging.LogRecord:
        record = previous(*args, **kwargs)
        _scrub_record(record, scrubber)
        return record

    logging.setLogRecordFactory(factory)
    return lambda: logging.setLogRecordFactory(previous)


def _scrub_record(record: logging.LogRecord, scrubber: Scrubber) -> None:
    try:
        text = record.getMessage()
    except Exception:  # a call with arguments that do not fit: logging would print them all
        text = f"{record.msg!s} {record.args!r}"
        record.msg, record.args = text, ()
    clean = scrubber.scrub(text)
    if clean != text:
        record.msg, record.args = clean, ()
    if record.exc_info and record.exc_info[0]:
        told = "".join(traceback.format_exception(*record.exc_info)).rstrip("\n")
        if (clean := scrubber.scrub(told)) != told:
            record.exc_text = clean  # formatters use it instead of the traceback
    if record.stack_info:
        record.stack_info = scrubber.scrub(record.stack_info)
