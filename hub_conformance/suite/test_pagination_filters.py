"""Pagination: filters and orders of the list of users, alone, together, and page by page."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ..hub import Page
from ..rules import not_applicable, rule
from ..sandbox import Sandbox, User
from ._credentials import need_scopes
from ._draw import draws
from ._pagination import (
    ATTEMPTS,
    LISTS,
    SEEN_USERS,
    Listing,
    Paged,
    check_refused,
    names_of,
    next_of,
)

pytest_plugins = ("hub_conformance.suite._pagination",)

#: Characters that a database's LIKE, a regular expression, a shell or a URL would read otherwise.
SPECIAL = ("_", "%", ".+*", "'\"", "([", "@&é")


# --- name_filter


@rule("pagination/name-filter-finds-any-part", see=SEEN_USERS)
def test_name_filter_finds_any_part(paged: Paged) -> None:
    """`name_filter` finds users by any part of their name: its start, middle, end, or all."""
    own = list(paged.users.own)
    run = paged.shared.run
    for part in (f"{run}-paged-", f"{run}-paged-z", f"{run.partition('-')[2]}-paged-m", own[6]):
        wanted = [name for name in own if part in name]
        paged.users.check_filtered(wanted, name_filter=part)
    page = paged.users.both(name_filter=own[5][-30:], limit=2)
    assert own[5] in names_of(page.items)


@rule("pagination/name-filter-ignores-case", see=SEEN_USERS)
def test_name_filter_ignores_case(paged: Paged) -> None:
    """`name_filter` does not tell upper from lower case."""
    own = list(paged.users.own)
    paged.users.check_filtered(own, name_filter=paged.users.query["name_filter"].upper())
    paged.users.check_filtered(own[:3], name_filter=f"{paged.shared.run}-PAGED-M")


@rule("pagination/name-filter-without-a-match", see=SEEN_USERS)
def test_name_filter_without_a_match(paged: Paged) -> None:
    """A `name_filter` that no name has leaves nothing: no items, total 0, no next page."""
    for part in (f"{paged.users.own[0]}-nobody", f"x{paged.shared.run}", f"{paged.users.own[3]}x"):
        paged.users.check_filtered([], name_filter=part)


@rule("pagination/empty-name-filter-leaves-all", see=SEEN_USERS)
def test_empty_name_filter_leaves_all(paged: Paged) -> None:
    """An empty `name_filter` filters nothing."""
    everybody = Listing(paged.users.hub, "/users")
    for _ in range(ATTEMPTS):  # strangers may come and go between two requests
        totals = [everybody.page(limit=1, name_filter=part).total for part in (None, "")]
        if totals[0] == totals[1]:
            break
    assert totals[0] == totals[1] >= len(paged.users.own), totals


def special_users(sandbox: Sandbox) -> list[str]:
    """Names of users with special characters, as far as the hub takes these in a name."""
    users = [User(f"{sandbox.name('odd')}{special}end", sandbox) for special in SPECIAL]
    return [user.name for user in users if sandbox.hub.post(user.path).status == 201]


@rule("pagination/name-filter-finds-special-characters", see=SEEN_USERS)
def test_name_filter_finds_special_characters(sandbox: Sandbox, paged: Paged) -> None:
    """A name with characters that other languages give a meaning is found by that name, alone."""
    need_scopes(sandbox.hub.target, "admin:users")
    users = Listing(sandbox.hub, "/users")
    names = special_users(sandbox)
    if not names:
        not_applicable("this hub takes no special characters in names of users")
    for name in names:
        page = users.both(name_filter=name, limit=users.limits.most)
        assert (names_of(page.items), page.total) == ([name], 1), page.answer


#: How other languages than the database's would name one of the users, or several.
PATTERNS = (
    "*-paged-*",
    ".*-paged",
    "^{}-paged",
    "-paged-a$",
    "-paged-?1",
    "-paged-[am]",
    "{0},{0}",
)


@rule("pagination/name-filter-is-no-pattern", see=SEEN_USERS)
def test_name_filter_is_no_pattern(paged: Paged) -> None:
    """A `name_filter` is no pattern of a shell, no regular expression and no list of names."""
    for pattern in PATTERNS:
        page = paged.users.page(name_filter=pattern.format(paged.shared.run), limit=1)
        assert (page.total, page.items, page.next) == (0, [], None), page.answer


@rule("pagination/name-filter-takes-wildcards-literally", level="SHOULD", see=SEEN_USERS)
@pytest.mark.parametrize("wildcard", ["_", "%"], ids=["underscore", "percent"])
def test_name_filter_takes_wildcards_literally(paged: Paged, wildcard: str) -> None:
    """The wildcards of SQL stand for themselves in a `name_filter`."""
    part = paged.users.query["name_filter"].replace("-paged-", f"-paged{wildcard}")
    page = paged.users.both(name_filter=part, limit=2)
    assert page.total == 0, f"{part} found {names_of(page.items)}"


# --- sort


@rule("pagination/sort-by-id", since="5.0")
def test_sort_by_id(paged: Paged) -> None:
    """`sort=id`, the default, is the order of creation, and `-id` its reverse."""
    own = list(paged.users.own)
    paged.users.check_filtered(own)
    paged.users.check_filtered(own, sort="id")
    paged.users.check_filtered(own[::-1], sort="-id")


@rule("pagination/sort-by-name", since="5.0")
def test_sort_by_name(paged: Paged) -> None:
    """`sort=name` is the order of names, and `-name` its reverse."""
    own = sorted(paged.users.own)
    paged.users.check_filtered(own, sort="name")
    paged.users.check_filtered(own[::-1], sort="-name")


#: Ends of names in the order of their letters, whatever the collation of the database: what is
#: shorter comes first, a digit before a letter, and digits are letters as others are.
ENDS = ("1", "10", "1a", "2", "a", "aa", "b")


@rule("pagination/names-are-ordered-letter-by-letter", since="5.0", see=SEEN_USERS)
def test_names_are_ordered_letter_by_letter(sandbox: Sandbox, paged: Paged) -> None:
    """Neither the length of names nor the value of numbers in them decides `sort=name`."""
    need_scopes(sandbox.hub.target, "admin:users")
    start = sandbox.name("order-and-find-by-long-names")
    names = [f"{start}x{end}" for end in ENDS]
    made = [*names[::2], *names[1::2]]
    sandbox.make("create users", "/users", {"usernames": made[::-1]})
    listing = Listing(sandbox.hub, "/users", {"name_filter": start})
    limit = min(5, listing.limits.most)
    for sort, wanted in (("name", names), ("-name", names[::-1])):
        page = listing.both(sort=sort, limit=limit)
        assert names_of(page.items) == wanted[:limit], page.answer
        rest = listing.names(sort=sort, offset=limit, limit=limit)
        assert rest == wanted[limit : 2 * limit], rest
    assert listing.names(name_filter=names[-1]) == names[-1:], "a long filter finds others"


@pytest.fixture(scope="module")
def acting(shared: Sandbox, paged: Paged) -> Listing:
    """Four users, of whom the third acted first, then the first, the fourth, the second.

    A few seconds ahead, so that a clock of ours that is behind the hub's does not matter.
    """
    users = shared.users(4, "acting-")
    listing = paged.users_of("acting-", users)
    now = max(moment(model.get("created")) for model in listing.plain(limit=listing.limits.most))
    for seconds, index in enumerate((2, 0, 3, 1), start=1):
        when = (now + timedelta(seconds=seconds)).isoformat()
        answer = shared.hub.post(f"{users[index].path}/activity", json={"last_activity": when})
        assert answer.ok, answer
    return listing


def moment(text: Any) -> datetime:
    """Read a timestamp. Raises AssertionError when it is none or has no zone."""
    assert isinstance(text, str), f"a timestamp is {text!r}"
    when = datetime.fromisoformat(text)
    assert when.tzinfo is not None, f"{text} has no zone"
    return when


@rule("pagination/sort-by-last-activity", since="5.0")
def test_sort_by_last_activity(acting: Listing) -> None:
    """`sort=last_activity` lists the latest last, `-last_activity` the latest first."""
    order = [acting.own[index] for index in (2, 0, 3, 1)]
    acting.check_filtered(order, sort="last_activity")
    acting.check_filtered(order[::-1], sort="-last_activity")
    acting.check_filtered(order[::-1], sort="-last_activity", state="inactive")


@rule("pagination/sort-puts-the-never-active-aside", since="5.0", see=SEEN_USERS)
def test_sort_puts_the_never_active_aside(acting: Listing, sandbox: Sandbox) -> None:
    """Who was never active comes after all others by `-last_activity`, before them otherwise."""
    never = sandbox.user("acting-")
    answer = sandbox.hub.get(never.path)
    assert answer.status == 200, answer
    order = [acting.own[index] for index in (2, 0, 3, 1)]
    # A hub may count the creation as an activity; it is the earliest one then, or else the latest.
    if answer.json.get("last_activity") is None:
        acting.check_filtered([never.name, *order], sort="last_activity")
        acting.check_filtered([*order[::-1], never.name], sort="-last_activity")


@rule("pagination/sort-must-be-known", since="5.0")
@pytest.mark.parametrize("sort", ["bogus", "", "-", "--id", "ID", "+name", "name,id", "created"])
def test_sort_must_be_known(paged: Paged, sort: str) -> None:
    """A `sort` that is none of id, name and last_activity is refused with 400, in both forms."""
    for paged_form in (True, False):
        answer = paged.users.ask(paged=paged_form, sort=sort)
        check_refused(answer, 400)
        assert answer.message, f"{answer!r} has no message"


# --- together


@rule("pagination/filters-work-together", since="5.0", needs="spawn")
def test_filters_work_together(paged: Paged) -> None:
    """State, order, name and stopped servers are all honoured at once, page by page."""
    running = sorted(user.name for user in paged.served.running)
    both: dict[str, Any] = {"include_stopped_servers": "1"}
    paged.by_state.check_filtered(running[::-1], state="active", sort="-name", **both)
    one = {"name_filter": running[1], "sort": "-id", **both}
    paged.by_state.check_filtered([running[1]], state="active", **one)
    paged.by_state.check_filtered([], state="inactive", **one)
    idle = paged.served.names[3:]
    paged.by_state.check_filtered(idle[::-1], state="inactive", sort="-id", **both)
    page = paged.by_state.page(state="inactive", sort="-id", limit=1, **both)
    second = paged.by_state.follow(page)
    assert "" in second.items[0].get("servers", {}), second.answer.json


@rule("pagination/unknown-parameters-change-nothing")
def test_unknown_parameters_change_nothing(listing: Listing) -> None:
    """Parameters that a list does not know are ignored."""

    def check(whole: list[str]) -> None:
        page = listing.both(limit=3, colour="blue", page=2, per_page="x", Limit=1, OFFSET=1)
        assert (page.offset, page.limit) == (0, min(3, listing.limits.most)), page.answer
        listing.check_window(whole, page)

    listing.steadily(check)


@rule("pagination/filters-of-users-are-for-users", see=SEEN_USERS)
@pytest.mark.parametrize("which", LISTS[1:])
def test_filters_of_users_are_for_users(paged: Paged, which: str) -> None:
    """Groups and routes know no filter: state, sort and name_filter change nothing there."""
    listing = paged.listing(which)

    def check(whole: list[str]) -> None:
        params = {"state": "bogus", "sort": "bogus", "name_filter": paged.users.own[0]}
        listing.check_window(whole, listing.both(limit=2, **params))

    listing.steadily(check)


@rule("pagination/drawn-filters", since="5.0")
@draws(30)
@given(
    offset=st.integers(0, 11),
    limit=st.integers(1, 4),
    sort=st.sampled_from(("id", "-id", "name", "-name")),
    label=st.sampled_from(("", "m", "z", "a", "nobody")),
    state=st.sampled_from((None, "inactive", "active")),
    stopped=st.sampled_from((None, "0", "1")),
)
def test_drawn_filters(
    paged: Paged,
    offset: int,
    limit: int,
    sort: str,
    label: str,
    state: str | None,
    stopped: str | None,
) -> None:
    """Any window of any selection of users in any order is the one that counting by hand gives."""
    part = f"{paged.shared.run}-paged-{label}"
    wanted = [name for name in paged.users.own if part in name and state != "active"]
    wanted = sorted(wanted) if sort.endswith("name") else wanted
    wanted = wanted[::-1] if sort.startswith("-") else wanted
    params = {"name_filter": part, "state": state, "include_stopped_servers": stopped}
    page: Page = paged.users.both(offset=offset, limit=limit, sort=sort, **params)
    assert names_of(page.items) == wanted[offset : offset + page.limit], page.answer
    assert page.total == len(wanted), page.answer.json["_pagination"]
    if offset + page.limit < len(wanted):
        assert next_of(page)["offset"] == offset + page.limit
    else:
        assert page.next is None, page.next
