"""JSON that every reader takes for the same, and nothing else."""

from __future__ import annotations

import json
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub_conformance.strict_json import loads

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)  # fmt: skip


@given(values, st.booleans())
def test_json_comes_back(value: object, ascii_only: bool) -> None:
    text = json.dumps(value, ensure_ascii=ascii_only)
    assert loads(text) == loads(text.encode()) == value


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "Expecting value"),
        (b"{'a': 1}", "double quotes"),
        (b'{"a": 1}\x00', "Extra data"),
        (b"\xef\xbb\xbf{}", "BOM"),
        ("{}".encode("utf-16"), "can't decode"),
        (b'"\xff"', "can't decode"),
        (b"NaN", "NaN is no JSON"),
        (b"[-Infinity]", "-Infinity is no JSON"),
        (b'[{"a": 1, "a": 1}]', "stands twice"),
        (b'{"a": "\\ud800"}', "surrogate"),
        (b'{"\\uDFFF": 1}', "surrogate"),
        (b"[" * 100_000, "nested too deep"),
        (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "nested too deep"),
        (b"1" + b"0" * (sys.get_int_max_str_digits() + 1), "digits"),
    ],
)
def test_what_others_read_otherwise_is_refused(body: bytes, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        loads(body)


def test_whole_pair_is_a_character() -> None:
    assert loads(b'"\\ud83d\\ude00"') == "\U0001f600"


def test_objects_go_through_the_hook() -> None:
    assert loads(b'[{"a": {"b": 1}}]', lambda found: sorted(found)) == [["a"]]
