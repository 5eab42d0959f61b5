from __future__ import annotations

import pytest

from reference_hub.core.call import Body, Query
from tests.reference_hub.tools import refusal


@pytest.mark.parametrize(
    "raw", [b"{", b" ", b"\xff", b"NaN", b"[Infinity]", b"1e999", b"'x'", b"[" * 100_000]
)
def test_what_is_not_json_is_refused(raw: bytes) -> None:
    with refusal(400):
        Body(raw).json()


def test_json() -> None:
    assert Body(b'{"a": [1.5, null, "\\u00e9"]}').json() == {"a": [1.5, None, "é"]}
    assert Body(b"").json() is None


@pytest.mark.parametrize("raw", [b"", b"null", b"[]", b"0", b'""', b"{}"])
def test_empty_values_count_as_no_object(raw: bytes) -> None:
    assert Body(raw).optional_object() == {}


@pytest.mark.parametrize("raw", [b"[1]", b"5", b'"x"', b"true"])
def test_other_values_are_no_object(raw: bytes) -> None:
    with refusal(400):
        Body(raw).optional_object()
    with refusal(400):
        Body(raw).object()


def test_an_object_may_be_needed() -> None:
    assert Body(b"{}").object() == {}
    with refusal(400):
        Body(b"").object()


def test_the_last_of_several_arguments_counts() -> None:
    query = Query({"a": ["1", " 2 "], "bad": ["\udcff"]})
    assert query.get("a") == "2"
    assert query.get("b") is None
    with refusal(400):
        query.get("bad")
