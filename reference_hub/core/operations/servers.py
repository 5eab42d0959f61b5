"""Servers: create, start, read, change, stop, remove, and the events of a start."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from .. import checks, errors, models, names, spawning
from ..call import Call, EventStream, Reply, created, empty
from ..entities import JSON, Server, User
from ..hub import Hub
from . import users

_PATCH_KEYS = frozenset({"name", "display_name", "user_options"})


@dataclass(frozen=True)
class ServerRequest:
    """What the body of a start or a creation says."""

    display_name: str | None
    user_options: Mapping[str, JSON] | None


def full_name(user: str, server: str) -> str:
    """``user/server``: what server filters name."""
    return f"{user}/{server}"


def find(user: User, name: str) -> Server:
    """The server, or a 404."""
    if name not in user.servers:
        raise errors.no_such_server(user.name, name)
    return user.servers[name]


def read_request(call: Call) -> ServerRequest:
    """The body of POST and PUT.

    Before 6.0 the whole body was the user options. It still is, unless one of the new keys is
    there.
    """
    body = call.body.optional_object()
    if "display_name" not in body and "user_options" not in body:
        return ServerRequest(None, body or None)
    if "display_name" in body:
        checks.check_type("display_name", body["display_name"], str)
    return ServerRequest(body.get("display_name"), checks.optional(body, "user_options", dict))


# Rules for named servers


def check_named(call: Call, user: User, name: str, display_name: str | None) -> None:
    """Raise a 400 where a server may not be, or not be called so."""
    if not call.hub.settings.allow_named_servers:
        raise errors.named_servers_disabled()
    if not names.is_valid_server_name(name):
        raise errors.invalid_names("server", [name])
    if display_name is not None:
        check_display_name(display_name)


def check_display_name(display_name: str) -> None:
    """Raise a 400 for a display name that nobody could read."""
    if not names.is_valid_display_name(display_name):
        raise errors.invalid_names("display", [display_name])


def check_limit(hub: Hub, user: User) -> None:
    """Raise a 400 where a user has all the named servers they may have."""
    limit = hub.settings.named_server_limit_per_user
    if 0 < limit <= sum(1 for name in user.servers if name):
        raise errors.too_many_named_servers(user.name, limit)


def get_or_create(call: Call, user: User, name: str, request: ServerRequest) -> Server:
    """The server, made if need be; a display name given for an existing one is taken over."""
    server = user.servers.get(name)
    if name:
        if server is None:
            check_limit(call.hub, user)
        check_named(call, user, name, request.display_name or None)
    if server is None:
        server = user.servers[name] = Server(user, name, request.display_name or name)
    return server


# Operations


def read_server(call: Call, user_name: str, server_name: str = "") -> Reply:
    """``GET /users/{name}/servers/{server}``: running or not."""
    where = full_name(user_name, server_name)
    requester = call.require("read:servers", kind="server", name=where)
    server = find(users.find(call.hub, user_name), server_name)
    return Reply(models.server_model(call.hub, requester, server))


def create_server(call: Call, user_name: str, server_name: str = "") -> Reply:
    """``PUT /users/{name}/servers/{server}``: made, not started."""
    where = full_name(user_name, server_name)
    requester = call.require("start:servers", kind="server", name=where)
    user = users.find(call.hub, user_name)
    if server_name in user.servers:  # as the default one always is
        raise errors.server_exists(user_name, server_name)
    request = read_request(call)
    server = get_or_create(call, user, server_name, request)
    server.user_options = request.user_options or {}
    server.is_loaded = True
    return created(models.server_model(call.hub, requester, server))


def start_server(call: Call, user_name: str, server_name: str = "") -> Reply:
    """``POST /users/{name}/servers/{server}``: 201 when ready, 202 while pending."""
    call.require("start:servers", kind="server", name=full_name(user_name, server_name))
    user = users.find(call.hub, user_name)
    request = read_request(call)
    server = get_or_create(call, user, server_name, request)
    if server.is_ready:
        raise errors.server_running(user_name, server_name)
    if not server.is_active:
        if server.name and request.display_name:
            server.display_name = request.display_name
        spawning.start(call.hub, server, request.user_options)
    return start_reply(server)


def start_reply(server: Server) -> Reply:
    """How a start is answered, now. Raises a 400 for one that failed while it was waited for."""
    if server.failure is not None:
        raise errors.spawn_failed(server.failure)
    reply = empty(202 if server.pending else 201, "text/plain")
    return replace(reply, starting=server if server.pending else None)


def update_server(call: Call, user_name: str, server_name: str = "") -> Reply:
    """``PATCH /users/{name}/servers/{server}``: a stopped one's name, display name, options."""
    where = full_name(user_name, server_name)
    requester = call.require("start:servers", kind="server", name=where)
    user = users.find(call.hub, user_name)
    body = call.body.optional_object()
    check_patch(call, user, server_name, body)
    server = find(user, server_name)
    if server.is_active:
        raise errors.server_running(user_name, server_name)
    apply_patch(server, body)
    return Reply(models.server_model(call.hub, requester, server))


