from __future__ import annotations

import pytest

from hub_conformance.baseline import Known
from hub_conformance.errors import HubTooSlow, OutOfBounds, SetupFailed
from hub_conformance.rules import Rule, Vacuous
from hub_conformance.verdicts import (
    FAILED,
    NOTHING,
    OK,
    OWN_DEFECT,
    VERDICTS,
    Verdict,
    exit_status,
    judge,
)

MUST = Rule("x/y", "Something holds.")
SHOULD = Rule("x/z", "Something should hold.", level="SHOULD")
LISTED = Known("x/y", "GET /x answers 500")
RACE = Known("x/y", "seen now and then", intermittent=True)
CONFIGURED = Known("x/y", "seen where x is 0", only_with="x = 0")
WRONG = AssertionError("assert 500 == 200")


def test_passed_is_passed_unless_the_baseline_lists_it() -> None:
    assert judge(MUST, "passed") == Verdict("passed")
    assert judge(MUST, "passed", known=LISTED).name == "stale"
    assert "GET /x answers 500" in judge(MUST, "passed", known=LISTED).reason


def test_line_is_stale_only_where_it_was_judged_and_surely_comes_true() -> None:
    assert judge(MUST, "passed", known=LISTED, may_be_stale=False).name == "passed"
    assert judge(MUST, "passed", known=RACE).name == "passed"
    assert judge(MUST, "passed", known=CONFIGURED).name == "passed"


@pytest.mark.parametrize("error", [WRONG, HubTooSlow("GET /x: no answer within 60 s")])
def test_what_does_not_hold_is_failed_and_known_where_listed(error: Exception) -> None:
    assert judge(MUST, "failed", error).name == "failed"
    assert judge(MUST, "failed", error, known=LISTED) == Verdict("known", LISTED.reason)
    assert judge(MUST, "failed", error, known=RACE).name == "known"


def test_should_that_does_not_hold_is_warned_or_with_strict_failed() -> None:
    assert judge(SHOULD, "failed", WRONG).name == "warned"
    assert judge(SHOULD, "failed", WRONG, strict=True).name == "failed"


def test_rule_that_breaks_is_failed_on_a_forbidden_answer_and_else_an_error() -> None:
    broke = KeyError("name")
    found = judge(MUST, "failed", broke, mismatch="get-user 200: name is missing")
    assert found.name == "failed"
    assert found.reason.startswith("get-user 200: name is missing")
    assert judge(MUST, "failed", broke).name == "error"
    assert judge(MUST, "failed", broke, known=LISTED).name == "error"
    assert judge(MUST, "failed", OutOfBounds("not of this run")).name == "error"


def test_value_beyond_all_others_is_the_hubs() -> None:
    beyond = OverflowError("date value out of range")
    assert judge(MUST, "failed", beyond) == Verdict("failed", "date value out of range")


def test_several_errors_at_once_are_judged_each() -> None:
    left = [AssertionError("left behind: user a"), AssertionError("left behind: user b")]
    found = judge(MUST, "failed", ExceptionGroup("errors while tearing down", left))
    assert found == Verdict("failed", "left behind: user a; left behind: user b")
    worse = ExceptionGroup("errors while tearing down", [*left, KeyError("name")])
    assert judge(MUST, "failed", worse) == Verdict("error", "KeyError: 'name'")


def test_missing_prerequisite_is_untested_whatever_the_baseline_says() -> None:
    error = SetupFailed("the hub did not create a user")
    assert judge(MUST, "failed", error, known=LISTED) == Verdict("untested", str(error))


@pytest.mark.parametrize("error", [WRONG, KeyError("name"), Vacuous("0 cases")])
def test_what_fails_for_want_of_a_right_is_untested_and_nothing_else(error: Exception) -> None:
    lacking = "the token has not the scope list:users"
    for known in (None, LISTED):
        found = judge(MUST, "failed", error, lacking=lacking, known=known)
        assert found == Verdict("untested", lacking)
    assert judge(MUST, "passed", lacking=lacking) == Verdict("passed")
    assert judge(MUST, "passed", lacking=lacking, known=LISTED) == Verdict("untested", lacking)
    assert judge(MUST, "failed", error).name != "untested"


@pytest.mark.parametrize("name", ["untested", "not requested", "not applicable"])
def test_skip_says_its_verdict_first(name: str) -> None:
    assert judge(MUST, "skipped", skipped=f"{name}: a reason") == Verdict(name, "a reason")


def test_skip_of_another_kind_is_untested() -> None:
    assert judge(MUST, "skipped", skipped="no idea") == Verdict("untested", "no idea")


@pytest.mark.parametrize(
    ("counts", "status"),
    [
        ({"passed": 3}, OK),
        ({"passed": 3, "known": 1, "warned": 1}, OK),
        ({"known": 1}, OK),
        ({"passed": 3, "not requested": 2, "not applicable": 2}, OK),
        ({"passed": 3, "failed": 1}, FAILED),
        ({"passed": 3, "stale": 1}, FAILED),
        ({"passed": 3, "vacuous": 1}, FAILED),
        ({"passed": 3, "untested": 1}, FAILED),
        ({"passed": 3, "error": 1}, OWN_DEFECT),
        ({"passed": 3, "error": 1, "failed": 1}, FAILED),
        ({"not applicable": 4}, NOTHING),
        ({"not requested": 4}, NOTHING),
        ({}, NOTHING),
    ],
)
def test_exit_status(counts: dict[str, int], status: int) -> None:
    assert counts.keys() <= set(VERDICTS)
    assert exit_status(counts, allow_untested=False, incomplete=False) == status


def test_untested_may_be_allowed_but_an_ended_run_never() -> None:
    counts = {"passed": 3, "untested": 1}
    assert exit_status(counts, allow_untested=True, incomplete=False) == OK
    assert exit_status(counts, allow_untested=True, incomplete=True) == FAILED
    assert exit_status({"untested": 1}, allow_untested=True, incomplete=False) == NOTHING
