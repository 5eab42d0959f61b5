"""Schemas of the contract: what scopes make of them, and how to put a keyword of theirs in words.

All functions take schemas without references (see `document.inlined`).
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

VISIBLE = "x-hub-visible-with"


@dataclass(frozen=True)
class VisibleTo:
    """The scopes of a token, split: held for all objects, and held for those of a filter."""

    everywhere: frozenset[str]
    somewhere: frozenset[str]


def visible_to(held: Collection[str]) -> VisibleTo:
    """Split expanded scopes into those without and the bases of those with a filter."""
    return VisibleTo(
        everywhere=frozenset(each for each in held if "!" not in each),
        somewhere=frozenset(each.partition("!")[0] for each in held if "!" in each),
    )


def seen_by(token: VisibleTo, schema: Any) -> Any:
    """The schema of what a token gets to see.

    A field shown by a scope that is held for all objects is required; one that no scope of the
    token shows is taken out. A field that a filtered scope may show stays optional.
    """
    if isinstance(schema, list):
        return [seen_by(token, each) for each in schema]
    if not isinstance(schema, Mapping):
        return schema
    seen = {key: seen_by(token, value) for key, value in schema.items() if key != "properties"}
    if "properties" in schema:
        # Apart, as the names in it are no keywords: a group has a field called "properties".
        fields = schema["properties"].items()
        seen["properties"] = {name: seen_by(token, field) for name, field in fields}
        _limit_fields(token, seen)
    return seen


def _limit_fields(token: VisibleTo, schema: dict[str, Any]) -> None:
    shown = {name: _shown(token, field) for name, field in schema["properties"].items()}
    schema["properties"] = {
        name: field for name, field in schema["properties"].items() if shown[name] is not False
    }
    always = schema.get("required", [])
    scoped = [name for name, how in shown.items() if how is True and name not in always]
    kept = [name for name in always if shown.get(name) is not False]
    schema["required"] = [*kept, *scoped]


def _shown(token: VisibleTo, field: Any) -> bool | None:
    """True for a field that must be there, False for one that must not, None for neither."""
    scopes = field.get(VISIBLE) if isinstance(field, Mapping) else None
    if not scopes:
        return None
    if token.everywhere.intersection(scopes):
        return True
    return None if token.somewhere.intersection(scopes) else False


def keyword_at(schema: Any, path: Sequence[str | int]) -> str:
    """The keyword that a path through a schema ends at, and its value, in words."""
    found = schema
    for step in path:
        found = found[step]
    keyword = str(path[-1])
    if keyword in ("anyOf", "oneOf"):
        return " or ".join(_in_words(each) for each in found)
    return _in_words({keyword: found})


def _in_words(schema: Mapping[str, Any]) -> str:
    return " and ".join(_each_in_words(schema)) or "anything"


def _each_in_words(schema: Mapping[str, Any]) -> Iterator[str]:
    for keyword, value in schema.items():
        match keyword:
            case "description" | "deprecated":
                continue
            case "type":
                yield "type " + (" or ".join(value) if isinstance(value, list) else value)
            case "enum":
                yield "one of " + ", ".join(json.dumps(each) for each in value)
            case "const":
                yield json.dumps(value)
            case "format":
                yield f"a {value}"
            case _ if not keyword.startswith("x-"):
                yield f"{keyword} {json.dumps(value)}"
