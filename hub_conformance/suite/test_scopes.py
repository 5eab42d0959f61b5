"""Scopes: what one scope alone opens, operation by operation."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import pytest

from ..cells import Table
from ..client import Answer
from ..contract import Operation, operations, scope_table
from ..contract.scopes import parse, refusal
from ..hub import Hub
from ..operations import NO_BODY, RECIPES, Call
from ..rules import rule
from ..target import NEWEST
from ._scopes import UNRELATED, Desk, inside, lookalikes, outside, strangers

pytest_plugins = ("hub_conformance.suite._scopes",)

#: The operations that ask for a scope; what older versions lack is not applicable there.
GATED = [each for each in operations(NEWEST).values() if each.scopes and each.id in RECIPES]

#: Headers that come and go with connections, caches and sessions.
_OF_CONNECTIONS = ("connection", "date", "keep-alive", "transfer-encoding", "via")
_OF_CONTENT = ("age", "content-encoding", "content-length", "etag", "set-cookie", "vary")
PASSING_HEADERS = frozenset(_OF_CONNECTIONS + _OF_CONTENT)


#: Refusals of a body, by hubs that look at it first.
MALFORMED = (400, 415, 422)
#: Operations that make what their path names, and which objects of the stage are of the kind.
MADE: Mapping[str, Mapping[str, str]] = {
    "post-user": {"name": "user"},
    "post-group": {"name": "group"},
    "post-service": {"name": "service"},
    "put-user-server-name": {"name": "user", "server_name": "server"},
}


def _each(found: Iterable[Operation]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("operation", [each.id for each in found])


def _is_named(operation: Operation) -> bool:
    return bool(operation.path_parameters)


def _has_parents(operation: Operation) -> bool:
    scopes = {each.scope for each in operation.scopes}
    table = scope_table(NEWEST).values()
    return any(each.name not in scopes and scopes & set(each.subscopes) for each in table)


EACH = _each(GATED)
EACH_NAMED = _each(filter(_is_named, GATED))


@pytest.fixture(autouse=True)
def _named_servers(request: pytest.FixtureRequest) -> None:
    if "server-name" in request.node.name:
        request.getfixturevalue("enabled_named_servers")


@EACH
@rule("scopes/one-scope-alone-opens-its-operations", since="3.0", see="rbac/scopes.html")
def test_needed_scope_opens(operation: str, desk: Desk, table: Table) -> None:
    """A token with nothing but one of the scopes that an operation asks for is let in."""
    found = desk.operation(operation)
    calls = itertools.chain([desk.call(found)], desk.calls(found))
    for requirement, call in zip(found.scopes, calls, strict=False):
        desk.allow(table, call, requirement.scope)
    table.judge()


@EACH
@rule("scopes/other-scopes-do-not-open-an-operation", since="3.0", see="rbac/scopes.html")
def test_other_scopes_refused(operation: str, desk: Desk, table: Table) -> None:
    """A token with a scope that does not open an operation is refused, 403.

    Each scope alone, the read and list variants, the sub-scopes and those for other kinds of object
    among them, and all of them together.
    """
    found = desk.operation(operation)
    call = desk.harmless(found)
    others = desk.not_opening(call)
    desk.refuse(table, call, *others, name="all of these together")
    _refuse_in_other_ways(table, desk, found, others)
    for scope in others:
        desk.refuse(table, desk.harmless(found), scope)
    table.judge()


def _refuse_in_other_ways(
    table: Table, desk: Desk, found: Operation, others: Sequence[str]
) -> None:
    """The same under the other scheme, and with or without a body where that does no harm."""
    call, hub = desk.harmless(found), desk.limited(*others)
    status = refusal(found, desk.held(*others), call.resource)
    assert status, (call, others)
    answer = desk.send(call, hub.using(hub.credential, "Bearer"))
    desk.note(table, answer, {status}, "all of these together, by the scheme Bearer", *others)
    call = desk.harmless(found)
    if RECIPES[found.id].probe:  # refuses even who may: ask for what could be done
        call = replace(
            call.naming(desk.stage.groups, name=desk.stage.user), expected=found.successes
        )
    if call.expected != {400}:  # that body is what keeps the hub as it is
        kind, body = ("with", {}) if call.body is NO_BODY else ("without", NO_BODY)
        answer = desk.send(replace(call, body=body), hub)
        name = f"all of these together, {kind} a body"
        desk.note(table, answer, {status, *MALFORMED}, name, *others)


@_each(filter(_has_parents, GATED))
@rule("scopes/parent-scope-opens-what-its-sub-scopes-open", since="3.0", see="rbac/scopes.html")
def test_parents_open(operation: str, desk: Desk, table: Table) -> None:
    """A scope opens every operation that a scope among its sub-scopes opens."""
    found = desk.operation(operation)
    parents = {each for requirement in found.scopes for each in desk.parents(requirement)}
    needed = {each.scope for each in found.scopes}
    for scope, call in zip(sorted(parents - needed), desk.calls(found), strict=False):
        desk.allow(table, call, scope)
    table.judge()


@EACH_NAMED
@rule("scopes/filter-that-covers-the-object-opens", since="3.0", see="rbac/scopes.html")
def test_filter_inside(operation: str, desk: Desk, table: Table) -> None:
    """A scope with a filter opens an operation on the objects that the filter covers.

    A user is covered by their name and by each of their groups, a server by its name, its user and
    the user's groups.
    """
    found = desk.operation(operation)
    for requirement in found.scopes:
        for name in inside(desk.harmless(found), requirement):
            call = desk.harmless(found)  # on another object, where the last one was used up
            if scope := inside(call, requirement).get(name):
                desk.allow(table, call, scope, name=name)
    table.judge()


@EACH_NAMED
@rule("scopes/filter-that-names-others-refuses", since="3.0", see="rbac/scopes.html")
def test_filter_outside(operation: str, desk: Desk, table: Table) -> None:
    """A scope held for other objects only is refused, 404: names are compared whole, as they are.

    One for another object of each kind; of names that are nearly the object's all together, and
    each alone where one of them opens the operation. Creating a token answers 403 instead.
    """
    found = desk.operation(operation)
    for requirement in found.scopes:
        call = desk.harmless(found)
        others = outside(call, requirement, desk.stage)
        together = [*others.values(), *lookalikes(call, requirement)]
        name = f"{requirement.scope}, names that are nearly its own"
        is_open = together and desk.refuse(table, call, *together, name=name).wrong
        for name in others:
            if "=another" in name or is_open:
                call = desk.harmless(found)
                scope = outside(call, requirement, desk.stage)[name]
                desk.refuse(table, call, scope, name=name)
    table.judge()


@EACH
@rule("scopes/filter-of-another-kind-refuses", since="3.0", see="rbac/scopes.html")
def test_filter_of_another_kind(operation: str, desk: Desk, table: Table) -> None:
    """A filter of a kind that an operation's object cannot have does not open it.

    Where the request names no object the answer is 403, else 404.
    """
    found = desk.operation(operation)
    for requirement in found.scopes:
        call = desk.harmless(found)
        closed = [
            (name, scope)
            for name, scope in strangers(call, requirement, desk.stage).items()
            if refusal(found, desk.held(scope), call.resource)
        ]
        if not closed:
            continue
        scopes = [scope for _, scope in closed]
        cell = desk.refuse(table, call, *scopes, name=f"{requirement.scope}, all kinds together")
        for name, _ in closed if cell.wrong else ():
            call = desk.harmless(found)
            scope = strangers(call, requirement, desk.stage)[name]
            desk.refuse(table, call, scope, name=name)
    table.judge()


@EACH_NAMED
@rule("scopes/filters-of-one-scope-add-up", since="3.0", see="rbac/scopes.html")
def test_filters_add_up(operation: str, desk: Desk, table: Table) -> None:
    """A scope held with several filters opens an operation if any one of them covers its object.

    Two filters, of one kind and of two, and one that covers the object among many others.
    """
    found = desk.operation(operation)
    requirement = found.scopes[0]
    kinds = sorted(requirement.filters)
    pairs = [*zip(kinds, kinds, strict=True), *itertools.pairwise([*kinds, *kinds[:1]])]
    for kind, other in dict.fromkeys(pairs):
        call = desk.harmless(found)
        covers = _of_kind(inside(call, requirement), kind)
        beside = _of_kind(outside(call, requirement, desk.stage), other)
        if covers and beside:
            name = f"{kind} beside another {other}"
            desk.allow(table, call, covers[0], beside[0], name=name)
    call = desk.harmless(found)
    if covers := list(inside(call, requirement).values()):
        others = outside(call, requirement, desk.stage).values()
        many = [f"{requirement.scope}!{kind}={each}" for kind in kinds for each in desk.strangers]
        desk.allow(table, call, *others, *many, covers[-1], name="among many")
    table.judge()


def _of_kind(scopes: Mapping[str, str], kind: str) -> list[str]:
    return [each for each in scopes.values() if parse(each).kind == kind]


@EACH_NAMED
@rule("scopes/existence-does-not-leak", since="3.0", see="rbac/scopes.html")
def test_existence_does_not_leak(operation: str, desk: Desk, table: Table) -> None:
    """Who may not reach an object gets the same answer whether it exists or not.

    In status, body and the names of the headers; HEAD tells no more than GET.
    """
    found = desk.operation(operation)
    call = _present(desk.harmless(found), desk)
    absent = _absent(call, desk)
    for name, hub in _callers(call, desk).items():
        for method in ("GET", "HEAD") if found.method == "GET" else (found.method,):
            cell = name if method == found.method else f"{name}, by {method}"
            table.add(cell, _difference(call, absent, hub, desk, method))
    table.judge()


def _callers(call: Call, desk: Desk) -> dict[str, Hub]:
    """Those who may not reach the object of a call, by what they hold."""
    needs = call.operation.scopes
    others = [each for need in needs for each in outside(call, need, desk.stage).values()]
    return {
        "an unrelated scope": desk.limited(UNRELATED),
        "all of the scopes for others": desk.limited(*others),
    }


def _difference(call: Call, absent: Call, hub: Hub, desk: Desk, method: str) -> str:
    """What tells the answer about an object from the one about none, "" for nothing.

    Asked twice, since what stands between may add a header now and then.
    """
    found = ""
    for _ in range(2):
        there, not_there = desk.send(call, hub, method), desk.send(absent, hub, method)
        if there.status < 400:
            found = f"{there!r} to who may not reach it"
        elif there.status != not_there.status:
            found = f"{there!r}, and {not_there!r} where there is none"
        elif _unnamed(call, there.text) != _unnamed(absent, not_there.text):
            found = f"{there!r} and {not_there!r} have different texts"
        elif apart := _header_names(there) ^ _header_names(not_there):
            found = f"{there!r} and {not_there!r} differ in the headers {sorted(apart)}"
        else:
            return ""
    return found


def _header_names(answer: Answer) -> set[str]:
    """The names of an answer's headers, without those that belong to the connection."""
    return {each.lower() for each in answer.headers} - PASSING_HEADERS


def _present(call: Call, desk: Desk) -> Call:
    """The same call for objects that exist, where it would make one."""
    if call.operation.id not in MADE:
        return call
    names = {key: getattr(desk.stage, name) for key, name in MADE[call.operation.id].items()}
    return call.naming(desk.stage.groups, **names)


def _absent(call: Call, desk: Desk) -> Call:
    """The same call for objects that do not exist."""
    names = {
        each.name: desk.stage.sandbox.name("absent") for each in call.operation.path_parameters
    }
    return call.naming(desk.stage.groups, **names)


def _unnamed(call: Call, text: str) -> str:
    """A text without the names that were in the request."""
    for name in sorted(call.names.values(), key=len, reverse=True):
        text = text.replace(name, "…") if name else text
    return text
