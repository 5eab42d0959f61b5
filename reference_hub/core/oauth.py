"""The hub as OAuth provider: its clients, and the codes that they change into tokens."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from urllib.parse import quote

from . import hub as hubs
from . import tokens
from .entities import Server, Service, Token, User
from .sessions import Session

CODE_LIFETIME = timedelta(minutes=5)
TOKEN_LIFETIME = 14 * 86400  # seconds
#: What JupyterHub called the right to tell who the user is, and still takes for no scope at all.
IDENTIFY = "identify"
#: What that is today: each of a client's tokens has these raw scopes, whatever it asked for.
OWN_NAME = ("read:users:name!user", "read:users:groups!user")
#: How a verifier may be made a challenge (RFC 7636).
METHODS = frozenset({"plain", "S256"})


@dataclass(frozen=True)
class Client:
    """A service or a user's server that sends users here. `allowed` are raw scopes."""

    id: str
    redirect: str
    secret_digest: str
    subject: Service | Server
    allowed: tuple[str, ...] = ()
    no_confirm: bool = False

    @property
    def name(self) -> str:
        """What users know it by."""
        if isinstance(self.subject, Service):
            return self.subject.name
        return f"the server at {self.redirect.removesuffix('oauth_callback')}"

    @property
    def access(self) -> tuple[str, str]:
        """Kind and name of what a user needs access to."""
        if isinstance(self.subject, Service):
            return "service", self.subject.name
        return "server", self.subject.full_name

    @property
    def required(self) -> str:
        """The raw scope without which nobody may use it."""
        kind, name = self.access
        return f"access:{kind}s!{kind}={name}"

    @property
    def always(self) -> tuple[str, ...]:
        """The raw scopes that each of its tokens has."""
        return (self.required, *OWN_NAME)

    def may_have(self, scopes: Iterable[str]) -> bool:
        """Whether its tokens may have these raw scopes."""
        return set(scopes) <= {*self.allowed, *self.always, IDENTIFY}

    def is_proven_by(self, secret: str) -> bool:
        """Whether this is its secret."""
        return bool(self.secret_digest and secret) and hmac.compare_digest(
            self.secret_digest, hubs.digest(secret)
        )


@dataclass(frozen=True)
class Code:
    """What a user has agreed to, until the client fetches it."""

    client: Client
    user: User
    session_id: str
    scopes: tuple[str, ...]
    expires_at: datetime
    challenge: str = ""
    method: str = "plain"

    def is_met_by(self, verifier: str) -> bool:
        """Whether the verifier belongs to the challenge that the code was asked for with (PKCE)."""
        if not self.challenge:
            return True
        if self.method == "S256":
            digest = hashlib.sha256(verifier.encode("utf-8", "replace")).digest()
            verifier = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        return hmac.compare_digest(self.challenge.encode(), verifier.encode("utf-8", "replace"))


class CodeTable:
    """Codes by their hash; each can be taken once."""

    def __init__(self) -> None:
        self._by_digest: dict[str, Code] = {}

    def add(self, secret: str, code: Code, now: datetime) -> None:
        """Keep a code, and no longer those whose time is over: they stand first."""
        for digest, old in list(islice(self._by_digest.items(), 2)):
            if old.expires_at <= now:
                del self._by_digest[digest]
        self._by_digest[hubs.digest(secret)] = code

    def find(self, secret: str, now: datetime) -> Code | None:
        """The code, unless it is unknown, used or too old."""
        found = self._by_digest.get(hubs.digest(secret))
        return found if found and found.expires_at > now else None

    def take(self, secret: str) -> None:
        """Make a code useless."""
        self._by_digest.pop(hubs.digest(secret), None)


def find_client(hub: hubs.Hub, client_id: str) -> Client | None:
    """The client of that id."""
    for service in hub.services.values():
        if service.oauth_redirect and service.oauth_client_id == client_id:
            return of_service(service)
    for server in hub.active_servers.values():
        if server_client_id(server) == client_id:
            return of_server(hub, server)
    return None


def of_service(service: Service) -> Client:
    """The client that a service is."""
    return Client(
        id=service.oauth_client_id,
        redirect=service.oauth_redirect,
        secret_digest=service.secret_digest,
        subject=service,
        allowed=service.oauth_scopes,
        no_confirm=service.oauth_no_confirm,
    )


def server_client_id(server: Server) -> str:
    """How the client of a user's server is called."""
    ending = f"-{quote(server.name, safe='')}" if server.name else ""
    return f"jupyterhub-user-{quote(server.user.name, safe='')}{ending}"


def of_server(hub: hubs.Hub, server: Server) -> Client:
    """The client that a running server is. It knows its user's rights by their token."""
    # As in the server's own address, for its cookies are bound to that path.
    path = "/".join(quote(each, safe="@~") for each in server.full_name.rstrip("/").split("/"))
    return Client(
        id=server_client_id(server),
        redirect=f"{hub.settings.base_url}user/{path}/oauth_callback",
        secret_digest=server.token.digest if server.token else "",
        subject=server,
        allowed=tuple(server.bind(hub.settings.oauth_client_allowed_scopes)),
    )


def is_agreed(client: Client, user: User, scopes: Iterable[str]) -> bool:
    """Whether a user need not be asked: their own server, or asked before for as much."""
    if client.no_confirm or (isinstance(client.subject, Server) and client.subject.user is user):
        return True
    held = [each.scopes for each in user.tokens.values() if each.client_id == client.id]
    return bool(held) and set(scopes) <= {IDENTIFY, *(scope for each in held for scope in each)}


def granted(client: Client, agreed: Iterable[str]) -> tuple[str, ...]:
    """The raw scopes of a token, of those that a user agreed to."""
    return tuple(each for each in dict.fromkeys([*client.always, *agreed]) if each != IDENTIFY)


def issue_code(
    hub: hubs.Hub,
    client: Client,
    session: Session,
    scopes: Iterable[str],
    challenge: str = "",
    method: str = "plain",
) -> str:
    """A code for what the user agreed to, with the challenge that it was asked for with (PKCE)."""
    secret = hub.new_secret()
    code = Code(
        client=client,
        user=session.user,
        session_id=session.id,
        scopes=granted(client, scopes),
        expires_at=hub.clock() + CODE_LIFETIME,
        challenge=challenge,
        method=method,
    )
    hub.codes.add(secret, code, hub.clock())
    return secret


def issue_token(hub: hubs.Hub, code: Code) -> tuple[Token, str]:
    """The token that a code becomes."""
    return tokens.issue(
        hub,
        code.user,
        raw_scopes=code.scopes,
        note="",
        expires_in=TOKEN_LIFETIME,
        session_id=code.session_id,
        client_id=code.client.id,
    )
