"""Scopes: the rights of plain users and admins, and those of tokens limited to one's own."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

import pytest

from ..cells import Cell, Table
from ..contract import Operation, operations
from ..contract.scopes import Resource, expand, refusal, token_scopes
from ..hub import Hub
from ..operations import RECIPES, Call
from ..rules import rule
from ..sandbox import Sandbox, User
from ..stage import Stage
from ..target import NEWEST
from ._scopes import UNRELATED, Desk, as_owner
from ._scopes_people import People, people_of

pytest_plugins = ("hub_conformance.suite._scopes",)

GATED = [each for each in operations(NEWEST).values() if each.scopes and each.id in RECIPES]


def _of_users(found: Iterable[Operation]) -> list[str]:
    """Those whose path names a user."""
    return [each.id for each in found if each.path.startswith("/users/{name}")]


def _of_own(found: Iterable[Operation]) -> list[str]:
    """Those that one can do to oneself: not to create or delete."""
    return [each for each in _of_users(found) if each not in ("post-user", "delete-user")]


@pytest.fixture(scope="module")
def people(stage: Stage) -> People:
    """Users and groups whose names begin alike."""
    return people_of(stage)


@pytest.fixture(autouse=True)
def _named_servers(request: pytest.FixtureRequest) -> None:
    if "server-name" in request.node.name:
        request.getfixturevalue("enabled_named_servers")


@pytest.mark.parametrize("operation", [each.id for each in GATED])
@rule(
    "scopes/plain-users-rights-on-their-own", since="3.0", see="rbac/roles.html", needs="user-role"
)
def test_plain_user(operation: str, desk: Desk, table: Table) -> None:
    """A plain user may do to their own what `self` allows, and what it does not is refused."""
    call = desk.harmless(desk.operation(operation))
    actor = _actor(call, desk.stage)
    _judge_as(actor, call, desk, table)
    table.judge()


@pytest.mark.parametrize("operation", _of_users(GATED))
@rule("scopes/plain-users-rights-on-others", since="3.0", see="rbac/roles.html", needs="user-role")
def test_plain_user_on_others(operation: str, desk: Desk, table: Table) -> None:
    """A plain user may do nothing to another user, not even with a name that begins alike."""
    call = desk.harmless(desk.operation(operation))
    _judge_as(_person(desk.stage.outsider, desk.stage), call, desk, table)
    table.judge()


@rule(
    "scopes/own-rights-end-at-the-whole-name",
    since="3.0",
    see="rbac/scopes.html",
    needs="user-role",
)
def test_names_that_begin_alike(stage: Stage, people: People) -> None:
    """Users whose names begin alike have no rights on each other."""
    paths = ("", "/tokens")
    for one, other in ((people.ann, people.ann2), (people.ann2, people.ann)):
        hub = _person(one, stage).hub
        for path in paths:
            answer = hub.get(f"/users/{other}{path}")
            assert answer.status == 404, answer
        answer = hub.post(f"/users/{other}/tokens", json={})
        assert answer.status == 403, answer
        answer = hub.delete(f"/users/{other}/server")
        assert answer.status == 404, answer


@pytest.mark.parametrize("operation", [each.id for each in GATED])
@rule("scopes/admins-rights", since="2.0", see="rbac/roles.html")
def test_admin(operation: str, desk: Desk) -> None:
    """An admin may do everything, to everybody."""
    call = desk.harmless(desk.operation(operation))
    answer = desk.send(call, desk.whole)
    assert answer.status in call.expected, answer


@pytest.mark.parametrize("operation", _of_own(GATED))
@rule("scopes/own-filter-covers-the-owner-alone", since="3.0", see="rbac/scopes.html")
def test_own_filter(operation: str, desk: Desk, table: Table) -> None:
    """A scope with the filter `!user` opens an operation on no other than the token's owner."""
    found = desk.operation(operation)
    owned = [f"{each}!user" for each in sorted(desk.everything)]
    desk.refuse(table, desk.harmless(found), *owned, name="all of these together")
    for requirement in found.scopes:
        desk.refuse(table, desk.harmless(found), f"{requirement.scope}!user")
    table.judge()


