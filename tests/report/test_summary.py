"""What a run says about itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub_conformance.report.result import Result, Tally
from hub_conformance.report.summary import SHOWN, Closing, header, last_line, write
from hub_conformance.target import Owner, Target
from hub_conformance.transcript import Transcript
from hub_conformance.verdicts import VERDICTS

TARGET = Target("http://host/", "6.1.1", Owner("user", "ann", admin=True), public="http://host/")


@dataclass
class Paper:
    """Stands for pytest's terminal reporter: keeps the lines."""

    lines: list[str] = field(default_factory=list)
    markup: dict[str, Any] = field(default_factory=dict)

    def section(self, title: str) -> None:
        self.lines.append(f"== {title}")

    def write_line(self, line: str, **markup: Any) -> None:
        self.lines.append(line)
        self.markup = markup


def result(id: str, verdict: str = "passed", reason: str = "", cause: str = "") -> Result:
    return Result(id, "It holds.", "MUST", "2.0 and later", "", verdict, reason, cause=cause)


def tally(*results: Result) -> Tally:
    found = Tally()
    for each in results:
        found.add(each)
    return found


def written(found: Tally, **closing: Any) -> Paper:
    paper = Paper()
    write(paper, found, Closing(TARGET, **closing))
    return paper


# --- the header


def test_header_names_hub_owner_and_run() -> None:
    assert header(TARGET, "6.1", "hubconf-1", ["spawn"]).splitlines() == [
        "hub: http://host/ JupyterHub 6.1.1, token of admin user ann",
        "contract: 6.1; expected: spawn; run: hubconf-1",
    ]


def test_header_at_an_internal_address() -> None:
    target = Target("http://host/", "7.0.0", Owner("service", "s", admin=False))
    assert header(target, "6.1, the nearest", "r", []).splitlines() == [
        "hub: http://host/ JupyterHub 7.0.0, token of service s",
        "contract: 6.1, the nearest; expected: nothing declared; run: r",
        "internal address: servers cannot be reached without --hub-public-url",
    ]


def test_header_cannot_steer_the_terminal() -> None:
    owner = Owner("user", "\x1b[2Jann\nfake", admin=False)
    text = header(Target("http://host/", "6.1", owner, public="x"), "6.1", "r", [])
    assert r"token of user \x1b[2Jann\nfake" in text


# --- table and reasons


def test_nothing_is_said_of_no_rules() -> None:
    assert written(tally()).lines == []


def test_table_counts_by_chapter() -> None:
    found = tally(result("users/a"), result("users/b", "failed", "no"), result("groups/a"))
    lines = [line.split() for line in written(found).lines]
    assert lines[:4] == [
        ["==", "conformance"],
        ["passed", "failed"],
        ["users", "1", "1"],
        ["groups", "1", "-"],
    ]


def test_rule_counts_once_and_the_worse_stays() -> None:
    found = tally(result("a/b"), result("a/b", "error", "teardown"), result("a/b"))
    assert found.counts == {"error": 1}
    found = tally(result("a/b", "failed", "call"), result("a/b", "error", "teardown"))
    assert found.counts == {"failed": 1}


def test_failures_are_grouped_by_cause_largest_first() -> None:
    found = tally(
        result("a/1", "failed", "one", "GET /users"),
        *(result(f"b/{n}", "failed", "two", "POST /users") for n in range(SHOWN + 3)),
        result("c/1", "stale", "it passed", "GET /users"),
        result("d/1", "error", "TypeError"),
    )
    lines = written(found).lines
    start = lines.index(f"POST /users: {SHOWN + 3} rules")
    assert lines[start + 1] == "  failed b/0: two"
    assert lines[start + SHOWN + 1 : start + SHOWN + 4] == [
        "  and 3 more",
        "GET /users: 1 rule",
        "  failed a/1: one",
    ]
    assert "stale lines of the baseline: 1 rule" in lines
    assert "no answer: 1 rule" in lines


