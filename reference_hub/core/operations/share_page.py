"""Taking a share code: what it offers, and the share that it becomes."""

from __future__ import annotations

from .. import errors, html, models
from ..pages import Page, Visit, paragraph, redirect
from . import share_codes


def look(visit: Visit) -> Page:
    """``GET /hub/accept-share``: what a code offers, and by whom; without one, ask for it."""
    secret = visit.query.get("code")
    if not secret:
        return code_form(visit)
    try:
        code = share_codes.find_offer(visit.hub, visit.known().user, secret)
    except errors.HubError as error:
        return code_form(visit, secret, error.message, error.status)
    server = code.server
    which = f"the server {server.name}" if server.name else "the default server"
    return visit.page(
        "A server is shared with you",
        paragraph(f"{server.user.name} lets you into {which}. You will hold:"),
        html.listing(html.tag("code", scope) for scope in code.scopes),
        paragraph(html.join(["The offer ends at ", html.moment(code.expires_at), "."])),
        visit.form_of(
            html.hidden("code", secret),
            html.acts(
                html.button("Accept"),
                html.tag("a", "No, back to the home page", href=visit.path("home")),
            ),
        ),
    )


def code_form(visit: Visit, secret: str = "", wrong: str = "", status: int = 200) -> Page:
    """The form for a code, with what was wrong with the last one."""
    field = html.field(
        "Share code",
        "code",
        hint="Whoever shares a server with you gives it to you.",
        wrong=wrong,
        value=secret,
        required=True,
        autocomplete="off",
        autocapitalize="none",
    )
    # Looking changes nothing, so this form is a GET, and carries nothing against forgery.
    form = html.tag("form", field, html.button("Look at the offer"))
    return visit.page("Take a share code", form, status=status)


def accept(visit: Visit) -> Page:
    """``POST /hub/accept-share``: the code becomes a share."""
    secret = visit.field("code") or visit.query.get("code")
    if not secret:
        raise errors.missing("code")
    try:
        share = share_codes.accept(visit.hub, visit.known().user, secret)
    except errors.HubError as error:
        return code_form(visit, secret, error.message, error.status)
    return redirect(models.server_url(visit.hub, share.server))
