"""One look at a hub through its API: large pages, few requests, and only what it may read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any

from ..client import Answer
from ..errors import AnswerTooLarge
from ..hub import PAGINATION, Hub, Page, quoted
from .state import State, TooMany

#: Items that are asked for at once, and where an answer gets too large with them.
PAGES = (500, 50)
#: Pages of one list that are read.
MOST_PAGES = 250
#: Owners whose shares are read: there is no list of all.
MOST_OWNERS = 8
#: Statuses of a hub that has no such thing.
_ABSENT = (404, 405, 501)


class _Refused(Exception):
    """A kind of object cannot be read."""


class _Absent(_Refused):
    """The hub has no such list."""


@dataclass(frozen=True)
class Reader:
    """Reads what the caller's token may read. `caller` is the user whose it is, "" for a service.

    `login` is who logs in for the run: their tokens come and go with it. `skipped` are kinds that
    are not compared, and why.
    """

    hub: Hub
    owns: Callable[[str], bool]
    caller: str
    login: str
    has_shares: bool
    skipped: Mapping[str, str]

    def look(self, before: State | None = None) -> State:
        """Read everything; of shares those of the same owners as `before`.

        Raises HubError when the hub does not answer.
        """
        state = State(self.owns, owners=before.owners if before else [])
        for kinds, read in (
            (("user", "server"), self._users),
            (("group",), self._groups),
            (("service",), self._services),
            (("token",), self._tokens),
            (("share",), self._shares),
            (("route",), self._routes),
        ):
            self._read(state, kinds, read)
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

    def _shares(self, state: State, limit: int) -> None:
        if not self.has_shares:
            raise _Refused("this version has none")
        if not state.owners:
            users = (name for _, name in state.objects.get("user", {}))
            owners = dict.fromkeys([*filter(None, [self.caller]), *islice(users, MOST_OWNERS)])
            state.owners = list(owners)[:MOST_OWNERS]
        for owner in state.owners:
            for share in self._shares_of(owner, limit):
                to = share.get("user") or share.get("group") or {}
                name = f"{share['server']['name']} with {share['kind']} {to.get('name')}"
                state.add("share", name, {"scopes": share["scopes"]}, owner)

    def _shares_of(self, owner: str, limit: int) -> Iterator[Any]:
        try:
            yield from self._items(f"/shares/{quoted(owner)}", limit)
        except _Absent:
            return

    def _routes(self, state: State, limit: int) -> None:
        for path, route in self._items("/proxy", limit):
            state.add("route", path, route, _user_of(path))


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


def _user_of(route: str) -> str:
    """The user to whose server a route leads; "" for any other, or on a domain of its own."""
    parts = route.strip("/").split("/")
    return parts[parts.index("user") + 1] if "user" in parts[:-1] else ""
