"""What tests do to a hub of their own: fill it, watch it, break it, and move its clock."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from .core import boot, spawning, times, tokens
from .core.entities import Group, Server, Service, User
from .core.hub import Hub, Settings, digest, set_admin
from .core.operations import groups, services, share_codes, shares
from .http.app import create_app, do_nothing
from .watched import Instead, ReceivedRequest, Watched

if TYPE_CHECKING:
    from .faults.switch import Switchboard

ADMIN = "admin"
_Result = TypeVar("_Result")


class MovableClock:
    """The time, and as much more as a test has added."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        """Now, for the hub."""
        return times.utc_now() + self.ahead

    def advance(self, seconds: float) -> None:
        """Let so many seconds pass."""
        self.ahead += timedelta(seconds=seconds)


class HubForTests(ABC):
    """A hub with means to fill it, to watch it, to break it and to move its clock."""

    _broken: ClassVar[HubForTests | None] = None  # the one hub of the process that has faults

    def __init__(self, settings: Settings | None = None) -> None:
        self._first = settings or Settings()
        self.clock = MovableClock()
        self.hub = Hub(self._first, self.clock)
        self.admin_token = ""
        self._watched = Watched(create_app(self.hub))
        self._board: Switchboard | None = None

    @property
    @abstractmethod
    def url(self) -> str:
        """The address that a browser would open, with a slash at the end."""

    @abstractmethod
    def _do(self, work: Callable[[], _Result]) -> _Result:
        """Do something to the hub, between two requests."""

    @property
    def api_url(self) -> str:
        """The root of the API, without a slash at the end: what JUPYTERHUB_API_URL holds."""
        return f"{self.url}hub/api"

    # What it is like

    def reset(self) -> None:
        """Bring everything back to how it began; done before each test."""
        self.mend()
        self.clock.ahead = timedelta()
        self.configure(**vars(self._first))
        self.clear_log()
        self._watched.instead.clear()

    def configure(self, **changes: Any) -> None:
        """Start anew with other settings, those of :class:`Settings`; tokens become invalid.

        Raises ValueError for settings that cannot stand, and for another base URL.
        """
        settings = replace(self._first, **changes)
        if settings.base_url != self._first.base_url:
            raise ValueError("base_url cannot be changed while the hub runs")

        def start_anew() -> str:
            self.hub.configure(settings)
            boot.reset(self.hub)
            admin = boot.get_or_create_user(self.hub, ADMIN)
            set_admin(admin, True)
            return tokens.issue(self.hub, admin)[1]

        self.admin_token = self._do(start_anew)

    # What is in it

    def add_user(self, name: str, *, admin: bool = False, in_groups: Iterable[str] = ()) -> User:
        """A user, in groups that are made if need be."""

        def add() -> User:
            user = self.hub.add_user(name, admin=admin)
            for group in in_groups:
                groups.join(user, self.hub.groups.get(group) or self.hub.add_group(group))
            return user

        return self._do(add)

    def add_group(self, name: str, users: Iterable[str] = (), **properties: Any) -> Group:
        """A group of users, who are made if need be."""
        contents = {"users": list(users), "properties": properties}
        return self._do(lambda: boot.load_group(self.hub, name, contents))

    def add_service(self, name: str, *, api_token: str, scopes: Iterable[str] = ()) -> Service:
        """A service that holds scopes, by a role of its own."""

        def add() -> Service:
            boot.load_service(self.hub, {"name": name, "api_token": api_token})
            service = services.find(self.hub, name)
            raw = tuple(scopes)
            self.hub.scope_table.check_exist(raw)
            self.hub.roles[f"{name}-role"] = raw
            service.roles.append(f"{name}-role")
            return service

        return self._do(add)

    def token(
        self, owner: str, *, scopes: Iterable[str] = ("inherit",), expires_in: int | None = None
    ) -> str:
        """A new token of a user, or else of a service of that name; a lifetime is in seconds."""

        def issue() -> str:
            holder = self.hub.find_user(owner) or services.find(self.hub, owner)
            raw = tuple(scopes)
            tokens.check_issuable(self.hub, holder, raw)
            return tokens.issue(self.hub, holder, raw_scopes=raw, expires_in=expires_in)[1]

        return self._do(issue)

    def start_server(self, user: str, name: str = "", **user_options: Any) -> Server:
        """A server that runs, or one that is pending with ``delay=seconds``."""

        def start() -> Server:
            owner = boot.get_or_create_user(self.hub, user)
            server = owner.servers.setdefault(name, Server(owner, name, name))
            spawning.start(self.hub, server, user_options)
            return server

        return self._do(start)

    def share(self, owner: str, server: str, *, user: str = "", group: str = "") -> None:
        """Let a user, or a group, into a server that exists."""

        def give() -> None:
            wanted = shares.ShareRequest("group" if group else "user", group or user, None)
            recipient = shares.find_recipient(self.hub, wanted)
            if recipient is None:
                raise ValueError(f"there is no {wanted.recipient_kind} {wanted.recipient!r}")
            found = shares.get_server(self.hub, owner, server)
            names = shares.shareable_names(None, found.full_name)
            self.hub.shares.grant(found, recipient, names, self.hub.clock())

        self._do(give)

    def share_code(self, owner: str, server: str = "") -> str:
        """A code by which whoever knows it gets into a server that exists, for a day."""

        def issue() -> str:
            found = shares.get_server(self.hub, owner, server)
            names = shares.shareable_names(None, found.full_name)
            now, secret = self.hub.clock(), self.hub.new_secret()
            lifetime = share_codes.read_lifetime({})
            self.hub.share_codes.add(found, names, digest(secret), now, now + lifetime)
            return secret

        return self._do(issue)

    # What happened, and what shall happen

    @property
    def requests(self) -> list[ReceivedRequest]:
        """What was received since the test began, in order of the answers."""
        return list(self._watched.requests)

    def clear_log(self) -> None:
        """Forget what was received."""
        self._watched.requests.clear()

    def answer_with(
        self,
        status: int,
        path: str = "/hub/api",
        *,
        times: int = 1,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Answer the next requests whose path contains `path` with a bare status instead."""
        self._watched.instead.append(Instead(status, path, headers or {}, times))

    def fault(self, name: str) -> ExitStack:
        """Plant a fault, until the test ends or, in a ``with`` statement, until that ends.

        ``python -m reference_hub --list-faults`` shows all. Raises ValueError for an unknown name.
        Faults are in the code, so all hubs of the process have this one as long as it is planted,
        and RuntimeError is raised where another hub has planted some.
        """
        from .faults import find
        from .faults.switch import Switchboard

        fault = find(name)
        if HubForTests._broken not in (None, self):
            raise RuntimeError("another hub of this process has faults: mend() it first")
        HubForTests._broken = self

        def plant() -> None:
            board = self._board = self._board or Switchboard(self.hub, do_nothing)
            board.on[name] = fault
            board.plant()
            self._watched.app = board.app

        self._do(plant)
        until = ExitStack()
        until.callback(self.mend, name)
        return until

    def mend(self, name: str = "") -> None:
        """Take out a fault, or all of them."""
        board = self._board
        if board is None or not board.on:
            return

        def take_out() -> None:
            for each in [name] if name else list(board.on):
                board.switch_off(each)
            self._watched.app = board.app
            if not board.on:
                HubForTests._broken = None

        self._do(take_out)
