"""What every test of this repository shares: the tests that only a run that asks for them takes."""

from __future__ import annotations

import pytest

#: Markers, each with an option of its name.
ON_REQUEST = {
    "nightly": "run the long tests too",
    "browser": "run the tests in a real Chromium too (`.ci/chromium` installs one)",
}


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add an option for each marker; without it, tests that bear the marker are left out."""
    for name, what in ON_REQUEST.items():
        parser.addoption(f"--{name}", action="store_true", help=what)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what was not asked for, visibly: it is deselected, not skipped."""
    others = [name for name in ON_REQUEST if not config.getoption(name, default=False)]
    left = [item for item in items if any(map(item.get_closest_marker, others))]
    if left:
        config.hook.pytest_deselected(items=left)
        items[:] = [item for item in items if item not in set(left)]