def test_reasons_of_what_was_not_checked_are_counted() -> None:
    mine = "hubconf-20260102t030405z-ab12-user"
    found = tally(
        *(result(f"a/{n}", "untested", f"no server for {mine}{n}") for n in range(3)),
        result("a/x", "not applicable", "since 6.0"),
        result("a/y", "not requested", "--hub-public-url"),
    )
    lines = written(found).lines
    assert "untested, 3 rules: no server for …" in lines
    assert "not applicable, 1 rule: since 6.0" in lines
    assert "not requested, 1 rule: --hub-public-url" in lines


def test_many_reasons_are_summed_up() -> None:
    letters = "abcdefghijklmnop"
    found = tally(*(result(f"a/{each}", "untested", f"because {each}") for each in letters))
    assert f"untested, {len(letters) - SHOWN} rules: for other reasons" in written(found).lines


def test_reasons_are_one_printable_line() -> None:
    found = tally(result("a/b", "failed", "\x1b[2J first\n second " + "x" * 500))
    [line] = [each for each in written(found).lines if "failed a/b" in each]
    assert line.startswith(r"  failed a/b: \x1b[2J first second xxx")
    assert line.endswith("…")
    assert len(line) < 200


def test_known_and_warned_are_named() -> None:
    found = tally(result("a/k", "known", "a defect"), result("a/w", "warned", "should"))
    lines = written(found).lines
    assert "known a/k: a defect" in lines
    assert "warned a/w: should" in lines


def test_time_of_the_hub_and_our_own() -> None:
    transcript = Transcript()
    transcript.add({"requests": 12, "seconds": 1.5})
    found = tally(result("a/b"))
    line = "12 requests, 1.5 s waiting for the hub, 2.5 s the suite's own"
    assert line in written(found, transcript=transcript, seconds=4.0).lines


# --- the last line


@pytest.mark.parametrize(
    ("verdicts", "closing", "said"),
    [
        (["passed"], {}, "conformant; 1 passed"),
        (["passed", "not applicable", "not requested"], {}, "conformant; 1 passed, "),
        (["passed", "known", "warned"], {}, "conformant; 1 passed, 1 warned, 1 known"),
        (["passed"], {"partial": True}, "partial; 1 passed"),
        (["passed", "failed"], {"partial": True}, "not conformant; 1 passed, 1 failed"),
        (["passed", "stale"], {}, "not conformant; "),
        (["passed", "vacuous"], {}, "not conformant; "),
        (["passed", "error"], {}, "a defect of the suite; "),
        (["failed", "error"], {}, "not conformant; "),
        (["passed", "untested"], {}, "incomplete; "),
        (["passed"], {"incomplete": "interrupted"}, "incomplete (interrupted); 1 passed"),
        (["failed"], {"incomplete": "interrupted"}, "not conformant; "),
        (["not applicable"], {}, "nothing checked; "),
        (["not requested"], {}, "nothing checked; "),
        (["passed"], {"absent": ("spawn",)}, "conformant; 1 passed, not on this hub: spawn"),
    ],
)
def test_verdict_of_the_run(verdicts: list[str], closing: dict[str, Any], said: str) -> None:
    found = tally(*(result(f"a/{n}", each) for n, each in enumerate(verdicts)))
    line = last_line(found, Closing(TARGET, **closing))
    assert line.startswith(f"http://host/ JupyterHub 6.1.1: {said}")
    paper = written(found, **closing)
    assert paper.lines[-1] == line
    green = not {"failed", "stale", "vacuous", "error", "untested"} & set(verdicts)
    assert paper.markup["green"] == (green and "incomplete" not in closing)


@settings(max_examples=40)
@given(st.lists(st.sampled_from(VERDICTS), min_size=1, max_size=8), st.booleans())
def test_conformant_only_when_nothing_is_wrong(verdicts: list[str], partial: bool) -> None:
    found = tally(*(result(f"a/{n}", each) for n, each in enumerate(verdicts)))
    line = last_line(found, Closing(TARGET, partial=partial))
    wrong = {"failed", "stale", "vacuous", "error", "untested"} & set(verdicts)
    checked = {"passed", "known", "warned"} & set(verdicts)
    is_green = ": conformant; " in line or ": partial; " in line
    assert is_green == (not wrong and bool(checked))
    for each in set(verdicts):
        assert f"{verdicts.count(each)} {each}" in line
