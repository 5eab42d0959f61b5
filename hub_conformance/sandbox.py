"""What the suite makes on the hub, under names of its own, and how it is removed again."""

from __future__ import annotations

import itertools
import secrets
import time
from collections.abc import Callable, Iterable, Iterator, Set
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from .client import Answer
from .errors import ConnectionLost, HubError, SetupFailed
from .guard import Guard, Named
from .hub import Hub, quoted
from .lost import made_after_all
from .secret import Secret
from .user_servers import POLL_SECONDS, UserServers

PREFIX = "hubconf"
#: How long a run waits in all for users whose servers are still active to be deleted, in seconds.
DELETE_SECONDS = 30.0
#: Fresh users are made this many at a time.
BATCH = 6
#: From so many refused names on it is cheaper to look for them in a list than to delete each.
MANY = 6
#: More than any hub lists at once.
MOST = 10**6


def new_run_id(prefix: str = PREFIX) -> str:
    """Return `<prefix>-<UTC start time>-<random>`: lower-case letters, digits and dashes only."""
    started = datetime.now(UTC).strftime("%Y%m%dt%H%M%Sz")
    return f"{prefix}-{started}-{secrets.token_hex(2)}"


@dataclass(frozen=True)
class Token:
    """A token that the sandbox was issued: `model` is the answer to its creation."""

    id: str
    secret: Secret
    hub: Hub
    model: dict[str, Any]


@dataclass(frozen=True)
class User:
    """A user of the sandbox. `hub` speaks with a token that inherits all the user may do."""

    name: str
    sandbox: Sandbox = field(repr=False, compare=False)

    @property
    def path(self) -> str:
        """The user's path below the API's root."""
        return f"/users/{quoted(self.name)}"

    @cached_property
    def token(self) -> Token:
        """A token with everything the user may do, made on first use."""
        return self.sandbox.token(self)

    @property
    def hub(self) -> Hub:
        """The hub through that token."""
        return self.token.hub


