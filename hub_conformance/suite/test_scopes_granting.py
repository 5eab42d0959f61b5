"""Scopes: nobody hands out more than they hold, and what is refused leaves no trace."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from ..contract.scopes import Resource, excess_scopes, expand
from ..hub import Hub, quoted
from ..rules import rule, untested
from ..sandbox import Sandbox, User
from ..stage import Stage
from ._scopes import UNRELATED, Desk, scopes_of
from ._scopes_people import People, people_of

pytest_plugins = ("hub_conformance.suite._scopes",)

#: Scopes that a plain user asks for beside their own rights; `ann` is the user who asks.
TOO_MUCH = {
    "whole-of-own": ["read:users"],
    "list-oneself": ["list:users!user"],
    "list-all": ["list:users"],
    "admin-of-oneself": ["admin:users!user"],
    "another": ["read:users!user={ben}"],
    "longer-name": ["read:users!user={ann}2"],
    "shorter-name": ["tokens!user={shorter}"],
    "own-group": ["read:users!group={group}"],
    "group-itself": ["read:groups!group={group}"],
    "change-group": ["groups!group={group}"],
    "servers-of-another": ["servers!user={ben}"],
    "server-of-another": ["access:servers!server={ben}/"],
    "server-of-longer-name": ["servers!server={ann}2/lab"],
    "server-state": ["admin:server_state!user"],
    "auth-state": ["admin:auth_state!user"],
    "delete-oneself": ["delete:users!user"],
    "own-roles": ["read:roles:users!user"],
    "hub": ["read:hub"],
    "proxy": ["proxy"],
    "shutdown": ["shutdown"],
    "services": ["read:services"],
    "good-and-bad": ["read:users!user", "self", "read:hub"],
    "bad-and-good": ["read:hub", "self", "read:users!user"],
    "self-and-bad": ["self", "list:users"],
    "inherit-and-bad": ["inherit", "read:hub"],
    "bad-among-many": [
        "read:users!user",
        "tokens!user",
        "users:activity!user",
        "read:hub",
        "servers!user",
        "read:tokens!user",
        "delete:servers!user",
        "access:servers!user",
    ],
    "services-of-a-name": ["read:services!service=any"],
    "own-group-of-two": ["read:users!group={group}", "list:users!group={group}"],
}
#: What else a request may have, which changes nothing about its scopes.
BESIDE: tuple[dict[str, Any], ...] = ({}, {"expires_in": 3600, "note": "beside"}, {"roles": None})
#: And those that lie within.
ENOUGH = {
    "self": ["self"],
    "own-name": ["read:users:name!user={ann}"],
    "own-user": ["read:users!user", "tokens!user"],
    "own-server": ["servers!server={ann}/lab", "access:servers!server={ann}/"],
    "read-own-servers": ["read:servers!user={ann}"],
    "some": ["users:activity!user", "delete:servers!user"],
}


@pytest.fixture(scope="module")
def people(stage: Stage) -> People:
    """Users and groups whose names begin alike."""
    return people_of(stage)


@pytest.fixture(scope="module")
def ann(people: People, stage: Stage) -> User:
    """A plain user in a group."""
    return User(people.ann, stage.sandbox)


def filled(people: People, scopes: list[str]) -> list[str]:
    """Scopes with the names of the people put in."""
    names = {
        "ann": people.ann,
        "ben": people.ben,
        "group": people.group,
        "shorter": people.ann[:-1],
    }
    return [each.format(**names) for each in scopes]


def _excess(people: People, scopes: list[str], stage: Stage) -> frozenset[str]:
    owner = Resource("user", people.ann)
    held = expand({"self"}, stage.table, owner=owner)
    return excess_scopes(scopes, owner, held, stage.table, groups=stage.groups)


def _ids(hub: Hub, user: User) -> set[str]:
    """The ids of a user's tokens."""
    answer = hub.get(f"{user.path}/tokens")
    assert answer.status == 200, answer
    return {str(each["id"]) for each in answer.json["api_tokens"]}


