"""What a run ends with: exit status, baseline, report, as `pytest` processes of their own."""

from __future__ import annotations

import json
import tomllib
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from hub_conformance.embedded import EmbeddedHub
from hub_conformance.report.document import SCHEMA

from .servers import reset, serving

Run = Callable[..., pytest.RunResult]

#: One rule for each way to end. They need no more of a hub than its version.
RULES = '''
    import os, signal
    import pytest
    from hub_conformance import rule
    from hub_conformance.errors import SetupFailed

    @rule("mine/holds")
    def test_holds(hub):
        """The hub is there."""
        assert hub.get("/").status == 200

    @rule("mine/fails")
    def test_fails(hub):
        """The hub is a teapot."""
        assert hub.get("/").status == 418

    @rule("mine/should", level="SHOULD")
    def test_should(hub):
        """The hub should be a teapot."""
        assert hub.get("/").status == 418

    @pytest.mark.parametrize("cell", ["one", "two"])
    @rule("mine/cells")
    def test_cells(hub, cell):
        """One of two holds."""
        assert cell == "one"

    @rule("mine/table")
    def test_table(hub, table):
        """One of three cells holds."""
        status = hub.get("/").status
        for expected in (200, 403, 404):
            wrong = f"GET /: expected {expected}, got {status}"
            table.add(str(expected), "" if status == expected else wrong)
        table.judge()

    @rule("mine/partial")
    def test_partial(hub, table):
        """One of two cells can be tried."""
        hub.get("/")
        table.add("tried")
        table.add("not tried", untried="the hub made no user")
        table.judge()

    @rule("mine/breaks")
    def test_breaks(hub):
        """This rule has a defect of its own."""
        hub.get("/").json["no such key"]

    @rule("mine/untested")
    def test_untested(hub):
        """This needs what is not there."""
        raise SetupFailed("the hub did not create a user")

    @rule("mine/old", until="2.9")
    def test_old(hub):
        """Only old hubs do this."""
        assert False

    @rule("mine/writes")
    def test_writes(alice):
        """This makes a user."""

    @rule("mine/interrupted")
    def test_interrupted(hub):
        """Somebody presses ctrl-C."""
        os.kill(os.getpid(), signal.SIGINT)
'''


