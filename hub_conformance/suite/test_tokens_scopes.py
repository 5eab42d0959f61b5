"""Tokens: the scopes they are given, kept to, and those needed to deal with tokens."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ..hub import Hub
from ..rules import rule
from ..sandbox import Sandbox, User
from ._shape import moment, object_of, refused
from ._tokens import (
    IDENTIFY,
    NO_STRINGS,
    ask,
    ids_of,
    issued,
    listed,
    read,
    refuses,
    scopes_for,
    scopes_of,
    tokens_path,
)

#: What may be asked for one's own, `!user` standing for the asker, and all that it brings.
GRANTS = {
    "read:users!user": ("read:users", "read:users:activity"),
    "read:users:name!user": (),
    "read:users:activity!user": ("read:users:activity",),
    "users:activity!user": ("users:activity", "read:users:activity"),
    "tokens!user": ("tokens", "read:tokens"),
    "read:tokens!user": ("read:tokens",),
    "read:servers!user": ("read:servers",),
    "access:servers!user": ("access:servers",),
    "delete:servers!user": ("delete:servers",),
}
#: What a plain user does not hold; A and B stand for the asker's and another user's name.
EXCESS = (
    "admin:users",
    "admin:users!user",
    "list:users",
    "read:users",
    "read:users!user=B",
    "read:users!user=A2",
    "read:users:name",
    "read:users!group=A",
    "read:users:name!user=B",
    "tokens",
    "read:tokens!user=B",
    "servers",
    "access:servers",
    "access:servers!user=B",
    "access:servers!server=B/",
    "read:servers!server=A2/",
    "admin:groups",
    "groups",
    "read:hub",
    "proxy",
    "shutdown",
)
UNKNOWN = (
    "nope",
    "",
    "*",
    "read:userss",
    "read:users:nope",
    "read",
    "SELF",
    " self",
    "self ",
    "admin",
    "read:users!colour=red",
    "read:users!user=",
    "self,inherit",
)


@pytest.fixture(scope="module")
def dora(shared: Sandbox) -> User:
    """A user with few tokens: whole lists of them are compared again and again."""
    return shared.user("dora")


@pytest.fixture(scope="module")
def chief(shared: Sandbox) -> User:
    """An admin, who holds every scope that there is."""
    return shared.user("chief", admin=True)


# --- given


@pytest.mark.parametrize("asked", GRANTS)
@rule("tokens/scopes-are-kept", since="3.0")
def test_scopes_are_kept(asked: str, alice: User) -> None:
    """A token has the scopes asked for, their sub-scopes, and those to learn whose it is.

    They are filtered to the owner by name, and told alike when made, listed and read.
    """
    expected = scopes_for(alice, [*GRANTS[asked], *IDENTIFY])
    named = asked.replace("!user", f"!user={alice.name}")
    for each in (asked, named):
        model = issued(ask(alice.hub, alice, {"scopes": [each]}))
        assert scopes_of(model) == expected
        assert scopes_of(read(alice.hub, alice, model["id"])) == expected
        in_list = {found["id"]: found for found in listed(alice.hub, alice)}
        assert scopes_of(in_list.get(model["id"], {})) == expected


@pytest.mark.parametrize("server", ["", "named"], ids=["default", "named"])
@rule("tokens/server-filter-is-kept", since="3.0")
def test_server_filter_is_kept(server: str, alice: User) -> None:
    """A scope for one server is kept with its filter: the default one is not all, nor none."""
    asked = f"access:servers!server={alice.name}/{server}"
    model = issued(ask(alice.hub, alice, {"scopes": [asked]}))
    assert scopes_of(model) == scopes_for(alice, IDENTIFY) | {asked}


@rule("tokens/several-scopes-add-up", since="3.0")
def test_several_scopes_add_up(alice: User) -> None:
    """Several scopes are all given, and one asked for twice is had once."""
    asked = ["read:tokens!user", "read:servers!user", "read:tokens!user"]
    model = issued(ask(alice.hub, alice, {"scopes": asked}))
    expected = scopes_for(alice, ["read:tokens", "read:servers", *IDENTIFY])
    assert scopes_of(model) == expected


DEFAULTS: dict[str, dict[str, Any]] = {
    "none": {},
    "null": {"scopes": None},
    "inherit": {"scopes": ["inherit"]},
    "twice": {"scopes": ["inherit", "inherit"]},
    "and-more": {"scopes": ["inherit", "read:users!user"]},
}


@pytest.mark.parametrize("body", DEFAULTS.values(), ids=DEFAULTS)
@rule("tokens/inherit-by-default", since="3.0")
def test_inherit_by_default(body: dict[str, Any], alice: User, shared: Sandbox) -> None:
    """Without scopes a token inherits all that its owner may do, as `inherit` says aloud."""
    model = issued(ask(shared.hub, alice, body))
    identity = object_of(alice.hub.get("/user"))
    assert scopes_of(model) == scopes_of(identity)
    held = {"read:users", "tokens", "access:servers", "delete:servers"}
    assert scopes_for(alice, held) <= scopes_of(model)


@rule("tokens/admin-inherits-an-admins-scopes", since="3.0")
def test_admin_inherits_an_admins_scopes(sandbox: Sandbox) -> None:
    """An admin's token inherits the scopes of an admin, whoever issued it."""
    admin = sandbox.user("admin", admin=True)
    for hub in (sandbox.hub, admin.hub):
        assert {"admin:users", "tokens", "list:users"} <= scopes_of(issued(ask(hub, admin)))


