"""The answer check: what is wrong with a newer hub, and what is handed to somebody else."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from requests.structures import CaseInsensitiveDict

from hub_conformance.answer_check import LARGE, AnswerCheck
from hub_conformance.client import Answer, Request
from hub_conformance.embedded import EmbeddedHub
from hub_conformance.hub import Hub
from hub_conformance.secret import Scrubber
from hub_conformance.target import Target

from .forwarder import Asked, Pass, Said, forwarding
from .test_fuzz import Outcome, chosen


@pytest.fixture
def target(admin: Hub) -> Target:
    return admin.target


def told(target: Target, version: str, *bodies: Any) -> list[tuple[str, str, str]]:
    """Id, level and verdict of what some answers to GET / amount to."""
    scrubber = Scrubber()
    check = AnswerCheck(replace(target, version=version), (6, 1), scrubber)
    for body in bodies:
        head = CaseInsensitiveDict({"Content-Type": "application/json"})
        request = Request("GET", f"{target.api}/")
        check.after(Answer(request, 200, head, json.dumps(body).encode(), 0.1, scrubber))
    other = AnswerCheck(replace(target, version=version), (6, 1), scrubber)
    other.add(check.dump())
    return [(each.id, each.level, each.verdict) for each in other.results()]


@pytest.mark.parametrize(
    ("version", "bodies", "expected"),
    [
        ("6.1.1", [{"version": "6.1.1"}], ("MUST", "passed")),
        ("6.1.1", [{"version": "6.1.1", "news": 1}], ("MUST", "failed")),
        ("6.2.0", [{"version": "6.2.0"}], ("MUST", "passed")),
        ("6.2.0", [{"version": "6.2.0", "news": 1}], ("SHOULD", "failed")),
        ("7.0.0", [{"version": 7, "news": 1}], ("MUST", "failed")),
        ("7.0.0", [{"news": 1}], ("MUST", "failed")),
        ("7.0.0", [{"version": "7", "news": 1}, {"version": 7}], ("MUST", "failed")),
        ("7.0.0", [{"version": 7}, {"version": "7", "news": 1}], ("MUST", "failed")),
    ],
)
def test_field_of_a_newer_hub_is_no_failure(
    target: Target, version: str, bodies: list[Any], expected: tuple[str, str]
) -> None:
    assert told(target, version, *bodies) == [("contract/get-api/200", *expected)]


def test_large_answers_are_checked_until_one_is_wrong(target: Target) -> None:
    scrubber = Scrubber()
    check = AnswerCheck(target, (6, 1), scrubber)
    request = Request("GET", f"{target.api}/")
    head = CaseInsensitiveDict({"Content-Type": "application/json"})
    for body in ({"version": "6.1.1"}, {"version": 6}, {"version": "6.1.1"}):
        check.start()
        large = json.dumps(body).encode() + b" " * LARGE
        check.after(Answer(request, 200, head, large, 0.1, scrubber))
    assert "version" in check.current, "the last was checked, though those before it were wrong"
    assert [each.reason for each in check.results()] == [f"{check.current} (met by 3 calls)"]


def renewed(asked: Asked, pass_on: Pass) -> Said:
    """A hub of the future: another version, and one more field of users."""
    said = pass_on(asked)
    if asked.target.rstrip("/") == "/hub/api":
        return replace(said, body=b'{"version": "9.0.0"}')
    if asked.line.startswith("GET /hub/api/users") and said.status == 200:
        return replace(said, body=said.body.replace(b'"admin"', b'"mood": "fine", "admin"'))
    return said


def test_newer_hub_is_warned_of_in_a_run(reference: EmbeddedHub, tmp_path: Path) -> None:
    with forwarding(reference.url.rstrip("/"), renewed) as url:
        found = Outcome(tmp_path, url, reference.token.reveal(), "-m", "fuzz", "-k", "get-user]")
    assert found.of("warned") == {"contract/get-user/200"}
    assert found.run.returncode == 0, found.run.stdout


DESCRIBED = {
    "openapi": "3.1.0",
    "info": {"title": "theirs", "version": "1"},
    "paths": {
        "/info": {
            "get": {
                "responses": {
                    "200": {
                        "description": "yes",
                        "content": {
                            "application/json": {
                                "schema": {"type": "object", "required": ["weather"]}
                            }
                        },
                    }
                }
            }
        },
        "/weather": {"get": {"responses": {"200": {"description": "yes"}}}},
    },
}


def test_run_by_somebodys_own_description(reference: EmbeddedHub, tmp_path: Path) -> None:
    path = tmp_path / "theirs.json"
    path.write_text(json.dumps(DESCRIBED))
    found = Outcome(
        tmp_path,
        reference.url,
        reference.token.reveal(),
        f"--hub-contract={path}",
        *chosen("get-info", "get-weather", "get-users"),
    )
    assert found.of("failed") == {
        "fuzz/get-info/answer-form/200",
        "fuzz/get-weather/documented-status/404",
    }
    assert found.of("vacuous") == {"fuzz/operation[get-weather]"}
    assert found.of("not applicable") == {"fuzz/operation[get-users]"}
    receipt = {"receipt/nothing-else-changed", "receipt/nothing-left"}
    assert found.of("passed") == {"fuzz/operation[get-info]", *receipt}
