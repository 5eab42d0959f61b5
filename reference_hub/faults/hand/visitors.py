"""Faults in what those who have logged in with a browser are shown, and where they are led."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ...core import html
from ...core.operations import pages, share_page, token_page
from ...core.pages import Page, Visit
from ...http import cookies, endpoints, other_routes
from ..changes import doing
from ..fault import make

_WHO = "get-current-user"


async def _to_any_origin(original: Any, endpoint: Any, request: Any) -> Any:
    response = await original(endpoint, request)
    origin = request.headers.get("origin")
    if origin and cookies.session_of(endpoint.hub, request):
        response.headers["access-control-allow-origin"] = origin
        response.headers["access-control-allow-credentials"] = "true"
    return response


def _led_on(page: Any) -> Any:
    def accept(visit: Visit) -> Page:
        taken = share_page.accept(visit)
        wanted = visit.query.get("next")
        return replace(taken, location=wanted) if wanted and taken.location else taken

    return replace(page, post=accept)


def _of_everybody(original: Any, visit: Visit, **said: Any) -> Page:
    page: Page = original(visit, **said)
    owner = visit.known().user
    others = (user for user in visit.hub.users.values() if user is not owner)
    more = html.cards(
        token_page.card(visit, token) for user in others for token in user.tokens.values()
    )
    return replace(page, html=page.html.replace("</main>", f"{more}</main>"))


FAULTS = [
    make(
        "sessions/shown-to-any-origin",
        "subtle",
        _WHO,
        "What is answered to a cookie may be read by the scripts of whatever site asks.",
        (endpoints.ApiEndpoint, "answer", doing(_to_any_origin)),
    ),
    make(
        "sessions/code-leads-on",
        "subtle",
        "",
        "Who takes a share code is sent on to whatever next says, on other hosts too.",
        (other_routes.PAGES, "accept-share", _led_on),
    ),
    make(
        "sessions/tokens-of-everybody",
        "medium",
        _WHO,
        "The token page lists the tokens of all users.",
        (token_page, "page_of_tokens", doing(_of_everybody)),
    ),
    make(
        "sessions/login-again",
        "subtle",
        "",
        "Who is logged in and comes to the login page is asked to log in again.",
        (other_routes.PAGES, "login", lambda page: replace(page, get=pages.login_form)),
    ),
]
