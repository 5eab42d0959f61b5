"""What a hub must do with a generated request: carry it out, refuse it, or either.

A request is valid when it keeps to the description, and to the narrower domain within which any
hub has to carry it out. It is invalid when it breaks the description in a way that no hub may take
for something else. Between the two is what a hub may read its own way; no server error, and only
documented answers, is all that is asked of it there.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ..contract.description import Asked
from ._fuzz_cases import ABSENT, Case
from ._fuzz_domain import Domain, accepted

if TYPE_CHECKING:
    from jsonschema_rs import Validator

VALID, INVALID, EITHER = "valid", "invalid", "either"


@dataclass(frozen=True)
class Judge:
    """Sorts the requests of one operation."""

    asked: Asked
    domain: Domain

    def kind(self, case: Case, body: Any) -> str:
        """Say what a hub must do; `body` is the case's, with names in place of placeholders."""
        if case.path:
            return EITHER
        if self._breaks_query(case.query) or self._breaks_body(case, body):
            return INVALID
        is_valid = self._keeps_query(case.query) and self._keeps_body(case)
        return VALID if is_valid else EITHER

    # --- the query

    def _breaks_query(self, query: Mapping[str, Any]) -> bool:
        schemas = {name: node.get("schema", {}) for name, node in self.asked.query.items()}
        return any(_is_no(schemas[name], text) for name, text in query.items() if name in schemas)

    def _keeps_query(self, query: Mapping[str, Any]) -> bool:
        return query.keys() <= self.asked.query.keys() and all(
            isinstance(text, str) and each.is_valid(_typed(self.asked.query[name], text))
            for name, text in query.items()
            for each in self._of_parameters[name]
        )

    @cached_property
    def _of_parameters(self) -> Mapping[str, list[Validator]]:
        return {
            name: [
                _validator(node.get("schema", {})),
                _validator(accepted((self.domain.query or {}).get(name, {}))),
            ]
            for name, node in self.asked.query.items()
        }

    # --- the body

    def _breaks_body(self, case: Case, body: Any) -> bool:
        if self.asked.body is None:
            return False
        if case.raw is not None:
            return True
        if body is ABSENT:
            return self.asked.body.required
        # Hubs take null, [], {}, 0, false and "" for no body at all.
        is_none = not body and not self.asked.body.required
        return not is_none and not self._of_description.is_valid(body)

    def _keeps_body(self, case: Case) -> bool:
        if self.asked.body is None:
            return case.body is ABSENT
        if case.body is ABSENT:
            return not self.asked.body.required
        # 1.0 is an integer for JSON Schema, and for few servers.
        return not _has_float(case.body) and self._of_domain.is_valid(case.body)

    @cached_property
    def _of_description(self) -> Validator:
        assert self.asked.body
        return _validator(_patient(self.asked.body.schema, self.domain.idle))

    @cached_property
    def _of_domain(self) -> Validator:
        assert self.asked.body
        return _validator(accepted(self.domain.body or self.asked.body.schema))


def _patient(schema: Any, idle: Collection[str]) -> Any:
    """The schema of what a hub need not refuse.

    It may take null for a field that could be left out, and need not look at one without effect.
    """
    if not isinstance(schema, Mapping) or not isinstance(schema.get("properties"), Mapping):
        return schema
    required = schema.get("required", ())
    fields = {
        name: {} if name in idle else field if name in required else {"anyOf": [field, _NULL]}
        for name, field in schema["properties"].items()
    }
    return {**schema, "properties": fields}


_NULL = {"type": "null"}


def _validator(schema: Any) -> Validator:
    from jsonschema_rs import Draft202012Validator

    return Draft202012Validator(schema, validate_formats=True)


def _is_no(schema: Mapping[str, Any], text: Any) -> bool:
    """Whether a query parameter's value is surely none: no number, or none of a few words.

    A repeated key, an empty value and a number out of bounds are read in different ways.
    """
    if not isinstance(text, str) or not text.strip():
        return False
    if schema.get("type") == "integer":
        try:
            int(text)
        except ValueError:
            return True
        return False
    return "enum" in schema and text not in schema["enum"]


def _typed(parameter: Mapping[str, Any], text: str) -> Any:
    """A query parameter's value as what its schema makes of it."""
    kind = parameter.get("schema", {}).get("type")
    if kind == "integer" and re.fullmatch("-?[0-9]{1,30}", text):
        return int(text)
    return {"true": True, "false": False}.get(text, text) if kind == "boolean" else text


def _has_float(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(_has_float, value.values()))
    if isinstance(value, list):
        return any(map(_has_float, value))
    return isinstance(value, float)
