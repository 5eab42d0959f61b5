"""Sessions: the login page, who gets in by it and who does not, and the way out."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from ..accounts import Login
from ..browser import SESSION, XSRF, Browser, cookies_of
from ..hub import Hub, quoted
from ..rules import not_applicable, rule
from ..sandbox import Sandbox, User
from ._credentials import need_scopes
from ._servers import place as server_place
from ._sessions import (
    ELSEWHERE,
    LOGIN,
    REDIRECTS,
    ask_for_token,
    elsewhere,
    is_in,
    is_out,
    leads_nowhere_else,
    log_in,
    logged_in,
    page,
    place,
    sent_to_login,
    who_is,
)
from ._shape import object_of, refused, strings

pytest_plugins = ("hub_conformance.suite._sessions",)

SEE = "explanation/websecurity.html"


@pytest.fixture
def browser(hub: Hub) -> Browser:
    """A browser that nobody has logged in with yet."""
    return Browser(hub.using(None))


# --- the page


@rule("sessions/login-page-is-open", needs="login", see=SEE)
def test_login_page(browser: Browser) -> None:
    """The login page opens to everybody and has a form with a user name and a password."""
    text = page(browser.get(LOGIN))
    for field in ('name="username"', 'name="password"'):
        assert field in text, f"the page has no {field}"


@rule("sessions/login-page-carries-a-token-against-forgery", since="4.0", needs="login", see=SEE)
def test_xsrf_on_page(browser: Browser) -> None:
    """The login page sets the cookie `_xsrf`, for the hub's paths, and its form has its value."""
    answer = browser.get(LOGIN)
    found = [each for each in cookies_of(answer) if each.name == XSRF]
    assert len(found) == 1, "there is no cookie _xsrf"
    assert f"{browser.prefix}hub".startswith(found[0].path.rstrip("/")), found[0].path
    assert found[0].value.strip('"') in answer.text, "the form has another value than the cookie"


@pytest.mark.parametrize("path", ["hub/home", "hub/token", "hub/"])
@rule("sessions/pages-need-a-login", needs="login", see=SEE)
def test_pages(path: str, browser: Browser) -> None:
    """Without a session the hub's pages lead to the login page."""
    answer = browser.get(path)
    sent_to_login(browser, answer)
    if path != "hub/":
        assert "next=" in answer.headers["Location"], answer.headers["Location"]


@rule("sessions/pages-are-not-framed", level="SHOULD", needs="login", see=SEE)
def test_frames(browser: Browser) -> None:
    """A page says which others may show it in a frame, so that no click on it is stolen."""
    answer = browser.get(LOGIN)
    policy = answer.headers.get("Content-Security-Policy", "")
    said = "frame-ancestors" in policy or "X-Frame-Options" in answer.headers
    assert said, f"any page may show it in a frame: {policy!r}"


@rule("sessions/token-does-not-open-pages", needs="login", see=SEE)
def test_token_on_page(hub: Hub, browser: Browser) -> None:
    """An API token is no session: pages lead to the login page with it, too."""
    for path in ("hub/home", "hub/token"):
        sent_to_login(browser, hub.outside("GET", path))


#: Pages, and the scopes that open them to a user.
CLOSED = {
    "hub/admin": {"admin-ui", "admin:users", "admin:servers", "list:users"},
    "hub/spawn/{user}": {"servers", "admin:servers"},
    "hub/spawn-pending/{user}": {"servers", "admin:servers"},
}


@pytest.mark.parametrize("path", CLOSED)
@rule("sessions/pages-need-their-scopes", needs="login", see=SEE)
def test_closed(path: str, session: Browser, user: User) -> None:
    """Who may not manage users and others' servers has no page to do so: 403 or 404."""
    held = strings(object_of(who_is(session))["scopes"])
    # A filter for a group, too, may cover the user; one for oneself or one's servers does not.
    whole = {each.partition("!")[0] for each in held if not re.search("!(user|server)=", each)}
    if whole & CLOSED[path]:
        not_applicable("the user who logs in may do so")
    answer = session.get(path.format(user=quoted(user.name)))
    assert answer.status in (403, 404), answer


# --- in


@rule("sessions/login-starts-a-session", needs="login", see=SEE)
def test_login(browser: Browser, login: Login) -> None:
    """The right password leads on, within the hub, and the cookies open API and pages."""
    is_out(browser)
    answer = log_in(browser, login)
    try:
        assert place(browser, answer) != f"{browser.prefix}{LOGIN}", answer
        is_in(browser, login)
        page(browser.get("hub/token"))
    finally:
        browser.get("hub/logout")


