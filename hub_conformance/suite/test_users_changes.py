"""Users: renaming, and what goes with the user."""

from __future__ import annotations

from typing import Any

import pytest

from ..hub import Hub, quoted
from ..rules import not_applicable, rule
from ..sandbox import Sandbox, User
from ..target import Target
from ._shape import object_of, only_fields, refused
from ._users import (
    check_fresh,
    check_rights,
    check_roles,
    fields_of,
    made,
    named,
    path_of,
    read,
    rename,
    same_but,
)

SEEN = "jupyterhub/apihandlers/users.py, UserAPIHandler"
ACTIVE = "2020-02-02T02:02:02Z"
STOPPED = {"include_stopped_servers": "1"}


@pytest.fixture(autouse=True, scope="module")
def _rights(target: Target) -> None:
    check_rights(target)


@pytest.fixture(scope="module")
def group(shared: Sandbox) -> str:
    """A group that users join before they change."""
    return shared.group("changing")


@pytest.fixture
def member(user: User, group: str, hub: Hub) -> User:
    """A user of the rule's own, in a group, with a token and times of activity."""
    body: dict[str, Any] = {"users": [user.name]}
    object_of(hub.post(f"/groups/{group}/users", json=body))
    body = {"last_activity": ACTIVE, "servers": {"": {"last_activity": ACTIVE}}}
    assert hub.post(f"{user.path}/activity", json=body).status == 200
    return user


@pytest.fixture(scope="module")
def settled(shared: Sandbox) -> User:
    """A user in a group of theirs."""
    user = shared.user("settled")
    shared.group("settled", [user])
    return user


# --- renaming


@rule("users/rename-answers-the-changed-model")
def test_rename(hub: Hub, member: User, target: Target) -> None:
    """A rename answers 200 with the model: the name is new, and every other field is as before."""
    before, new = read(hub, member.name), member.sandbox.name("renamed")
    model = rename(hub, member.name, new)
    only_fields(model, fields_of(target) | {"auth_state"})
    assert same_but(model, "name", "auth_state") == same_but(before, "name", "auth_state")
    assert same_but(read(hub, new)) == same_but(model, *({"auth_state"} - fields_of(target)))
    refused(hub.get(member.path), 404, explained=False)
    assert (named(hub, member.name), named(hub, new)) == ([], [new])


@rule("users/rename-keeps-tokens")
def test_rename_tokens(hub: Hub, user: User) -> None:
    """Tokens of a renamed user are theirs under the new name, and there only."""
    new, token = user.sandbox.name("renamed"), user.token
    assert object_of(token.hub.get("/user")).get("name") == user.name
    before = object_of(hub.get(f"{user.path}/tokens/{quoted(token.id)}"))
    rename(hub, user.name, new)
    model = object_of(hub.get(f"{path_of(new)}/tokens/{quoted(token.id)}"))
    assert (model.get("id"), model.get("user")) == (token.id, new), model
    assert model.get("last_activity") == before.get("last_activity"), model
    assert object_of(token.hub.get("/user")).get("name") == new
    listed = object_of(token.hub.get(f"{path_of(new)}/tokens")).get("api_tokens")
    assert [each["id"] for each in listed or ()] == [token.id], listed
    refused(hub.get(f"{user.path}/tokens/{quoted(token.id)}"), 404)


@rule("users/rename-keeps-groups")
def test_rename_groups(hub: Hub, member: User, group: str) -> None:
    """A renamed user is in all their groups under the new name, and not under the old one."""
    new, second = member.sandbox.name("renamed"), member.sandbox.group("second", [member])
    rename(hub, member.name, new)
    for name in (group, second):
        users = object_of(hub.get(f"/groups/{name}")).get("users")
        assert isinstance(users, list), f"users is {users!r}"
        assert (new in users, member.name in users) == (True, False), users
    assert sorted(read(hub, new).get("groups") or ()) == sorted([group, second])


@rule("users/rename-keeps-the-admin")
def test_rename_admin(hub: Hub, sandbox: Sandbox) -> None:
    """An admin who is renamed is one under the new name, and so may their tokens do."""
    admin, new = sandbox.user("admin", admin=True), sandbox.name("renamed")
    token = admin.token
    model = rename(hub, admin.name, new)
    for each in (model, read(hub, new), object_of(token.hub.get("/user"))):
        assert (each.get("name"), each.get("admin")) == (new, True), each
        check_roles(each, admin=True)


