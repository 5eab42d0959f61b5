"""Pages as the core gives them: plain HTML, and what the browser shall do."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import parse_qsl, quote, urlencode

from . import html
from .access import Requester
from .call import Body, Call, Query
from .entities import JSON
from .errors import HubError, redirect_loop
from .hub import Hub
from .sessions import Session

_COUNT = "redirects"
_MOST_REDIRECTS = 4  # so that it ends before browsers give up
_NO_STORE = {"cache-control": "no-store"}  # a page is of one session, and of one moment


@dataclass(frozen=True)
class Visit:
    """A browser's request. `session` is None for strangers; `xsrf` is what a form has to carry.

    `address` is path and query as sent; `form` has the fields of a form that was sent.
    """

    hub: Hub
    session: Session | None
    xsrf: str
    query: Query
    form: Mapping[str, Sequence[str]]
    address: str

    def field(self, name: str) -> str:
        """The last value of a form's field, "" without one."""
        return (self.form.get(name) or [""])[-1]

    def known(self) -> Session:
        """The session. Raises a 403 without one; pages ask for a login before that."""
        if self.session is None:
            raise HubError(403, "Log in first.")
        return self.session

    def call(self, **body: JSON) -> Call:
        """What the user asks the API for by a page: with their own rights, and no others."""
        requester = Requester(self.hub, self.known().token)
        raw = json.dumps(body).encode() if body else b""
        return Call(self.hub, requester, body=Body(raw))

    def path(self, page: str) -> str:
        """Where a page of the hub is."""
        return f"{self.hub.settings.hub_prefix}{page}"

    def page(self, title: str, *parts: str, status: int = 200) -> Page:
        """A page of these parts, for this visitor."""
        return document(self.hub, self.session, title, *parts, status=status)

    def form_of(self, *inner: str, action: str = "") -> html.Html:
        """A form that is sent to `action`, or to where it stands."""
        carried = html.hidden("_xsrf", self.xsrf)
        return html.tag("form", carried, *inner, method="post", action=action or None)


@dataclass(frozen=True)
class Page:
    """An answer for people: HTML, or where to go next. `opens` is the cookie of a new session."""

    html: str = ""
    status: int = 200
    location: str = ""
    opens: tuple[Session, str] | None = None
    closes: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)


def redirect(location: str) -> Page:
    """Go there."""
    return Page(status=302, location=location)


def as_sent(path: str) -> str:
    """A path and query in the form that a header can carry; escapes stay as they are."""
    return quote(path, safe="/%:@!$&'()*+,;=~?#[]")


def counted(address: str) -> str:
    """An address below a server's path, with how often one was sent there. Raises a 500 for a loop.

    A proxy without a route to the server comes back to the hub, and would do so for ever.
    """
    path, _, query = address.partition("?")
    arguments = parse_qsl(query, keep_blank_values=True)
    count = next((int(v) for k, v in arguments if k == _COUNT and v.isdecimal()), 0)
    if count >= _MOST_REDIRECTS:
        raise redirect_loop()
    if not count:
        return f"{address}{'&' if query else '?'}{_COUNT}=1"
    others = [(key, value) for key, value in arguments if key != _COUNT]
    return f"{path}?{urlencode([*others, (_COUNT, str(count + 1))])}"


def document(hub: Hub, session: Session | None, title: str, *parts: str, status: int = 200) -> Page:
    """A page of these parts; texts among them are escaped."""
    inner = html.document(title, header(hub, session), html.join(parts))
    return Page(inner, status, headers=_NO_STORE)


def header(hub: Hub, session: Session | None) -> html.Html:
    """Whose page it is, and the way to the others."""
    links = {"login": "Log in"}
    who = "Reference hub"
    if session is not None:
        links = {"home": "Home", "token": "Tokens", "logout": "Log out"}
        who = f"Logged in as {session.user.name}"
    items = [
        html.tag("a", said, href=f"{hub.settings.hub_prefix}{to}") for to, said in links.items()
    ]
    nav = html.tag("nav", html.listing(items), aria_label="Hub")
    return html.tag("header", html.tag("div", html.tag("span", who), nav))


def paragraph(text: str, **attributes: str) -> html.Html:
    """A paragraph."""
    return html.tag("p", text, **attributes)


def alert(text: str) -> html.Html:
    """What went wrong, if anything did, told at once to those who listen."""
    return paragraph(text, class_="alert", role="alert") if text else html.Html()


def error_page(error: HubError, hub: Hub, session: Session | None) -> Page:
    """A refusal for people."""
    back = html.tag("a", "Back to the home page", href=f"{hub.settings.hub_prefix}home")
    parts = alert(error.message), paragraph(back)
    return document(hub, session, title_of(error), *parts, status=error.status)


def title_of(error: HubError) -> str:
    """What HTTP calls a refusal, such as "404 Not Found"."""
    return f"{error.status} {HTTPStatus(error.status).phrase}"
