"""Rules do not lean on those before them: the suite holds in another order, too."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

PYTEST = (sys.executable, "-m", "pytest", "-q", "--pyargs", "hub_conformance")
#: Loaded into a run: turns the order round, or draws one in which files stay together.
PLUGIN = """
    import os, random, pytest

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(items):
        if os.environ["ORDER"] == "reversed":
            items.reverse()
            return
        draw = random.Random(os.environ["ORDER"])
        by_file = {}
        for item in items:
            by_file.setdefault(item.path, []).append(item)
        files = list(by_file.values())
        draw.shuffle(files)
        for each in files:
            draw.shuffle(each)
        items[:] = [item for each in files for item in each]
"""


@pytest.mark.nightly
@pytest.mark.parametrize("order", ["reversed", "1", "2"])
def test_all_is_green_in_any_order(order: str, tmp_path: Path) -> None:
    lines = PLUGIN.strip("\n").splitlines()
    (tmp_path / "reordering.py").write_text("\n".join(line[4:] for line in lines))
    done = subprocess.run(
        [*PYTEST, "--hub-max-users=100", "-p", "reordering"],
        cwd=tmp_path,
        env={**os.environ, "ORDER": order, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-20_000:]
