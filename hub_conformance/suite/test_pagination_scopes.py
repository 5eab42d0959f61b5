"""Pagination: lists through tokens that may see only a part, or nothing at all."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ..hub import Hub
from ..rules import rule
from ..sandbox import Sandbox, User
from ._pagination import LISTS, Listing, Paged, check_refused, names_of

pytest_plugins = ("hub_conformance.suite._pagination",)

SEE = "rbac/scopes.html#filtering-scopes"
Limited = Callable[..., Hub]
#: Scopes about the objects of each list that do not allow to list them.
NO_LISTING = {
    "users": ("read:users", "admin:groups", "proxy", "read:servers", "read:roles"),
    "groups": ("read:groups", "admin:users", "proxy"),
    "proxy": ("admin:users", "admin:groups", "read:hub", "admin:servers"),
}
FORMS = pytest.mark.parametrize("paged_form", [True, False], ids=["page", "plain"])


@rule("pagination/total-counts-the-users-in-scope", since="3.0", see=SEE)
def test_total_counts_the_users_in_scope(paged: Paged, limited: Limited) -> None:
    """A token for some users lists and counts these, and none beside them."""
    some = [paged.users.own[index] for index in (1, 4, 7)]
    hub = limited(*(f"list:users!user={name}" for name in some))
    Listing(hub, "/users").check_filtered(some)
    paged.users.through(hub).check_filtered(some)


@rule("pagination/total-counts-the-members-in-scope", since="3.0", see=SEE)
def test_total_counts_the_members_in_scope(paged: Paged, limited: Limited) -> None:
    """A token for the users of a group lists and counts its members."""
    group = paged.groups.own[2]  # the first two of the users are in it
    Listing(limited(f"list:users!group={group}"), "/users").check_filtered(
        list(paged.users.own[:2])
    )


@rule("pagination/empty-scope-counts-nothing", since="3.0", see=SEE)
def test_empty_scope_counts_nothing(paged: Paged, limited: Limited) -> None:
    """A token for the users of an empty group lists nobody and counts 0."""
    Listing(limited(f"list:users!group={paged.groups.own[0]}"), "/users").check_filtered([])


@rule("pagination/user-in-two-filters-counts-once", since="3.0", see=SEE)
def test_user_in_two_filters_counts_once(paged: Paged, limited: Limited) -> None:
    """Filters add up, and who is in several of them is listed and counted once."""
    own, groups = paged.users.own, paged.groups.own
    wider = (f"list:users!group={groups[2]}", f"list:users!group={groups[5]}")
    hub = limited(*wider, f"list:users!user={own[0]}", f"list:users!user={own[6]}")
    Listing(hub, "/users").check_filtered([own[0], own[1], own[6]])


@rule("pagination/scope-of-a-similar-name", since="3.0", see=SEE)
def test_scope_of_a_similar_name(sandbox: Sandbox, limited: Limited) -> None:
    """A filter means one name: no name that starts, ends or goes on like it."""
    near = sandbox.user("near")
    for name in (f"{near.name}2", f"{near.name}-", near.name[:-1] + "x"):
        assert sandbox.hub.post(f"/users/{name}").status == 201
    Listing(limited(f"list:users!user={near.name}"), "/users").check_filtered([near.name])


@rule("pagination/group-scope-of-a-similar-name", since="3.0", see=SEE)
def test_group_scope_of_a_similar_name(sandbox: Sandbox, limited: Limited) -> None:
    """A filter by group means one group: no group whose name starts or goes on like it."""
    member, other = sandbox.users(2, "near")
    near = sandbox.group("near", [member])
    for name in (f"{near}2", f"{near}-"):
        assert sandbox.hub.post(f"/groups/{name}", json={}).status == 201
        added = sandbox.hub.post(f"/groups/{name}/users", json={"users": [other.name]})
        assert added.status == 200, added
    page = Listing(limited(f"list:groups!group={near}"), "/groups").both(limit=2)
    assert names_of(page.items) == [near], page.answer.json
    members = Listing(limited(f"list:users!group={near}"), "/users")
    members.check_filtered([member.name])


@rule("pagination/filters-apply-inside-the-scope", since="3.0", see=SEE)
def test_filters_apply_inside_the_scope(paged: Paged, limited: Limited) -> None:
    """`name_filter` and `state` narrow what the token may see, and never widen it."""
    own = paged.users.own
    hub = limited(f"list:users!user={own[1]}", f"list:users!user={own[4]}")
    narrow = Listing(hub, "/users", {"name_filter": own[4]})
    narrow.check_filtered([own[4]])
    Listing(hub, "/users", {"name_filter": own[0]}).check_filtered([])
    Listing(hub, "/users", {"state": "inactive"}).check_filtered([own[1], own[4]])
    Listing(hub, "/users", {"state": "active"}).check_filtered([])


@rule("pagination/sort-inside-the-scope", since="5.0", see=SEE)
def test_sort_inside_the_scope(paged: Paged, limited: Limited) -> None:
    """The order asked for is that of what the token may see."""
    own = paged.users.own
    hub = limited(*(f"list:users!user={name}" for name in own[3:9]))
    Listing(hub, "/users", {"sort": "-name"}).check_filtered(sorted(own[3:9])[::-1])


@rule("pagination/groups-in-scope-are-listed", since="3.0", see=SEE)
def test_groups_in_scope_are_listed(paged: Paged, limited: Limited) -> None:
    """A token for some groups lists these, and none beside them."""
    some = [paged.groups.own[index] for index in (1, 4)]
    hub = limited(*(f"list:groups!group={name}" for name in some))
    page = Listing(hub, "/groups").both(limit=2)
    assert names_of(page.items) == some, page.answer.json


@rule("pagination/total-counts-the-groups-in-scope", since="3.0", see=SEE)
def test_total_counts_the_groups_in_scope(paged: Paged, limited: Limited) -> None:
    """A token for some groups counts these: the total does not tell how many others there are."""
    some = [paged.groups.own[index] for index in (1, 4)]
    hub = limited(*(f"list:groups!group={name}" for name in some))
    Listing(hub, "/groups").check_filtered(some)


@rule("pagination/unlimited-scope-sees-all", since="3.0", see=SEE)
@pytest.mark.parametrize(
    ("which", "scope"), list(zip(LISTS, ("list:users", "list:groups", "proxy"), strict=True))
)
def test_unlimited_scope_sees_all(paged: Paged, limited: Limited, which: str, scope: str) -> None:
    """The one scope that a list needs, without a filter, shows and counts all of it."""
    listing = paged.listing(which)
    seen = listing.through(limited(scope))

    def check(whole: list[str]) -> None:
        page = seen.both(limit=listing.limits.most)
        seen.check_window(whole, page)

    listing.steadily(check)


@rule("pagination/refused-without-the-scope", since="3.0")
@FORMS
def test_refused_without_the_scope(listing: Listing, limited: Limited, paged_form: bool) -> None:
    """Scopes that read the objects of a list but do not list them open neither form of it."""
    for scope in NO_LISTING[listing.path.strip("/")]:
        check_refused(listing.through(limited(scope)).ask(paged=paged_form), 403)


@rule("pagination/refused-with-another-kind-of-filter", since="3.0", see=SEE)
@FORMS
def test_refused_with_another_kind_of_filter(
    paged: Paged, limited: Limited, paged_form: bool
) -> None:
    """A filter that means nothing for a list is refused; it does not open all of it."""
    name = paged.users.own[0]
    for path, scope in (
        ("/users", f"list:users!server={name}/x"),
        ("/groups", f"list:groups!user={name}"),
    ):
        check_refused(Listing(limited(scope), path).ask(paged=paged_form), 403)


@rule("pagination/refused-to-a-plain-user", needs="user-role")
@FORMS
def test_refused_to_a_plain_user(alice: User, listing: Listing, paged_form: bool) -> None:
    """A user without rights of an admin is refused all three lists, in both forms."""
    check_refused(listing.through(alice.hub).ask(paged=paged_form), 403)


@rule("pagination/refused-without-a-token")
@FORMS
def test_refused_without_a_token(anonymous: Hub, listing: Listing, paged_form: bool) -> None:
    """Without a token all three lists are refused, in both forms."""
    check_refused(listing.through(anonymous).ask(paged=paged_form), 403)


@rule("pagination/refusal-comes-before-the-window", needs="user-role")
def test_refusal_comes_before_the_window(alice: User, listing: Listing) -> None:
    """Who may not list learns nothing from a wrong offset, limit or filter either: it is 403."""
    for params in ({"limit": "x"}, {"offset": "x"}, {"offset": 10**6}, {"state": "bogus"}):
        check_refused(listing.through(alice.hub).ask(paged=True, **params), 403)
