"""Groups: members added and removed, on both sides."""

from __future__ import annotations

from typing import Any

import pytest

from ..hub import Hub
from ..rules import rule
from ..sandbox import Sandbox, User
from ..target import Target
from ._groups import (
    change,
    check_model,
    check_rights,
    groups_of,
    made,
    members,
    path_of,
    people,
    read,
)
from ._shape import object_of, refused
from ._users import ODD_ENDS, all_made, at_once, normaliser, same_but
from ._users import read as read_user

SEEN = "jupyterhub/apihandlers/groups.py, GroupUsersAPIHandler"
BOTH = pytest.mark.parametrize("method", ["POST", "DELETE"], ids=["add", "remove"])


@pytest.fixture(autouse=True, scope="module")
def _rights(target: Target) -> None:
    check_rights(target)


@pytest.fixture
def trio(shared: Sandbox) -> tuple[User, User, User]:
    """Three users who may be in any group."""
    return people(shared)


@pytest.fixture(scope="module")
def steady(shared: Sandbox) -> str:
    """A group with one member, for requests that must not change it."""
    return shared.group("steady", people(shared)[:1])


@rule("groups/added-users-are-members")
def test_add(hub: Hub, sandbox: Sandbox, trio: tuple[User, User, User], target: Target) -> None:
    """Adding users answers 200 with the model: they are members, those who were stay, no other."""
    one, two, three = trio
    name = sandbox.group("team", [one])
    model = change(hub, "POST", name, [two, three])
    check_model(model, name, target, [each.name for each in trio])
    assert members(read(hub, name)) == members(model)
    assert all(name in groups_of(hub, each) for each in trio)


@rule("groups/removed-users-are-no-members")
def test_remove(hub: Hub, sandbox: Sandbox, trio: tuple[User, User, User], target: Target) -> None:
    """Removing users answers 200 with the model: they are members no more, the others are."""
    one, two, three = trio
    name = sandbox.group("team", trio)
    model = change(hub, "DELETE", name, [one, three])
    check_model(model, name, target, [two.name])
    assert members(read(hub, name)) == [two.name]
    assert [name in groups_of(hub, each) for each in trio] == [False, True, False]
    assert object_of(hub.get(one.path)).get("name") == one.name
    assert len(members(change(hub, "POST", name, trio))) == len(trio)
    assert members(change(hub, "DELETE", name, trio)) == []


@rule("groups/adding-twice-is-adding-once")
def test_add_twice(hub: Hub, sandbox: Sandbox, trio: tuple[User, User, User]) -> None:
    """A user who is added again, or twice in one request, is a member once."""
    one, two, _ = trio
    name = sandbox.group("team", [one])
    assert members(change(hub, "POST", name, [one])) == [one.name]
    names = sorted([one.name, two.name])
    assert members(change(hub, "POST", name, [two, one, two])) == names
    assert members(read(hub, name)) == names
    assert groups_of(hub, two).count(name) == 1


@rule("groups/removing-twice-is-removing-once")
def test_remove_twice(hub: Hub, sandbox: Sandbox, trio: tuple[User, User, User]) -> None:
    """Removing a user who is no member, or twice in one request, answers 200 all the same."""
    one, two, three = trio
    name = sandbox.group("team", [one, two])
    assert members(change(hub, "DELETE", name, [three])) == sorted([one.name, two.name])
    assert members(change(hub, "DELETE", name, [one, one])) == [two.name]
    assert members(change(hub, "DELETE", name, [one])) == [two.name]
    for _ in range(2):
        assert members(change(hub, "DELETE", name, [two])) == []


@BOTH
@rule("groups/unknown-user-among-others-changes-nothing")
def test_unknown(
    method: str, hub: Hub, sandbox: Sandbox, steady: str, trio: tuple[User, User, User]
) -> None:
    """Where one of the users does not exist, 400, and none of the others is added or removed."""
    one, two, _ = trio
    before, absent = read(hub, steady), sandbox.name("absent")
    other = two.name if method == "POST" else one.name
    for names in ([other, absent], [absent, other], [absent]):
        refused(hub.request(method, f"{path_of(steady)}/users", json={"users": names}), 400)
    assert read(hub, steady) == before
    refused(hub.get(f"/users/{absent}"), 404, explained=False)


WRONG: list[Any] = [None, {}, [], {"users": None}]


@BOTH
@rule("groups/members-must-be-named")
def test_wrong_body(method: str, hub: Hub, steady: str, trio: tuple[User, User, User]) -> None:
    """A change of members that names none, or has a wrong field, is refused with 400."""
    before, path = read(hub, steady), f"{path_of(steady)}/users"
    names = [each.name for each in trio]
    for body in (*WRONG, {"users": names, "properties": {}}):
        refused(hub.request(method, path, json=body), 400)
    assert read(hub, steady) == before


