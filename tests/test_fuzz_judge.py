"""How a generated request is sorted: to be carried out, to be refused, or either."""

from __future__ import annotations

from typing import Any

import pytest

from hub_conformance.contract.description import ours
from hub_conformance.suite._fuzz_cases import ABSENT, Case, Generator
from hub_conformance.suite._fuzz_domain import domain_of
from hub_conformance.suite._fuzz_judge import EITHER, INVALID, VALID, Judge
from hub_conformance.suite._fuzz_names import CALLED

DESCRIPTION = ours((6, 1))


def kind(operation: str, body: Any = ABSENT, **query: Any) -> str:
    judge = Judge(DESCRIPTION.operations[operation], domain_of(operation))
    return judge.kind(Case(query=query, body=body), body)


@pytest.mark.parametrize(
    ("operation", "body", "expected"),
    [
        ("post-users", {"usernames": ["$new:a"]}, VALID),
        ("post-users", {"usernames": ["$new:a"], "admin": True}, VALID),
        ("post-users", {"usernames": ["somebody"]}, EITHER),
        ("post-users", {"usernames": []}, INVALID),
        ("post-users", {"usernames": ["$new:a"], "admin": "true"}, INVALID),
        ("post-users", {"usernames": ["$new:a"], "admin": None}, EITHER),
        ("post-users", None, INVALID),
        ("post-users", ABSENT, INVALID),
        ("post-user", ABSENT, VALID),
        ("post-user", None, EITHER),
        ("post-user", [], EITHER),
        ("post-user", [1], INVALID),
        ("post-user", {"roles": [0]}, EITHER),
        ("post-user", {"nickname": "x"}, INVALID),
        ("post-user-tokens", {"expires_in": 60}, VALID),
        ("post-user-tokens", {"expires_in": 60.0}, EITHER),
        ("post-user-tokens", {"expires_in": 10**15}, EITHER),
        ("post-user-tokens", {"expires_in": 0}, INVALID),
        ("delete-user-server", {"remove": True}, EITHER),
        ("delete-user-server", {"remove": False}, VALID),
        ("post-share-code", {"expires_in": 31536000}, VALID),
        ("post-share-code", {"expires_in": 31536001}, INVALID),
        ("put-group-properties", {"a": 1}, VALID),
        ("put-group-properties", [], INVALID),
    ],
)
def test_kind_of_a_body(operation: str, body: Any, expected: str) -> None:
    assert kind(operation, body) == expected


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, VALID),
        ({"limit": "3", "offset": "0", "state": "ready", "name_filter": "12"}, VALID),
        ({"include_stopped_servers": "true"}, VALID),
        ({"include_stopped_servers": "maybe"}, EITHER),
        ({"limit": "0"}, EITHER),
        ({"limit": "three"}, INVALID),
        ({"offset": "1.5"}, INVALID),
        ({"offset": ""}, EITHER),
        ({"offset": ["1", "2"]}, EITHER),
        ({"offset": "9" * 25}, EITHER),
        ({"state": "asleep"}, INVALID),
        ({"colour": "red"}, EITHER),
    ],
)
def test_kind_of_a_query(query: dict[str, Any], expected: str) -> None:
    assert kind("get-users", **query) == expected


def test_broken_json_is_invalid() -> None:
    judge = Judge(DESCRIPTION.operations["post-groups"], domain_of("post-groups"))
    assert judge.kind(Case(raw=b"{"), ABSENT) == INVALID


def test_every_domain_has_valid_requests_and_invalid_ones() -> None:
    """Half of what is generated must not be beside the point."""
    generator = Generator(DESCRIPTION, 10)
    for operation in CALLED:
        asked = DESCRIPTION.operations[operation]
        if asked.body is None or operation in ("patch-proxy", "post-shutdown"):
            continue
        kinds = [kind(operation, each.body) for each in generator.cases(operation) if not each.raw]
        assert VALID in kinds, operation
        assert INVALID in kinds, operation
