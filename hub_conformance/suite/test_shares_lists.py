"""Shares and share codes: their lists from every side, page by page, and one share by itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from ..hub import Hub, Page
from ..rules import rule
from ..sandbox import Sandbox, User
from ._credentials import need_scopes
from ._pagination import HUGE
from ._shape import object_of, refused
from ._shares import (
    RIGHTS,
    SEE,
    codes_of,
    everything,
    is_gone,
    is_held,
    of_server,
    page_of,
    parties,
    with_group,
    with_user,
)

LISTS = ("owner", "server", "user", "group", "codes-of-owner", "codes-of-server")
SIZE = 2

Wholes = dict[str, list[dict[str, Any]]]


@dataclass(frozen=True)
class Gallery:
    """Servers shared with this one and that; never changed.

    All of `owners` share their default server with `user` and `group`, the first also with
    `longer`, whose name is that of `user` with a 2 behind it, with `member`, who is in `group`, and
    with `circle`, a group that `member` is in too. The name of the second owner is that of the
    first with a 2 behind it. The first has three share codes, the second has one.
    """

    owners: tuple[str, str, str]
    user: str
    longer: str
    member: str
    group: str
    circle: str
    empty: str

    def path(self, name: str) -> str:
        """Return the path of one of LISTS, which all have three items or more."""
        owner = self.owners[0]
        return {
            "owner": f"/shares/{owner}",
            "server": of_server(owner),
            "user": f"/users/{self.user}/shared",
            "group": f"/groups/{self.group}/shared",
            "codes-of-owner": f"/share-codes/{owner}",
            "codes-of-server": codes_of(owner),
        }[name]

    @property
    def shares(self) -> set[tuple[str, str, str]]:
        """Owner, server and recipient of every share."""
        first, both = self.owners[0], (f"user {self.user}", f"group {self.group}")
        found = {(owner, "", each) for owner in self.owners for each in both}
        others = (f"user {self.longer}", f"user {self.member}", f"group {self.circle}")
        return found | {(first, "", each) for each in others}

    def of(self, *, owner: str = "", recipients: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
        """The shares of an owner, or with these recipients, as `parties` tells them."""
        return sorted(each for each in self.shares if each[0] == owner or each[2] in recipients)


@pytest.fixture(scope="module")
def gallery(shared: Sandbox) -> Gallery:
    """Servers that are shared with users and groups."""
    for scope in RIGHTS:
        need_scopes(shared.hub.target, scope)
    names = [shared.name("gallery") for _ in range(5)]
    owners, user, member = (names[0], f"{names[0]}2", names[1]), names[2], names[3]
    people = [*owners, user, f"{user}2", member]
    shared.make("create users", "/users", {"usernames": people})
    group, circle = (shared.group("gallery", [User(member, shared)]) for _ in range(2))
    found = Gallery(owners, user, f"{user}2", member, group, circle, shared.group("gallery"))
    for owner, _, each in sorted(found.shares):
        kind, _, name = each.partition(" ")
        shared.make("share a server", of_server(owner), {kind: name})
    for owner in (owners[0], owners[0], owners[1], owners[0]):
        shared.make("issue a share code", codes_of(owner), {})
    return found


# --- what is listed


@rule("shares/listed-by-owner", since="5.0", needs="shares", see=SEE)
def test_by_owner(hub: Hub, gallery: Gallery) -> None:
    """An owner's list has every share of their servers, with users and groups, and no other's."""
    for owner in gallery.owners[:2]:
        assert parties(everything(hub, f"/shares/{owner}")) == gallery.of(owner=owner)


@rule("shares/listed-by-server", since="5.0", needs="shares", see=SEE)
def test_by_server(hub: Hub, gallery: Gallery) -> None:
    """A server's list has every share of it, with the same models as the owner's."""
    owner = gallery.owners[0]
    found = everything(hub, of_server(owner))
    assert parties(found) == gallery.of(owner=owner)
    assert sorted(found, key=str) == sorted(everything(hub, f"/shares/{owner}"), key=str)


@rule("shares/listed-by-user", since="5.0", needs="shares", see=SEE)
def test_by_user(hub: Hub, gallery: Gallery) -> None:
    """A user's list has every share with that user, and none with one whose name begins alike."""
    for name in (gallery.user, gallery.longer):
        found = parties(everything(hub, f"/users/{name}/shared"))
        assert found == gallery.of(recipients=(f"user {name}",))


