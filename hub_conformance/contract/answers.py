"""Holding an answer against the contract: status, headers, content type, and body.

The body's schema is compiled once for each operation, status and form, on first use.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

from ..strict_json import loads
from .document import Version, inlined, parse_version, pruned, walk_operations
from .schemas import VisibleTo, keyword_at, seen_by, visible_to

if TYPE_CHECKING:
    from jsonschema_rs import ValidationError, Validator

JSON = "application/json"
PAGE = "application/jupyterhub-pagination+json"
EVENTS = "text/event-stream"

#: Fields whose content is never repeated in a message.
SECRET_FIELDS = frozenset(
    {
        "token",
        "auth_token",
        "api_token",
        "access_token",
        "auth_state",
        "state",
        "code",
        "accept_url",
        "full_accept_url",
    }
)


@dataclass(frozen=True)
class Mismatch:
    """One way in which an answer differs from the contract.

    `pointer` is the JSON pointer into the body, "" for the answer as a whole. Neither text holds
    a secret that stands where the contract has one. `only_more` says that nothing would be wrong
    with the body but for fields that the contract does not know.
    """

    operation: str
    status: int
    pointer: str
    expected: str
    got: str
    only_more: bool = False

    def __str__(self) -> str:
        place = f" at {self.pointer}" if self.pointer else ""
        return f"{self.operation} {self.status}{place}: expected {self.expected}, got {self.got}"


def check(
    version: str,
    operation_id: str,
    status: int,
    headers: Mapping[str, str],
    body: bytes | str,
    *,
    accept: str | None = None,
    held: Collection[str] | None = None,
) -> list[Mismatch]:
    """Compare an answer with what the contract says about its operation and status.

    `accept` is the Accept header of the request: it decides whether a list must come in pages.
    Without it the body's own form does. With `held`, the expanded scopes of the request's token,
    each model must have the fields that unfiltered scopes show, and none that no scope shows.

    Returns [] for an answer that keeps the contract. Raises KeyError if the version has no such
    operation.
    """
    return schemas_of(parse_version(version)).check(
        operation_id, status, headers, body, accept=accept, held=held
    )


class AnswerSchemas:
    """What one document says about the answers of its operations."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.document = document
        self._compiled: dict[tuple[str, str, str, VisibleTo | None], Compiled] = {}

    def check(
        self,
        operation_id: str,
        status: int,
        headers: Mapping[str, str],
        body: bytes | str,
        *,
        accept: str | None = None,
        held: Collection[str] | None = None,
    ) -> list[Mismatch]:
        """Compare an answer with what the document says, as `check` below does."""
        responses = self.responses[operation_id]
        documented = _documented(responses, status)
        if documented is None:
            said = f"a status out of {', '.join(sorted(responses))}"
            return [Mismatch(operation_id, status, "", said, str(status))]
        seen = visible_to(held) if held is not None else None
        answer = _Answer(self, operation_id, status, documented, headers, body, accept, seen)
        return list(answer.mismatches(responses[documented]))

    @cached_property
    def responses(self) -> Mapping[str, Mapping[str, Any]]:
        """For each operation its answers by status, references to components resolved."""
        return {
            node["operationId"]: {
                str(status): _shallow(self.document, response)
                for status, response in node["responses"].items()
            }
            for _, _, node in walk_operations(self.document)
        }

    def compiled(
        self, operation: str, status: int, documented: str, form: str, seen: VisibleTo | None
    ) -> Compiled:
        """The schema of an answer's body, compiled on first use."""
        key = (operation, documented if documented.isdigit() else str(status), form, seen)
        if key not in self._compiled:
            media = self.responses[operation][documented]["content"][form]
            schema = inlined(
                self.document, media.get("x-hub-event" if form == EVENTS else "schema", {})
            )
            if status >= 400:
                schema = {"allOf": [schema, {"properties": {"status": {"const": status}}}]}
            if seen is not None:
                schema = seen_by(seen, schema)
            self._compiled[key] = Compiled(schema)
        return self._compiled[key]


class Compiled:
    """A schema and its validators."""

    def __init__(self, schema: Any) -> None:
        self.schema = schema
        self.validator = _compiled(schema)

    @cached_property
    def lenient(self) -> Validator:
        """The same for whom fields that nobody knows are no fault."""
        return _compiled(_open(self.schema))


