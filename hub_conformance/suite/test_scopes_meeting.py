"""Scopes: where the scopes of a token and those of its owner meet, in every pair of filters."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ..cells import Table
from ..contract.scopes import Resource, Scopes, expand, token_scopes
from ..rules import rule
from ..sandbox import Sandbox, Token, User
from ..stage import Stage
from ._draw import draws
from ._scopes import Desk, scopes_of

pytest_plugins = ("hub_conformance.suite._scopes",)

#: Scopes that owners hold for themselves, or by a share, and some that only admins hold.
BASES = ("read:users", "tokens", "read:servers", "access:servers", "users", "list:users")
ONLY_ADMINS = ("read:hub", "admin:groups", "list:services")
FILTERS = (
    "",
    "user",
    "user={me}",
    "user={host}",
    "user={other}",
    "group={mine}",
    "group={hosts}",
    "group={both}",
    "server={me}/",
    "server={me}/lab",
    "server={host}/",
    "server={host}/lab",
    "server={other}/",
    "service={me}",
)
#: Sets of scopes that are drawn, and how large each may be.
DRAWN, MOST = 24, 5

Asked = tuple[str, ...]


def _scope(base: str, filter: str) -> str:
    return f"{base}!{filter}" if filter else base


def _drawn() -> list[Asked]:
    """Sets of scopes, the same in every run."""
    every = [_scope(base, filter) for base in BASES for filter in FILTERS]
    pool = [*every, *ONLY_ADMINS, "self"]
    found: list[Asked] = []

    @draws(DRAWN)
    @given(st.lists(st.sampled_from(pool), min_size=2, max_size=MOST, unique=True))
    def collect(asked: list[str]) -> None:
        found.append(tuple(asked))

    collect()
    return list(dict.fromkeys(found))


def asked_for(desk: Desk) -> list[Asked]:
    """What tokens are asked with: every scope, some with each filter, and what Hypothesis draws."""
    whole: list[Asked] = [(each,) for each in sorted(desk.everything)]
    alone = [(_scope(base, filter),) for base, filter in itertools.product(BASES[:4], FILTERS)]
    found = [*whole, *alone, ("list:services!service={me}",), ("self",), ("inherit",), *_drawn()]
    return list(dict.fromkeys(found))


@dataclass(frozen=True)
class Meeting:
    """An admin to be demoted, `me`, with tokens; `host` shares a server with them, if it can be.

    `me` and `host` are in a group of their own each and in one together, `other` is in none.
    """

    me: User
    host: User
    other: User
    groups: tuple[str, str, str]
    stage: Stage
    shares: bool

    @cached_property
    def names(self) -> Mapping[str, str]:
        """What the braces stand for."""
        people = {"me": self.me.name, "host": self.host.name, "other": self.other.name}
        return {**people, **dict(zip(("mine", "hosts", "both"), self.groups, strict=True))}

    @cached_property
    def members(self) -> Mapping[str, frozenset[str]]:
        """The groups of each user."""
        mine, hosts, both = self.groups
        return {self.me.name: frozenset({mine, both}), self.host.name: frozenset({hosts, both})}

    def filled(self, asked: Asked) -> list[str]:
        """Scopes with names in place of braces."""
        return [each.format(**self.names) for each in asked]

    def held_by_owner(self) -> Scopes:
        """What is left to `me` when they are no admin any more."""
        own = expand({"self"}, self.stage.table, owner=Resource("user", self.me.name))
        shared = f"access:servers!server={self.host.name}/"
        return own | ({shared} if self.shares else frozenset())

    def expected(self, asked: Asked, owner_scopes: Scopes) -> Scopes:
        """What a token asked with these amounts to, for an owner with those."""
        owner = Resource("user", self.me.name)
        return token_scopes(
            self.filled(asked), owner, owner_scopes, self.stage.table, groups=self.members
        )

    def compare(self, table: Table, when: str, tokens: Mapping[Asked, Token], held: Scopes) -> None:
        """Put into a table what `GET /user` says that each token may do."""
        shared = self.held_by_owner() - held  # an admin has the share too, and may say so
        for asked, token in tokens.items():
            told, wanted = scopes_of(token.hub), self.expected(asked, held)
            told -= shared - wanted
            wrong = f"missing {sorted(wanted - told)}, too much {sorted(told - wanted)}"
            name = f"{' + '.join(asked)}, {when}"
            table.add(name, "" if told == wanted else f"{name}: {wrong}")


@pytest.fixture
def meeting(sandbox: Sandbox, stage: Stage, lacks: Callable[[str], bool]) -> Meeting:
    """The people and groups of a meeting."""
    me, (host, other) = sandbox.user("me", admin=True), sandbox.users(2, "host")
    members = ([me], [host], [me, host])
    mine, hosts, both = (sandbox.group("meeting", each) for each in members)
    shares = stage.has("5.0") and not lacks("shares")
    if shares:
        sandbox.make("share a server", f"/shares/{host.name}/", {"user": me.name})
    return Meeting(me, host, other, (mine, hosts, both), stage, shares)


@rule("scopes/token-and-owner-meet", since="3.0", needs="user-role", see="rbac/scopes.html")
def test_meeting(meeting: Meeting, sandbox: Sandbox, desk: Desk, table: Table) -> None:
    """A token may do what both its scopes and its owner's rights allow, whatever their filters.

    Of an admin it is what was asked for. When the owner is demoted, what is left lies within their
    own rights and what others share with them: of two filters the narrower one.
    """
    wanted = {
        asked: sandbox.token(meeting.me, scopes=meeting.filled(asked)) for asked in asked_for(desk)
    }
    meeting.compare(table, "an admin's", wanted, desk.everything)
    answer = sandbox.hub.patch(meeting.me.path, json={"admin": False})
    assert answer.status == 200, answer
    meeting.compare(table, "a plain user's", wanted, meeting.held_by_owner())
    table.judge()
