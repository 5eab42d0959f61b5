from __future__ import annotations

from typing import Any

import pytest

from reference_hub.core import checks
from tests.reference_hub.tools import refusal


def test_known_keys_of_their_types_pass() -> None:
    body = {"name": "other", "admin": True, "groups": ["x"], "roles": [], "auth_state": {}}
    assert checks.check_keys(body, checks.USER_KEYS, "user") == body


@pytest.mark.parametrize(
    "body", [None, [], "x", {"bogus": 1}, {"admin": 1}, {"admin": "true"}, {"name": None}]
)
def test_everything_else_is_refused(body: Any) -> None:
    with refusal(400):
        checks.check_keys(body, checks.USER_KEYS, "user")


def test_true_is_no_integer() -> None:
    checks.check_type("n", 1, int)
    with refusal(400):
        checks.check_type("n", True, int)


def test_optional_keys_may_be_null() -> None:
    assert checks.optional({"a": None}, "a", str) is None
    assert checks.optional({}, "a", str) is None
    with refusal(400):
        checks.optional({"a": 1}, "a", str)


@pytest.mark.parametrize("value", ["abc", [1], {"a": 1}, None])
def test_lists_of_strings_hold_strings(value: Any) -> None:
    with refusal(400):
        checks.strings("names", value)


def test_repeats_are_dropped_in_order() -> None:
    assert checks.without_repeats(["b", "a", "b"]) == ["b", "a"]
