"""The token page: a user's tokens, to ask for and to revoke."""

from __future__ import annotations

from urllib.parse import urlencode

from .. import errors, html, oauth
from ..entities import JSON, Token
from ..hub import Hub
from ..pages import Page, Visit, alert, paragraph, redirect
from . import tokens

_DAY = 86400  # seconds
_LIFETIMES = {3600: "in an hour", _DAY: "in a day", 7 * _DAY: "in a week", 30 * _DAY: "in 30 days"}


def token_page(visit: Visit) -> Page:
    """``GET /hub/token``: the tokens; a secret that was just made is shown this once."""
    fresh = visit.known().unseen.pop(visit.query.get("new") or "", "")
    return page_of_tokens(visit, fresh=fresh)


def act(visit: Visit) -> Page:
    """``POST /hub/token``: ask for a token, or revoke one."""
    user = visit.known().user
    if token_id := visit.field("revoke"):
        try:
            tokens.delete_token(visit.call(), user.name, token_id)
        except errors.HubError as error:
            return page_of_tokens(visit, wrong=error.message, status=error.status)
        return redirect(visit.path("token"))
    return ask(visit)


def ask(visit: Visit) -> Page:
    """Make what the form asks for, or say what is wrong beside the field it is wrong in."""
    session = visit.known()
    body: dict[str, JSON] = {
        "note": visit.field("note").strip(),
        "scopes": visit.field("scopes").split() or ["inherit"],
    }
    try:
        seconds = lifetime(visit)
        made = tokens.create_token(visit.call(**body, expires_in=seconds), session.user.name).value
    except errors.HubError as error:
        return page_of_tokens(visit, wrong_request=error.message, status=error.status)
    session.unseen[made["id"]] = made["token"]
    return redirect(f"{visit.path('token')}?{urlencode({'new': made['id']})}")


def lifetimes(hub: Hub) -> dict[str, str]:
    """What the form offers: seconds, and what people call them; "" for as long as can be."""
    longest = hub.settings.token_expires_in_max_seconds
    last = f"in {longest} seconds, the longest here" if longest else "never"
    offered = {str(n): said for n, said in _LIFETIMES.items() if not longest or n < longest}
    return {**offered, "": last}


def lifetime(visit: Visit) -> int | None:
    """Seconds that the token shall live. Raises a 400 for what is not offered."""
    chosen = visit.field("expires_in")
    if chosen not in lifetimes(visit.hub):
        raise errors.bad_lifetime()
    return int(chosen) if chosen else None


def page_of_tokens(
    visit: Visit, *, fresh: str = "", wrong: str = "", wrong_request: str = "", status: int = 200
) -> Page:
    """The form and the tokens, with what was wrong beside either."""
    found = sorted(visit.known().user.tokens.values(), key=lambda token: token.created)
    return visit.page(
        "Your tokens",
        show(fresh) if fresh else "",
        html.tag("h2", "A new token"),
        request_form(visit, wrong_request),
        html.tag("h2", "Tokens that work now"),
        alert(wrong),
        html.cards(card(visit, token) for token in found) if found else paragraph("None."),
        status=status,
    )


def show(secret: str) -> html.Html:
    """The secret of a token that was just made."""
    said = "This is your new token. Copy it now: it is not shown again."
    field = html.field("New token", "secret", value=secret, readonly=True, autofocus=True)
    return html.tag("div", paragraph(said, role="status"), field, class_="good")


def request_form(visit: Visit, wrong: str) -> html.Html:
    """The form that asks for a token; what was written stays in it."""
    note = html.field(
        "Note", "note", hint="What the token is for.", value=visit.field("note"), autocomplete="off"
    )
    expires = html.choice(
        "Expires", "expires_in", lifetimes(visit.hub).items(), visit.field("expires_in")
    )
    scopes = html.field(
        "Scopes",
        "scopes",
        hint="With spaces between them, such as read:users!user list:users. "
        "Without any it may do all that you may.",
        wrong=wrong,
        value=visit.field("scopes"),
        autocomplete="off",
        autocapitalize="none",
        spellcheck="false",
    )
    return visit.form_of(note, expires, scopes, html.button("Request a token"))


def card(visit: Visit, token: Token) -> html.Html:
    """A token: what is known of it, and the button that ends it."""
    title = token.note or f"Token {token.id}"
    known = html.facts(
        [
            ("Scopes", scopes_of(token)),
            ("Issued to", client_name(visit.hub, token)),
            ("Made", html.moment(token.created)),
            ("Last used", html.moment(token.last_activity)),
            ("Expires", html.moment(token.expires_at)),
        ]
    )
    revoke = html.button("Revoke", title, plain=True, name="revoke", value=token.id)
    return html.join([html.tag("h3", title), known, visit.form_of(revoke)])


def scopes_of(token: Token) -> str:
    """What a token was asked for with."""
    if "inherit" in token.scopes:
        return "all that you may"
    return " ".join(token.scopes) or "none"


def client_name(hub: Hub, token: Token) -> str:
    """Who asked for a token on the user's behalf, or the user."""
    if token.is_server:
        return "the server itself"
    client = oauth.find_client(hub, token.client_id) if token.client_id else None
    return client.name if client else token.client_id or "you"
