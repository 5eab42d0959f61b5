"""Fixtures for the tests of API clients: a hub that is as good as new for each test.

Put ``pytest_plugins = ["reference_hub.pytest"]`` into the topmost ``conftest.py``. The fixture
:func:`reference_hub` is then a :class:`RunningHub`, on 127.0.0.1; :func:`more_reference_hubs` makes
others, and :func:`reference_hub_in_process` is an :class:`InProcessHub`, which needs no socket.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from .core.settings import Settings
from .running import InProcessHub, RunningHub

__all__ = [
    "InProcessHub",
    "RunningHub",
    "more_reference_hubs",
    "reference_hub",
    "reference_hub_in_process",
    "reference_hub_server",
]


@pytest.fixture(scope="session")
def reference_hub_server() -> Iterator[RunningHub]:
    """One hub for the whole run, in a thread of its own; tests take `reference_hub`."""
    with RunningHub() as hub:
        yield hub


@pytest.fixture
def reference_hub(reference_hub_server: RunningHub) -> Iterator[RunningHub]:
    """A hub that knows its user ``admin`` and nothing else; its clock goes right."""
    reference_hub_server.reset()
    yield reference_hub_server
    reference_hub_server.mend()  # else its faults would be in other hubs of the next test


@pytest.fixture
def more_reference_hubs() -> Iterator[Callable[..., RunningHub]]:
    """Makes hubs beside `reference_hub`, each with settings of its own; they end with the test."""
    with ExitStack() as running:
        yield lambda **settings: running.enter_context(RunningHub(Settings(**settings)))


@pytest.fixture
def reference_hub_in_process() -> Iterator[InProcessHub]:
    """A hub without a socket: its `app` is for the ASGI transport of a client."""
    hub = InProcessHub()
    yield hub
    hub.mend()
