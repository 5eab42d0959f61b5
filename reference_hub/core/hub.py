"""The hub's state, and how things enter and leave it.

Lookups go through indexes (user by name, token by the hash of its secret), so that a thousand
users and five thousand tokens cost no more than a handful.
"""

from __future__ import annotations

import hashlib
import heapq
import secrets
from collections.abc import Callable, Iterable
from datetime import datetime

from . import oauth, roles
from .entities import Group, Server, Service, Token, User
from .scopes import ScopeTable
from .sessions import SessionTable
from .settings import Settings
from .shares import ShareCodeTable, ShareTable
from .spawners import Simulated, Spawner
from .times import Clock, utc_now

__all__ = ["Hub", "Settings"]


class Hub:
    """Everything a hub knows. No I/O: the clock and the source of secrets are passed in."""

    def __init__(
        self,
        settings: Settings | None = None,
        clock: Clock = utc_now,
        new_secret: Callable[[], str] = lambda: secrets.token_urlsafe(24),
    ) -> None:
        self.clock = clock
        self.new_secret = new_secret
        self.spawner: Spawner = Simulated()
        self.configure(settings or Settings())

    def configure(self, settings: Settings) -> None:
        """Take other settings, and forget everything. Routes keep the base URL they were made for.

        Raises :class:`CustomScopeError` or :class:`RoleError` for settings that cannot stand.
        """
        self.settings = settings
        self.scope_table = ScopeTable(self.settings.custom_scopes)
        self.roles = roles.build(
            self.settings.load_roles, self.scope_table, self.settings.extra_user_scopes
        )
        self.clear()

    def clear(self) -> None:
        """Forget every user, group, service and token; the roles stay."""
        self._last_number = 0
        # In order of creation, which is the order of lists; renaming keeps a user's place.
        self.users: dict[int, User] = {}
        self.groups: dict[str, Group] = {}
        self.services: dict[str, Service] = {}
        self.active_servers: dict[str, Server] = {}
        self.starting: dict[Server, Server] = {}
        self._users_by_name: dict[str, User] = {}
        self._tokens_by_digest: dict[str, Token] = {}
        self._expiring: list[tuple[datetime, str, Token]] = []
        self._revoked = 0  # of those
        self.shares = ShareTable()
        self.share_codes = ShareCodeTable()
        self.sessions = SessionTable()
        self.codes = oauth.CodeTable()
        self.proxy_settings: dict[str, str] = {}

    # Users

    def find_user(self, name: str) -> User | None:
        """The user of that very name (names are case-sensitive once they exist)."""
        return self._users_by_name.get(name)

    def add_user(self, name: str, *, admin: bool = False) -> User:
        """A new user with the default roles and a default server that never ran."""
        self._last_number += 1
        user = User(self._last_number, name, created=self.clock())
        user.servers[""] = Server(user, "", "")
        self.users[user.number] = user
        self._users_by_name[name] = user
        user.roles.append("user")
        set_admin(user, admin)
        return user

    def rename_user(self, user: User, name: str) -> None:
        """Give a user another name; tokens, groups and servers stay theirs."""
        del self._users_by_name[user.name]
        active = [server for server in user.servers.values() if server.is_active]
        for server in active:
            del self.active_servers[server.full_name]
        user.name = name
        self._users_by_name[name] = user
        self.active_servers.update((server.full_name, server) for server in active)

    def remove_user(self, user: User) -> None:
        """Delete a user with their tokens, memberships, servers and shares."""
        for token in list(user.tokens.values()):
            self.remove_token(token)
        for group in user.groups.values():
            del group.users[user.number]
        for server in user.servers.values():
            self.active_servers.pop(server.full_name, None)
            self.starting.pop(server, None)
            self.forget_shares(server)
        self.shares.forget_recipient(user)
        self.sessions.forget(user)
        del self.users[user.number]
        del self._users_by_name[user.name]

    def groups_of(self, user_name: str) -> Iterable[str]:
        """Names of a user's groups; none for an absent user."""
        user = self._users_by_name.get(user_name)
        return user.groups.keys() if user else ()

    def forget_shares(self, server: Server) -> None:
        """End what others were let into, or could be, with the server itself."""
        self.shares.forget_server(server)
        self.share_codes.forget_server(server)

    # Groups and services

    def add_group(self, name: str) -> Group:
        """A new group without members."""
        group = self.groups[name] = Group(name)
        return group

    def remove_group(self, group: Group) -> None:
        """Delete a group; its members remain users."""
        for user in group.users.values():
            del user.groups[group.name]
        self.shares.forget_recipient(group)
        del self.groups[group.name]

    def add_service(self, service: Service) -> Service:
        """Register a service; an admin one gets the role."""
        self.services[service.name] = service
        set_admin(service, service.admin)
        return service

    def remove_service(self, service: Service) -> None:
        """Delete a service with its tokens."""
        for token in list(service.tokens.values()):
            self.remove_token(token)
        del self.services[service.name]

    # Tokens

    def add_token(self, token: Token) -> None:
        """Register a token under its owner and its digest."""
        token.owner.tokens[token.id] = token
        self._tokens_by_digest[token.digest] = token
        if token.expires_at is not None:
            heapq.heappush(self._expiring, (token.expires_at, token.id, token))
            self._drop_revoked()

    def remove_token(self, token: Token) -> None:
        """Revoke a token, at once."""
        token.owner.tokens.pop(token.id, None)
        if self._tokens_by_digest.get(token.digest) is token:
            del self._tokens_by_digest[token.digest]
            self._revoked += token.expires_at is not None

    def _drop_revoked(self) -> None:
        # Revoked tokens wait among those that expire; more of them than of the others are too many.
        if self._revoked > len(self._expiring) // 2 + 50:
            alive = self._tokens_by_digest
            self._expiring = [each for each in self._expiring if each[2].digest in alive]
            heapq.heapify(self._expiring)
            self._revoked = 0

    def find_token(self, secret: str) -> Token | None:
        """The token with that secret, expired or not."""
        return self._tokens_by_digest.get(digest(secret))

    def purge_expired(self) -> None:
        """Remove tokens whose time has come. Costs nothing while there are none."""
        now = self.clock()
        while self._expiring and self._expiring[0][0] <= now:
            token = heapq.heappop(self._expiring)[2]
            if token.digest in self._tokens_by_digest:
                self.remove_token(token)
            self._revoked -= 1


def digest(secret: str) -> str:
    """What the hub keeps of a secret."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def set_admin(entity: User | Service, admin: bool) -> None:
    """Set the flag and the role that goes with it."""
    entity.admin = admin
    if admin and "admin" not in entity.roles:
        entity.roles.append("admin")
    elif not admin and "admin" in entity.roles:
        entity.roles.remove("admin")
