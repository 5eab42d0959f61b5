"""Libraries for OAuth clients, which know nothing of JupyterHub, with this hub as the provider."""

from __future__ import annotations

from pathlib import Path

import pytest

from reference_hub.running import RunningHub

from . import programs
from .test_clients import PASSWORD, environment, hub, python, said, server

__all__ = ["hub", "python", "server"]

#: Installing them takes minutes.
pytestmark = pytest.mark.nightly

REDIRECT = "https://lab.invalid/back"
ACCESS = "access:services!service=lab"
GRANTED = [ACCESS, "read:servers!user", "read:users:groups!user", "read:users:name!user"]


@pytest.mark.parametrize("pkce", ["", "plain", "S256"])
@pytest.mark.parametrize(
    ("program", "failures"),
    [
        (programs.REQUESTS_OAUTHLIB, ["InvalidClientError", "InvalidScopeError"]),
        # It knows of S256 alone. The hub takes secrets in the form, and in no header.
        (programs.AUTHLIB, ["invalid_client", "invalid_client", "invalid_grant"]),
    ],
    ids=["requests-oauthlib", "authlib"],
)
def test_a_grant(
    hub: RunningHub, python: Path, program: str, failures: list[str], pkce: str
) -> None:
    if program is programs.AUTHLIB and pkce != "S256":
        pkce, failures = "", failures[:2]
    lab = {
        "name": "lab",
        "api_token": "secret-of-lab",
        "oauth_redirect_uri": REDIRECT,
        "oauth_client_allowed_scopes": ["read:servers!user"],
    }
    role = {"name": "user", "scopes": ["self", ACCESS]}
    hub.configure(password=PASSWORD, services=[lab], load_roles=[role])
    hub.add_user("ann", in_groups=["team"])
    env = environment(
        hub,
        "",
        REDIRECT=REDIRECT,
        CLIENT_ID="service-lab",
        CLIENT_SECRET="secret-of-lab",
        PASSWORD=PASSWORD,
        PKCE=pkce,
        OAUTHLIB_INSECURE_TRANSPORT="1",
        AUTHLIB_INSECURE_TRANSPORT="1",
    )
    whose, failed = said(python, program, env)
    assert whose == ["ann", ["team"], GRANTED, "Bearer", 14 * 86400]
    assert failed == failures
