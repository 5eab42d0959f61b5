"""Scopes: what one scope alone opens, operation by operation."""

from __future__ import annotations

import itertools
from collections.abc import Iterable

import pytest

from ..contract import Operation, operations, scope_table
from ..contract.scopes import refusal
from ..operations import RECIPES, Call
from ..rules import rule
from ..target import NEWEST
from ._scopes import UNRELATED, Desk, Table, inside, outside, strangers

pytest_plugins = ("hub_conformance.suite._scopes",)

#: The operations that ask for a scope; what older versions lack is not applicable there.
GATED = [each for each in operations(NEWEST).values() if each.scopes and each.id in RECIPES]


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
def test_needed_scope_opens(operation: str, desk: Desk) -> None:
    """A token with nothing but one of the scopes that an operation asks for is let in."""
    found, table = desk.operation(operation), Table()
    calls = itertools.chain([desk.call(found)], itertools.islice(desk.calls(found), 10))
    for requirement, call in zip(found.scopes, calls, strict=False):
        desk.allow(table, call, requirement.scope)
    table.judge()


@EACH
@rule("scopes/other-scopes-do-not-open-an-operation", since="3.0", see="rbac/scopes.html")
def test_other_scopes_refused(operation: str, desk: Desk) -> None:
    """A token with every scope but those that open an operation is refused, 403.

    That includes the read and list variants, the sub-scopes, and scopes for other kinds of object.
    """
    found, table = desk.operation(operation), Table()
    calls = desk.calls(found)
    call = next(calls)
    others = desk.not_opening(call)
    if desk.refuse(table, call, *others).fails:  # which one of them was it?
        for scope in others:
            desk.refuse(table, next(calls), scope)
    table.judge()


@_each(filter(_has_parents, GATED))
@rule("scopes/parent-scope-opens-what-its-sub-scopes-open", since="3.0", see="rbac/scopes.html")
def test_parents_open(operation: str, desk: Desk) -> None:
    """A scope opens every operation that a scope among its sub-scopes opens."""
    found, table = desk.operation(operation), Table()
    parents = {each for requirement in found.scopes for each in desk.parents(requirement)}
    needed = {each.scope for each in found.scopes}
    for scope, call in zip(sorted(parents - needed), desk.calls(found), strict=False):
        desk.allow(table, call, scope)
    table.judge()


@EACH_NAMED
@rule("scopes/filter-that-covers-the-object-opens", since="3.0", see="rbac/scopes.html")
def test_filter_inside(operation: str, desk: Desk) -> None:
    """A scope with a filter opens an operation on the objects that the filter covers.

    A user is covered by their name and by each of their groups, a server by its name, its user and
    the user's groups.
    """
    found, table = desk.operation(operation), Table()
    calls = desk.calls(found)
    call = next(calls)
    for requirement in found.scopes:
        for number in range(len(inside(call, requirement))):
            desk.allow(table, call, inside(call, requirement)[number])
            call = next(calls)
    table.judge()


@EACH_NAMED
@rule("scopes/filter-that-names-others-refuses", since="3.0", see="rbac/scopes.html")
def test_filter_outside(operation: str, desk: Desk) -> None:
    """A scope held for other objects only is refused, 404: names are compared whole.

    Creating a token answers 403 instead.
    """
    found, table = desk.operation(operation), Table()
    calls = desk.calls(found)
    call = next(calls)
    for requirement in found.scopes:
        others = outside(call, requirement, desk.stage)
        if others and desk.refuse(table, call, *others).fails:  # which one of them was it?
            for scope in others:
                desk.refuse(table, next(calls), scope)
            call = next(calls)
    table.judge()


@EACH
@rule("scopes/filter-of-another-kind-refuses", since="3.0", see="rbac/scopes.html")
def test_filter_of_another_kind(operation: str, desk: Desk) -> None:
    """A filter of a kind that an operation's object cannot have does not open it.

    Where the request names no object the answer is 403, else 404.
    """
    found, table = desk.operation(operation), Table()
    calls = desk.calls(found)
    call = next(calls)
    for requirement in found.scopes:
        others = [
            each
            for each in strangers(call, requirement)
            if refusal(found, desk.held(each), call.resource)
        ]
        if others and desk.refuse(table, call, *others).fails:  # which one of them was it?
            for scope in others:
                desk.refuse(table, next(calls), scope)
            call = next(calls)
    table.judge()


@EACH_NAMED
@rule("scopes/filters-of-one-scope-add-up", since="3.0", see="rbac/scopes.html")
def test_filters_add_up(operation: str, desk: Desk) -> None:
    """A scope held with several filters opens an operation if any one of them covers its object."""
    found, table = desk.operation(operation), Table()
    call, requirement = desk.harmless(found), found.scopes[0]
    others = outside(call, requirement, desk.stage)
    desk.allow(table, call, *others, inside(call, requirement)[0])
    table.judge()


@EACH_NAMED
@rule("scopes/existence-does-not-leak", since="3.0", see="rbac/scopes.html")
def test_existence_does_not_leak(operation: str, desk: Desk) -> None:
    """Who may not reach an object gets the same answer whether it exists or not."""
    found = desk.operation(operation)
    call = desk.harmless(found)
    absent = _absent(call, desk)
    others = [each for need in found.scopes for each in outside(call, need, desk.stage)]
    for scopes in ([UNRELATED], others):
        hub = desk.limited(*scopes)
        there, not_there = desk.send(call, hub), desk.send(absent, hub)
        assert there.status == not_there.status, (scopes, there, not_there)
        same = _unnamed(call, there.text) == _unnamed(absent, not_there.text)
        assert same, f"the answers differ: {there!r}, {not_there!r}"


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