@rule("users/rename-keeps-the-default-server", since="3.0")
def test_rename_default_server(hub: Hub, member: User, target: Target) -> None:
    """What is known of the default server of a renamed user stays, and says the new name."""
    before = read(hub, member.name, **STOPPED)["servers"]
    new = member.sandbox.name("renamed")
    rename(hub, member.name, new)
    after = read(hub, new, **STOPPED)["servers"]
    assert set(after) == set(before) == {""}, after
    assert after[""].get("last_activity") == before[""].get("last_activity") is not None
    if target.applies >= (5, 0):
        assert after[""].get("full_name") == f"{new}/", after


@rule("users/rename-keeps-named-servers", since="6.0", needs="named-servers")
def test_rename_servers(hub: Hub, user: User) -> None:
    """Named servers of a renamed user stay theirs, with their options and the new name."""
    new, body = user.sandbox.name("renamed"), {"display_name": "Mine", "user_options": {"a": 1}}
    assert hub.put(f"{user.path}/servers/kept", json=body).status == 201
    rename(hub, user.name, new)
    model = read(hub, new, **STOPPED)["servers"].get("kept")
    assert model, "the server is gone"
    for key, value in {**body, "name": "kept", "full_name": f"{new}/kept"}.items():
        assert model.get(key) == value, model
    refused(hub.get(f"{user.path}/servers/kept"), 404, explained=False)


@rule("users/rename-moves-the-urls-of-servers", since="3.0")
def test_rename_urls(hub: Hub, user: User) -> None:
    """The URLs of a renamed user's servers have the new name: the old one may be another's soon."""
    new = user.sandbox.name("renamed")
    assert "" in read(hub, user.name, **STOPPED)["servers"]
    rename(hub, user.name, new)
    model = read(hub, new, **STOPPED)["servers"].get("", {})
    urls = [model.get("url"), model.get("progress_url")]
    assert all(isinstance(url, str) and new in url for url in urls), urls


@rule("users/rename-keeps-shares", since="5.0", needs="shares")
def test_rename_shares(hub: Hub, user: User, bob: User) -> None:
    """Shares of a renamed user's server, codes for it, and shares with them go on to be theirs."""
    new = user.sandbox.name("renamed")
    other = user.sandbox.fresh_user()
    object_of(hub.post(f"/shares/{user.name}/", json={"user": bob.name}))
    object_of(hub.post(f"/shares/{other.name}/", json={"user": user.name}))
    code = object_of(hub.post(f"/share-codes/{user.name}/", json={})).get("id")
    rename(hub, user.name, new)
    codes = object_of(hub.get(f"/share-codes/{new}")).get("items")
    assert [each.get("id") for each in codes or ()] == [code], codes
    mine = object_of(hub.get(f"/shares/{new}")).get("items")
    with_me = object_of(hub.get(f"/users/{new}/shared")).get("items")
    assert _ends(mine) == [(new, bob.name)], mine
    assert _ends(with_me) == [(other.name, new)], with_me


def _ends(shares: Any) -> list[tuple[Any, Any]]:
    """Owner and recipient of each share."""
    assert isinstance(shares, list), f"items is {shares!r}"
    return [(each["server"]["user"]["name"], (each["user"] or {}).get("name")) for each in shares]


@rule("users/rename-keeps-a-running-server", needs="spawn")
def test_rename_running(hub: Hub, user: User) -> None:
    """A user whose server runs is renamed with it, or refused with 400; the server goes on."""
    new, sandbox = user.sandbox.name("renamed"), user.sandbox
    sandbox.server(user)
    answer = hub.patch(user.path, json={"name": new})
    assert answer.status in (200, 400), answer
    now = User(new if answer.ok else user.name, sandbox)
    server = read(hub, now.name)["servers"].get("", {})
    assert server.get("ready") is True, server
    sandbox.stop(now)
    assert read(hub, now.name).get("servers") == {}


@rule("users/rename-to-a-taken-name-changes-nothing")
def test_rename_taken(hub: Hub, user: User, bob: User) -> None:
    """A rename to another user's name is refused with 400, with all else that it asked for."""
    before = read(hub, user.name), read(hub, bob.name)
    refused(hub.patch(user.path, json={"admin": True, "name": bob.name}), 400)
    assert (read(hub, user.name), read(hub, bob.name)) == before


@rule("users/left-name-is-free-for-a-new-user", needs="user-role")
def test_left_name(hub: Hub, member: User, target: Target) -> None:
    """Whoever is created under a name that another user left is a new user, and not the other."""
    new, token = member.sandbox.name("renamed"), member.token
    rename(hub, member.name, new)
    check_fresh(made(hub.post(member.path)), member.name, target)
    assert object_of(hub.get(f"{member.path}/tokens")).get("api_tokens") == []
    assert object_of(token.hub.get("/user")).get("name") == new
    refused(token.hub.get(member.path), 404, explained=False)
    assert read(hub, new).get("groups") != []


