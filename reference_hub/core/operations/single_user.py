"""Users' servers themselves, as reached through the proxy, and what the hub says in their stead."""

from __future__ import annotations

from .. import access, errors, times
from ..call import Call, Reply
from ..entities import Server
from ..hub import Hub
from . import users

_EVENTS = "api/events/subscribe"  # a websocket, on which nothing is said
_SERVER_VERSION = "2.0.0"  # of the simulated Jupyter server


def route(hub: Hub, user_name: str, path: str) -> tuple[Server, str] | None:
    """The ready server that a path below ``/user/:name`` leads to, and the rest of the path.

    The longest route wins, as in any proxy: a named server hides the default server's path of
    that name, as long as it runs.
    """
    user = hub.find_user(user_name)
    if user is None:
        return None
    first, _, rest = path.lstrip("/").partition("/")
    named = user.servers.get(first)
    if first and named and named.is_ready:
        return named, rest
    default = user.servers[""]
    return (default, path.lstrip("/")) if default.is_ready else None


def serve(call: Call, server: Server, path: str) -> Reply:
    """The running server's own answer: for those who hold ``access:servers`` for it, only."""
    require_access(call.requester, server)
    if path.rstrip("/") == "api":
        return Reply({"version": _SERVER_VERSION})
    if path.rstrip("/") == "api/status":
        return Reply(status(server))
    if path == _EVENTS:
        raise errors.wants_websocket()
    raise errors.no_such_path()


def subscribe(requester: access.Requester | None, server: Server, path: str) -> None:
    """Raise unless the requester may listen to what the running server tells at this path."""
    require_access(requester, server)
    if path != _EVENTS:
        raise errors.no_such_path()


def require_access(requester: access.Requester | None, server: Server) -> None:
    """Raise a 403 for those who may not use the server, known or not."""
    if requester is None or not requester.may("access:servers", "server", server.full_name):
        raise errors.server_forbids()


def status(server: Server) -> dict[str, object]:
    """What a Jupyter server tells of itself."""
    return {
        "started": times.render(server.started),
        "last_activity": times.render(server.last_activity),
        "connections": 0,
        "kernels": 0,
    }


def check_stand_in(call: Call, method: str, user_name: str, path: str) -> None:
    """Raise what the hub says under ``/hub/user/:name``, unless the server runs.

    Reading asks for access first: to others the server is as good as absent. Writing fails the
    same way for everybody.
    """
    if method == "GET":
        requester = access.require_login(call.requester)
        if not may_reach(requester, user_name, path) or call.hub.find_user(user_name) is None:
            raise errors.out_of_reach()
        if meant_server(call.hub, user_name, path).is_ready:
            return
    raise errors.server_not_running(f"{call.hub.settings.base_url}user/{user_name}/{path}")


def meant_server(hub: Hub, user_name: str, path: str) -> Server:
    """The server a path is about: a named one of that name, running or not, else the default."""
    servers = users.find(hub, user_name).servers
    first = path.partition("/")[0] if hub.settings.allow_named_servers else ""
    return servers.get(first, servers[""])


def may_reach(requester: access.Requester, user_name: str, path: str) -> bool:
    """Whether the requester may use the default server, or the named one that the path may mean."""
    first, slash, _ = path.partition("/")
    candidates = ["", first] if slash else [""]
    return any(
        requester.may("access:servers", "server", f"{user_name}/{name}") for name in candidates
    )
