"""Real hubs that tests share. A test leaves them as it found them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .hub import RealHub


@pytest.fixture(scope="session")
def jupyterhub_61() -> Iterator[RealHub]:
    """JupyterHub 6.1 whose pages hold 5 items by default and 8 at most."""
    with RealHub("6.1") as hub:
        yield hub


@pytest.fixture(scope="session")
def jupyterhub_61_defaults() -> Iterator[RealHub]:
    """JupyterHub 6.1 as it comes.

    Its pages hold 50 items by default and 200 at most, and its servers tell their version to
    anybody, as Jupyter Server does.
    """
    with RealHub("6.1", page_default_limit=None, page_max_limit=None, open_version=True) as hub:
        yield hub
