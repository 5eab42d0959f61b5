"""The contract's operations and scopes as objects."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import quote, unquote

#: The kinds of object that a filter of a scope can name.
KINDS = ("user", "server", "group", "service")


@dataclass(frozen=True)
class ScopeDefinition:
    """One scope of the table.

    `subscopes` are held along with it; `stands_for` is what the metascope `self` becomes, for the
    owner's own objects. `since` and `until` are minor versions, None where there is no bound.
    """

    name: str
    description: str
    subscopes: tuple[str, ...] = ()
    stands_for: tuple[str, ...] = ()
    since: str | None = None
    until: str | None = None


@dataclass(frozen=True)
class Requirement:
    """A scope that opens an operation, and the kinds of filter under which it does.

    With `partial`, the request names no object, and the scope opens it whatever the filters name,
    as long as each is of those kinds.
    """

    scope: str
    filters: frozenset[str]
    partial: bool = False


@dataclass(frozen=True)
class Parameter:
    """A parameter of an operation. `kind` is what a path parameter names, "" for any other."""

    name: str
    location: str
    required: bool
    kind: str
    schema: Mapping[str, Any]


@dataclass(frozen=True)
class Operation:
    """One operation of the contract, as one version of the hub has it.

    `path` is the template below the API's base URL. `authenticated` says that it takes valid
    credentials; `scopes` are the alternatives that open it, and where there are none any valid
    credentials do. `outside_filter` is the status when a scope is held for other objects only.
    """

    id: str
    method: str
    path: str
    summary: str
    authenticated: bool
    scopes: tuple[Requirement, ...]
    outside_filter: int
    parameters: tuple[Parameter, ...]
    statuses: frozenset[int]
    takes_body: bool
    deprecated: bool
    since: str | None
    until: str | None

    @property
    def successes(self) -> frozenset[int]:
        """The statuses below 400."""
        return frozenset(status for status in self.statuses if status < 400)

    @property
    def errors(self) -> frozenset[int]:
        """The statuses of 400 and above."""
        return self.statuses - self.successes

    @property
    def paginated(self) -> bool:
        """Whether it answers in pages when asked to."""
        return any(each.name == "offset" for each in self.parameters)

    @property
    def path_parameters(self) -> tuple[Parameter, ...]:
        """The parameters in the path, in their order."""
        return tuple(each for each in self.parameters if each.location == "path")

    def url(self, **names: str) -> str:
        """The path with its parameters filled in, each percent-encoded. Raises KeyError."""
        return re.sub(r"\{(\w+)\}", lambda found: quote(names[found[1]], safe=""), self.path)

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """What its paths look like; the base alone stands for "/" too."""
        return path_pattern(self.path, may_be_empty=frozenset({"server_name", "token_id"}))


@dataclass(frozen=True)
class Match:
    """The operation that a real path belongs to, and the decoded values of its parameters."""

    operation_id: str
    parameters: Mapping[str, str]


def path_pattern(template: str, *, may_be_empty: frozenset[str]) -> re.Pattern[str]:
    """A pattern for the percent-encoded paths of a template."""
    if template == "/":
        return re.compile(r"/?")

    def group(found: re.Match[str]) -> str:
        return f"(?P<{found[1]}>[^/]{'*' if found[1] in may_be_empty else '+'})"

    return re.compile(re.sub(r"\\\{(\w+)\\\}", group, re.escape(template)))


def decoded(found: re.Match[str]) -> dict[str, str]:
    """The parameters of a matched path. Only here is the encoding undone, as `%2F` is no slash."""
    return {name: unquote(value) for name, value in found.groupdict().items()}
