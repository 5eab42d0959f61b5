"""Pages on the network: visits come in, HTML and cookies go out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, quote

from starlette.requests import Request
from starlette.responses import Response

from ..core import errors
from ..core.call import Query
from ..core.hub import Hub
from ..core.operations import info, oauth, pages
from ..core.pages import Page, Visit, error_page
from ..core.sessions import LOGIN_COOKIE, Session
from . import convert
from .cookies import (
    READING,
    SESSION_COOKIE,
    XSRF,
    check_xsrf,
    expected_xsrf,
    session_of,
)
from .endpoints import Endpoint

_FORM = "application/x-www-form-urlencoded"
_COOKIE: Any = {"httponly": True, "samesite": "lax"}  # no page of this hub has a script
PageFunction = Callable[..., Page]
"""A :class:`Visit` and the path's parameters in, a page out."""


@dataclass(frozen=True)
class PageMethods:
    """What a page does when it is looked at, and when its form is sent."""

    get: PageFunction
    post: PageFunction | None = None
    is_open: bool = False  # to strangers


class PageEndpoint(Endpoint):
    """A page of the hub."""

    def __init__(self, hub: Hub, stop: Callable[[], None], methods: PageMethods) -> None:
        super().__init__(hub, stop)
        self.methods = methods
        self.page_headers = convert.hub_headers(hub.settings, page=True)

    async def answer(self, request: Request) -> Response:
        """The page, or a refusal as one."""
        try:
            return await self.page(request)
        except errors.HubError as error:
            session = session_of(self.hub, request)
            return self.respond_with(request, error_page(error, self.hub, session), session)

    async def page(self, request: Request) -> Response:
        """What the method gives, after a login and the check for forgery."""
        self.hub.purge_expired()  # else a page would show tokens that work no longer
        session = session_of(self.hub, request)
        form, xsrf = await self.unforged(request)
        do = {"GET": self.methods.get, "POST": self.methods.post}.get(request.method)
        if do is None:
            raise errors.method_not_allowed(request.method)
        address = request.scope["path"] + convert.query_as_sent(request)
        if session is None and not self.methods.is_open:
            where = f"{self.hub.settings.hub_prefix}login?next={quote(address, safe='')}"
            return self.respond_with(request, Page(status=302, location=where), session)
        query = Query(convert.parse_query(request))
        visit = Visit(self.hub, session, xsrf, query, form, address)
        parameters = convert.decode_parameters(request.path_params)
        return self.respond_with(request, do(visit, *parameters), session)

    async def unforged(self, request: Request) -> tuple[Mapping[str, list[str]], str]:
        """The form that was sent, and what it has to carry. Raises a 403 for a forged one.

        Before all else, so that no other site's script learns what there is.
        """
        form = await read_form(request)
        xsrf = expected_xsrf(self.hub, request, session_of(self.hub, request))
        if request.method not in READING:
            check_xsrf(request, xsrf, form)
        return form, xsrf

    def respond_with(self, request: Request, page: Page, session: Session | None) -> Response:
        """The page as HTTP, with the cookies that follow from it."""
        headers = {**self.page_headers, **page.headers, "content-type": "text/html; charset=UTF-8"}
        if page.location:
            headers["location"] = page.location
        response = Response(page.html, page.status, headers=headers)
        base, prefix = self.hub.settings.base_url, self.hub.settings.hub_prefix
        if page.opens:
            session, cookie = page.opens
            response.set_cookie(LOGIN_COOKIE, cookie, path=prefix, **_COOKIE)
            response.set_cookie(SESSION_COOKIE, session.id, path=base, **_COOKIE)
        if page.closes:
            session = None
            response.delete_cookie(LOGIN_COOKIE, path=prefix)
            response.delete_cookie(SESSION_COOKIE, path=base)
        expected = expected_xsrf(self.hub, request, session)
        if request.cookies.get(XSRF) != expected:
            # To scripts, too: those that write by cookie send it along in a header.
            response.set_cookie(XSRF, expected, path=prefix, samesite="lax")
        return response


class UnknownPage(PageEndpoint):
    """Everything below the hub's prefix that is neither a page nor of the API."""

    def __init__(self, hub: Hub, stop: Callable[[], None]) -> None:
        super().__init__(hub, stop, PageMethods(pages.start))

    async def page(self, request: Request) -> Response:
        """404, whatever the method."""
        await self.unforged(request)
        raise errors.no_such_path()


class TokenEndpoint(Endpoint):
    """``/oauth2/token``, where clients prove themselves in a form."""

    async def answer(self, request: Request) -> Response:
        """A token, or a refusal in the form of RFC 6749."""
        if request.method == "OPTIONS":
            return await self.respond(info.options(await convert.to_call(self.hub, request)))
        if request.method != "POST":
            raise errors.method_not_allowed(request.method)
        form = {key: values[-1] for key, values in (await read_form(request)).items()}
        return await self.respond(oauth.exchange(self.hub, form))


async def read_form(request: Request) -> Mapping[str, list[str]]:
    """The fields of a form; none of another body."""
    if not request.headers.get("content-type", "").lower().startswith(_FORM):
        return {}
    text = (await request.body()).decode("utf-8", "replace")
    return parse_qs(text, keep_blank_values=True)