@rule("users/renamed-back-is-the-same-user")
def test_rename_back(hub: Hub, user: User) -> None:
    """A user who is renamed and renamed back is as before."""
    before, new = read(hub, user.name), user.sandbox.name("renamed")
    rename(hub, user.name, new)
    rename(hub, new, user.name)
    assert same_but(read(hub, user.name)) == same_but(before)
    refused(hub.get(path_of(new)), 404, explained=False)


@rule("users/rename-is-for-one-name")
def test_rename_similar(hub: Hub, sandbox: Sandbox) -> None:
    """Renaming a user leaves those alone whose names begin alike."""
    name, new = sandbox.name("twin"), sandbox.name("renamed")
    names = [name, f"{name}2"]
    assert hub.post("/users", json={"usernames": names}).status == 201
    rename(hub, name, new)
    assert named(hub, name) == [f"{name}2"]


# --- other changes


@rule("users/name-and-admin-change-together")
def test_name_and_admin(hub: Hub, user: User) -> None:
    """One request may change name and admin status, to either."""
    new = user.sandbox.name("renamed")
    for old, name, admin in ((user.name, new, True), (new, user.name, False)):
        for model in (rename(hub, old, name, admin=admin), read(hub, name)):
            assert model.get("admin") is admin, model
            check_roles(model, admin=admin)


@rule("users/empty-change-changes-nothing", see=SEEN)
def test_empty_change(hub: Hub, alice: User) -> None:
    """A change of nothing answers 200 with the model as it is."""
    before = read(hub, alice.name)
    model = object_of(hub.patch(alice.path, json={}))
    kept = ("last_activity", "auth_state")
    assert same_but(model, *kept) == same_but(before, *kept)


WRONG: list[Any] = [
    None,
    [None],
    {"admin": "true"},
    {"admin": True, "created": "2020-01-01T00:00:00Z"},
    {"admin": True, "auth_state": [1]},
    {"admin": True, "name": None},
]


@rule("users/refused-change-changes-nothing")
def test_refused_change(hub: Hub, user: User) -> None:
    """A change with a wrong field is refused with 400, and nothing of it is done."""
    before = read(hub, user.name)
    for body in WRONG:
        refused(hub.patch(user.path, json=body), 400)
    refused(hub.patch(user.path), 400)
    assert read(hub, user.name) == before


@pytest.mark.parametrize("field", ["groups", "roles"])
@pytest.mark.parametrize("kind", ["none", "some"])
@rule("users/groups-and-roles-are-not-changed-here", see=SEEN)
def test_other_ways(field: str, kind: str, hub: Hub, settled: User, group: str) -> None:
    """Groups and roles are no fields that a change of a user can set: 400, and nothing is done."""
    before = read(hub, settled.name)
    some = {"groups": [group], "roles": ["admin"]}[field]
    answer = hub.patch(settled.path, json={field: some if kind == "some" else []})
    after = read(hub, settled.name)
    refused(answer, 400)
    assert after == before


# --- authentication state

STATE = {"key": {"deep": [1, None, "ä"]}}


@rule("users/authentication-state-is-kept")
def test_auth_state(hub: Hub, user: User, target: Target) -> None:
    """An authentication state is replaced as a whole, and shown to admins and not to its user.

    Lists leave it out, and other changes leave it alone.
    """
    if not hub.patch(user.path, json={"auth_state": {"old": 1}}).ok:
        not_applicable("this hub keeps no authentication state")
    changed = object_of(hub.patch(user.path, json={"auth_state": STATE}))
    assert changed.get("auth_state") == STATE, changed
    object_of(hub.patch(user.path, json={"admin": False}))
    if "auth_state" in fields_of(target):
        assert read(hub, user.name).get("auth_state") == STATE
    assert "auth_state" not in read(user.hub, user.name), "the user sees it"
    listed = hub.page("/users", name_filter=user.name).items
    assert [each.get("auth_state") for each in listed] == [None], listed


@rule("users/refused-authentication-state-changes-nothing", see=SEEN)
def test_refused_auth_state(hub: Hub, user: User, sandbox: Sandbox) -> None:
    """Where a hub keeps no authentication state, it is refused with 400, with all else asked."""
    before = read(hub, user.name)
    for other in ({"admin": True}, {"name": sandbox.name("renamed")}):
        answer = hub.patch(user.path, json={**other, "auth_state": STATE})
        if answer.ok:
            not_applicable("this hub keeps authentication states")
        assert read(hub, user.name) == before
        refused(answer, 400)
