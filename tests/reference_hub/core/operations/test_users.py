from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from reference_hub.core import boot
from reference_hub.core.hub import Hub, Settings
from reference_hub.core.operations import groups, servers, tokens, users
from tests.reference_hub.tools import SECRETS, Ask, FakeClock, names


def test_creating_lowers_names_in_bodies_and_in_paths(ask: Ask) -> None:
    assert names(ask(users.create_users, body={"usernames": ["Cat"]}).value) == ["cat"]
    assert ask(users.create_user, "Dog").value["name"] == "dog"
    assert ask(users.create_user, "DOG").status == 409
    assert ask(users.read_user, "Dog").status == 404


def test_those_who_exist_are_passed_over(ask: Ask) -> None:
    answer = ask(users.create_users, body={"usernames": ["ann", "cat", "cat"]})
    assert (answer.status, names(answer.value)) == (201, ["cat"])
    assert ask(users.create_users, body={"usernames": ["ann", "CAT"]}).status == 409
    assert ask(users.create_user, "ann").status == 409


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        {},
        {"usernames": []},
        {"usernames": "cat"},
        {"usernames": [1]},
        "x",
        {"usernames": ["ok", "a/b"]},
        {"usernames": ["ok"], "admin": 1},
        {"usernames": ["ok"], "bogus": 1},
    ],
)
def test_bulk_creation_refuses(ask: Ask, body: Any) -> None:
    assert ask(users.create_users, body=body).status == 400
    assert ask(users.read_user, "ok").status == 404


@pytest.mark.parametrize(
    "body", [None, [], {}, {"name": "x", "groups": ["team"], "roles": ["admin"]}]
)
def test_bodies_that_change_nothing_of_a_new_user(ask: Ask, body: Any) -> None:
    answer = ask(users.create_user, "cat", body=body)
    assert answer.status == 201
    assert (answer.value["name"], answer.value["groups"], answer.value["roles"]) == (
        "cat",
        [],
        ["user"],
    )


@pytest.mark.parametrize("body", [[1], "x", 5, {"admin": "no"}, {"bogus": 1}])
def test_creation_refuses(ask: Ask, body: Any) -> None:
    assert ask(users.create_user, "cat", body=body).status == 400


@pytest.mark.parametrize("name", ["a/b", " a", "..", "\ud800"])
def test_names_that_cannot_be_created(ask: Ask, name: str) -> None:
    assert ask(users.create_user, name).status == 400


def test_only_admins_make_admins(ask: Ask) -> None:
    ask.hub.roles["delegate"] = ("admin:users",)
    bob = ask.hub.find_user("bob")
    assert bob is not None
    bob.roles.append("delegate")
    assert ask(users.create_user, "cat", who="bob", body={"admin": True}).status == 403
    body = {"usernames": ["cat"], "admin": True}
    assert ask(users.create_users, who="bob", body=body).status == 403
    assert ask(users.create_user, "cat", who="bob").status == 201
    assert ask(users.update_user, "cat", who="bob", body={"admin": True}).status == 403
    assert ask(users.update_user, "cat", who="bob", body={"admin": False}).status == 200
    assert ask(users.update_user, "admin", who="bob", body={"admin": False}).status == 403
    assert ask(users.create_users, body=body | {"usernames": ["dog"]}).value[0]["admin"]


def test_deleting(ask: Ask) -> None:
    ask(servers.start_server, "ann")
    ask(servers.start_server, "ann", "lab")
    assert ask(users.delete_user, "ann").status == 204
    assert ask(users.read_user, "ann").status == 404
    assert ask(users.delete_user, "ann").status == 404
    assert ask(groups.read_group, "team").value["users"] == []
    assert ask.call("ann").requester is None


def test_nobody_deletes_themselves(ask: Ask) -> None:
    assert ask(users.delete_user, "admin").status == 400


def test_renaming_keeps_everything(ask: Ask) -> None:
    answer = ask(users.update_user, "ann", body={"name": "Anne"})
    assert (answer.status, answer.value["name"]) == (200, "anne")
    assert ask(users.read_user, "ann").status == 404
    assert ask(groups.read_group, "team").value["users"] == ["anne"]
    assert ask(users.read_user, "anne", who="ann").value["name"] == "anne"


def test_renaming_to_the_same_name_changes_nothing(ask: Ask) -> None:
    assert ask(users.update_user, "ann", body={"name": "ann"}).value["name"] == "ann"


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        "x",
        {"name": "bob"},
        {"name": "BOB"},
        {"name": "a/b"},
        {"name": ""},
        {"name": None},
        {"admin": 1},
        {"bogus": 1},
        {"groups": []},
        {"roles": ["admin"]},
        {"auth_state": {"a": 1}},
        {"name": "anne", "admin": "x"},
    ],
)
def test_changes_that_are_refused_change_nothing(ask: Ask, body: Any) -> None:
    before = ask(users.read_user, "ann").value
    assert ask(users.update_user, "ann", body=body).status == 400
    assert ask(users.read_user, "ann").value == before


