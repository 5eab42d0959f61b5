"""Rules: what a test function of the suite says about the contract, and how it ends otherwise."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn, TypeVar

import pytest

MARK = "hub_rule"
LEVELS = ("MUST", "SHOULD")
#: What a rule may need beside a token, and `--hub-expect` may declare; `fixtures` knows how to find
#: out whether it is there.
CAPABILITIES = ("named-servers", "spawn", "shares", "services", "public-url", "user-role")
#: `--hub-destructive` must have been given; `shutdown` ends the hub, after all other rules.
DESTRUCTIVE = ("destructive", "shutdown")
#: An option without which the rule is not requested: `--hub-login`, `--hub-oauth-client`.
ACCOUNTS = ("login", "oauth-client")
SKIPPING = ("not applicable", "not requested", "untested")
DOCS = "https://jupyterhub.readthedocs.io/en/stable/"

#: The ids of all rules of the chapters imported so far.
KNOWN: set[str] = set()

_Function = TypeVar("_Function", bound=Callable[..., object])


class Vacuous(Exception):
    """Generated cases never reached what the rule is about; the message says what they met."""


class CellsFailed(AssertionError):
    """A rule that is a table of cells does not hold in some; `failed` is their number."""

    def __init__(self, said: str, failed: int) -> None:
        super().__init__(said)
        self.failed = failed


@dataclass(frozen=True)
class Rule:
    """A rule's stable id, level, first and last version, needs and source.

    `see` names the page of JupyterHub's documentation that states it (relative to DOCS), or the
    place in the hub's source where it is only seen.
    """

    id: str
    statement: str
    level: str = "MUST"
    since: str = "2.0"
    until: str | None = None
    needs: tuple[str, ...] = ()
    see: str = ""

    @property
    def chapter(self) -> str:
        """The part of the id before the slash."""
        return self.id.partition("/")[0]

    @property
    def versions(self) -> str:
        """The versions it applies to, in words."""
        return f"{self.since} to {self.until}" if self.until else f"{self.since} and later"

    @property
    def link(self) -> str:
        """Where it is stated, as a URL where there is one."""
        return DOCS + self.see if ".html" in self.see else self.see


def rule(
    id: str,
    *,
    level: str = "MUST",
    since: str = "2.0",
    until: str | None = None,
    needs: str | tuple[str, ...] = (),
    see: str = "reference/rest-api.html",
) -> Callable[[_Function], _Function]:
    """Make a test function a rule; its docstring is the rule's statement.

    Raises ValueError for an unknown level or need, or a missing docstring.
    """
    wanted = (needs,) if isinstance(needs, str) else needs
    known = CAPABILITIES + DESTRUCTIVE + ACCOUNTS
    if level not in LEVELS or set(wanted) - set(known):
        raise ValueError(f"{id}: level is one of {LEVELS}, needs are among {known}")

    def mark(function: _Function) -> _Function:
        statement = " ".join((inspect.getdoc(function) or "").split())
        if not statement:
            raise ValueError(f"{id}: the docstring is the statement of the rule; write it")
        KNOWN.add(id)
        made = Rule(id, statement, level, since, until, wanted, see)
        marked: _Function = getattr(pytest.mark, MARK)(made)(function)
        return marked

    return mark


def not_applicable(reason: str) -> NoReturn:
    """End the rule: this version, or this hub's configuration, has no such thing."""
    pytest.skip(f"not applicable: {reason}")


def not_requested(reason: str) -> NoReturn:
    """End the rule: it needs an option that was not given."""
    pytest.skip(f"not requested: {reason}")


def untested(reason: str) -> NoReturn:
    """End the rule: it should have been checked, and a prerequisite is missing."""
    pytest.skip(f"untested: {reason}")


def vacuous(reason: str) -> NoReturn:
    """End the rule: its generated cases never reached what it is about."""
    raise Vacuous(reason)


def rule_of(item: pytest.Item) -> Rule | None:
    """Return the rule that a collected item checks, if it is one."""
    mark = item.get_closest_marker(MARK)
    return mark.args[0] if mark else None


def rule_id(item: pytest.Item, found: Rule) -> str:
    """Return the id of the rule, with the cell of a parametrized one: `pagination/total[users]`."""
    _, bracket, cell = item.name.partition("[")
    return f"{found.id}{bracket}{cell}"