@pytest.mark.parametrize("case", TOO_MUCH)
@rule(
    "scopes/no-token-beyond-ones-own-rights", since="3.0", see="rbac/scopes.html", needs="user-role"
)
def test_too_much(case: str, ann: User, people: People, stage: Stage) -> None:
    """A user is refused, 400, a token with any scope beyond their own.

    Nobody can have it made for them either, whatever the right of who asks.
    """
    scopes = filled(people, TOO_MUCH[case])
    assert _excess(people, scopes, stage)
    for hub, beside in itertools.product((ann.hub, stage.sandbox.hub), BESIDE):
        answer = hub.post(f"{ann.path}/tokens", json={"scopes": scopes, **beside})
        assert answer.status == 400, answer


@rule("scopes/refused-token-is-not-made", since="3.0", see="rbac/scopes.html")
def test_refused_token(ann: User, people: People, stage: Stage) -> None:
    """A token refused for its scopes is not made with what is left of them either."""
    scopes = filled(people, TOO_MUCH["good-and-bad"])
    before = _ids(stage.sandbox.hub, ann) | {ann.token.id}
    assert ann.hub.post(f"{ann.path}/tokens", json={"scopes": scopes}).status == 400
    assert _ids(stage.sandbox.hub, ann) == before


@rule("scopes/every-scope-asked-for-is-kept", since="3.0", see="rbac/scopes.html")
def test_all_at_once(desk: Desk) -> None:
    """A token that is asked for with every scope by its name has every scope."""
    scopes = sorted(desk.everything)
    told = scopes_of(desk.limited(*scopes))
    assert told == desk.held(*scopes), told ^ desk.held(*scopes)


@pytest.mark.parametrize("case", ENOUGH)
@rule("scopes/tokens-within-ones-own-rights", since="3.0", see="rbac/scopes.html")
def test_enough(case: str, ann: User, people: People, stage: Stage) -> None:
    """A user is issued a token with any part of their own rights, and it has just that part."""
    scopes = filled(people, ENOUGH[case])
    answer = ann.hub.post(f"{ann.path}/tokens", json={"scopes": scopes})
    assert answer.status == 201, answer
    owner = Resource("user", ann.name)
    expected = expand(scopes, stage.table, owner=owner)
    expected |= {f"read:users:{each}!user={ann.name}" for each in ("name", "groups")}
    told = scopes_of(stage.sandbox.hub.using(answer.json["token"]))
    assert told == expected, told ^ expected


@rule(
    "scopes/token-for-another-has-only-their-rights",
    since="3.0",
    see="rbac/scopes.html",
    needs="user-role",
)
def test_token_for_another(desk: Desk, ann: User, stage: Stage) -> None:
    """A token that an admin makes for a plain user has the user's rights, not the admin's."""
    for hub in (desk.limited("tokens"), desk.limited("inherit")):
        answer = hub.post(f"{ann.path}/tokens", json={})
        assert answer.status == 201, answer
        made = stage.sandbox.hub.using(answer.json["token"])
        assert made.get("/users").status == 403
        assert scopes_of(made) == scopes_of(ann.hub)


@rule("scopes/token-makes-no-token-without-the-scope", since="3.0", see="rbac/scopes.html")
def test_limited_token_makes_none(ann: User, stage: Stage) -> None:
    """A user's own token that lacks `tokens` makes none for the user, 403, and revokes none."""
    hub = stage.sandbox.token(ann, scopes=["read:tokens!user", "read:users!user"]).hub
    before = _ids(stage.sandbox.hub, ann)
    assert hub.post(f"{ann.path}/tokens", json={}).status == 403
    assert hub.delete(f"{ann.path}/tokens/{quoted(sorted(before)[0])}").status == 403
    assert _ids(stage.sandbox.hub, ann) == before


