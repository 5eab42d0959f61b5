"""One look at a hub through its API: large pages, few requests, and only what it may read."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import Any

from ..client import Answer
from ..errors import AnswerTooLarge
from ..hub import PAGINATION, Hub, Page, quoted
from .state import OF_OWNERS, State, TooMany

#: Items that are asked for at once, and where an answer gets too large with them.
PAGES = (500, 50)
#: Pages of one list that are read.
MOST_PAGES = 250
#: Shares and share codes are read owner by owner, for there is no list of all: in the first look
#: of a whole run for so many seconds, of one that is narrowed to some rules for so many …
SHARES_SECONDS = 10.0
SOME_SHARES_SECONDS = 2.0
#: … and in the second, which has as many to read, for so many times as long.
AGAIN = 1.5
#: Where they are, and the kind of what is there.
_OF_OWNER = {"share": "/shares", "share code": "/share-codes"}
_USERS = ("user", "server")
#: What a server has that was ever started.
_USED = ("ready", "started", "last_activity")
#: Statuses of a hub that has no such thing.
_ABSENT = (404, 405, 501)


class _Refused(Exception):
    """A kind of object cannot be read."""


class _Absent(_Refused):
    """The hub has no such list."""


@dataclass(frozen=True)
class Reader:
    """Reads what the caller's token may read. `caller` is the user whose it is, "" for a service.

    `login` is who logs in for the run: their tokens come and go with it. `shares_seconds` is how
    long the first look reads shares, 0 where this version has none; `skipped` are kinds that are
    not compared, and why.
    """

    hub: Hub
    owns: Callable[[str], bool]
    caller: str
    login: str
    shares_seconds: float
    skipped: Mapping[str, str]

    def look(self, before: State | None = None) -> State:
        """Read everything; of shares those of the same owners as `before`.

        Raises HubError when the hub does not answer.
        """
        state = State(self.owns)
        for kinds, read in (
            (_USERS, self._users),
            (("group",), self._groups),
            (("service",), self._services),
            (("token",), self._tokens),
            (("route",), self._routes),
            (OF_OWNERS, partial(self._shares, before)),
        ):
            self._read(state, kinds, read)
        if before is None and any(state.objects.get(each) for each in OF_OWNERS):
            self._read(state, _USERS, self._users)
        return state

    def _read(
        self, state: State, kinds: tuple[str, ...], read: Callable[[State, int], None]
    ) -> None:
        why = self.skipped.get(kinds[0], "")
        for limit in () if why else PAGES:
            for kind in kinds:
                state.open(kind)
            try:
                read(state, limit)
            except AnswerTooLarge as error:
                why = str(error)
                continue
            except (AssertionError, TooMany, _Refused) as error:
                why = str(error).partition("\n")[0]
                break
            except (LookupError, TypeError, ValueError, AttributeError, RecursionError):
                why = "it is not in the form of the API"  # which is for rules to find
                break
            return
        for kind in kinds:
            state.give_up(kind, why)

    def _items(self, path: str, limit: int, **params: Any) -> Iterator[Any]:
        asked = {"offset": 0, "limit": limit, **params}
        answer = _check(self.hub.get(path, params=asked, headers={"Accept": PAGINATION}))
        first = Page.read(answer)
        pages: Iterable[Page] = [first]
        if (after := first.next) is not None:
            where = {"offset": after["offset"], "limit": after["limit"]}
            pages = chain(pages, self.hub.walk(path, **where, **params))
        for number, page in enumerate(pages):
            if number == MOST_PAGES:
                raise _Refused(f"there are more than {MOST_PAGES} pages")
            yield from page.items.items() if isinstance(page.items, dict) else page.items

    def _users(self, state: State, limit: int) -> None:
        params = {"include_stopped_servers": "1"}
        try:
            for user in self._items("/users", limit, **params):
                _add_user(state, user)
        except _Refused:
            if not self.caller:
                raise
            one = _check(self.hub.get(f"/users/{quoted(self.caller)}", params=params))
            _add_user(state, one.json)

    def _groups(self, state: State, limit: int) -> None:
        for group in self._items("/groups", limit):
            state.add("group", group["name"], group)

    def _services(self, state: State, limit: int) -> None:
        answer = _check(self.hub.get("/services"))
        for name, service in answer.json.items():
            state.add("service", name, service)

    def _tokens(self, state: State, limit: int) -> None:
        if self.caller in ("", self.login):
            raise _Refused("a service has none, and those of whoever logs in come and go")
        answer = _check(self.hub.get(f"/users/{quoted(self.caller)}/tokens"))
        for token in answer.json["api_tokens"]:
            state.add("token", str(token["id"]), token, self.caller)

    def _shares(self, before: State | None, state: State, limit: int) -> None:
        if not self.shares_seconds:
            raise _Refused("this version has none")
        owners = before.owners if before else self._owners(state)
        state.owners, most = [], self.shares_seconds * (AGAIN if before else 1)
        until = time.monotonic() + min(most, self.hub.client.patience.left() / 2)
        for owner in owners:
            if time.monotonic() > until:
                break
            try:
                self._shares_of(state, owner, limit)
            except _Absent:  # who has gone meanwhile, or is beyond a filter of the token
                continue
            state.owners.append(owner)
        state.passed_over = len(owners) - len(state.owners)

    def _owners(self, state: State) -> list[str]:
        """All users who are not of the run; first those whose servers have been used."""
        users = (name for _, name in state.objects.get("user", ()))
        return list(dict.fromkeys([*filter(None, [self.caller]), *state.hosts, *users]))

    def _shares_of(self, state: State, owner: str, limit: int) -> None:
        for kind, path in _OF_OWNER.items():
            for each in self._items(f"{path}/{quoted(owner)}", limit):
                state.add(kind, *_NAMED[kind](each), owner)

    def _routes(self, state: State, limit: int) -> None:
        for path, route in self._items("/proxy", limit):
            state.add("route", path, route, _user_of(path))


def _share(share: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    to = share.get("user") or share.get("group") or {}
    name = f"{share['server']['name']} with {share['kind']} {to.get('name')}"
    return name, {"scopes": share["scopes"]}


def _share_code(code: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    return f"{code['server']['name']} by {code['id']}", code


#: The name of what is listed, and what is compared of it.
_NAMED = {"share": _share, "share code": _share_code}


def _check(answer: Answer) -> Answer:
    if answer.status == 403:
        raise _Refused("the token may not read them")
    if answer.status in _ABSENT:
        raise _Absent(f"{answer!r}")
    if answer.status != 200:
        raise _Refused(f"{answer!r}")
    return answer


def _add_user(state: State, user: dict[str, Any]) -> None:
    state.add("user", user["name"], user)
    for name, server in (user.get("servers") or {}).items():
        state.add("server", name, server, user["name"])
        if any(server.get(each) for each in _USED) and not state.owns(user["name"]):
            state.hosts.append(user["name"])


def _user_of(route: str) -> str:
    """The user to whose server a route leads; "" for any other, or on a domain of its own."""
    parts = route.strip("/").split("/")
    return parts[parts.index("user") + 1] if "user" in parts[:-1] else ""
