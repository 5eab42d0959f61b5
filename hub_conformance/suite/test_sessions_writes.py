"""Sessions: what may be done by cookie, and what a forged page may not."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ..accounts import Login
from ..browser import FORM, XSRF, Browser
from ..hub import Hub, quoted
from ..rules import not_applicable, rule
from ..sandbox import Sandbox, User
from ._credentials import need_scopes
from ._sessions import (
    ask_for_token,
    is_admin,
    logged_in,
    needs_xsrf,
    notes_of,
    page,
    place,
    who_is,
)

pytest_plugins = ("hub_conformance.suite._sessions",)

SEE = "explanation/websecurity.html"
PAGES = "howto/rest.html"


def token_page(browser: Browser) -> str:
    """The page that tokens are asked for on."""
    return page(browser.get("hub/token"))


# --- forged requests


@pytest.mark.parametrize("change", ["none", "other", "another-session", "cut"])
@rule("sessions/write-by-cookie-carries-a-token-against-forgery", since="4.0", needs="login")
def test_forged_write(
    change: str, session: Browser, login: Login, hub: Hub, sandbox: Sandbox
) -> None:
    """A write by cookie without the session's value of `_xsrf` is refused, and nothing done."""
    note = sandbox.name("forged")
    right = session.xsrf
    assert right, "the session has no cookie _xsrf"
    with logged_in(hub, login) as other:
        wrong = {"none": None, "other": "x" * 40, "another-session": other.xsrf, "cut": right[:-1]}
        answer = ask_for_token(session, login, sandbox, xsrf=wrong[change], note=note)
    assert answer.status == 403, answer
    assert note not in notes_of(hub, login), "the token was issued all the same"


@rule("sessions/deletion-by-cookie-carries-one-too", since="4.0", needs="login", see=SEE)
def test_forged_deletion(session: Browser, login: Login, hub: Hub, sandbox: Sandbox) -> None:
    """A deletion by cookie without the session's value of `_xsrf` is refused, and nothing gone."""
    note = sandbox.name("kept")
    made = ask_for_token(session, login, sandbox, xsrf=session.xsrf, note=note)
    assert made.status in (200, 201), made
    path = f"/users/{quoted(login.user)}/tokens/{quoted(made.json['id'])}"
    for forged in (path, f"{path}?{XSRF}={'x' * 40}"):
        answer = session.api("DELETE", forged)
        assert answer.status == 403, answer
        assert note in notes_of(hub, login), "the token was revoked all the same"


@pytest.mark.parametrize("place_of_value", ["query", "header", "referer"])
@rule("sessions/write-by-cookie", needs="login", see=SEE)
def test_write(
    place_of_value: str, session: Browser, login: Login, hub: Hub, sandbox: Sandbox
) -> None:
    """A write by cookie is taken with the value of `_xsrf` in the query or in `X-XSRFToken`.

    Before 4.0 with a `Referer` of the hub's own.
    """
    has_token = needs_xsrf(hub.target.applies)
    if has_token == (place_of_value == "referer"):
        not_applicable("from 4.0 on the value of _xsrf takes the place of the Referer")
    note = sandbox.name("by-cookie")
    if place_of_value == "header":
        path = f"/users/{quoted(login.user)}/tokens"
        body = json.dumps({"note": note}).encode()
        answer = session.api("POST", path, body, {"X-XSRFToken": session.xsrf or ""})
    else:
        answer = ask_for_token(session, login, sandbox, xsrf=session.xsrf, note=note)
    assert answer.status in (200, 201), answer
    assert answer.json.get("user") == login.user, answer.json
    assert note in notes_of(hub, login)


@rule("sessions/write-of-another-site-is-refused", until="3.1", needs="login", see=SEE)
def test_referer(session: Browser, login: Login, hub: Hub, sandbox: Sandbox) -> None:
    """Before 4.0 a request by cookie without a `Referer`, or with another's, is nobody's."""
    note = sandbox.name("forged")
    body = json.dumps({"note": note}).encode()
    for referer in ("", "https://hub.invalid/hub/home", "https://hub.invalid"):
        path = f"/users/{quoted(login.user)}/tokens"
        assert session.api("POST", path, body, {"Referer": referer}).status == 403, referer
        assert who_is(session, {"Referer": referer}).status == 403, referer
    assert note not in notes_of(hub, login), "the token was issued all the same"


