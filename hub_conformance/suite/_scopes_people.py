"""Users and groups whose names begin alike, for rules about filters and lists."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from ..hub import Hub, Page
from ..stage import Stage


@dataclass(frozen=True)
class People:
    """Names of users and groups, shared and never changed.

    `ann` is in `group`, `ann2` in `group2`, `ben` in both, `cat` in neither. Each name ending in 2
    is the other one with a 2 behind it. Nothing has the name `absent`.
    """

    ann: str
    ann2: str
    ben: str
    cat: str
    group: str
    group2: str
    absent: str

    def named(self, *keys: str) -> set[str]:
        """The names behind these attributes."""
        return {getattr(self, each) for each in keys}

    def scopes(self, base: str, *filters: str) -> list[str]:
        """`user=ann` becomes `base!user=` and the name of ann."""
        return [f"{base}!{self._filled(each)}" for each in filters]

    def _filled(self, text: str) -> str:
        kind, _, key = text.partition("=")
        return f"{kind}={getattr(self, key)}"


@cache
def people_of(stage: Stage) -> People:
    """Make the people of a stage."""
    sandbox = stage.sandbox
    ann, ben, cat = (sandbox.name(each) for each in ("ann", "ben", "cat"))
    group = sandbox.name("team")
    made = People(ann, f"{ann}2", ben, cat, group, f"{group}2", sandbox.name("absent"))
    names = [ann, made.ann2, ben, cat]
    sandbox.make("create users", "/users", {"usernames": names})
    for name, members in ((group, [ann, ben]), (made.group2, [made.ann2, ben])):
        sandbox.make("create a group", f"/groups/{name}", {"users": members})
        for each in members:
            stage.groups[each] = stage.groups.get(each, frozenset()) | {name}
    return made


def plain(hub: Hub, path: str, **params: Any) -> list[Any]:
    """A list in its plain form, as far as one request goes."""
    answer = hub.get(path, params=params)
    assert answer.status == 200, answer
    assert isinstance(answer.json, list), f"expected a list, got {type(answer.json).__name__}"
    return answer.json


def names_of(items: Any) -> list[str]:
    """The names of a list of models."""
    assert isinstance(items, list), f"expected a list, got {type(items).__name__}"
    named = [each for each in items if isinstance(each, dict) and "name" in each]
    assert len(named) == len(items), f"not every item has a name: {items}"
    return [each["name"] for each in items]


def check_names(hub: Hub, path: str, expected: set[str], **params: Any) -> Page:
    """Hold a list, in both forms, against the names that it should have; return its last page."""
    shown = names_of(plain(hub, path, **params))
    assert sorted(shown) == sorted(expected), f"plain: {shown}"
    pages = list(hub.walk(path, **params))
    found = [name for page in pages for name in names_of(page.items)]
    assert sorted(found) == sorted(expected), f"paginated: {found}"
    return pages[-1]


def check_total(page: Page, expected: set[str]) -> None:
    """Hold the total on the last page of a list against its names."""
    assert page.total == len(expected), f"total is {page.total} of {len(expected)} names"
    assert page.next is None, page.next


def check_lists(hub: Hub, path: str, expected: set[str], **params: Any) -> None:
    """Hold a list, in both forms, against the names that it should have, and its total."""
    check_total(check_names(hub, path, expected, **params), expected)


def walked(hub: Hub, path: str, **params: Any) -> tuple[list[str], set[int]]:
    """The names on all pages, and the totals that the pages tell."""
    pages: list[Page] = list(hub.walk(path, **params))
    return [name for page in pages for name in names_of(page.items)], {each.total for each in pages}
