"""Shares: letting a user or a group into a server (since 5.0), and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ..hub import Hub
from ..rules import rule
from ..sandbox import Sandbox
from ._shape import object_of, refused
from ._shares import (
    ACCESS,
    SEE,
    Pool,
    ask,
    check_share,
    codes_of,
    everything,
    granted,
    is_gone,
    is_held,
    is_now,
    of_server,
    recipient,
    with_group,
    with_user,
)

pytest_plugins = ("hub_conformance.suite._shares",)


# --- granted


@rule("shares/granted-to-a-user", since="5.0", needs="shares", see=SEE)
def test_user(hub: Hub, pool: Pool) -> None:
    """Sharing a server with a user answers 200 with the share, and the user has it."""
    owner, user = pool.pair()
    answer = ask(hub, owner, user=user)
    assert answer.status == 200, answer
    check_share(hub, answer.json, owner, user=user)
    is_now(answer.json["created_at"], answer)
    assert is_held(hub, with_user(user, owner)) == answer.json


@rule("shares/granted-to-a-group", since="5.0", needs="shares", see=SEE)
def test_group(hub: Hub, pool: Pool) -> None:
    """Sharing a server with a group answers 200 with the share, and the group has it."""
    owner, group = pool.group_pair()
    answer = ask(hub, owner, group=group)
    assert answer.status == 200, answer
    check_share(hub, answer.json, owner, group=group)
    is_now(answer.json["created_at"], answer)
    assert is_held(hub, with_group(group, owner)) == answer.json


@rule("shares/access-by-default", since="5.0", needs="shares", see=SEE)
def test_default(hub: Hub, pool: Pool) -> None:
    """A share for which no scopes are named gives access to the server and no more."""
    owner, users = pool.take(2)
    nothing: list[Any] = [[], None]
    for user, scopes in zip(users, nothing, strict=True):
        check_share(hub, granted(hub, owner, user=user, scopes=scopes), owner, user=user)


@rule("shares/scopes-get-the-servers-filter", since="5.0", needs="shares", see=SEE)
def test_filter(hub: Hub, pool: Pool) -> None:
    """Each scope of a share is limited to the server, whether it was named with that filter."""
    owner, user = pool.pair()
    scopes = ["read:servers", f"{ACCESS}!server={owner}/", "users:activity"]
    model = granted(hub, owner, user=user, scopes=scopes)
    check_share(hub, model, owner, "", "read:servers", ACCESS, "users:activity", user=user)
    assert is_held(hub, with_user(user, owner)) == model


@rule("shares/scopes-named-replace-the-default", since="5.0", needs="shares", see=SEE)
def test_not_default(hub: Hub, pool: Pool) -> None:
    """A share of other scopes does not give access besides."""
    owner, user = pool.pair()
    model = granted(hub, owner, user=user, scopes=["read:servers"])
    check_share(hub, model, owner, "", "read:servers", user=user)
    owner, group = pool.group_pair()
    model = granted(hub, owner, group=group, scopes=["read:servers"])
    check_share(hub, model, owner, "", "read:servers", group=group)


@rule("shares/granted-again-is-the-same-share", since="5.0", needs="shares", see=SEE)
def test_again(hub: Hub, pool: Pool) -> None:
    """A second grant adds its scopes to the share that is there, and takes none away."""
    owner, user = pool.pair()
    first = granted(hub, owner, user=user)
    second = granted(hub, owner, user=user, scopes=["read:servers"])
    check_share(hub, second, owner, "", ACCESS, "read:servers", user=user)
    assert second["created_at"] == first["created_at"]
    assert granted(hub, owner, user=user) == second
    listed = [each for each in everything(hub, of_server(owner)) if recipient(each)[5:] == user]
    assert listed == [second]


# --- refused


def refuses(hub: Hub, owner: str, path: str, bodies: list[dict[str, Any]], status: int) -> None:
    """Assert that each of these requests is refused, and that nothing is shared."""
    found = [ask(hub, owner, **body) for body in bodies]
    wrong = [answer for answer in found if answer.status != status]
    assert not wrong, f"expected {status}: {wrong}"
    refused(found[0], status)
    is_gone(hub, path)


@rule("shares/one-recipient-is-needed", since="5.0", needs="shares", see=SEE)
def test_recipients(hub: Hub, pool: Pool) -> None:
    """A share is with a user or with a group: both, or neither, is refused with 400."""
    owner, user = pool.pair()
    _, group = pool.group_pair()
    bodies: list[dict[str, Any]] = [{"user": user, "group": group}, {}, {"scopes": [ACCESS]}]
    bodies += [{"user": None}, {"user": None, "group": None}]
    refuses(hub, owner, with_user(user, owner), bodies, 400)
    refused(hub.post(of_server(owner)), 400)


@rule("shares/other-filters-are-refused", since="5.0", needs="shares", see=SEE)
def test_other_filters(hub: Hub, pool: Pool) -> None:
    """A scope with any filter but the server's own is refused with 400, and the whole grant."""
    owner, user = pool.pair()
    other = pool.owners[0] if owner != pool.owners[0] else pool.owners[1]
    filters = [f"user={owner}", f"server={other}/", f"server={owner}/other", f"server={owner}"]
    filters += ["server", f"group={pool.groups[0]}"]
    bodies = [{"user": user, "scopes": [f"{ACCESS}!{each}"]} for each in filters]
    bodies.append({"user": user, "scopes": ["read:servers", f"{ACCESS}!user={owner}"]})
    refuses(hub, owner, with_user(user, owner), bodies, 400)


