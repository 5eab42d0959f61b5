"""In and out: the pages on which people log in, and the end of a session."""

from __future__ import annotations

from urllib.parse import quote

from .. import access, html
from ..entities import User
from ..hub import Hub
from ..pages import Page, Visit, alert, as_sent, paragraph, redirect


def start(visit: Visit) -> Page:
    """``/hub/``: on to the home page."""
    return redirect(visit.path("home"))


def login_page(visit: Visit) -> Page:
    """``GET /hub/login``: the form, or on to where a known user wanted to go."""
    if visit.session is not None:
        return redirect(wanted(visit))
    return login_form(visit)


def login_form(visit: Visit, wrong: str = "") -> Page:
    """The form; with a word on what was wrong, and what was written, if something was."""
    where = visit.query.get("next")
    action = visit.path("login")
    if where:
        action += f"?next={quote(where, safe='')}"
    form = visit.form_of(
        html.field(
            "Name",
            "username",
            value=visit.field("username"),
            autocomplete="username",
            autocapitalize="none",
            required=True,
            autofocus=not wrong,
        ),
        html.field(
            "Password",
            "password",
            type="password",
            autocomplete="current-password",
            autofocus=bool(wrong),
        ),
        html.button("Log in"),
        action=action,
    )
    hint = "Any name will do, with the password of this hub."
    if not visit.hub.settings.password:
        hint = "This hub has no password, so nobody can log in."
    return visit.page("Log in", alert(wrong), paragraph(hint), form, status=403 if wrong else 200)


def log_in(visit: Visit) -> Page:
    """``POST /hub/login``: a session for whoever knows the password."""
    user = authenticate(visit.hub, visit.field("username"), visit.field("password"))
    if user is None:
        return login_form(visit, "The name or the password is wrong.")
    now = visit.hub.clock()
    user.last_activity = now
    opened = visit.hub.sessions.open(user, now)
    return Page(status=302, location=wanted(visit), opens=opened)


def authenticate(hub: Hub, name: str, password: str) -> User | None:
    """The user of that name, made on their first login, if the password is right."""
    proven = access.proven_name(hub, name, password)
    return None if proven is None else hub.find_user(proven) or hub.add_user(proven)


def wanted(visit: Visit) -> str:
    """Where to go after the login: to ``next``, if that is a path here, else home."""
    path = visit.query.get("next") or ""
    is_path = path.startswith("/") and not path.startswith("//")
    if is_path and "\\" not in path and path.isprintable():
        return as_sent(path)
    return visit.path("home")


def log_out(visit: Visit) -> Page:
    """``GET /hub/logout``: the end of the session, and of the tokens that came of it."""
    session = visit.session
    if session is not None:
        visit.hub.sessions.close(session)
        for token in list(session.user.tokens.values()):
            if token.session_id == session.id:
                visit.hub.remove_token(token)
    return Page(status=302, location=visit.path("login"), closes=True)
