"""Scopes: what changes in groups, names and admin status means for tokens, at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from ..contract.scopes import expand
from ..hub import Hub
from ..rules import rule
from ..sandbox import Sandbox, User
from ..stage import Stage
from ._scopes import Desk, as_owner, scopes_of
from ._scopes_people import names_of

pytest_plugins = ("hub_conformance.suite._scopes",)

GROUP_SCOPES = ("read:users", "list:users", "read:tokens", "tokens", "delete:servers")


@dataclass(frozen=True)
class Club:
    """A group, a user who is not in it yet, and the hub through scopes for the group's members."""

    group: str
    user: User
    hub: Hub
    sandbox: Sandbox

    def join(self) -> None:
        """Add the user to the group."""
        self._change(self.sandbox.hub.post)

    def leave(self) -> None:
        """Take the user out of the group."""
        self._change(self.sandbox.hub.delete)

    def _change(self, send: Callable[..., object]) -> None:
        send(f"/groups/{self.group}/users", json={"users": [self.user.name]})

    def check(self, *, covered: bool, name: str = "") -> None:
        """Hold what the group's filter opens on the user, alone and in the list, against this."""
        name = name or self.user.name
        for method, path, opened in (
            ("GET", f"/users/{name}", 200),
            ("GET", f"/users/{name}/tokens", 200),
            ("DELETE", f"/users/{name}/server", 204),
        ):
            answer = self.hub.request(method, path)
            assert answer.status == (opened if covered else 404), answer
        answer = self.hub.post(f"/users/{name}/tokens", json={})
        assert answer.status == (201 if covered else 403), answer
        page = self.hub.page("/users", name_filter=name)
        assert names_of(page.items) == ([name] if covered else []), names_of(page.items)
        assert page.total == int(covered), f"total is {page.total}"


@pytest.fixture
def club(desk: Desk, sandbox: Sandbox, user: User) -> Club:
    """A group of the rule's own, its user still outside."""
    group = sandbox.group("club")
    token = sandbox.token(desk.grantor, scopes=[f"{each}!group={group}" for each in GROUP_SCOPES])
    return Club(group, user, token.hub, sandbox)


@rule("scopes/joining-a-group-counts-at-once", since="3.0", see="rbac/scopes.html")
def test_join(club: Club) -> None:
    """A filter for a group covers a user from the moment they join it, also by tokens in use."""
    club.check(covered=False)
    club.join()
    club.check(covered=True)


@rule("scopes/leaving-a-group-counts-at-once", since="3.0", see="rbac/scopes.html")
def test_leave(club: Club) -> None:
    """A filter for a group covers a user no longer when they have left it."""
    club.join()
    club.check(covered=True)
    club.leave()
    club.check(covered=False)


@rule("scopes/deleted-group-covers-nobody", since="3.0", see="rbac/scopes.html")
def test_group_deleted(club: Club) -> None:
    """A filter for a group covers nobody once the group is deleted, nor a new one of that name."""
    club.join()
    club.check(covered=True)
    assert club.sandbox.hub.delete(f"/groups/{club.group}").status == 204
    club.check(covered=False)
    assert club.sandbox.hub.post(f"/groups/{club.group}", json={}).status == 201
    club.check(covered=False)
    club.join()
    club.check(covered=True)


@rule("scopes/deleted-user-is-in-no-group", since="3.0", see="rbac/scopes.html")
def test_user_deleted(club: Club) -> None:
    """A user who is deleted and made again is in none of the groups of before."""
    club.join()
    assert club.sandbox.hub.delete(club.user.path).status == 204
    club.check(covered=False)
    assert club.sandbox.hub.post(club.user.path).status == 201
    club.check(covered=False)


@rule("scopes/renamed-user-stays-in-the-group", since="3.0", see="rbac/scopes.html")
def test_user_renamed(club: Club) -> None:
    """A user who is renamed stays in their groups; nobody is covered under the old name."""
    club.join()
    renamed = club.sandbox.name("renamed")
    assert club.sandbox.hub.patch(club.user.path, json={"name": renamed}).status == 200
    club.check(covered=True, name=renamed)
    club.check(covered=False)


