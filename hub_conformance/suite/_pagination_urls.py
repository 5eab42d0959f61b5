"""What the URL of a next page has to be: of this hub and list, asking for the same again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from ..hub import Hub
from ..urls import origin_of, parts_of


def query_of(url: str) -> list[tuple[str, str]]:
    """Return the decoded query parameters of a URL, empty ones too, in order."""
    return parse_qsl(parts_of(url).query, keep_blank_values=True)


def kept(url: str) -> list[tuple[str, str]]:
    """The query parameters of a URL beside offset and limit, in order of their keys.

    The order among different keys means nothing; that of one key's values does.
    """
    found = [each for each in query_of(url) if each[0] not in ("offset", "limit")]
    return sorted(found, key=lambda each: each[0])


def as_pairs(params: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Query parameters as pairs, in order of their keys; None is none."""
    return [
        (key, str(value))
        for key in sorted(params)
        for value in (params[key] if isinstance(params[key], list) else [params[key]])
        if value is not None
    ]


def check_next_url(hub: Hub, path: str, url: str, asked: list[tuple[str, str]]) -> None:
    """Assert that a URL is absolute, of the list at this path, and asks the same but its window.

    Parameters without a value are left aside: hubs before 4.1 lose them.
    """
    target = hub.target
    parts = parts_of(url)
    assert origin_of(url) == target.origin, f"{url} is not on {target.origin}"
    assert parts.path == target.api + path, f"{url} is not on {target.api}"
    assert not parts.fragment, url
    wanted = [(key, value) for key, value in asked if value and key not in ("offset", "limit")]
    assert [each for each in kept(url) if each[1]] == wanted, f"{url}, asked with {wanted}"