@rule("scopes/tokens-scope-for-one-makes-none-for-another", since="3.0", see="rbac/scopes.html")
def test_tokens_for_one(desk: Desk, ann: User, people: People, stage: Stage) -> None:
    """`tokens!user=` makes and revokes tokens of that user, and leaves those of others alone."""
    hub = desk.limited(f"tokens!user={people.ben}")
    token, before = ann.token, _ids(stage.sandbox.hub, ann)
    assert hub.delete(f"{ann.path}/tokens/{quoted(token.id)}").status == 404
    assert hub.delete(f"/users/{people.ben}/tokens/{quoted(token.id)}").status == 404
    assert hub.post(f"{ann.path}/tokens", json={}).status == 403
    assert _ids(stage.sandbox.hub, ann) == before
    assert hub.post(f"/users/{people.ben}/tokens", json={}).status == 201


# --- admins, groups and roles


def _model(sandbox: Sandbox, user: User) -> dict[str, Any]:
    answer = sandbox.hub.get(user.path)
    assert answer.status == 200, answer
    assert isinstance(answer.json, dict), answer
    return answer.json


@rule("scopes/nobody-makes-themselves-admin", since="2.0", see="rbac/roles.html")
def test_no_self_promotion(sandbox: Sandbox, user: User) -> None:
    """A plain user cannot become an admin by a request of their own."""
    refused = [
        user.hub.patch(user.path, json={"admin": True}),
        user.hub.post(user.path, json={"admin": True}),
        user.hub.post("/users", json={"usernames": [user.name], "admin": True}),
    ]
    assert [each.status for each in refused] == [403] * 3, refused
    model = _model(sandbox, user)
    assert (model.get("admin"), "admin" in model.get("roles", ())) == (False, False), model


@pytest.mark.parametrize("scope", ["users", "admin:servers", "admin:groups", "tokens", "self"])
@rule("scopes/admins-are-made-with-admin-users-only", since="3.0", see="rbac/scopes.html")
def test_promotion_needs_scope(scope: str, desk: Desk, sandbox: Sandbox, user: User) -> None:
    """No other scope than `admin:users` makes an admin of anybody, not even on an admin's token."""
    hub, new = desk.limited(scope), sandbox.name("new")
    answer = hub.patch(user.path, json={"admin": True})
    assert answer.status == 403, answer
    assert hub.post("/users", json={"usernames": [new], "admin": True}).status == 403
    assert hub.post(f"/users/{new}", json={"admin": True}).status == 403
    assert _model(sandbox, user).get("admin") is False
    assert sandbox.hub.get(f"/users/{new}").status == 404


@pytest.mark.parametrize("scope", ["admin:users", "users", "read:groups", "list:groups", "self"])
@rule("scopes/groups-change-with-their-scope-only", since="3.0", see="rbac/scopes.html")
def test_members_need_scope(scope: str, desk: Desk, stage: Stage, sandbox: Sandbox) -> None:
    """No scope for users, and none that reads groups, puts anybody in a group or takes them out."""
    hub, group = desk.limited(scope), sandbox.group("closed", [User(stage.user, sandbox)])
    statuses = [
        hub.post(f"/groups/{group}/users", json={"users": [stage.outsider]}).status,
        hub.delete(f"/groups/{group}/users", json={"users": [stage.user]}).status,
        hub.put(f"/groups/{group}/properties", json={"a": 1}).status,
    ]
    assert statuses[:2] == [403, 403], statuses
    assert statuses[2] in (403, 404), statuses  # 404 before 4.0, which has no such path
    assert _members(sandbox, group) == [stage.user]


def _members(sandbox: Sandbox, group: str) -> list[str]:
    answer = sandbox.hub.get(f"/groups/{group}")
    assert answer.status == 200, answer
    found = answer.json.get("users")
    assert isinstance(found, list), answer.json
    return found