@rule("sessions/cookies-are-out-of-reach-of-scripts", needs="login", see=SEE)
def test_http_only(browser: Browser, login: Login) -> None:
    """The cookies of a session are HttpOnly; only the token against forgery may be read."""
    answer = log_in(browser, login)
    try:
        found = [each for each in cookies_of(answer) if each.name != XSRF and not each.is_cleared]
        assert SESSION in {each.name for each in found}, "there is no id of a session"
        assert len(found) >= 2, "there is no cookie beside the id of the session"
        for cookie in found:
            assert "httponly" in cookie.attributes, f"{cookie.name} is not HttpOnly"
    finally:
        browser.get("hub/logout")


@pytest.mark.parametrize(
    "change",
    ["letter-less", "letter-more", "other-case", "empty", "space", "space-behind", "user"],
)
@rule("sessions/wrong-password-is-refused", needs="login", see=SEE)
def test_wrong_password(
    change: str, browser: Browser, login: Login, version: tuple[int, int]
) -> None:
    """With a wrong password nobody gets in: the login page again, from 5.0 on with 403."""
    right = login.password.reveal()
    learn = browser.hub.client.scrubber.learn
    swapped = right.swapcase() if right.swapcase() != right else f"{right}X"
    wrong = {
        "letter-less": learn(right[:-1]).reveal(),
        "letter-more": f"{right}x",
        "other-case": learn(swapped).reveal(),
        "empty": "",
        "space": " ",
        "space-behind": f"{right} ",
        "user": login.user,
    }[change]
    answer = log_in(browser, login, password=wrong)
    assert answer.status in ((403,) if version >= (5, 0) else (200, 403)), answer
    assert 'name="password"' in answer.text, "it does not show the form again"
    is_out(browser)


@rule("sessions/unknown-user-is-not-made-by-a-wrong-password", needs="login", see=SEE)
def test_unknown_user(browser: Browser, hub: Hub, login: Login, sandbox: Sandbox) -> None:
    """Who is not let in is not made a user either."""
    stranger = replace(login, user=sandbox.name("stranger"))
    answer = log_in(browser, stranger, password=f"{login.password.reveal()}x")
    if answer.status in REDIRECTS:
        not_applicable("this hub makes an account for whoever comes first")
    is_out(browser)
    answer = hub.get(f"/users/{quoted(stranger.user)}")
    assert answer.status in (403, 404), answer


@rule("sessions/forged-login-is-refused", since="4.0", needs="login", see=SEE)
def test_forged_login(browser: Browser, login: Login) -> None:
    """A login form without the token against forgery, or with another, is refused with 403."""
    for xsrf in (None, "", "x" * 40):
        answer = log_in(browser, login, xsrf=xsrf)
        assert answer.status == 403, answer
        is_out(browser)
    browser.get(LOGIN)
    right, alone = browser.xsrf, Browser(browser.hub)
    form = {"username": login.user, "password": login.password.reveal()}
    headers = {"User-Agent": "another browser"}  # what it is bound to before there is a session
    answer = alone.submit(LOGIN, form, xsrf=right, headers=headers)
    assert answer.status == 403, answer
    is_out(alone)


@rule("sessions/login-leads-to-where-one-wanted-to-go", needs="login", see=SEE)
def test_next(browser: Browser, login: Login) -> None:
    """After the login the address in `next` is shown, with its query."""
    wanted = f"{browser.prefix}hub/token?x=1"
    browser.get(LOGIN, params={"next": wanted})
    form = {"username": login.user, "password": login.password.reveal()}
    answer = browser.submit(LOGIN, form, params={"next": wanted})
    try:
        assert place(browser, answer) == f"{browser.prefix}hub/token", answer
        assert "x=1" in answer.headers["Location"], answer.headers["Location"]
        sent_on = browser.get(LOGIN, params={"next": wanted})
        assert place(browser, sent_on) == f"{browser.prefix}hub/token", sent_on
    finally:
        browser.get("hub/logout")


@pytest.mark.parametrize("address", ELSEWHERE)
@rule("sessions/login-leads-nowhere-else", needs="login", see=SEE)
def test_elsewhere(address: str, session: Browser) -> None:
    """Who is logged in is never sent from the login page to another place than the hub."""
    leads_nowhere_else(session, session.get(LOGIN, params={"next": elsewhere(session, address)}))


@pytest.mark.parametrize("address", [*ELSEWHERE[:2], *ELSEWHERE[-2:]])
@rule("sessions/login-form-leads-nowhere-else", needs="login", see=SEE)
def test_form_elsewhere(address: str, browser: Browser, login: Login) -> None:
    """Who logs in is sent on within the hub, whatever the login page was asked to lead to."""
    answer = log_in(browser, login, params={"next": elsewhere(browser, address)})
    try:
        leads_nowhere_else(browser, answer)
    finally:
        browser.get("hub/logout")


