from __future__ import annotations

import pytest

from reference_hub.core import tokens
from reference_hub.core.entities import User
from reference_hub.core.hub import Hub
from reference_hub.core.operations import groups
from tests.reference_hub.tools import refusal


@pytest.fixture
def ann(hub: Hub) -> User:
    user = hub.find_user("ann")
    assert user is not None
    return user


def scopes_of(hub: Hub, user: User, *raw: str) -> frozenset[str]:
    return tokens.scopes_of(hub, tokens.issue(hub, user, raw_scopes=raw)[0])


def test_inherit_follows_the_owner(hub: Hub, ann: User) -> None:
    token, _ = tokens.issue(hub, ann)
    assert tokens.scopes_of(hub, token) == tokens.owner_scopes(hub, ann)
    ann.roles.append("admin")
    assert "shutdown" in tokens.scopes_of(hub, token)


def test_a_token_never_allows_more_than_its_owner_holds(hub: Hub, ann: User) -> None:
    ann.roles.append("admin")
    token, _ = tokens.issue(hub, ann, raw_scopes=["shutdown"])
    assert "shutdown" in tokens.scopes_of(hub, token)
    ann.roles.remove("admin")
    assert "shutdown" not in tokens.scopes_of(hub, token)


def test_every_token_tells_whose_it_is(hub: Hub, ann: User) -> None:
    assert scopes_of(hub, ann) == {"read:users:name!user=ann", "read:users:groups!user=ann"}


def test_roles_of_groups_count_at_once(hub: Hub, ann: User) -> None:
    hub.groups["empty"].roles.append("admin")
    token, _ = tokens.issue(hub, ann, raw_scopes=["read:hub"])
    assert "read:hub" not in tokens.scopes_of(hub, token)
    groups.join(ann, hub.groups["empty"])
    assert "read:hub" in tokens.scopes_of(hub, token)


@pytest.mark.parametrize("scope", ["self", "inherit", "read:users!user=ann", "tokens!user"])
def test_own_scopes_can_be_issued(hub: Hub, ann: User, scope: str) -> None:
    tokens.check_issuable(hub, ann, [scope])


@pytest.mark.parametrize(
    "scope", ["bogus", "read:users", "read:users!user=bob", "tokens!group=team", "(no_scope)"]
)
def test_others_cannot(hub: Hub, ann: User, scope: str) -> None:
    with refusal(400):
        tokens.check_issuable(hub, ann, ["self", scope])


@pytest.mark.parametrize("seconds", [0, -1, 10**12, 10**400])
def test_lifetimes_end_in_the_future_and_the_calendar(hub: Hub, ann: User, seconds: int) -> None:
    with refusal(400):
        tokens.issue(hub, ann, expires_in=seconds)


def test_ids_reveal_nothing(hub: Hub, ann: User) -> None:
    token, secret = tokens.issue(hub, ann)
    assert secret not in token.id
    assert token.id.removeprefix("t-") not in secret
