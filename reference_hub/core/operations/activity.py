"""Activity, as servers and services report it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from .. import errors, times
from ..call import Call, Reply, empty
from ..entities import JSON, Server, User
from ..hub import Hub
from . import users

_AHEAD = timedelta(minutes=59)  # clocks differ, time zones get mixed up


def post_activity(call: Call, name: str) -> Reply:
    """``POST /users/{name}/activity``: times only ever move forward."""
    call.require("users:activity", kind="user", name=name)
    user = users.find(call.hub, name)
    body = call.body.object()
    if not body.get("last_activity") and not body.get("servers"):
        raise errors.missing("last_activity or servers")
    # Everything is read before anything is written, so that a refusal changes nothing.
    servers = server_times(call.hub, user, body.get("servers") or {})
    moment = timestamp(call.hub, body["last_activity"]) if body.get("last_activity") else None
    if moment is not None:
        user.last_activity = later(user.last_activity, moment)
    for server, server_moment in servers:
        server.last_activity = later(server.last_activity, server_moment)
    return empty()


def server_times(hub: Hub, user: User, servers: JSON) -> list[tuple[Server, datetime]]:
    """What is reported of which server. Raises a 400 for other shapes and absent servers."""
    if not isinstance(servers, Mapping):
        raise errors.wrong_type("servers", "an object of server names")
    return [(_server(user, name), _time_in(hub, report)) for name, report in servers.items()]


def _server(user: User, name: str) -> Server:
    if name not in user.servers:
        # The path is right, the body is not: hence no 404.
        raise errors.wrong_type("servers", f"the user's own; there is no {name!r}")
    return user.servers[name]


def _time_in(hub: Hub, report: JSON) -> datetime:
    if not isinstance(report, Mapping) or "last_activity" not in report:
        raise errors.missing("last_activity for each server")
    return timestamp(hub, report["last_activity"])


def timestamp(hub: Hub, value: JSON) -> datetime:
    """A reported time. Raises a 400 for what is none, or lies too far ahead."""
    moment = times.parse(value)
    if moment - hub.clock() > _AHEAD:
        raise errors.timestamp_in_future()
    return moment


def later(known: datetime | None, reported: datetime) -> datetime:
    """The later of two times."""
    return reported if known is None else max(known, reported)
