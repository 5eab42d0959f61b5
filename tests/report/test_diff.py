from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hub_conformance.__main__ import main
from hub_conformance.report.document import SCHEMA_VERSION


def report(path: Path, /, verdicts: dict[str, str], *, partial: bool = False) -> str:
    rules = [
        {"id": f"x/{name}", "verdict": verdict.replace("_", " "), "reason": "why"}
        for name, verdict in verdicts.items()
    ]
    data: dict[str, Any] = {"schema_version": SCHEMA_VERSION, "partial": partial, "rules": rules}
    path.write_text(json.dumps(data))
    return str(path)


@pytest.mark.parametrize(
    ("old", "new", "status"),
    [
        ({"a": "passed"}, {"a": "passed"}, 0),
        ({"a": "passed"}, {"a": "failed"}, 1),
        ({"a": "known"}, {"a": "stale"}, 1),
        ({"a": "failed"}, {"a": "passed"}, 0),
        ({"a": "failed"}, {"a": "failed"}, 0),
        ({"a": "passed"}, {"a": "untested"}, 1),
        ({"a": "not_requested"}, {"a": "untested"}, 0),
        ({"a": "passed"}, {}, 1),
        ({}, {"a": "passed"}, 0),
        ({}, {"a": "failed"}, 1),
    ],
)
def test_only_what_has_become_worse_is_a_regression(
    tmp_path: Path, old: dict[str, str], new: dict[str, str], status: int
) -> None:
    first, second = report(tmp_path / "old", old), report(tmp_path / "new", new)
    assert main(["diff", first, second]) == status


def test_changes_are_named_regressions_first(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = report(tmp_path / "old", {"a": "failed", "b": "passed"})
    assert main(["diff", first, report(tmp_path / "new", {"a": "passed", "b": "failed"})]) == 1
    assert capsys.readouterr().out.splitlines() == [
        "regression: x/b: passed -> failed (why)",
        "change: x/a: failed -> passed (why)",
        "1 regressions, 1 other changes",
    ]


def test_partial_run_is_compared_in_what_it_ran(tmp_path: Path) -> None:
    whole = report(tmp_path / "old", {"a": "passed", "b": "passed"})
    assert main(["diff", whole, report(tmp_path / "new", {"a": "passed"}, partial=True)]) == 0


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"schema_version": 99}'])
def test_what_is_no_report_is_bad_input(
    tmp_path: Path, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "bad"
    path.write_text(text)
    assert main(["diff", str(path), str(path)]) == 4
    assert str(path) in capsys.readouterr().err


def test_missing_report_is_bad_input(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diff", str(tmp_path / "no"), str(tmp_path / "no")]) == 4
    assert "cannot be read" in capsys.readouterr().err


def test_cells_are_compared_where_both_reports_have_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    paths = []
    for number, verdict in enumerate(("passed", "failed")):
        cells = {"read:users": {"verdict": verdict, "reason": ""}}
        rule = {"id": "x/a[b]", "verdict": "failed", "reason": "", "cells": cells}
        data = {"schema_version": SCHEMA_VERSION, "partial": False, "cells": {}, "rules": [rule]}
        paths.append(str(tmp_path / str(number)))
        Path(paths[-1]).write_text(json.dumps(data))
    assert main(["diff", *paths]) == 1
    assert "x/a[b/read:users]: passed -> failed" in capsys.readouterr().out
