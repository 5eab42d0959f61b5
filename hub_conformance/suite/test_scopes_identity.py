"""Scopes: what a token says that it may do, sub-scopes and metascopes."""

from __future__ import annotations

import secrets
from collections.abc import Callable

import pytest

from ..cells import Table
from ..contract import scope_table, visible_with
from ..contract.scopes import allows, expand
from ..hub import PAGINATION, Hub, quoted
from ..operations import RECIPES
from ..rules import not_applicable, rule
from ..sandbox import User
from ..stage import Stage
from ..target import NEWEST
from ._scopes import METASCOPES, UNRELATED, Desk, as_owner, identity, scopes_of
from ._scopes_fields import check_fields
from ._shape import described

pytest_plugins = ("hub_conformance.suite._scopes",)

#: Scopes asked for together; names of the stage stand in braces.
ASKED = {
    "two": ["read:users:name", "list:groups"],
    "overlapping": ["users", "read:users", "read:users:name"],
    "user-filter": ["users!user={user}"],
    "group-filter": ["admin:servers!group={group}"],
    "server-filter": ["servers!server={user}/lab"],
    "default-server-filter": ["admin:servers!server={user}/"],
    "service-filter": ["read:services!service=any"],
    "group-scopes": ["admin:groups!group={group}"],
    "two-filters": ["list:users!user={user}", "list:users!group={group}"],
    "filter-beside-whole": ["read:users", "read:users!user={user}", "tokens!user={user}"],
    "filter-on-part": ["users!user={user}", "read:users!user={outsider}"],
    "self": ["self"],
    "self-and-more": ["self", "list:groups"],
    "self-beside-whole": ["self", "read:users"],
    "own-user": ["tokens!user", "list:users!user"],
    "server-of-no-client": ["access:servers!server"],
    "service-of-no-client": ["read:services!service", UNRELATED],
    "everything": ["inherit"],
    "inherit-and-less": ["inherit", "read:hub"],
    "odd-group-name": ["list:groups!group=a=b c,d"],
}


def filled(stage: Stage, scopes: list[str]) -> list[str]:
    """Scopes with the names of the stage put in."""
    names = {"user": stage.user, "group": stage.group, "outsider": stage.outsider}
    return [each.format(**names) for each in scopes]


def check_scopes(found: frozenset[str], expected: frozenset[str]) -> None:
    """Hold the scopes that a hub tells, but for its own, against those expected."""
    found = described(found)
    assert found == expected, f"missing {expected - found}, too much {found - expected}"


@pytest.mark.parametrize("scope", sorted(set(scope_table(NEWEST)) - METASCOPES))
@rule("scopes/scope-holds-its-sub-scopes", since="3.0", see="rbac/scopes.html")
def test_sub_scopes(scope: str, desk: Desk) -> None:
    """A token with one scope tells exactly this scope, those below it, and who its owner is."""
    if scope not in desk.everything:
        not_applicable(f"{desk.stage.version} has no scope {scope}")
    check_scopes(scopes_of(desk.limited(scope)), desk.held(scope))


@pytest.mark.parametrize("case", ASKED)
@rule("scopes/identity-tells-expanded-scopes", since="3.0", see="rbac/scopes.html")
def test_identity(case: str, desk: Desk, stage: Stage, lacks: Callable[[str], bool]) -> None:
    """`GET /user` tells all that the token's scopes amount to, each once, filters filled in."""
    scopes = filled(stage, ASKED[case])
    told = identity(desk.limited(*scopes)).get("scopes")
    assert isinstance(told, list), told
    assert len(told) == len(set(told)), f"told twice: {sorted(told)}"
    # What others have shared with the owner is the owner's too, and other rules do share.
    has_shares = stage.has("5.0") and not lacks("shares")
    others = shared_with_owner(desk, stage) if has_shares else frozenset()
    check_scopes(frozenset(told) - others, desk.held(*scopes))


def shared_with_owner(desk: Desk, stage: Stage) -> frozenset[str]:
    """The scopes that the owner of the chapter's tokens has by shares. From 5.0 on."""
    pages = stage.sandbox.hub.walk(f"{desk.grantor.path}/shared")
    return frozenset(scope for page in pages for share in page.items for scope in share["scopes"])


@pytest.mark.parametrize("case", ["two", "group-filter", "self", "own-user", "everything"])
@rule("scopes/token-tells-the-same-scopes-as-identity", since="3.0", see="rbac/scopes.html")
def test_token_model(case: str, desk: Desk, stage: Stage) -> None:
    """A token's model, when it is made and when it is read, tells what `GET /user` tells."""
    scopes = filled(stage, ASKED[case])
    token = stage.sandbox.token(desk.grantor, scopes=scopes)
    told = scopes_of(token.hub)
    path = f"{desk.grantor.path}/tokens/{quoted(token.id)}"
    for model in (token.model, stage.sandbox.hub.get(path).json):
        assert isinstance(model, dict), model
        assert isinstance(model.get("scopes"), list), f"scopes is {model.get('scopes')!r}"
        check_scopes(frozenset(model["scopes"]), told)


