"""Shares: what they give to a token, and what ends or changes with users, groups and servers."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ..hub import Hub
from ..named import make_stopped
from ..rules import rule
from ..sandbox import Sandbox, User
from ._shape import object_of, refused
from ._shares import (
    ACCESS,
    SEE,
    Pool,
    check_held,
    check_share,
    codes_of,
    everything,
    granted,
    held_by,
    is_gone,
    is_held,
    of_server,
    on,
    parties,
    server_of,
    taken_back,
    with_group,
    with_user,
)

pytest_plugins = ("hub_conformance.suite._shares",)

NAMED = ("shares", "named-servers", "spawn")
#: How a user's share of a default server comes to an end.
ENDS: dict[str, Callable[[Hub, str, str], object]] = {
    "taken-back": lambda hub, owner, user: hub.patch(of_server(owner), json={"user": user}),
    "scope-by-scope": lambda hub, owner, user: hub.patch(
        of_server(owner), json={"user": user, "scopes": on(owner, ACCESS, "read:servers")}
    ),
    "all-removed": lambda hub, owner, user: hub.delete(of_server(owner)),
    "given-up": lambda hub, owner, user: hub.delete(with_user(user, owner)),
}


# --- for the recipient's token


@pytest.mark.parametrize("end", ENDS)
@rule("shares/scopes-reach-the-recipients-token", since="5.0", needs="shares", see=SEE)
def test_scopes(end: str, hub: Hub, pool: Pool) -> None:
    """A user's token holds what is shared with the user as long as it is, also one made before."""
    owner, guest = pool.host(), pool.guest
    assert held_by(guest.hub, owner) == set()
    granted(hub, owner, user=guest.name, scopes=[ACCESS, "read:servers"])
    check_held(guest.hub, owner, ACCESS, "read:servers")
    ENDS[end](hub, owner, guest.name)
    assert held_by(guest.hub, owner) == set()


@rule("shares/scopes-reach-nobody-else", since="5.0", needs="shares", see=SEE)
def test_nobody_else(hub: Hub, pool: Pool, bob: User) -> None:
    """A share gives nothing to other users, nor to a token of the recipient with named scopes.

    Such a token holds what it names, and no more.
    """
    owner, guest = pool.host(), pool.guest
    token = guest.sandbox.token(guest, scopes=["read:users!user"])
    granted(hub, owner, user=guest.name)
    assert held_by(bob.hub, owner) == set()
    assert held_by(token.hub, owner) == set()


@rule("shares/shared-scope-can-be-a-tokens", since="5.0", needs="shares", see=SEE)
def test_own_token(hub: Hub, pool: Pool) -> None:
    """The recipient can have a token with the shared scope alone, only while it is shared."""
    owner, guest = pool.host(), pool.guest
    path, body = f"{guest.path}/tokens", {"scopes": on(owner, ACCESS)}
    refused(guest.hub.post(path, json=body), 400)
    granted(hub, owner, user=guest.name)
    token = guest.hub.using(object_of(guest.hub.post(path, json=body), 201)["token"])
    assert held_by(token, owner) == set(body["scopes"])
    assert taken_back(hub, owner, user=guest.name) == {}
    assert held_by(token, owner) == set(), "the token still holds what is no longer shared"


@rule("shares/groups-share-reaches-its-members-tokens", since="5.0", needs="shares", see=SEE)
def test_members(hub: Hub, pool: Pool, sandbox: Sandbox) -> None:
    """What is shared with a group its members' tokens hold, as long as they are in it."""
    owner, member = pool.host(), sandbox.fresh_user()
    group = sandbox.group("sharing", [member])
    granted(hub, owner, group=group, scopes=[ACCESS, "read:servers"])
    check_held(member.hub, owner, ACCESS, "read:servers")
    answer = hub.delete(f"/groups/{group}/users", json={"users": [member.name]})
    assert answer.status == 200, answer
    assert held_by(member.hub, owner) == set()


@rule("shares/shared-reading-shows-that-server", since="6.0", needs="shares", see=SEE)
def test_reading(hub: Hub, pool: Pool) -> None:
    """Who a server is shared with for reading reads that one, as its own model, and no other."""
    owner, other, guest = pool.host(), pool.host(), pool.guest
    path = f"/users/{owner}/servers/"
    assert guest.hub.get(path).status in (403, 404)
    granted(hub, owner, user=guest.name, scopes=["read:servers"])
    found, whole = object_of(guest.hub.get(path)), object_of(hub.get(path))
    assert found == {key: value for key, value in whole.items() if key != "state"}
    assert guest.hub.get(f"/users/{other}/servers/").status in (403, 404)
    assert taken_back(hub, owner, user=guest.name) == {}
    assert guest.hub.get(path).status in (403, 404)