@rule("sessions/servers-are-not-sent-the-login", needs="login", see=SEE)
def test_not_for_servers(session: Browser, alice: User) -> None:
    """What a browser sends to the servers of users opens nothing at the hub."""
    sent = session.cookie_header(f"{session.prefix}{server_place(alice, '')}")
    headers = {"Referer": session.address("hub/home"), **({"Cookie": sent} if sent else {})}
    answer = Browser(session.hub).request("GET", "hub/api/user", headers=headers)
    assert answer.status == 403, answer


# --- out


@rule("sessions/logout-ends-the-session", needs="login", see=SEE)
def test_logout(browser: Browser, login: Login) -> None:
    """After the logout the browser has no session any more, and is nobody."""
    log_in(browser, login)
    is_in(browser, login)
    answer = browser.get("hub/logout")
    assert place(browser, answer).startswith(f"{browser.prefix}hub/"), answer
    cleared = {each.name for each in cookies_of(answer) if each.is_cleared}
    assert SESSION in cleared, f"it takes away {sorted(cleared)}"
    is_out(browser)
    sent_to_login(browser, browser.get("hub/home"))
    assert browser.session is None


@rule("sessions/sessions-are-apart", needs="login", see=SEE)
def test_apart(hub: Hub, session: Browser, login: Login) -> None:
    """Two logins of one user are two sessions, and the end of one leaves the other."""
    with logged_in(hub, login) as other:
        assert other.session, "there is no id of the session"
        assert other.session != session.session, "two browsers have one session"
        is_in(other, login)
    is_out(other)
    is_in(session, login)


@rule("sessions/logout-leaves-api-tokens", needs="login", see=SEE)
def test_logout_leaves_tokens(hub: Hub, login: Login, sandbox: Sandbox) -> None:
    """A token that was asked for in a session works on when the session has ended."""
    with logged_in(hub, login) as browser:
        answer = ask_for_token(browser, login, sandbox, xsrf=browser.xsrf)
        assert answer.status in (200, 201), answer
        browser.get("hub/logout")
        is_out(browser)
        token = hub.using(answer.json["token"])
        assert token.get("/user").status == 200
    revoked = token.delete(f"/users/{quoted(login.user)}/tokens/{answer.json['id']}")
    assert revoked.status == 204, revoked


# --- whose cookies


@rule("sessions/cookie-tells-who-one-is", needs="login", see="reference/rest-api.html")
def test_identity(session: Browser, login: Login) -> None:
    """By cookie `GET /user` names the user, what they may do, and no token."""
    answer = who_is(session)
    assert answer.status == 200, answer
    model = answer.json
    assert (model.get("name"), model.get("kind")) == (login.user, "user"), model
    assert model.get("session_id") in (None, session.session), "it shows another session"
    assert model.get("token_id") is None, "it shows the id of a token"
    assert isinstance(model.get("scopes"), list), model
    assert model["scopes"], "the user has no scopes"


@rule("sessions/cookie-can-be-resolved", needs="login", see="reference/rest-api.html")
def test_resolution(session: Browser, login: Login, hub: Hub, anonymous: Hub) -> None:
    """Whose a login's cookie is can be asked with a token, not without; a changed one is 404."""
    need_scopes(hub.target, "read:users:name")
    found = {}
    for (name, _), value in session.cookies.items():
        path, kept = f"/authorizations/cookie/{quoted(name)}/", value.strip('"')
        answer = hub.get(path + quoted(kept))
        if answer.status == 200:
            found[name] = object_of(answer).get("name")
            in_body = hub.get(path.removesuffix("/"), data=kept)
            assert object_of(in_body).get("name") == login.user, "not with the cookie as the body"
            forged = hub.client.scrubber.learn(kept[:-1] + ("0" if kept[-1] != "0" else "1"))
            refused(hub.get(path + quoted(forged.reveal())), 404, explained=False)
            refused(anonymous.get(path + quoted(kept)), 403, explained=False)
    assert set(found.values()) == {login.user}, found or "none of the login's cookies is known"


@pytest.mark.parametrize("change", ["last-letter", "unsigned", "empty", "twice", "session-alone"])
@rule("sessions/forged-cookie-opens-nothing", needs="login", see=SEE)
def test_forged_cookie(change: str, session: Browser, login: Login) -> None:
    """Cookies that the hub has not set, or that somebody has changed, open nothing."""
    forged = session.copy()
    for key, value in session.cookies.items():
        if key[0] in (SESSION, XSRF):
            continue
        bare = value.strip('"')
        forged.cookies[key] = {
            "last-letter": bare[:-1] + ("0" if bare[-1] != "0" else "1"),
            "unsigned": login.user,
            "empty": "",
            "twice": bare + bare,
            "session-alone": "x",
        }[change]
        if change == "session-alone":
            del forged.cookies[key]
    is_out(forged)
