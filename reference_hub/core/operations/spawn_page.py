"""The way of a browser to a server that does not run yet: started, waited for, and entered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from http import HTTPStatus
from urllib.parse import quote, urlencode

from .. import errors, models
from ..call import Body
from ..entities import JSON, Server
from ..pages import Page, Visit, paragraph, redirect
from . import pages, servers, users

_OPTION = "opt-"  # before the name of a user option in the query
_PHRASES = {str(status.value): status.phrase for status in HTTPStatus}
_IN_PATHS = "/@~!$&'()*+,;=:"
_AGAIN = "1"  # seconds until a browser looks again


def spawn(visit: Visit, user_name: str = "", server_name: str = "") -> Page:
    """``GET /hub/spawn/...``: start the server, unless it was, and on to wait for it."""
    return started(visit, user_options(visit), user_name, server_name)


def spawn_as_said(visit: Visit, user_name: str = "", server_name: str = "") -> Page:
    """``POST /hub/spawn/...``: the same, with the fields of a form as its options.

    Each field is a list, as spawners of JupyterHub without an `options_from_form` have it.
    """
    fields = {name: list(values) for name, values in visit.form.items() if name != "_xsrf"}
    return started(visit, fields, user_name, server_name)


def started(visit: Visit, options: Mapping[str, JSON], user_name: str, server_name: str) -> Page:
    """On to a server that was started, with these options if there are any."""
    user_name = user_name or visit.known().user.name
    user = users.find(visit.hub, checked_owner(visit, user_name, server_name))
    server = user.servers.get(server_name)
    if server is None or not server.is_active:
        call = visit.call(user_options=options) if options else visit.call()
        servers.start_server(call, user_name, server_name)
        server = user.servers[server_name]
    return redirect(entered(visit, server) if server.is_ready else pending_url(visit, server))


def spawn_pending(visit: Visit, user_name: str, server_name: str = "") -> Page:
    """``GET /hub/spawn-pending/...``: wait for a start; then the server, or why it failed."""
    user = users.find(visit.hub, checked_owner(visit, user_name, server_name))
    server = servers.find(user, server_name)
    if server.is_ready:
        return redirect(entered(visit, server))
    if server.failure is not None:
        raise errors.spawn_failed(server.failure)
    if not server.pending:
        said = f"Nobody starts {server.full_name} right now."
        return visit.page("It is not running", paragraph(said))
    said = str(server.events[-1]["message"]) if server.events else ""
    page = visit.page("Your server is starting", paragraph(said, role="status"))
    return replace(page, headers={**page.headers, "refresh": _AGAIN})


def user_redirect(visit: Visit, path: str) -> Page:
    """``GET /hub/user-redirect/...``: the path in the user's own default server, once it runs."""
    user = visit.known().user
    _, question, query = visit.address.partition("?")
    wanted = quote(path, safe=_IN_PATHS)
    there = f"{models.user_url(visit.hub, user)}{wanted}{question}{query}"
    start = visit.path(f"spawn/{models.escape(user.name)}")
    return redirect(f"{start}?{urlencode({'next': there})}")


def proxy_error(visit: Visit, code: str) -> Page:
    """``GET /hub/error/NNN``: what a proxy shows with that status, which it adds itself."""
    if not (code.isascii() and code.isdecimal()):
        raise errors.no_such_path()
    return visit.page(code, paragraph(_PHRASES.get(code, "Unknown HTTP Error")))


def checked_owner(visit: Visit, user_name: str, server_name: str) -> str:
    """The owner's name. Raises a 404 where the visitor may not run the server, a 403 anywhere."""
    where = servers.full_name(user_name, server_name)
    visit.call().require("servers", kind="server", name=where)
    return user_name


def user_options(visit: Visit) -> Mapping[str, JSON]:
    """What the query says of user options: ``opt-delay=2``, in JSON or else as text."""
    options: dict[str, JSON] = {}
    for argument in visit.query.arguments:
        name = argument.removeprefix(_OPTION)
        text = visit.query.raw(argument)
        if name and name != argument and text is not None:
            options[name] = json_or_text(text)
    return options


def json_or_text(text: str) -> JSON:
    """The value that a text stands for."""
    try:
        return Body(text.encode()).json()
    except errors.HubError:
        return text


def entered(visit: Visit, server: Server) -> str:
    """Where to go now that the server runs: to ``next``, or to its start."""
    if visit.query.get("next"):
        return pages.wanted(visit)
    return models.server_url(visit.hub, server)


def pending_url(visit: Visit, server: Server) -> str:
    """The page that waits for a server, with where to go then."""
    name = models.escape(server.user.name)
    path = f"{name}/{models.escape(server.name)}" if server.name else name
    wanted = visit.query.get("next")
    query = f"?{urlencode({'next': wanted})}" if wanted else ""
    return visit.path(f"spawn-pending/{path}{query}")