class Sandbox(UserServers):
    """Makes users, groups, tokens and servers, and removes all that was made through it.

    Sandboxes nest: a rule's own lives inside the session's. What a request names without having
    come from a method here is noted by the guard and belongs to the innermost open sandbox.
    """

    def __init__(
        self,
        hub: Hub,
        guard: Guard,
        *,
        outer: Sandbox | None = None,
        spawn_seconds: float = 60.0,
        user_options: dict[str, Any] | None = None,
        room: Callable[[], int] | None = None,
    ) -> None:
        self.hub = hub
        self.guard = guard
        self.outer = outer
        self.run = guard.run
        self.spawn_seconds = spawn_seconds
        self.user_options = user_options
        #: How many more users there may be.
        self.room: Callable[[], int] = room or (outer.room if outer else lambda: MOST)
        #: Seconds that the run may still wait for users that the hub refuses to delete.
        self.patience = DELETE_SECONDS
        self._made: set[Named] = set()
        self._limited: dict[frozenset[str], Hub] = {}
        self._unused: list[User] = []
        #: Of the outermost: users whom nobody has used yet.
        self.idle: list[list[User]] = [self._unused]
        self._counter: itertools.count[int] = outer._counter if outer else itertools.count(1)
        #: Of the outermost: the one that was opened last.
        self.innermost: Sandbox = self
        self.outermost.innermost = self
        guard.noted = self._note

    def inner(self) -> Sandbox:
        """Open a sandbox inside this one; `close` it before any other is opened."""
        return Sandbox(
            self.hub,
            self.guard,
            outer=self,
            spawn_seconds=self.spawn_seconds,
            user_options=self.user_options,
        )

    # --- making

    def name(self, label: str = "x") -> str:
        """Return a new name that this run owns, for anything that has a name."""
        return f"{self.run}-{label}{next(self._counter)}"

    def fresh_user(self) -> User:
        """Return a plain user whom nobody has used yet, made several at a time by one request.

        Raises SetupFailed when the hub does not make them.
        """
        root = self.outermost
        if not root._unused:
            root._unused += root.users(self.batch())
        return self.take_over(root._unused.pop(0))

    def batch(self) -> int:
        """Return how many users to make at a time: not as many as there may be at all."""
        return max(1, min(BATCH, self.outermost.room() // 4))

    def take_over(self, user: User) -> User:
        """Count a user among what this sandbox has made, and not among any other's."""
        named = Named("user", user.name)
        user.sandbox._made.discard(named)
        self._made.add(named)
        return User(user.name, self)

    def user(self, label: str = "user", *, admin: bool = False) -> User:
        """Create a user. Raises SetupFailed when the hub does not."""
        user = User(self.name(label), self)
        self.make("create a user", user.path, {"admin": True} if admin else {})
        return user

    def users(self, count: int, label: str = "user") -> list[User]:
        """Create several users in one request, in the order of their names' numbers."""
        names = [self.name(label) for _ in range(count)]
        self.make("create users", "/users", {"usernames": names})
        return [User(name, self) for name in names]

    def make_room(self, count: int) -> None:
        """Let go of users whom nobody has used yet, until there may be so many more."""
        for users in self.outermost.idle:
            while users and self.room() < count:
                users[-1].sandbox.let_go(users.pop())

    def let_go(self, user: User) -> None:
        """Remove a user of this sandbox before its end; one that stays is tried again then."""
        named = Named("user", user.name)
        if named in self._made and self._remove(named) is None:
            self._made.discard(named)

    def group(self, label: str = "group", users: Iterable[User] = ()) -> str:
        """Create a group with these members; return its name."""
        name = self.name(label)
        self.make("create a group", f"/groups/{name}", {})
        members = [user.name for user in users]
        if members:
            self.make("add users to a group", f"/groups/{name}/users", {"users": members})
        return name

    def token(
        self,
        user: User | None = None,
        *,
        scopes: Iterable[str] | None = None,
        **body: Any,
    ) -> Token:
        """Issue a token to `user`, or to the run's grantor, by the caller's right.

        `scopes` None leaves them to the hub's default (`inherit`); other keyword arguments
        (`expires_in` in seconds) go into the request's body as they are.
        """
        owner = (user or self.grantor).name
        body.setdefault("note", self.name("token"))
        if scopes is not None:
            body["scopes"] = list(scopes)
        answer = self.make(f"issue a token to {owner}", f"/users/{quoted(owner)}/tokens", body)
        model = answer.json
        if not isinstance(model, dict) or not isinstance(model.get("token"), Secret):
            raise SetupFailed(f"the hub issued a token without saying it: {answer!r}")
        secret = model["token"]
        return Token(str(model.get("id", "")), secret, self.hub.using(secret), model)

    def own_hub(self) -> Hub | None:
        """The hub through a new token with all the rights of the given one, no more and no less."""
        if not self.guard.caller:  # a service cannot be issued tokens
            return None
        try:
            found = self.token(User(self.guard.caller, self)).hub
            model = found.get("/user").json
        except (HubError, SetupFailed, AssertionError):
            return None
        scopes = model.get("scopes") if isinstance(model, dict) else None
        told = sorted(map(str, scopes)) if isinstance(scopes, list) else None
        return found if told == list(self.hub.target.owner.scopes) else None

    @cached_property
    def grantor(self) -> User:
        """The user that limited tokens belong to, who must be an admin to hold any scope.

        A temporary admin, whose tokens vanish with them. A caller who may not make one, and is a
        user, is it instead.
        """
        if self.outer:
            return self.outer.grantor
        caller = self.guard.caller
        if caller and not self.hub.target.owner.admin:
            return User(caller, self)
        try:
            return self.user("grantor", admin=True)
        except SetupFailed:
            if not caller or self.hub.target.owner.makes_admins:
                raise
        return User(caller, self)

    def limited(self, *scopes: str) -> Hub:
        """The hub through a token of the grantor with exactly these scopes, minted once a set."""
        root, key = self.outermost, frozenset(scopes)
        if key not in root._limited:
            root._limited[key] = root.token(scopes=sorted(key)).hub
        return root._limited[key]

    def make(self, what: str, path: str, body: dict[str, Any], method: str = "POST") -> Answer:
        """Send a writing request whose objects belong to this sandbox, even while an inner is open.

        One whose answer is lost is looked up before it is sent again, once. Raises
        SetupFailed with `what` when the hub refuses.
        """
        innermost, self.guard.noted = self.guard.noted, self._note
        try:
            answer = self._request(method, path, dict(body))
        finally:
            self.guard.noted = innermost
        self._need(answer, what)
        return answer

    def _request(self, method: str, path: str, body: dict[str, Any]) -> Answer:
        try:
            return self.hub.request(method, path, json=body)
        except ConnectionLost:
            made = made_after_all(self, method, path, body)
        return made or self.hub.request(method, path, json=body)

    # --- removing

    def _note(self, named: Named) -> bool:
        """Remember what a request named, unless an outer sandbox has it already: then no news."""
        sandbox: Sandbox | None = self
        while sandbox:
            if named in sandbox._made:
                return False
            sandbox = sandbox.outer
        self._made.add(named)
        return True

    def close(self) -> list[str]:
        """Remove everything made here; return what is left, in words, with the reason.

        Goes on after a failure: one thing that cannot be removed must not keep the others.
        """
        self.guard.noted = self._note  # what is named on the way out is nobody else's
        if self.outer:  # what was refused is looked for once, in the end
            refused = {each for each in self._made & self.guard.refused if each.kind in _LISTS}
            self.outer._made |= refused
            self._made -= refused
        problems = self._removed(self._made)
        self._made.clear()
        if self.outer:
            self.outer._made |= problems.keys()  # a hub that is back by then lets them go
            self.guard.noted = self.outer._note
            self.outermost.innermost = self.outer
        return list(problems.values())

    def empty(self) -> None:
        """Remove everything made here, and stay open; what remains is tried again later."""
        self.close()
        self.outermost.innermost = self
        self.guard.noted = self._note

    @property
    def made(self) -> frozenset[Named]:
        """What is here now, for `undo`."""
        return frozenset(self._made)

    def undo(self, before: frozenset[Named]) -> None:
        """Remove what was made here since `made` was that; what remains is tried again later."""
        news = self._made - before
        self._made -= news - self._removed(news).keys()

    def _removed(self, made: Set[Named]) -> dict[Named, str]:
        """Remove these; return what is left, with what is wrong."""
        removed = (
            (each, self._remove(each)) for kind in _PATHS for each in self._removable(kind, made)
        )
        return {each: problem for each, problem in removed if problem}

    def _there(self, kind: str) -> set[str] | None:
        """Names of a kind that the hub has, lower-cased; None where they cannot be listed."""
        with suppress(HubError, AssertionError):
            pages = self.hub.walk(_LISTS[kind], limit=MOST, name_filter=self.run)
            return {str(name).lower() for page in pages for name in page.names}
        return None

    def _removable(self, kind: str, made: Set[Named]) -> Iterator[Named]:
        """What is to be removed of a kind: what was made, then what was refused and is there."""
        found = {each for each in made if each.kind == kind}
        if kind == "token":  # tokens of the run's own users vanish with them
            found = {each for each in found if not self.guard.owns(each.inside)}
        if kind == "server":  # those of users made here are stopped with them
            found = {each for each in found if Named("user", each.inside) not in made}
        refused = found & self.guard.refused
        yield from sorted(found - refused, key=_order)
        if kind in _LISTS and len(refused) >= MANY and (there := self._there(kind)) is not None:
            refused = {each for each in refused if each.name.lower() in there}
        yield from sorted(refused, key=_order)

    def _remove(self, named: Named) -> str | None:
        """Remove one thing; return what is wrong when that fails. Absent is as good as removed."""
        try:
            if self._never_was(named):
                return None
            answer = self._delete_twice(named)
            is_gone = answer.ok or self.hub.says_absent(answer)
        except (HubError, SetupFailed, AssertionError) as error:
            return f"{named.kind} {named.inside or named.name}: {error}"
        # Who was not let make it may not remove it either.
        if is_gone or (answer.status in (403, 405) and named in self.guard.refused):
            return None
        return f"{named.kind} {named.inside or named.name}: {answer!r}"

    def _never_was(self, named: Named) -> bool:
        """Whether a server was only named, in a request that was refused."""
        if named.kind != "server":
            return False
        return named.name not in self.server_models(User(named.inside, self))

    def _delete_twice(self, named: Named) -> Answer:
        """Delete a thing, again when the answer is lost: what is gone by then is as good."""
        try:
            return self._delete(named)
        except ConnectionLost:
            return self._delete(named)

    def _delete(self, named: Named) -> Answer:
        if named.kind == "server":
            return self._stop(User(named.inside, self), named.name, remove=bool(named.name))
        if named.kind == "user":
            return self._delete_user(User(named.name, self))
        path = _PATHS[named.kind].format(name=quoted(named.name), inside=quoted(named.inside))
        return self.hub.delete(path)

    def _delete_user(self, user: User) -> Answer:
        """Delete a user, named servers first: a user with active ones is not deleted.

        Real hubs stop the default server themselves, but answer 400 while it starts or stops, and
        500 while a named one is active.
        """
        if any(
            each.kind == "server" and each.inside == user.name and each.name for each in self._made
        ):
            self._stop_all(user)
        answer = self.hub.delete(user.path)
        root = self.outermost
        while not answer.ok and answer.status not in (403, 404) and root.patience > 0:
            root.patience -= POLL_SECONDS
            time.sleep(POLL_SECONDS)
            self._stop_all(user)
            answer = self.hub.delete(user.path)
        return answer

    @property
    def outermost(self) -> Sandbox:
        """The session's sandbox."""
        return self.outer.outermost if self.outer else self


def _order(named: Named) -> tuple[str, str]:
    return named.inside, named.name


#: Lists of all there are of a kind, page by page.
_LISTS = {"user": "/users", "group": "/groups"}
#: In the order of removal.
_PATHS = {
    "server": "",  # see `_stop`
    "user": "",  # see `_delete_user`
    "group": "/groups/{name}",
    "service": "/services/{name}",
    "token": "/users/{inside}/tokens/{name}",
}
