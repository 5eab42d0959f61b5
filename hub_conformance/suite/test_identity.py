"""Identity: who the hub says it is, and who it says you are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ..client import Answer
from ..fixtures import LIMITS
from ..hub import Hub, quoted
from ..rules import not_applicable, rule
from ..sandbox import Sandbox, User
from ..secret import Secret
from ..target import Target
from ._credentials import need_scopes, service
from ._shape import (
    CLOCK_SLACK,
    described,
    hub_time,
    moment,
    object_of,
    only_fields,
    refused,
    seconds_apart,
    strings,
)
from ._users import FIELDS

#: Fields of a user's own identity, as a token that inherits everything sees them.
USER_FIELDS = FIELDS | {"servers", "session_id", "scopes"}
INFO_FIELDS = {"version", "python", "sys_executable", "spawner", "authenticator"}
#: Ways to write the scheme before a token.
SCHEMES = ("token", "Bearer", "Token", "bearer", "TOKEN", "BEARER", "toKen")


def fields_of(target: Target, fields: set[str]) -> set[str]:
    """Add the fields of `GET /user` that later versions brought, for one who may see the name."""
    newer = {"token_id"} if target.applies >= (5, 0) else set()
    return fields | newer | ({"user_info"} if target.applies >= (6, 0) else set())


def identity(hub: Hub) -> dict[str, Any]:
    """Return what `GET /user` says."""
    return object_of(hub.get("/user"))


# --- the hub


@rule("identity/version-without-token")
def test_version_without_token(anonymous: Hub) -> None:
    """`GET /` tells the hub's version without a token, and nothing else."""
    model = object_of(anonymous.get("/"))
    only_fields(model, {"version"})
    assert isinstance(model["version"], str), model
    assert model["version"], "the version is empty"


@pytest.mark.parametrize("path", ["", "/"], ids=["api", "api-slash"])
@rule("identity/version-at-the-api-root")
def test_version_at_the_api_root(path: str, anonymous: Hub, target: Target) -> None:
    """The API's root tells the same version with and without a trailing slash."""
    assert object_of(anonymous.get(path)).get("version") == target.version


@rule("identity/version-whoever-asks")
def test_version_whoever_asks(alice: User, hub: Hub, target: Target) -> None:
    """`GET /` answers alike for an admin, for a plain user and for an unknown token."""
    stranger = hub.using(hub.client.scrubber.learn("0" * 32))
    for each in (hub, alice.hub, stranger):
        assert object_of(each.get("/")) == {"version": target.version}


@rule("identity/version-header")
def test_version_header(alice: User, anonymous: Hub, sandbox: Sandbox, target: Target) -> None:
    """Every answer carries the hub's version in `X-JupyterHub-Version`, a refusal too."""
    absent = sandbox.name()
    answers = [
        anonymous.get("/"),
        anonymous.get("/users"),
        alice.hub.get("/user"),
        alice.hub.get("/users"),
        alice.hub.get(f"/users/{absent}"),
        alice.hub.get(f"/{absent}"),
        sandbox.hub.post(f"/users/{absent}"),
        sandbox.hub.put(f"/users/{absent}"),
        sandbox.hub.delete(f"/users/{absent}"),
    ]
    wrong = [a for a in answers if a.headers.get("X-JupyterHub-Version") != target.version]
    assert not wrong, wrong


@rule("identity/info-needs-read-hub", since="3.0")
def test_info_needs_read_hub(limited: Callable[..., Hub]) -> None:
    """`GET /info` answers a token with `read:hub`, and refuses one without with 403."""
    object_of(limited("read:hub").get("/info"))
    refused(limited("admin:users", "list:services", "shutdown").get("/info"), 403)


@rule("identity/info-is-not-for-everybody")
def test_info_is_not_for_everybody(alice: User) -> None:
    """`GET /info` is refused to a plain user."""
    refused(alice.hub.get("/info"), 403)


