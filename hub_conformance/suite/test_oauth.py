"""OAuth: how a user agrees to a service, and what the service is handed on."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit, urlunsplit

import pytest

from ..accounts import Login, OAuthClient
from ..browser import Browser
from ..hub import Hub, quoted
from ..rules import not_applicable, rule
from ..sandbox import Sandbox
from ..secret import Secret
from ._oauth import AUTHORIZE, Flow, handed_on, hands_on_no_code, offered
from ._sessions import REDIRECTS, is_admin, is_in, page, sent_to_login, tokens_of

pytest_plugins = ("hub_conformance.suite._sessions",)

NEEDS = ("login", "oauth-client")
SEE = "explanation/oauth.html"
STATES = ("plain", "a b&c=d+e/f?g#h", "%2F%26", "äöü", "x" * 500)


@pytest.fixture
def flow(hub: Hub, session: Browser, oauth_client: OAuthClient) -> Flow:
    """The user who has logged in, on the way to the service."""
    return Flow(hub, session, oauth_client)


# --- the page


@rule("oauth/authorization-needs-a-login", needs=NEEDS, see=SEE)
def test_needs_login(hub: Hub, oauth_client: OAuthClient) -> None:
    """Who has not logged in is sent to the login page, and from there back."""
    nobody = Flow(hub, Browser(hub.using(None)), oauth_client)
    answer = nobody.ask()
    sent_to_login(nobody.browser, answer)
    assert quoted(AUTHORIZE) in answer.headers["Location"], answer.headers["Location"]
    hands_on_no_code(answer)


@rule("oauth/token-does-not-authorize", needs=NEEDS, see=SEE)
def test_token_does_not(hub: Hub, oauth_client: OAuthClient) -> None:
    """An API token is no login: it gets no code for a service."""
    parameters = Flow(hub, Browser(hub.using(None)), oauth_client).parameters()
    answer = hub.get("/oauth2/authorize", params=parameters)
    assert answer.status in (*REDIRECTS, 403), answer
    hands_on_no_code(answer)


@rule("oauth/user-is-asked", needs=NEEDS, see=SEE)
def test_asked(flow: Flow, login: Login, hub: Hub) -> None:
    """Before a service is let know who the user is, a page asks, and names the service.

    The service that a run is given is one whose users are asked (not `oauth_no_confirm`).
    """
    answer = flow.ask(scope=None)
    if answer.status in REDIRECTS:
        listed = tokens_of(hub, login)
        if any(flow.client.service in str(each.get("oauth_client")) for each in listed):
            not_applicable("the user has agreed to all that this service asks for")
    text = page(answer)
    assert flow.client.service in text or flow.client.redirect in text, "no service is named"
    if flow.browser.xsrf:
        assert flow.browser.xsrf in text, "its form has no value of _xsrf"


@rule("oauth/forged-agreement-is-refused", since="4.1", needs=NEEDS, see=SEE)
def test_forged(flow: Flow) -> None:
    """Agreeing without the session's value of `_xsrf` is refused with 403: no code."""
    scopes = [flow.access]
    flow.ask()
    for xsrf in (None, "x" * 40):
        answer = flow.submit(scopes, xsrf=xsrf)
        assert answer.status == 403, answer
        hands_on_no_code(answer)


@rule("oauth/agreement-needs-a-login", needs=NEEDS, see=SEE)
def test_agreement_needs_login(hub: Hub, oauth_client: OAuthClient) -> None:
    """Who has not logged in cannot agree."""
    nobody = Flow(hub, Browser(hub.using(None)), oauth_client)
    nobody.browser.get("hub/login")
    answer = nobody.submit([nobody.access])
    assert answer.status in (*REDIRECTS, 403), answer
    hands_on_no_code(answer)


@pytest.mark.parametrize("state", STATES, ids=["plain", "signs", "encoded", "letters", "long"])
@rule("oauth/code-comes-with-the-state", needs=NEEDS, see=SEE)
def test_state(state: str, flow: Flow) -> None:
    """Agreeing leads to the service's registered address, with a code and the state unchanged."""
    flow.state = state
    code = flow.code(scope=None)
    assert len(code) >= 20, "a code so short can be guessed"