# --- what ends with them


@rule("shares/end-with-the-user", since="5.0", needs="shares", see=SEE)
def test_user_deleted(hub: Hub, sandbox: Sandbox, pool: Pool) -> None:
    """A deleted user has no shares: not in the owner's list, and not when there is one again.

    A user whose name begins alike keeps theirs.
    """
    user, owner = sandbox.fresh_user(), pool.owners[0]
    longer = User(f"{user.name}2", sandbox)
    assert hub.post(longer.path).status == 201
    for each in (user, longer):
        granted(hub, owner, user=each.name)
    assert hub.delete(user.path).status == 204
    found = [whom for _, _, whom in parties(everything(hub, of_server(owner)))]
    assert f"user {user.name}" not in found
    assert f"user {longer.name}" in found
    assert hub.post(user.path).status == 201
    assert everything(hub, f"{user.path}/shared") == []


@rule("shares/end-with-the-group", since="5.0", needs="shares", see=SEE)
def test_group_deleted(hub: Hub, sandbox: Sandbox, pool: Pool) -> None:
    """A deleted group has no shares: not for members, and not when it is made again."""
    owner, user = pool.owners[1], pool.guest
    group = sandbox.group("group", [user])
    granted(hub, owner, group=group)
    assert hub.delete(f"/groups/{group}").status == 204
    for path in (of_server(owner), f"{user.path}/shared"):
        found = [whom for _, _, whom in parties(everything(hub, path))]
        assert f"group {group}" not in found, path
    assert hub.post(f"/groups/{group}").status == 201
    assert everything(hub, f"/groups/{group}/shared") == []


@rule("shares/end-with-the-owner", since="5.0", needs="shares", see=SEE)
def test_owner_deleted(hub: Hub, sandbox: Sandbox, pool: Pool) -> None:
    """The shares and codes of a deleted owner are gone, also when the owner is made again."""
    owner, guest, group = sandbox.fresh_user(), pool.guest, sandbox.group()
    for body in ({"user": guest.name}, {"group": group}):
        granted(hub, owner.name, **body)
    assert hub.post(codes_of(owner.name), json={}).status == 200
    assert hub.delete(owner.path).status == 204
    assert held_by(guest.hub, owner.name) == set()
    assert everything(hub, f"/groups/{group}/shared") == []
    is_gone(hub, with_user(guest.name, owner.name))
    assert hub.post(owner.path).status == 201
    for path in (of_server(owner.name), codes_of(owner.name)):
        assert everything(hub, path) == [], path
    is_gone(hub, with_user(guest.name, owner.name))


@rule("shares/end-with-the-server", since="5.0", needs=NAMED, see=SEE)
def test_server_removed(
    hub: Hub, sandbox: Sandbox, pool: Pool, user: User, version: tuple[int, int]
) -> None:
    """The shares and codes of a removed server are gone, also when there is one of that name again.

    Those of the owner's other servers stay.
    """
    owner, guest, server = user, pool.guest.name, "shared"
    make_stopped(owner, server, version)
    default = granted(hub, owner.name, user=guest)
    granted(hub, owner.name, server, user=guest)
    assert hub.post(codes_of(owner.name, server), json={}).status == 200
    sandbox.stop(owner, server, remove=True)
    assert everything(hub, f"/shares/{owner.name}") == [default]
    assert everything(hub, f"/share-codes/{owner.name}") == []
    make_stopped(owner, server, version)
    for path in (of_server(owner.name, server), codes_of(owner.name, server)):
        assert everything(hub, path) == [], path


