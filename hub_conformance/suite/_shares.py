"""What the rules about shares and share codes share: people, models, and how they are read."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache, cached_property
from itertools import product
from typing import Any

import pytest

from ..client import Answer
from ..hub import Hub, Page, quoted
from ..sandbox import Sandbox, User
from ._credentials import need_scopes
from ._servers import tail_of
from ._shape import (
    CLOCK_SLACK,
    hub_time,
    moment,
    object_of,
    only_fields,
    refused,
    seconds_apart,
    strings,
)

SEE = "reference/sharing.html"
#: What a share gives when nothing else is asked for.
ACCESS = "access:servers"
#: The rights that the rules make use of.
RIGHTS = ("shares", "read:shares", "users:shares", "groups:shares", "access:servers")
SERVER_FIELDS = {"user", "name", "url", "full_url", "ready"}
SHARE_FIELDS = {"server", "scopes", "user", "group", "kind", "created_at"}
CODE_FIELDS = {"server", "scopes", "id", "created_at", "expires_at"} | {
    "exchange_count",
    "last_exchanged_at",
}
#: More than any list here has, and less than any hub refuses.
WHOLE = 1000


class Pool:
    """Owners, users and groups; each two of them are brought together by one rule only.

    So that rules need no objects of their own, and what one leaves is not in another's way. More
    are made for rules that are checked again. Share codes are issued for `issuers`.
    """

    def __init__(self, sandbox: Sandbox) -> None:
        for scope in RIGHTS:
            need_scopes(sandbox.hub.target, scope)
        self._sandbox = sandbox
        people = self._more(13)
        self.owners, self.users, self.issuers = people[:4], people[4:10], people[10:]
        self.groups = [sandbox.group("sharing") for _ in range(3)]
        self._unused = {owner: list(self.users[1:]) for owner in self.owners}
        self._with_groups = product(self.owners, self.groups)
        self._hosts = iter([*self.owners, *self.issuers[:2], *self.users[5:]])

    def take(self, count: int) -> tuple[str, list[str]]:
        """Return an owner and users who have nothing to do with the owner."""
        owner = max(self._unused, key=lambda each: len(self._unused[each]))
        if len(self._unused[owner]) < count:
            owner, *more = self._more(1 + count)
            self._unused[owner] = more
        users = [self._unused[owner].pop() for _ in range(count)]
        return owner, users

    def pair(self) -> tuple[str, str]:
        """Return an owner and a user who have nothing to do with one another."""
        owner, (user,) = self.take(1)
        return owner, user

    def group_pair(self) -> tuple[str, str]:
        """Return an owner and a group who have nothing to do with one another."""
        found = next(self._with_groups, None)
        return found or (self._more(1)[0], self.groups[0])

    @cached_property
    def guest(self) -> User:
        """One of the users, whom `take` does not give away; their token is made once."""
        return User(self.users[0], self._sandbox)

    def host(self) -> str:
        """Return an owner who has nothing to do with the guest."""
        return next(self._hosts, None) or self._more(1)[0]

    def _more(self, count: int) -> list[str]:
        return [user.name for user in self._sandbox.users(count, "sharing")]


@cache
def pool_of(shared: Sandbox) -> Pool:
    """Make the pool of a run."""
    return Pool(shared)


# --- paths


def of_server(owner: str, server: str = "") -> str:
    """Return the path of the shares of a server."""
    return f"/shares/{quoted(owner)}/{quoted(server)}"


def codes_of(owner: str, server: str = "") -> str:
    """Return the path of the share codes of a server."""
    return f"/share-codes/{quoted(owner)}/{quoted(server)}"


def with_user(user: str, owner: str, server: str = "") -> str:
    """Return the path of the share that a user has of a server."""
    return f"/users/{quoted(user)}/shared/{quoted(owner)}/{quoted(server)}"


def with_group(group: str, owner: str, server: str = "") -> str:
    """Return the path of the share that a group has of a server."""
    return f"/groups/{quoted(group)}/shared/{quoted(owner)}/{quoted(server)}"


def on(owner: str, *scopes: str, server: str = "") -> list[str]:
    """Return scopes with the filter of a server, in order."""
    return sorted(f"{scope}!server={owner}/{server}" for scope in scopes)


# --- asking


def ask(hub: Hub, owner: str, server: str = "", **body: Any) -> Answer:
    """Ask to share a server; judge nothing."""
    return hub.post(of_server(owner, server), json=body)


def granted(hub: Hub, owner: str, server: str = "", **body: Any) -> dict[str, Any]:
    """Share a server; return the model in the answer."""
    return object_of(ask(hub, owner, server, **body))


def taken_back(hub: Hub, owner: str, server: str = "", **body: Any) -> dict[str, Any]:
    """Take scopes of a share back; return what the answer leaves of it."""
    return object_of(hub.patch(of_server(owner, server), json=body))


def is_held(hub: Hub, path: str) -> dict[str, Any]:
    """Return the one share at this path."""
    return object_of(hub.get(path))


def is_gone(hub: Hub, path: str) -> None:
    """Assert that there is no share at this path."""
    refused(hub.get(path), 404)


def page_of(hub: Hub, path: str, **params: Any) -> Page:
    """Read a page of a list of shares or codes; they come in pages whatever is accepted."""
    page = Page.read(hub.get(path, params=params))
    assert isinstance(page.items, list), f"items is {page.items!r}"
    assert all(isinstance(each, dict) for each in page.items), page.items
    return page


def everything(hub: Hub, path: str) -> list[dict[str, Any]]:
    """Read a whole list of shares or codes, page by page, by counting on our own."""
    found: list[dict[str, Any]] = []
    while True:
        page = page_of(hub, path, offset=len(found), limit=WHOLE)
        found += page.items
        if not page.items or len(found) >= page.total:
            assert len(found) == page.total, f"{path}: total {page.total}, {len(found)} listed"
            return found


def parties(shares: Iterable[dict[str, Any]]) -> list[tuple[str, str, str]]:
    """Return owner, server and recipient of each share, in the order of their names."""
    return sorted((*server_of(each), recipient(each)) for each in shares)


def server_of(model: dict[str, Any]) -> tuple[str, str]:
    """Return owner and name of the server in a model of a share or a code."""
    server = model.get("server")
    assert isinstance(server, dict), f"server is {server!r}"
    owner = server.get("user")
    assert isinstance(owner, dict), f"the server's user is {owner!r}"
    return str(owner.get("name")), str(server.get("name"))


def recipient(model: dict[str, Any]) -> str:
    """Return whom a share is with: `user ann`."""
    found = [f"{kind} {named['name']}" for kind in ("user", "group") if (named := model.get(kind))]
    assert len(found) == 1, f"a share is with {found}"
    return found[0]


# --- models


def check_share(
    hub: Hub, model: dict[str, Any], owner: str, server: str = "", *scopes: str, **of: str
) -> None:
    """Assert every field of a share: `of` is its recipient, `user="ann"` or `group="…"`.

    The server does not run. Without scopes the share gives access.
    """
    only_fields(model, SHARE_FIELDS)
    ((kind, name),) = of.items()
    check_server(hub, model["server"], owner, server)
    assert model["kind"] == kind, model["kind"]
    told = {each: model[each] for each in ("user", "group")}
    assert told == {"user": None, "group": None, kind: {"name": name}}, told
    wanted = on(owner, *(scopes or (ACCESS,)), server=server)
    assert sorted(strings(model["scopes"])) == wanted, model["scopes"]
    moment(model["created_at"])


def check_server(
    hub: Hub, model: Any, owner: str, server: str = "", *, ready: bool = False
) -> None:
    """Assert every field of a server as those see it who may read a share."""
    assert isinstance(model, dict), f"server is {model!r}"
    only_fields(model, SERVER_FIELDS)
    assert model["user"] == {"name": owner}, model["user"]
    assert (model["name"], model["ready"]) == (server, ready), model
    place = f"{hub.target.prefix}user/{owner}/{server}{'/' if server else ''}"
    assert tail_of(model["url"]) == place, model["url"]
    assert model["full_url"] is None or tail_of(model["full_url"]) == place, model["full_url"]


def is_now(value: Any, answer: Answer) -> None:
    """Assert that a timestamp is the time of an answer."""
    found = moment(value)
    assert seconds_apart(found, hub_time(answer)) <= CLOCK_SLACK, (value, hub_time(answer))


# --- effects


def held_by(hub: Hub, owner: str) -> set[str]:
    """Return the scopes of a token that are filtered to a server of this owner."""
    scopes = object_of(hub.get("/user")).get("scopes")
    return {each for each in strings(scopes) if f"!server={owner}/" in each}


def check_held(hub: Hub, owner: str, *scopes: str) -> None:
    """Assert that a token holds these scopes for the owner's default server, and of no other.

    Hubs may hold the scopes below them besides; JupyterHub 6.1 does not.
    """
    held = held_by(hub, owner)
    assert held >= set(on(owner, *scopes)), held
    assert all(each.endswith(f"!server={owner}/") for each in held), held


@pytest.fixture(scope="module")
def pool(shared: Sandbox) -> Pool:
    """Owners, users and groups to share with."""
    return pool_of(shared)