def test_auth_state_where_it_is_enabled(settings: Settings, clock: FakeClock) -> None:
    hub = boot.reset(Hub(replace(settings, enable_auth_state=True), clock))
    ask = Ask(hub)
    answer = ask(users.update_user, "ann", body={"auth_state": {"a": 1}})
    assert answer.value["auth_state"] == {"a": 1}
    assert ask(users.read_user, "ann").value["auth_state"] == {"a": 1}
    assert "auth_state" not in ask(users.read_user, "ann", who="ann").value
    assert ask(users.update_user, "ann", body={"admin": False}).value["auth_state"] == {"a": 1}


def test_the_admin_flag_brings_its_role_and_takes_it_away(ask: Ask) -> None:
    assert ask(users.update_user, "ann", body={"admin": True}).value["roles"] == ["user", "admin"]
    assert ask(users.list_users, who="ann").status == 200
    assert ask(users.update_user, "ann", body={"admin": False}).value["roles"] == ["user"]
    assert ask(users.list_users, who="ann").status == 403


def test_absence_does_not_leak(ask: Ask) -> None:
    absent = ask(users.read_user, "nobody", who="ann")
    hidden = ask(users.read_user, "bob", who="ann")
    assert (absent.status, absent.value) == (hidden.status, hidden.value) == (404, hidden.value)


# Lists


def listed(ask: Ask, query: str = "", who: str = "admin") -> list[str]:
    return names(ask(users.list_users, who=who, query=query).value)


def test_users_are_listed_in_order_of_creation(ask: Ask) -> None:
    ask(users.create_user, "aaa")
    assert listed(ask) == ["admin", "ann", "bob", "aaa"]
    assert listed(ask, "sort=-id") == ["aaa", "bob", "ann", "admin"]
    assert listed(ask, "sort=name") == ["aaa", "admin", "ann", "bob"]
    assert listed(ask, "sort=-name") == ["bob", "ann", "admin", "aaa"]


def test_those_never_active_come_first_or_last(ask: Ask, clock: FakeClock) -> None:
    ask.call("bob")
    clock.advance(1)
    ask.call("admin")
    assert listed(ask, "sort=last_activity") == ["ann", "bob", "admin"]
    assert listed(ask, "sort=-last_activity") == ["admin", "bob", "ann"]


def test_states(ask: Ask) -> None:
    ask(servers.start_server, "ann")
    ask(servers.start_server, "bob", "lab", body={"delay": 10})
    assert listed(ask, "state=ready") == ["ann"]
    assert listed(ask, "state=active") == ["ann", "bob"]
    assert listed(ask, "state=inactive") == ["admin"]
    assert listed(ask, "state=") == ["admin", "ann", "bob"]


@pytest.mark.parametrize("query", ["sort=bogus", "sort=", "sort=--id", "state=bogus", "limit=x"])
def test_arguments_that_are_refused(ask: Ask, query: str) -> None:
    assert ask(users.list_users, query=query).status == 400


def test_names_are_filtered_by_their_letters(ask: Ask) -> None:
    ask(users.create_user, "a_b")
    assert listed(ask, "name_filter=N") == ["admin", "ann"]
    assert listed(ask, "name_filter=_") == ["a_b"]
    assert listed(ask, "name_filter=zz") == []


def test_lists_show_what_the_filters_reach(ask: Ask) -> None:
    token = ask.token("admin", "list:users!group=team", "list:users!user=bob")
    assert listed(ask, who=token) == ["ann", "bob"]
    ask(groups.remove_users, "team", body={"users": ["ann"]})
    assert listed(ask, who=token) == ["bob"]


def test_filters_that_select_no_users_are_refused(ask: Ask) -> None:
    token = ask.token("admin", "list:users!server=ann/", "list:users!user=bob")
    assert ask(users.list_users, who=token).status == 403


def test_the_total_counts_what_the_query_selects(ask: Ask) -> None:
    page = ask(users.list_users, query="name_filter=n&limit=1", pages=True).value
    assert page["_pagination"]["total"] == 2
    assert page["_pagination"]["next"]["offset"] == 1
    assert names(page["items"]) == ["admin"]
    token = ask.token("admin", "list:users!user=bob")
    page = ask(users.list_users, who=token, pages=True).value
    assert page["_pagination"] == {"total": 1, "offset": 0, "limit": 50, "next": None}


@pytest.mark.parametrize(
    ("value", "shown"),
    [("1", True), ("", True), ("0", False), ("False", False), ("yes", True)],
)
def test_stopped_servers_are_shown_on_request(ask: Ask, value: str, shown: bool) -> None:
    ask(servers.create_server, "ann", "lab")
    model = ask(users.read_user, "ann", query=f"include_stopped_servers={value}").value
    assert ("lab" in model["servers"]) is shown


def test_a_users_tokens_go_with_them(ask: Ask) -> None:
    secret = ask(tokens.create_token, "ann").value["token"]
    ask(users.delete_user, "ann")
    ask(users.create_user, "ann")
    assert ask.call(secret).requester is None
    assert ask.call(SECRETS["ann"]).requester is None
    assert ask(tokens.list_tokens, "ann").value == {"api_tokens": []}
