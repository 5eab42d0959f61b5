"""Servers: starting, becoming ready, failing, stopping.

What runs them is the hub's spawner. Nothing here waits: a start ends when the spawner says so
(:func:`make_ready`, :func:`fail`), or when the time that it named has come (:func:`settle`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from . import errors, models, tokens
from .entities import JSON, Phase, Server, Token
from .hub import Hub

_ACTIVITY = frozenset({"users:activity!user", "users:activity", "inherit"})


def start(hub: Hub, server: Server, options: Mapping[str, JSON] | None) -> None:
    """Start a stopped server. Without options it gets those of the last time.

    Raises a 400 for unusable options, a 429 where the hub is full, another 400 for a failed start.
    """
    check_capacity(hub)
    options = server.user_options if options is None else options
    hub.spawner.check(options)
    server.user_options = options
    server.failure = server.fate = None
    server.is_loaded = True
    server.started = server.last_activity = server.user.last_activity = hub.clock()
    server.phase = Phase.STARTING
    server.events = list(opening_events())
    server.token, secret = server_token(hub, server)
    hub.active_servers[server.full_name] = hub.starting[server] = server
    hub.spawner.begin(hub, server, secret)
    settle(hub, server)
    if server.failure is not None:
        raise errors.spawn_failed(server.failure)


def check_capacity(hub: Hub) -> None:
    """Raise a 429 where one server more would be too many."""
    if 0 < hub.settings.concurrent_spawn_limit <= len(hub.starting):
        raise errors.too_many_servers("starting")
    if 0 < hub.settings.active_server_limit <= len(hub.active_servers):
        raise errors.too_many_servers("running")


def server_token(hub: Hub, server: Server) -> tuple[Token, str]:
    """The token a server gets for itself, and its secret: what is configured, or the `server`
    role, as far as its user holds it.
    """
    note = f"Server at {models.server_url(hub, server)}"
    asked = server.bind(hub.settings.server_token_scopes or hub.roles["server"])
    if not _ACTIVITY & {*asked}:
        asked.append("users:activity!user")  # no server can do without
    return tokens.issue(hub, server.user, raw_scopes=asked, note=note, is_server=True)


def settle(hub: Hub, server: Server) -> None:
    """Let a pending start come to its end if its time has come."""
    if server.ready_at is None or server.ready_at > hub.clock():
        return
    if server.fate is not None:
        fail(hub, server, server.fate)
    else:
        make_ready(hub, server)


def make_ready(hub: Hub, server: Server) -> None:
    """A pending start has succeeded: the server answers."""
    server.ready_at = None
    server.phase = Phase.READY
    hub.starting.pop(server, None)


def fail(hub: Hub, server: Server, reason: str) -> None:
    """A pending start has failed; the reason is for the user."""
    stop(hub, server)
    server.failure = reason
    server.is_loaded = True


def settle_all(hub: Hub) -> None:
    """Settle every pending server; done before each request, so that operations see the present."""
    for server in list(hub.starting):
        settle(hub, server)


def stop(hub: Hub, server: Server) -> None:
    """Stop a server, or call off its start, at once for all who ask; a stopped one stays so."""
    if not server.is_active:
        return
    server.phase = Phase.STOPPED
    server.ready_at = server.started = server.failure = server.fate = None
    server.address, server.state = "", {}
    hub.starting.pop(server, None)
    hub.spawner.end(server)
    server.is_loaded = False
    server.last_activity = server.user.last_activity = hub.clock()
    del hub.active_servers[server.full_name]
    if server.token is not None:
        hub.remove_token(server.token)
        server.token = None


def rename(server: Server, name: str) -> None:
    """Give a stopped server another name. The user always keeps a default server."""
    servers = server.user.servers
    del servers[server.name]
    server.name = name
    server.is_loaded = False
    servers[name] = server
    servers.setdefault("", Server(server.user, "", ""))


# Progress, as server-sent events


def tell(server: Server, progress: int, message: str) -> None:
    """One event more of a pending start; progress is in percent."""
    server.events.append({"progress": progress, "message": message})


def opening_events() -> Iterator[Mapping[str, JSON]]:
    """What is told of a start before its end is known."""
    yield {"progress": 0, "message": "The start was asked for"}
    yield {"progress": 40, "message": "The server is starting"}


def final_event(hub: Hub, server: Server) -> Mapping[str, JSON]:
    """How a start ended: ready, failed, or called off."""
    if not server.is_ready:
        reason = server.failure or "it was called off"
        return {"progress": 100, "failed": True, "message": f"The start failed: {reason}"}
    url = models.server_url(hub, server)
    return {
        "progress": 100,
        "ready": True,
        "url": url,
        "message": f"The server is ready at {url}",
        "html_message": f'The server is ready at <a href="{url}">{url}</a>',
    }
