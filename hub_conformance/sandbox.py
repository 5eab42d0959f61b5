"""What the suite makes on the hub, under names of its own, and how it is removed again."""

from __future__ import annotations

import itertools
import secrets
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from .client import Answer
from .errors import HubError, HubTooSlow, SetupFailed
from .guard import Guard, Named
from .hub import Hub, quoted
from .secret import Secret

PREFIX = "hubconf"
#: How often a server that is stopping is looked at again, in seconds.
POLL_SECONDS = 0.05
#: How long a run waits in all for users whose servers are still active to be deleted, in seconds.
DELETE_SECONDS = 30.0


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


class Sandbox:
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
    ) -> None:
        self.hub = hub
        self.guard = guard
        self.outer = outer
        self.run = guard.run
        self.spawn_seconds = spawn_seconds
        self.user_options = user_options
        #: Seconds that the run may still wait for users that the hub refuses to delete.
        self.patience = DELETE_SECONDS
        self._made: set[Named] = set()
        self._counter: itertools.count[int] = outer._counter if outer else itertools.count(1)
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
        owner = user.name if user else self.grantor
        body.setdefault("note", self.name("token"))
        if scopes is not None:
            body["scopes"] = list(scopes)
        answer = self.make(f"issue a token to {owner}", f"/users/{quoted(owner)}/tokens", body)
        model = answer.json
        if not isinstance(model, dict) or not isinstance(model.get("token"), Secret):
            raise SetupFailed(f"the hub issued a token without saying it: {answer!r}")
        secret = model["token"]
        return Token(str(model.get("id", "")), secret, self.hub.using(secret), model)

    @cached_property
    def grantor(self) -> str:
        """Name of the user that limited tokens belong to, who must be an admin to hold any scope.

        The caller where it is a user. A service cannot be issued tokens: then a temporary admin.
        """
        if self.outer:
            return self.outer.grantor
        if self.guard.caller:
            return self.guard.caller
        return self.user("grantor", admin=True).name

    def server(self, user: User, server: str = "", **options: Any) -> dict[str, Any]:
        """Start a server and wait until it is ready; return its model.

        `server` "" is the default server; `options` are user options beside those of the run.
        Raises SetupFailed when it cannot be started.
        """
        wanted = {**(self.user_options or {}), **options}
        answer = self.make("start a server", self.server_path(user, server), wanted)
        if answer.status == 202:
            self.await_start(user, server)
        model = self.server_model(user, server)
        if not (model or {}).get("ready"):
            raise SetupFailed(f"the server of {user.name} did not become ready: {model}")
        return model or {}

    def await_start(self, user: User, server: str = "") -> None:
        """Wait until a server is no longer starting, whether it came up or not.

        By the progress stream, which ends with the start; where that does not work, by looking
        again and again: it has rules of its own. Raises SetupFailed after the run's spawn limit.
        """
        with suppress(AssertionError, ValueError, HubTooSlow):
            path = f"{self.server_path(user, server)}/progress"
            self.hub.events(path, seconds=self.spawn_seconds)
        self.until(lambda: not self._is_pending(user, server), f"a server of {user.name} to start")

    def _is_pending(self, user: User, server: str) -> bool:
        return bool((self.server_model(user, server) or {}).get("pending"))

    def server_path(self, user: User, server: str = "") -> str:
        """Return the path of a user's default or named server below the API's root."""
        return f"{user.path}/servers/{quoted(server)}" if server else f"{user.path}/server"

    def server_model(self, user: User, server: str = "") -> dict[str, Any] | None:
        """Read one server out of its user's model, stopped ones too; None when it is not there."""
        return self.server_models(user).get(server)

    def server_models(self, user: User) -> dict[str, dict[str, Any]]:
        """Read all servers of a user, stopped ones too, by name; {} for a user that is gone."""
        answer = self.hub.get(user.path, params={"include_stopped_servers": "1"})
        if answer.status == 404:
            return {}
        self._need(answer, f"read the user {user.name}")
        found = answer.json.get("servers") if isinstance(answer.json, dict) else None
        models = found if isinstance(found, dict) else {}
        return {name: model for name, model in models.items() if isinstance(model, dict)}

    def stop(self, user: User, server: str = "", *, remove: bool = False) -> None:
        """Stop a server and wait until it has stopped, or with `remove` until it is gone.

        Raises SetupFailed when it does not.
        """
        self._need(self._stop(user, server, remove=remove), "stop a server")

    def _stop(self, user: User, server: str, *, remove: bool) -> Answer:
        """Ask for a stop until the hub takes it (some refuse, 400, while it starts), and await it.

        A hub may answer before the removal is done.
        """
        path = self.server_path(user, server)
        body = {"json": {"remove": True}} if remove else {}
        answer = self.hub.delete(path, **body)
        if answer.status == 400 and self._is_pending(user, server):
            self.await_start(user, server)
            answer = self.hub.delete(path, **body)
        if answer.ok:
            self.until(
                lambda: self._has_stopped(user, server, gone=remove),
                f"the server {server!r} of {user.name} to stop",
            )
        return answer

    def _has_stopped(self, user: User, server: str, *, gone: bool) -> bool:
        model = self.server_model(user, server)
        return model is None or not (gone or model.get("ready") or model.get("pending"))

    def until(self, happened: Callable[[], bool], what: str) -> None:
        """Wait until `happened()` is true, asking in short intervals: for what has no event.

        Raises SetupFailed after the run's spawn limit.
        """
        deadline = time.monotonic() + self.spawn_seconds
        while not happened():
            if time.monotonic() > deadline:
                raise SetupFailed(f"waited {self.spawn_seconds:g} s for {what}")
            time.sleep(POLL_SECONDS)

    def make(self, what: str, path: str, body: dict[str, Any], method: str = "POST") -> Answer:
        """Send a writing request whose objects belong to this sandbox, even while an inner is open.

        Raises SetupFailed with `what` when the hub refuses.
        """
        innermost, self.guard.noted = self.guard.noted, self._note
        try:
            answer = self.hub.request(method, path, json=body)
        finally:
            self.guard.noted = innermost
        self._need(answer, what)
        return answer

    def _need(self, answer: Answer, what: str) -> None:
        if not answer.ok:
            raise SetupFailed(f"the hub did not {what}: {answer!r}")

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
        problems = [self._remove(named) for kind in _PATHS for named in self._removable(kind)]
        self._made.clear()
        if self.outer:
            self.guard.noted = self.outer._note
        return [problem for problem in problems if problem]

    def _removable(self, kind: str) -> list[Named]:
        found = [each for each in self._made if each.kind == kind]
        if kind == "token":  # tokens of the run's own users vanish with them
            found = [each for each in found if not self.guard.owns(each.inside)]
        if kind == "server":  # those of users made here are stopped with them
            found = [each for each in found if Named("user", each.inside) not in self._made]
        return sorted(found, key=lambda each: (each.inside, each.name))

    def _remove(self, named: Named) -> str | None:
        """Remove one thing; return what is wrong when that fails. Absent is as good as removed."""
        try:
            if self._never_was(named):
                return None
            answer = self._delete(named)
        except (HubError, SetupFailed, AssertionError) as error:
            return f"{named.kind} {named.inside or named.name}: {error}"
        # Who was not let make it may not remove it either.
        if (
            answer.ok
            or answer.status == 404
            or (answer.status == 403 and named in self.guard.refused)
        ):
            return None
        return f"{named.kind} {named.inside or named.name}: {answer!r}"

    def _never_was(self, named: Named) -> bool:
        """Whether a server was only named, in a request that was refused."""
        if named.kind != "server":
            return False
        return named.name not in self.server_models(User(named.inside, self))

    def _delete(self, named: Named) -> Answer:
        if named.kind == "server":
            return self._stop(User(named.inside, self), named.name, remove=bool(named.name))
        if named.kind == "user":
            return self._delete_user(User(named.name, self))
        path = _PATHS[named.kind].format(name=quoted(named.name), inside=quoted(named.inside))
        return self.hub.delete(path)

    def _delete_user(self, user: User) -> Answer:
        """Delete a user, servers first: a user with active ones is not deleted.

        Real hubs answer 400 while the default server starts or stops, and 500 while a named one is
        active.
        """
        if any(each.kind == "server" and each.inside == user.name for each in self._made):
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

    def _stop_all(self, user: User) -> None:
        for server, model in self.server_models(user).items():
            if model.get("ready") or model.get("pending"):
                self._stop(user, server, remove=False)


#: In the order of removal.
_PATHS = {
    "server": "",  # see `_stop`
    "user": "",  # see `_delete_user`
    "group": "/groups/{name}",
    "service": "/services/{name}",
    "token": "/users/{inside}/tokens/{name}",
}