@rule("tokens/self-is-ones-own", since="3.0")
def test_self_is_ones_own(sandbox: Sandbox, bob: User) -> None:
    """`self` in an admin's token is what every user may do with oneself, nothing of others."""
    admin = sandbox.user("admin", admin=True)
    token = sandbox.token(admin, scopes=["self"])
    wide = [each for each in scopes_of(token.model) if not each.endswith(f"!user={admin.name}")]
    assert not wide, wide
    refused(token.hub.get("/users"), 403)
    refused(token.hub.get(bob.path), 404)
    assert token.hub.get(admin.path).status == 200


@rule("tokens/fields-do-not-disturb-one-another", since="3.0")
def test_fields_do_not_disturb_one_another(alice: User) -> None:
    """Note, lifetime and scopes asked for together are each kept."""
    body = {"note": "all at once", "expires_in": 600, "scopes": ["read:tokens!user"]}
    model = read(alice.hub, alice, issued(ask(alice.hub, alice, body))["id"])
    assert model.get("note") == body["note"]
    lifetime = moment(model.get("expires_at")) - moment(model.get("created"))
    assert abs(lifetime.total_seconds() - 600) < 1, lifetime
    assert scopes_of(model) == scopes_for(alice, ["read:tokens", *IDENTIFY])


# --- refused


@pytest.mark.parametrize("scope", EXCESS)
@rule("tokens/no-scope-beyond-the-owners", since="3.0", needs="user-role")
def test_no_scope_beyond_the_owners(scope: str, dora: User, bob: User, hub: Hub) -> None:
    """A scope that the owner does not hold is refused with 400, even when an admin asks."""
    asked = scope.replace("A", dora.name).replace("B", bob.name)
    refuses(hub, dora, {"scopes": [asked]}, asked=[dora.hub, hub])


@rule("tokens/partly-held-scopes-are-refused", since="3.0", needs="user-role")
def test_partly_held_scopes_are_refused(dora: User, bob: User) -> None:
    """A request with one scope too many is refused as a whole, whatever the order."""
    held = "read:users!user"
    for excess in ("list:users", f"read:users!user={bob.name}", "admin:users"):
        asked = [held, excess], [excess, held], ["inherit", excess]
        refuses(dora.hub, dora, *({"scopes": each} for each in asked))


@pytest.mark.parametrize("scope", UNKNOWN)
@rule("tokens/unknown-scope-is-refused", since="5.0")
def test_unknown_scope_is_refused(scope: str, dora: User, chief: User, hub: Hub) -> None:
    """A scope that does not exist is refused with 400, beside a good one too, and to an admin."""
    refuses(hub, dora, {"scopes": [scope]}, {"scopes": ["self", scope]}, asked=[dora.hub])
    refused(ask(chief.hub, chief, {"scopes": [scope]}), 400)


