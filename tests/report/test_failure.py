"""A failure explains itself: rule, clause, what did not hold, the exchange, the way back to it."""

from __future__ import annotations

import io
from typing import Any

import pytest
from _pytest._io import TerminalWriter

from hub_conformance.errors import HubTooSlow
from hub_conformance.report.failure import Explanation, explain, said_by
from hub_conformance.report.result import Result

EXCHANGE: dict[str, Any] = {
    "method": "POST",
    "url": "http://host/hub/api/users/x",
    "request_headers": {"Content-Type": "application/json"},
    "request_body": '{"a":\n1}',
    "status": 500,
    "headers": {"Content-Type": "text/html"},
    "body": "<h1>\nOh",
    "curl": "curl -gi -X POST http://host/hub/api/users/x",
}


def result(**fields: Any) -> Result:
    usual = {
        "id": "users/create[x]",
        "statement": "A user is created.",
        "level": "MUST",
        "versions": "2.0 and later",
        "link": "https://docs/rest.html",
        "verdict": "failed",
        "exchange": EXCHANGE,
    }
    return Result(**{**usual, **fields})


def test_everything_needed_to_understand_it() -> None:
    told = explain(result(), "expected 201\n  got 500", ["<200 to GET />"], "http://host/")
    assert told.text.splitlines() == [
        "users/create[x] (MUST, 2.0 and later)",
        "  A user is created.",
        "  see https://docs/rest.html",
        "",
        "E   expected 201",
        "E     got 500",
        "",
        "before: <200 to GET />",
        "the last exchange:",
        "  > POST http://host/hub/api/users/x",
        "  > Content-Type: application/json",
        '  > {"a":',
        "  > 1}",
        "  < 500",
        "  < Content-Type: text/html",
        "  < <h1>",
        "  < Oh",
        "",
        "send it again:",
        "  curl -gi -X POST http://host/hub/api/users/x",
        "run this rule again:",
        "  pytest --hub-url=http://host/ --hub-rule='users/create'",
    ]
    assert told.reprcrash.message == "users/create[x]: expected 201"
    assert str(told) == told.text


def test_rule_that_got_no_answer() -> None:
    told = explain(result(exchange=None), "too slow", [], "http://host/")
    assert "no request was answered" in told.text
    assert "send it again" not in told.text


@pytest.mark.parametrize("said", ["", "one"])
def test_summary_says_something(said: str) -> None:
    told = explain(result(), said, [], "http://host/")
    assert told.reprcrash.message == f"users/create[x]: {said or 'failed'}"


def printed(told: Explanation) -> str:
    file = io.StringIO()
    told.toterminal(TerminalWriter(file))
    return file.getvalue()


def test_answer_cannot_steer_the_terminal() -> None:
    body = "\x1b[2J\x07 säge \u202e\r\n\x9b31m"
    told = explain(result(exchange={**EXCHANGE, "body": body}), "\x1b[31m", [], "http://host/")
    shown = printed(told)
    assert all(each.isprintable() or each == "\n" for each in shown)
    assert r"  < \x1b[2J\x07 säge \u202e" in shown
    assert r"E   \x1b[31m" in shown


# --- the words of an exception


def raised(error: BaseException) -> BaseException:
    with pytest.raises(type(error)) as caught:
        raise error
    return caught.value


def test_assertion_speaks_for_itself() -> None:
    assert said_by(raised(AssertionError("expected 1\ngot 2")), "x") == "expected 1\ngot 2"
    assert said_by(raised(AssertionError()), "x") == "the assertion does not hold"
    assert said_by(None, "skipped") == "skipped"


def test_other_exceptions_are_named_with_their_place() -> None:
    said = said_by(raised(HubTooSlow("GET /x: no answer")), "x")
    assert said.startswith("HubTooSlow: GET /x: no answer (test_failure.py:")
    assert said.endswith(" in raised)")
    assert said_by(KeyError("name"), "x") == "KeyError: 'name'"


def test_answer_that_a_rule_broke_on_comes_first() -> None:
    reason = "get-user 200: expected a field \"name\" (KeyError: 'name')"
    said = said_by(KeyError("name"), reason)
    assert said == "get-user 200: expected a field \"name\"\nKeyError: 'name'"


def test_notes_are_told() -> None:
    error = AssertionError("no")
    error.add_note("drawn: offset=3")
    assert said_by(error, "x") == "no\ndrawn: offset=3"
