"""Sessions: what may be done by cookie, and what a forged page may not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from ..accounts import Login
from ..browser import XSRF, Browser
from ..hub import Hub, quoted
from ..rules import not_applicable, rule
from ..sandbox import Sandbox, User
from ._sessions import (
    ask_for_token,
    is_admin,
    logged_in,
    needs_xsrf,
    notes_of,
    page,
    place,
    sent_to_login,
    who_is,
)

SEE = "explanation/websecurity.html"
PAGES = "howto/rest.html"
#: What a browser tells of a request that a script of another site sends.
CROSS_SITE = {"Sec-Fetch-Mode": "cors", "Sec-Fetch-Site": "cross-site"}


@pytest.fixture(scope="module")
def session(hub: Hub, login: Login) -> Iterator[Browser]:
    """A session that rules look at, and none ends."""
    with logged_in(hub, login) as found:
        yield found


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


@rule("sessions/read-of-another-site-is-refused", since="4.0", needs="login", see=SEE)
def test_cross_site_read(session: Browser, login: Login) -> None:
    """By cookie a script of another site reads nothing of the API; with `_xsrf` it is the hub's."""
    answer = who_is(session, {**CROSS_SITE, "Origin": "https://hub.invalid"})
    assert answer.status == 403, answer
    assert login.user not in answer.text, answer
    allowed = session.api("GET", f"/user?_xsrf={quoted(session.xsrf or '')}", headers=CROSS_SITE)
    assert allowed.status == 200, allowed


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


@rule("sessions/session-has-its-users-rights", needs="login", see=SEE)
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


# --- the page that takes share codes


@pytest.fixture
def offer(sandbox: Sandbox) -> tuple[User, str]:
    """A user of this rule, and a share code for their default server."""
    user = sandbox.user("host")
    answer = sandbox.make("issue a share code", f"/share-codes/{user.name}/", {})
    return user, answer.json["code"].reveal()


def shared_with(hub: Hub, login: Login, owner: User) -> list[dict[str, Any]]:
    """What the owner shares with the user who logs in."""
    items = hub.page(f"/shares/{quoted(owner.name)}", limit=50).items
    return [each for each in items if (each.get("user") or {}).get("name") == login.user]


@rule("sessions/share-code-is-taken-on-its-page", since="5.0", needs=("login", "shares"))
def test_accept(session: Browser, login: Login, hub: Hub, offer: tuple[User, str]) -> None:
    """The page of a share code names the owner, and agreeing to it makes the share, at once."""
    owner, code = offer
    text = page(session.get("hub/accept-share", params={"code": code}))
    assert owner.name in text, "the page does not name who shares"
    assert shared_with(hub, login, owner) == [], "looking at the page has made the share"
    answer = session.submit("hub/accept-share", {"code": code})
    assert place(session, answer).startswith(f"{session.prefix}user/{owner.name}"), answer
    (share,) = shared_with(hub, login, owner)
    assert share["scopes"] == [f"access:servers!server={owner.name}/"], share
    assert share["kind"] == "user", share
    codes = hub.page(f"/share-codes/{owner.name}").items
    assert len(codes) == 1, codes
    code_model = codes[0]
    assert code_model["exchange_count"] == 1, code_model
    assert isinstance(code_model["last_exchanged_at"], str), code_model
    mine = session.api("GET", f"/users/{quoted(login.user)}/shared/{owner.name}/")
    assert mine.status == 200, mine


@rule("sessions/share-code-gives-the-scopes-it-names", since="5.0", needs=("login", "shares"))
def test_accept_scopes(session: Browser, login: Login, hub: Hub, sandbox: Sandbox) -> None:
    """Taking a share code gives the scopes that the code was made with, and no others."""
    owner = sandbox.user("host")
    body = {"scopes": ["access:servers", "read:servers"]}
    made = sandbox.make("issue a share code", f"/share-codes/{owner.name}/", body).json
    session.get("hub/accept-share", params={"code": made["code"].reveal()})
    session.submit("hub/accept-share", {"code": made["code"].reveal()})
    (share,) = shared_with(hub, login, owner)
    assert sorted(share["scopes"]) == sorted(made["scopes"]), share


@rule("sessions/share-code-can-be-taken-again", since="5.0", needs=("login", "shares"))
def test_accept_again(session: Browser, login: Login, hub: Hub, offer: tuple[User, str]) -> None:
    """A share code is good for any number of exchanges, also when the share was taken back."""
    owner, code = offer
    for count in (1, 2):
        session.get("hub/accept-share", params={"code": code})
        session.submit("hub/accept-share", {"code": code})
        assert len(shared_with(hub, login, owner)) == 1, f"no share after exchange {count}"
        codes = [each["exchange_count"] for each in hub.page(f"/share-codes/{owner.name}").items]
        assert codes == [count], codes
        assert hub.delete(f"/shares/{owner.name}/").status == 204
        assert shared_with(hub, login, owner) == []


@rule("sessions/share-code-is-not-taken-by-a-forged-form", since="5.0", needs=("login", "shares"))
def test_forged_accept(session: Browser, login: Login, hub: Hub, offer: tuple[User, str]) -> None:
    """Without the value of `_xsrf`, or without a login, a share code makes no share."""
    owner, code = offer
    answer = session.submit("hub/accept-share", {"code": code}, xsrf=None)
    assert answer.status == 403, answer
    nobody = Browser(hub.using(None))
    sent_to_login(nobody, nobody.get("hub/accept-share", params={"code": code}))
    nobody.get("hub/login")
    answer = nobody.submit("hub/accept-share", {"code": code})
    assert answer.status in (302, 403), answer
    assert shared_with(hub, login, owner) == []
    (code_model,) = hub.page(f"/share-codes/{owner.name}").items
    assert code_model["exchange_count"] == 0, code_model


@rule("sessions/revoked-share-code-is-not-taken", since="5.0", needs=("login", "shares"))
def test_revoked_code(session: Browser, login: Login, hub: Hub, offer: tuple[User, str]) -> None:
    """A share code that was revoked has no page any more, 404, and is refused, 400."""
    owner, code = offer
    assert hub.delete(f"/share-codes/{owner.name}/").status == 204
    answer = session.get("hub/accept-share", params={"code": code})
    assert answer.status == 404, answer
    answer = session.submit("hub/accept-share", {"code": code})
    assert answer.status == 400, answer
    assert shared_with(hub, login, owner) == []


@rule("sessions/unknown-share-code-is-not-found", since="5.0", needs=("login", "shares"))
def test_unknown_code(session: Browser) -> None:
    """A share code that the hub never issued has no page."""
    for code in ("x", "0" * 32):
        answer = session.get("hub/accept-share", params={"code": code})
        assert answer.status == 404, answer
