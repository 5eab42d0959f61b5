"""What an OpenAPI document says about each operation, reduced to what can be compared.

Works on documents of 3.0 and 3.1, ours and others: references are followed, `allOf` is merged, of
alternatives all fields count.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from .document import resolve, walk_operations

Node = Mapping[str, Any]


@dataclass(frozen=True)
class Facts:
    """One operation of a document. `place` is method and path."""

    document: Node
    place: str
    node: Node

    @cached_property
    def scopes(self) -> frozenset[frozenset[str]]:
        """The sets of scopes any of which opens it: ours, or those that an OAuth scheme names."""
        if "x-hub-scopes" in self.node:
            return frozenset(frozenset({each["scope"]}) for each in self.node["x-hub-scopes"])
        security = self.node.get("security", self.document.get("security", ()))
        named = {frozenset(each.get("oauth2", ())) - {"(no_scope)"} for each in security}
        return frozenset(named - {frozenset()})

    @cached_property
    def needs(self) -> dict[str, list[str]]:
        """The scopes that naming something in the body takes besides, by field. Ours only."""
        found = fields(self.document, self.body or {})
        return {
            name: node["x-hub-needs"]
            for name, nodes in found.items()
            for node in nodes
            if "x-hub-needs" in node
        }

    @cached_property
    def parameters(self) -> dict[str, str]:
        """What each parameter of the query is, by its name."""
        found = (resolved(self.document, each) for each in self.node["parameters"])
        return {
            each["name"]: described(self.document, each["schema"])
            for each in found
            if each["in"] == "query"
        }

    @cached_property
    def body(self) -> Node | None:
        """The schema of the request's body, None where there is none."""
        content = self.node.get("requestBody", {}).get("content", {})
        return next((each.get("schema", {}) for each in content.values()), None)

    @cached_property
    def body_required(self) -> bool:
        """Whether there must be a body."""
        return bool(self.node.get("requestBody", {}).get("required", False))

    @cached_property
    def statuses(self) -> frozenset[int]:
        """The statuses it may answer."""
        return frozenset(int(str(each)) for each in self.node["responses"])

    def answer(self, status: int) -> Node | None:
        """The schema of a JSON answer: of the plain form where there are two."""
        responses = {int(str(key)): value for key, value in self.node["responses"].items()}
        content = resolved(self.document, responses[status]).get("content") or {}
        schema = next((each.get("schema", {}) for each in content.values()), None)
        return None if schema is not None and schema.get("maxLength") == 0 else schema


def read(document: Node) -> dict[str, Facts]:
    """The facts of each operation, by method and path with the names of parameters left out."""
    return {
        f"{method} {re.sub(r'{[^}]*}', '{}', path)}": Facts(document, f"{method} {path}", node)
        for path, method, node in walk_operations(document)
    }


def resolved(document: Node, node: Node) -> Node:
    """What a node refers to, or the node itself."""
    while isinstance(node.get("$ref"), str):
        node = resolve(document, node["$ref"])
    return node


def described(document: Node, *schemas: Node) -> str:
    """The type of schemas in words: null, format, values and items included, fields not."""
    kinds = {kind for schema in schemas for kind in _kinds(document, schema)}
    return " or ".join(sorted(kinds, key=_null_last)) or "anything"


def fields(document: Node, schema: Node) -> dict[str, list[Node]]:
    """The fields of an object: what each is, in all its parts and alternatives together."""
    found: dict[str, list[Node]] = {}
    for part in _parts(document, schema):
        for name, field in part.get("properties", {}).items():
            found.setdefault(name, []).append(field)
    return found


def required(document: Node, schema: Node) -> frozenset[str]:
    """The fields that an object must have in every case."""
    whole = resolved(document, schema)
    always = {*whole.get("required", ())}
    for part in whole.get("allOf", ()):
        always |= required(document, part)
    branches = [whole[key] for key in ("then", "else") if key in whole]
    if branches:
        always |= frozenset.intersection(*(required(document, each) for each in branches))
    return frozenset(always)


def _parts(document: Node, schema: Node) -> Iterator[Node]:
    whole = resolved(document, schema)
    yield whole
    for key in ("allOf", "oneOf", "anyOf"):
        for part in whole.get(key, ()):
            yield from _parts(document, part)
    for key in ("then", "else"):
        if key in whole:
            yield from _parts(document, whole[key])


def _kinds(document: Node, schema: Node) -> Iterator[str]:
    whole = resolved(document, schema)
    if whole.get("nullable"):
        yield "null"
    if "const" in whole or "enum" in whole:
        yield from map(json.dumps, whole.get("enum", [whole.get("const")]))
        return
    named = whole.get("type", [])
    for kind in [named] if isinstance(named, str) else named:
        yield _kind(document, whole, kind)
    if not named:
        for part in _alternatives(whole):
            yield from _kinds(document, part)


def _alternatives(whole: Node) -> Iterator[Node]:
    for key in ("anyOf", "oneOf", "allOf"):
        yield from whole.get(key, ())
    yield from (whole[key] for key in ("then", "else") if key in whole)
    if "properties" in whole:
        yield {"type": "object"}


def _kind(document: Node, schema: Node, kind: str) -> str:
    if kind == "array" and "items" in schema:
        return f"array of {described(document, schema['items'])}"
    if kind == "string" and "format" in schema:
        return f"{schema['format']} string"
    return kind


def _null_last(kind: str) -> tuple[bool, str]:
    return kind == "null", kind