@rule("oauth/redirect-may-be-left-out", needs=NEEDS, see=SEE)
def test_default_redirect(flow: Flow) -> None:
    """Without `redirect_uri` the user is sent to the address that the service registered."""
    first = flow.code(scope=None, redirect_uri=None)
    assert flow.code(scope=None, redirect_uri=None) != first, "two agreements have one code"


# --- what leads nowhere


#: Addresses that are nearly the registered one.
OTHER_REDIRECTS: dict[str, Callable[[str], str]] = {
    "longer": lambda registered: f"{registered}x",
    "shorter": lambda registered: registered[:-1],
    "slash-behind": lambda registered: f"{registered}/",
    "below": lambda registered: f"{registered}/x",
    "back-to-it": lambda registered: f"{registered}/../{registered.rpartition('/')[2]}",
    "elsewhere": lambda registered: "https://hub.invalid/oauth_callback",
    "query": lambda registered: f"{registered}?to=hub.invalid",
    "fragment": lambda registered: f"{registered}#hub.invalid",
    "host-in-front": lambda registered: f"//hub.invalid{registered}",
    "another-host": lambda registered: urlunsplit(
        urlsplit(registered)._replace(scheme="https", netloc="hub.invalid:8443")
    ),
    "other-case": lambda registered: registered.upper(),
    "letter-encoded": lambda registered: f"{registered[:-1]}%{ord(registered[-1]):02x}",
}


@pytest.mark.parametrize("change", OTHER_REDIRECTS)
@rule("oauth/another-redirect-is-refused", needs=NEEDS, see=SEE)
def test_other_redirect(change: str, flow: Flow) -> None:
    """An address that is not the registered one is refused with 400: nobody is sent there."""
    address = OTHER_REDIRECTS[change](flow.client.redirect)
    answer = flow.ask(redirect_uri=address)
    assert answer.status == 400, answer
    assert "Location" not in answer.headers, answer.headers["Location"]
    answer = flow.submit([flow.access], redirect_uri=address)
    assert answer.status == 400, answer
    assert "Location" not in answer.headers, answer.headers["Location"]


@rule("oauth/unknown-client-is-refused", needs=NEEDS, see=SEE)
def test_unknown_client(flow: Flow, sandbox: Sandbox) -> None:
    """A client that the hub does not know, or none, is refused with 400: nobody is sent on."""
    unknown = (f"service-{sandbox.name('nobody')}", f"{flow.client.id}x", flow.client.id[:-1], None)
    for identifier in unknown:
        answer = flow.ask(client_id=identifier)
        assert answer.status == 400, (identifier, answer)
        assert "Location" not in answer.headers, answer.headers["Location"]


@pytest.mark.parametrize("kind", ["token", "id_token", "password", "none"])
@rule("oauth/other-response-types-are-refused", needs=NEEDS, see=SEE)
def test_response_type(kind: str, flow: Flow) -> None:
    """Only a code is handed on: another type is an error, told to the service or the user."""
    answer = flow.ask(response_type=None if kind == "none" else kind)
    hands_on_no_code(answer)
    if answer.status in REDIRECTS:
        told = handed_on(answer, flow.client.redirect)
        assert "error" in told, answer
        assert told.get("state") == flow.state, "the state is lost on the way"
        assert "access_token" not in answer.headers["Location"], "it hands on a token"
    else:
        assert answer.status == 400, answer


