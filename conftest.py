"""What every test of this repository shares: the tests that only a nightly run takes."""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--nightly`; without it, tests marked `nightly` are left out."""
    parser.addoption("--nightly", action="store_true", help="run the long tests too")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the long tests, visibly: they are deselected, not skipped."""
    if config.getoption("nightly", default=False):
        return
    left = [item for item in items if item.get_closest_marker("nightly")]
    if left:
        config.hook.pytest_deselected(items=left)
        items[:] = [item for item in items if not item.get_closest_marker("nightly")]