@pytest.mark.parametrize("method", ["POST", "PATCH"], ids=["grant", "take-back"])
@rule("shares/unknown-scope-is-refused", since="5.0", needs="shares", see=SEE)
def test_unknown_scope(method: str, hub: Hub, pool: Pool) -> None:
    """A scope that does not exist is refused with 400, beside others too, and nothing changes."""
    owner, user = pool.pair()
    model = granted(hub, owner, user=user)
    for scopes in (["no:such"], ["read:servers", "read:server"]):
        body = {"user": user, "scopes": scopes}
        refused(hub.request(method, of_server(owner), json=body), 400)
    assert is_held(hub, with_user(user, owner)) == model


@rule("shares/wrong-types-are-refused", since="5.0", needs="shares", see=SEE)
def test_wrong_types(hub: Hub, pool: Pool) -> None:
    """Scopes that are no list of strings, and unknown keys, are refused with 400."""
    owner, user = pool.pair()
    wrong: list[Any] = [ACCESS, {ACCESS: True}, [3], 3]
    bodies = [{"user": user, "scopes": each} for each in wrong]
    bodies.append({"user": user, "expires_in": 3600})
    refuses(hub, owner, with_user(user, owner), bodies, 400)


@rule("shares/absent-recipient-is-400", since="5.0", needs="shares", see=SEE)
def test_absent_recipient(hub: Hub, pool: Pool, sandbox: Sandbox) -> None:
    """Sharing with a user or a group that does not exist is refused with 400."""
    owner, user = pool.pair()
    _, group = pool.group_pair()
    absent = sandbox.name("absent")
    for body in ({"user": absent}, {"group": absent}, {"user": group}, {"group": user}):
        refused(ask(hub, owner, **body), 400)
    is_gone(hub, with_user(user, owner))


@rule("shares/absent-server-is-404", since="5.0", needs="shares", see=SEE)
def test_absent_server(hub: Hub, pool: Pool, sandbox: Sandbox) -> None:
    """Sharing a server that does not exist, or of an absent owner, is refused and makes none."""
    owner, user = pool.pair()
    absent = sandbox.name("absent")
    refused(ask(hub, owner, "absent", user=user), 404)
    refused(ask(hub, absent, user=user), 404)
    refused(hub.get(of_server(owner, "absent")), 404)
    refused(hub.get(of_server(absent)), 404)


@rule("shares/one-server-at-a-time", since="5.0", needs="shares", see=SEE)
def test_no_server(hub: Hub, pool: Pool) -> None:
    """Servers are shared one at a time: without one in the path nothing is changed (405)."""
    owner, user = pool.pair()
    model = granted(hub, owner, user=user)
    for method in ("POST", "PATCH", "DELETE"):
        body = {"user": user, "scopes": ["read:servers"]}
        refused(hub.request(method, f"/shares/{owner}", json=body), 405, explained=False)
    refused(hub.post(f"/share-codes/{owner}", json={}), 405, explained=False)
    refused(hub.delete(f"/share-codes/{owner}"), 405, explained=False)
    assert is_held(hub, with_user(user, owner)) == model


# --- by whom


@rule("shares/scopes-not-held-are-refused", since="5.0", needs="shares", see=SEE)
def test_not_held(limited: Callable[..., Hub], hub: Hub, pool: Pool) -> None:
    """Who shares a server can give only what they hold there: more is refused with 403, whole."""
    owner, user = pool.pair()
    sharer = limited("shares", ACCESS, "read:users:name", "read:groups:name")
    for each in ("read:servers", f"servers!server={owner}/"):
        refused(ask(sharer, owner, user=user, scopes=[ACCESS, each]), 403)
    is_gone(hub, with_user(user, owner))
    check_share(hub, granted(sharer, owner, user=user), owner, user=user)


@rule("shares/recipients-name-must-be-readable", since="5.0", needs="shares", see=SEE)
def test_names(limited: Callable[..., Hub], hub: Hub, pool: Pool, sandbox: Sandbox) -> None:
    """Who may not read the name of a user or a group cannot share with them: 403, absent or not."""
    owner, user = pool.pair()
    _, group = pool.group_pair()
    absent = sandbox.name("absent")
    sharer = limited("shares", ACCESS)
    for body in ({"user": user}, {"group": group}, {"user": absent}, {"group": absent}):
        refused(ask(sharer, owner, **body), 403)
    is_gone(hub, with_user(user, owner))


@rule("shares/rights-to-one-server-suffice-for-it", since="5.0", needs="shares", see=SEE)
def test_filtered_rights(hub: Hub, pool: Pool, sandbox: Sandbox) -> None:
    """Rights that are filtered to a server and a user are enough to share the one with the other.

    They are not enough for another user, for a group, or for another owner's server.
    """
    owner, user = pool.pair()
    other_owner, other_user = (
        next(each for each in names if each != mine)
        for names, mine in ((pool.owners, owner), (pool.users, user))
    )
    scopes = [f"{each}!server={owner}/" for each in ("shares", ACCESS)]
    sharer = sandbox.token(scopes=[*scopes, f"read:users:name!user={user}"]).hub
    check_share(hub, granted(sharer, owner, user=user), owner, user=user)
    refused(ask(sharer, owner, user=other_user), 403)
    refused(ask(sharer, owner, group=pool.groups[0]), 403)
    refused(ask(sharer, other_owner, user=user), 404)


@rule("shares/code-not-accepted-shares-nothing", since="5.0", needs="shares", see=SEE)
def test_code_is_no_share(hub: Hub, pool: Pool) -> None:
    """A share code that was issued and not accepted shares nothing."""
    owner, user = pool.pair()
    granted(hub, owner, user=user)
    shares = everything(hub, of_server(owner))
    code = object_of(hub.post(codes_of(owner), json={}))
    assert everything(hub, of_server(owner)) == shares
    assert code["id"] in [each.get("id") for each in everything(hub, codes_of(owner))]
