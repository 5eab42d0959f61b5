"""`python -m hub_conformance kill-matrix`, as people run it, on a few faults and one chapter."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

COMMAND = [sys.executable, "-m", "hub_conformance", "kill-matrix"]


def run(*options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *options], capture_output=True, text=True, timeout=600, check=False
    )


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("matrix") / "kills"
    named = [
        "--fault=users/rename-loses-groups",
        "--fault=users/rename-ignored",
        "--fault=errors/version-missing",
        "--fault=oauth/code-twice",
    ]
    done = run("--chapter=users", f"--output={path}", "--jobs=2", *named)
    assert done.returncode == 1, done.stderr  # one of the faults is none of the chapter's
    assert "3 of 4 faults killed" in done.stdout
    return path


@pytest.fixture(scope="module")
def report(written: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(written.with_suffix(".json").read_text())
    return found


def test_a_fault_is_killed_by_the_rules_about_it(report: dict[str, Any]) -> None:
    rows = {row["name"]: row for row in report["faults"]}
    assert "users/rename-keeps-groups" in rows["users/rename-loses-groups"]["killed_by"]
    assert any("rename" in id for id in rows["users/rename-ignored"]["killed_by"])


def test_a_fault_that_ends_the_run_in_its_pre_flight_is_killed_by_that(
    report: dict[str, Any],
) -> None:
    row = next(row for row in report["faults"] if row["name"] == "errors/version-missing")
    assert row["refused"]
    assert "version" in row["first"]


def test_what_nothing_saw_is_named(report: dict[str, Any], written: Path) -> None:
    assert report["survivors"] == ["oauth/code-twice"]
    assert report["unseen"]
    page = written.with_suffix(".md").read_text()
    assert "## Faults that no rule saw\n\n- `oauth/code-twice`\n" in page
    assert "| `users/rename-loses-groups` | subtle | A rename loses the groups. |" in page


def test_an_unknown_fault_is_refused() -> None:
    done = run("--fault=users/no-such-fault")
    assert done.returncode == 4
    assert "there is no fault users/no-such-fault" in done.stderr


def test_a_part_that_is_none_is_refused() -> None:
    done = run("--part=8/7")
    assert done.returncode == 2
    assert "'8/7' is no part" in done.stderr


def test_the_suite_does_not_import_the_hub() -> None:
    code = "import sys, hub_conformance.kills.command; print('reference_hub' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.strip() == "False"
