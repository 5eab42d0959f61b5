"""Access: a server is a client of the hub's OAuth, and lets in by it whom the hub lets in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace

import pytest

from ..accounts import Login, OAuthClient
from ..browser import Browser
from ..hub import Hub, quoted
from ..rules import not_applicable, rule
from ..sandbox import Sandbox, User
from ..secret import Secret
from ._oauth import Flow, hands_on_no_code
from ._servers import place as place_of
from ._servers import reach, started
from ._sessions import REDIRECTS, is_admin, page

pytest_plugins = ("hub_conformance.suite._sessions",)

NEEDS = ("login", "spawn")
SEE = "explanation/oauth.html"
REFUSED = (401, 403)


@pytest.fixture(scope="module")
def owner(shared: Sandbox) -> User:
    """A user whose default server runs, and is shared with nobody until a rule does."""
    user = shared.user("owner")
    started(user)
    return user


@pytest.fixture
def flow(hub: Hub, session: Browser, owner: User) -> Flow:
    """The user who logs in, on the way to the owner's server. Its secret is its own."""
    return Flow(hub, session, server_client(hub, owner))


def server_client(hub: Hub, user: User) -> OAuthClient:
    """The client that the default server of a user is."""
    redirect = f"{hub.target.prefix}{place_of(user, '', 'oauth_callback')}"
    return OAuthClient(f"jupyterhub-user-{quoted(user.name)}", Secret("unknown"), redirect)


@rule("access/server-needs-access-servers", needs=NEEDS, see=SEE)
def test_no_access(flow: Flow, session: Browser) -> None:
    """Who lacks `access:servers` for a server gets no code for it: 403, asking and agreeing."""
    if is_admin(session):
        not_applicable("the user who logs in is an admin, who may use every server")
    answer = flow.ask(scope=None)
    assert answer.status == 403, answer
    hands_on_no_code(answer)


@rule("access/taken-share-leads-to-the-server", since="5.0", needs=(*NEEDS, "shares"), see=SEE)
def test_shared(hub: Hub, session: Browser, sandbox: Sandbox) -> None:
    """Who has taken a share code gets a code for the server, and no more when it is taken back."""
    if is_admin(session):
        not_applicable("the user who logs in is an admin, who may use every server")
    owner = sandbox.user("sharing")
    started(owner)
    flow = Flow(hub, session, server_client(hub, owner))
    answer = sandbox.make("issue a share code", f"/share-codes/{owner.name}/", {})
    taken = session.submit("hub/accept-share", {"code": answer.json["code"].reveal()})
    assert taken.status in REDIRECTS, taken
    seen = flow.ask(scope=None)
    agreed = seen if seen.status in REDIRECTS else flow.agree(scope=None)
    code = flow.code_in(agreed)
    refused = flow.exchange(code)  # by somebody who does not know the server's secret
    assert refused.status in (400, 401), refused
    assert "access_token" not in refused.text, "it gives a token all the same"
    assert hub.delete(f"/shares/{owner.name}/").status == 204
    answer = flow.ask(scope=None)
    assert answer.status == 403, answer
    hands_on_no_code(answer)


@rule("access/another-users-server-is-asked-about", since="5.0", needs=(*NEEDS, "shares"), see=SEE)
def test_asked(flow: Flow, owner: User) -> None:
    """Before the server of another user is let know who comes, a page asks."""
    with shared_by(owner, flow.browser):
        asked_about(flow)


@rule(
    "access/agreeing-to-a-service-is-for-that-alone",
    since="5.0",
    needs=(*NEEDS, "shares", "oauth-client"),
    see=SEE,
)
def test_asked_again(flow: Flow, owner: User, oauth_client: OAuthClient) -> None:
    """Who has agreed to a service is asked about a server all the same."""
    assert Flow(flow.hub, flow.browser, oauth_client).token().get("/user").status == 200
    with shared_by(owner, flow.browser):
        asked_about(flow)


@contextmanager
def shared_by(owner: User, session: Browser) -> Iterator[None]:
    """Let the user of a session into the owner's server, for a while."""
    code = owner.sandbox.make("issue a share code", f"/share-codes/{owner.name}/", {}).json["code"]
    taken = session.submit("hub/accept-share", {"code": code.reveal()})
    assert taken.status in REDIRECTS, taken
    try:
        yield
    finally:
        assert owner.sandbox.hub.delete(f"/shares/{owner.name}/").status == 204