def check_patch(call: Call, user: User, server_name: str, body: dict[str, JSON]) -> None:
    """Raise a 400 for a body that changes nothing, or to something impossible."""
    if not body:
        raise errors.missing(f"one of {', '.join(sorted(_PATCH_KEYS))}")
    if strangers := body.keys() - _PATCH_KEYS:
        raise errors.unknown_keys(strangers)
    if "user_options" in body:
        checks.check_type("user_options", body["user_options"], dict)
    display_name = checks.optional(body, "display_name", str)
    new_name = checks.optional(body, "name", str)
    if new_name is not None:
        check_rename(call, user, server_name, new_name, display_name)
    elif display_name:
        check_display_name(display_name)
        if not call.hub.settings.allow_named_servers:
            raise errors.named_servers_disabled()


def check_rename(
    call: Call, user: User, server_name: str, new_name: str, display_name: str | None
) -> None:
    """Raise a 400 for a name that cannot be, a 404 if it has no bearer, a 409 for a taken one."""
    if not server_name:
        # Renaming the default server leaves a new one in its place: one server more.
        check_limit(call.hub, user)
    if new_name not in user.servers:
        check_named(call, user, new_name, display_name)
        return
    if find(user, server_name).is_active:
        raise errors.server_running(user.name, server_name)
    raise errors.server_exists(user.name, new_name)


def apply_patch(server: Server, body: Mapping[str, JSON]) -> None:
    """Do what a checked PATCH says."""
    if body.get("name") is not None:
        spawning.rename(server, body["name"])
    if "user_options" in body:
        server.user_options = body["user_options"]
    if body.get("display_name"):
        server.display_name = body["display_name"]


def stop_server(call: Call, user_name: str, server_name: str = "") -> Reply:
    """``DELETE /users/{name}/servers/{server}``: stopped, and with ``remove`` gone."""
    call.require("delete:servers", kind="server", name=full_name(user_name, server_name))
    user = users.find(call.hub, user_name)
    remove = checks.optional(call.body.optional_object(), "remove", bool)
    if server_name and not call.hub.settings.allow_named_servers:
        raise errors.named_servers_disabled()
    server = find(user, server_name)
    if remove and not server_name:
        raise errors.cannot_remove_default_server()
    was_active = server.is_active
    spawning.stop(call.hub, server)
    server.is_loaded = not was_active  # an accident of 6.1, visible in `progress` alone
    if remove:
        del user.servers[server_name]
        call.hub.forget_shares(server)
    return replace(empty(204, "text/plain"), ending=server)


def progress(call: Call, user_name: str, server_name: str = "") -> EventStream:
    """``GET .../progress``: the events of a start, live; of a ready server the last one."""
    call.require("read:servers", kind="server", name=full_name(user_name, server_name))
    server = find(users.find(call.hub, user_name), server_name)
    if server.pending:
        return EventStream(list(server.events), server)
    if server.is_ready or server.failure is not None:
        return EventStream([spawning.final_event(call.hub, server)])
    if server.is_loaded:
        raise errors.server_not_starting(server_name)
    # A server that has stopped is as unknown to 6.1's progress as one that never was.
    raise errors.no_such_server(user_name, server_name)
