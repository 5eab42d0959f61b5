"""Pagination: which `limit` and `offset` a hub takes, and what it makes of them."""

from __future__ import annotations

from typing import Any

import pytest

from ..client import Answer
from ..hub import Page
from ..rules import not_applicable, not_requested, rule
from ..sandbox import Sandbox
from ..session import Run
from ._pagination import (
    HUGE,
    LISTS,
    SEE,
    SEEN,
    Listing,
    Paged,
    check_refused,
    names_of,
    needs_items,
    needs_right,
)
from ._pagination_urls import query_of

pytest_plugins = ("hub_conformance.suite._pagination",)

#: Users that a rule makes at most to see where a list ends.
MOST_MADE = 60
NO_INTEGERS = ("x", "", "1.5", "1e1", "0x2", "null", "NaN", "2,3")
FORMS = pytest.mark.parametrize("paged_form", [True, False], ids=["page", "plain"])


def count(listing: Listing, **params: Any) -> int:
    """How many items the plain list has."""
    return len(listing.names(**params))


@rule("pagination/default-limit-without-one", see=SEE)
def test_default_limit_without_one(listing: Listing) -> None:
    """A page that was asked for without a limit has the default one, always the same."""

    def check(whole: list[str]) -> None:
        for offset in (None, 0, 1):
            page = listing.page(offset=offset)
            assert page.limit == listing.limits.default, page.answer.json["_pagination"]
            listing.check_window(whole, page)

    listing.steadily(check)


@rule("pagination/default-limit-is-positive-and-at-most-the-maximum", see=SEE)
def test_default_limit_is_at_most_the_maximum(listing: Listing) -> None:
    """The default limit is at least 1 and not above the maximum."""
    assert 1 <= listing.limits.default <= listing.limits.most < HUGE, listing.limits


@rule("pagination/limits-are-the-same-for-all-lists", see=SEE)
def test_limits_are_the_same_for_all_lists(paged: Paged) -> None:
    """Users, groups and routes have one default limit and one maximum."""
    found = {name: paged.listing(name).limits for name in LISTS}
    assert len(set(found.values())) == 1, found


@rule("pagination/limits-are-the-configured-ones", see=SEE)
def test_limits_are_the_configured_ones(paged: Paged, hub_run: Run) -> None:
    """A hub that is said to have certain limits has them: no other rule knows the right ones."""
    if hub_run.settings.page_limits is None:
        not_requested("--hub-page-limits: nothing else says which limits are the right ones")
    found = paged.users.limits
    assert (found.default, found.most) == hub_run.settings.page_limits, found


@rule("pagination/default-limit-beside-filters", since="5.0", see=SEE)
def test_default_limit_beside_filters(paged: Paged) -> None:
    """The default limit is the same however a list is narrowed and ordered, and so is its end."""
    users, own = paged.users, list(paged.users.own)
    filters = {"state": "inactive", "include_stopped_servers": "1", "sort": "-id"}
    for params in (*({key: value} for key, value in filters.items()), filters):
        page = users.page(offset=1, **params)
        wanted = own[::-1] if "sort" in params else own
        assert page.limit == users.limits.default, page.answer.json["_pagination"]
        assert page.next is None or page.next["limit"] == page.limit, page.next
        assert names_of(page.items) == wanted[1 : 1 + page.limit], page.answer
        beyond = users.page(offset=len(own), **params)
        assert (beyond.items, beyond.total, beyond.next) == ([], len(own), None), beyond.answer


@rule("pagination/plain-list-defaults-to-the-maximum", see=SEEN)
def test_plain_list_defaults_to_the_maximum(listing: Listing) -> None:
    """Without the header and without a limit, a list has as many items as the maximum allows."""

    def check(whole: list[str]) -> None:
        for offset in (None, 1):
            listing.check_plain(
                whole, offset or 0, listing.limits.most, listing.names(offset=offset)
            )

    listing.steadily(check)


@rule("pagination/plain-list-goes-beyond-the-default", see=SEEN)
def test_plain_list_goes_beyond_the_default(sandbox: Sandbox, paged: Paged) -> None:
    """Without the header and without a limit, a list does not end where a page would.

    One request makes as many users as it takes to see that, all of them.
    """
    limits = paged.users.limits
    if limits.most == limits.default:
        not_applicable("pages are as long as plain lists")
    if limits.default > MOST_MADE:
        not_applicable(f"it takes more than {MOST_MADE} users")
    needs_right(sandbox.hub, "admin:users")
    start, count = sandbox.name("beyond"), limits.default + 1
    names = [f"{start}-{number}" for number in range(count)]
    made = sandbox.make("create users", "/users", {"usernames": names})
    assert names_of(made.json) == names, f"{len(made.json)} of {count} were made"
    found = Listing(sandbox.hub, "/users", {"name_filter": start}).names()
    assert found == names, f"{len(found)} of {count} are listed"