@rule("scopes/one-group-left-is-enough", since="3.0", see="rbac/scopes.html")
def test_two_groups(desk: Desk, sandbox: Sandbox, user: User) -> None:
    """Of two groups in the filters, one that the user is in is enough, and it may be either."""
    groups = [sandbox.group("one", [user]), sandbox.group("two")]
    scopes = [f"read:users!group={each}" for each in groups]
    hub = sandbox.token(desk.grantor, scopes=scopes).hub
    assert hub.get(user.path).status == 200
    for group, send, status in (
        (groups[1], sandbox.hub.post, 200),
        (groups[0], sandbox.hub.delete, 200),
        (groups[1], sandbox.hub.delete, 404),
    ):
        send(f"/groups/{group}/users", json={"users": [user.name]})
        answer = hub.get(user.path)
        assert answer.status == status, answer


@rule("scopes/user-filter-follows-no-rename", since="3.0", see="rbac/scopes.html")
def test_user_filter_and_rename(desk: Desk, sandbox: Sandbox, user: User) -> None:
    """A filter for a user's name covers whoever has that name now, and nobody who had it."""
    renamed = sandbox.name("renamed")
    hub = sandbox.token(desk.grantor, scopes=[f"read:users!user={user.name}"]).hub
    assert hub.get(user.path).status == 200
    assert sandbox.hub.patch(user.path, json={"name": renamed}).status == 200
    assert hub.get(f"/users/{renamed}").status == 404
    assert hub.get(user.path).status == 404
    assert sandbox.hub.post(user.path).status == 201
    assert hub.get(user.path).status == 200


@rule("scopes/own-rights-follow-a-rename", since="3.0", see="rbac/scopes.html", needs="user-role")
def test_own_rights_and_rename(sandbox: Sandbox, user: User, stage: Stage) -> None:
    """Tokens of a renamed user go on to work, for what is theirs under the new name."""
    limited = sandbox.token(user, scopes=["read:users!user"]).hub
    renamed = User(sandbox.name("renamed"), sandbox)
    full = user.hub
    assert full.get(user.path).status == 200
    assert sandbox.hub.patch(user.path, json={"name": renamed.name}).status == 200
    assert scopes_of(full) == expand({"self"}, stage.table, owner=as_owner(renamed, stage))
    for hub in (full, limited):
        assert hub.get(renamed.path).status == 200
        assert hub.get(user.path).status == 404


@pytest.fixture
def officer(sandbox: Sandbox) -> User:
    """An admin of the rule's own, to be demoted."""
    return sandbox.user("officer", admin=True)


def _set_admin(sandbox: Sandbox, user: User, *, admin: bool) -> None:
    answer = sandbox.hub.patch(user.path, json={"admin": admin})
    assert answer.status == 200, answer
    assert answer.json.get("admin") is admin, answer.json


@rule(
    "scopes/lost-admin-status-counts-at-once", since="3.0", see="rbac/roles.html", needs="user-role"
)
def test_demoted(sandbox: Sandbox, officer: User, stage: Stage) -> None:
    """Who is no admin any more has a plain user's rights at once, also by tokens in use."""
    full = officer.hub
    limited = sandbox.token(officer, scopes=["list:users", "read:users", "read:hub"]).hub
    paths = ("/users", "/info", f"/users/{stage.user}")
    opened = [hub.get(path).status for hub in (full, limited) for path in paths]
    assert opened == [200] * 6, opened
    _set_admin(sandbox, officer, admin=False)
    refused = [hub.get(path).status for hub in (full, limited) for path in paths]
    assert refused == [403, 403, 404] * 2, refused
    owner = as_owner(officer, stage)
    assert scopes_of(full) == expand({"self"}, stage.table, owner=owner)
    assert full.get(officer.path).status == 200


