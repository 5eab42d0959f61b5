"""OAuth: who is asked, what is handed on, and what a code becomes."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from reference_hub.core import boot, oauth, spawning, tokens
from reference_hub.core.call import Query
from reference_hub.core.entities import Server
from reference_hub.core.hub import Hub, Settings
from reference_hub.core.operations import oauth as operations
from reference_hub.core.pages import Page, Visit
from reference_hub.core.sessions import Session
from tests.reference_hub.tools import FakeClock, refusal

SECRET = "secret-of-the-lab"
REDIRECT = "/services/lab/oauth_callback"
ACCESS = "access:services!service=lab"
PROOF = {"client_id": "service-lab", "client_secret": SECRET, "grant_type": "authorization_code"}


@pytest.fixture
def lab(clock: FakeClock) -> Hub:
    """A hub with a service that ann may use, and bob may not."""
    settings = Settings(
        services=[
            {
                "name": "lab",
                "api_token": SECRET,
                "oauth_redirect_uri": REDIRECT,
                "oauth_client_allowed_scopes": ["read:users!user", "users:activity!user"],
            }
        ],
        load_roles=[{"name": "lab-users", "scopes": [ACCESS], "users": ["ann"]}],
    )
    hub = boot.reset(Hub(settings, clock=clock))
    hub.add_user("bob")
    return hub


def visit(
    hub: Hub,
    session: Session,
    scopes: list[str] | None = None,
    query: Mapping[str, str] | None = None,
) -> Visit:
    asked = {"client_id": "service-lab", "redirect_uri": REDIRECT, "response_type": "code"}
    asked |= query or {}
    parsed = parse_qs(urlencode(asked), keep_blank_values=True)
    form = {"scopes": scopes} if scopes is not None else {}
    return Visit(hub, session, "xsrf", Query(parsed), form, "/hub/api/oauth2/authorize")


def log_in(hub: Hub, name: str) -> Session:
    user = hub.find_user(name)
    assert user
    return hub.sessions.open(user, hub.clock())[0]


def handed(page: Page) -> dict[str, str]:
    assert page.status == 302
    parts = urlsplit(page.location)
    assert parts.path == REDIRECT
    return {key: values[-1] for key, values in parse_qs(parts.query).items()}


def a_code(
    hub: Hub, session: Session, scopes: list[str], query: Mapping[str, str] | None = None
) -> str:
    return handed(operations.agree(visit(hub, session, scopes, query)))["code"]


def exchange(hub: Hub, code: str, **changes: str) -> tuple[int, Any]:
    reply = operations.exchange(hub, {**PROOF, "code": code, **changes})
    return reply.status, reply.value


def test_a_user_is_asked_and_then_not_again(lab: Hub) -> None:
    session = log_in(lab, "ann")
    page = operations.authorize(visit(lab, session))
    assert page.status == 200
    assert 'value="users:activity!user"' in page.html
    code = a_code(lab, session, [ACCESS], {"state": " s&t "})
    assert exchange(lab, code)[0] == 200
    assert "code" in handed(operations.authorize(visit(lab, session, None, {"scope": ACCESS})))
    assert operations.authorize(visit(lab, session)).status == 200, "that would be more"


def test_the_state_comes_back_unchanged(lab: Hub) -> None:
    page = operations.agree(visit(lab, log_in(lab, "ann"), [ACCESS], {"state": " s&t "}))
    assert handed(page)["state"] == " s&t "


def test_nobody_is_sent_to_strangers(lab: Hub) -> None:
    session = log_in(lab, "ann")
    for wrong in ({"client_id": "service-x"}, {"redirect_uri": f"{REDIRECT}x"}):
        with refusal(400):
            operations.authorize(visit(lab, session, None, wrong))
        with refusal(400):
            operations.agree(visit(lab, session, [ACCESS], wrong))


def test_a_user_without_access_gets_no_code(lab: Hub) -> None:
    session = log_in(lab, "bob")
    with refusal(403):
        operations.authorize(visit(lab, session))
    with refusal(403):
        operations.agree(visit(lab, session, [ACCESS]))


@pytest.mark.parametrize(
    ("query", "scopes", "error"),
    [
        ({"response_type": "token"}, [], "unsupported_response_type"),
        ({"response_type": ""}, [], "invalid_request"),
        ({"scope": "admin:users"}, [], "invalid_scope"),
        ({"scope": ""}, [], "invalid_scope"),
        ({"code_challenge": "x", "code_challenge_method": "S999"}, [], "invalid_request"),
        ({}, ["admin:users"], "invalid_scope"),
        ({"scope": ACCESS}, ["users:activity!user"], "invalid_scope"),
    ],
)
def test_what_the_client_is_told(
    lab: Hub, query: dict[str, str], scopes: list[str], error: str
) -> None:
    told = handed(operations.agree(visit(lab, log_in(lab, "ann"), scopes, query)))
    assert told["error"] == error
    assert told.keys() <= {"error", "error_description"}


def test_what_was_called_identify_is_in_every_token(lab: Hub) -> None:
    session = log_in(lab, "ann")
    _, value = exchange(lab, a_code(lab, session, ["identify"]))
    assert set(value["scope"].split()) == {
        ACCESS,
        "read:users:name!user",
        "read:users:groups!user",
    }
    again = operations.authorize(visit(lab, session, None, {"scope": f"identify {ACCESS}"}))
    assert "code" in handed(again), "nobody is asked for it again"


def test_a_code_becomes_a_token_once(lab: Hub) -> None:
    session = log_in(lab, "ann")
    code = a_code(lab, session, ["users:activity!user"])
    status, value = exchange(lab, code)
    assert status == 200
    token = lab.find_token(value["access_token"])
    assert token
    assert token.session_id == session.id
    assert ACCESS in tokens.scopes_of(lab, token)
    assert "users:activity!user=ann" in tokens.scopes_of(lab, token)
    assert "tokens!user=ann" not in tokens.scopes_of(lab, token)
    assert exchange(lab, code) == (400, {"error": "invalid_grant"})


@pytest.mark.parametrize(
    ("changes", "answer"),
    [
        ({"client_secret": f"{SECRET}x"}, (401, "invalid_client")),
        ({"client_secret": ""}, (401, "invalid_client")),
        ({"client_id": "service-x"}, (401, "invalid_client")),
        ({"grant_type": "password"}, (400, "unsupported_grant_type")),
        ({"grant_type": ""}, (400, "unsupported_grant_type")),
        ({"grant_type": "refresh_token"}, (400, "invalid_request")),
        ({"grant_type": "refresh_token", "refresh_token": "x"}, (400, "unauthorized_client")),
        ({"code": "x"}, (400, "invalid_grant")),
        ({"code": ""}, (400, "invalid_request")),
        ({"redirect_uri": "/"}, (400, "invalid_request")),
    ],
)
def test_a_refused_exchange_leaves_the_code(
    lab: Hub, changes: dict[str, str], answer: tuple[int, str]
) -> None:
    code = a_code(lab, log_in(lab, "ann"), [ACCESS])
    status, value = exchange(lab, changes.pop("code", code), **changes)
    assert (status, value["error"]) == answer
    assert exchange(lab, code)[0] == 200


def test_who_is_not_proven_is_told_how_to_be(lab: Hub) -> None:
    form = {"grant_type": "authorization_code", "code": "x", "client_id": "service-x"}
    refused = operations.exchange(lab, form)
    assert refused.status == 401
    assert refused.headers["WWW-Authenticate"] == 'Bearer error="invalid_client"'


def test_a_code_does_not_live_long(lab: Hub, clock: FakeClock) -> None:
    code = a_code(lab, log_in(lab, "ann"), [ACCESS])
    clock.advance(oauth.CODE_LIFETIME.total_seconds())
    assert exchange(lab, code) == (400, {"error": "invalid_grant"})


@pytest.mark.parametrize("method", ["S256", "plain"])
def test_a_challenge_needs_its_verifier(lab: Hub, method: str) -> None:
    verifier = "v" * 50
    digest = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest())
    challenge = digest.rstrip(b"=").decode() if method == "S256" else verifier
    session = log_in(lab, "ann")
    asked = {"code_challenge": challenge, "code_challenge_method": method}
    code = a_code(lab, session, [ACCESS], asked)
    status, value = exchange(lab, code)
    assert (status, value["error"]) == (400, "invalid_request")
    status, value = exchange(lab, code, code_verifier="w" * 50)
    assert (status, value["error"]) == (400, "invalid_grant")
    assert exchange(lab, code, code_verifier=verifier)[0] == 200


def test_a_running_server_is_a_client(lab: Hub) -> None:
    ann, bob = lab.find_user("ann"), lab.find_user("bob")
    assert ann
    assert bob
    server = ann.servers[""]
    assert oauth.find_client(lab, oauth.server_client_id(server)) is None
    running(lab, server)
    asked = {
        "client_id": "jupyterhub-user-ann",
        "redirect_uri": "/user/ann/oauth_callback",
    }
    own = operations.authorize(visit(lab, log_in(lab, "ann"), None, asked))
    assert own.location.startswith("/user/ann/oauth_callback?code="), "an owner is not asked"
    with refusal(403):
        operations.authorize(visit(lab, log_in(lab, "bob"), None, asked))


def running(hub: Hub, server: Server) -> None:
    spawning.start(hub, server, None)
    spawning.settle_all(hub)
