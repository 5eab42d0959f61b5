"""The sandbox: what it makes, for whom, and that all of it goes again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from hub_conformance.guard import Guard
from hub_conformance.hub import Hub
from hub_conformance.sandbox import BATCH, MANY, Sandbox, User, new_run_id
from hub_conformance.target import Owner


@pytest.fixture
def guard(admin: Hub) -> Guard:
    """A guard before the reference hub's admin."""
    found = Guard(new_run_id(), admin.target.api, admin.target.prefix, admin.target.owner.name)
    admin.client.before.append(found.before)
    admin.client.after.append(found.after)
    return found


@pytest.fixture
def sandbox(admin: Hub, guard: Guard) -> Iterator[Sandbox]:
    """A sandbox that leaves the hub as it was."""
    before = lists(admin)
    opened = Sandbox(admin, guard)
    yield opened
    assert opened.close() == []
    assert lists(admin) == before


def lists(hub: Hub) -> list[set[str]]:
    """Names of all users and groups, and ids of the caller's tokens."""
    names = [{name for page in hub.walk(path) for name in page.names} for path in LISTS]
    tokens = hub.get(f"/users/{hub.target.owner.name}/tokens").json["api_tokens"]
    return [*names, {each["id"] for each in tokens}]


def owned_by(hub: Hub, name: str, *, admin: bool) -> Hub:
    """The same hub, believed to be asked by a user with no scopes."""
    return replace(hub, target=replace(hub.target, owner=Owner("user", name, admin=admin)))


LISTS = ("/users", "/groups")


def test_limited_tokens_are_a_temporary_admins(sandbox: Sandbox) -> None:
    hub = sandbox.limited("list:users", "read:users:name")
    model = hub.get("/user").json
    assert model["name"] == sandbox.grantor.name != sandbox.hub.target.owner.name
    assert {"list:users", "read:users:name"} <= set(model["scopes"])
    assert sandbox.inner().limited("read:users:name", "list:users") is hub


def test_who_may_not_make_an_admin_owns_limited_tokens(sandbox: Sandbox) -> None:
    user = sandbox.user("plain")
    plain = Sandbox(owned_by(user.hub, user.name, admin=False), sandbox.guard)
    sandbox.guard.noted, sandbox.guard.caller = sandbox._note, user.name
    assert plain.grantor == User(user.name, plain)


def test_fresh_users_come_in_batches(sandbox: Sandbox) -> None:
    inner = sandbox.inner()
    used = [inner.fresh_user().name for _ in range(BATCH + 1)]
    assert len(set(used)) == BATCH + 1
    assert inner.close() == []
    there = {name for page in sandbox.hub.walk("/users") for name in page.names}
    assert not there & set(used)
    assert sandbox.fresh_user().name in there  # one that was made with the others


def test_what_was_made_although_refused_is_removed(sandbox: Sandbox) -> None:
    plain = sandbox.user("plain")
    inner = sandbox.inner()
    names = [inner.name("refused") for _ in range(MANY)]
    for name in names:
        assert plain.hub.post(f"/users/{name}").status == 403
    assert inner.close() == []
    # As a hub does that refuses and makes all the same: not news, so nobody notes it as made.
    assert sandbox.hub.post(f"/users/{names[0]}").status == 201
    assert sandbox.close() == []
    assert sandbox.hub.get(f"/users/{names[0]}").status == 404


def test_the_run_works_with_a_token_of_its_own(sandbox: Sandbox) -> None:
    found = sandbox.own_hub()
    assert found
    assert found.credential != sandbox.hub.credential
    same = [each.get("/user").json for each in (found, sandbox.hub)]
    assert same[0]["scopes"] == same[1]["scopes"]
    assert same[0]["name"] == same[1]["name"]


def test_no_token_of_its_own_that_may_more_or_less(sandbox: Sandbox) -> None:
    name = sandbox.hub.target.owner.name
    inner = Sandbox(owned_by(sandbox.hub, name, admin=True), sandbox.guard, outer=sandbox)
    assert inner.own_hub() is None
    assert inner.close() == []
