"""The browser of the rules: which cookies it keeps, and where it sends them."""

from __future__ import annotations

import pytest
from requests.structures import CaseInsensitiveDict

from hub_conformance.browser import Browser, Cookie, cookies_of
from hub_conformance.client import Answer, Client, Request
from hub_conformance.hub import Hub
from hub_conformance.secret import Scrubber
from hub_conformance.target import Owner, Target

TWO = (
    "_xsrf=abcdef; Max-Age=3600; Path=/hub/, "
    'jupyterhub-session-id="0123456789"; expires=Wed, 23 Dec 2026 21:49:52 GMT; HttpOnly; Path=/'
)


def answer(set_cookie: str) -> Answer:
    headers = CaseInsensitiveDict({"Set-Cookie": set_cookie} if set_cookie else {})
    return Answer(Request("GET", "/hub/login"), 200, headers, b"", 0.0, Scrubber())


@pytest.fixture
def browser() -> Browser:
    target = Target("http://127.0.0.1:1/", "6.1.1", Owner("user", "ann", True))
    return Browser(Hub(Client(target.origin, Scrubber()), target))


def test_cookies_in_one_line() -> None:
    xsrf, session = cookies_of(answer(TWO))
    assert (xsrf.name, xsrf.value, xsrf.path) == ("_xsrf", "abcdef", "/hub/")
    assert (session.name, session.path) == ("jupyterhub-session-id", "/")
    assert "httponly" in session.attributes
    assert "httponly" not in xsrf.attributes
    assert not xsrf.is_cleared
    assert not session.is_cleared


def test_no_cookie() -> None:
    assert cookies_of(answer("")) == []


@pytest.mark.parametrize(
    "cookie",
    [
        Cookie("a", '""', {}),
        Cookie("a", "x", {"max-age": "0"}),
        Cookie("a", "x", {"expires": "Thu, 01 Jan 1970 00:00:00 GMT"}),
        Cookie("a", '""', {"expires": "Sun, 24 Nov 2019 21:49:52 GMT"}),
    ],
)
def test_what_takes_a_cookie_away(cookie: Cookie) -> None:
    assert cookie.is_cleared


def test_cookies_go_where_they_belong(browser: Browser) -> None:
    browser.keep(answer(TWO))
    assert browser.cookie_header("/hub/home") == '_xsrf=abcdef; jupyterhub-session-id="0123456789"'
    assert browser.cookie_header("/hub") == '_xsrf=abcdef; jupyterhub-session-id="0123456789"'
    assert browser.cookie_header("/user/ann/lab") == 'jupyterhub-session-id="0123456789"'
    assert browser.cookie_header("/hubbub") == 'jupyterhub-session-id="0123456789"'
    assert browser.xsrf == "abcdef"
    assert browser.session == "0123456789"


def test_cookies_are_replaced_and_taken_away(browser: Browser) -> None:
    browser.keep(answer(TWO))
    browser.keep(answer("_xsrf=ghijkl; Path=/hub/"))
    assert browser.xsrf == "ghijkl"
    copied = browser.copy()
    browser.keep(answer('_xsrf=""; expires=Thu, 01 Jan 1970 00:00:00 GMT; Path=/hub/'))
    assert browser.xsrf is None
    assert copied.xsrf == "ghijkl"


def test_cookies_are_secrets(browser: Browser) -> None:
    browser.keep(answer(TWO))
    assert browser.hub.client.scrubber.scrub("abcdef 0123456789") == "*** ***"
    assert "abcdef" not in repr(browser)
