from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference_hub.core import pagination
from reference_hub.core.pagination import MEDIA_TYPE, Window
from reference_hub.core.settings import Settings
from tests.reference_hub.tools import Ask, refusal

SETTINGS = Settings(api_page_default_limit=5, api_page_max_limit=8)


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        (MEDIA_TYPE, True),
        (f"text/html, {MEDIA_TYPE.upper()}", True),
        (f"{MEDIA_TYPE};q=0.5", False),
        ("application/json", False),
        ("*/*", False),
        ("", False),
    ],
)
def test_pages_are_asked_for_by_name(accept: str, expected: bool) -> None:
    assert pagination.is_wanted(accept) is expected


@pytest.mark.parametrize(
    ("asked", "given"), [(1, 1), (8, 8), (9, 8), (0, 1), (-3, 3), (-99, 8), (10**30, 8)]
)
def test_limits_are_brought_into_range(asked: int, given: int) -> None:
    assert pagination.clamp_limit(SETTINGS, asked) == given


def test_the_default_limit_is_for_those_who_want_pages() -> None:
    assert pagination.default_limit(SETTINGS, True) == 5
    assert pagination.default_limit(SETTINGS, False) == 8


@pytest.mark.parametrize(
    "query", ["limit=x", "limit=", "limit=1.5", "offset=x", "offset=", f"limit={'9' * 5000}"]
)
def test_what_is_no_integer_is_refused(ask: Ask, query: str) -> None:
    with refusal(400):
        pagination.window(ask.call(query=query))


@pytest.mark.parametrize(
    ("query", "window"),
    [
        ("", Window(0, 200)),
        ("offset=-3&limit=-2", Window(3, 2)),
        ("limit=1&limit=%202", Window(0, 2)),
        (f"offset={10**30}", Window(10**30, 200)),
    ],
)
def test_windows(ask: Ask, query: str, window: Window) -> None:
    assert pagination.window(ask.call(query=query)) == window


def test_windows_far_beyond_the_end_are_empty() -> None:
    assert Window(10**30, 5).cut(range(10)) == []


def test_the_next_url_keeps_every_other_argument() -> None:
    url = pagination.next_url("http://h/api/users?x=1&offset=0&x=2&e=&n=%C3%A9", Window(0, 5))
    assert url == "http://h/api/users?x=1&x=2&offset=5&e=&n=%C3%A9&limit=5"


def test_without_the_header_the_list_is_bare(ask: Ask) -> None:
    assert pagination.present(ask.call(), Window(0, 2), [1, 2], 9) == [1, 2]


@given(total=st.integers(0, 40), limits=st.lists(st.integers(1, 8), min_size=1))
def test_walking_next_visits_each_item_once(total: int, limits: list[int]) -> None:
    items = list(range(total))
    seen: list[int] = []
    page: Any = {"offset": 0}
    for step in range(total + 1):
        window = Window(page["offset"], limits[step % len(limits)])
        seen += window.cut(items)
        page = pagination.next_page("http://h/api/users", window, total)
        if page is None:
            break
    assert seen == items
    assert page is None