@rule("pagination/page-as-long-as-the-list", see=SEE)
def test_page_as_long_as_the_list(paged: Paged) -> None:
    """A limit of exactly as many as there are gives all of them, and no next page."""
    users = paged.users
    four = list(users.own[:4])
    for limit in users.limits.usable(4):
        page = users.both(name_filter=f"{paged.shared.run}-paged-m", limit=limit)
        assert names_of(page.items) == four, page.answer
        assert (page.total, page.next) == (4, None), page.answer.json["_pagination"]


@rule("pagination/limit-is-honoured", see=SEE)
def test_limit_is_honoured(listing: Listing) -> None:
    """A limit from 1 to the maximum is the limit of the page, and no page has more items."""
    most = listing.limits.most

    def check(whole: list[str]) -> None:
        for limit in listing.limits.usable(1, 2, 3, most - 1, most):
            page = listing.page(limit=limit)
            assert page.limit == limit, page.answer.json["_pagination"]
            listing.check_window(whole, page)

    listing.steadily(check)


@rule("pagination/limit-is-cut-to-the-maximum", see=SEE)
def test_limit_is_cut_to_the_maximum(listing: Listing) -> None:
    """A limit above the maximum counts as the maximum, however large it is."""
    most = listing.limits.most

    def check(whole: list[str]) -> None:
        for limit in (most + 1, 2 * most, 10 * HUGE, 2**31, 2**63, 10**30):
            page = listing.page(limit=limit)
            assert page.limit == most, f"limit={limit}: {page.answer.json['_pagination']}"
            listing.check_window(whole, page)

    listing.steadily(check)


@rule("pagination/plain-list-is-cut-to-the-maximum", see=SEE)
def test_plain_list_is_cut_to_the_maximum(listing: Listing) -> None:
    """A limit above the maximum counts as the maximum in the plain list, too."""
    most = listing.limits.most

    def check(whole: list[str]) -> None:
        for limit in (most + 1, 10 * HUGE, 10**30):
            assert count(listing, limit=limit) == min(len(whole), most), f"limit={limit}"

    listing.steadily(check)


@rule("pagination/limit-zero-is-one", see=SEEN)
def test_limit_zero_is_one(listing: Listing) -> None:
    """A limit of 0 counts as 1: a page that could never go on is never sent."""

    def check(whole: list[str]) -> None:
        page = listing.both(limit=0)
        assert page.limit == 1, page.answer.json["_pagination"]
        listing.check_window(whole, page)

    listing.steadily(check)


@rule("pagination/limit-loses-its-sign", see=SEEN)
def test_limit_loses_its_sign(listing: Listing) -> None:
    """A negative limit counts as the positive one, cut to the maximum."""
    most = listing.limits.most

    def check(whole: list[str]) -> None:
        for limit in (2, most, most + 1):
            page = listing.both(limit=-limit)
            assert page.limit == min(limit, most), f"limit=-{limit}: {page.answer.json}"
            listing.check_window(whole, page)

    listing.steadily(check)


@rule("pagination/limit-must-be-an-integer", see=SEEN)
@FORMS
def test_limit_must_be_an_integer(listing: Listing, paged_form: bool) -> None:
    """A limit that is no integer is refused with 400 and a message."""
    for value in NO_INTEGERS if paged_form else NO_INTEGERS[:3]:
        answer = listing.ask(paged=paged_form, limit=value)
        check_refused(answer, 400)
        assert answer.message, f"{answer!r} has no message"


@rule("pagination/offset-must-be-an-integer", see=SEEN)
@FORMS
def test_offset_must_be_an_integer(listing: Listing, paged_form: bool) -> None:
    """An offset that is no integer is refused with 400 and a message."""
    for value in NO_INTEGERS if paged_form else NO_INTEGERS[:3]:
        answer = listing.ask(paged=paged_form, offset=value)
        check_refused(answer, 400)
        assert answer.message, f"{answer!r} has no message"


@rule("pagination/offset-loses-its-sign", see=SEEN)
def test_offset_loses_its_sign(listing: Listing) -> None:
    """A negative offset counts as the positive one."""

    def check(whole: list[str]) -> None:
        for offset in (1, 2):
            page = listing.both(offset=-offset, limit=2)
            assert page.offset == offset, f"offset=-{offset}: {page.answer.json['_pagination']}"
            listing.check_window(whole, page)

    listing.steadily(check)


