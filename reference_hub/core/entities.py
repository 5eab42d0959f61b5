"""The things a hub keeps: users, groups, services, servers, tokens."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any

from .scopes import Owner

JSON = Any
"""Whatever ``json.loads`` can return."""


@dataclass(eq=False)
class Token:
    """An API token. Its secret is known to its holder only; the hub keeps a hash."""

    id: str
    digest: str
    owner: User | Service
    scopes: tuple[str, ...]  # raw: resolved at each use, as the owner's rights change
    note: str
    created: datetime
    expires_at: datetime | None = None
    last_activity: datetime | None = None
    session_id: str | None = None
    client_id: str = ""  # of the OAuth client that it was issued through
    is_server: bool = False  # issued to a running server: its calls are not its user's activity

    @classmethod
    def standing_for(cls, user: User, now: datetime) -> Token:
        """A token that nobody can send, with all the rights of a user who came without one."""
        return cls(id="", digest="", owner=user, scopes=("inherit",), note="", created=now)


class Phase(Enum):
    """Where a server is in its life."""

    STOPPED = "stopped"
    STARTING = "starting"
    READY = "ready"


@dataclass(eq=False)
class Server:
    """A user's server: the default one (empty name) or a named one."""

    user: User
    name: str
    display_name: str
    user_options: Mapping[str, JSON] = field(default_factory=dict)
    phase: Phase = Phase.STOPPED
    started: datetime | None = None
    last_activity: datetime | None = None
    ready_at: datetime | None = None  # when a pending start comes to its end
    fate: str | None = None  # why it will come to nothing then; None: it will be ready
    failure: str | None = None  # why the last start came to nothing
    events: list[Mapping[str, JSON]] = field(default_factory=list)  # of the last start, so far
    state: Mapping[str, JSON] = field(default_factory=dict)  # what the spawner keeps of it
    address: str = ""  # scheme, host and port where a process answers for it, if one does
    is_loaded: bool = False  # looked at since it last ran, which 6.1 shows here and there
    token: Token | None = None

    @property
    def full_name(self) -> str:
        """``user/server``, as filters and models have it."""
        return f"{self.user.name}/{self.name}"

    def bind(self, raw_scopes: Iterable[str]) -> list[str]:
        """Raw scopes, those with the filter `!server` for this one."""
        own = f"={self.full_name}"
        return [f"{each}{own}" if each.endswith("!server") else each for each in raw_scopes]

    @property
    def is_active(self) -> bool:
        """Whether it runs or is about to."""
        return self.phase is not Phase.STOPPED

    @property
    def is_ready(self) -> bool:
        """Whether it answers."""
        return self.phase is Phase.READY

    @property
    def pending(self) -> str | None:
        """What it is waiting for. Stopping takes no time here, so only ``spawn`` occurs."""
        return "spawn" if self.phase is Phase.STARTING else None


@dataclass(eq=False)
class User:
    """A user, in the hub's table from creation to deletion under one number."""

    number: int
    name: str
    created: datetime
    admin: bool = False
    roles: list[str] = field(default_factory=list)
    groups: dict[str, Group] = field(default_factory=dict)
    servers: dict[str, Server] = field(default_factory=dict)
    tokens: dict[str, Token] = field(default_factory=dict)
    last_activity: datetime | None = None
    auth_state: JSON = None

    kind = "user"

    @property
    def as_owner(self) -> Owner:
        """The user as a holder of scopes."""
        return Owner("user", self.name)

    def role_names(self) -> list[str]:
        """Roles held directly and through groups."""
        through_groups = [role for group in self.groups.values() for role in group.roles]
        return [*self.roles, *through_groups]


@dataclass(eq=False)
class Group:
    """A named set of users."""

    name: str
    users: dict[int, User] = field(default_factory=dict)
    properties: dict[str, JSON] = field(default_factory=dict)
    roles: list[str] = field(default_factory=list)


@dataclass(eq=False)
class Service:
    """A program that uses the hub's API in its own name."""

    name: str
    admin: bool = False
    roles: list[str] = field(default_factory=list)
    tokens: dict[str, Token] = field(default_factory=dict)
    last_activity: datetime | None = None
    url: str = ""
    command: list[str] = field(default_factory=list)
    info: dict[str, JSON] = field(default_factory=dict)
    display: bool = True
    oauth_client_id: str = ""
    oauth_redirect: str = ""  # without one it is no OAuth client
    oauth_scopes: tuple[str, ...] = ()
    oauth_no_confirm: bool = False
    secret_digest: str = ""
    from_config: bool = False

    kind = "service"

    @property
    def as_owner(self) -> Owner:
        """The service as a holder of scopes."""
        return Owner("service", self.name)

    def role_names(self) -> list[str]:
        """Roles held; services are in no groups."""
        return list(self.roles)
