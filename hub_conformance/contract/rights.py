"""Permissions of a description that somebody wrote for a hub of their own, in place of ours.

Only what carries the contract's `x-hub-` keys counts: `x-hub-scopes` and `x-hub-outside-filter` of
operations, `x-hub-visible-with` of fields of the models that ours has too, and whole entries of
`x-hub-scope-table`. Everything else about permissions stays ours.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from . import answers, description, document
from .document import walk_operations

_OF_OPERATIONS = ("x-hub-scopes", "x-hub-outside-filter")
_OF_FIELDS = "x-hub-visible-with"
_TABLE = "x-hub-scope-table"


def adopt(theirs: Mapping[str, Any]) -> bool:
    """Let the contract have the permissions of a description; return whether it has any.

    For the whole process, before anything is made from the contract: what was made stays as it is.
    """
    ours = copy.deepcopy(document.read())
    changes = [_operations(ours, theirs), _fields(ours, theirs), _table(ours, theirs)]
    if not any(changes):
        return False
    document.replace_by(ours)
    answers.schemas_of.cache_clear()
    description.ours.cache_clear()
    return True


def _operations(ours: dict[str, Any], theirs: Mapping[str, Any]) -> bool:
    nodes = {
        node["operationId"]: ours["paths"][path][method.lower()]
        for path, method, node in walk_operations(ours)
    }
    changes = [
        (nodes[node["operationId"]], key, node[key])
        for _, _, node in walk_operations(theirs)
        for key in _OF_OPERATIONS
        if key in node and node["operationId"] in nodes
    ]
    for node, key, value in changes:
        node[key] = value
    return bool(changes)


def _fields(ours: dict[str, Any], theirs: Mapping[str, Any]) -> bool:
    changed = False
    models = theirs.get("components", {}).get("schemas", {})
    for name, model in models.items():
        known = ours["components"]["schemas"].get(name, {}).get("properties", {})
        for field, schema in model.get("properties", {}).items():
            if isinstance(schema, Mapping) and _OF_FIELDS in schema and field in known:
                known[field] = {**known[field], _OF_FIELDS: schema[_OF_FIELDS]}
                changed = True
    return changed


def _table(ours: dict[str, Any], theirs: Mapping[str, Any]) -> bool:
    ours[_TABLE].update(theirs.get(_TABLE, {}))
    return bool(theirs.get(_TABLE))
