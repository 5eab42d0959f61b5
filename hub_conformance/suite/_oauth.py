"""The steps of OAuth, as a service and its user take them."""

from __future__ import annotations

import html
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode

from ..accounts import OAuthClient
from ..browser import FORM, Browser
from ..client import Answer
from ..hub import Hub
from ..secret import Secret
from ..urls import encode_query, parts_of
from ._sessions import REDIRECTS
from ._shape import object_of

AUTHORIZE = "hub/api/oauth2/authorize"
#: From this version on a client asks for scopes; before, for roles.
SCOPES_SINCE = (3, 0)
_INPUT = re.compile(r"<input\b[^>]*>")
_ATTRIBUTE = re.compile(r'\b(name|value)\s*=\s*"([^"]*)"')


@dataclass
class Flow:
    """One user's way to a token for one client. `None` for a parameter leaves it out."""

    hub: Hub
    browser: Browser
    client: OAuthClient
    state: str = field(default_factory=lambda: secrets.token_hex(8))

    @property
    def access(self) -> str:
        """The scope that lets a user in to the service."""
        return f"access:services!service={self.client.service}"

    def parameters(self, **changes: str | None) -> dict[str, str]:
        """The query of the address that the client sends the user to."""
        smallest = self.access if self.hub.target.applies >= SCOPES_SINCE else None
        asked = {
            "client_id": self.client.id,
            "redirect_uri": self.client.redirect,
            "response_type": "code",
            "state": self.state,
            "scope": smallest,
            **changes,
        }
        return {key: value for key, value in asked.items() if value is not None}

    def ask(self, **changes: str | None) -> Answer:
        """Look at the address that the client sends the user to."""
        return self.browser.get(AUTHORIZE, params=self.parameters(**changes))

    def agree(self, scopes: list[str] | None = None, **changes: str | None) -> Answer:
        """Agree to what the page asks for, or to these scopes; no page, where it was agreed to."""
        seen = self.ask(**changes)
        if seen.status in REDIRECTS:
            return seen
        assert seen.status == 200, seen
        return self.submit(offered(seen) if scopes is None else scopes, **changes)

    def submit(self, scopes: list[str], **changes: Any) -> Answer:
        """Send the form of the page."""
        more = {"xsrf": changes.pop("xsrf")} if "xsrf" in changes else {}
        asked = self.parameters(**changes)
        # Before 4.0 the form counts only where it comes from the very page.
        page = self.browser.address(f"{AUTHORIZE}?{encode_query(asked)}")
        return self.browser.submit(
            AUTHORIZE, {"scopes": scopes}, params=asked, headers={"Referer": page}, **more
        )

    def code(self, scopes: list[str] | None = None, **changes: str | None) -> Secret:
        """Go all the way to a code."""
        return self.code_in(self.agree(scopes, **changes))

    def code_in(self, answer: Answer) -> Secret:
        """The code that an answer hands on; assert that it leads to the client, with the state."""
        given = handed_on(answer, self.client.redirect)
        assert given.get("state") == self.state, "the state is another one"
        assert given.get("code"), f"{answer!r} hands on {sorted(given)}"
        return self.hub.client.scrubber.learn(given["code"])

    def exchange(self, code: Secret | None, **changes: str | None) -> Answer:
        """Change a code into a token, as the client does.

        A wrong secret or code may be a right one but for a letter: it is kept as secret.
        """
        form = {
            "client_id": self.client.id,
            "client_secret": self.client.secret.reveal(),
            "grant_type": "authorization_code",
            "code": code.reveal() if code else None,
            "redirect_uri": self.client.redirect,
            **changes,
        }
        for each in filter(None, (form["client_secret"], form["code"])):
            self.hub.client.scrubber.learn(each)
        sent = urlencode({key: value for key, value in form.items() if value is not None})
        anonymous = self.hub.using(None)
        return anonymous.post("/oauth2/token", data=sent, headers={"Content-Type": FORM})

    def token(self, scopes: list[str] | None = None, **changes: str | None) -> Hub:
        """Go all the way; the hub through the token."""
        return self.hub.using(token_in(self.exchange(self.code(scopes, **changes))))


def handed_on(answer: Answer, redirect: str) -> dict[str, str]:
    """What a redirect to the client says in its query; assert that it is one."""
    assert answer.status in REDIRECTS, answer
    location = answer.headers.get("Location", "")
    found, wanted = parts_of(location), parts_of(redirect)
    assert found.path == wanted.path, f"it leads to {found.path}"
    assert not wanted.netloc or found.netloc == wanted.netloc, f"it leads to {found.netloc}"
    return dict(parse_qsl(found.query, keep_blank_values=True))


def hands_on_no_code(answer: Answer) -> None:
    """Assert that no redirect in the answer carries a code."""
    location = answer.headers.get("Location", "")
    assert "code=" not in parts_of(location).query, f"{answer!r} hands on a code"


def offered(answer: Answer) -> list[str]:
    """The scopes that the page of an answer asks for."""
    fields = [dict(_ATTRIBUTE.findall(each)) for each in _INPUT.findall(answer.text)]
    return [html.unescape(each["value"]) for each in fields if each.get("name") == "scopes"]


def token_in(answer: Answer) -> Secret:
    """The token that the client was given; assert that it was."""
    found = object_of(answer).get("access_token")
    assert isinstance(found, Secret), f"{answer!r} gives no access_token"
    return found


def refused_with(answer: Answer, errors: Mapping[int, frozenset[str]]) -> None:
    """Assert that an exchange is refused by the form of RFC 6749: `{"error": …}`, and no token."""
    assert answer.status in errors, answer
    body = object_of(answer, answer.status)
    assert "access_token" not in body, "it gives a token all the same"
    assert body.get("error") in errors[answer.status], body
