"""A hub in a thread of this process, with means to fill it, to watch it and to move its clock."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, TypeVar

import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .core import boot, spawning, times, tokens
from .core.entities import Group, Server, Service, User
from .core.hub import Hub, Settings, set_admin
from .core.operations import groups, services, shares
from .http import serve
from .http.app import create_app

ADMIN = "admin"
_Result = TypeVar("_Result")
_START_TIMEOUT = 10.0  # seconds


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


@dataclass(frozen=True)
class ReceivedRequest:
    """A request that the hub received, and the status it answered with.

    `path` is as sent, escapes and base URL included; names of headers are in lower case.
    """

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    status: int


@dataclass
class _Instead:
    status: int
    path: str
    headers: Mapping[str, str]
    times: int


class Watched:
    """The application, with a log of what it was asked, and answers that are prescribed."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.requests: list[ReceivedRequest] = []
        self.instead: list[_Instead] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        prescribed = self.prescribed(scope["raw_path"].decode("latin-1"))

        async def watch(message: Message) -> None:
            if message["type"] == "http.response.start":
                self.requests.append(received(scope, message["status"]))
            await send(message)

        if prescribed is None:
            await self.app(scope, receive, watch)
        else:
            headers = [(k.lower().encode(), v.encode()) for k, v in prescribed.headers.items()]
            start = {"type": "http.response.start", "status": prescribed.status}
            await watch({**start, "headers": [*headers, (b"content-length", b"0")]})
            await watch({"type": "http.response.body", "body": b""})

    def prescribed(self, path: str) -> _Instead | None:
        """What this path is answered with instead, if anything."""
        for each in self.instead:
            if each.path in path:
                each.times -= 1
                if each.times <= 0:
                    self.instead.remove(each)
                return each
        return None


def received(scope: Scope, status: int) -> ReceivedRequest:
    """The record of a request."""
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    path, query = scope["raw_path"].decode("latin-1"), scope["query_string"].decode("latin-1")
    return ReceivedRequest(scope["method"], path, query, headers, status)


class RunningHub:
    """A hub that listens on 127.0.0.1 from entering to leaving it.

    What a test does here is done in the hub's own thread, between two requests.
    """

    def __init__(self, settings: Settings | None = None) -> None:
        self._first = settings or Settings()
        self.clock = MovableClock()
        self.hub = Hub(self._first, self.clock)
        self.admin_token = ""
        self._watched = Watched(create_app(self.hub))
        self._socket = serve.listen("127.0.0.1", 0)
        self._ready = threading.Event()
        config = uvicorn.Config(
            self._watched, lifespan="off", ws="none", log_level="warning", access_log=False
        )
        self._server = serve.Server(config, self._started)
        self._thread = threading.Thread(
            target=self._server.run, args=([self._socket],), daemon=True, name="reference-hub"
        )

    def __enter__(self) -> RunningHub:
        self._thread.start()
        if not self._ready.wait(_START_TIMEOUT):
            raise RuntimeError(f"the reference hub did not start within {_START_TIMEOUT:.0f} s")
        self.reset()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join(_START_TIMEOUT)
        self._socket.close()

    def _started(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._ready.set()

    def _do(self, work: Callable[[], _Result]) -> _Result:
        async def run() -> _Result:
            spawning.settle_all(self.hub)
            return work()

        return asyncio.run_coroutine_threadsafe(run(), self._loop).result(_START_TIMEOUT)

    # Where it is

    @property
    def url(self) -> str:
        """The address that a browser would open, with a slash at the end."""
        return f"http://127.0.0.1:{self._socket.getsockname()[1]}{self._first.base_url}"

    @property
    def api_url(self) -> str:
        """The root of the API, without a slash at the end: what JUPYTERHUB_API_URL holds."""
        return f"{self.url}hub/api"

    # What it is like

    def reset(self) -> None:
        """Bring everything back to how it began; done before each test."""
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
        self._watched.instead.append(_Instead(status, path, headers or {}, times))