@pytest.mark.parametrize("operation", [each.id for each in GATED])
@rule("scopes/part-of-ones-rights-opens-its-part", since="3.0", needs="user-role")
def test_part_of_self(operation: str, desk: Desk, table: Table) -> None:
    """A plain user's token with one of their scopes does to their own what that scope opens.

    Nobody may do to themselves what the token was not given, because they could with another one.
    """
    found = desk.operation(operation)
    call = desk.harmless(found)
    actor = _actor(call, desk.stage)
    owner = as_owner(actor, desk.stage)
    everything = expand({"self"}, desk.stage.table, owner=owner)

    def ask(name: str, *scopes: str) -> Cell:
        call = desk.harmless(found)
        held = token_scopes(scopes, owner, everything, desk.stage.table)
        status = refusal(found, held, call.resource)
        expected = call.expected if status is None else {status}
        return desk.note(table, desk.send(call, _limited(actor, *scopes)), expected, name, *scopes)

    owned = [f"{base}!user" for base in sorted(_self_bases(desk))]
    closed = [
        scope
        for scope in owned
        if refusal(found, token_scopes([scope], owner, everything, desk.stage.table), call.resource)
    ]
    is_open = ask("all that do not open it, together", *closed).wrong if closed else ""
    for scope in owned:
        if scope not in closed or is_open:
            ask(scope, scope)
    table.judge()


@pytest.mark.parametrize("operation", _of_users(GATED))
@rule("scopes/self-of-an-admin-opens-nobody-elses", since="3.0", see="rbac/scopes.html")
def test_self_of_admin(operation: str, desk: Desk, table: Table) -> None:
    """A token of an admin that was limited to `self` may do nothing to other users."""
    desk.refuse(table, desk.harmless(desk.operation(operation)), "self")
    table.judge()


@pytest.mark.parametrize("operation", _of_users(GATED))
@rule("scopes/limited-token-of-an-admin-is-limited-on-themselves", since="3.0")
def test_admin_on_themselves(operation: str, desk: Desk, chief: User) -> None:
    """An admin's token with an unrelated scope does nothing to the admin but read who they are."""
    found = desk.operation(operation)
    names = {"name": chief.name}
    if any(each.name == "token_id" for each in found.path_parameters):
        names["token_id"] = chief.token.id
    call = desk.harmless(found).naming(desk.stage.groups, **names)
    assert call.resource is not None
    owner = as_owner(chief, desk.stage)
    held = token_scopes([UNRELATED], owner, desk.everything, desk.stage.table)
    status = refusal(found, held, call.resource)
    answer = desk.send(call, _limited(chief, UNRELATED))
    assert answer.status in (call.expected if status is None else {status}), answer


@pytest.fixture(scope="module")
def chief(shared: Sandbox) -> User:
    """An admin to whom nobody else does anything."""
    return shared.user("chief", admin=True)


@pytest.mark.parametrize("operation", [each.id for each in GATED if "/groups/" in each.path])
@rule("scopes/membership-opens-nothing-of-the-group", since="3.0", needs="user-role")
def test_membership(operation: str, desk: Desk, sandbox: Sandbox, member: User) -> None:
    """Who is in a group may not read, change, share with or delete it for that reason."""
    call = desk.harmless(desk.operation(operation))
    group = sandbox.group("own", [member])
    answer = call.naming(desk.stage.groups, name=group).send(member.hub)
    assert answer.status == 403, answer


@pytest.fixture(scope="module")
def member(people: People, shared: Sandbox) -> User:
    """A plain user whom rules put into groups."""
    return User(people.cat, shared)


@cache
def _limited(user: User, *scopes: str) -> Hub:
    """The hub through a token of the user with these scopes, minted once a run."""
    return user.sandbox.token(user, scopes=scopes).hub


def _self_bases(desk: Desk) -> frozenset[str]:
    """The scopes that everybody holds for themselves."""
    owner = Resource("user", "anybody")
    return frozenset(
        each.partition("!")[0] for each in expand({"self"}, desk.stage.table, owner=owner)
    )


def _actor(call: Call, stage: Stage) -> User:
    """The plain user whom a call is about, else any."""
    about = call.names.get("name") or call.names.get("owner")
    others = (vars(stage).get(each) for each in ("runner", "guest", "host", "sharer"))
    return _person(next((each for each in others if each == about), None) or stage.user, stage)


@cache
def _person(name: str, stage: Stage) -> User:
    """A user of the stage with one token for the whole run."""
    return User(name, stage.sandbox)


def _judge_as(actor: User, call: Call, desk: Desk, table: Table) -> None:
    """Make a call as a plain user, and hold it against what `self` amounts to."""
    owner = as_owner(actor, desk.stage)
    held = expand({"self"}, desk.stage.table, owner=owner)
    status = refusal(call.operation, held, call.resource)
    expected = call.expected if status is None else {status}
    desk.note(table, desk.send(call, actor.hub), expected, "self", "self")