@rule("oauth/unknown-scope-is-refused", since="3.0", needs=NEEDS, see=SEE)
def test_unknown_scope(flow: Flow) -> None:
    """A scope that does not exist, or that the service is not allowed, gets no code."""
    for scope in ("no:such:scope", "admin:users", f"{flow.access} admin:servers"):
        answer = flow.ask(scope=scope)
        hands_on_no_code(answer)
        if answer.status in REDIRECTS:
            told = handed_on(answer, flow.client.redirect)
            assert told.get("error") == "invalid_scope", scope
            assert told.get("state") == flow.state, "the state is lost on the way"
        elif answer.status == 200:
            assert not set(scope.split()) & set(offered(answer)) - {flow.access}, scope
        else:
            assert answer.status == 400, answer


@rule("oauth/agreeing-to-more-gives-no-more", since="3.0", needs=NEEDS, see=SEE)
def test_more(flow: Flow) -> None:
    """A form that agrees to scopes which were not asked for gets no code with those."""
    flow.ask()
    answer = flow.submit([flow.access, "admin:users", "tokens!user", "inherit"])
    if answer.status in REDIRECTS and "code=" in answer.headers["Location"]:
        exchanged = flow.exchange(flow.code_in(answer))
        if exchanged.ok:
            hub = flow.hub.using(exchanged.json["access_token"])
            scopes = hub.get("/user").json["scopes"]
            names = {each.partition("!")[0] for each in scopes}  # what a plain user holds, too
            assert not {"admin:users", "inherit", "users", "tokens"} & names, scopes
    else:
        assert answer.status in (*REDIRECTS, 400), answer


# --- services of this run: nobody has a right to them


@pytest.fixture
def foreign(hub: Hub, session: Browser, sandbox: Sandbox) -> Flow:
    """A service that the user who logs in may not use, made at run time."""
    name, secret = sandbox.name("service"), hub.client.scrubber.learn("f" + "0123456789ab" * 3)
    redirect = f"{hub.target.prefix}services/{name}/oauth_callback"
    body = {"api_token": secret.reveal() + name[-8:], "oauth_redirect_uri": redirect}
    hub.client.scrubber.learn(body["api_token"])
    sandbox.make("add a service", f"/services/{name}", body)
    client = OAuthClient(f"service-{name}", Secret(body["api_token"]), redirect)
    return Flow(hub, session, client)


@rule("oauth/service-needs-access-services", since="5.0", needs=(*NEEDS, "services"), see=SEE)
def test_no_access(foreign: Flow) -> None:
    """Who lacks `access:services` for a service is refused with 403, asking and agreeing."""
    if is_admin(foreign.browser):
        not_applicable("the user who logs in is an admin, who may use every service")
    answer = foreign.ask()
    assert answer.status == 403, answer
    hands_on_no_code(answer)


@rule("oauth/client-goes-with-its-service", since="5.0", needs=(*NEEDS, "services"), see=SEE)
def test_removed_service(foreign: Flow, hub: Hub) -> None:
    """The client of a service that was removed is unknown: nobody is sent on, no code is taken."""
    assert foreign.ask().status != 400, "the client is unknown while its service is there"
    assert hub.delete(f"/services/{foreign.client.service}").status == 200
    answer = foreign.ask()
    assert answer.status == 400, answer
    hands_on_no_code(answer)
    answer = foreign.exchange(Secret("none"))
    assert answer.status in (400, 401), answer


@rule("oauth/code-is-for-one-client", since="5.0", needs=(*NEEDS, "services"), see=SEE)
def test_code_of_another(flow: Flow, foreign: Flow) -> None:
    """A code that was handed to one service is refused to another, whatever that proves."""
    code = flow.code()
    for redirect in (flow.client.redirect, foreign.client.redirect, None):
        answer = foreign.exchange(code, redirect_uri=redirect)
        assert answer.status in (400, 401), answer
    answer = flow.exchange(code, client_secret=foreign.client.secret.reveal())
    assert answer.status in (400, 401), answer


@rule("oauth/session-goes-on", needs=NEEDS, see=SEE)
def test_session_goes_on(flow: Flow, login: Login) -> None:
    """A user who agrees to a service stays logged in, in the same session."""
    before = flow.browser.session
    flow.code()
    is_in(flow.browser, login)
    assert flow.browser.session == before, "the session is another one"