@rule("identity/info-model")
def test_info_model(hub: Hub, target: Target) -> None:
    """`GET /info` names the versions of hub and Python, and class and version of its parts."""
    need_scopes(target, "read:hub")
    model = object_of(hub.get("/info"))
    only_fields(model, INFO_FIELDS)
    assert model["version"] == target.version, model
    assert isinstance(model["python"], str), model
    assert isinstance(model["sys_executable"], str), model
    for part in ("spawner", "authenticator"):
        assert isinstance(model[part], dict), f"{part} is {model[part]!r}"
        only_fields(model[part], {"class", "version"})
        assert all(isinstance(each, str) and each for each in model[part].values()), model[part]


# --- you


@pytest.mark.parametrize("scheme", SCHEMES)
@rule("identity/scheme-token-or-bearer")
def test_scheme_token_or_bearer(scheme: str, alice: User) -> None:
    """A token counts under the schemes `token` and `Bearer`, in upper and lower case alike."""
    found = identity(alice.hub.using(alice.token.secret, scheme))
    assert found.get("name") == alice.name, found.get("name")


@rule("identity/user-fields")
def test_user_fields(alice: User, target: Target) -> None:
    """A plain user's own model has exactly the documented fields: no authentication state."""
    only_fields(identity(alice.hub), fields_of(target, USER_FIELDS))


@rule("identity/user-values")
def test_user_values(alice: User) -> None:
    """A plain user is a `user` of that name, no admin, in no group, with no server."""
    model = identity(alice.hub)
    expected = {
        "kind": "user",
        "name": alice.name,
        "admin": False,
        "groups": [],
        "server": None,
        "servers": {},
        "pending": None,
        "session_id": None,
    }
    wrong = {
        key: model.get(key, "absent") for key in expected if model.get(key, 0) != expected[key]
    }
    assert not wrong, wrong
    assert model.get("admin") is False, "admin is no boolean"
    assert "user" in strings(model.get("roles")), model["roles"]
    assert "admin" not in model["roles"], model["roles"]


@rule("identity/user-times")
def test_user_times(alice: User) -> None:
    """`created` and `last_activity` are times with a zone, and asking counts as activity."""
    answer = alice.hub.get("/user")
    model = object_of(answer)
    created, active = moment(model.get("created")), moment(model.get("last_activity"))
    assert created <= active, f"{created} is after {active}"
    assert (hub_time(answer) - active).total_seconds() > -CLOCK_SLACK, f"{active} is to come"


@rule("identity/admin-values")
def test_admin_values(sandbox: Sandbox, target: Target) -> None:
    """An admin's own model says `admin` and the role, and shows the authentication state."""
    model = identity(sandbox.user("admin", admin=True).hub)
    only_fields(model, fields_of(target, USER_FIELDS | {"auth_state"}))
    assert model["admin"] is True, model["admin"]
    assert {"admin", "user"} <= set(strings(model["roles"])), model["roles"]


@rule("identity/few-scopes-few-fields", since="3.0")
def test_few_scopes_few_fields(alice: User, sandbox: Sandbox, target: Target) -> None:
    """A token without any scope learns its owner's name, kind and groups, and no more."""
    model = identity(sandbox.token(alice, scopes=[]).hub)
    known = {"kind", "name", "admin", "groups", "session_id", "scopes"}
    only_fields(model, fields_of(target, known))
    assert (model["kind"], model["name"]) == ("user", alice.name)
    assert model["groups"] == [], model["groups"]


@rule("identity/fields-follow-scopes", since="3.0")
def test_fields_follow_scopes(alice: User, sandbox: Sandbox, target: Target) -> None:
    """A token for one's activity alone shows `last_activity`, not roles, servers or times."""
    model = identity(sandbox.token(alice, scopes=["read:users:activity!user"]).hub)
    known = {"kind", "name", "admin", "groups", "last_activity", "session_id", "scopes"}
    only_fields(model, fields_of(target, known))
    moment(model["last_activity"])


@rule("identity/token-id", since="5.0")
def test_token_id(alice: User, sandbox: Sandbox) -> None:
    """`token_id` is the id of the very token that asks, not of another of the same user."""
    second = sandbox.token(alice)
    for token in (alice.token, second, alice.token):
        assert identity(token.hub).get("token_id") == token.id


