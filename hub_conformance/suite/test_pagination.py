"""Pagination: the two forms of a list, and what chooses between them."""

from __future__ import annotations

from typing import Any

import pytest

from ..client import Answer
from ..hub import PAGINATION, Hub, Page, quoted
from ..rules import rule
from ..sandbox import Sandbox
from ._credentials import need_scopes
from ._pagination import (
    PAGED,
    SEE,
    SEEN,
    Listing,
    Paged,
    check_shape,
    names_of,
    needs_items,
)

pytest_plugins = ("hub_conformance.suite._pagination",)

#: Media types that resemble the one that asks for pages, and are another.
OTHERS = (
    "*/*",
    "application/json",
    "application/*",
    "text/html",
    "application/jupyterhub-pagination",
    "application/jupyterhub-pagination+xml",
    "application/x-jupyterhub-pagination+json",
    "jupyterhub-pagination+json",
    "application/jupyterhub-pagination+json-seq",
    "text/html, application/json;q=0.9, */*;q=0.1",
    "",
)
AMONG_SEVERAL = (
    f"application/json, {PAGINATION}",
    f"{PAGINATION}, application/json",
    f"{PAGINATION},*/*",
    f"text/html ,  {PAGINATION} , application/json;q=0.5",
)


def is_plain(listing: Listing, answer: Answer) -> bool:
    """Whether this is the plain form: a list; of routes an object of routes."""
    assert answer.status == 200, answer
    return isinstance(answer.json, listing.kind) and not (
        isinstance(answer.json, dict) and "_pagination" in answer.json
    )


def accepting(listing: Listing, accept: str) -> Answer:
    """GET the list with this Accept header."""
    return listing.hub.get(listing.path, params=listing.query, headers={"Accept": accept})


@rule("pagination/plain-list-without-the-header", see=SEE)
def test_plain_list_without_the_header(listing: Listing) -> None:
    """A list whose request has no Accept header of its own comes as it did before 2.0."""

    def check(whole: list[str]) -> None:
        answer = listing.hub.get(listing.path, params=listing.query)
        assert is_plain(listing, answer), answer.json
        assert set(names_of(answer.json)) <= set(whole), answer

    listing.steadily(check)


@rule("pagination/plain-list-for-other-media-types", see=SEE)
def test_plain_list_for_other_media_types(listing: Listing) -> None:
    """Media types that only resemble the one for pages ask for the plain list."""
    wrong = [each for each in OTHERS if not is_plain(listing, accepting(listing, each))]
    assert not wrong, f"not the plain list for Accept: {wrong}"


@rule("pagination/page-with-the-header", see=SEE)
def test_page_with_the_header(listing: Listing) -> None:
    """With the Accept header a list is an object of `items` and `_pagination`, and no more."""
    page = listing.page()
    assert set(page.answer.json) == {"items", "_pagination"}, page.answer.json.keys()


@rule("pagination/page-info-fields", see=SEE)
def test_page_info_fields(listing: Listing) -> None:
    """`_pagination` holds `offset`, `limit` and `total`, whole numbers, and `next`."""
    info = listing.page().answer.json["_pagination"]
    assert set(info) == {"offset", "limit", "total", "next"}, info


@rule("pagination/items-keep-the-type-of-the-list", see=SEE)
def test_items_keep_the_type_of_the_list(listing: Listing) -> None:
    """`items` is what the plain list is: a list of models, of routes an object keyed by route."""
    items = listing.page(limit=1).items
    assert type(items) is listing.kind, items
    assert type(listing.plain(limit=1)) is listing.kind
    assert all(isinstance(each, str) for each in names_of(items)), items


@rule("pagination/header-among-several", see=SEE)
def test_header_among_several(listing: Listing) -> None:
    """The media type for pages is found among several of one Accept header."""
    wrong = [each for each in AMONG_SEVERAL if is_plain(listing, accepting(listing, each))]
    assert not wrong, f"no page for Accept: {wrong}"


@rule("pagination/header-in-any-case", see=SEEN)
@pytest.mark.parametrize("change", [str.upper, str.title], ids=["upper", "title"])
def test_header_in_any_case(listing: Listing, change: Any) -> None:
    """Upper and lower case of the media type do not matter."""
    Page.read(accepting(listing, change(PAGINATION)))


@rule("pagination/header-with-a-parameter", see=SEEN)
@pytest.mark.parametrize("parameter", ["q=0.9", "q=0", "charset=utf-8"])
def test_header_with_a_parameter(listing: Listing, parameter: str) -> None:
    """The media type with a parameter, which no document mentions, gets one form or the other."""
    answer = accepting(listing, f"{PAGINATION};{parameter}")
    if not is_plain(listing, answer):
        assert parameter != "q=0", "the form that was refused with q=0 was sent"
        check_shape(Page.read(answer), listing.kind)