@rule("shares/users-list-has-their-groups-shares", since="5.0", needs="shares", see=SEE)
def test_by_member(hub: Hub, gallery: Gallery) -> None:
    """A user's list also has the shares with every group that the user is in, as the groups'."""
    found = parties(everything(hub, f"/users/{gallery.member}/shared"))
    whom = (f"user {gallery.member}", f"group {gallery.group}", f"group {gallery.circle}")
    assert found == gallery.of(recipients=whom)


@rule("shares/listed-by-group", since="5.0", needs="shares", see=SEE)
def test_by_group(hub: Hub, gallery: Gallery) -> None:
    """A group's list has every share with it, and none that its members have of their own."""
    found = parties(everything(hub, f"/groups/{gallery.group}/shared"))
    assert found == gallery.of(recipients=(f"group {gallery.group}",))


@rule("shares/list-without-shares-is-empty", since="5.0", needs="shares", see=SEE)
def test_empty(hub: Hub, gallery: Gallery) -> None:
    """Where there is nothing the list is empty, with a total of 0 and no next page."""
    paths = [f"/shares/{gallery.user}", of_server(gallery.user), codes_of(gallery.user)]
    paths += [f"/share-codes/{gallery.owners[2]}", f"/users/{gallery.owners[0]}/shared"]
    for path in [*paths, f"/groups/{gallery.empty}/shared"]:
        page = page_of(hub, path)
        assert (page.items, page.total, page.next) == ([], 0, None), page


@rule("shares/one-by-itself-is-as-in-the-lists", since="5.0", needs="shares", see=SEE)
def test_one(hub: Hub, gallery: Gallery) -> None:
    """A share read by itself is the one that each of the lists shows."""
    owner = gallery.owners[0]
    of_user = is_held(hub, with_user(gallery.user, owner))
    of_group = is_held(hub, with_group(gallery.group, owner))
    assert of_user in everything(hub, f"/users/{gallery.user}/shared")
    assert of_group in everything(hub, f"/groups/{gallery.group}/shared")
    shown = everything(hub, f"/shares/{owner}")
    assert of_user in shown
    assert of_group in shown


@rule("shares/groups-share-is-not-the-members", since="5.0", needs="shares", see=SEE)
def test_not_own(hub: Hub, gallery: Gallery) -> None:
    """By itself a user's share is the user's own: one through a group is 404, and the reverse."""
    is_gone(hub, with_user(gallery.member, gallery.owners[1]))
    is_gone(hub, with_user(gallery.longer, gallery.owners[1]))
    is_gone(hub, with_group(gallery.empty, gallery.owners[0]))


@rule("shares/absent-ones-are-404", since="5.0", needs="shares", see=SEE)
def test_absent(hub: Hub, gallery: Gallery, sandbox: Sandbox) -> None:
    """Lists and shares of what does not exist are refused with 404."""
    absent, owner = sandbox.name("absent"), gallery.owners[0]
    paths = [f"/shares/{absent}", of_server(absent), of_server(owner, "absent")]
    paths += [f"/share-codes/{absent}", codes_of(absent), codes_of(owner, "absent")]
    paths += [f"/users/{absent}/shared", f"/groups/{absent}/shared"]
    paths += [with_user(gallery.user, absent), with_user(gallery.user, owner, "absent")]
    paths += [with_user(absent, owner), with_group(absent, owner)]
    paths += [with_group(gallery.group, absent), with_group(gallery.group, owner, "absent")]
    answers = [hub.get(path) for path in paths]
    wrong = [answer for answer in answers if answer.status != 404]
    assert not wrong, wrong
    for answer in answers:
        refused(answer, 404, explained=False)


