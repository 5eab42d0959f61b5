"""Groups: creating one, deleting it, and what the model says."""

from __future__ import annotations

from typing import Any

import pytest

from ..hub import Hub
from ..rules import not_applicable, rule
from ..sandbox import Sandbox, User
from ..target import Target
from ._groups import (
    all_absent,
    change,
    check_model,
    check_rights,
    comparable,
    groups_of,
    made,
    members,
    path_of,
    people,
    read,
)
from ._shape import object_of, refused
from ._users import ODD_ENDS, all_made, at_once, check_fresh, names_in, rename
from ._users import made as user_made
from ._users import read as read_user

SEEN = "jupyterhub/apihandlers/groups.py, GroupAPIHandler"
#: Requests that are sent at the same time.
AT_ONCE = 3
#: The ends of names that are tried; those of users are as good.
ODD = ("email", "percent", "quotes", "letters")


@pytest.fixture(autouse=True, scope="module")
def _rights(target: Target) -> None:
    check_rights(target)


# --- creating one


@rule("groups/create-answers-201-with-the-model")
def test_create(hub: Hub, sandbox: Sandbox, target: Target) -> None:
    """A new group is answered with 201 and the whole model, empty, and is read back so."""
    name = sandbox.name("new")
    model = made(hub.post(path_of(name), json={}))
    check_model(model, name, target)
    assert read(hub, name) == model


@pytest.mark.parametrize("body", ["", "null"], ids=["empty", "null"])
@rule("groups/body-of-a-create-may-be-left-out")
def test_no_body(body: str, hub: Hub, sandbox: Sandbox, target: Target) -> None:
    """A group that is created without a body is an empty one."""
    name = sandbox.name("new")
    check_model(made(hub.post(path_of(name), data=body)), name, target)


@rule("groups/create-with-members")
def test_create_with(hub: Hub, sandbox: Sandbox, shared: Sandbox, target: Target) -> None:
    """A group that is created with members has them, and they have the group."""
    one, two, three = people(shared)
    for names in ([one.name, two.name], [one.name, two.name, three.name]):
        name = sandbox.name("new")
        model = made(hub.post(path_of(name), json={"users": names}))
        check_model(model, name, target, names)
        assert comparable(read(hub, name)) == comparable(model)
        assert [name in groups_of(hub, each) for each in (two, three)] == [True, len(names) == 3]


@rule("groups/create-with-a-member-named-twice", see=SEEN)
def test_create_twice(hub: Hub, sandbox: Sandbox, shared: Sandbox, target: Target) -> None:
    """A user who stands twice among the members of a new group is in it once."""
    one, two, _ = people(shared)
    name, names = sandbox.name("new"), [one.name, two.name, one.name]
    check_model(made(hub.post(path_of(name), json={"users": names})), name, target, set(names))


@rule("groups/create-of-an-existing-one-is-409")
def test_create_existing(hub: Hub, sandbox: Sandbox, shared: Sandbox) -> None:
    """Creating a group that exists is refused with 409, and it keeps its members as they are."""
    one, two, _ = people(shared)
    name = sandbox.group("old", [one])
    before = read(hub, name)
    refused(hub.post(path_of(name)), 409)
    refused(hub.post(path_of(name), json={"users": [two.name]}), 409)
    assert read(hub, name) == before


@rule("groups/created-once-however-many-ask-at-once")
def test_create_at_once(hub: Hub, sandbox: Sandbox, target: Target) -> None:
    """Of several requests at once for one new group one makes it, and the others are 409."""
    name = sandbox.name("new")
    answers = at_once(lambda body: hub.post(path_of(name), json=body), [{}] * AT_ONCE)
    assert sorted(answer.status for answer in answers) == [201, *[409] * (AT_ONCE - 1)], answers
    check_model(read(hub, name), name, target)


@rule("groups/create-with-an-unknown-member-makes-none")
def test_create_unknown(hub: Hub, sandbox: Sandbox, shared: Sandbox) -> None:
    """A group with a member who does not exist is refused with 400; neither is made."""
    one, absent = people(shared)[0], sandbox.name("absent")
    name = sandbox.name("new")
    for names in ([one.name, absent], [absent, one.name]):
        refused(hub.post(path_of(name), json={"users": names}), 400)
    all_absent(hub, [name])
    refused(hub.get(f"/users/{absent}"), 404, explained=False)


@rule("groups/create-is-for-the-name-in-the-path", see=SEEN)
def test_name_in_body(hub: Hub, sandbox: Sandbox, target: Target) -> None:
    """A name or roles in the body of a create have no effect, or it is refused with 400."""
    name, other = sandbox.name("new"), sandbox.name("other")
    answer = hub.post(path_of(name), json={"name": other, "roles": ["admin"]})
    if answer.status == 400:
        all_absent(hub, [name])
    else:
        check_model(made(answer), name, target)
    all_absent(hub, [other])


WRONG: list[Any] = [
    [],
    {"users": None},
    {"properties": {}},
]


@rule("groups/refused-create-makes-no-group")
def test_refused_create(hub: Hub, sandbox: Sandbox) -> None:
    """A create with a wrong body is refused with 400, and the group is not there afterwards."""
    name = sandbox.name("wrong")
    for body in WRONG:
        refused(hub.post(path_of(name), json=body), 400)
    all_absent(hub, [name])


@rule("groups/odd-names-are-kept-and-found")
def test_odd_names(hub: Hub, sandbox: Sandbox) -> None:
    """A name is kept letter by letter, in upper and lower case, and found by its encoded path."""
    start = sandbox.name("odd")
    names = [start + end for end in (*(ODD_ENDS[each] for each in ODD), "-MiXed", "-e\u0301")]
    assert names_in(all_made(hub.post("/groups", json={"groups": names}))) == names
    for name in names:
        assert read(hub, name).get("name") == name


