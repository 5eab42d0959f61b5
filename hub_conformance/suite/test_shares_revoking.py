"""Shares: taking them back in part or whole, and giving them up (since 5.0)."""

from __future__ import annotations

from typing import Any

import pytest

from ..hub import Hub
from ..rules import rule
from ..sandbox import Sandbox, User
from ._shape import object_of, refused
from ._shares import (
    ACCESS,
    SEE,
    Pool,
    check_share,
    codes_of,
    everything,
    granted,
    is_gone,
    is_held,
    of_server,
    on,
    page_of,
    taken_back,
    with_group,
    with_user,
)

pytest_plugins = ("hub_conformance.suite._shares",)


# --- in part


@rule("shares/scopes-taken-back-are-gone", since="5.0", needs="shares", see=SEE)
def test_part(hub: Hub, pool: Pool) -> None:
    """Taking some scopes back leaves the others: the answer and the share show what is left."""
    owner, user = pool.pair()
    whole = granted(hub, owner, user=user, scopes=[ACCESS, "read:servers", "users:activity"])
    left = taken_back(hub, owner, user=user, scopes=on(owner, "read:servers"))
    check_share(hub, left, owner, "", ACCESS, "users:activity", user=user)
    assert left["created_at"] == whole["created_at"]
    assert is_held(hub, with_user(user, owner)) == left


@rule("shares/last-scope-taken-back-ends-the-share", since="5.0", needs="shares", see=SEE)
def test_all_named(hub: Hub, pool: Pool) -> None:
    """When its last scope is taken back nothing is left of a share: an empty object, then 404."""
    owner, user = pool.pair()
    granted(hub, owner, user=user, scopes=[ACCESS, "read:servers"])
    scopes = on(owner, ACCESS, "read:servers")
    assert taken_back(hub, owner, user=user, scopes=scopes) == {}
    is_gone(hub, with_user(user, owner))


@rule("shares/scope-not-shared-changes-nothing", since="5.0", needs="shares", see=SEE)
def test_not_shared(hub: Hub, pool: Pool) -> None:
    """Taking back a scope that was not shared, or of another server, leaves the share as it is."""
    owner, user = pool.pair()
    model = granted(hub, owner, user=user)
    other = next(each for each in pool.owners if each != owner)
    for scopes in (on(owner, "read:servers"), on(other, ACCESS), on(owner, ACCESS, server="x")):
        assert taken_back(hub, owner, user=user, scopes=scopes) == model
    assert is_held(hub, with_user(user, owner)) == model


# --- whole


@pytest.mark.parametrize("body", [{}, {"scopes": []}], ids=["left-out", "none"])
@rule("shares/taken-back-without-scopes-is-gone", since="5.0", needs="shares", see=SEE)
def test_whole(body: dict[str, Any], hub: Hub, pool: Pool) -> None:
    """Taking a share back without naming scopes takes all of it."""
    owner, user = pool.pair()
    granted(hub, owner, user=user, scopes=[ACCESS, "read:servers"])
    assert taken_back(hub, owner, user=user, **body) == {}
    is_gone(hub, with_user(user, owner))


@rule("shares/groups-share-is-taken-back", since="5.0", needs="shares", see=SEE)
def test_group(hub: Hub, pool: Pool) -> None:
    """A group's share is taken back in part and whole, as a user's is."""
    owner, group = pool.group_pair()
    granted(hub, owner, group=group, scopes=[ACCESS, "read:servers"])
    left = taken_back(hub, owner, group=group, scopes=on(owner, "read:servers"))
    check_share(hub, left, owner, group=group)
    assert taken_back(hub, owner, group=group) == {}
    is_gone(hub, with_group(group, owner))


@rule("shares/nothing-to-take-back-is-a-success", since="5.0", needs="shares", see=SEE)
def test_nothing(hub: Hub, pool: Pool, sandbox: Sandbox) -> None:
    """Taking back from whoever has no share, or does not exist, answers 200 with nothing left."""
    owner, user = pool.pair()
    _, group = pool.group_pair()
    absent = sandbox.name("absent")
    for body in ({"user": user}, {"group": group}, {"user": absent}, {"group": absent}):
        assert taken_back(hub, owner, **body) == {}


@rule("shares/taking-back-needs-one-recipient", since="5.0", needs="shares", see=SEE)
def test_recipients(hub: Hub, pool: Pool) -> None:
    """To take back from a user and a group at once, or from nobody, is refused with 400.

    Nothing is taken from anybody. So it is with unknown keys, and scopes that are no list.
    """
    (owner, user), (_, group) = pool.pair(), pool.group_pair()
    model = granted(hub, owner, user=user)
    bodies: list[dict[str, Any]] = [
        {"user": user, "group": group},
        {},
        {"scopes": on(owner, ACCESS)},
    ]
    bodies += [{"user": user, "scopes": ACCESS}, {"user": user, "all": True}]
    for body in bodies:
        refused(hub.patch(of_server(owner), json=body), 400)
    refused(hub.patch(of_server(owner, "absent"), json={"user": user}), 404)
    assert is_held(hub, with_user(user, owner)) == model


@rule("shares/taking-back-leaves-the-others", since="5.0", needs="shares", see=SEE)
def test_others(hub: Hub, sandbox: Sandbox, pool: Pool) -> None:
    """What is taken back is one recipient's: others keep theirs, and the one those of others.

    A user and a group that the user is in are two recipients.
    """
    owner, (user, other) = pool.take(2)
    group = sandbox.group("group", [User(user, sandbox)])
    for body in ({"user": user}, {"user": other}, {"group": group}):
        granted(hub, owner, **body)
    elsewhere = next(each for each in pool.owners if each != owner)
    kept = granted(hub, elsewhere, user=user)
    assert taken_back(hub, owner, user=user) == {}
    is_gone(hub, with_user(user, owner))
    is_held(hub, with_user(other, owner))
    is_held(hub, with_group(group, owner))
    assert is_held(hub, with_user(user, elsewhere)) == kept
    granted(hub, owner, user=user)
    assert taken_back(hub, owner, group=group) == {}
    is_held(hub, with_user(user, owner))


