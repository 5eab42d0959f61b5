"""What the rules about pagination share: the three lists, their limits, and objects to list."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import pytest

from ..client import Answer
from ..errors import NeedsAdmin, NoRoom, SetupFailed
from ..hub import MOST_PAGES, PAGINATION, Hub, Page
from ..rules import untested
from ..sandbox import Sandbox, User
from ..session import Run
from ._pagination_urls import as_pairs, check_next_url

SEE = "howto/rest.html#paginating-api-requests"
#: Where no document states it and all releases do it alike.
SEEN = "jupyterhub/apihandlers/base.py, get_api_pagination"
SEEN_USERS = "jupyterhub/apihandlers/users.py, UserListAPIHandler"
PAGED = {"Accept": PAGINATION}
LISTS = ("users", "groups", "proxy")
#: More than any hub allows on a page.
HUGE = 10**6
#: How often a list that strangers, or other workers, change is read again before it is given up.
ATTEMPTS = 40
#: How many failures are believed, and how many checks that hold after the first one tell that it
#: was a stranger's doing.
REPEATS = 6
#: How often a list is looked at to tell that nobody changes it, after a check that failed.
LOOKS = 3


def names_of(items: Any) -> list[str]:
    """Names of users or groups, or specifications of routes, in the order of the list."""
    if isinstance(items, dict):
        return list(items)
    assert isinstance(items, list), f"a list is {items!r}"
    for each in items:
        assert isinstance(each, dict), f"an item of the list is {each!r}"
        assert "name" in each, f"an item of the list has no name: {each}"
    return [each["name"] for each in items]


def check_shape(page: Page, kind: type) -> None:
    """Assert the types of a page: numbers that are whole, items in the form of their list."""
    for name in ("offset", "limit", "total"):
        value = getattr(page, name)
        assert type(value) is int, f"_pagination.{name} is {value!r}"
    assert isinstance(page.items, kind), f"items is {type(page.items).__name__}"
    assert page.next is None or isinstance(page.next, dict), f"next is {page.next!r}"


@dataclass(frozen=True)
class Limits:
    """Sizes of a page: without a limit in the request, and at most."""

    default: int
    most: int

    def usable(self, *sizes: int) -> list[int]:
        """Those of the sizes that the hub grants."""
        return [size for size in sizes if 0 < size <= self.most]


@dataclass(eq=False)
class Listing:
    """One of the three lists through one credential, narrowed by `query`.

    `own` are the names of the sandbox's objects in it, in the order of their creation; `known` is
    the whole list as it was last read; `is_busy` tells that others were seen to change it.
    """

    hub: Hub
    path: str
    query: Mapping[str, Any] = field(default_factory=dict)
    own: tuple[str, ...] = ()
    known: list[str] | None = field(default=None, repr=False)
    is_busy: bool = False

    @property
    def kind(self) -> type:
        """The JSON type of the list: routes are an object, keyed by their specification."""
        return dict if self.path == "/proxy" else list

    @property
    def is_ordered(self) -> bool:
        """Whether the order inside a page means something: the keys of an object have none."""
        return self.kind is list

    def through(self, hub: Hub) -> Listing:
        """Return the same list through another credential."""
        return replace(self, hub=hub, known=None)

    def ask(self, *, paged: bool, **params: Any) -> Answer:
        """GET the list in one of its two forms."""
        headers = PAGED if paged else {"Accept": "application/json"}
        return self.hub.get(self.path, params={**self.query, **params}, headers=headers)

    def page(self, **params: Any) -> Page:
        """GET a page and assert the types of its parts."""
        page = Page.read(self.ask(paged=True, **params))
        check_shape(page, self.kind)
        return page

    def plain(self, **params: Any) -> Any:
        """GET the list as it is without the Accept header: a list, of routes an object."""
        answer = self.ask(paged=False, **params)
        assert answer.status == 200, answer
        assert isinstance(answer.json, self.kind), f"{answer!r} is {type(answer.json).__name__}"
        return answer.json

    def names(self, **params: Any) -> list[str]:
        """Names in the plain list."""
        return names_of(self.plain(**params))

    def both(self, **params: Any) -> Page:
        """GET both forms, assert that they list the same, and return the page.

        Without a limit the two forms have different ones, so give one.
        """
        page, plain = self.page(**params), self.names(**params)
        assert self.same(names_of(page.items), plain), f"plain {plain}, paged {page.items}"
        return page

    def same(self, left: list[str], right: list[str]) -> bool:
        """Whether two windows show the same."""
        return left == right if self.is_ordered else sorted(left) == sorted(right)

    @cached_property
    def limits(self) -> Limits:
        """The default and the maximum limit, found out by asking for none and for too much."""
        return Limits(self.page().limit, self.page(limit=HUGE).limit)

    def whole(self) -> list[str]:
        """Read the whole list by plain windows of our own counting.

        Where others add to it meanwhile, a window may repeat what the one before it had: it is read
        anew before that is believed.
        """
        for _ in range(REPEATS):
            with suppress(AssertionError):
                return self._windows()
        return self._windows()

    def _windows(self) -> list[str]:
        found: list[str] = []
        for _ in range(MOST_PAGES):
            part = self.names(offset=len(found), limit=self.limits.most)
            again = set(part) & set(found)
            assert not again, f"{self.path} at offset {len(found)} repeats {sorted(again)}"
            found += part
            if len(part) < self.limits.most:
                self.known = found
                return found
        raise AssertionError(f"{self.path} has no end: {len(found)} items read")

    def steadily(self, check: Callable[[list[str]], None]) -> None:
        """Check against the whole list; a failure counts where nobody else changes that.

        The sandbox's own users are listed alone: there one failure is enough. Groups and routes of
        strangers come and go: a failure counts where the list is seen to hold still, and it takes
        more of them once the list was seen to change. There one check that holds is enough.
        """
        failures, held = 0, 0
        for _ in range(ATTEMPTS):
            before = self.whole() if self.known is None else self.known
            try:
                check(before)
            except AssertionError:
                failures += self._is_still(before)
                if failures >= self._needed:
                    raise
            else:
                held += 1
                if not failures or self.is_busy or held == REPEATS:
                    return
        if not held:
            untested(f"GET {self.path} was changed by others each of {ATTEMPTS} times it was read")

    @property
    def _needed(self) -> int:
        """How many failures are believed."""
        return 1 if self.query else REPEATS * (1 + self.is_busy)

    def _is_still(self, before: list[str]) -> bool:
        """Whether each of some looks at the list finds what it had before (in any order)."""
        looks = (self.whole() for _ in range(1 if self.query else LOOKS))
        is_still = all(sorted(seen) == sorted(before) for seen in looks)
        self.is_busy = self.is_busy or not is_still
        return is_still

    def check_plain(self, whole: list[str], offset: int, size: int, found: list[str]) -> None:
        """Assert that these names are what offset and size cut out of the whole list."""
        wanted = whole[offset : offset + size]
        said = f"offset {offset}, limit {size}: expected {wanted}, got {found}"
        assert len(found) == len(wanted), said
        assert set(found) <= set(whole), said
        assert not self.is_ordered or found == wanted, said

    def check_window(self, whole: list[str], page: Page) -> None:
        """Assert that a page shows what its own offset and limit cut out of the whole list."""
        self.check_plain(whole, page.offset, page.limit, names_of(page.items))
        assert page.total == len(whole), f"{page.answer!r}: total {page.total} of {len(whole)}"
        end = page.offset + page.limit
        assert (page.next is None) == (end >= len(whole)), f"{page.answer!r}: next {page.next}"

    def check_filtered(self, wanted: list[str], **params: Any) -> None:
        """Assert that these and no others are listed: in both forms, and page by page.

        `total` counts what filters and scopes leave: not the page, and not the whole list.
        """
        first = self.both(limit=self.limits.most, **params)
        found = names_of(first.items)
        assert found == wanted[: first.limit], f"expected {wanted}: {first.answer!r} has {found}"
        assert first.total == len(wanted), f"total is {first.total}, expected {len(wanted)}"
        pages = self.walk(limit=part_of(len(wanted)), **params)
        assert walked(pages) == wanted, f"walked {walked(pages)}, expected {wanted}"
        totals = [page.total for page in pages]
        assert set(totals) == {len(wanted)}, f"totals are {totals}, expected {len(wanted)}"

    def follow(self, page: Page) -> Page:
        """GET the page that `next.url` leads to."""
        after = Page.read(self.hub.follow(next_of(page)["url"]))
        check_shape(after, self.kind)
        return after

    def walk(self, **params: Any) -> list[Page]:
        """Read pages by `next.url` until it is null."""
        asked = as_pairs({**self.query, **params})
        pages = [self.page(**params)]
        while (following := pages[-1].next) is not None:
            check_next_url(self.hub, self.path, next_of(pages[-1])["url"], asked)
            pages.append(self.follow(pages[-1]))
            assert len(pages) <= MOST_PAGES, f"{self.path} has no end"
            here, before = pages[-1], pages[-2].offset
            assert here.offset > before, f"next leads from offset {before} to {here.offset}"
            said = (following["offset"], following["limit"])
            assert said == (here.offset, here.limit), f"{following} leads to {here.answer!r}"
        return pages


def part_of(count: int) -> int:
    """A limit that leaves a last page shorter than the others, where there are enough items."""
    return count // 2 + 1 if count > 2 else 1


def walked(pages: list[Page]) -> list[str]:
    """Names on all these pages, in the order they were met."""
    return [name for page in pages for name in names_of(page.items)]


def next_of(page: Page) -> dict[str, Any]:
    """Return `next` of a page that has to have one."""
    assert page.next is not None, f"{page.answer!r}: total {page.total}, and next is null"
    assert isinstance(page.next.get("url"), str), f"next is {page.next}"
    return page.next


def needs_items(whole: list[str], count: int) -> None:
    """End the rule as untested where the list has fewer items than it takes to see anything."""
    if len(whole) < count:
        untested(f"the list has {len(whole)} items, and it takes {count}")


def check_refused(answer: Answer, status: int) -> None:
    """Assert a refusal in the form of the API: `{status, message}`, whatever was accepted."""
    assert answer.status == status, answer
    body = answer.json
    assert isinstance(body, dict), f"{answer!r} has the body {body!r}"
    assert body.get("status") == status, f"{answer!r} has the body {body}"
    assert "items" not in body, f"{answer!r} has items"
    assert "message" in body, f"{answer!r} has the body {body}"


@dataclass(frozen=True)
class Served:
    """Users of the sandbox by the state of their default server."""

    running: list[User]
    stopped: User
    never: User

    @property
    def names(self) -> list[str]:
        """All of them, in the order of their creation."""
        return [user.name for user in (*self.running, self.stopped, self.never)]


class Paged:
    """The lists that the chapter reads, and the objects it put there, each made on first use."""

    def __init__(self, shared: Sandbox, spawns: bool) -> None:
        self.shared = shared
        self.spawns = spawns
        self._refusal: SetupFailed | None = None

    def _new_users(self, count: int, label: str) -> list[User]:
        """Create users; where the hub refuses that once, each rule is told so without a request."""
        if self._refusal:
            raise self._refusal
        try:
            return self.shared.users(count, label)
        except SetupFailed as refusal:
            self._refusal = refusal
            raise

    def listing(self, name: str) -> Listing:
        """Return the list of that name: one of LISTS."""
        found: Listing = getattr(self, name)
        return found

    def users_of(self, label: str, users: list[User]) -> Listing:
        """The list of these users alone, whose names were made with this label."""
        query = {"name_filter": f"{self.shared.run}-{label}"}
        return Listing(self.shared.hub, "/users", query, tuple(user.name for user in users))

    @cached_property
    def users(self) -> Listing:
        """Nine users, in an order of creation that is not the one of their names.

        The second of them is an admin and was active: there is something to show.
        """
        users = [user for letter in "mza" for user in self._new_users(3, f"paged-{letter}")]
        rich, seen = users[1].path, {"last_activity": "2020-02-02T02:02:02.000002Z"}
        with suppress(NeedsAdmin):
            self.shared.make("make an admin", rich, {"admin": True}, "PATCH")
        self.shared.make("report activity", f"{rich}/activity", seen)
        return self.users_of("paged-", users)

    @cached_property
    def groups(self) -> Listing:
        """All groups, six of ours with few members or none, and a seventh with all the users."""
        members = [User(name, self.shared) for name in self.users.own]
        labels = ("paged-m", "paged-z", "paged-a") * 2
        made = [self.shared.group(label, members[: n % 3]) for n, label in enumerate(labels)]
        everybody = self.shared.group("paged-b", members)
        return Listing(self.shared.hub, "/groups", own=(*made, everybody))

    @cached_property
    def proxy(self) -> Listing:
        """All routes: the hub's own, and those of our servers where servers may be started.

        Raises SetupFailed when the run's token has no right to them.
        """
        hub = self.shared.hub
        if "proxy" not in hub.target.owner.scopes and hub.get("/proxy").status == 403:
            raise SetupFailed("the token has not the scope to list routes")
        try:
            running = self.served.running if self.spawns else []
        except NoRoom:
            raise
        except SetupFailed:
            running = []
        return Listing(hub, "/proxy", own=tuple(user.name for user in running))

    @cached_property
    def served(self) -> Served:
        """Three users with a running server, one with a stopped one, and one who never had any."""
        users = [each for letter in "cebda" for each in self._new_users(1, f"served-{letter}")]
        for user in users[:4]:
            self.shared.server(user)
        self.shared.stop(users[3])
        return Served(users[:3], users[3], users[4])

    @cached_property
    def by_state(self) -> Listing:
        """The list of the users of `served`."""
        served = self.served
        return self.users_of("served-", [*served.running, served.stopped, served.never])


@pytest.fixture(scope="module")
def paged(shared: Sandbox, hub_run: Run) -> Paged:
    """The lists of this chapter."""
    return Paged(shared, hub_run.settings.spawns)


@pytest.fixture(params=LISTS)
def listing(request: pytest.FixtureRequest, paged: Paged) -> Listing:
    """Each of the three lists: one cell a list."""
    return paged.listing(request.param)
