"""Requests that Schemathesis makes up, as plain data: the only module that knows Schemathesis.

Schemathesis is given a document of our own, in which each operation is a path of its own without
names in it: names come from the sandbox, and no generated one may reach a writing operation. It
sends nothing. That works with its pytest plugin switched off, too.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable

from ..contract.answers import JSON
from ..contract.description import Asked, Description
from ._fuzz_domain import domain_of, generated

if TYPE_CHECKING:
    from schemathesis.schemas import APIOperation

#: No body at all.
ABSENT = object()
#: Names for the path of an operation that only reads: whatever a proxy takes for one segment.
_SEGMENT = {"type": "string", "minLength": 1, "maxLength": 40, "pattern": r"^[^/\\.;%\x00-\x1f]+$"}
#: Bodies that are no JSON. What looks like a word in one might be taken for somebody's name.
BROKEN = (b"{", b'{"name": ', b"[1, 2", b"{'admin': true}", b"\xff\xfe")


#: The first number that does not fit into what many a database has for one.
HUGE = str(2**63)


@dataclass(frozen=True)
class Case:
    """One generated request, names in it still placeholders.

    `query` has texts, or lists of texts for a repeated key; `raw` is a body that is no JSON; `path`
    holds generated names for the path.
    """

    query: Mapping[str, str | list[str]] = field(default_factory=dict)
    body: Any = ABSENT
    raw: bytes | None = None
    path: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def key(self) -> str:
        """The same for cases that are the same request."""
        body = None if self.body is ABSENT else [self.body]
        said = [self.query, body, self.raw.hex() if self.raw else "", self.path]
        return json.dumps(said, sort_keys=True)

    @property
    def size(self) -> int:
        """How much there is to read in it."""
        return len(self.key)


@dataclass(frozen=True)
class Generator:
    """Makes up requests: `examples` an operation beside those of its schema's corners.

    `number` is the seed: the same requests in every run with it. Operations that ask for the same
    are sent the same.
    """

    description: Description
    examples: int
    number: int = 0
    _drawn: dict[str, list[Case]] = field(default_factory=dict)

    def cases(self, operation: str) -> Iterator[Case]:
        """Yield an operation's cases, none twice: valid ones, invalid ones, and those between."""
        asked = self.description.operations[operation]
        cases = [Case(), *self._of_input(asked), *self._of_names(asked)]
        cases += [Case(body=each) for each in domain_of(operation).more]
        numbers = (name for name, each in asked.query.items() if _is_number(each))
        cases += [Case({name: HUGE}) for name in numbers]
        if asked.body:
            cases += [Case(raw=each) for each in BROKEN]
        yield from {case.key: case for case in cases}.values()

    def _of_input(self, asked: Asked) -> list[Case]:
        """Query parameters and bodies."""
        if not (asked.query or asked.body):
            return []
        node = _described(asked)
        key = json.dumps(node, sort_keys=True)
        if key not in self._drawn:
            found = self._loaded(node)
            both = [*self._corners(found), *self._random(found, self.examples)]
            self._drawn[key] = [_plain(each) for each in both]
        return self._drawn[key]

    def _of_names(self, asked: Asked) -> list[Case]:
        """Names in the path of an operation that reads."""
        names = [part[1:-1] for part in asked.path.split("/") if part.startswith("{")]
        if asked.method != "GET" or not names:
            return []
        key = str(len(names))
        if key not in self._drawn:
            node = {"parameters": [_segment(f"{n}") for n in range(len(names))], "responses": _ANY}
            found = self._loaded({"get": node})
            drawn = self._random(found, self.examples // 2, negative=False)
            self._drawn[key] = [_plain(each) for each in drawn]
        return [
            Case(path={name: str(each.query[f"{n}"]) for n, name in enumerate(names)})
            for each in self._drawn[key]
        ]

    def _loaded(self, node: dict[str, Any]) -> APIOperation[Any, Any, Any, Any]:
        """Schemathesis' idea of one operation."""
        import schemathesis  # half a second, and only this chapter needs it

        document = {
            "openapi": "3.1.0",
            "info": {"title": "fuzz", "version": "1"},
            "paths": {"/": node},
        }
        config = schemathesis.Config.from_dict({"generation": {"allow-x00": False}})
        schema = schemathesis.openapi.from_dict(document, config=config)
        return schema["/"]["post" if "post" in node else "get"]

    def _corners(self, operation: APIOperation[Any, Any, Any, Any]) -> Iterator[Any]:
        """The cases of Schemathesis' coverage phase: the corners of each part of the schema."""
        from schemathesis.generation import GenerationMode

        config = operation.schema.config.generation_for(operation=operation, phase="coverage")
        cases = operation.schema.iter_coverage_cases(
            operation, generation_modes=list(GenerationMode), generation_config=config
        )
        wanted = operation.method.lower()
        return (each for each in cases if each.method.lower() == wanted)

    def _random(
        self,
        operation: APIOperation[Any, Any, Any, Any],
        examples: int,
        *,
        negative: bool = True,
    ) -> list[Any]:
        from schemathesis.generation import GenerationMode

        modes = list(GenerationMode) if negative else [GenerationMode.POSITIVE]
        strategy = st.one_of([operation.as_strategy(generation_mode=each) for each in modes])
        drawn: list[Any] = []

        def draw(case: Any) -> None:
            drawn.append(case)

        draws = settings(
            max_examples=max(1, examples),
            derandomize=False,
            database=None,
            deadline=None,
            phases=(Phase.generate,),
            suppress_health_check=list(HealthCheck),
        )
        with suppress(Unsatisfiable), _alone():
            seed(self.number)(draws(given(case=strategy)(draw)))()
        return drawn


@contextmanager
def _alone() -> Iterator[None]:
    """Keep Hypothesis from drawing what stands in the source of modules that happen to be there.

    It reads the project around it for constants: that takes a second, and another chapter, or
    somebody's conftest.py, would change what is drawn.
    """
    from hypothesis.internal.conjecture import providers

    names = ("_get_local_constants", "CONSTANTS_CACHE", "_local_constants")
    before: dict[str, Any] = {name: getattr(providers, name, None) for name in names}
    if None in before.values():  # a Hypothesis that does not
        yield
        return
    empty = type(before["_local_constants"])()
    vars(providers).update(
        _get_local_constants=lambda: empty, CONSTANTS_CACHE=type(before["CONSTANTS_CACHE"])(1024)
    )
    try:
        yield
    finally:
        vars(providers).update(before)


def _is_number(parameter: Mapping[str, Any]) -> bool:
    return bool(parameter.get("schema", {}).get("type") == "integer")


def _described(asked: Asked) -> dict[str, Any]:
    domain = domain_of(asked.operation)
    parameters = [
        {"name": name, "in": "query", "required": node.get("required", False)}
        | {"schema": generated((domain.query or {}).get(name) or node.get("schema", {}))}
        for name, node in asked.query.items()
    ]
    node: dict[str, Any] = {"parameters": parameters, "responses": _ANY}
    if asked.body:
        schema = generated(domain.body or asked.body.schema)
        node["requestBody"] = {
            "required": asked.body.required,
            "content": {JSON: {"schema": schema}},
        }
    return {"post" if asked.body else "get": node}


def _segment(name: str) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": True, "schema": _SEGMENT}


_ANY = {"default": {"description": "Judged elsewhere"}}


def _plain(case: Any) -> Case:
    """Schemathesis' case as ours."""
    from schemathesis.core import NOT_SET

    query = {str(key): _texts(value) for key, value in (case.query or {}).items()}
    if case.body is NOT_SET:
        return Case(query)
    if isinstance(case.body, (bytes, bytearray)):
        return Case(query, raw=bytes(case.body))
    try:
        json.dumps(case.body, allow_nan=False)
    except (TypeError, ValueError):
        return Case(query, raw=str(case.body).encode())
    return Case(query, body=case.body)


def _texts(value: Any) -> str | list[str]:
    if isinstance(value, (list, tuple)):
        return [_text(each) for each in value]
    return _text(value)


def _text(value: Any) -> str:
    """A value as it stands in a query."""
    return value if isinstance(value, str) else json.dumps(value)
