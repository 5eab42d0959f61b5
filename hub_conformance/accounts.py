"""What some rules need beside a token: a user who can log in, and a client of the hub's OAuth.

Both carry a secret, so both are given as the token is: in the environment, in a file, or as a flag,
which other users of the machine can see in the list of processes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from .errors import UsageError
from .secret import Scrubber, Secret
from .spellings import SHORTEST

LOGIN_VARIABLE = "HUB_CONFORMANCE_LOGIN"
CLIENT_VARIABLE = "HUB_CONFORMANCE_OAUTH_CLIENT"
#: How JupyterHub calls the OAuth client of a service.
OF_SERVICE = "service-"


@dataclass(frozen=True)
class Login:
    """A user who logs in with a password. Rules issue them tokens, and revoke those again."""

    user: str
    password: Secret

    @classmethod
    def parse(cls, text: str) -> Login:
        """Read `USER:PASSWORD`. Raises UsageError for anything else."""
        user, colon, password = text.partition(":")
        if not (user and colon and password):
            raise UsageError("--hub-login: give USER:PASSWORD")
        return cls(user, _long_enough(password, "--hub-login: a password"))

    def dump(self) -> str:
        """Undo `parse`, for a worker of pytest-xdist."""
        return f"{self.user}:{self.password.reveal()}"


@dataclass(frozen=True)
class OAuthClient:
    """A service as a client of the hub's OAuth; `redirect` is the address registered for it."""

    id: str
    secret: Secret
    redirect: str

    @classmethod
    def parse(cls, text: str, prefix: str) -> OAuthClient:
        """Read `ID:SECRET[:REDIRECT]`. Raises UsageError for anything else.

        Without an address it is the one that a service has by default, below the hub's `prefix`.
        """
        identifier, _, rest = text.partition(":")
        secret, _, redirect = rest.partition(":")
        if not (identifier and secret):
            raise UsageError("--hub-oauth-client: give ID:SECRET or ID:SECRET:REDIRECT")
        if not redirect and not identifier.startswith(OF_SERVICE):
            raise UsageError(
                f"--hub-oauth-client: {identifier} is not called after a service, so the address"
                " that it is registered with must be given, as ID:SECRET:REDIRECT"
            )
        service = identifier.removeprefix(OF_SERVICE)
        redirect = redirect or f"{prefix}services/{service}/oauth_callback"
        return cls(identifier, _long_enough(secret, "--hub-oauth-client: a secret"), redirect)

    @property
    def service(self) -> str:
        """The name of the service, by what its client is called."""
        return self.id.removeprefix(OF_SERVICE)

    def dump(self) -> str:
        """Undo `parse`, for a worker of pytest-xdist."""
        return f"{self.id}:{self.secret.reveal()}:{self.redirect}"


@dataclass(frozen=True)
class Accounts:
    """Both of them, as far as they were given."""

    login: Login | None = None
    client: OAuthClient | None = None

    def learn(self, scrubber: Scrubber) -> None:
        """Have the secrets blanked wherever they turn up."""
        if self.login:
            scrubber.learn(self.login.password)
        if self.client:
            scrubber.learn(self.client.secret)

    def dump(self) -> dict[str, str]:
        """Return plain text, for a worker of pytest-xdist."""
        given = {"login": self.login, "client": self.client}
        return {key: each.dump() for key, each in given.items() if each}

    @classmethod
    def parse(cls, login: str | None, client: str | None, prefix: str) -> Accounts:
        """Read both from text. Raises UsageError for what cannot be used."""
        return cls(
            Login.parse(login) if login else None,
            OAuthClient.parse(client, prefix) if client else None,
        )


def pick(
    option: str, flag: Secret | None, path: str | None, environment: Mapping[str, str]
) -> str | None:
    """Return what was given as `option`: by the flag, else in the file, else the environment.

    Raises UsageError for a file that cannot be read, and for a flag or file without a value.
    """
    variable = LOGIN_VARIABLE if option == "hub-login" else CLIENT_VARIABLE
    if flag is not None:
        found, where = flag.reveal(), f"--{option}"
    elif path is not None:
        found, where = _text_in(Path(path), option), f"--{option}-file"
    else:
        return environment.get(variable, "").strip() or None
    if not found.strip():
        raise UsageError(f"{where} is given without a value")
    return found.strip()


def _text_in(path: Path, option: str) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:  # it holds the whole file, so nothing is raised from here
        reason = "it is no text"
    except OSError as error:
        reason = error.strerror or str(error)
    raise UsageError(f"--{option}-file: {path} cannot be read: {reason}")


def _long_enough(text: str, what: str) -> Secret:
    if len(text) < SHORTEST:
        raise UsageError(
            f"{what} of less than {SHORTEST} characters cannot be kept out of the report: it would"
            " be blanked in the middle of words"
        )
    return Secret(text)
