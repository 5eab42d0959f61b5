"""What is kept of a matrix for the next one."""

from __future__ import annotations

import json
from pathlib import Path

from hub_conformance.kills.document import Before, read_before


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