@rule("shares/servers-of-an-owner-are-apart", since="5.0", needs=NAMED, see=SEE)
def test_named(hub: Hub, pool: Pool, user: User, version: tuple[int, int]) -> None:
    """The default server and a named one are shared apart: in scopes, lists, and taking back."""
    owner, guest, server = user.name, pool.guest.name, "apart"
    make_stopped(user, server, version)
    named = granted(hub, owner, server, user=guest)
    check_share(hub, named, owner, server, user=guest)
    is_gone(hub, with_user(guest, owner))
    refused(hub.post(of_server(owner), json={"user": guest, "scopes": named["scopes"]}), 400)
    default = granted(hub, owner, user=guest)
    assert everything(hub, of_server(owner)) == [default]
    assert everything(hub, of_server(owner, server)) == [named]
    assert everything(hub, f"/shares/{owner}") in ([named, default], [default, named])
    code = object_of(hub.post(codes_of(owner, server), json={}))["id"]
    assert everything(hub, codes_of(owner)) == []
    refused(hub.delete(codes_of(owner), params={"id": code}), 404)
    assert hub.delete(codes_of(owner)).status == 204
    assert [each["id"] for each in everything(hub, codes_of(owner, server))] == [code]
    assert hub.delete(with_user(guest, owner)).status == 204
    assert is_held(hub, with_user(guest, owner, server)) == named
    granted(hub, owner, user=guest)
    assert hub.delete(of_server(owner)).status == 204
    assert is_held(hub, with_user(guest, owner, server)) == named


# --- what changes with them


@rule("shares/follow-a-renamed-owner", since="5.0", needs="shares", see=SEE)
def test_owner_renamed(hub: Hub, sandbox: Sandbox, pool: Pool, user: User) -> None:
    """Shares and codes follow their owner to another name, and so do the recipients' scopes."""
    guest, group, new = pool.guest, pool.groups[0], sandbox.name("renamed")
    for body in ({"user": guest.name}, {"group": group}):
        granted(hub, user.name, **body)
    assert hub.post(codes_of(user.name), json={}).status == 200
    assert hub.patch(user.path, json={"name": new}).status == 200
    codes = everything(hub, codes_of(new))
    assert len(codes) == 1, codes
    found = [is_held(hub, path) for path in (with_user(guest.name, new), with_group(group, new))]
    for model in (*found, *codes):  # where the server is may stay until the hub starts anew
        assert server_of(model) == (new, "")
        assert model.get("scopes") == on(new, ACCESS)
    check_held(guest.hub, new, ACCESS)
    is_gone(hub, with_user(guest.name, user.name))


@rule("shares/follow-a-renamed-user", since="5.0", needs="shares", see=SEE)
def test_user_renamed(hub: Hub, sandbox: Sandbox, pool: Pool, user: User) -> None:
    """Shares follow the user they are with to another name."""
    owner, new = pool.owners[2], sandbox.name("renamed")
    granted(hub, owner, user=user.name)
    assert hub.patch(user.path, json={"name": new}).status == 200
    check_share(hub, is_held(hub, with_user(new, owner)), owner, user=new)
    found = [whom for _, _, whom in parties(everything(hub, of_server(owner)))]
    assert f"user {new}" in found
    assert f"user {user.name}" not in found


@rule("shares/outlive-a-change-of-the-server", since="6.0", needs=("shares", "named-servers"))
def test_server_changed(hub: Hub, sandbox: Sandbox, pool: Pool, user: User) -> None:
    """A change of a server's display name or options leaves its shares and codes as they are."""
    granted(hub, user.name, user=pool.guest.name)
    assert hub.post(codes_of(user.name), json={}).status == 200
    before = [everything(hub, path) for path in (of_server(user.name), codes_of(user.name))]
    body = {"display_name": "Changed", "user_options": {"hubconf": 1}}
    answer = hub.patch(sandbox.server_path(user), json=body)
    assert answer.status == 200, answer
    assert before == [everything(hub, path) for path in (of_server(user.name), codes_of(user.name))]


@rule("shares/follow-a-renamed-server", since="6.0", needs=("shares", "named-servers"), see=SEE)
def test_server_renamed(
    hub: Hub, sandbox: Sandbox, pool: Pool, user: User, version: tuple[int, int]
) -> None:
    """Shares and codes follow their server to another name."""
    owner, guest = user, pool.guest.name
    make_stopped(owner, "before", version)
    granted(hub, owner.name, "before", user=guest)
    assert hub.post(codes_of(owner.name, "before"), json={}).status == 200
    answer = hub.patch(sandbox.server_path(owner, "before"), json={"name": "after"})
    assert answer.status == 200, answer
    share = is_held(hub, with_user(guest, owner.name, "after"))
    check_share(hub, share, owner.name, "after", user=guest)
    codes = everything(hub, codes_of(owner.name, "after"))
    assert [each.get("scopes") for each in codes] == [on(owner.name, ACCESS, server="after")]
    refused(hub.get(of_server(owner.name, "before")), 404)
