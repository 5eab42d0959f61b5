"""The home page: a user's servers to start, stop, add and remove, and those of others."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from .. import errors, html, models
from ..access import Requester
from ..entities import Server
from ..hub import Hub
from ..pages import Page, Visit, alert, paragraph, redirect
from . import servers


def home(visit: Visit) -> Page:
    """``GET /hub/home``."""
    return home_page(visit)


def act(visit: Visit) -> Page:
    """``POST /hub/home``: do what the button says, then show how things are."""
    what = visit.field("do")
    if what not in _ACTIONS:
        raise errors.bad_argument("do", f"one of {', '.join(_ACTIONS)}")
    try:
        _ACTIONS[what](visit)
    except errors.HubError as error:
        if what == "add":
            return home_page(visit, wrong_name=error.message, status=error.status)
        return home_page(visit, wrong=error.message, status=error.status)
    return redirect(visit.path("home"))


def start(visit: Visit) -> None:
    """Start a server that there is."""
    user = visit.known().user
    server = servers.find(user, visit.field("server"))
    servers.start_server(visit.call(), user.name, server.name)


def stop(visit: Visit) -> None:
    """Stop a server."""
    servers.stop_server(visit.call(), visit.known().user.name, visit.field("server"))


def remove(visit: Visit) -> None:
    """Stop a named server and forget it."""
    servers.stop_server(visit.call(remove=True), visit.known().user.name, visit.field("server"))


def add(visit: Visit) -> None:
    """Make a named server, not started yet."""
    servers.create_server(visit.call(), visit.known().user.name, visit.field("name").strip())


_ACTIONS: dict[str, Callable[[Visit], None]] = {
    "start": start,
    "stop": stop,
    "remove": remove,
    "add": add,
}


def home_page(visit: Visit, *, wrong: str = "", wrong_name: str = "", status: int = 200) -> Page:
    """How things are, and what was wrong with the last action."""
    user = visit.known().user
    return visit.page(
        "Your servers",
        alert(wrong),
        html.cards(card(visit, server) for server in user.servers.values()),
        add_form(visit, wrong_name) if visit.hub.settings.allow_named_servers else "",
        shared_with(visit),
        status=status,
    )


def title_of(server: Server) -> str:
    """What people call a server."""
    return server.display_name or server.name or "Default server"


def card(visit: Visit, server: Server) -> html.Html:
    """A server: how it is, and what can be done with it."""
    return html.join(
        [
            html.tag("h2", title_of(server)),
            paragraph(state(server)),
            visit.form_of(html.hidden("server", server.name), html.acts(*buttons(visit, server))),
        ]
    )


def state(server: Server) -> str:
    """How a server is, in a sentence."""
    if server.is_ready:
        return "It is running."
    if server.pending:
        return "It is starting."
    if server.failure:
        return f"It is stopped. The last start failed: {server.failure}."
    return "It is stopped."


def buttons(visit: Visit, server: Server) -> Iterable[html.Html]:
    """What can be done with a server as it is."""
    about = title_of(server)
    if server.is_ready:
        yield link(visit.hub, server, "Open")
        yield act_button("Stop", "stop", about)
        return
    if server.pending:
        yield html.tag("a", "Look again", href=visit.path("home"))
        yield act_button("Cancel the start", "stop", f"of {about}")
        return
    yield act_button("Start", "start", about)
    if server.name:
        yield act_button("Remove", "remove", about)


def act_button(said: str, do: str, about: str) -> html.Html:
    """A button that does something with a server."""
    return html.button(said, about, plain=do != "start", name="do", value=do)


def link(hub: Hub, server: Server, said: str) -> html.Html:
    """The way to a running server."""
    about = html.tag("span", f" {title_of(server)}", class_="off")
    return html.tag("a", said, about, href=models.server_url(hub, server))


def add_form(visit: Visit, wrong: str) -> html.Html:
    """The form for a named server more; what was written stays in it."""
    name = html.field(
        "Name",
        "name",
        hint="Small letters, digits and single hyphens between them, a letter first, 30 at most.",
        wrong=wrong,
        value=visit.field("name"),
        required=True,
        autocomplete="off",
        autocapitalize="none",
    )
    add = html.button("Add", "this server", name="do", value="add")
    return html.join([html.tag("h2", "Another server"), visit.form_of(name, add)])


def shared_with(visit: Visit) -> html.Html:
    """Servers of others that the user may use, if there are any."""
    user = visit.known().user
    requester = Requester(visit.hub, visit.known().token)
    shares = visit.hub.shares.of_recipients([user, *user.groups.values()])
    found = {
        share.server: None
        for share in shares
        if requester.may("access:servers", "server", share.server.full_name)
    }
    if not found:
        return html.Html()
    items = (shared_card(visit.hub, server) for server in found)
    return html.join([html.tag("h2", "Shared with you"), html.cards(items)])


def shared_card(hub: Hub, server: Server) -> html.Html:
    """Somebody else's server."""
    way = paragraph(link(hub, server, "Open")) if server.is_ready else ""
    title = f"{title_of(server)} of {server.user.name}"
    return html.join([html.tag("h3", title), paragraph(state(server)), way])
