"""Secrets, and the one scrubber that keeps them out of everything a person or a file gets to see.

Two lines of defence: `Secret` has no readable repr, so a secret that stays in our own types cannot
be printed by accident; `Scrubber` knows every secret of the run and blanks it in any text, whoever
wrote that text.
"""

from __future__ import annotations

import dataclasses
import hmac
import logging
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

BLANK = "***"
#: Shorter strings are words, not secrets; blanking them would only mangle the report.
SHORTEST = 6


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
            self._value.encode(), other._value.encode()
        )

    def __hash__(self) -> int:
        return hash(self._value)

    def __len__(self) -> int:
        return len(self._value)


class Scrubber:
    """Knows every secret seen in the run and blanks each in any text."""

    def __init__(self) -> None:
        self._known: set[str] = set()

    def learn(self, value: str | Secret) -> Secret:
        """Remember a secret, in the spellings it may turn up in, and return it wrapped."""
        text = value.reveal() if isinstance(value, Secret) else value
        if len(text) >= SHORTEST:
            self._known.update({text, quote(text, safe=""), repr(text)[1:-1]})
        return Secret(text)

    def scrub(self, text: str) -> str:
        """Return `text` with every known secret blanked."""
        for known in sorted(self._known, key=len, reverse=True):
            if known in text:
                text = text.replace(known, BLANK)
        return text

    def scrub_tree(self, value: Any) -> Any:
        """Scrub every string inside a report's representation, in place where it can be."""
        if isinstance(value, str):
            return self.scrub(value)
        if isinstance(value, (list, tuple)):
            return type(value)(self.scrub_tree(each) for each in value)
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            for field in dataclasses.fields(value):
                current = getattr(value, field.name)
                object.__setattr__(value, field.name, self.scrub_tree(current))
        return value


def scrub_log_records(scrubber: Scrubber) -> Callable[[], None]:
    """Scrub every log record as it is made, for any handler; return what undoes it.

    A filter on one logger or handler would miss the others, so the record factory is the place.
    """
    previous = logging.getLogRecordFactory()

    def factory(*args: Any, **kwargs: Any) -> logging.LogRecord:
        record = previous(*args, **kwargs)
        text = record.getMessage()
        clean = scrubber.scrub(text)
        if clean != text:
            record.msg, record.args = clean, ()
        return record

    logging.setLogRecordFactory(factory)
    return lambda: logging.setLogRecordFactory(previous)
