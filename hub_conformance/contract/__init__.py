"""The API as data: operations, scopes, and which scope shows which field, for each version.

Everything comes from `openapi.yaml` beside this file, which is read on first use only. A version
is a string such as "6.1" or "6.1.1"; the contract differs by minor version. Results are shared and
must not be changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Any

from .document import Version, inlined, parse_version, pruned, read, walk_operations
from .model import (
    KINDS,
    Match,
    Operation,
    Parameter,
    Requirement,
    ScopeDefinition,
    decoded,
)

__all__ = [
    "KINDS",
    "Match",
    "Operation",
    "Parameter",
    "Requirement",
    "ScopeDefinition",
    "adopt",
    "find",
    "load",
    "match",
    "operations",
    "scope_table",
    "visible_with",
]


def load(version: str) -> dict[str, Any]:
    """The OpenAPI document of one version of the hub. Raises ValueError for no version."""
    return pruned(parse_version(version))


def operations(version: str) -> Mapping[str, Operation]:
    """The operations of one version by their id."""
    return _operations(parse_version(version))


def scope_table(version: str) -> Mapping[str, ScopeDefinition]:
    """The scopes of one version by their name, metascopes included."""
    return _scope_table(parse_version(version))


def visible_with(version: str, model: str) -> Mapping[str, frozenset[str]]:
    """For each field of a model ("User", "Group", …), the scopes any of which shows it.

    The empty set means that every such model has the field. The scopes are to be looked up among
    *expanded* ones, and must cover the object. Raises KeyError for no model of that version.
    """
    document = load(version)
    schema = inlined(document, document["components"]["schemas"][model])
    return {
        name: frozenset(field.get("x-hub-visible-with", ()))
        for name, field in schema["properties"].items()
    }


def match(method: str, path: str) -> str | None:
    """The id of the operation that a request is for, None if the contract has none.

    `path` is the percent-encoded one below the API's base URL, without the query.
    """
    found = find(method, path)
    return found.operation_id if found else None


def find(method: str, path: str) -> Match | None:
    """Like `match`, with the decoded values of the path's parameters."""
    for operation in _every_operation():
        if operation.method == method.upper():
            found = operation.pattern.fullmatch(path)
            if found:
                return Match(operation.id, decoded(found))
    return None


def adopt(theirs: Mapping[str, Any]) -> bool:
    """Take over the permissions of somebody's description, where it has any: see `rights`."""
    from . import rights

    is_changed = rights.adopt(theirs)
    for cached in (_operations, _every_operation, _scope_table):
        cached.cache_clear()
    return is_changed


@cache
def _operations(version: Version) -> Mapping[str, Operation]:
    return MappingProxyType({each.id: each for each in _operations_of(pruned(version))})


@cache
def _every_operation() -> tuple[Operation, ...]:
    return _operations_of(read())


def _operations_of(document: Mapping[str, Any]) -> tuple[Operation, ...]:
    return tuple(
        _operation(document, path, method, node) for path, method, node in walk_operations(document)
    )


def _operation(
    document: Mapping[str, Any], path: str, method: str, node: Mapping[str, Any]
) -> Operation:
    return Operation(
        id=node["operationId"],
        method=method,
        path=path,
        summary=node["summary"],
        authenticated=bool(node.get("security", document["security"])),
        scopes=tuple(_requirement(each) for each in node["x-hub-scopes"]),
        outside_filter=node.get("x-hub-outside-filter", 404),
        parameters=tuple(_parameter(inlined(document, each)) for each in node["parameters"]),
        statuses=frozenset(int(status) for status in node["responses"]),
        takes_body="requestBody" in node,
        deprecated=node.get("deprecated", False),
        since=node.get("x-hub-since"),
        until=node.get("x-hub-until"),
    )


def _requirement(node: Mapping[str, Any]) -> Requirement:
    return Requirement(node["scope"], frozenset(node["filters"]), node.get("partial", False))


def _parameter(node: Mapping[str, Any]) -> Parameter:
    return Parameter(
        name=node["name"],
        location=node["in"],
        required=node.get("required", False),
        kind=node.get("x-hub-kind", ""),
        schema=node["schema"],
    )


@cache
def _scope_table(version: Version) -> Mapping[str, ScopeDefinition]:
    table = pruned(version)["x-hub-scope-table"]
    return MappingProxyType({name: _scope(name, node) for name, node in table.items()})


def _scope(name: str, node: Mapping[str, Any]) -> ScopeDefinition:
    return ScopeDefinition(
        name=name,
        description=node["description"],
        subscopes=tuple(each["scope"] for each in node.get("subscopes", ())),
        stands_for=tuple(each["scope"] for each in node.get("stands-for", ())),
        since=node.get("x-hub-since"),
        until=node.get("x-hub-until"),
    )