@rule("identity/no-session")
def test_no_session(alice: User, hub: Hub) -> None:
    """`session_id` is there and null: an API token belongs to no browser session."""
    for each in (hub, alice.hub):
        assert identity(each).get("session_id", "absent") is None


@rule("identity/scopes-are-the-tokens", since="3.0")
def test_scopes_are_the_tokens(alice: User, sandbox: Sandbox) -> None:
    """`scopes` are those of the token that asks, exactly as the token's own model has them."""
    for asked in (["inherit"], ["self"], ["read:servers!user"], ["tokens!user"], []):
        token = sandbox.token(alice, scopes=asked)
        found = strings(identity(token.hub).get("scopes"))
        assert set(found) == set(strings(token.model.get("scopes"))), f"asked for {asked}"


@rule("identity/scopes-of-a-grant", since="3.0")
def test_scopes_of_a_grant(alice: User, sandbox: Sandbox) -> None:
    """`scopes` spell out what was granted: sub-scopes too, `!user` replaced by the owner's name."""
    found = strings(identity(sandbox.token(alice, scopes=["read:users!user"]).hub).get("scopes"))
    names = ("", ":name", ":groups", ":activity")
    assert sorted(found) == sorted(f"read:users{name}!user={alice.name}" for name in names)


@rule("identity/scopes-of-a-plain-user", needs="user-role")
def test_scopes_of_a_plain_user(alice: User) -> None:
    """All that a plain user's full token holds is filtered to that user."""
    found = strings(identity(alice.hub).get("scopes"))
    wide = [each for each in described(found) if not each.endswith(f"!user={alice.name}")]
    assert found, "no scope at all"
    assert not wide, wide


@rule("identity/scopes-of-an-admin")
def test_scopes_of_an_admin(sandbox: Sandbox) -> None:
    """An admin's full token holds the scopes of an admin, unfiltered."""
    found = strings(identity(sandbox.user("admin", admin=True).hub).get("scopes"))
    assert {"admin:users", "list:users", "admin:groups", "tokens", "proxy"} <= set(found), found


# --- as things change


@rule("identity/groups-follow-membership")
def test_groups_follow_membership(user: User, sandbox: Sandbox, hub: Hub) -> None:
    """`groups` names a group as soon as its owner is in it, and no longer when not.

    By every token: one with few scopes tells the same.
    """
    group, few = sandbox.group(users=[user]), sandbox.token(user, scopes=["read:tokens!user"]).hub
    for told in (user.hub, few):
        assert identity(told).get("groups") == [group]
    answer = hub.delete(f"/groups/{group}/users", json={"users": [user.name]})
    assert answer.ok, answer
    for told in (user.hub, few):
        assert identity(told).get("groups") == []


@rule("identity/admin-follows-promotion")
def test_admin_follows_promotion(
    user: User, hub: Hub, sandbox: Sandbox, version: tuple[int, int]
) -> None:
    """A user who is made an admin, or no longer is one, is so at once, by the same token.

    A token with few scopes tells it too, and has no more of them.
    """
    few = sandbox.token(user, scopes=["read:users!user"]).hub
    before = identity(few).get("scopes")
    for admin in (True, False):
        answer = hub.patch(user.path, json={"admin": admin})
        assert answer.ok, answer
        model = identity(user.hub)
        assert model.get("admin") is admin, model.get("admin")
        assert ("admin:users" in strings(model.get("scopes"))) is admin, model["scopes"]
        model = identity(few)
        assert model.get("admin") is admin, model
        if version >= LIMITS:  # before, there are no tokens with few scopes
            assert model.get("scopes") == before, model


@rule("identity/name-follows-rename", needs="user-role")
def test_name_follows_rename(user: User, hub: Hub, sandbox: Sandbox) -> None:
    """A user who is renamed is told the new name, by the same token, with all rights or few."""
    few = sandbox.token(user, scopes=["read:tokens!user"]).hub
    for told in (user.hub, few):
        assert identity(told).get("name") == user.name
    renamed = sandbox.name("renamed")
    answer = hub.patch(user.path, json={"name": renamed})
    assert answer.ok, answer
    for told in (user.hub, few):
        model = identity(told)
        assert model.get("name") == renamed, model.get("name")
        held = described(strings(model.get("scopes")))
        stale = [each for each in held if not each.endswith(f"={renamed}")]
        assert not stale, stale