@pytest.mark.parametrize("scopes", NO_STRINGS.values(), ids=NO_STRINGS)
@rule("tokens/scopes-of-another-type-are-refused", since="5.0")
def test_scopes_of_another_type_are_refused(scopes: Any, dora: User) -> None:
    """Scopes that are no list of strings are refused with 400, and no token is made."""
    refuses(dora.hub, dora, {"scopes": scopes})


# --- kept to


@rule("tokens/no-scopes-no-rights", since="3.0")
def test_no_scopes_no_rights(dora: User, sandbox: Sandbox) -> None:
    """An empty list of scopes gives a token that can tell whose it is and do nothing."""
    token = sandbox.token(dora, scopes=[])
    assert scopes_of(token.model) == scopes_for(dora, IDENTIFY)
    assert object_of(token.hub.get("/user")).get("name") == dora.name
    refused(token.hub.get(tokens_path(dora)), 403)
    refused(token.hub.get(tokens_path(dora, token.id)), 403)
    refused(token.hub.delete(tokens_path(dora, token.id)), 403)
    refused(ask(token.hub, dora), 403)
    body = {"last_activity": "2020-01-01T00:00:00Z"}
    refused(token.hub.post(f"{dora.path}/activity", json=body), 403)


@rule("tokens/limited-token-keeps-to-its-scopes", since="3.0")
def test_limited_token_keeps_to_its_scopes(dora: User, sandbox: Sandbox) -> None:
    """A token with some of its owner's scopes does what they allow and is refused the rest."""
    token = sandbox.token(dora, scopes=["read:tokens!user"])
    assert token.id in ids_of(token.hub, dora)
    refused(ask(token.hub, dora), 403)
    refused(token.hub.delete(tokens_path(dora, token.id)), 403)
    model = object_of(token.hub.get(dora.path))
    assert not {"last_activity", "servers", "roles", "created"} & set(model), sorted(model)


@rule("tokens/filter-is-kept-to", since="3.0")
def test_filter_is_kept_to(
    alice: User, bob: User, sandbox: Sandbox, limited: Callable[..., Hub]
) -> None:
    """A token for one user's name is refused (404) every other, one with a longer name too."""
    longer = User(f"{bob.name}2", sandbox)
    assert sandbox.hub.post(longer.path).status == 201
    hub = limited(f"read:users:name!user={bob.name}")
    assert object_of(hub.get(bob.path)).get("name") == bob.name
    for other in (alice, longer):
        refused(hub.get(other.path), 404)
    refused(hub.get("/users"), 403)


@rule("tokens/limited-token-issues-no-more-than-its-owner-holds", since="3.0", needs="user-role")
def test_limited_token_issues_no_more(dora: User, bob: User, sandbox: Sandbox) -> None:
    """A token with `tokens` for its owner issues none beyond the owner's scopes, none to others."""
    token = sandbox.token(dora, scopes=["tokens!user"])
    excess = ("admin:users", "list:users", f"tokens!user={bob.name}")
    refuses(sandbox.hub, dora, *({"scopes": [each]} for each in excess), asked=[token.hub])
    refuses(sandbox.hub, bob, {}, status=403, asked=[token.hub])


@rule("tokens/scopes-end-with-the-owners-rights", since="3.0", needs="user-role")
def test_scopes_end_with_the_owners_rights(sandbox: Sandbox, bob: User) -> None:
    """A token keeps no scope that its owner has lost: it works no more, and is not told."""
    admin = sandbox.user("demoted", admin=True)
    token = sandbox.token(admin, scopes=["list:users", "read:users", "tokens"])
    assert token.hub.get("/users").status == 200
    assert sandbox.hub.patch(admin.path, json={"admin": False}).ok
    refused(token.hub.get("/users"), 403)
    for hub in (token.hub, admin.hub):
        refused(hub.get(bob.path), 404)
        refused(hub.get(tokens_path(bob)), 404)
        refused(ask(hub, bob), 403)
    left = scopes_of(read(sandbox.hub, admin, token.id))
    wide = [each for each in left if not each.endswith(f"!user={admin.name}")]
    assert not wide, wide
