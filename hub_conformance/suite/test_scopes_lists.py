"""Scopes: lists show exactly what the filters of a scope cover."""

from __future__ import annotations

import pytest

from ..contract.scopes import Resource
from ..rules import rule
from ..sandbox import Sandbox, User
from ..stage import Stage
from ._scopes import Desk
from ._scopes_fields import check_fields, listed_as, shown_fields
from ._scopes_people import (
    People,
    check_lists,
    check_names,
    check_total,
    names_of,
    people_of,
    plain,
    walked,
)

pytest_plugins = ("hub_conformance.suite._scopes",)

#: Of a group with many members: more than a page of a hub with small pages has.
MEMBERS = 12
#: Filters on the list, and whom they cover.
USERS = {
    "user": (["user=ann"], ["ann"]),
    "longer-user": (["user=ann2"], ["ann2"]),
    "group": (["group=group"], ["ann", "ben"]),
    "longer-group": (["group=group2"], ["ann2", "ben"]),
    "two-users": (["user=ann", "user=cat"], ["ann", "cat"]),
    "two-groups": (["group=group", "group=group2"], ["ann", "ann2", "ben"]),
    "user-and-group": (["user=cat", "group=group"], ["ann", "ben", "cat"]),
    "user-in-group": (["user=ann", "group=group"], ["ann", "ben"]),
    "absent-user": (["user=absent"], []),
    "absent-group": (["group=absent"], []),
    "user-and-absent": (["user=ann", "user=absent", "group=absent"], ["ann"]),
}
GROUPS = {
    "group": (["group=group"], ["group"]),
    "longer-group": (["group=group2"], ["group2"]),
    "two-groups": (["group=group", "group=group2"], ["group", "group2"]),
    "absent-group": (["group=absent"], []),
    "group-and-absent": (["group=group2", "group=absent"], ["group2"]),
}


@pytest.fixture(scope="module")
def people(stage: Stage) -> People:
    """Users and groups whose names begin alike."""
    return people_of(stage)


@pytest.mark.parametrize("case", USERS)
@rule("scopes/user-list-shows-what-filters-cover", since="3.0", see="rbac/scopes.html")
def test_user_list(case: str, desk: Desk, people: People) -> None:
    """`GET /users` shows exactly the users that the filters of `list:users` cover, each once.

    Its total counts these users alone.
    """
    filters, expected = USERS[case]
    hub = desk.limited(*people.scopes("list:users", *filters))
    check_lists(hub, "/users", people.named(*expected))


@pytest.mark.parametrize("case", ["longer-user", "group", "user-and-group", "absent-group"])
@rule("scopes/user-list-filters-hold-for-scopes-above", since="3.0", see="rbac/scopes.html")
def test_user_list_by_parent(case: str, desk: Desk, people: People) -> None:
    """The filters of `users` narrow the list of users as those of `list:users` do."""
    filters, expected = USERS[case]
    hub = desk.limited(*people.scopes("users", *filters))
    check_lists(hub, "/users", people.named(*expected))


@pytest.mark.parametrize(
    "params",
    [
        {"state": "inactive"},
        {"include_stopped_servers": "1"},
        {"sort": "-name"},
        {"sort": "-last_activity"},
        {"offset": "0"},
        {"limit": "200"},
        {"name_filter": ""},
    ],
    ids=["state", "stopped-servers", "sort", "last-activity", "offset", "limit", "name-filter"],
)
@rule("scopes/parameters-do-not-widen-the-user-list", since="3.0", see="rbac/scopes.html")
def test_parameters_do_not_widen(params: dict[str, str], desk: Desk, people: People) -> None:
    """State, order and offset do not bring users into the list that the filters leave out."""
    hub = desk.limited(*people.scopes("list:users", "user=cat", "group=group"))
    check_lists(hub, "/users", people.named("ann", "ben", "cat"), **params)


@rule("scopes/name-filter-and-scope-filters-both-hold", since="3.0", see="rbac/scopes.html")
def test_name_filter(desk: Desk, people: People) -> None:
    """`name_filter` narrows the list within what the filters of the scope cover."""
    hub = desk.limited(*people.scopes("list:users", "user=cat", "group=group2"))
    check_lists(hub, "/users", people.named("ann2"), name_filter=people.ann)
    check_lists(hub, "/users", people.named("cat"), name_filter=people.cat)
    check_lists(hub, "/users", set(), name_filter=people.absent)