# --- services


@rule("identity/service")
def test_service(shared: Sandbox, target: Target) -> None:
    """A service is a `service` of that name, with none of the fields of a user."""
    asked = service(shared)
    model = identity(asked.hub)
    assert (model.get("kind"), model.get("name")) == ("service", asked.name)
    of_users = {"groups", "server", "servers", "created", "last_activity", "pending", "auth_state"}
    assert not of_users & set(model), f"fields of a user: {sorted(of_users & set(model))}"
    assert isinstance(model.get("admin"), bool), model.get("admin")
    assert model.get("session_id", "absent") is None, model.get("session_id")
    strings(model.get("scopes"))
    if target.applies >= (5, 0):
        assert isinstance(model.get("token_id"), str), model.get("token_id")


@rule("identity/caller")
def test_caller(hub: Hub, target: Target) -> None:
    """The token that this run was given keeps telling the same owner."""
    model = identity(hub)
    assert (model.get("kind"), model.get("name")) == (target.owner.kind, target.owner.name)
    assert set(strings(model.get("scopes"))) == set(target.owner.scopes)


@rule("identity/callers-flag-is-the-users")
def test_callers_flag(hub: Hub, target: Target) -> None:
    """Whether the owner of the run's token is an admin, is told as in the user's model."""
    if target.owner.kind != "user":
        not_applicable("this run's token is a service's")
    answer = hub.get(f"/users/{quoted(target.owner.name)}")
    if answer.status != 200 or "admin" not in object_of(answer):
        not_applicable("the token may not read its owner")
    assert identity(hub).get("admin") == answer.json["admin"], answer.json


@rule("identity/two-users-two-answers")
def test_two_users_two_answers(alice: User, bob: User) -> None:
    """Two users who ask in turn are each told about themselves, every time."""
    for user in (alice, bob, bob, alice):
        assert identity(user.hub).get("name") == user.name
    times = [moment(identity(user.hub).get("created")) for user in (alice, bob)]
    assert seconds_apart(*times) < 3600, times


# --- whose token


def resolved(hub: Hub, secret: Secret) -> Answer:
    """Ask whom a token belongs to."""
    return hub.get(f"/authorizations/token/{secret.reveal()}")


@rule("identity/token-can-be-resolved")
def test_resolution(alice: User, bob: User) -> None:
    """Any valid token may ask whom another belongs to, and is told at least the user's name."""
    for asking in (alice, bob):
        model = object_of(resolved(asking.hub, bob.token.secret))
        assert (model.get("kind"), model.get("name")) == ("user", bob.name), model


@rule("identity/resolution-shows-no-more-than-scopes-allow")
def test_resolution_fields(alice: User, bob: User, target: Target) -> None:
    """Who may not read a user is told of their token's owner what identifies them, and no more."""
    model = object_of(resolved(alice.hub, bob.token.secret))
    newer = {"user_info"} if target.applies >= (6, 0) else set()
    only_fields(model, {"kind", "name", "admin", "groups"} | newer)
    assert model.get("groups") == [], model


@rule("identity/resolution-needs-a-token")
def test_resolution_anonymous(bob: User, anonymous: Hub) -> None:
    """Without a valid token nobody learns whom a token belongs to: 403."""
    stranger = anonymous.using(anonymous.client.scrubber.learn("0" * 32))
    for each in (anonymous, stranger):
        refused(resolved(each, bob.token.secret), 403, explained=False)


@rule("identity/only-valid-tokens-are-resolved")
def test_resolution_of_none(alice: User, sandbox: Sandbox, hub: Hub) -> None:
    """A token that is unknown, or was revoked, is resolved no more: 404."""
    refused(resolved(alice.hub, hub.client.scrubber.learn("0" * 32)), 404, explained=False)
    token = sandbox.token(alice)
    assert resolved(alice.hub, token.secret).status == 200
    assert sandbox.hub.delete(f"{alice.path}/tokens/{quoted(token.id)}").status == 204
    refused(resolved(alice.hub, token.secret), 404, explained=False)
