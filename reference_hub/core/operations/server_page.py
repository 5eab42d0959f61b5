"""A simulated server in a browser: it lets in whom the hub lets in, by OAuth, as real ones do."""

from __future__ import annotations

from urllib.parse import urlencode

from .. import access, errors, html, models, oauth
from ..entities import Server
from ..hub import Hub
from ..pages import Page, Visit, alert, counted, paragraph, redirect, title_of
from . import single_user

_PAGES = ("lab", "tree")


def greet(hub: Hub, server: Server, path: str, secret: str) -> Page | None:
    """What somebody sees who has the token of `secret`; None to be sent to the hub for one.

    Raises a 404 for a path that is none of the server's.
    """
    requester = access.identify(hub, f"token {secret}") if secret else None
    if requester is None or not requester.may("access:servers", "server", server.full_name):
        return None
    if not path:
        return redirect(f"{models.server_url(hub, server)}{_PAGES[0]}")
    if path.partition("/")[0] not in _PAGES:
        raise errors.no_such_path()
    return server_page(
        hub,
        f"The server at {models.server_url(hub, server)}",
        paragraph(f"It runs, and you are in it as {requester.owner.name}."),
        paragraph("It is simulated: beside this page it has an API, and no notebooks."),
    )


def server_page(hub: Hub, title: str, *parts: str, status: int = 200) -> Page:
    """A page of a server, which is not the hub's and has none of its links, but the way back."""
    header = html.tag("header", html.tag("div", html.tag("span", "Simulated server")))
    back = html.tag("a", "Back to the hub", href=f"{hub.settings.hub_prefix}home")
    return Page(html.document(title, header, html.join([*parts, paragraph(back)])), status)


def refusal(hub: Hub, error: errors.HubError) -> Page:
    """A refusal of a server, for people."""
    return server_page(hub, title_of(error), alert(error.message), status=error.status)


def stand_in(visit: Visit, user_name: str, path: str) -> Page:
    """The hub's page on a server that does not run; on to it, if it runs after all."""
    try:
        single_user.check_stand_in(visit.call(), "GET", user_name, path)
    except errors.HubError as error:
        if error.status != 424:
            raise
        way = html.tag("a", "Your servers", href=visit.path("home"))
        return visit.page("It is not running", alert(error.message), paragraph(way), status=424)
    settings = visit.hub.settings
    return redirect(counted(settings.base_url + visit.address.removeprefix(settings.hub_prefix)))


def way_in(hub: Hub, server: Server, state: str) -> str:
    """Where a browser is sent to be let in."""
    client = oauth.of_server(hub, server)
    asked = {
        "client_id": client.id,
        "redirect_uri": client.redirect,
        "response_type": "code",
        "state": state,
    }
    return f"{hub.settings.hub_prefix}api/oauth2/authorize?{urlencode(asked)}"


def take_code(hub: Hub, server: Server, secret: str) -> str:
    """The secret of the token that a code becomes. Raises a 403 for a code of another or none."""
    code = hub.codes.find(secret, hub.clock())
    if code is None or code.client.subject is not server:
        raise errors.server_forbids()
    hub.codes.take(secret)
    return oauth.issue_token(hub, code)[1]
