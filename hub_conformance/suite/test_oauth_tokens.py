"""OAuth: codes become tokens, once, for the client that they were handed to."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from ..accounts import Login, OAuthClient
from ..browser import Browser
from ..guard import Guard, Named
from ..hub import Hub, quoted
from ..rules import not_applicable, not_requested, rule
from ..sandbox import Sandbox
from ..secret import Secret
from ..session import Run
from ._oauth import Flow, hands_on_no_code, offered, refused_with, token_in
from ._sessions import REDIRECTS, ask_for_token, logged_in, tokens_of, who_is
from ._shape import moment, object_of, refused, single, strings

pytest_plugins = ("hub_conformance.suite._sessions",)

NEEDS = ("login", "oauth-client")
SEE = "explanation/oauth.html"
NO_CLIENT = {401: frozenset({"invalid_client"})}
NO_GRANT = {400: frozenset({"invalid_grant"})}
NO_SENSE = {400: frozenset({"invalid_request", "invalid_grant", "unsupported_grant_type"})}


@pytest.fixture
def flow(hub: Hub, session: Browser, oauth_client: OAuthClient) -> Flow:
    """The user who has logged in, on the way to the service."""
    return Flow(hub, session, oauth_client)


# --- a code


# Before the service has tokens of the user: they would stand for an agreement.
@rule("oauth/more-scopes-are-asked-about-again", since="3.0", needs=NEEDS, see=SEE)
def test_agreed_to_less(hub: Hub, login: Login, oauth_client: OAuthClient) -> None:
    """Who agreed to less than a service asks for now is asked again, before it has a code."""
    with logged_in(hub, login) as browser:
        flow = Flow(hub, browser, oauth_client)
        least, all_of_it = flow.ask(), flow.ask(scope=None)
        if all_of_it.status in REDIRECTS or set(offered(all_of_it)) <= set(offered(least)):
            not_applicable("this service asks for nothing more, or the user agreed to it before")
        flow.token()
        again = flow.ask(scope=None)
        if again.status in REDIRECTS:
            sessions = {each.get("session_id") for each in tokens_of(hub, login)}
            if sessions - {None, browser.session}:
                not_applicable("the user agreed to more in another session")
        assert again.status == 200, again
        hands_on_no_code(again)


@rule("oauth/code-becomes-a-token", needs=NEEDS, see=SEE)
def test_exchange(flow: Flow) -> None:
    """The client changes a code into a token of type Bearer, which no cache may store."""
    answer = flow.exchange(flow.code())
    token = token_in(answer)
    assert len(token) >= 20, "a token so short can be guessed"
    body = object_of(answer)
    assert str(body.get("token_type")).lower() == "bearer", body
    assert type(body.get("expires_in")) is int, body
    assert body["expires_in"] > 0, body
    assert "refresh_token" not in body, "there are no refresh tokens"
    assert "no-store" in answer.headers.get("Cache-Control", ""), "a cache may store the token"


@rule("oauth/code-works-once", needs=NEEDS, see=SEE)
def test_once(flow: Flow) -> None:
    """A code that was changed into a token is refused from then on, and the token works on."""
    code = flow.code()
    token = flow.hub.using(token_in(flow.exchange(code)))
    for _ in range(2):
        refused_with(flow.exchange(code), NO_GRANT)
    assert token.get("/user").status == 200


@pytest.mark.parametrize("change", ["last-letter", "longer", "empty", "none", "unknown"])
@rule("oauth/wrong-code-is-refused", needs=NEEDS, see=SEE)
def test_wrong_code(change: str, flow: Flow) -> None:
    """A code that the hub has not handed on, or none, is refused with 400; the right one works."""
    code = flow.code()
    right = code.reveal()
    wrong = {
        "last-letter": right[:-1] + ("0" if right[-1] != "0" else "1"),
        "longer": f"{right}0",
        "empty": "",
        "none": None,
        "unknown": "0" * len(right),
    }[change]
    refused_with(flow.exchange(Secret(wrong) if wrong is not None else None), NO_SENSE)
    assert flow.exchange(code).ok, "the right code is lost"


@pytest.mark.parametrize("change", ["last-letter", "longer", "empty", "none", "other-case", "code"])
@rule("oauth/wrong-secret-is-refused", needs=NEEDS, see=SEE)
def test_wrong_secret(change: str, flow: Flow) -> None:
    """A client that does not prove itself is refused with 401, and gets no token."""
    code = flow.code()
    right = flow.client.secret.reveal()
    wrong = {
        "last-letter": right[:-1] + ("0" if right[-1] != "0" else "1"),
        "longer": f"{right}0",
        "empty": "",
        "none": None,
        "other-case": right.swapcase() if right.swapcase() != right else f"{right}A",
        "code": code.reveal(),
    }[change]
    answer = flow.exchange(code, client_secret=wrong)
    assert answer.status in (400, 401), answer
    if wrong:
        refused_with(answer, NO_CLIENT)


@rule("oauth/unknown-client-gets-no-token", needs=NEEDS, see=SEE)
def test_unknown_client(flow: Flow) -> None:
    """A client that the hub does not know is refused with 401, whatever code and secret it has."""
    code = flow.code()
    for identifier in (f"{flow.client.id}x", flow.client.id[:-1], "jupyterhub"):
        refused_with(flow.exchange(code, client_id=identifier), NO_CLIENT)
    assert flow.exchange(code).ok, "the right client is refused afterwards"


@rule("oauth/code-goes-with-its-redirect", needs=NEEDS, see=SEE)
def test_redirect(flow: Flow) -> None:
    """A code with another `redirect_uri` than it was handed to is refused with 400."""
    code = flow.code()
    for address in (f"{flow.client.redirect}x", "https://hub.invalid/", "/"):
        answer = flow.exchange(code, redirect_uri=address)
        assert answer.status == 400, answer
        assert "access_token" not in answer.text, "it gives a token all the same"


@pytest.mark.parametrize("grant", ["password", "client_credentials", "refresh_token", "", None])
@rule("oauth/other-grants-are-refused", needs=NEEDS, see=SEE)
def test_grants(grant: str | None, flow: Flow) -> None:
    """Only codes are changed into tokens: another grant, or none, is refused with 400."""
    refused_with(flow.exchange(flow.code(), grant_type=grant), NO_SENSE)


@rule("oauth/token-endpoint-takes-posts-only", needs=NEEDS, see="reference/rest-api.html")
def test_method(flow: Flow) -> None:
    """A code in an address is refused: GET is not a method of the token endpoint, 405."""
    answer = flow.hub.using(None).get("/oauth2/token")
    refused(answer, 405, explained=False)


@pytest.mark.parametrize("method", ["S256", "plain", None])
@rule("oauth/code-verifier-is-checked", since="6.0", needs=NEEDS, see=SEE)
def test_pkce(method: str | None, flow: Flow) -> None:
    """A code that was asked for with a challenge needs the verifier that belongs to it (PKCE).

    A challenge whose method is not named is plain; a hub may do without plain ones altogether.
    """
    verifier = "v" * 50
    digest = hashlib.sha256(verifier.encode()).digest()
    hashed = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    challenge = hashed if method == "S256" else verifier
    asked = {"code_challenge": challenge, "code_challenge_method": method}
    if method != "S256" and not _takes(flow, asked):
        not_applicable("this hub takes no plain challenge")
    for wrong in (None, "w" * 50, hashed):
        refused_with(flow.exchange(flow.code(None, **asked), code_verifier=wrong), NO_SENSE)
    assert flow.exchange(flow.code(None, **asked), code_verifier=verifier).ok


def _takes(flow: Flow, asked: Mapping[str, str | None]) -> bool:
    answer = flow.ask(**asked)
    return answer.status == 200 or "code=" in answer.headers.get("Location", "")


# --- a token


@rule("oauth/token-tells-who-the-user-is", needs=NEEDS, see=SEE)
def test_identity(flow: Flow, login: Login) -> None:
    """The token belongs to the user who agreed, and shows the session that it comes from."""
    answer = flow.token().get("/user")
    model = object_of(answer)
    assert (model.get("name"), model.get("kind")) == (login.user, "user"), model
    assert model.get("session_id") == flow.browser.session, "it shows another session"


@rule("oauth/token-opens-its-service-and-no-more", since="3.0", needs=NEEDS, see=SEE)
def test_scopes(flow: Flow, login: Login) -> None:
    """A token that was asked for the service alone has access to it, and no right to write."""
    hub = flow.token()
    scopes = strings(hub.get("/user").json["scopes"])
    assert flow.access in scopes, scopes
    path = f"/users/{quoted(login.user)}"
    for attempt in (hub.get(f"{path}/tokens"), hub.get("/users"), hub.get("/groups")):
        assert attempt.status in (403, 404), attempt
    allowed = {"access:services", "read:users:name", "read:users:groups", "read:users"}
    others = {each for each in scopes if each.partition("!")[0] not in allowed}
    assert not others, f"more than was asked for: {sorted(others)}"


@rule("oauth/token-has-what-was-agreed-to", since="3.0", needs=NEEDS, see=SEE)
def test_agreed(flow: Flow) -> None:
    """Of what the service asks for, the token has what the user agrees to, and not the rest."""
    seen = flow.ask(scope=None)
    if seen.status in REDIRECTS:
        not_applicable("this service needs no agreement, or asks for nothing more")
    asked = offered(seen)
    more = sorted(each for each in asked if each.startswith(("users:", "read:users!")))
    if len(more) < 2:
        not_applicable("this service asks for too little to be given less")
    given, kept = more[:1], more[1:]
    agreed = [each for each in asked if each not in kept]
    hub = flow.token(agreed, scope=None)
    scopes = {each.partition("!")[0] for each in hub.get("/user").json["scopes"]}
    assert {each.partition("!")[0] for each in given} <= scopes, f"{given} of {sorted(scopes)}"
    left_out = {each.partition("!")[0] for each in kept} & scopes
    assert not left_out, f"the user did not agree to {sorted(left_out)}"


@rule("oauth/token-has-no-more-than-its-user", since="3.0", needs=NEEDS, see=SEE)
def test_no_more(flow: Flow) -> None:
    """Whatever the service asks for and the user agrees to, the token may no more than the user."""
    held = set(strings(object_of(who_is(flow.browser))["scopes"]))
    given = set(strings(object_of(flow.token(scope=None).get("/user"))["scopes"]))
    beyond = {each for each in given if not {each, each.partition("!")[0]} & held}
    assert not beyond, f"the user has not {sorted(beyond)}"


@rule("oauth/agreeing-once-is-enough", since="3.0", needs=NEEDS, see=SEE)
def test_agreed_before(flow: Flow) -> None:
    """While the service has a token with these scopes, the user is not asked again."""
    flow.token()
    again = flow.ask()
    assert again.status in REDIRECTS, again
    assert flow.exchange(flow.code_in(again)).ok


@rule("oauth/token-is-listed", needs=NEEDS, see="reference/rest-api.html")
def test_listed(login: Login, hub: Hub, oauth_client: OAuthClient) -> None:
    """The owner's list has the token, with its client, its session and its end, not itself."""
    with logged_in(hub, login) as browser:
        flow = Flow(hub, browser, oauth_client)
        session, answer = browser.session, flow.exchange(flow.code())
        token = token_in(answer)
        listed = tokens_of(hub, login)
    model = single(each for each in listed if each.get("session_id") == session)
    assert _is_of(model, oauth_client), model
    lifetime = moment(model["expires_at"]) - moment(model["created"])
    promised = timedelta(seconds=answer.json["expires_in"])
    assert abs(lifetime - promised) < timedelta(minutes=1), (lifetime, promised)
    assert token.reveal() not in json.dumps(model, default=str), "the list shows the token"


