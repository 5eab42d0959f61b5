"""The hub's own pages: login, home, tokens, and taking a share code."""

from __future__ import annotations

import hmac
from urllib.parse import quote

from .. import errors, models, names
from ..entities import User
from ..hub import Hub
from ..pages import Page, Visit, document, form, hidden, listing, paragraph, redirect
from . import share_codes


def start(visit: Visit) -> Page:
    """``/hub/``: on to the home page."""
    return redirect(f"{visit.hub.settings.hub_prefix}home")


def login_page(visit: Visit) -> Page:
    """``GET /hub/login``: the form, or on to where a known user wanted to go."""
    if visit.session is not None:
        return redirect(wanted(visit))
    return login_form(visit, "Log in with your name and the password of this hub.")


def login_form(visit: Visit, said: str, status: int = 200) -> Page:
    """The form, with a word on what it is for or what was wrong."""
    where = visit.query.get("next")
    action = f"{visit.hub.settings.hub_prefix}login"
    if where:
        action += f"?next={quote(where, safe='')}"
    fields = (
        '<label>Name <input name="username" autocomplete="username" autofocus></label> ',
        '<label>Password <input name="password" type="password" '
        'autocomplete="current-password"></label> ',
    )
    inner = form(visit.xsrf, "Log in", *fields, action=action)
    return document("Log in", paragraph(said), inner, status=status)


def log_in(visit: Visit) -> Page:
    """``POST /hub/login``: a session for whoever knows the password."""
    user = authenticate(visit.hub, visit.field("username"), visit.field("password"))
    if user is None:
        return login_form(visit, "No such name, or another password.", 403)
    now = visit.hub.clock()
    user.last_activity = now
    opened = visit.hub.sessions.open(user, now)
    return Page(status=302, location=wanted(visit), opens=opened)


def authenticate(hub: Hub, name: str, password: str) -> User | None:
    """The user of that name, made on their first login, if the password is right."""
    expected = hub.settings.password
    if not expected or not hmac.compare_digest(
        expected.encode(), password.encode("utf-8", "replace")
    ):
        return None
    name = names.normalize_username(name.strip())
    if not names.is_valid_username(name):
        return None
    return hub.find_user(name) or hub.add_user(name)


def wanted(visit: Visit) -> str:
    """Where to go after the login: to ``next``, if that is a path here, else home."""
    path = visit.query.get("next") or ""
    is_path = path.startswith("/") and not path.startswith("//")
    if is_path and "\\" not in path and path.isprintable():
        return quote(path, safe="/%:@!$&'()*+,;=~?#[]")
    return f"{visit.hub.settings.hub_prefix}home"


def log_out(visit: Visit) -> Page:
    """``GET /hub/logout``: the end of the session, and of the tokens that came of it."""
    session = visit.session
    if session is not None:
        visit.hub.sessions.close(session)
        for token in list(session.user.tokens.values()):
            if token.session_id == session.id:
                visit.hub.remove_token(token)
    return Page(status=302, location=f"{visit.hub.settings.hub_prefix}login", closes=True)


def home(visit: Visit) -> Page:
    """``GET /hub/home``: the user's servers."""
    user = visit.known().user
    servers = [
        f"{models.server_url(visit.hub, each)} {'runs' if each.is_ready else 'does not run'}"
        for each in user.servers.values()
    ]
    return document("Home", paragraph(f"You are {user.name}. Your servers:"), listing(servers))


def token_page(visit: Visit) -> Page:
    """``GET /hub/token``: the user's tokens by their notes."""
    user = visit.known().user
    notes = [f"{token.note} ({token.id})" for token in user.tokens.values()]
    said = f"Tokens of {user.name}. Ask the API for a new one, with this form's _xsrf."
    return document("Tokens", paragraph(said), listing(notes), hidden("_xsrf", visit.xsrf))


def share_page(visit: Visit) -> Page:
    """``GET /hub/accept-share``: what a code offers, and by whom."""
    user, secret = visit.known().user, visit.query.get("code") or ""
    code = share_codes.find_offer(visit.hub, user, secret)
    owner = code.server.user.name
    said = f"{owner} shares the server {code.server.full_name} with you: {', '.join(code.names)}."
    agree = form(visit.xsrf, "Accept", hidden("code", secret))
    return document("A server is shared with you", paragraph(said), agree)


def accept_share(visit: Visit) -> Page:
    """``POST /hub/accept-share``: the code becomes a share."""
    user = visit.known().user
    secret = visit.field("code") or visit.query.get("code")
    if not secret:
        raise errors.missing("code")
    share = share_codes.accept(visit.hub, user, secret)
    return redirect(models.server_url(visit.hub, share.server))
