"""Browsers at users' servers: those that run, and what the hub says of those that do not."""

from __future__ import annotations

import hmac
from typing import Any
from urllib.parse import quote, unquote

from starlette.requests import Request
from starlette.responses import Response

from ..core import errors, html, models
from ..core.entities import Server
from ..core.operations import server_page, single_user
from ..core.pages import Page, as_sent
from . import convert
from .browser import PageEndpoint, PageMethods
from .cookies import session_of
from .user_servers import StoppedUserServer, UserServer

_TOKEN = "reference-hub-server"  # noqa: S105 - a part of the cookie's name
_STATE = "reference-hub-state"
_CALLBACK = "oauth_callback"


class VisitedServer(UserServer):
    """A running server; who comes without a token is let in by the hub, and sees a page."""

    async def answer(self, request: Request) -> Response:
        """A page for browsers, and for others what the server's API says."""
        user_name, path = (*convert.decode_parameters(request.path_params), "")[:2]
        found = single_user.route(self.hub, user_name, path)
        if found is None or not is_visit(request, found[1]):
            return await super().answer(request)
        server, rest = found
        try:
            return self.let_in(request, server) if rest == _CALLBACK else self.see(request, *found)
        except errors.HubError as error:
            return self.to_page(server_page.refusal(self.hub, error))

    def see(self, request: Request, server: Server, path: str) -> Response:
        """The page, or the way to the hub to be let in."""
        secret = request.cookies.get(cookie(_TOKEN, server), "")
        page = server_page.greet(self.hub, server, path, secret)
        if page is not None:
            return self.to_page(page)
        state = self.hub.new_secret()
        here = request.scope["path"] + convert.query_as_sent(request)
        response = self.to_page(
            Page(status=302, location=server_page.way_in(self.hub, server, state))
        )
        self.set_cookie(response, server, _STATE, f"{state}:{quote(here, safe='')}")
        return response

    def let_in(self, request: Request, server: Server) -> Response:
        """Back from the hub, with a code: a cookie, and on to where one wanted to go."""
        state, _, wanted = request.cookies.get(cookie(_STATE, server), "").partition(":")
        given = request.query_params.get("state", "")
        if not state or not hmac.compare_digest(state.encode(), given.encode()):
            raise errors.forged()
        secret = server_page.take_code(self.hub, server, request.query_params.get("code", ""))
        home, there = models.server_url(self.hub, server), as_sent(unquote(wanted))
        response = self.to_page(
            Page(status=302, location=there if there.startswith(home) else home)
        )
        self.set_cookie(response, server, _TOKEN, secret)
        response.delete_cookie(cookie(_STATE, server), path=home)
        return response

    def to_page(self, page: Page) -> Response:
        """A page as HTTP."""
        headers = {
            **self.headers,
            "content-security-policy": f"frame-ancestors 'self'; {html.POLICY}",
            "cache-control": "no-store",
        }
        if page.location:
            headers["location"] = page.location
        return Response(page.html, page.status, headers, media_type="text/html")

    def set_cookie(self, response: Response, server: Server, name: str, value: str) -> None:
        """A cookie for this server alone."""
        path: Any = models.server_url(self.hub, server)
        response.set_cookie(cookie(name, server), value, path=path, httponly=True, samesite="lax")


def cookie(name: str, server: Server) -> str:
    """What a server's cookie is called. Named servers get those of the default one, too."""
    return f"{name}-{server.user.number}-{server.name}"


def is_visit(request: Request, path: str) -> bool:
    """Whether a browser asks for a page: no token is sent, and it is not about the API."""
    has_token = "authorization" in request.headers or "token" in request.query_params
    return request.method == "GET" and not has_token and path.partition("/")[0] != "api"


class VisitedStopped(StoppedUserServer):
    """The hub's word on a server that does not run; a page for who has logged in."""

    async def answer(self, request: Request) -> Response:
        """The same as for a token, in a form that a person can read."""
        session = session_of(self.hub, request)
        if session is None or request.method != "GET" or "authorization" in request.headers:
            return await super().answer(request)
        look = PageMethods(server_page.stand_in)
        return await PageEndpoint(self.hub, self.stop, look).answer(request)
