"""Cookies: whose session it is, and keeping other sites' requests out."""

from __future__ import annotations

import hmac
from collections.abc import Mapping

from starlette.requests import Request

from ..core import access, errors
from ..core.hub import Hub
from ..core.sessions import LOGIN_COOKIE, Session

SESSION_COOKIE = "jupyterhub-session-id"
XSRF = "_xsrf"
READING = frozenset({"GET", "HEAD", "OPTIONS"})


def session_of(hub: Hub, request: Request) -> Session | None:
    """The session that a request's cookies belong to."""
    return hub.sessions.find(request.cookies.get(LOGIN_COOKIE, ""))


def expected_xsrf(hub: Hub, request: Request, session: Session | None) -> str:
    """What a form from this browser has to carry."""
    return hub.sessions.xsrf(session, request.headers.get("user-agent", ""))


def check_xsrf(request: Request, expected: str, form: Mapping[str, list[str]]) -> None:
    """Raise a 403 unless the request carries what only the hub's own pages know."""
    given = (
        request.query_params.get(XSRF)
        or (form.get(XSRF) or [""])[-1]
        or request.headers.get("x-xsrftoken", "")
    )
    cookie = request.cookies.get(XSRF, "")
    for each in (given, cookie):
        if not hmac.compare_digest(each.encode("utf-8", "replace"), expected.encode()):
            raise errors.forged()


def identify_by_cookie(hub: Hub, request: Request) -> access.Requester | None:
    """Who asks the API by cookie. Raises a 403 for what another site may have sent."""
    session = session_of(hub, request)
    if session is None:
        return None
    kind = request.headers.get("content-type", "application/json")
    if request.method == "POST" and not kind.lower().startswith("application/json"):
        return None
    mode = request.headers.get("sec-fetch-mode", "navigate")
    if not (request.method in READING and mode == "navigate"):
        check_xsrf(request, expected_xsrf(hub, request, session), {})
    access.note_activity(hub, session.token)
    return access.Requester(hub, session.token)