@rule("oauth/logout-ends-the-tokens-of-the-session", needs=NEEDS, see=SEE)
def test_logout(flow: Flow, hub: Hub, login: Login, oauth_client: OAuthClient) -> None:
    """With a session end the tokens that come of it, and not those of another session."""
    ours = flow.token()
    with logged_in(hub, login) as browser:
        theirs = Flow(hub, browser, oauth_client).token()
        assert theirs.get("/user").status == 200
    refused(theirs.get("/user"), 403, explained=False)
    assert ours.get("/user").status == 200


@rule("oauth/revoked-with-all-its-clients-tokens", needs=NEEDS, see="reference/rest-api.html")
def test_revoked(
    flow: Flow, hub: Hub, login: Login, sandbox: Sandbox, guard: Guard, hub_run: Run
) -> None:
    """To revoke one token of a service revokes all that it has of this user, and no others."""
    if hub_run.is_worker:
        not_requested("without -n: this takes along the tokens that other workers are given")
    with logged_in(hub, login) as browser:
        made = ask_for_token(browser, login, sandbox, xsrf=browser.xsrf)
        assert made.status in (200, 201), made
        theirs = Flow(hub, browser, flow.client).token()
        ours = flow.token()
        listed = [each for each in tokens_of(hub, login) if _is_of(each, flow.client)]
        sessions = {flow.browser.session: ours, browser.session: theirs}
        if {each.get("session_id") for each in listed} - set(sessions):
            not_applicable("the service has tokens of the user from other sessions")
        mine = next(each for each in listed if each.get("session_id") == browser.session)
        guard.adopt([Named("token", mine["id"], inside=login.user)])
        answer = hub.delete(f"/users/{quoted(login.user)}/tokens/{quoted(mine['id'])}")
        assert answer.status == 204, answer
        for each in (theirs, ours):
            refused(each.get("/user"), 403, explained=False)
        assert hub.using(made.json["token"]).get("/user").status == 200, "others are revoked, too"


def _is_of(token: Mapping[str, Any], client: OAuthClient) -> bool:
    return client.service in str(token.get("oauth_client"))