@pytest.mark.parametrize("mode", ["cors", "no-cors"])
@pytest.mark.parametrize("site", ["cross-site", "same-site"])
@rule("sessions/read-of-another-site-is-refused", since="4.0", needs="login", see=SEE)
def test_cross_site_read(
    session: Browser, login: Login, version: tuple[int, int], mode: str, site: str
) -> None:
    """By cookie a script of another site reads nothing of the API; with `_xsrf` it is the hub's."""
    if mode == "no-cors" and version < (5, 0):
        not_applicable("before 5.0 it is left to browsers to keep such an answer from the script")
    tells = {"Sec-Fetch-Mode": mode, "Sec-Fetch-Site": site}
    answer = who_is(session, {**tells, "Origin": "https://hub.invalid"})
    assert answer.status == 403, answer
    assert login.user not in answer.text, answer
    allowed = session.api("GET", f"/user?_xsrf={quoted(session.xsrf or '')}", headers=tells)
    assert allowed.status == 200, allowed


@rule("sessions/answers-are-not-for-other-sites", needs="login", see=SEE)
def test_no_cors(session: Browser) -> None:
    """No answer to a session tells browsers to show it to any site that asks, with its cookies."""
    answer = who_is(session, {"Origin": "https://hub.invalid"})
    shown = answer.headers.get("Access-Control-Allow-Origin") == "https://hub.invalid"
    with_cookies = answer.headers.get("Access-Control-Allow-Credentials", "").lower() == "true"
    assert not (shown and with_cookies), "a script of any site may read the API with the cookies"


@pytest.mark.parametrize("method", ["POST", "DELETE", "PUT", "PATCH"])
@rule("sessions/every-method-by-cookie-carries-one-too", since="4.0", needs="login", see=SEE)
def test_methods(
    method: str, session: Browser, user: User, hub: Hub, version: tuple[int, int]
) -> None:
    """Whatever changes something is refused by cookie without the session's value of `_xsrf`.

    It is so before anything else is looked at: with the value another user's server is not found.
    """
    if method in ("PUT", "PATCH") and version < (6, 0):
        not_applicable("since 6.0")
    need_scopes(hub.target, "read:servers")
    if is_admin(session):
        not_applicable("the user who logs in is an admin, who may change every server")
    path = f"{user.path}/servers/{XSRF.strip('_')}"
    answer = session.api(method, path, b"{}")
    assert answer.status == 403, answer
    answer = session.api(method, f"{path}?{XSRF}={quoted(session.xsrf or '')}", b"{}")
    if answer.status == 403:
        not_applicable("the user who logs in has no right to servers, not even to their own")
    assert answer.status in (400, 404), answer
    assert hub.get(user.path, params={"include_stopped_servers": "1"}).json["servers"].keys() <= {
        ""
    }


@rule("sessions/form-to-the-api-is-refused", needs="login", see=SEE)
def test_form(session: Browser, login: Login, hub: Hub, sandbox: Sandbox) -> None:
    """A POST to the API by cookie, of a type that a form of any page can have, is refused."""
    note = sandbox.name("forged")
    path = f"/users/{quoted(login.user)}/tokens?{XSRF}={quoted(session.xsrf or '')}"
    answer = session.api(
        "POST", path, json.dumps({"note": note}).encode(), {"Content-Type": "text/plain"}
    )
    assert answer.status == 403, answer
    assert note not in notes_of(hub, login), "the token was issued all the same"


@pytest.mark.parametrize("kind", [FORM, "multipart/form-data; boundary=x", "text/plain"])
@rule("sessions/no-kind-of-form-reaches-the-api", needs="login", see=SEE)
def test_kinds_of_form(kind: str, session: Browser, user: User) -> None:
    """What a form of any page could send by cookie is nobody's: refused before it is looked at."""
    if is_admin(session):
        not_applicable("the user who logs in is an admin, who may start every server")
    path = f"{user.path}/servers/form?{XSRF}={quoted(session.xsrf or '')}"
    body = b"--x--\r\n" if kind.startswith("multipart") else b""
    answer = session.api("POST", path, body, {"Content-Type": kind})
    assert answer.status == 403, answer


@rule("sessions/token-needs-nothing-against-forgery", needs="login", see=SEE)
def test_token(session: Browser, login: Login, sandbox: Sandbox, user: User) -> None:
    """A request with a token is judged by the token, whatever cookies come with it."""
    header = session.cookie_header(f"{session.prefix}hub/api")
    for cookies in ({}, {"Cookie": header}, {"Cookie": "_xsrf=x; jupyterhub-hub-login=x"}):
        answer = user.hub.get("/user", headers=cookies)
        assert answer.status == 200, answer
        assert answer.json.get("name") == user.name, answer.json
        body = {"note": sandbox.name("token")}
        answer = user.hub.post(f"{user.path}/tokens", json=body, headers=cookies)
        assert answer.status in (200, 201), answer


