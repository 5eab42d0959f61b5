"""Users: creating one, what the model says, admin status, deleting."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ..hub import Hub
from ..rules import rule
from ..sandbox import Sandbox, User
from ..target import Target
from ._shape import moment, object_of, refused, single
from ._users import (
    all_made,
    at_once,
    check_created_now,
    check_fresh,
    check_rights,
    check_roles,
    made,
    named,
    path_of,
    read,
    same_but,
)

SEEN = "jupyterhub/apihandlers/users.py, UserAPIHandler"
#: Requests that are sent at the same time.
AT_ONCE = 4
Lacks = Callable[[str], bool]


@pytest.fixture(autouse=True, scope="module")
def _rights(target: Target) -> None:
    check_rights(target)


@pytest.fixture(scope="module")
def carol(shared: Sandbox) -> User:
    """A plain user who is in a group and was active: there is something to keep."""
    user = shared.user("carol")
    shared.group("carols", [user])
    body = {"last_activity": "2020-02-02T02:02:02.000002Z"}
    shared.make("report activity", f"{user.path}/activity", body)
    return user


# --- creating one


@rule("users/create-answers-201-with-the-model")
def test_create(hub: Hub, sandbox: Sandbox, target: Target) -> None:
    """A new user is answered with 201 and the whole model: no admin, in no group, never active."""
    name = sandbox.name("new")
    answer = hub.post(path_of(name))
    model = made(answer)
    check_fresh(model, name, target)
    check_created_now(model, answer)


@rule("users/created-user-is-read-back")
def test_read_back(hub: Hub, sandbox: Sandbox) -> None:
    """A user is read and listed, once, exactly as the answer to their creation has it."""
    name = sandbox.name("new")
    model = same_but(made(hub.post(path_of(name), json={})))
    assert same_but(read(hub, name)) == model
    listed = hub.page("/users", name_filter=name).items
    assert [same_but(each) for each in listed] == [model]


@rule("users/listed-as-read")
def test_listed(hub: Hub, carol: User) -> None:
    """A user with a group and activity is the same in the list, in pages or not, as by itself."""
    model = same_but(read(hub, carol.name))
    paged = hub.page("/users", name_filter=carol.name).items
    plain = hub.get("/users", params={"name_filter": carol.name}).json
    for listed in (paged, plain):
        assert [same_but(each) for each in listed if each["name"] == carol.name] == [model]


BODIES = {"empty": "", "null": "null", "admin-false": '{"admin": false}'}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
@rule("users/body-of-a-create-may-be-left-out")
def test_no_body(body: str, hub: Hub, sandbox: Sandbox, target: Target) -> None:
    """Without a body, or with one that says nothing, the new user is a plain one."""
    name = sandbox.name("plain")
    check_fresh(made(hub.post(path_of(name), data=body)), name, target)


@rule("users/create-makes-an-admin")
def test_create_admin(hub: Hub, sandbox: Sandbox, target: Target) -> None:
    """A user who is created as an admin is one, by the flag and by the role."""
    name = sandbox.name("boss")
    model = made(hub.post(path_of(name), json={"admin": True}))
    check_fresh(model, name, target, admin=True)
    check_fresh(read(hub, name), name, target, admin=True)


@rule("users/create-of-an-existing-one-is-409")
def test_create_existing(hub: Hub, carol: User) -> None:
    """Creating a user who exists is refused with 409, and changes nothing of them."""
    before = read(hub, carol.name)
    refused(hub.post(carol.path, json={"admin": True}), 409)
    assert read(hub, carol.name) == before


@rule("users/created-once-however-many-ask-at-once")
def test_create_at_once(hub: Hub, sandbox: Sandbox, target: Target) -> None:
    """Of several requests at once for one new user one makes them, and the others are 409."""
    name = sandbox.name("new")
    answers = at_once(lambda body: hub.post(path_of(name), json=body), [{}] * AT_ONCE)
    assert sorted(answer.status for answer in answers) == [201, *[409] * (AT_ONCE - 1)], answers
    assert named(hub, name) == [name]
    check_fresh(read(hub, name), name, target)


@rule("users/create-is-for-the-name-in-the-path")
def test_name_in_body(hub: Hub, sandbox: Sandbox, carol: User, target: Target) -> None:
    """A name, groups or roles in the body of a create have no effect, or it is refused with 400."""
    name, other = sandbox.name("named"), sandbox.name("other")
    groups = read(hub, carol.name)["groups"]
    body = {"name": other, "groups": groups, "roles": ["admin"]}
    answer = hub.post(path_of(name), json=body)
    if answer.status == 400:
        refused(hub.get(path_of(name)), 404, explained=False)
    else:
        check_fresh(made(answer), name, target)
        check_fresh(read(hub, name), name, target)
    refused(hub.get(path_of(other)), 404, explained=False)


WRONG = [
    '{"admin": "true"}',
    '{"admin": 1}',
    '{"admin": true, "x": 1}',
    "[null]",
    '{"admin": ',
]


@rule("users/refused-create-makes-no-user")
def test_refused_create(hub: Hub, sandbox: Sandbox) -> None:
    """A create with a wrong body is refused with 400, and the user is not there afterwards."""
    start = sandbox.name("wrong")
    for number, body in enumerate(WRONG):
        refused(hub.post(path_of(f"{start}-{number}"), data=body), 400)
    assert named(hub, start) == []


# --- the model


@rule("users/user-reads-what-an-admin-reads")
def test_own_model(hub: Hub, carol: User) -> None:
    """A user reads of themselves what an admin reads of them, but for the authentication state."""
    own = read(carol.hub, carol.name)
    assert "auth_state" not in own, "a plain user sees an authentication state"
    seen = read(hub, carol.name)
    assert same_but(own, "last_activity") == same_but(seen, "last_activity", "auth_state")


# --- admin status


@rule("users/admin-on-and-off")
def test_admin(hub: Hub, user: User) -> None:
    """Admin status given or taken is in the answer and is read back, and the role goes with it."""
    for admin in (True, True, False):
        model = object_of(hub.patch(user.path, json={"admin": admin}))
        for each in (model, read(hub, user.name)):
            assert each.get("admin") is admin, each
            check_roles(each, admin=admin)
        assert object_of(user.hub.get("/user")).get("admin") is admin, "by their token"


@rule("users/admin-status-changes-nothing-else")
def test_admin_only(hub: Hub, carol: User) -> None:
    """Admin status comes and goes without groups, times or servers changing."""
    before = same_but(read(hub, carol.name), "admin", "roles")
    for admin in (True, False):
        object_of(hub.patch(carol.path, json={"admin": admin}))
        assert same_but(read(hub, carol.name), "admin", "roles") == before


# --- deleting


@rule("users/delete-answers-204-and-forgets")
def test_delete(hub: Hub, user: User) -> None:
    """A deletion answers 204 without a body; the user is found and listed no more."""
    answer = hub.delete(user.path)
    assert answer.status == 204, answer
    assert answer.body == b"", answer.body
    refused(hub.get(user.path), 404, explained=False)
    assert named(hub, user.name) == []
    refused(hub.delete(user.path), 404, explained=False)


@rule("users/deleted-name-is-free-for-a-new-user")
def test_delete_and_create(hub: Hub, sandbox: Sandbox, user: User, target: Target) -> None:
    """Who is created under the name of a deleted user starts afresh: nothing is inherited."""
    sandbox.group("left", [user])
    object_of(hub.patch(user.path, json={"admin": True}))
    when = {"last_activity": "2020-02-02T02:02:02Z"}
    report = {**when, "servers": {"": when}}
    assert hub.post(f"{user.path}/activity", json=report).status == 200
    before = read(hub, user.name)
    assert hub.delete(user.path).status == 204
    answer = hub.post(user.path)
    check_fresh(made(answer), user.name, target)
    model = read(hub, user.name, include_stopped_servers="1")
    assert moment(model["created"]) > moment(before["created"]), "created before the other one"
    servers = model["servers"].values()
    assert all(each.get("last_activity") is None for each in servers), model["servers"]
    check_fresh({**model, "servers": {}}, user.name, target)


@rule("users/deleted-users-tokens-and-shares-are-forgotten")
def test_delete_with_tokens(hub: Hub, sandbox: Sandbox, user: User, lacks: Lacks) -> None:
    """A new user under the name of a deleted one has none of their tokens, groups and shares."""
    token, shares = user.token, sandbox.hub.target.applies >= (5, 0) and not lacks("shares")
    sandbox.group("left", [user])
    if shares:
        other = sandbox.fresh_user()
        object_of(hub.post(f"/shares/{other.name}/", json={"user": user.name}))
        object_of(hub.post(f"/shares/{user.name}/", json={"user": other.name}))
    assert hub.delete(user.path).status == 204
    model = single(all_made(hub.post("/users", json={"usernames": [user.name]})))
    for each in (model, read(hub, user.name)):
        check_fresh(each, user.name, sandbox.hub.target)
    refused(token.hub.get("/user"), 403, explained=False)
    assert object_of(hub.get(f"{user.path}/tokens")).get("api_tokens") == []
    for path in (f"/shares/{user.name}", f"{user.path}/shared") if shares else ():
        assert object_of(hub.get(path)).get("items") == [], path


@rule("users/deleted-users-are-forgotten", since="6.0", needs="named-servers")
def test_delete_with_servers(hub: Hub, user: User) -> None:
    """A named server of a deleted user is not there for a new user of that name."""
    assert hub.put(f"{user.path}/servers/kept", json={}).status == 201
    assert hub.delete(user.path).status == 204
    made(hub.post(user.path))
    assert "kept" not in read(hub, user.name, include_stopped_servers="1")["servers"]


@rule("users/nobody-deletes-themselves", see=SEEN)
def test_delete_oneself(hub: Hub, sandbox: Sandbox) -> None:
    """An admin may delete others, and is refused to delete themselves with 400.

    Nothing of it is done: they stay in their groups.
    """
    admin, other = sandbox.user("admin", admin=True), sandbox.fresh_user()
    group = sandbox.group("group", [admin])
    refused(admin.hub.delete(admin.path), 400)
    model = read(hub, admin.name)
    check_roles(model, admin=True)
    assert model.get("groups") == [group], model
    assert admin.hub.delete(other.path).status == 204
    assert hub.delete(admin.path).status == 204


@rule("users/delete-is-for-one-name")
def test_delete_similar(hub: Hub, sandbox: Sandbox) -> None:
    """Deleting a user leaves those alone whose names begin or end alike."""
    name = sandbox.name("twin")
    names = [name, f"{name}2", f"{name}-2"]
    assert hub.post("/users", json={"usernames": names}).status == 201
    assert hub.delete(path_of(name)).status == 204
    assert sorted(named(hub, name)) == sorted(names[1:])
