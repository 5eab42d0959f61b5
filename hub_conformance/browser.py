"""A browser as far as a hub's pages need one: cookies, forms, and the token against forged forms.

It sends no `Authorization` header and follows no redirect: where it leads is for a rule to judge.
Every value of a cookie is a secret, also of those that are none.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from .client import Answer, Request
from .hub import Hub
from .urls import encode_query

XSRF = "_xsrf"
SESSION = "jupyterhub-session-id"
#: From this version on a form, or a write by cookie, carries the value of the cookie `_xsrf`.
XSRF_SINCE = (4, 0)
FORM = "application/x-www-form-urlencoded"
#: The start of a cookie where several stand in one line, as `requests` joins them.
_NEXT_COOKIE = re.compile(r",\s*(?=[^;,\s=]+=)")


@dataclass(frozen=True)
class Cookie:
    """One cookie as the hub has set it; `attributes` have lower-case keys."""

    name: str
    value: str
    attributes: Mapping[str, str]

    @property
    def path(self) -> str:
        """Below which path it is sent back."""
        return self.attributes.get("path", "/")

    @property
    def is_cleared(self) -> bool:
        """Whether it takes the cookie away."""
        past = re.search(r"\b(19|200|201)\d", self.attributes.get("expires", ""))
        return self.attributes.get("max-age") == "0" or not self.value.strip('"') or bool(past)


def cookies_of(answer: Answer) -> list[Cookie]:
    """The cookies that an answer sets or takes away."""
    line = answer.headers.get("Set-Cookie", "")
    # Dates have a comma too, before which no name and equals sign can stand.
    return [_cookie(each) for each in _NEXT_COOKIE.split(line) if "=" in each]


def _cookie(text: str) -> Cookie:
    first, *rest = text.split(";")
    name, _, value = first.strip().partition("=")
    attributes = {
        key.strip().lower(): found.strip()
        for key, _, found in (each.partition("=") for each in rest)
    }
    return Cookie(name, value, attributes)


@dataclass
class Browser:
    """Somebody who looks at the hub's pages. Paths are below its base URL: `hub/login`."""

    hub: Hub
    cookies: dict[tuple[str, str], str] = field(default_factory=dict, repr=False)
    #: Ids of the tokens that were asked for with it.
    issued: list[str] = field(default_factory=list)

    @property
    def prefix(self) -> str:
        """Path of the hub's base URL, from "/" to "/"."""
        return self.hub.target.prefix

    def get(self, path: str, **kwargs: Any) -> Answer:
        """GET a page."""
        return self.request("GET", path, **kwargs)

    def submit(self, path: str, form: Mapping[str, Any], **kwargs: Any) -> Answer:
        """POST a form; a list repeats its key. The token against forgery goes along.

        `xsrf` None leaves it out, and a text stands in its place.
        """
        xsrf = kwargs.pop("xsrf", self.xsrf)
        filled = {**form, **({XSRF: xsrf} if xsrf else {})}
        headers = {
            "Content-Type": FORM,
            "Referer": self.address("hub/"),
            **kwargs.pop("headers", {}),
        }
        body = urlencode(filled, doseq=True).encode()
        return self.request("POST", path, data=body, headers=headers, **kwargs)

    def request(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        data: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send a request with the cookies that belong to its path, and keep those that come."""
        where = path if path.startswith("/") else f"{self.prefix}{path}"
        before, _, query = where.partition("?")
        sent = {**(headers or {})}
        if cookie := self.cookie_header(before):
            sent["Cookie"] = cookie
        client = self.hub.proxied or self.hub.client
        query = encode_query(params) if params else query
        answer = client.send(Request(method, before, query, data, sent))
        self.keep(answer)
        return answer

    def api(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send a request to the API by cookie, as the hub's own pages do.

        What keeps forged requests out is left to the caller.
        """
        sent = {"Referer": self.address("hub/home"), **(headers or {})}
        if body is not None:
            sent.setdefault("Content-Type", "application/json")
        answer = self.request(method, f"hub/api{path}", data=body, headers=sent)
        if answer.ok and method == "POST" and path.partition("?")[0].endswith("/tokens"):
            model = answer.json
            self.issued.append(str(model.get("id")) if isinstance(model, dict) else "")
        return answer

    def address(self, path: str) -> str:
        """The full address of a path below the hub's base URL."""
        origin = (self.hub.proxied or self.hub.client).origin
        return f"{origin}{self.prefix}{path}"

    # --- cookies

    @property
    def xsrf(self) -> str | None:
        """The value that forms have to carry; None before the hub has set one."""
        found = [value for (name, _), value in self.cookies.items() if name == XSRF]
        return found[-1].strip('"') if found else None

    @property
    def session(self) -> str | None:
        """The id of the session, which tokens that come of it show."""
        found = [value for (name, _), value in self.cookies.items() if name == SESSION]
        return found[-1].strip('"') if found else None

    def keep(self, answer: Answer) -> None:
        """Do with the cookies of an answer what it says."""
        for cookie in cookies_of(answer):
            self.cookies.pop((cookie.name, cookie.path), None)
            if not cookie.is_cleared:
                self.hub.client.scrubber.learn(cookie.value.strip('"'))
                self.cookies[cookie.name, cookie.path] = cookie.value

    def cookie_header(self, path: str) -> str:
        """The cookies for a path, in the form of the header."""
        return "; ".join(
            f"{name}={value}"
            for (name, below), value in self.cookies.items()
            if f"{path.rstrip('/')}/".startswith(f"{below.rstrip('/')}/")
        )

    def copy(self) -> Browser:
        """Another browser with the same cookies: a thief's, or another window."""
        return Browser(self.hub, dict(self.cookies))
