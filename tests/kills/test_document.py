"""What is kept of a matrix for the next one, and that the committed one is of this tree."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from hub_conformance.kills import fault
from hub_conformance.kills.document import Before, read_before
from hub_conformance.kills.options import OUTPUT

GENERATE = "out of date: `python -m hub_conformance kill-matrix` writes it anew"


def row(name: str, *killed_by: str) -> dict[str, object]:
    return {"name": name, "killed_by": list(killed_by)}


def test_the_next_matrix_starts_with_one_cell_of_each_rule_and_the_first_of_each_fault(
    tmp_path: Path,
) -> None:
    path = tmp_path / "kills.json"
    faults = [
        row("users/a", "users/x[1]", "users/x[2]", "users/y"),
        row("users/b", "users/x[2]", "users/y", "users/z"),
        row("users/c"),
    ]
    path.write_text(json.dumps({"faults": faults, "unseen": ["users/q"]}))
    before = read_before(tmp_path / "absent.json", path)
    assert before.seen_by == {
        "users/a": ["users/x[1]", "users/y"],
        "users/b": ["users/x[2]", "users/z"],
        "users/c": [],
    }
    assert before.unseen == {"users/q"}


def test_without_a_matrix_nothing_is_known(tmp_path: Path) -> None:
    assert read_before(tmp_path / "absent.json") == Before()


# --- the one that is committed


@pytest.fixture(scope="module")
def committed() -> dict[str, Any]:
    path = Path(__file__).parents[2] / OUTPUT.with_suffix(".json")
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def test_the_committed_matrix_has_every_fault(committed: dict[str, Any]) -> None:
    assert committed["complete"]
    known = {row["name"] for row in committed["faults"]}
    assert known == {each.name for each in fault.listed()}, GENERATE


def test_the_committed_matrix_has_every_rule(committed: dict[str, Any]) -> None:
    command = [sys.executable, "-m", "pytest", "--hub-list-rules", "--pyargs", "hub_conformance"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    listed = set(re.findall(r"^(\S+)  (?:MUST|SHOULD)  ", done.stdout, re.MULTILINE))
    assert listed == committed["rules"].keys() | committed["of_older_versions"].keys(), GENERATE


def test_the_committed_matrix_leaves_nothing_unseen(committed: dict[str, Any]) -> None:
    assert committed["survivors"] == []
    assert committed["unseen"] == []
