"""A real hub over a bad line: the verdict is that of a good one."""

from __future__ import annotations

from pathlib import Path

import pytest

from ..slow import WAYS, in_front, verdicts
from .hub import RealHub


@pytest.mark.nightly
@pytest.mark.parametrize("way", ["20 ms", "one of a hundred lost"])
def test_whole_run(tmp_path: Path, jupyterhub_61: RealHub, way: str) -> None:
    trouble, chapters = WAYS[way]
    told = {"JUPYTERHUB_API_TOKEN": jupyterhub_61.admin_token}
    with in_front(jupyterhub_61.url, **trouble) as server:
        options = ("--hub-baseline=jupyterhub", "-m", chapters)
        found = verdicts(tmp_path, server.origin, told, *options)
    assert found["passed"] > 1000
    assert not found["untested"]