@rule("pagination/offset-defaults-to-zero", see=SEE)
def test_offset_defaults_to_zero(listing: Listing) -> None:
    """Without an offset a list starts at its first item, as with offset 0."""

    def check(whole: list[str]) -> None:
        for params in ({}, {"limit": 1}, {"offset": 0}, {"offset": 0, "limit": 1}):
            page = listing.page(**params)
            assert page.offset == 0, page.answer.json["_pagination"]
            listing.check_window(whole, page)

    listing.steadily(check)


@rule("pagination/offset-at-the-last-item", see=SEE)
def test_offset_at_the_last_item(listing: Listing) -> None:
    """An offset one before the end gives the last item alone, and no next page."""

    def check(whole: list[str]) -> None:
        page = listing.both(offset=len(whole) - 1, limit=listing.limits.most)
        assert len(page.items) == 1, page.answer.json
        listing.check_window(whole, page)

    listing.steadily(check)


@rule("pagination/offset-past-the-end", see=SEE)
def test_offset_past_the_end(listing: Listing) -> None:
    """An offset at the end or past it gives no item, the true total, and no next page."""

    def check(whole: list[str]) -> None:
        for past in (0, 1, HUGE):
            page = listing.both(offset=len(whole) + past, limit=2)
            assert names_of(page.items) == [], page.answer.json
            assert page.offset == len(whole) + past, page.answer.json["_pagination"]
            listing.check_window(whole, page)

    listing.steadily(check)


@rule("pagination/offset-is-large", see=SEE)
@FORMS
def test_offset_is_large(listing: Listing, paged_form: bool) -> None:
    """An offset of billions gives no item, and no next page."""
    for offset in (2**31, 2**53, 2**63 - 1):
        answer = listing.ask(paged=paged_form, offset=offset, limit=2)
        check_empty(answer, paged_form)


@rule("pagination/offset-beyond-64-bits", see=SEE)
@FORMS
def test_offset_beyond_64_bits(listing: Listing, paged_form: bool) -> None:
    """An offset too large for a database gives no item or is refused; it is no error inside."""
    for offset in (2**63, 10**30):
        answer = listing.ask(paged=paged_form, offset=offset, limit=2)
        if answer.status == 400:
            check_refused(answer, 400)
        else:
            check_empty(answer, paged_form)


def check_empty(answer: Answer, paged_form: bool) -> None:
    """Assert that a list in this form has no items and no next page."""
    assert answer.status == 200, answer
    page = Page.read(answer) if paged_form else None
    assert names_of(page.items if page else answer.json) == [], answer.json
    assert page is None or page.next is None, answer.json


@rule("pagination/repeated-limit-counts-once", see=SEEN)
def test_repeated_limit_counts_once(listing: Listing) -> None:
    """Of a limit given twice one counts, and the next page is asked for with that one only."""
    sizes = [1, min(2, listing.limits.most)]

    def check(whole: list[str]) -> None:
        page = listing.page(limit=sizes)
        assert page.limit in sizes, page.answer.json["_pagination"]
        listing.check_window(whole, page)
        if page.next is not None:
            kept = [value for key, value in query_of(page.next["url"]) if key == "limit"]
            assert kept == [str(page.limit)], page.next["url"]

    listing.steadily(check)


@rule("pagination/repeated-offset-counts-once", see=SEEN)
def test_repeated_offset_counts_once(listing: Listing) -> None:
    """Of an offset given twice one counts, and the next page is asked for with its own only."""

    def check(whole: list[str]) -> None:
        needs_items(whole, 3)
        page = listing.page(offset=[1, 0], limit=1)
        assert page.offset in (0, 1), page.answer.json["_pagination"]
        listing.check_window(whole, page)
        assert page.next is not None
        kept = [value for key, value in query_of(page.next["url"]) if key == "offset"]
        assert kept == [str(page.offset + 1)], page.next["url"]

    listing.steadily(check)


@rule("pagination/pages-are-filled-to-the-limit", see=SEE)
def test_pages_are_filled_to_the_limit(paged: Paged) -> None:
    """Each page of the users but the last is as long as its limit, also at the maximum."""
    for limit in {1, min(5, paged.users.limits.most), paged.users.limits.most}:
        *full, last = paged.users.walk(limit=limit)
        assert all(len(page.items) == limit for page in full), f"limit={limit}"
        assert 1 <= len(last.items) <= limit, last.answer.json
