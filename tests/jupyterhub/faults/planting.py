"""How a fault is planted in a real hub: a method that deviates while the fault is switched on.

This module and those that use it run inside the hub; a file named `faults` in the hub's directory
holds the names of the faults that are on, so that one hub serves all of them, one after another.
"""

from __future__ import annotations

import functools
import inspect
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

#: The file with the names of the faults that are on, one a line; set once, by `plant`.
switches: list[Path] = []
planted: set[str] = set()


def is_on(name: str) -> bool:
    """Whether the fault is switched on just now."""
    try:
        return any(name in file.read_text().split() for file in switches)
    except OSError:  # no file: no fault
        return False


def instead(name: str, owner: Any, attribute: str) -> Callable[[Callable[..., Any]], Any]:
    """Plant a fault: while it is on, `deviation(original, …)` answers for `owner.attribute`."""

    def plant(deviation: Callable[..., Any]) -> Callable[..., Any]:
        static = inspect.getattr_static(owner, attribute)
        original = static.__func__ if isinstance(static, classmethod) else static

        @functools.wraps(original)
        def either(*args: Any, **kwargs: Any) -> Any:
            if is_on(name):
                return deviation(original, *args, **kwargs)
            return original(*args, **kwargs)

        setattr(owner, attribute, classmethod(either) if static is not original else either)
        planted.add(name)
        return deviation

    return plant


def unguarded(original: Callable[..., Any]) -> Callable[..., Any]:
    """The method below the check of its scopes."""
    method: Callable[..., Any] = inspect.unwrap(original)
    return method


def also_with(scope: str) -> Callable[..., Any]:
    """A deviation that opens a method to whoever has this scope, for whatever objects."""

    def deviation(original: Callable[..., Any], handler: Any, *args: Any, **kwargs: Any) -> Any:
        held = handler.current_user is not None and scope in handler.parsed_scopes
        return (unguarded(original) if held else original)(handler, *args, **kwargs)

    return deviation


@contextmanager
def body_of(handler: Any, change: Callable[[Any], Any]) -> Iterator[None]:
    """What the handler reads as the request's body, changed."""
    read = type(handler).get_json_body
    handler.get_json_body = lambda: change(read(handler))
    try:
        yield
    finally:
        del handler.get_json_body


def edited(text: Any, change: Callable[[Any], Any]) -> str:
    """A JSON answer, changed."""
    data = json.loads(text) if isinstance(text, str | bytes) else text
    change(data)
    return json.dumps(data)
