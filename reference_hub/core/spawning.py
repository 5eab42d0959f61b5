"""Servers: starting, becoming ready, failing, stopping.

Starting is simulated. It takes no time unless ``user_options`` ask for some: ``{"delay": seconds}``
makes it pending, ``{"fail": true}`` makes it fail (after the delay, if both are given). Nothing
here waits: whether a pending start has come to its end is read from the clock by :func:`settle`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta

from . import errors, models, tokens
from .entities import JSON, Phase, Server, Token
from .hub import Hub

_LONGEST_DELAY = 3600.0  # seconds


def start(hub: Hub, server: Server, options: Mapping[str, JSON] | None) -> None:
    """Start a stopped server. Without options it gets those of the last time.

    Raises a 400 for unusable options, a 429 where the hub is full, another 400 for a failed start.
    """
    check_capacity(hub)
    options = server.user_options if options is None else options
    delay = start_delay(options)
    server.user_options = options
    server.failure = None
    server.is_loaded = True
    server.started = server.last_activity = server.user.last_activity = hub.clock()
    server.ready_at = server.started + timedelta(seconds=delay)
    server.phase = Phase.STARTING
    server.token = server_token(hub, server)
    hub.active_servers[server.full_name] = server
    settle(hub, server)
    if server.failure is not None:
        raise errors.spawn_failed(server.failure)


def start_delay(options: Mapping[str, JSON]) -> float:
    """Seconds that a start will take. Raises a 400 for what is no such number."""
    delay = options.get("delay", 0)
    if isinstance(delay, bool) or not isinstance(delay, int | float):
        raise errors.wrong_type("user_options.delay", "a number of seconds")
    if not 0 <= delay <= _LONGEST_DELAY:
        raise errors.wrong_type("user_options.delay", f"between 0 and {_LONGEST_DELAY:.0f}")
    return float(delay)


def check_capacity(hub: Hub) -> None:
    """Raise a 429 where one server more would be too many."""
    starting = sum(server.phase is Phase.STARTING for server in hub.active_servers.values())
    if 0 < hub.settings.concurrent_spawn_limit <= starting:
        raise errors.too_many_servers("starting")
    if 0 < hub.settings.active_server_limit <= len(hub.active_servers):
        raise errors.too_many_servers("running")


def server_token(hub: Hub, server: Server) -> Token:
    """The token a server gets for itself: the `server` role, as far as its user holds it."""
    note = f"Server at {models.server_url(hub, server)}"
    asked = [
        f"{scope}={server.full_name}" if scope.endswith("!server") else scope
        for scope in hub.roles["server"]
    ]
    token, _ = tokens.issue(hub, server.user, raw_scopes=asked, note=note, is_server=True)
    return token


def settle(hub: Hub, server: Server) -> None:
    """Let a pending start come to its end if its time has come."""
    if server.ready_at is None or server.ready_at > hub.clock():
        return
    server.ready_at = None
    if server.user_options.get("fail") is True:
        stop(hub, server)
        server.failure = "user_options asked for a failure"
        server.is_loaded = True
    else:
        server.phase = Phase.READY


def settle_all(hub: Hub) -> None:
    """Settle every server; done before each request, so that operations see the present."""
    for server in list(hub.active_servers.values()):
        if server.phase is Phase.STARTING:
            settle(hub, server)


def stop(hub: Hub, server: Server) -> None:
    """Stop a server, or call off its start. It takes no time. A stopped one stays as it is."""
    if not server.is_active:
        return
    server.phase = Phase.STOPPED
    server.ready_at = server.started = server.failure = None
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