@dataclass(frozen=True)
class _Answer:
    schemas: AnswerSchemas
    operation: str
    status: int
    documented: str
    headers: Mapping[str, str]
    body: bytes | str
    accept: str | None
    seen: VisibleTo | None

    def mismatches(self, response: Mapping[str, Any]) -> Iterator[Mismatch]:
        yield from self._wrong_headers(response.get("headers", {}))
        yield from self._wrong_content(response.get("content", {}))

    def _wrong_headers(self, headers: Mapping[str, Any]) -> Iterator[Mismatch]:
        for name, promised in headers.items():
            value = self._header(name)
            pattern = promised["schema"].get("pattern", "")
            if value is None:
                yield self._mismatch("", f"a header {name}", "none")
            elif not re.search(pattern, value):
                yield self._mismatch("", f"a header {name} with {pattern}", value)

    def _wrong_content(self, content: Mapping[str, Any]) -> Iterator[Mismatch]:
        if not content:
            if self.body:
                yield self._mismatch("", "an empty body", f"{len(self.body)} bytes")
            return
        form = self._form(content)
        if self.media_type not in ({form, JSON} if form == PAGE else {form}):
            got = self.media_type or "none"
            yield self._mismatch("", f"content type {form}", got)
            return
        if form == EVENTS:
            yield from self._wrong_events()
        elif form in (JSON, PAGE):
            yield from self._wrong_json(form, self.text)
        else:
            yield from self._wrong(form, self.text)

    @property
    def media_type(self) -> str:
        return (self._header("Content-Type") or "").partition(";")[0].strip().lower()

    def _header(self, name: str) -> str | None:
        named = {each.lower(): value for each, value in self.headers.items()}
        return named.get(name.lower())

    @property
    def text(self) -> str:
        if isinstance(self.body, bytes):
            return self.body.decode("utf-8", "replace")
        return self.body

    def _form(self, content: Mapping[str, Any]) -> str:
        """The documented media type that the answer must have."""
        if PAGE not in content:
            return next(iter(content))
        if self.accept is None:
            return PAGE if self.media_type == PAGE or _is_page(self.text) else JSON
        asked = {each.strip().lower() for each in self.accept.split(",")}
        return PAGE if PAGE in asked else JSON

    def _wrong_json(self, form: str, text: str) -> Iterator[Mismatch]:
        try:
            instance = loads(text)
        except ValueError as error:
            yield self._mismatch("", "JSON", f"something else ({error})")
        else:
            yield from self._wrong(form, instance)

    def _wrong_events(self) -> Iterator[Mismatch]:
        # What follows the last blank line is an event cut off by the end of reading.
        for block in self.text.split("\n\n")[:-1]:
            lines = block.strip().splitlines()
            data = [line.partition(":")[2] for line in lines if line.startswith("data:")]
            if data:
                yield from self._wrong_json(EVENTS, "\n".join(data))

    def _wrong(self, form: str, instance: Any) -> Iterator[Mismatch]:
        found = self.schemas.compiled(self.operation, self.status, self.documented, form, self.seen)
        errors = list(found.validator.iter_errors(instance))
        only_more = bool(errors) and found.lenient.is_valid(instance)
        for error in errors:
            pointer = "".join(f"/{_escaped(step)}" for step in error.instance_path)
            yield self._mismatch(pointer, *_told(error, found.schema), only_more=only_more)

    def _mismatch(
        self, pointer: str, expected: str, got: str, *, only_more: bool = False
    ) -> Mismatch:
        return Mismatch(self.operation, self.status, pointer, expected, got, only_more)


@cache
def schemas_of(version: Version) -> AnswerSchemas:
    """What the contract says about the answers of one version."""
    return AnswerSchemas(pruned(version))


def _documented(responses: Mapping[str, Any], status: int) -> str | None:
    """The key that a status is documented under: itself, or a range of them, or all others."""
    keys = (str(status), f"{status // 100}XX", "default")
    return next((key for key in keys if key in responses), None)


def _shallow(document: Mapping[str, Any], response: Mapping[str, Any]) -> Mapping[str, Any]:
    """A response with the reference to it resolved; those inside are left for later."""
    name = response.get("$ref", "").rpartition("/")[2]
    found: Mapping[str, Any] = document["components"]["responses"][name] if name else response
    return found


def _compiled(schema: Any) -> Validator:
    from jsonschema_rs import Draft202012Validator  # comes with schemathesis; not cheap to load

    return Draft202012Validator(schema, validate_formats=True)


def _open(schema: Any) -> Any:
    """A schema that lets every object have more fields than it names."""
    if isinstance(schema, list):
        return [_open(each) for each in schema]
    if not isinstance(schema, Mapping):
        return schema
    closed = ("additionalProperties", "unevaluatedProperties")
    kept = {key: value for key, value in schema.items() if key not in closed or value is not False}
    return {key: _open(value) for key, value in kept.items()}


def _told(error: ValidationError, schema: Mapping[str, Any]) -> tuple[str, str]:
    """What was expected and what was found, in words."""
    instance, kind = error.instance, error.kind.as_dict()
    if "property" in kind:
        return f"a field {json.dumps(kind['property'])}", _described(instance)
    if "unexpected" in kind:
        names = ", ".join(json.dumps(name) for name in kind["unexpected"])
        return "no such field", names
    if SECRET_FIELDS & set(error.instance_path):
        return keyword_at(schema, error.schema_path), f"{_type_of(instance)} (not shown)"
    return keyword_at(schema, error.schema_path), _described(instance)


def _described(instance: Any) -> str:
    if isinstance(instance, dict):
        return f"an object with {', '.join(sorted(instance)) or 'no fields'}"
    if isinstance(instance, list):
        return f"an array of {len(instance)}"
    text = json.dumps(instance, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:57]}…"


def _type_of(instance: Any) -> str:
    names = {dict: "an object", list: "an array", str: "a string", bool: "a boolean"}
    return names.get(type(instance), "null" if instance is None else "a number")


def _escaped(step: str | int) -> str:
    return str(step).replace("~", "~0").replace("/", "~1")


def _is_page(text: str) -> bool:
    try:
        found = loads(text)
    except ValueError:
        return False
    return isinstance(found, dict) and "_pagination" in found