@rule("groups/odd-name-in-the-path-of-a-create")
def test_odd_path(hub: Hub, sandbox: Sandbox, user: User) -> None:
    """A group with an odd name is created, filled, shown with its members and deleted by it."""
    name = f"{sandbox.name('odd')} Ä+%41?#;"
    assert made(hub.post(path_of(name))).get("name") == name
    assert members(change(hub, "POST", name, [user])) == [user.name]
    assert groups_of(hub, user) == [name]
    assert hub.delete(path_of(name)).status == 204
    assert groups_of(hub, user) == []


# --- deleting


@rule("groups/delete-answers-204-and-forgets")
def test_delete(hub: Hub, sandbox: Sandbox) -> None:
    """A deletion answers 204 without a body, and the group is found no more."""
    name = sandbox.group("gone")
    answer = hub.delete(path_of(name))
    assert answer.status == 204, answer
    assert answer.body == b"", answer.body
    all_absent(hub, [name])
    refused(hub.delete(path_of(name)), 404)


@rule("groups/delete-leaves-users-alone")
def test_delete_with_members(hub: Hub, sandbox: Sandbox, shared: Sandbox) -> None:
    """The members of a deleted group stay, and stay in their other groups."""
    one, two, _ = people(shared)
    gone, kept = sandbox.group("gone", [one, two]), sandbox.group("kept", [one])
    assert hub.delete(path_of(gone)).status == 204
    assert [gone in groups_of(hub, each) for each in (one, two)] == [False, False]
    assert kept in groups_of(hub, one)
    assert members(read(hub, kept)) == [one.name]


@rule("groups/deleted-name-is-free-for-a-new-group")
def test_delete_and_create(hub: Hub, sandbox: Sandbox, shared: Sandbox, target: Target) -> None:
    """A group that is created under the name of a deleted one starts empty."""
    one, _, _ = people(shared)
    name = sandbox.group("again", [one])
    if target.applies >= (4, 0):
        assert hub.put(f"{path_of(name)}/properties", json={"a": 1}).status == 200
    assert hub.delete(path_of(name)).status == 204
    check_model(made(hub.post(path_of(name))), name, target)
    check_model(read(hub, name), name, target)
    assert name not in groups_of(hub, one)


@rule("groups/deleted-groups-shares-are-forgotten", since="5.0", needs="shares")
def test_delete_with_shares(hub: Hub, sandbox: Sandbox, user: User) -> None:
    """A new group under the name of a deleted one has none of its shares."""
    name = sandbox.group("again")
    given = hub.post(f"/shares/{user.name}/", json={"group": name})
    assert given.status == 200, given
    assert hub.delete(path_of(name)).status == 204
    made(hub.post(path_of(name)))
    for path in (f"{path_of(name)}/shared", f"/shares/{user.name}"):
        assert object_of(hub.get(path)).get("items") == [], path


@rule("groups/user-of-the-same-name-is-another")
def test_same_name(hub: Hub, sandbox: Sandbox, shared: Sandbox, target: Target) -> None:
    """A user and a group of one name are two: each outlives the renaming or end of the other."""
    one, name = people(shared)[0], sandbox.name("both")
    new = sandbox.name("renamed")
    user_made(hub.post(f"/users/{name}"))
    made(hub.post(path_of(name), json={"users": [one.name]}))
    rename(hub, name, new)
    check_model(read(hub, name), name, target, [one.name])
    rename(hub, new, name)
    assert hub.delete(path_of(name)).status == 204
    check_fresh(read_user(hub, name), name, target)
    made(hub.post(path_of(name), json={"users": [one.name]}))
    assert hub.delete(f"/users/{name}").status == 204
    check_model(read(hub, name), name, target, [one.name])


@rule("groups/names-that-differ-by-case-are-two")
def test_case(hub: Hub, sandbox: Sandbox) -> None:
    """Of two groups whose names differ by the case of a letter, each is found by its own alone."""
    start = sandbox.name("group")
    lower, upper = (path_of(f"{start}{end}") for end in "aA")
    made(hub.post(lower))
    answer = hub.post(upper)
    if answer.status == 409:
        not_applicable("this hub compares names without their case")
    made(answer)
    assert hub.delete(lower).status == 204
    refused(hub.get(lower), 404)
    assert object_of(hub.get(upper)).get("name") == f"{start}A"


@rule("groups/delete-is-for-one-name")
def test_delete_similar(hub: Hub, sandbox: Sandbox, shared: Sandbox) -> None:
    """Deleting a group leaves those alone whose names begin alike."""
    one, _, _ = people(shared)
    name = sandbox.name("twin")
    names = [name, f"{name}2"]
    body = {"groups": names, "users": [one.name]}
    assert names_in(all_made(hub.post("/groups", json=body))) == names
    assert hub.delete(path_of(name)).status == 204
    assert members(read(hub, names[1])) == [one.name]
    assert names[1] in groups_of(hub, one)


@rule("groups/deleted-user-leaves-the-group")
def test_delete_member(
    hub: Hub, sandbox: Sandbox, shared: Sandbox, user: User, target: Target
) -> None:
    """A deleted user is in no group any more, nor is a new user; an empty group stays."""
    one, _, _ = people(shared)
    name, alone = sandbox.group("left", [one, user]), sandbox.group("alone", [user])
    assert hub.delete(user.path).status == 204
    assert members(read(hub, alone)) == []
    assert members(read(hub, name)) == [one.name]
    check_fresh(user_made(hub.post(user.path)), user.name, target)
    assert members(read(hub, name)) == [one.name]