# --- what a session may do


@rule("sessions/session-has-its-users-rights", needs=("login", "user-role"), see=SEE)
def test_rights(session: Browser, login: Login, alice: User) -> None:
    """By cookie one may do what the user may, and no more."""
    assert session.api("GET", f"/users/{quoted(login.user)}").status == 200
    if not is_admin(session):
        answer = session.api("GET", alice.path)
        assert answer.status in (403, 404), answer
        assert session.api("GET", "/users").status == 403


@rule("sessions/home-page-is-the-users", needs="login", see=PAGES)
def test_home(session: Browser, login: Login) -> None:
    """The home page opens by cookie and names the user; who is in is not sent to log in again."""
    assert login.user in page(session.get("hub/home"))
    answer = session.get("hub/login")
    assert place(session, answer) != f"{session.prefix}hub/login", answer


# --- the token page


@rule("sessions/token-page-shows-tokens", needs="login", see=PAGES)
def test_token_page(session: Browser, login: Login, sandbox: Sandbox) -> None:
    """The token page lists the user's tokens by their notes, never the tokens themselves."""
    note = sandbox.name("listed")
    token_page(session)
    answer = ask_for_token(session, login, sandbox, xsrf=session.xsrf, note=note)
    assert answer.status in (200, 201), answer
    text = token_page(session)
    assert note in text, "the page does not list the token"
    assert answer.json["token"].reveal() not in text, "the page shows a token"


@rule("sessions/token-page-shows-ones-own-tokens-only", needs="login", see=PAGES)
def test_only_own(session: Browser, alice: User) -> None:
    """The token page does not list what other users have."""
    note = alice.token.model["note"]
    assert note not in token_page(session), "the page lists another user's token"


@rule("sessions/token-of-the-token-page-works", needs="login", see=PAGES)
def test_page_token(session: Browser, login: Login, hub: Hub, sandbox: Sandbox) -> None:
    """A token asked for as the token page does has the note and the end asked for, and works."""
    note = sandbox.name("from-page")
    answer = ask_for_token(session, login, sandbox, xsrf=session.xsrf, note=note, expires_in=3600)
    assert answer.status in (200, 201), answer
    model: dict[str, Any] = answer.json
    assert model.get("note") == note, model
    assert isinstance(model.get("expires_at"), str), model
    own = hub.using(model["token"]).get("/user")
    assert own.status == 200, own
    assert own.json.get("name") == login.user, own.json
    assert set(own.json["scopes"]) == set(who_is(session).json["scopes"]), "other rights"


@rule("sessions/limited-token-of-the-token-page", since="3.0", needs="login", see=PAGES)
def test_limited_page_token(session: Browser, login: Login, hub: Hub, sandbox: Sandbox) -> None:
    """Scopes asked for in a session limit the token; those that the user lacks are refused."""
    answer = ask_for_token(
        session, login, sandbox, xsrf=session.xsrf, scopes=["users:activity!user"]
    )
    assert answer.status in (200, 201), answer
    limited = hub.using(answer.json["token"])
    assert limited.get("/user").status == 200
    assert limited.get(f"/users/{quoted(login.user)}/tokens").status == 403
    if not is_admin(session):
        answer = ask_for_token(session, login, sandbox, xsrf=session.xsrf, scopes=["admin:users"])
        assert answer.status == 400, answer


@rule("sessions/token-revoked-on-the-token-page", needs="login", see=PAGES)
def test_revoke(session: Browser, login: Login, hub: Hub, sandbox: Sandbox) -> None:
    """A token that its owner revokes by cookie is refused from then on, and leaves the page."""
    note = sandbox.name("revoked")
    answer = ask_for_token(session, login, sandbox, xsrf=session.xsrf, note=note)
    path = f"/users/{quoted(login.user)}/tokens/{answer.json['id']}"
    token = hub.using(answer.json["token"])
    assert token.get("/user").status == 200
    xsrf = f"?_xsrf={quoted(session.xsrf)}" if session.xsrf else ""
    revoked = session.api("DELETE", f"{path}{xsrf}")
    assert revoked.status == 204, revoked
    assert token.get("/user").status == 403
    assert note not in token_page(session), "the page still lists it"
