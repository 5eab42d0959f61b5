"""Pagination: windows of a list, the way from one to the next, and the whole they add up to."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ..rules import rule
from ..sandbox import Sandbox
from ._draw import draws
from ._pagination import (
    LISTS,
    SEE,
    Listing,
    Paged,
    names_of,
    needs_items,
    next_of,
    walked,
)
from ._pagination_urls import as_pairs, check_next_url, kept, query_of

pytest_plugins = ("hub_conformance.suite._pagination",)

#: Query parameters that no list knows, with what is easily lost on the way through a URL.
UNKNOWN: dict[str, Any] = {
    "colour": "dark blue",
    "and": "a&b=c",
    "plus": "1+1",
    "percent": "100%25",
    "slash": "/a/?b#c",
    "repeated": ["one", "two", "one"],
    "größe": "übergroß",
    "limits": "7",
    "offsets[]": "7",
}
#: Window positions around which mistakes by one show.
GRID = [(0, 1), (0, 2), (1, 1), (1, 2), (2, 3), (3, 5), (5, 3)]


@rule("pagination/window-is-a-slice-of-the-whole", see=SEE)
def test_window_is_a_slice_of_the_whole(listing: Listing) -> None:
    """A page holds the items of the whole list from `offset` on, `limit` of them."""

    def check(whole: list[str]) -> None:
        for offset, limit in GRID:
            page = listing.page(offset=offset, limit=limit)
            assert page.offset == offset, page.answer.json["_pagination"]
            listing.check_window(whole, page)

    listing.steadily(check)


@rule("pagination/plain-window-is-a-slice-of-the-whole", see=SEE)
def test_plain_window_is_a_slice_of_the_whole(listing: Listing) -> None:
    """The plain list honours offset and limit as a page does."""

    def check(whole: list[str]) -> None:
        for offset, limit in GRID:
            size = min(limit, listing.limits.most)
            listing.check_plain(whole, offset, size, listing.names(offset=offset, limit=limit))

    listing.steadily(check)


@rule("pagination/limit-alone-and-offset-alone", see=SEE)
def test_limit_alone_and_offset_alone(listing: Listing) -> None:
    """Each of offset and limit works without the other."""

    def check(whole: list[str]) -> None:
        assert listing.page(limit=2).offset == 0
        listing.check_window(whole, listing.page(limit=2))
        assert listing.page(offset=2).limit == listing.limits.default
        listing.check_window(whole, listing.page(offset=2))

    listing.steadily(check)


@rule("pagination/windows-of-routes-agree", see=SEE)
def test_windows_of_routes_agree(paged: Paged) -> None:
    """Routes keep their place: a window holds what windows of one route at its places hold."""
    routes = paged.proxy

    def check(whole: list[str]) -> None:
        reach = range(min(len(whole), 8))
        single = [names_of(routes.page(offset=at, limit=1).items) for at in reach]
        assert all(len(each) == 1 for each in single), single
        places = [name for (name,) in single]
        assert len(set(places)) == len(places), f"a route has two places: {places}"
        for size in routes.limits.usable(2, 3):
            for offset in reach:
                found = names_of(routes.page(offset=offset, limit=size).items)
                wanted = places[offset : offset + size]
                assert set(wanted) <= set(found), f"offset={offset}, limit={size}: {found}"

    routes.steadily(check)


@rule("pagination/total-is-that-of-the-whole-list", see=SEE)
def test_total_is_that_of_the_whole_list(listing: Listing) -> None:
    """`total` counts the whole list on every page: first, middle, last, and past the end."""

    def check(whole: list[str]) -> None:
        for offset in (0, 1, len(whole) - 1, len(whole), len(whole) + 1):
            page = listing.page(offset=offset, limit=1)
            assert page.total == len(whole), f"offset={offset}: {page.answer.json['_pagination']}"

    listing.steadily(check)


@rule("pagination/total-follows-creation-and-deletion", see=SEE)
def test_total_follows_creation_and_deletion(sandbox: Sandbox, paged: Paged) -> None:
    """`total` grows with the next user and shrinks with the next deletion, at once."""
    users = paged.users
    assert users.page(limit=1).total == len(users.own)
    more = sandbox.user("paged-more")
    assert users.page(limit=1).total == len(users.own) + 1
    assert users.hub.delete(more.path).status == 204
    assert users.page(limit=1).total == len(users.own)


@rule("pagination/last-page-has-no-next", see=SEE)
def test_last_page_has_no_next(listing: Listing) -> None:
    """`next` is null on the page that reaches the end, whether it ends there or beyond."""

    def check(whole: list[str]) -> None:
        end = len(whole)
        for offset, limit in ((end - 1, 1), (end - 2, 2), (end - 1, 2), (end, 1)):
            if offset >= 0 and limit <= listing.limits.most:
                page = listing.page(offset=offset, limit=limit)
                assert page.next is None, f"total {end}: {page.answer.json['_pagination']}"

    listing.steadily(check)


@rule("pagination/page-before-the-end-has-a-next", see=SEE)
def test_page_before_the_end_has_a_next(listing: Listing) -> None:
    """`next` is there as long as one single item is left."""

    def check(whole: list[str]) -> None:
        end = len(whole)
        needs_items(whole, 2)
        for offset, limit in ((0, 1), (end - 2, 1), (end - 3, 2)):
            if offset >= 0 and limit <= listing.limits.most:
                next_of(listing.page(offset=offset, limit=limit))

    listing.steadily(check)


@rule("pagination/next-names-offset-limit-and-url", see=SEE)
def test_next_names_offset_limit_and_url(listing: Listing) -> None:
    """`next` holds the offset after this page, the same limit, and a URL, and no more."""

    def check(whole: list[str]) -> None:
        needs_items(whole, 2)
        for offset, limit in ((0, 1), (1, 1), (0, 2), (1, 3)):
            page = listing.page(offset=offset, limit=limit)
            if page.next is None:
                continue
            following = next_of(page)
            assert set(following) == {"offset", "limit", "url"}, following
            wanted = (page.offset + page.limit, page.limit)
            assert (following["offset"], following["limit"]) == wanted, following

    listing.steadily(check)


@rule("pagination/next-after-a-default-or-cut-limit", see=SEE)
def test_next_after_a_default_or_cut_limit(paged: Paged) -> None:
    """`next` and its URL carry the limit that was applied, not the one that was asked for."""
    for asked in (None, 0, -2, paged.users.limits.most + 1):
        page = paged.users.page(limit=asked)
        if page.next is not None:
            assert page.next["limit"] == page.limit, page.next
            assert page.next["offset"] == page.offset + page.limit, page.next
            assert ("limit", str(page.limit)) in query_of(page.next["url"]), page.next


@rule("pagination/next-url-is-absolute-and-on-this-hub", see=SEE)
def test_next_url_is_absolute_and_on_this_hub(listing: Listing) -> None:
    """`next.url` is an absolute URL of the origin and the path that were asked."""

    def check(whole: list[str]) -> None:
        needs_items(whole, 2)
        url = next_of(listing.page(limit=1))["url"]
        check_next_url(listing.hub, listing.path, url, as_pairs(listing.query))

    listing.steadily(check)


@rule("pagination/next-url-carries-offset-and-limit-once", see=SEE)
def test_next_url_carries_offset_and_limit_once(listing: Listing) -> None:
    """The query of `next.url` names its own offset and limit, each once."""

    def check(whole: list[str]) -> None:
        needs_items(whole, 3)
        for params in ({"limit": 1}, {"limit": 1, "offset": 1}, {"offset": 0, "limit": 1}):
            following = next_of(listing.page(**params))
            found = [each for each in query_of(following["url"]) if each[0] in ("offset", "limit")]
            wanted = {"offset": str(following["offset"]), "limit": str(following["limit"])}
            assert sorted(found) == sorted(wanted.items()), following

    listing.steadily(check)


@rule("pagination/next-url-keeps-unknown-parameters", see=SEE)
def test_next_url_keeps_unknown_parameters(listing: Listing) -> None:
    """`next.url` keeps parameters that the list does not know, repeated and encoded ones too."""

    def check(whole: list[str]) -> None:
        needs_items(whole, 2)
        url = next_of(listing.page(limit=1, **UNKNOWN))["url"]
        assert kept(url) == as_pairs({**listing.query, **UNKNOWN}), url
        assert url.isascii(), url
        assert " " not in url, url

    listing.steadily(check)


@rule("pagination/next-url-keeps-empty-parameters", since="4.1", see=SEE)
def test_next_url_keeps_empty_parameters(listing: Listing) -> None:
    """`next.url` keeps parameters without a value."""

    def check(whole: list[str]) -> None:
        needs_items(whole, 2)
        url = next_of(listing.page(limit=1, empty="", blank=["", "x"]))["url"]
        assert kept(url) == as_pairs({**listing.query, "empty": "", "blank": ["", "x"]}), url

    listing.steadily(check)


@rule("pagination/next-url-keeps-the-filters", see=SEE)
def test_next_url_keeps_the_filters(paged: Paged) -> None:
    """`next.url` keeps each filter and the order asked for, alone and all together."""
    filters = {"state": "inactive", "sort": "name", "include_stopped_servers": "1"}
    for params in (*({key: value} for key, value in filters.items()), filters):
        page = paged.users.page(limit=1, **params)
        url = next_of(page)["url"]
        assert kept(url) == as_pairs({**paged.users.query, **params}), url
    part = f"{paged.shared.run}-PAGED-"
    url = next_of(paged.users.page(limit=1, name_filter=part))["url"]
    assert kept(url) == [("name_filter", part)], url


@rule("pagination/next-url-keeps-them-on-every-page", see=SEE)
def test_next_url_keeps_them_on_every_page(paged: Paged) -> None:
    """What was asked for is still in `next.url` after several pages."""
    asked = {"state": "inactive", "again": ["b", "a b"]}
    pages = paged.users.walk(limit=2, **asked)
    assert walked(pages) == list(paged.users.own)
    for page in pages[:-1]:
        assert kept(next_of(page)["url"]) == as_pairs({**paged.users.query, **asked})


@rule("pagination/next-url-leads-to-the-next-window", see=SEE)
def test_next_url_leads_to_the_next_window(listing: Listing) -> None:
    """Following `next.url` gives the window that `next` announces."""

    def check(whole: list[str]) -> None:
        needs_items(whole, 2)
        first = listing.page(limit=1)
        second = listing.follow(first)
        assert (second.offset, second.limit) == (1, 1), second.answer.json["_pagination"]
        listing.check_window(whole, second)
        asked = listing.page(offset=1, limit=1)
        assert names_of(second.items) == names_of(asked.items)
        if asked.next is not None:
            following = next_of(second)
            assert following["offset"] == asked.next["offset"], following
            assert kept(following["url"]) == kept(asked.next["url"]), following
        assert not set(names_of(second.items)) & set(names_of(first.items))

    listing.steadily(check)


@rule("pagination/walk-visits-each-item-once", see=SEE)
@pytest.mark.parametrize("size", [1, 2, 3, "default", "maximum"])
def test_walk_visits_each_item_once(listing: Listing, size: int | str) -> None:
    """Following `next` to its end meets every item once, in the order of the list."""
    known = {"default": listing.limits.default, "maximum": listing.limits.most}
    limit = known.get(str(size), size)

    def check(whole: list[str]) -> None:
        needs_items(whole, 1)
        pages = listing.walk(limit=limit)
        assert listing.same(walked(pages), whole), f"walked {walked(pages)}, whole {whole}"
        assert {page.total for page in pages} == {len(whole)}
        for page in pages:
            listing.check_window(whole, page)

    listing.steadily(check)


@rule("pagination/walk-with-changing-limits", see=SEE)
def test_walk_with_changing_limits(listing: Listing) -> None:
    """Windows of changing size that touch each other meet every item once."""

    def check(whole: list[str]) -> None:
        found: list[str] = []
        for step in range(len(whole) + 1):
            if len(found) >= len(whole):
                break
            page = listing.page(offset=len(found), limit=1 + step % 3)
            listing.check_window(whole, page)
            found += names_of(page.items)
        assert listing.same(found, whole), f"walked {found}, whole {whole}"

    listing.steadily(check)


@rule("pagination/users-are-in-order-of-creation")
def test_users_are_in_order_of_creation(paged: Paged) -> None:
    """Users are listed in the order in which they were created."""
    assert paged.users.whole() == list(paged.users.own)
    assert walked(paged.users.walk(limit=3)) == list(paged.users.own)


@rule("pagination/groups-are-in-order-of-creation")
def test_groups_are_in_order_of_creation(paged: Paged) -> None:
    """Groups are listed in the order in which they were created."""

    def check(whole: list[str]) -> None:
        ours = [name for name in whole if name in paged.groups.own]
        assert ours == list(paged.groups.own), whole
        seen = [name for name in walked(paged.groups.walk(limit=3)) if name in ours]
        assert seen == ours

    paged.groups.steadily(check)


@rule("pagination/walk-goes-on-when-a-user-is-added")
def test_walk_goes_on_when_a_user_is_added(sandbox: Sandbox, paged: Paged) -> None:
    """A user created between two pages comes last, and nobody is met twice or missed."""
    first = paged.users.page(limit=2)
    added = sandbox.user("paged-a")
    rest = paged.users.walk(offset=next_of(first)["offset"], limit=2)
    assert walked([first, *rest]) == [*paged.users.own, added.name]


@rule("pagination/reading-twice-gives-the-same")
def test_reading_twice_gives_the_same(listing: Listing) -> None:
    """The same page read again holds the same items."""

    def check(whole: list[str]) -> None:
        read = [names_of(listing.page(offset=1, limit=3).items) for _ in range(3)]
        assert listing.same(read[0], read[1]), read
        assert listing.same(read[0], read[2]), read

    listing.steadily(check)


@rule("pagination/drawn-windows", see=SEE)
@pytest.mark.parametrize("which", LISTS)
@draws(15)
@given(offset=st.integers(0, 15), limit=st.integers(1, 10), plain=st.booleans())
def test_drawn_windows(which: str, paged: Paged, offset: int, limit: int, plain: bool) -> None:
    """Any window of a list, in either form, is the slice of the whole that it says it is."""
    listing = paged.listing(which)
    size = min(limit, listing.limits.most)

    def check(whole: list[str]) -> None:
        if plain:
            listing.check_plain(whole, offset, size, listing.names(offset=offset, limit=limit))
            return
        page = listing.page(offset=offset, limit=limit)
        assert (page.offset, page.limit) == (offset, size), page.answer.json["_pagination"]
        listing.check_window(whole, page)

    listing.steadily(check)