@rule("pagination/both-forms-are-json", see=SEE)
def test_both_forms_are_json(listing: Listing) -> None:
    """Both forms of a list have the content type application/json."""
    for paged in (False, True):
        answer = listing.ask(paged=paged)
        media_type = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        assert media_type == "application/json", f"{answer!r} has {answer.headers}"


@rule("pagination/both-forms-have-the-same-order", see=SEE)
def test_both_forms_have_the_same_order(listing: Listing) -> None:
    """The same window of a list holds the same items, in the same order, in both forms."""

    def check(whole: list[str]) -> None:
        for offset, limit in ((0, 1), (0, listing.limits.most), (1, 1), (2, listing.limits.most)):
            listing.both(offset=offset, limit=limit)

    listing.steadily(check)


@rule("pagination/routes-have-their-specification-as-key")
def test_routes_have_their_specification_as_key(paged: Paged) -> None:
    """Each route is listed under its `routespec` and says its `target` and `data`."""
    items = paged.proxy.page(limit=paged.proxy.limits.most).items
    assert items
    for key, route in items.items():
        assert isinstance(route, dict), f"{key}: {route!r}"
        assert route.keys() >= {"routespec", "target", "data"}, route
        assert route["routespec"] == key, route
        assert isinstance(route["target"], str), route


@rule("pagination/route-of-the-hub-is-listed", see="jupyterhub/proxy.py, add_hub_route")
def test_route_of_the_hub_is_listed(paged: Paged) -> None:
    """One of the routes is the hub's own: its data says `hub`."""
    routes = [
        route
        for page in paged.proxy.walk(limit=paged.proxy.limits.most)
        for route in page.items.values()
    ]
    assert [each for each in routes if each.get("data", {}).get("hub") is True], routes


@rule("pagination/routes-of-running-servers-are-listed", needs="spawn")
def test_routes_of_running_servers_are_listed(paged: Paged) -> None:
    """Walking `GET /proxy` meets the route of each running server."""
    needs_items(list(paged.proxy.own), 1)

    def check(routes: list[str]) -> None:
        for name in paged.proxy.own:
            assert any(f"{name}/" in each or f"{name}." in each for each in routes), routes

    paged.proxy.steadily(check)


@rule("pagination/header-has-no-effect-on-one-model", see=SEE)
def test_header_has_no_effect_on_one_model(paged: Paged) -> None:
    """What is no list is no page: one user and one group come as they are."""
    hub, params = paged.users.hub, {"offset": 1, "limit": 1}
    for path in (f"/users/{quoted(paged.users.own[0])}", f"/groups/{paged.groups.own[1]}"):
        assert hub.get(path, headers=PAGED, params=params).json == hub.get(path).json


@rule("pagination/header-has-no-effect-on-creating-users", see=SEE)
def test_header_has_no_effect_on_creating_users(sandbox: Sandbox, hub: Hub) -> None:
    """`POST /users` answers with the plain list of all it created, whatever limit is given."""
    need_scopes(hub.target, "admin:users")
    names = [sandbox.name("made") for _ in range(2)]
    params = {"limit": 1, "offset": 1}
    answer = hub.post("/users", json={"usernames": names}, params=params, headers=PAGED)
    assert answer.status == 201, answer
    assert isinstance(answer.json, list), answer.json
    assert sorted(names_of(answer.json)) == sorted(names)


@rule("pagination/header-has-no-effect-on-creating-groups", see=SEE)
def test_header_has_no_effect_on_creating_groups(sandbox: Sandbox, hub: Hub) -> None:
    """`POST /groups` answers with the plain list of all it created, whatever limit is given."""
    need_scopes(hub.target, "admin:groups")
    names = [sandbox.name("made") for _ in range(2)]
    params = {"limit": 1, "offset": 1}
    answer = hub.post("/groups", json={"groups": names}, params=params, headers=PAGED)
    assert answer.status == 201, answer
    assert isinstance(answer.json, list), answer.json
    assert sorted(names_of(answer.json)) == sorted(names)


@rule("pagination/head-has-no-pages", see="jupyterhub/apihandlers (no handler of HEAD)")
def test_head_has_no_pages(listing: Listing) -> None:
    """HEAD on a list answers alike with and without the header, and has no body."""
    answers = [listing.hub.request("HEAD", listing.path, headers=h) for h in ({}, PAGED)]
    assert {each.status for each in answers} == {405}, answers
    assert not any(each.body for each in answers), answers
