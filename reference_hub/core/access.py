"""Who is asking, and what they may."""

from __future__ import annotations

import hmac
import re
from collections.abc import Sequence

from . import errors, names, scopes, tokens
from .entities import Service, Token, User
from .hub import Hub

_AUTHORIZATION = re.compile(r"(?:token|bearer)\s+(\S+)\Z", re.IGNORECASE)


class Requester:
    """The owner of the token a request came with, and what the token allows right now."""

    def __init__(self, hub: Hub, token: Token, extra: frozenset[str] = frozenset()) -> None:
        self.hub = hub
        self.token = token
        self.owner: User | Service = token.owner
        self.scopes = tokens.scopes_of(hub, token)
        self.grants = scopes.parse(self.scopes | extra)

    def may(self, scope: str, kind: str, name: str) -> bool:
        """Whether a scope is held for one resource; servers are named ``user/server``."""
        return scopes.allows(self.grants, scope, kind, name, self.hub.groups_of)


def proven_name(hub: Hub, name: str, password: str) -> str | None:
    """The name, normalised, of whoever knows the password; None for others and for no name."""
    expected = hub.settings.password
    if not expected or not hmac.compare_digest(
        expected.encode(), password.encode("utf-8", "replace")
    ):
        return None
    name = names.normalize_username(name.strip())
    return name if names.is_valid_username(name) else None


def secret_in(header: str) -> str | None:
    """The secret in an Authorization header: both ``token`` and ``Bearer`` introduce one."""
    match = _AUTHORIZATION.match(header.strip())
    return match.group(1) if match else None


def identify(hub: Hub, header: str) -> Requester | None:
    """The requester behind an Authorization header, None if it is nobody; notes the activity."""
    hub.purge_expired()
    secret = secret_in(header)
    token = hub.find_token(secret) if secret else None
    if token is None:
        return None
    note_activity(hub, token)
    return Requester(hub, token)


def note_activity(hub: Hub, token: Token) -> None:
    """A used token was active, and so was its user, unless the call is their server's own."""
    now = token.last_activity = hub.clock()
    known = token.owner.last_activity
    # What was reported of the owner may lie ahead: it is never turned back.
    if not token.is_server and (known is None or known < now):
        token.owner.last_activity = now


def require(
    requester: Requester | None, needed: Sequence[str], kind: str = "", name: str = ""
) -> Requester:
    """Raise unless one of the scopes is held, for the resource if one is named.

    Held, but for other resources only: 404, the same as for an absent resource, so that nobody
    learns what exists. Not held at all: 403.
    """
    requester = require_login(requester)
    if any(_holds(requester, scope, kind, name) for scope in needed):
        return requester
    if kind and any(scope in requester.grants for scope in needed):
        raise errors.out_of_reach()
    raise errors.lacks_scope(needed)


def _holds(requester: Requester, scope: str, kind: str, name: str) -> bool:
    if kind:
        return requester.may(scope, kind, name)
    return requester.grants.get(scope, {}) is scopes.UNFILTERED


def require_some(requester: Requester | None, scope: str) -> Requester:
    """Raise unless the scope is held at all, filtered or not."""
    requester = require_login(requester)
    if scope not in requester.grants:
        raise errors.lacks_scope([scope])
    return requester


def require_login(requester: Requester | None) -> Requester:
    """Raise unless somebody is asking."""
    if requester is None:
        raise errors.not_authenticated()
    return requester


def require_token(requester: Requester | None) -> Requester:
    """Raise unless somebody is asking, and by a token: what stands for a session has no secret."""
    requester = require_login(requester)
    if not requester.token.digest:
        raise errors.not_authenticated()
    return requester


def require_admin(requester: Requester, what: str) -> None:
    """Raise unless the owner has the admin flag: scopes alone do not make admins."""
    if not requester.owner.admin:
        raise errors.admins_only(what)
