"""Tokens: issuing them, and what they allow."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from . import errors, hub, scopes
from .entities import Service, Token, User


def owner_scopes(home: hub.Hub, owner: User | Service) -> frozenset[str]:
    """Everything an owner may do, by roles and by shares, direct and through groups."""
    raw = role_scopes(home, owner) | shared_scopes(home, owner)
    return home.scope_table.expand(raw, owner.as_owner)


def role_scopes(home: hub.Hub, owner: User | Service) -> frozenset[str]:
    """The raw scopes of an owner's roles, direct and through groups."""
    return frozenset(scope for role in owner.role_names() for scope in home.roles[role])


def shared_scopes(home: hub.Hub, owner: User | Service) -> frozenset[str]:
    """The raw scopes that others gave to an owner or to their groups; services are given none."""
    if not isinstance(owner, User):
        return frozenset()
    shares = home.shares.of_recipients([owner, *owner.groups.values()])
    return frozenset(scope for share in shares for scope in share.scopes)


def token_bounds(home: hub.Hub, owner: User | Service) -> frozenset[str]:
    """The most that a token of the owner allows when it is used.

    In 6.1 this is less than the owner may do: shared scopes come without their subscopes. Such
    tokens can be had all the same.
    """
    by_role = home.scope_table.expand(role_scopes(home, owner), owner.as_owner)
    return by_role | shared_scopes(home, owner)


def scopes_of(home: hub.Hub, token: Token) -> frozenset[str]:
    """What a token allows now: its own scopes, never more than the owner still holds."""
    held = token_bounds(home, token.owner)
    if "inherit" in token.scopes:
        return held
    asked = home.scope_table.expand(token.scopes, token.owner.as_owner)
    # Whatever a token was made for, its holder can learn whose it is.
    asked |= scopes.identify(token.owner.as_owner)
    return scopes.intersect(scopes.reduce(asked), held, home.groups_of)


def check_issuable(home: hub.Hub, owner: User | Service, raw: Iterable[str]) -> None:
    """Raise a 400 for scopes that do not exist or that the owner does not hold."""
    asked = set(raw)
    home.scope_table.check_exist(asked)
    asked.discard("inherit")
    expanded = home.scope_table.expand(asked, owner.as_owner)
    allowed = scopes.intersect(expanded, owner_scopes(home, owner), home.groups_of)
    if excess := expanded - allowed:
        raise errors.scopes_exceed_owner(excess, owner.name)


def issue(
    home: hub.Hub,
    owner: User | Service,
    *,
    raw_scopes: Iterable[str] = ("inherit",),
    note: str = "",
    expires_in: int | None = None,
    secret: str | None = None,
    session_id: str | None = None,
    client_id: str = "",
    is_server: bool = False,
) -> tuple[Token, str]:
    """A new token and its secret, which the hub itself forgets.

    Raises a 400 for a lifetime (in seconds) that does not end in the future.
    """
    secret = secret or home.new_secret()
    token = Token(
        id=new_id(home),
        digest=hub.digest(secret),
        owner=owner,
        scopes=tuple(raw_scopes),
        note=note,
        created=home.clock(),
        expires_at=expiry(home.clock(), expires_in),
        session_id=session_id,
        client_id=client_id,
        is_server=is_server,
    )
    home.add_token(token)
    return token, secret


def new_id(home: hub.Hub) -> str:
    """An id that tells nothing. JupyterHub counts (``a12``), clients must not care."""
    return f"t-{home.new_secret()[:12]}"


def expiry(now: datetime, expires_in: int | None) -> datetime | None:
    """When a token made now will end; None for never. Raises a 400 outside the calendar."""
    if expires_in is None:
        return None
    if expires_in < 1:
        raise errors.bad_lifetime()
    try:
        return now + timedelta(seconds=expires_in)
    except OverflowError:
        raise errors.bad_lifetime() from None