@rule("scopes/plain-user-joins-no-group", since="2.0", see="rbac/scopes.html")
def test_plain_user_joins_none(sandbox: Sandbox, user: User, people: People) -> None:
    """A plain user cannot join a group, change the groups they are in, or make one."""
    own, other = sandbox.group("own", [user]), people.group
    body, new = {"users": [user.name]}, sandbox.name("new")
    answers = [
        user.hub.post(f"/groups/{other}/users", json=body),
        user.hub.delete(f"/groups/{own}/users", json=body),
        user.hub.post(f"/groups/{new}", json=body),
        user.hub.post("/groups", json={"groups": [new], **body}),
        user.hub.delete(f"/groups/{own}"),
    ]
    assert [each.status for each in answers] == [403] * 5, answers
    assert _members(sandbox, own) == [user.name]
    assert user.name not in _members(sandbox, other)
    assert sandbox.hub.get(f"/groups/{new}").status == 404


@rule("scopes/group-scope-changes-its-group-only", since="3.0", see="rbac/scopes.html")
def test_group_filter(desk: Desk, sandbox: Sandbox, user: User, people: People) -> None:
    """`groups!group=` changes that one group, whatever users it names, and no other group."""
    group = sandbox.group("open")
    hub = sandbox.token(desk.grantor, scopes=[f"groups!group={group}"]).hub
    body = {"users": [user.name]}
    answer = hub.post(f"/groups/{people.group}/users", json=body)
    assert answer.status == 404, answer
    assert user.name not in _members(sandbox, people.group)
    assert hub.post(f"/groups/{group}/users", json=body).status == 200
    assert _members(sandbox, group) == [user.name]
    assert hub.delete(f"/groups/{group}").status == 403


@rule("scopes/creating-a-user-grants-nothing", since="2.0", see="rbac/roles.html")
def test_creating_grants_nothing(desk: Desk, sandbox: Sandbox, people: People) -> None:
    """Groups and roles in the body of a new user's creation are not given to the user."""
    user = User(sandbox.name("new"), sandbox)
    body = {"groups": [people.group], "roles": ["admin"]}
    answer = desk.limited("admin:users").post(user.path, json=body)
    assert answer.status in (201, 400), answer
    if answer.status == 201:
        model = _model(sandbox, user)
        assert model.get("groups") == [], model
        assert "admin" not in model.get("roles", ()), model
    assert user.name not in _members(sandbox, people.group)


@rule("scopes/admin-is-made-with-admin-users", since="3.0", see="rbac/scopes.html")
def test_promotion_with_scope(desk: Desk, sandbox: Sandbox, user: User) -> None:
    """An admin's token with `admin:users`, for one user or for all, makes that user an admin."""
    if not sandbox.hub.target.owner.makes_admins:
        untested("without the hub's admin flag no admin can be made")
    hub = sandbox.token(desk.grantor, scopes=[f"admin:users!user={user.name}"]).hub
    answer = hub.patch(user.path, json={"admin": True})
    assert answer.status == 200, answer
    model = _model(sandbox, user)
    assert (model.get("admin"), "admin" in model.get("roles", ())) == (True, True), model
    answer = desk.limited("admin:users").patch(user.path, json={"admin": False})
    assert answer.status == 200, answer
    assert _model(sandbox, user).get("admin") is False


@rule("scopes/unrelated-token-learns-only-its-owner", since="3.0", see="rbac/scopes.html")
def test_unrelated(desk: Desk) -> None:
    """A token without a scope for users learns its owner's name and groups, and nobody else's."""
    hub = desk.limited(UNRELATED)
    own = hub.get(desk.grantor.path)
    assert own.status == 200, own
    assert own.json.keys() >= {"name", "groups"}, own.json
    assert not own.json.keys() & {"last_activity", "servers", "created", "roles"}, own.json
    assert hub.get("/users").status == 403