@rule("shares/shared-anew-has-nothing-of-before", since="5.0", needs="shares", see=SEE)
def test_anew(hub: Hub, pool: Pool) -> None:
    """A share that is granted after it was taken back has the new scopes only."""
    owner, user = pool.pair()
    granted(hub, owner, user=user, scopes=["read:servers", "users:activity"])
    assert taken_back(hub, owner, user=user) == {}
    check_share(hub, granted(hub, owner, user=user), owner, user=user)


# --- all at once


@rule("shares/removal-of-all-ends-them-all", since="5.0", needs="shares", see=SEE)
def test_all(hub: Hub, pool: Pool) -> None:
    """Removing all shares of a server answers 204: nobody has one, and nobody else's is touched.

    Its share codes stay.
    """
    owner, (first, second) = pool.take(2)
    group, elsewhere = pool.groups[0], next(each for each in pool.owners if each != owner)
    for body in ({"user": first}, {"user": second}, {"group": group}):
        granted(hub, owner, **body)
    kept = granted(hub, elsewhere, user=first)
    code = object_of(hub.post(codes_of(owner), json={}))
    answer = hub.delete(of_server(owner))
    assert (answer.status, answer.body) == (204, b""), answer
    page = page_of(hub, f"/shares/{owner}")
    assert (page.items, page.total) == ([], 0)
    for path in (with_user(first, owner), with_user(second, owner), with_group(group, owner)):
        is_gone(hub, path)
    assert is_held(hub, with_user(first, elsewhere)) == kept
    assert code["id"] in [each["id"] for each in everything(hub, codes_of(owner))]


@rule("shares/removal-of-none-is-a-success", since="5.0", needs="shares", see=SEE)
def test_none(hub: Hub, pool: Pool, alice: User, sandbox: Sandbox) -> None:
    """Removing all shares of a server that has none answers 204, of an absent server 404."""
    assert hub.delete(of_server(alice.name)).status == 204
    refused(hub.delete(of_server(alice.name, "absent")), 404)
    refused(hub.delete(of_server(sandbox.name("absent"))), 404)


# --- given up


@rule("shares/user-gives-up-a-share", since="5.0", needs="shares", see=SEE)
def test_leave(hub: Hub, pool: Pool, shared: Sandbox) -> None:
    """A user gives up a share by their own token: 204, and 404 from then on.

    Others keep theirs of the same server, users as well as groups.
    """
    owner, (name, neighbour) = pool.take(2)
    user, other = User(name, shared), next(each for each in pool.owners if each != owner)
    group = shared.group("sharing")
    for each in (owner, other):
        granted(hub, each, user=name)
    stays, groups = (granted(hub, owner, **to) for to in ({"user": neighbour}, {"group": group}))
    answer = user.hub.delete(with_user(user.name, owner))
    assert (answer.status, answer.body) == (204, b""), answer
    is_gone(hub, with_user(user.name, owner))
    refused(user.hub.delete(with_user(user.name, owner)), 404)
    is_held(hub, with_user(user.name, other))
    assert is_held(hub, with_user(neighbour, owner)) == stays
    assert is_held(hub, with_group(group, owner)) == groups


@rule("shares/group-gives-up-a-share", since="5.0", needs="shares", see=SEE)
def test_group_leaves(hub: Hub, pool: Pool, sandbox: Sandbox) -> None:
    """A group's share is given up: 204, and 404 from then on. Its members keep their own."""
    owner, member = pool.pair()
    group = sandbox.group("group", [User(member, sandbox)])
    granted(hub, owner, group=group)
    own = granted(hub, owner, user=member)
    answer = hub.delete(with_group(group, owner))
    assert (answer.status, answer.body) == (204, b""), answer
    is_gone(hub, with_group(group, owner))
    refused(hub.delete(with_group(group, owner)), 404)
    assert is_held(hub, with_user(member, owner)) == own


@rule("shares/member-does-not-give-up-the-groups", since="5.0", needs="shares", see=SEE)
def test_members_leave(hub: Hub, pool: Pool, sandbox: Sandbox) -> None:
    """A user cannot give up a share that is with a group of theirs: 404, and the group has it."""
    owner, user = pool.host(), pool.guest
    group = sandbox.group("group", [user])
    model = granted(hub, owner, group=group)
    refused(user.hub.delete(with_user(user.name, owner)), 404)
    answer = user.hub.delete(with_group(group, owner))
    assert answer.status in (403, 404), answer
    assert is_held(hub, with_group(group, owner)) == model


@rule("shares/nobody-gives-up-anothers", since="5.0", needs="shares", see=SEE)
def test_anothers(hub: Hub, pool: Pool, bob: User) -> None:
    """Another user, or another recipient of the same server, cannot give up one's share."""
    owner, user = pool.pair()
    model = granted(hub, owner, user=user)
    granted(hub, owner, user=bob.name)
    answer = bob.hub.delete(with_user(user, owner))
    assert answer.status in (403, 404), answer
    answer = bob.hub.delete(of_server(owner))
    assert answer.status in (403, 404), answer
    assert is_held(hub, with_user(user, owner)) == model
    hub.delete(with_user(bob.name, owner))