@pytest.fixture
def run(pytester: pytest.Pytester, reference: EmbeddedHub, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run some of the rules above against the reference hub: the first argument is for `-k`."""
    monkeypatch.setenv("JUPYTERHUB_API_TOKEN", reference.token.reveal())
    path = pytester.makepyfile(mine=RULES)

    def some(rules: str, *arguments: str) -> pytest.RunResult:
        chosen = [f"--hub-rule=mine/{each}" for each in rules.split()]
        return pytester.runpytest_subprocess(
            "-p", "no:schemathesis", f"--hub-url={reference.url}", str(path), *chosen, *arguments
        )

    return some


def text(result: pytest.RunResult) -> str:
    return "\n".join([*result.outlines, *result.errlines])


def closing(result: pytest.RunResult) -> str:
    return next(line for line in reversed(result.outlines) if " JupyterHub " in line)


@pytest.mark.parametrize(
    ("rules", "options", "status", "verdict"),
    [
        ("holds", [], 0, "partial"),
        ("holds old", [], 0, "partial"),
        ("holds should", [], 0, "partial"),
        ("holds should", ["--hub-strict"], 1, "not conformant"),
        ("holds fails", [], 1, "not conformant"),
        ("holds fails breaks", [], 1, "not conformant"),
        ("holds breaks", [], 3, "a defect of the suite"),
        ("holds untested", [], 1, "incomplete"),
        ("holds untested", ["--hub-allow-untested"], 0, "incomplete"),
        ("holds writes", [], 0, "partial"),
        ("holds writes", ["--hub-read-only"], 1, "incomplete"),
        ("holds", ["--hub-time-limit=0.000001"], 1, "incomplete (--hub-time-limit"),
        ("holds", ["--hub-time-limit=0.000001", "--hub-allow-untested"], 1, "incomplete (--hub"),
        ("old", [], 5, "nothing checked"),
        ("holds interrupted", [], 2, "partial"),
    ],
)
def test_exit_status_and_verdict_of_the_run(
    run: Run, rules: str, options: list[str], status: int, verdict: str
) -> None:
    result = run(rules, *options)
    assert result.ret == status, text(result)
    assert f": {verdict}" in closing(result)


def test_what_pytest_is_told(run: Run) -> None:
    result = run("holds fails should untested old", "-rA")
    result.assert_outcomes(passed=1, failed=1, xfailed=1, skipped=2)
    result.stdout.fnmatch_lines(["SKIPPED*untested: the hub did not create a user"])
    result.stdout.fnmatch_lines(["SKIPPED*not applicable: until 2.9*"])


def baseline(folder: Path, *lines: str, judged: str = '["6.1.1"]') -> str:
    path = folder / "baseline.toml"
    tables = [f"[[known]]\n{line}\nreason = 'A known defect.'" for line in lines]
    path.write_text(f"judged = {judged}\n" + "\n".join(tables))
    return f"--hub-baseline={path}"


def test_listed_rule_that_fails_is_known(run: Run, tmp_path: Path) -> None:
    result = run("holds fails", baseline(tmp_path, "rule = 'mine/fails'"))
    assert result.ret == 0
    result.assert_outcomes(passed=1, xfailed=1)
    assert "known mine/fails: A known defect." in text(result)


def test_listed_rule_that_passes_is_stale(run: Run, tmp_path: Path) -> None:
    result = run("holds", baseline(tmp_path, "rule = 'mine/holds'"))
    assert result.ret == 1
    assert "stale mine/holds" in text(result)
    elsewhere = baseline(tmp_path, "rule = 'mine/holds'", judged='["6.0.0"]')
    assert run("holds", elsewhere).ret == 0
    race = baseline(tmp_path, "rule = 'mine/holds'\nintermittent = true")
    assert run("holds", race).ret == 0


def test_one_cell_is_listed_without_the_others(run: Run, tmp_path: Path) -> None:
    known = baseline(tmp_path, "rule = 'mine/cells'\ncells = ['two']")
    assert run("cells", known).ret == 0
    assert run("cells", baseline(tmp_path, "rule = 'mine/cells'")).ret == 1


def test_baseline_with_an_invented_rule_is_refused(
    pytester: pytest.Pytester, run: Run, reference: EmbeddedHub, tmp_path: Path
) -> None:
    result = pytester.runpytest_subprocess(
        "-p",
        "no:schemathesis",
        f"--hub-url={reference.url}",
        baseline(tmp_path, "rule = 'tokens/invented'"),
    )
    assert result.ret == 4
    assert "unknown rules: ['tokens/invented']" in text(result)


def test_first_baseline_is_written_and_works(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "first.toml"
    assert run("holds fails cells", f"--hub-write-baseline={path}").ret == 1
    known = tomllib.loads(path.read_text())["known"]
    assert {each["rule"] for each in known} == {"mine/fails", "mine/cells"}
    assert run("holds fails cells", f"--hub-baseline={path}").ret == 0


@pytest.mark.parametrize("option", ["--hub-report", "--hub-write-baseline"])
def test_file_that_cannot_be_written_is_found_before_the_run(run: Run, option: str) -> None:
    result = run("holds", f"{option}=/no/such/folder/file")
    assert result.ret == 4
    assert option in text(result)


def report(path: Path) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(path.read_text())
    errors = jsonschema_rs.validator_for(json.loads(SCHEMA.read_text())).iter_errors(data)
    assert [str(each) for each in errors] == []
    return data


@pytest.mark.parametrize("workers", [[], ["-n", "2"]])
def test_report_has_every_rule_and_follows_its_schema(
    run: Run, tmp_path: Path, workers: list[str], reference: EmbeddedHub
) -> None:
    path = tmp_path / "report.json"
    result = run("holds fails should untested old cells", f"--hub-report={path}", *workers)
    assert result.ret == 1
    data = report(path)
    verdicts = {each["id"]: each["verdict"] for each in data["rules"] if "mine" in each["id"]}
    assert verdicts == {
        "mine/holds": "passed",
        "mine/fails": "failed",
        "mine/should": "warned",
        "mine/untested": "untested",
        "mine/old": "not applicable",
        "mine/cells[one]": "passed",
        "mine/cells[two]": "failed",
    }
    failed = next(each for each in data["rules"] if each["id"] == "mine/fails")
    assert failed["exchange"]["status"] == 200
    assert "$HUB_TOKEN" in failed["exchange"]["curl"]
    assert data["exit_status"] == 1
    assert data["verdict"] == "not conformant"
    assert reference.token.reveal() not in path.read_text()


@pytest.mark.parametrize("workers", [[], ["-n", "2"]])
def test_junit_counts_the_cells_that_do_not_hold(
    run: Run, tmp_path: Path, workers: list[str]
) -> None:
    path, rules = tmp_path / "junit.xml", "holds fails should untested old cells table breaks"
    known = baseline(tmp_path, "rule = 'mine/table'")
    run(rules, f"--junitxml={path}", known, *workers)
    told = [
        {each.get("name"): each.get("value") for each in case.iter("property")}
        for case in ET.parse(path).iter("testcase")
    ]
    assert {each["rule"]: (each["verdict"], each["cells_failed"]) for each in told} == {
        "mine/holds": ("passed", "0"),
        "mine/fails": ("failed", "1"),
        "mine/should": ("warned", "1"),
        "mine/untested": ("untested", "0"),
        "mine/old": ("not applicable", "0"),
        "mine/cells[one]": ("passed", "0"),
        "mine/cells[two]": ("failed", "1"),
        "mine/table": ("known", "2"),
        "mine/breaks": ("error", "0"),
    }


def test_failed_cells_are_named(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    result = run("table", f"--hub-report={path}")
    assert "E   2 of 3 cells are wrong:" in text(result)
    assert "E     GET /: expected 404, got 200" in text(result)
    [rule] = [each for each in report(path)["rules"] if each["id"].startswith("mine/")]
    assert rule["cells_failed"] == 2
    assert {name: each["verdict"] for name, each in rule["cells"].items()} == {
        "200": "passed",
        "403": "failed",
        "404": "failed",
    }
    assert report(path)["cells"] == {"passed": 1, "failed": 2}
    assert "cells of tables: 1 passed, 2 failed" in text(result)


def cells(path: Path) -> dict[str, str]:
    """The verdict of each cell of the one rule in a report."""
    [rule] = [each for each in report(path)["rules"] if each["id"].startswith("mine/")]
    return {name: each["verdict"] for name, each in rule["cells"].items()}


@pytest.mark.parametrize(
    ("listed", "status", "verdicts"),
    [
        (["403"], 1, ["passed", "known", "failed"]),
        (["403", "404"], 0, ["passed", "known", "known"]),
        (["200", "403", "404"], 1, ["stale", "known", "known"]),
    ],
)
def test_a_known_cell_hides_no_other(
    run: Run, tmp_path: Path, listed: list[str], status: int, verdicts: list[str]
) -> None:
    path = tmp_path / "report.json"
    known = baseline(tmp_path, f"rule = 'mine/table'\ncells = {listed}")
    result = run("table", known, f"--hub-report={path}")
    assert result.ret == status
    assert list(cells(path).values()) == verdicts
    assert ("E     GET /: expected 404, got 200" in text(result)) == ("failed" in verdicts)
    assert "expected 403" not in text(result)


def test_a_cell_that_could_not_be_tried_is_untested(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    result = run("partial", f"--hub-report={path}")
    assert result.ret == 1
    assert cells(path) == {"tried": "passed", "not tried": "untested"}
    assert "untested, 1 rule: 1 of 2 cells untested: not tried: the hub made no user" in text(
        result
    )


def test_a_first_baseline_lists_cells(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "first.toml"
    assert run("table", f"--hub-write-baseline={path}").ret == 1
    assert run("table", f"--hub-baseline={path}").ret == 0
    assert 'cells = ["403"]' in path.read_text()


def test_report_of_an_interrupted_run_says_so(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    assert run("holds interrupted", f"--hub-report={path}").ret == 2
    data = report(path)
    assert data["interrupted"]
    assert [each["id"] for each in data["rules"] if "mine" in each["id"]] == ["mine/holds"]


def test_declared_capability_is_shown_and_checked(run: Run) -> None:
    result = run("holds", "--hub-expect=named-servers,spawn")
    assert result.ret == 0
    result.stdout.fnmatch_lines(["contract: 6.1; expected: named-servers, spawn; run: *"])
    assert run("holds", "--hub-expect=telepathy").ret == 4


def test_version_out_of_range_is_held_to_the_nearest(run: Run) -> None:
    result = run("holds", "--hub-api-version=9.9")
    assert result.ret == 0
    result.stdout.fnmatch_lines(["contract: 6.1 (by --hub-api-version=9.9)*"])


@pytest.fixture
def silent() -> Iterator[str]:
    """A server that takes connections and never answers."""
    with serving(reset) as server:
        server.reply = server.hang
        yield server.origin


def test_hub_that_never_answers_ends_the_run(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, silent: str
) -> None:
    monkeypatch.setenv("JUPYTERHUB_API_TOKEN", "x" * 20)
    result = pytester.runpytest_subprocess(
        "-p", "no:schemathesis", f"--hub-url={silent}", "--hub-timeout=0.5"
    )
    assert result.ret == 4
    assert "no whole answer within 0.5 s" in text(result)
