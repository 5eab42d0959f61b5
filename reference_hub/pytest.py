"""Fixtures for the tests of API clients: a hub on 127.0.0.1, as good as new for each test.

Put ``pytest_plugins = ["reference_hub.pytest"]`` into the topmost ``conftest.py``. The fixture
:func:`reference_hub` is then a :class:`RunningHub`.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .running import RunningHub

__all__ = ["RunningHub", "reference_hub", "reference_hub_server"]


@pytest.fixture(scope="session")
def reference_hub_server() -> Iterator[RunningHub]:
    """One hub for the whole run, in a thread of its own; tests take `reference_hub`."""
    with RunningHub() as hub:
        yield hub


@pytest.fixture
def reference_hub(reference_hub_server: RunningHub) -> RunningHub:
    """A hub that knows its user ``admin`` and nothing else; its clock goes right."""
    reference_hub_server.reset()
    return reference_hub_server