@rule("shares/recipients-read-their-own", since="5.0", needs="shares", see=SEE)
def test_own(hub: Hub, gallery: Gallery, shared: Sandbox, bob: User) -> None:
    """A user may read what is shared with them, by their own token, and others may not."""
    mine, owner = User(gallery.user, shared), gallery.owners[0]
    path = f"/users/{mine.name}/shared"
    assert everything(mine.hub, path) == everything(hub, path)
    assert is_held(mine.hub, with_user(mine.name, owner)) == is_held(
        hub, with_user(mine.name, owner)
    )
    for hidden in (path, with_user(mine.name, owner), f"/groups/{gallery.group}/shared"):
        answer = bob.hub.get(hidden)
        assert answer.status in (403, 404), answer
    answer = mine.hub.get(f"/shares/{owner}")
    assert answer.status in (403, 404), answer


# --- page by page


@pytest.fixture(scope="module")
def wholes(hub: Hub, gallery: Gallery) -> Wholes:
    """All that each of LISTS has."""
    return {name: everything(hub, gallery.path(name)) for name in LISTS}


@pytest.mark.parametrize("name", LISTS)
@rule("shares/lists-come-in-pages", since="5.0", needs="shares", see=SEE)
def test_pages(name: str, hub: Hub, gallery: Gallery, wholes: Wholes) -> None:
    """Every list comes in pages, whatever is accepted: `next.url` leads through all of it, once.

    Each page tells its own offset and limit, and the total of them all.
    """
    whole, found = wholes[name], list[dict[str, Any]]()
    page = page_of(hub, gallery.path(name), limit=SIZE)
    while True:
        told = (page.offset, page.limit, page.total)
        assert told == (len(found), SIZE, len(whole)), f"{page.answer!r} tells {told}"
        found += page.items
        if page.next is None:
            break
        assert (page.next["offset"], page.next["limit"]) == (len(found), SIZE), page.next
        page = Page.read(hub.follow(page.next["url"]))
    assert found == whole


@pytest.mark.parametrize("name", LISTS)
@rule("shares/windows-are-cut-where-asked", since="5.0", needs="shares", see=SEE)
def test_windows(name: str, hub: Hub, gallery: Gallery, wholes: Wholes) -> None:
    """Offset and limit cut a list where they say; behind its end there is nothing, and no next."""
    path, whole = gallery.path(name), wholes[name]
    page = page_of(hub, path, offset=1, limit=1)
    assert (page.items, page.total) == (whole[1:2], len(whole))
    assert page.next is not None
    behind = page_of(hub, path, offset=len(whole))
    assert (behind.items, behind.total, behind.next) == ([], len(whole), None)


@rule("shares/pages-are-as-long-as-elsewhere", since="5.0", needs="shares", see=SEE)
def test_longest(hub: Hub, gallery: Gallery) -> None:
    """No page is longer than the hub's maximum, whatever is asked for."""
    longest = hub.page("/users", limit=HUGE).limit
    found = {name: page_of(hub, gallery.path(name), limit=HUGE).limit for name in LISTS}
    assert found == dict.fromkeys(LISTS, longest)


@rule("shares/windows-are-numbers", since="5.0", needs="shares", see=SEE)
def test_no_number(hub: Hub, gallery: Gallery) -> None:
    """An offset or a limit that is no number is refused with 400, on every list."""
    for name in LISTS:
        key = "limit" if name in LISTS[::2] else "offset"
        refused(hub.get(gallery.path(name), params={key: "x"}), 400)


@rule("shares/membership-decides-what-is-listed", since="5.0", needs="shares", see=SEE)
def test_membership(hub: Hub, gallery: Gallery, user: User) -> None:
    """Who joins a group sees its shares among their own, and no more after leaving it."""
    members, path = f"/groups/{gallery.group}/users", f"{user.path}/shared"
    object_of(hub.post(members, json={"users": [user.name]}))
    expected = gallery.of(recipients=(f"group {gallery.group}",))
    assert parties(everything(hub, path)) == expected
    object_of(hub.delete(members, json={"users": [user.name]}))
    assert everything(hub, path) == []