@pytest.mark.parametrize("state", ["active", "ready"])
@rule("scopes/nobody-active-among-the-covered", since="3.0", see="rbac/scopes.html")
def test_state_active(state: str, desk: Desk, people: People) -> None:
    """`state=active` and `ready` show none of the covered users while no server of theirs runs.

    Whoever has a running one is not shown for that reason.
    """
    if desk.stage.spawns:
        assert desk.stage.runner
    hub = desk.limited(*people.scopes("list:users", "user=cat", "group=group"))
    check_lists(hub, "/users", set(), state=state)


@rule("scopes/many-filters-add-up-in-a-list", since="3.0", see="rbac/scopes.html")
def test_many_filters(desk: Desk, people: People) -> None:
    """Of many filters each counts: users and groups are listed that a long list of them names."""
    users = [f"list:users!user={each}" for each in desk.strangers]
    groups = [f"list:users!group={each}" for each in desk.strangers]
    own = people.scopes("list:users", "user=cat", "group=group")
    check_lists(desk.limited(*users, *groups, *own), "/users", people.named("ann", "ben", "cat"))
    others = [f"list:groups!group={each}" for each in desk.strangers]
    own = people.scopes("list:groups", "group=group", "group=group2")
    check_names(desk.limited(*others, *own), "/groups", people.named("group", "group2"))


@rule("scopes/group-list-shows-all-members", since="3.0", see="rbac/scopes.html")
def test_many_members(desk: Desk, sandbox: Sandbox) -> None:
    """`list:users!group=` shows all members of a group, however many, and their total."""
    members = sandbox.users(MEMBERS, "crowd")
    group = sandbox.group("crowd", members)
    hub = sandbox.token(desk.grantor, scopes=[f"list:users!group={group}"]).hub
    names, totals = walked(hub, "/users")
    assert sorted(names) == sorted(each.name for each in members), names
    assert totals == {MEMBERS}, totals