def asked_about(flow: Flow) -> None:
    """Assert that the user is asked, and no code is handed on before."""
    answer = flow.ask(scope=None)
    hands_on_no_code(answer)
    page(answer)


@rule("access/users-token-opens-a-taken-share", since="5.0", needs=(*NEEDS, "shares", "public-url"))
def test_token_of_share(hub: Hub, session: Browser, login: Login, sandbox: Sandbox) -> None:
    """After taking a share code the user's token opens the server, and before it does not."""
    if is_admin(session):
        not_applicable("the user who logs in is an admin, who may use every server")
    owner = sandbox.user("sharing")
    started(owner)
    visitor = sandbox.token(User(login.user, sandbox)).hub
    assert reach(visitor, owner, "", "api/status").status in REFUSED
    answer = sandbox.make("issue a share code", f"/share-codes/{owner.name}/", {})
    taken = session.submit("hub/accept-share", {"code": answer.json["code"].reveal()})
    assert taken.status in REDIRECTS, taken
    # A token of after the share: a server may remember what it was told of another.
    visitor = sandbox.token(User(login.user, sandbox)).hub
    assert reach(visitor, owner, "", "api/status").status == 200


@rule("access/another-address-of-a-server-is-refused", needs=NEEDS, see=SEE)
def test_redirect(flow: Flow) -> None:
    """No code for a server is handed to another address than its own: 400."""
    registered = flow.client.redirect
    for address in (f"{registered}x", "https://hub.invalid/oauth_callback", "/hub/home"):
        answer = flow.ask(scope=None, redirect_uri=address)
        assert answer.status == 400, answer
        assert "Location" not in answer.headers, answer.headers["Location"]


@rule("access/absent-server-is-no-client", needs="login", see=SEE)
def test_absent(flow: Flow, sandbox: Sandbox) -> None:
    """A user who does not exist has no server that could be agreed to: 400."""
    absent = User(sandbox.name("absent"), sandbox)
    other = replace(flow, client=server_client(flow.hub, absent))
    answer = other.ask(scope=None)
    assert answer.status == 400, answer
    hands_on_no_code(answer)


@rule("access/bearer-opens-the-server-too", needs=("spawn", "public-url"), see=SEE)
def test_bearer(owner: User) -> None:
    """A server takes a token after `Bearer` as it takes one after `token`."""
    for scheme in ("token", "Bearer", "bearer"):
        hub = owner.hub.using(owner.token.secret, scheme)
        answer = reach(hub, owner, "", "api/status")
        assert answer.status == 200, (scheme, answer)


@rule("access/hub-session-does-not-open-servers", needs=(*NEEDS, "public-url"), see=SEE)
def test_cookies(hub: Hub, session: Browser, owner: User) -> None:
    """The cookies of the hub are for the hub alone: at a server they open nothing.

    Not even where the user may use the server.
    """
    page(session.get("hub/home"))
    own = [key for key in session.cookies if key[1].startswith(f"{session.prefix}user")]
    assert own == [], "the login sets cookies for servers"
    header = session.cookie_header(f"{session.prefix}hub/")
    where = place_of(owner, "", "api/status")
    with ExitStack() as shared:
        if hub.post(f"/share-codes/{owner.name}/", json={}).ok:
            shared.enter_context(shared_by(owner, session))
        answer = hub.using(None).server("GET", where, headers={"Cookie": header})
    assert answer.status in (*REFUSED, *REDIRECTS), answer


@rule("access/login-goes-back-to-the-server", needs=("login", "public-url"), see=SEE)
def test_way_back(hub: Hub, bob: User) -> None:
    """Who asks for a server that does not run, without a login, is sent to it and then back."""
    nobody = Browser(hub.using(None))
    path = place_of(bob, "", "lab")
    answer = nobody.get(path)
    for _ in range(3):
        if answer.status not in REDIRECTS or "/login" in answer.headers["Location"]:
            break
        answer = nobody.get(answer.headers["Location"])
    assert answer.status in REDIRECTS, answer
    assert "/hub/login" in answer.headers["Location"], answer
    assert quoted(f"user/{bob.name}") in answer.headers["Location"], answer.headers["Location"]