@BOTH
@rule("groups/members-are-a-list-of-strings", see=SEEN)
def test_no_strings(method: str, hub: Hub, steady: str, trio: tuple[User, User, User]) -> None:
    """`users` that is no list of strings is refused with 400, and nobody is added or removed."""
    one, two, _ = trio
    before, name = read(hub, steady), two.name if method == "POST" else one.name
    bodies: list[Any] = [[name, None], [name, [name]], {name: name}]
    path = f"{path_of(steady)}/users"
    answers = [hub.request(method, path, json={"users": users}) for users in bodies]
    assert read(hub, steady) == before
    for answer in answers:
        refused(answer, 400)


@BOTH
@rule("groups/no-users-change-nothing", see=SEEN)
def test_nobody(method: str, hub: Hub, steady: str) -> None:
    """Adding or removing nobody answers 200 with the group as it is."""
    before = read(hub, steady)
    assert change(hub, method, steady, []) == before == read(hub, steady)


@rule("groups/users-added-at-once-are-all-members")
def test_add_at_once(hub: Hub, sandbox: Sandbox, trio: tuple[User, User, User]) -> None:
    """Users whom several requests add at the same time are members, all of them."""
    name, names = sandbox.group("team"), [each.name for each in trio]
    path = f"{path_of(name)}/users"
    answers = at_once(lambda each: hub.post(path, json={"users": [each]}), names)
    assert all(answer.status == 200 for answer in answers), answers
    assert members(read(hub, name)) == sorted(names)


@rule("groups/membership-changes-nothing-else")
def test_nothing_else(hub: Hub, user: User, sandbox: Sandbox) -> None:
    """Who joins a group and leaves it stays who they are: the rest of their model, and tokens."""
    object_of(hub.patch(user.path, json={"admin": True}))
    token, name = user.token, sandbox.group("team")
    before = read_user(hub, user.name)
    for method, groups in (("POST", [name]), ("DELETE", [])):
        change(hub, method, name, [user])
        after = read_user(hub, user.name)
        assert same_but(after, "groups") == same_but(before, "groups")
        assert after.get("groups") == groups, after
    assert object_of(token.hub.get("/user")).get("name") == user.name


@rule("groups/a-user-may-be-in-several")
def test_several(hub: Hub, sandbox: Sandbox, user: User) -> None:
    """A user is in each group they were added to, and leaves the one they are removed from."""
    name = sandbox.name("team")
    names = [name, f"{name}2", f"{name}3"]
    assert len(all_made(hub.post("/groups", json={"groups": names}))) == len(names)
    for each in names[:2]:
        change(hub, "POST", each, [user])
    assert sorted(groups_of(hub, user)) == names[:2]
    assert members(change(hub, "DELETE", name, [user])) == []
    assert groups_of(hub, user) == [names[1]]
    assert [members(read(hub, each)) for each in names] == [[], [user.name], []]


@rule("groups/members-are-looked-for-by-their-normal-names", see=SEEN)
def test_normalised(
    hub: Hub, sandbox: Sandbox, shared: Sandbox, trio: tuple[User, User, User]
) -> None:
    """Members are found by every spelling that makes the same user, in every way to name them."""
    one, name = trio[0], sandbox.name("spelled")
    shouted = shared.run + one.name.removeprefix(shared.run).upper()
    if normaliser(shared)(shouted) == shouted:
        refused(hub.post(path_of(name), json={"users": [shouted]}), 400)
        return
    assert members(made(hub.post(path_of(name), json={"users": [shouted]}))) == [one.name]
    assert members(change(hub, "DELETE", name, [shouted])) == []
    assert members(change(hub, "POST", name, [shouted])) == [one.name]
    several = {"groups": [f"{name}2"], "users": [shouted]}
    found = all_made(hub.post("/groups", json=several))
    assert [members(each) for each in found] == [[one.name]], found


@rule("groups/members-with-odd-names")
def test_odd_members(hub: Hub, sandbox: Sandbox) -> None:
    """Users with odd names are added, shown and removed like others."""
    start, group = sandbox.name("odd"), sandbox.group("odd")
    names = [start + ODD_ENDS[each] for each in ("email", "percent", "letters")]
    answer = hub.post("/users", json={"usernames": names})
    if answer.status == 400:  # a pattern for names: one that every hub takes
        names = [sandbox.fresh_user().name]
    assert members(change(hub, "POST", group, names)) == sorted(names)
    assert members(change(hub, "DELETE", group, names[:1])) == sorted(names[1:])