@rule("scopes/each-of-many-groups-covers", since="3.0", see="rbac/scopes.html")
def test_many_groups(sandbox: Sandbox, desk: Desk, user: User) -> None:
    """Who is in many groups is covered by a filter for any one of them."""
    groups = [sandbox.name("many") for _ in range(desk.many // 2)]
    sandbox.make("create groups", "/groups", {"groups": groups, "users": [user.name]})
    for group in (groups[0], groups[len(groups) // 2], groups[-1]):
        scopes = [f"{each}!group={group}" for each in ("list:users", "read:servers", "read:tokens")]
        hub = sandbox.token(desk.grantor, scopes=scopes).hub
        check_lists(hub, "/users", {user.name})
        for path in (user.path, f"{user.path}/tokens"):
            answer = hub.get(path)
            assert answer.status == 200, (group, answer)


@rule("scopes/pages-of-covered-users", since="3.0", see="rbac/scopes.html")
def test_pages_of_users(desk: Desk, people: People) -> None:
    """Walking pages of one visits each covered user once, and each page tells the same total."""
    hub = desk.limited(*people.scopes("list:users", "user=cat", "group=group", "group=group2"))
    names, totals = walked(hub, "/users", limit=1)
    assert sorted(names) == sorted(people.named("ann", "ann2", "ben", "cat")), names
    assert totals == {4}, totals


@rule("scopes/own-filter-lists-oneself", since="3.0", see="rbac/scopes.html")
def test_own_filter(desk: Desk) -> None:
    """`list:users!user` shows the token's owner and nobody else."""
    check_lists(desk.limited("list:users!user"), "/users", {desk.grantor.name})


@rule("scopes/list-needs-filters-that-it-can-have", since="3.0", see="rbac/scopes.html")
@pytest.mark.parametrize("path", ["/users", "/groups"])
def test_impossible_filter(path: str, desk: Desk, people: People) -> None:
    """One filter that cannot apply to a list refuses it, 403, though another one could."""
    base = "list:users" if path == "/users" else "list:groups"
    good = "user=ann" if path == "/users" else "group=group"
    wrong = [f"{base}!server={people.ann}/", f"{base}!service=any"]
    for scope in wrong:
        answer = desk.limited(scope, *people.scopes(base, good)).get(path)
        assert answer.status == 403, (scope, answer)


@rule("scopes/fields-differ-by-group-in-one-list", since="3.0", see="rbac/scopes.html")
def test_fields_by_group(desk: Desk, people: People) -> None:
    """In one list each group shows what the token may see of that group."""
    both = people.scopes("list:groups", "group=group", "group=group2")
    scopes = [*both, *people.scopes("read:groups", "group=group2")]
    scopes += people.scopes("read:roles:groups", "group=group")
    for form in (
        plain(desk.limited(*scopes), "/groups"),
        desk.limited(*scopes).page("/groups").items,
    ):
        assert sorted(names_of(form)) == sorted(people.named("group", "group2"))
        for model in form:
            group = Resource("group", model["name"])
            check_fields(model, shown_fields(desk, "Group", group, *scopes))


@pytest.mark.parametrize("case", GROUPS)
@rule("scopes/group-list-shows-what-filters-cover", since="3.0", see="rbac/scopes.html")
def test_group_list(case: str, desk: Desk, people: People) -> None:
    """`GET /groups` shows exactly the groups that the filters of `list:groups` name, each once."""
    filters, expected = GROUPS[case]
    hub = desk.limited(*people.scopes("list:groups", *filters))
    check_names(hub, "/groups", people.named(*expected))


@rule("scopes/group-list-total-counts-covered-groups", since="3.0", see="rbac/scopes.html")
def test_group_total(desk: Desk, people: People) -> None:
    """The total of `GET /groups` counts the groups that the filters name, and no others.

    It would tell else how many groups there are that the token may not see.
    """
    for key in ("group", "absent"):
        hub = desk.limited(*people.scopes("list:groups", f"group={key}"))
        check_total(hub.page("/groups"), people.named(key) - {people.absent})


@rule("scopes/pages-of-covered-groups", since="3.0", see="rbac/scopes.html")
def test_pages_of_groups(desk: Desk, people: People) -> None:
    """Walking pages of one visits each covered group once."""
    hub = desk.limited(*people.scopes("groups", "group=group", "group=group2"))
    names, _ = walked(hub, "/groups", limit=1)
    assert sorted(names) == sorted(people.named("group", "group2")), names


@rule(
    "scopes/service-list-shows-what-filters-cover",
    since="5.0",
    needs="services",
    see="rbac/scopes.html",
)
def test_service_list(desk: Desk, stage: Stage) -> None:
    """`GET /services` shows exactly the services that the filters of `list:services` name.

    And of each what the token may see of that one.
    """
    first, second, longer = stage.service, stage.fresh_service(), f"{stage.service}2"
    stage.sandbox.make("add a service", f"/services/{longer}", {"info": {}})
    for names in ([first], [longer], [first, second], [second, stage.new_service()], ["absent"]):
        scopes = [f"list:services!service={each}" for each in names]
        answer = desk.limited(*scopes).get("/services")
        assert answer.status == 200, (scopes, answer)
        assert isinstance(answer.json, dict), answer
        assert answer.json.keys() == set(names) & {first, second, longer}, scopes
    scopes = [f"list:services!service={each}" for each in (first, second)]
    scopes += [f"read:services!service={second}", f"read:roles:services!service={longer}"]
    answer = desk.limited(*scopes).get("/services")
    for name in (first, second):
        expected = shown_fields(desk, "Service", Resource("service", name), *scopes)
        check_fields(listed_as(name)(answer.json), expected)


@rule("scopes/service-list-knows-no-other-filter", since="3.0", see="rbac/scopes.html")
def test_service_list_other_kinds(desk: Desk, stage: Stage) -> None:
    """A filter of another kind shows no service, though the name is that of a service."""
    for kind in ("user", "group"):
        answer = desk.limited(f"list:services!{kind}={stage.service}").get("/services")
        assert answer.status == 200, (kind, answer)
        assert answer.json == {}, (kind, answer.json)


@rule("scopes/everything-is-listed-without-a-filter", since="3.0", see="rbac/scopes.html")
def test_unfiltered(desk: Desk, people: People) -> None:
    """`list:users` and `list:groups` without a filter show everybody and all groups."""
    hub = desk.limited("list:users", "list:groups")
    users, _ = walked(hub, "/users", name_filter=people.ann)
    assert sorted(users) == sorted(people.named("ann", "ann2")), users
    groups, _ = walked(hub, "/groups")
    assert people.named("group", "group2") <= set(groups), groups


@rule("scopes/filter-beside-the-whole-scope-narrows-nothing", since="3.0", see="rbac/scopes.html")
def test_filter_beside_whole(desk: Desk, people: People) -> None:
    """A scope held both with a filter and without one is held for everything."""
    hub = desk.limited("list:users", *people.scopes("list:users", "user=cat"))
    check_lists(hub, "/users", people.named("ann", "ann2"), name_filter=people.ann)
