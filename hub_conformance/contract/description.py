"""A description of the API that answers are held against and requests are made from.

Ours, for one version, or one that somebody wrote for a hub of their own (`--hub-contract`). Whose
operation has one of our methods and paths goes by our id, so that what is known about ours (how to
make a valid call, what is known not to hold) is known about theirs.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from .answers import JSON, AnswerSchemas, schemas_of
from .document import METHODS, Version, inlined, pruned, pruned_to, read, resolve, walk_operations
from .model import path_pattern

_PLACEHOLDER = re.compile(r"\{[^}]*\}")


@dataclass(frozen=True)
class Body:
    """The JSON body that an operation takes: its schema without references."""

    schema: Any
    required: bool


@dataclass(frozen=True)
class Asked:
    """What an operation asks for, beside the names in its path: query parameters and body."""

    operation: str
    method: str
    path: str
    query: Mapping[str, Mapping[str, Any]]
    body: Body | None


class Description:
    """One document: which operation a request is for, what it asks for, what it may answer."""

    def __init__(self, document: Mapping[str, Any], answers: AnswerSchemas) -> None:
        self.document = document
        self.answers = answers

    @cached_property
    def operations(self) -> Mapping[str, Asked]:
        """The operations by id."""
        return {
            node["operationId"]: self._asked(path, method, node)
            for path, method, node in walk_operations(self.document)
        }

    def match(self, method: str, path: str) -> str | None:
        """The id of the operation that a request is for; `path` as in `contract.match`."""
        for operation, wanted, pattern in self._patterns:
            if wanted == method.upper() and pattern.fullmatch(path):
                return operation
        return None

    @cached_property
    def _patterns(self) -> list[tuple[str, str, re.Pattern[str]]]:
        may_be_empty = frozenset({"server_name", "token_id"})
        return [
            (each.operation, each.method, path_pattern(each.path, may_be_empty=may_be_empty))
            for each in self.operations.values()
        ]

    def _asked(self, path: str, method: str, node: Mapping[str, Any]) -> Asked:
        parameters = [inlined(self.document, each) for each in node["parameters"]]
        query = {each["name"]: each for each in parameters if each.get("in") == "query"}
        body = inlined(self.document, node.get("requestBody", {}))
        media = body.get("content", {}).get(JSON)
        taken = Body(media.get("schema", {}), body.get("required", False)) if media else None
        return Asked(node["operationId"], method, path, query, taken)


@cache
def ours(version: Version) -> Description:
    """The contract's own description of one version."""
    return Description(pruned(version), schemas_of(version))


def of_file(path: Path, version: Version) -> Description:
    """Read somebody's OpenAPI 3 document, in JSON or YAML, with paths below the API's root.

    Raises ValueError that says what is wrong with the file.
    """
    document = _prepared(_read(path))
    try:
        _adopt(document)
        found = pruned_to(document, version)
        described = Description(found, AnswerSchemas(found))
        assert described.operations
        assert described.answers.responses
    except RecursionError:
        raise ValueError("its schemas go in circles, which is more than is understood") from None
    except (KeyError, TypeError, AttributeError, AssertionError) as error:
        raise ValueError(f"it is no OpenAPI document: {error!r}") from None
    return described


def _read(path: Path) -> dict[str, Any]:
    import yaml  # not cheap to load

    try:
        text = path.read_text(encoding="utf-8")
        found = json.loads(text) if text.lstrip().startswith("{") else yaml.safe_load(text)
    except (OSError, ValueError, yaml.YAMLError, RecursionError) as error:
        raise ValueError(f"it cannot be read: {error}") from None
    version = str(found.get("openapi", "")) if isinstance(found, dict) else ""
    if not version.startswith("3.") or not isinstance(found.get("paths"), dict):
        raise ValueError("it is no OpenAPI 3 document: `openapi: 3.…` and `paths` are needed")
    return dict(found)


def _adopt(document: dict[str, Any]) -> None:
    """Give each operation an id: ours, where the contract has its method and path."""
    known = {
        (method, _PLACEHOLDER.sub("{}", path)): node["operationId"]
        for path, method, node in walk_operations(read())
    }
    for path, item in document["paths"].items():
        if isinstance(item.get("$ref"), str):
            item.update(resolve(document, item["$ref"]))
        for method in METHODS:
            if method in item:
                key = (method.upper(), _PLACEHOLDER.sub("{}", path))
                item[method]["operationId"] = known.get(key) or _named(method, path)


def _named(method: str, path: str) -> str:
    """An id for an operation that only they have."""
    return "-".join([method, *re.findall(r"\w+", path)]) or method


def _prepared(node: Any) -> Any:
    """A document of OpenAPI 3.0 in the words of 3.1: `nullable` is a type of its own there."""
    if isinstance(node, list):
        return [_prepared(each) for each in node]
    if not isinstance(node, dict):
        return node
    made = {key: _prepared(value) for key, value in node.items()}
    if made.pop("nullable", False) is True and isinstance(made.get("type"), str):
        made["type"] = [made["type"], "null"]
        if "enum" in made and None not in made["enum"]:
            made["enum"] = [*made["enum"], None]
    for bound, limit in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        if made.get(bound) is True and limit in made:
            made[bound] = made.pop(limit)
        elif isinstance(made.get(bound), bool):
            del made[bound]
    return made
