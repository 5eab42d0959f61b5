"""What the chapters about sessions and OAuth share: logging in, and what a browser may do then."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest

from ..accounts import Login
from ..browser import XSRF_SINCE, Browser
from ..client import Answer
from ..errors import SetupFailed
from ..hub import Hub, quoted
from ..sandbox import Sandbox
from ..urls import origin_of, parts_of
from ._shape import media_type, object_of

LOGIN = "hub/login"
#: Where somebody is sent on to.
REDIRECTS = (301, 302, 303, 307, 308)
#: Addresses that browsers take for another place; in two the hub's own comes first.
ELSEWHERE = (
    "https://hub.invalid/",
    "//hub.invalid/",
    "///hub.invalid/",
    "/\\hub.invalid/",
    "\\\\hub.invalid/",
    "https:hub.invalid/",
    "javascript:alert(1)",
    "http://hub.invalid@127.0.0.1/",
    "{hub}.hub.invalid/",
    "{hub}@hub.invalid/",
)
#: Before 4.0 a request by cookie is taken only where its `Referer` says the hub's own pages.
REFERER_UNTIL = "3.1"


def log_in(browser: Browser, login: Login, *, password: str | None = None, **sent: Any) -> Answer:
    """Look at the login page and send its form.

    `xsrf` stands in place of the right value, `params` are the query of both requests.
    """
    browser.get(LOGIN, params=sent.get("params"))
    secret = login.password.reveal() if password is None else password
    return browser.submit(LOGIN, {"username": login.user, "password": secret}, **sent)


@contextmanager
def logged_in(hub: Hub, login: Login) -> Iterator[Browser]:
    """A browser with a session of its own, ended again. Raises SetupFailed where it cannot be."""
    browser = Browser(hub.using(None))
    answer = log_in(browser, login)
    if answer.status not in REDIRECTS:
        raise SetupFailed(f"the hub did not let {login.user} log in: {answer!r}")
    if XSRF_SINCE <= hub.target.applies < (5, 0):
        browser.get("hub/home")  # the page after the login is the first to set the right _xsrf
    try:
        yield browser
    finally:
        if not hub.target.owner.admin:  # then the sandbox may not revoke them
            _revoke_issued(browser, login)
        browser.get("hub/logout")


def _revoke_issued(browser: Browser, login: Login) -> None:
    for token_id in browser.issued:
        query = f"?_xsrf={quoted(browser.xsrf)}" if browser.xsrf else ""
        browser.api("DELETE", f"/users/{quoted(login.user)}/tokens/{quoted(token_id)}{query}")


@pytest.fixture(scope="module")
def session(hub: Hub, login: Login) -> Iterator[Browser]:
    """A session that rules look at, and none ends."""
    with logged_in(hub, login) as found:
        yield found


def who_is(browser: Browser, headers: Mapping[str, str] | None = None) -> Answer:
    """Ask the API who the cookies belong to."""
    return browser.api("GET", "/user", headers=headers)


def is_in(browser: Browser, login: Login) -> None:
    """Assert that the hub takes the browser for the user who logged in."""
    answer = who_is(browser)
    assert answer.status == 200, answer
    assert answer.json.get("name") == login.user, answer.json


def is_out(browser: Browser) -> None:
    """Assert that the hub takes the browser for nobody."""
    answer = who_is(browser)
    assert answer.status == 403, answer


def place(browser: Browser, answer: Answer) -> str:
    """The path that an answer leads to; assert that it is a redirect that stays on the hub."""
    assert answer.status in REDIRECTS, answer
    here = browser.address("")
    target = urljoin(here, parts_of(answer.headers.get("Location", "")).geturl())
    assert origin_of(target) == origin_of(here), f"{answer!r} leads to {target}"
    return urlsplit(target).path


def elsewhere(browser: Browser, address: str) -> str:
    """One of ELSEWHERE, for this hub."""
    return address.replace("{hub}", browser.address("").removesuffix(browser.prefix))


def leads_nowhere_else(browser: Browser, answer: Answer) -> None:
    """Assert that an answer to somebody who asked for one of ELSEWHERE leads to the hub."""
    path, location = place(browser, answer), answer.headers["Location"]
    assert "hub.invalid" not in path or location.startswith("/"), location
    assert not location.replace("\\", "/").startswith("//"), location


def sent_to_login(browser: Browser, answer: Answer) -> None:
    """Assert that the answer leads to the login page."""
    assert place(browser, answer) == f"{browser.prefix}{LOGIN}", answer


def page(answer: Answer) -> str:
    """The text of a page; assert that it is one."""
    assert answer.status == 200, answer
    assert media_type(answer) == "text/html", f"{answer!r} is {media_type(answer)!r}"
    return answer.text


# --- writes by cookie


def ask_for_token(
    browser: Browser, login: Login, sandbox: Sandbox, *, xsrf: str | None, **body: Any
) -> Answer:
    """Ask the API for a token of the user who logged in, as the page `hub/token` does."""
    body.setdefault("note", sandbox.name("token"))
    query = f"?_xsrf={quoted(xsrf)}" if xsrf else ""
    path = f"/users/{quoted(login.user)}/tokens{query}"
    return browser.api("POST", path, json.dumps(body).encode())


def tokens_of(hub: Hub, login: Login) -> list[dict[str, Any]]:
    """All tokens of the user who logs in. Raises SetupFailed where the run may not list them."""
    answer = hub.get(f"/users/{quoted(login.user)}/tokens")
    if answer.status in (403, 404):
        raise SetupFailed(f"the tokens of {login.user} cannot be listed: {answer!r}")
    found = object_of(answer).get("api_tokens")
    assert isinstance(found, list), f"{answer!r} has no list of tokens"
    return found


def notes_of(hub: Hub, login: Login) -> list[str]:
    """The notes of all tokens of the user who logs in, by the right of the run."""
    return [str(each.get("note")) for each in tokens_of(hub, login)]


def is_admin(browser: Browser) -> bool:
    """Whether the user who has logged in is an admin, who may do nearly everything."""
    return object_of(who_is(browser)).get("admin") is True


def needs_xsrf(version: tuple[int, int]) -> bool:
    """Whether forms and writes by cookie carry a token in this version."""
    return version >= XSRF_SINCE