@rule(
    "scopes/token-opens-nothing-its-owner-lost",
    since="3.0",
    see="rbac/scopes.html",
    needs="user-role",
)
def test_lost_scopes(sandbox: Sandbox, officer: User, stage: Stage) -> None:
    """What is left of a token is what its owner still holds: their own part of a scope."""
    hub = sandbox.token(officer, scopes=["users", "admin:groups", "tokens"]).hub
    _set_admin(sandbox, officer, admin=False)
    held = expand({"read:users", "users:activity", "tokens"}, stage.table)
    own = {f"{each}!user={officer.name}" for each in held}
    assert scopes_of(hub) == own, scopes_of(hub) ^ own
    assert hub.get(officer.path).status == 200
    assert hub.get(f"/users/{stage.user}").status == 404
    assert hub.post(f"/groups/{sandbox.name('new')}", json={}).status == 403
    assert hub.post(f"/users/{stage.user}/tokens", json={}).status == 403


@rule(
    "scopes/lost-group-filter-opens-nothing", since="3.0", see="rbac/scopes.html", needs="user-role"
)
def test_lost_group_filter(sandbox: Sandbox, officer: User, stage: Stage) -> None:
    """A token for a group's members keeps, when its owner loses it, only the owner as a member."""
    group = sandbox.group("club", [officer])
    hub = sandbox.token(officer, scopes=[f"read:users!group={group}"]).hub
    _set_admin(sandbox, officer, admin=False)
    assert hub.get(officer.path).status == 200
    member = sandbox.user("member")
    sandbox.hub.post(f"/groups/{group}/users", json={"users": [member.name]})
    assert hub.get(member.path).status == 404
    sandbox.hub.delete(f"/groups/{group}/users", json={"users": [officer.name]})
    assert scopes_of(hub) == {
        f"read:users:{each}!user={officer.name}" for each in ("name", "groups")
    }


@rule(
    "scopes/won-admin-status-counts-at-once", since="3.0", see="rbac/roles.html", needs="user-role"
)
def test_promoted(sandbox: Sandbox, user: User, desk: Desk) -> None:
    """Who becomes an admin holds every scope at once; a limited token stays limited."""
    limited = sandbox.token(user, scopes=["read:users!user"]).hub
    assert user.hub.get("/users").status == 403
    _set_admin(sandbox, user, admin=True)
    assert user.hub.get("/users").status == 200
    assert scopes_of(user.hub) >= desk.everything
    assert limited.get("/users").status == 403
    assert limited.get(desk.grantor.path).status == 404


@rule("scopes/won-back-scopes-count-again", since="3.0", see="rbac/scopes.html", needs="user-role")
def test_promoted_again(sandbox: Sandbox, officer: User) -> None:
    """A token's scopes are held against its owner's at each use: what comes back opens again."""
    hub = sandbox.token(officer, scopes=["list:users"]).hub
    statuses = []
    for admin in (False, True, False):
        _set_admin(sandbox, officer, admin=admin)
        statuses.append(hub.get("/users").status)
    assert statuses == [403, 200, 403], statuses


@pytest.fixture
def servers(stage: Stage, enabled_named_servers: None) -> tuple[str, str]:
    """Two stopped servers of the stage's user."""
    return stage.server, stage.second_server


@rule("scopes/removed-server-is-like-one-outside", since="6.0", needs="named-servers")
def test_removed_server(desk: Desk, stage: Stage, servers: tuple[str, str]) -> None:
    """A server that was removed answers a token for it, and a token for another, 404 alike."""
    name = stage.new_server_name()
    path = f"/users/{stage.user}/servers/{name}"
    hub = desk.limited(f"servers!server={stage.user}/{name}")
    other = desk.limited(f"servers!server={stage.user}/{servers[0]}")
    assert hub.get(path).status == 404
    assert hub.put(path).status == 201
    assert (hub.get(path).status, other.get(path).status) == (200, 404)
    assert hub.delete(path, json={"remove": True}).status == 204
    assert (hub.get(path).status, other.get(path).status) == (404, 404)
    assert other.get(f"/users/{stage.user}/servers/{servers[0]}").status == 200
