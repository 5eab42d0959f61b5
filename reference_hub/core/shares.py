"""Shares and share codes: whose servers others were let into.

Both keep the names of scopes only. The filter, which is always the one server, is put on when they
are read, so that shares follow their server through every renaming.

Source: "Sharing access to your server" in JupyterHub's documentation; ``jupyterhub.orm`` 6.1.1.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from .entities import Group, Server, User

DEFAULT_SCOPES = frozenset({"access:servers"})
"""What a share allows when nothing else is asked for."""


def server_filter(server: str) -> str:
    """The only filter that shared scopes can have; servers are named ``user/server``."""
    return f"server={server}"


def filtered(names: Iterable[str], server: Server) -> list[str]:
    """Names of scopes with the server's filter, in order."""
    return [f"{name}!{server_filter(server.full_name)}" for name in sorted(names)]


@dataclass(eq=False)
class Share:
    """What one user or group may do with one server. There is never a second for the same two."""

    number: int
    server: Server
    recipient: User | Group
    names: frozenset[str]
    created: datetime

    @property
    def scopes(self) -> list[str]:
        """The scopes, as they are called now."""
        return filtered(self.names, self.server)


@dataclass(eq=False)
class ShareCode:
    """A share to be had by whoever knows the code. The hub keeps a hash of it."""

    number: int
    digest: str
    server: Server
    names: frozenset[str]
    created: datetime
    expires_at: datetime
    exchange_count: int = 0
    last_exchanged_at: datetime | None = None

    @property
    def id(self) -> str:
        """What the API calls the code without giving it away."""
        return f"sc_{self.number}"

    @property
    def scopes(self) -> list[str]:
        """The scopes of the shares it is exchanged for."""
        return filtered(self.names, self.server)


class ShareTable:
    """Every share of a hub, found from either side, oldest first."""

    def __init__(self) -> None:
        self._last_number = 0
        self._by_server: dict[Server, dict[User | Group, Share]] = {}
        self._by_recipient: dict[User | Group, dict[Server, Share]] = {}

    def find(self, server: Server, recipient: User | Group) -> Share | None:
        """The share of the two, None if there is none."""
        return self._by_server.get(server, {}).get(recipient)

    def of_servers(self, servers: Iterable[Server]) -> list[Share]:
        """Who was let into these servers."""
        return _oldest_first(
            share for server in servers for share in self._by_server.get(server, {}).values()
        )

    def of_recipients(self, recipients: Iterable[User | Group]) -> list[Share]:
        """What these users and groups were let into."""
        return _oldest_first(
            share for each in recipients for share in self._by_recipient.get(each, {}).values()
        )

    def grant(
        self, server: Server, recipient: User | Group, names: frozenset[str], now: datetime
    ) -> Share:
        """Let somebody in, or let them do more: granting takes nothing away."""
        share = self.find(server, recipient)
        if share is None:
            self._last_number += 1
            share = Share(self._last_number, server, recipient, names, now)
            self._by_server.setdefault(server, {})[recipient] = share
            self._by_recipient.setdefault(recipient, {})[server] = share
        share.names |= names
        return share

    def revoke(self, share: Share, scopes: Iterable[str] | None = None) -> Share | None:
        """Take scopes away, or all of them; without any the share is gone, and None returned.

        Only scopes with the server's filter count: ``servers`` alone is not in any share.
        """
        taken = set(share.scopes if scopes is None else scopes)
        end = f"!{server_filter(share.server.full_name)}"
        share.names = frozenset(name for name in share.names if name + end not in taken)
        if share.names:
            return share
        self.remove(share)
        return None

    def remove(self, share: Share) -> None:
        """Take a share away, at once."""
        self._by_server.get(share.server, {}).pop(share.recipient, None)
        self._by_recipient.get(share.recipient, {}).pop(share.server, None)

    def forget_server(self, server: Server) -> None:
        """A server's shares end with it."""
        for share in self.of_servers([server]):
            self.remove(share)
        self._by_server.pop(server, None)

    def forget_recipient(self, recipient: User | Group) -> None:
        """What somebody was let into ends with them."""
        for share in self.of_recipients([recipient]):
            self.remove(share)
        self._by_recipient.pop(recipient, None)


def _oldest_first(shares: Iterable[Share]) -> list[Share]:
    return sorted(shares, key=lambda share: share.number)


class ShareCodeTable:
    """Every share code of a hub. Each look first lets those go whose time is over."""

    def __init__(self) -> None:
        self._last_number = 0
        self._by_server: dict[Server, dict[str, ShareCode]] = {}
        self._by_digest: dict[str, ShareCode] = {}

    def add(
        self,
        server: Server,
        names: frozenset[str],
        digest: str,
        now: datetime,
        expires_at: datetime,
    ) -> ShareCode:
        """Register a code under its digest."""
        self._last_number += 1
        code = ShareCode(self._last_number, digest, server, names, now, expires_at)
        self._by_server.setdefault(server, {})[code.id] = code
        self._by_digest[digest] = code
        return code

    def find(self, digest: str, now: datetime) -> ShareCode | None:
        """The code of that digest, None if it is unknown or expired."""
        self.purge(now)
        return self._by_digest.get(digest)

    def of_servers(self, servers: Iterable[Server], now: datetime) -> list[ShareCode]:
        """The codes that let into these servers, oldest first."""
        self.purge(now)
        found = [code for each in servers for code in self._by_server.get(each, {}).values()]
        return sorted(found, key=lambda code: code.number)

    def remove(self, code: ShareCode) -> None:
        """Make a code worthless; the shares it was exchanged for stay."""
        del self._by_digest[code.digest]
        del self._by_server[code.server][code.id]

    def forget_server(self, server: Server) -> None:
        """A server's codes end with it."""
        for code in list(self._by_server.get(server, {}).values()):
            self.remove(code)
        self._by_server.pop(server, None)

    def purge(self, now: datetime) -> None:
        """Remove the codes whose time has come."""
        for code in [code for code in self._by_digest.values() if code.expires_at <= now]:
            self.remove(code)
