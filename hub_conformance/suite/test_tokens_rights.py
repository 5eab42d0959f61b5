"""Tokens: what it takes to deal with them, and the roles that stood for scopes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ..hub import Hub
from ..rules import not_applicable, rule
from ..sandbox import Sandbox, User
from ._shape import refused
from ._tokens import IDENTIFY, NO_STRINGS, ask, issued, refuses, scopes_for, scopes_of, tokens_path


@pytest.fixture(scope="module")
def fay(shared: Sandbox) -> User:
    """A user with few tokens: whole lists of them are compared again and again."""
    return shared.user("fay")


# --- what dealing with tokens takes

ALL, NONE, READING = (200, 200, 201, 204), (403, 403, 403, 403), (200, 200, 403, 403)
ALLOWED = {
    "tokens": ALL,
    "read:tokens": READING,
    "admin:users": NONE,
    "users": NONE,
    "read:users": NONE,
    "list:users": NONE,
    "admin:auth_state": NONE,
    "admin:servers": NONE,
    "admin:groups": NONE,
    "admin:services": NONE,
}


def statuses(hub: Hub, user: User, sandbox: Sandbox) -> tuple[int, ...]:
    """Return what listing, reading, issuing and revoking a user's token are answered with."""
    path = tokens_path(user, sandbox.token(user).id)
    answers = hub.get(tokens_path(user)), hub.get(path), ask(hub, user), hub.delete(path)
    return tuple(answer.status for answer in answers)


@pytest.mark.parametrize("scope", ALLOWED)
@rule("tokens/scopes-to-deal-with-tokens", since="3.0")
def test_scopes_to_deal_with_tokens(
    scope: str, fay: User, sandbox: Sandbox, limited: Callable[..., Hub]
) -> None:
    """`tokens` lets one list, read, issue and revoke, `read:tokens` list and read.

    No scope over users, servers or groups does, `admin:users` neither.
    """
    if scope == "admin:services" and sandbox.hub.target.applies < (5, 0):
        not_applicable("since 5.0")
    assert statuses(limited(scope), fay, sandbox) == ALLOWED[scope]


@pytest.mark.parametrize("scope", ["tokens", "read:tokens"])
@rule("tokens/filter-by-user", since="3.0")
def test_filter_by_user(
    scope: str, fay: User, bob: User, sandbox: Sandbox, limited: Callable[..., Hub]
) -> None:
    """Filtered to a user, they reach that user's tokens, and neither another's nor a namesake's."""
    longer = User(f"{fay.name}2", sandbox)
    assert sandbox.hub.post(longer.path).status == 201
    hub = limited(f"{scope}!user={fay.name}")
    assert statuses(hub, fay, sandbox) == ALLOWED[scope]
    for other in (bob, longer):
        found = statuses(hub, other, sandbox)
        outside = (404, 404, 403, 404 if scope == "tokens" else 403)
        assert found == outside, other.name


@rule("tokens/filter-by-group", since="3.0")
def test_filter_by_group(user: User, bob: User, sandbox: Sandbox) -> None:
    """Filtered to a group, `tokens` reaches members' tokens, and no longer those of who has left.

    A change of membership counts at once.
    """
    group = sandbox.group(users=[user])
    hub = sandbox.token(scopes=[f"tokens!group={group}"]).hub
    assert statuses(hub, user, sandbox) == ALL
    assert statuses(hub, bob, sandbox) == (404, 404, 403, 404)
    left = sandbox.hub.delete(f"/groups/{group}/users", json={"users": [user.name]})
    assert left.ok, left
    assert statuses(hub, user, sandbox) == (404, 404, 403, 404)


# --- roles (deprecated)


@rule("tokens/roles-stand-for-their-scopes", since="3.0", needs="user-role")
def test_roles_stand_for_their_scopes(fay: User) -> None:
    """Roles asked for are turned into their scopes; the model's `roles` stays empty."""
    own = scopes_of(issued(ask(fay.hub, fay, {"scopes": ["self"]})))
    for roles in (["user"], ["token"], ["user", "token"], None):
        model = issued(ask(fay.hub, fay, {"roles": roles}))
        assert scopes_of(model) == own, roles
        assert model.get("roles") == [], model.get("roles")


@rule("tokens/no-roles-no-rights", since="3.0")
def test_no_roles_no_rights(fay: User) -> None:
    """An empty list of roles gives what an empty list of scopes gives, not the default."""
    model = issued(ask(fay.hub, fay, {"roles": []}))
    assert scopes_of(model) == scopes_for(fay, IDENTIFY)


@rule("tokens/role-beyond-the-owners-is-refused", since="3.0")
def test_role_beyond_the_owners_is_refused(fay: User, hub: Hub) -> None:
    """A role with scopes that the owner does not hold is refused with 400, to an admin too."""
    bodies = {"roles": ["admin"]}, {"roles": ["user", "admin"]}
    refuses(hub, fay, *bodies, asked=[fay.hub, hub])


@rule("tokens/unknown-role-is-refused", since="3.0")
def test_unknown_role_is_refused(fay: User, sandbox: Sandbox) -> None:
    """A role that does not exist is refused with 400, beside a good one too."""
    unknown = sandbox.name("role")
    refuses(fay.hub, fay, {"roles": [unknown]}, {"roles": ["user", unknown]})


@rule("tokens/roles-and-scopes-together-are-refused", since="3.0")
def test_roles_and_scopes_together_are_refused(fay: User) -> None:
    """Roles and scopes in one request are refused with 400."""
    refuses(fay.hub, fay, {"roles": ["user"], "scopes": ["self"]})


@pytest.mark.parametrize("roles", NO_STRINGS.values(), ids=NO_STRINGS)
@rule("tokens/roles-of-another-type-are-refused", since="5.0")
def test_roles_of_another_type_are_refused(roles: Any, fay: User) -> None:
    """Roles that are no list of strings are refused with 400, and no token is made."""
    refuses(fay.hub, fay, {"roles": roles})


@rule("tokens/roles-before-scopes", until="2.3")
def test_roles_before_scopes(fay: User) -> None:
    """Before tokens had scopes they had roles: `token` by default, which inherits."""
    assert issued(ask(fay.hub, fay)).get("roles") == ["token"]
    model = issued(ask(fay.hub, fay, {"roles": ["user"]}))
    assert model.get("roles") == ["user"], model.get("roles")
    refused(ask(fay.hub, fay, {"roles": ["nope"]}), 404)
