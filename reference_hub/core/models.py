"""JSON models, each field shown only to those whose scopes include it.

Source: the scope-to-field tables of ``jupyterhub.apihandlers.base`` 6.1.1.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

from . import times, tokens
from .access import Requester
from .entities import JSON, Group, Server, Service, Token, User
from .hub import Hub

_USER_FIELDS: Mapping[str, frozenset[str]] = {
    "read:users": frozenset(
        {"kind", "name", "user_info", "admin", "roles", "groups", "server", "pending", "created"}
        | {"last_activity"}
    ),
    "read:users:name": frozenset({"kind", "name", "user_info", "admin"}),
    "read:users:groups": frozenset({"kind", "name", "groups"}),
    "read:users:activity": frozenset({"kind", "name", "last_activity"}),
    "read:servers": frozenset({"kind", "name", "servers"}),
    "read:roles:users": frozenset({"kind", "name", "roles", "admin"}),
    "admin:auth_state": frozenset({"kind", "name", "auth_state"}),
}
_GROUP_FIELDS: Mapping[str, frozenset[str]] = {
    "read:groups": frozenset({"kind", "name", "properties", "users"}),
    "read:groups:name": frozenset({"kind", "name"}),
    "read:roles:groups": frozenset({"kind", "name", "roles"}),
}
_SERVICE_FIELDS: Mapping[str, frozenset[str]] = {
    "read:services": frozenset(
        {"kind", "name", "admin", "url", "prefix", "command", "pid", "info", "display"}
    ),
    "read:services:name": frozenset({"kind", "name", "admin"}),
    "read:roles:services": frozenset({"kind", "name", "roles", "admin"}),
}


def visible_fields(
    viewer: Requester, table: Mapping[str, frozenset[str]], kind: str, name: str
) -> set[str]:
    """The fields that the viewer's scopes show of one resource."""
    shown: set[str] = set()
    for scope, fields in table.items():
        if viewer.may(scope, kind, name):
            shown |= fields
    return shown


def _only(shown: set[str], model: dict[str, JSON]) -> dict[str, JSON]:
    return {key: value for key, value in model.items() if key in shown}


def escape(name: str) -> str:
    """A name as part of a path."""
    return quote(name, safe="@~")


def user_url(hub: Hub, user: User) -> str:
    """Where a user's default server lives."""
    return f"{hub.settings.base_url}user/{escape(user.name)}/"


def server_url(hub: Hub, server: Server) -> str:
    """Where a server lives, as a path with a slash at its end."""
    home = user_url(hub, server.user)
    return f"{home}{escape(server.name)}/" if server.name else home


def progress_url(hub: Hub, server: Server) -> str:
    """Where the events of a server's start are told."""
    user = f"{hub.settings.hub_prefix}api/users/{escape(server.user.name)}"
    where = f"servers/{escape(server.name)}" if server.name else "server"
    return f"{user}/{where}/progress"


def user_model(
    hub: Hub, viewer: Requester, user: User, *, with_stopped: bool = False
) -> dict[str, JSON]:
    """A user as the viewer may see them; empty if not at all."""
    shown = visible_fields(viewer, _USER_FIELDS, "user", user.name)
    if not shown:
        return {}
    model = _only(shown, _user_fields(hub, user))
    servers = visible_servers(hub, viewer, user, with_stopped=with_stopped)
    # Filtered to servers, `read:servers` reaches servers and not their user: they show all the
    # same. Reaching the user, the field is there even when no server is.
    if "servers" in shown or servers:
        model["servers"] = servers
    return model


def _user_fields(hub: Hub, user: User) -> dict[str, JSON]:
    default = user.servers[""]
    return {
        "name": user.name,
        "kind": "user",
        "admin": user.admin,
        "groups": list(user.groups),
        "roles": list(user.roles),
        "created": times.render(user.created),
        "last_activity": times.render(user.last_activity),
        "server": user_url(hub, user) if default.is_ready else None,
        "pending": default.pending,
        "user_info": None,
        "auth_state": None,  # told by GET and PATCH of one user only
    }


def visible_servers(
    hub: Hub, viewer: Requester, user: User, *, with_stopped: bool
) -> dict[str, JSON]:
    """Models of a user's servers by name; stopped ones only on request."""
    return {
        name: server_model(hub, viewer, server)
        for name, server in user.servers.items()
        if (server.is_active or with_stopped)
        and viewer.may("read:servers", "server", server.full_name)
    }


def server_model(hub: Hub, viewer: Requester, server: Server) -> dict[str, JSON]:
    """A server. Who may read it at all has been asked before."""
    model: dict[str, JSON] = {
        "name": server.name,
        "display_name": server.display_name,
        "full_name": server.full_name,
        "url": server_url(hub, server),
        "progress_url": progress_url(hub, server),
        # Full URLs need `JupyterHub.public_url`, which this hub has not.
        "full_url": None,
        "full_progress_url": None,
        "ready": server.is_ready,
        "pending": server.pending,
        "stopped": not server.is_active,
        "started": times.render(server.started),
        "last_activity": times.render(server.last_activity),
        "user_options": user_options(server),
    }
    if viewer.may("admin:server_state", "server", server.full_name):
        model["state"] = dict(server.state)
    return model


def user_options(server: Server) -> dict[str, JSON] | None:
    """The options of a start. A stopped server that has none tells of none, as 6.1 does."""
    is_known = server.user_options or server.is_active or server.is_loaded
    return dict(server.user_options) if is_known else None


def group_model(viewer: Requester, group: Group) -> dict[str, JSON]:
    """A group as the viewer may see it; empty if not at all."""
    shown = visible_fields(viewer, _GROUP_FIELDS, "group", group.name)
    return _only(
        shown,
        {
            "name": group.name,
            "kind": "group",
            "users": [user.name for user in group.users.values()],
            "properties": group.properties,
            "roles": list(group.roles),
        },
    )


def service_model(hub: Hub, viewer: Requester, service: Service) -> dict[str, JSON]:
    """A service as the viewer may see it; empty if not at all."""
    shown = visible_fields(viewer, _SERVICE_FIELDS, "service", service.name)
    return _only(
        shown,
        {
            "name": service.name,
            "kind": "service",
            "admin": service.admin,
            "roles": list(service.roles),
            "url": service.url,
            "prefix": service_prefix(hub, service) if service.url else "",
            "command": list(service.command),
            "pid": 0,  # the hub runs no services itself
            "info": service.info,
            "display": service.display,
        },
    )


def service_prefix(hub: Hub, service: Service) -> str:
    """Where the proxy would serve a service."""
    return f"{hub.settings.base_url}services/{service.name}/"


def token_model(hub: Hub, token: Token) -> dict[str, JSON]:
    """A token, without its secret."""
    return {
        "id": token.id,
        "kind": "api_token",
        token.owner.kind: token.owner.name,
        "note": token.note,
        "roles": [],  # deprecated since 3.0, always present, always empty
        "scopes": sorted(tokens.scopes_of(hub, token), reverse=True),
        "session_id": token.session_id,
        "oauth_client": token.client_id or "Reference hub",
        "created": times.render(token.created),
        "last_activity": times.render(token.last_activity),
        "expires_at": times.render(token.expires_at),
    }
