"""Credentials that no longer count, made once a run: rules about expiry share one wait."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass
from functools import cache

from ..capabilities import ABSENT, LATER
from ..errors import SetupFailed
from ..hub import Hub, quoted
from ..rules import not_applicable, not_requested, untested
from ..sandbox import Sandbox, Token, User
from ..target import Target

#: Lifetime of a brief token, the shortest that can be asked for, in seconds.
BRIEF = 1
#: Waited beyond the lifetime, in seconds: a hub may count its time in coarser steps than ours.
GRACE = 0.2
#: Scopes that open most of what there is, in every version that honours them.
POWERFUL = ("admin:users", "admin:groups", "admin:servers", "tokens", "proxy", "shutdown")


@dataclass(frozen=True)
class Brief:
    """An admin's tokens of one second, one used in its time and one not, beside a lasting one.

    An admin's, because what a plain user's token may not do it is refused for that reason already.
    `limited` has scopes of its own, `plain` belongs to a plain user.
    """

    owner: User
    used: Token
    unused: Token
    limited: Token
    plain: Token
    plain_owner: User
    lasting: Token
    minted: float

    def expired(self) -> tuple[Token, Token]:
        """Return the tokens used and unused once they have expired: the first call waits for it."""
        time.sleep(max(0.0, self.minted + BRIEF + GRACE - time.monotonic()))
        return self.used, self.unused


@cache
def brief(shared: Sandbox) -> Brief:
    """Mint the brief tokens of this run; the wait for their end is left to `Brief.expired`."""
    owner = shared.user("brief", admin=True)
    lasting = shared.token(owner, expires_in=3600)
    plain_owner = shared.user("brief")
    used = shared.token(owner, expires_in=BRIEF)
    used.hub.get("/user")
    limited = shared.token(owner, scopes=POWERFUL, expires_in=BRIEF)
    limited.hub.get("/user")
    plain = shared.token(plain_owner, expires_in=BRIEF)
    unused = shared.token(owner, expires_in=BRIEF)
    return Brief(owner, used, unused, limited, plain, plain_owner, lasting, time.monotonic())


@cache
def revoked(shared: Sandbox, *, limited: bool = False) -> Token:
    """Mint a token of an admin, with all their rights or with scopes, use it and revoke it."""
    owner = shared.user("revoked", admin=True)
    token = shared.token(owner, scopes=POWERFUL if limited else None)
    token.hub.get("/user")
    answer = shared.hub.delete(f"{owner.path}/tokens/{quoted(token.id)}")
    if not answer.ok:
        raise SetupFailed(f"the hub did not revoke a token: {answer!r}")
    return token


def need_scopes(target: Target, *scopes: str) -> None:
    """End the rule as untested where the token of this run lacks one of these scopes."""
    if missing := sorted(set(scopes) - set(target.owner.scopes)):
        untested(f"the token lacks {', '.join(missing)}")


@dataclass(frozen=True)
class Service:
    """A service, and the hub through its token."""

    name: str
    hub: Hub


@cache
def service(shared: Sandbox) -> Service:
    """The caller, where it is a service, else a service made for the run (from 5.0 on).

    Ends the rule where there is neither: as not requested, or not applicable.
    """
    target: Target = shared.hub.target
    if target.owner.kind == "service":
        return Service(target.owner.name, shared.hub)
    if target.applies < (5, 0):
        not_requested("the token of a service: before 5.0 none can be made through the API")
    name = shared.name("service")
    secret = shared.hub.client.scrubber.learn(secrets.token_hex(16))
    answer = shared.hub.post(f"/services/{name}", json={"api_token": secret.reveal()})
    if answer.status in ABSENT:
        not_applicable(LATER["services"])
    if answer.status != 201:
        raise SetupFailed(f"the hub did not create a service: {answer!r}")
    return Service(name, shared.hub.using(secret))