@rule("scopes/plain-user-has-exactly-self", since="3.0", see="rbac/roles.html")
def test_plain_user(stage: Stage) -> None:
    """What a plain user may do by default is what `self` stands for.

    Where the hub's configuration lends every user more, a baseline of one's own lists this rule.
    """
    user = User(stage.user, stage.sandbox)
    owner = as_owner(user, stage)
    check_scopes(scopes_of(user.hub), expand({"self"}, stage.table, owner=owner))


@rule("scopes/admin-has-every-scope", since="3.0", see="rbac/roles.html")
def test_admin(desk: Desk) -> None:
    """An admin holds every scope there is, without a filter."""
    unfiltered = {each for each in scopes_of(desk.limited("inherit")) if "!" not in each}
    assert unfiltered >= desk.everything, f"missing {sorted(desk.everything - unfiltered)}"


@rule("scopes/inherit-is-all-that-the-owner-holds", since="3.0", see="rbac/scopes.html")
def test_inherit(desk: Desk, stage: Stage) -> None:
    """A token asked for with `inherit`, or without scopes, holds what its owner holds."""
    for owner in (desk.grantor, User(stage.user, stage.sandbox)):
        asked = stage.sandbox.token(owner, scopes=["inherit"])
        default = stage.sandbox.token(owner)
        check_scopes(scopes_of(asked.hub), scopes_of(default.hub))


@rule("scopes/self-of-an-admin-is-only-their-own", since="3.0", see="rbac/scopes.html")
def test_self_of_admin(desk: Desk, stage: Stage) -> None:
    """A token of an admin with `self` reads its owner and no other user."""
    hub = desk.limited("self")
    assert hub.get(desk.grantor.path).status == 200
    assert hub.get(f"/users/{stage.user}").status == 404
    assert hub.get("/users").status == 403


@rule(
    "scopes/service-without-roles-has-no-scopes",
    since="5.0",
    needs="services",
    see="rbac/roles.html",
)
def test_service(stage: Stage) -> None:
    """A service that was given no role holds no scope, and still learns who it is."""
    hub, name = service_of(stage)
    model = identity(hub)
    assert (model.get("kind"), model.get("name")) == ("service", name), model
    held = model.get("scopes")
    assert held in ([], [f"read:services:name!service={name}"]), held


@pytest.mark.parametrize(
    "path",
    ["/info", "/users", "/users/{user}", "/groups", "/services", "/proxy", "/groups/{group}"],
)
@rule(
    "scopes/service-without-roles-is-refused", since="5.0", needs="services", see="rbac/roles.html"
)
def test_service_refused(path: str, stage: Stage) -> None:
    """A service that was given no role is refused what needs a scope, 403, objects there or not."""
    hub, _ = service_of(stage)
    absent = stage.sandbox.name("absent")
    for names in ({"user": stage.user, "group": stage.group}, {"user": absent, "group": absent}):
        answer = hub.get(path.format(**names))
        assert answer.status == 403, answer


@rule(
    "scopes/service-without-roles-opens-nothing",
    since="5.0",
    needs="services",
    see="rbac/roles.html",
)
def test_service_opens_nothing(desk: Desk, stage: Stage, table: Table, named_servers: bool) -> None:
    """A service that was given no role is refused by every operation that needs a scope, 403.

    By that of one service also 404: it may know its own name.
    """
    hub, _ = service_of(stage)
    for found in stage.operations.values():
        is_there = named_servers or "server-name" not in found.id
        if found.scopes and found.id in RECIPES and is_there:
            forms = {found.id: {}, f"{found.id}, a page": {"Accept": PAGINATION}}
            for name, headers in forms.items() if found.paginated else [(found.id, {})]:
                answer = desk.send(desk.harmless(found), hub, headers=headers)
                of_service = any(each.kind == "service" for each in found.path_parameters)
                desk.note(table, answer, {403, 404} if of_service else {403}, name)
    table.judge()


def service_of(stage: Stage) -> tuple[Hub, str]:
    """The hub through the token of a new service without roles, and the service's name."""
    sandbox = stage.sandbox
    name = stage.new_service()
    secret = sandbox.hub.client.scrubber.learn(secrets.token_hex(16))
    sandbox.make("add a service", f"/services/{name}", {"api_token": secret.reveal()})
    return sandbox.hub.using(secret), name


@pytest.mark.parametrize(
    "scopes",
    [
        [UNRELATED],
        ["read:users:activity!user"],
        ["read:users!user"],
        ["read:servers!user"],
        ["self"],
        ["read:roles:users!user", "admin:auth_state!user"],
        ["inherit"],
    ],
    ids=lambda scopes: scopes[0],
)
@rule("scopes/identity-shows-what-scopes-allow", since="3.0", see="rbac/scopes.html")
def test_identity_fields(scopes: list[str], desk: Desk) -> None:
    """`GET /user` shows name and groups to every token, and the rest by its scopes.

    Also when it is asked for stopped servers.
    """
    held = desk.held(*scopes)
    shown = visible_with(desk.stage.version, "UserIdentity").items()
    expected = {
        name
        for name, needed in shown
        if not needed or any(allows(held, each, desk.owner) for each in needed)
    }
    for params in ({}, {"include_stopped_servers": "1"}):
        answer = desk.limited(*scopes).get("/user", params=params)
        assert answer.status == 200, answer
        check_fields(answer.json, expected)
