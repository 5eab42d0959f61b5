from __future__ import annotations

from typing import Any

import pytest

from reference_hub.core.operations import groups, users
from tests.reference_hub.tools import Ask, names


def test_creating_with_members(ask: Ask) -> None:
    answer = ask(groups.create_group, "new", body={"users": ["ann", "BOB", "ann"]})
    assert answer.status == 201
    assert answer.value == {
        "kind": "group",
        "name": "new",
        "users": ["ann", "bob"],
        "properties": {},
        "roles": [],
    }
    assert ask(users.read_user, "bob").value["groups"] == ["new"]
    assert ask(groups.create_group, "new").status == 409


def test_creating_several(ask: Ask) -> None:
    answer = ask(groups.create_groups, body={"groups": ["x", "y"], "users": ["ann"]})
    assert (answer.status, names(answer.value)) == (201, ["x", "y"])


def test_all_or_none(ask: Ask) -> None:
    assert ask(groups.create_groups, body={"groups": ["x", "team"]}).status == 409
    assert ask(groups.create_groups, body={"groups": ["x", "x"]}).status == 409
    assert ask(groups.create_groups, body={"groups": ["x", ""]}).status == 400
    assert ask(groups.read_group, "x").status == 404


@pytest.mark.parametrize(
    "body", [None, {}, {"groups": []}, {"groups": "xy"}, {"groups": [1]}, {"groups": {"x": 1}}, [1]]
)
def test_bulk_creation_refuses(ask: Ask, body: Any) -> None:
    assert ask(groups.create_groups, body=body).status == 400


@pytest.mark.parametrize(
    "body", [[], "x", {"users": "ann"}, {"users": [1]}, {"users": ["nobody"]}, {"properties": {}}]
)
def test_bodies_that_are_refused(ask: Ask, body: Any) -> None:
    assert ask(groups.create_group, "new", body=body).status == 400
    assert ask(groups.read_group, "new").status == 404
    assert ask(groups.add_users, "team", body=body).status == 400
    assert ask(groups.remove_users, "team", body=body).status == 400


def test_members_must_be_named(ask: Ask) -> None:
    assert ask(groups.add_users, "team", body={}).status == 400
    assert ask(groups.add_users, "team").status == 400


def test_adding_and_removing(ask: Ask) -> None:
    assert ask(groups.add_users, "team", body={"users": ["bob", "ann"]}).value["users"] == [
        "ann",
        "bob",
    ]
    assert ask(groups.remove_users, "team", body={"users": ["ann", "admin"]}).value["users"] == [
        "bob"
    ]
    assert ask(users.read_user, "ann").value["groups"] == []


def test_membership_takes_effect_at_once(ask: Ask) -> None:
    token = ask.token("admin", "read:users!group=team")
    assert ask(users.read_user, "bob", who=token).status == 404
    ask(groups.add_users, "team", body={"users": ["bob"]})
    assert ask(users.read_user, "bob", who=token).status == 200
    ask(groups.delete_group, "team")
    assert ask(users.read_user, "bob", who=token).status == 404


def test_properties_are_replaced(ask: Ask) -> None:
    properties = {"a": [1, None, {"b": "é"}]}
    assert ask(groups.put_properties, "team", body=properties).value["properties"] == properties
    assert ask(groups.put_properties, "team", body={}).value["properties"] == {}
    for bad in (b"null", b"[]", b'"x"', b"5", b""):
        assert ask(groups.put_properties, "team", raw=bad).status == 400


def test_deleting(ask: Ask) -> None:
    assert ask(groups.delete_group, "team").status == 204
    assert ask(groups.delete_group, "team").status == 404


def test_lists_and_their_filters(ask: Ask) -> None:
    assert names(ask(groups.list_groups).value) == ["team", "empty"]
    token = ask.token("admin", "list:groups!group=empty")
    page = ask(groups.list_groups, who=token, pages=True).value
    assert names(page["items"]) == ["empty"]
    # Those out of reach are not even counted.
    assert page["_pagination"]["total"] == 1
    assert ask(groups.list_groups, who=ask.token("admin", "list:groups!user=ann")).status == 403
    assert ask(groups.list_groups, who="ann").status == 403


def test_absence_does_not_leak(ask: Ask) -> None:
    token = ask.token("admin", "groups!group=empty")
    for name in ("team", "nobody"):
        assert ask(groups.read_group, name, who=token).status == 404
        assert ask(groups.add_users, name, who=token, body={"users": []}).status == 404
        assert ask(groups.delete_group, name, who=token).status == 403


def test_names_may_hold_slashes(ask: Ask) -> None:
    assert ask(groups.create_group, "a/b").status == 201
    assert ask(groups.read_group, "a/b").value["name"] == "a/b"
    assert ask(groups.create_group, "\ud800").status == 400
