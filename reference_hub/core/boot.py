"""Filling a hub with what its configuration names: users, groups, services, roles, tokens."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from . import checks, names, roles, tokens
from .entities import Group, User
from .errors import HubError
from .hub import Hub, set_admin
from .operations import groups, services
from .settings import Settings

_ROLE_KINDS = ("users", "services", "groups")
#: Who logs in, and the service that is an OAuth client, where both are asked for.
VISITOR = "visitor"
OAUTH_SERVICE = "oauth-service"


class ConfigError(ValueError):
    """A configuration that cannot stand; the message is one sentence for its author."""


def reset(hub: Hub) -> Hub:
    """Bring a hub (back) to its configured state, which takes well under a millisecond."""
    hub.clear()
    check_spawner_scopes(hub)
    for name in hub.settings.admin_users:
        set_admin(get_or_create_user(hub, name), True)
    for name in hub.settings.allowed_users:
        get_or_create_user(hub, name)
    for group_name, contents in hub.settings.load_groups.items():
        load_group(hub, group_name, contents)
    for spec in hub.settings.services:
        load_service(hub, spec)
    for spec in hub.settings.load_roles:
        assign_role(hub, spec)
    for secret, name in hub.settings.api_tokens.items():
        load_token(hub, secret, name)
    return hub


def check_spawner_scopes(hub: Hub) -> None:
    """Raise ConfigError for scopes of servers that do not exist."""
    for key in ("server_token_scopes", "oauth_client_allowed_scopes"):
        try:
            hub.scope_table.check_exist(getattr(hub.settings, key))
        except HubError as error:
            raise ConfigError(f"Spawner.{key}: {error.message}") from None


@dataclass(frozen=True)
class Accounts:
    """A user's name and password, and an OAuth client's id and secret, each with a colon."""

    login: str
    client: str


def with_accounts(settings: Settings) -> tuple[Settings, Accounts]:
    """The settings, with a user who can log in and a service that this user may use."""
    password, secret = secrets.token_urlsafe(18), secrets.token_hex(18)
    service = {
        "name": OAUTH_SERVICE,
        "api_token": secret,
        "oauth_redirect_uri": f"{settings.base_url}services/{OAUTH_SERVICE}/oauth_callback",
        "oauth_client_allowed_scopes": ["read:users!user", "users:activity!user"],
    }
    role = {
        "name": f"{OAUTH_SERVICE}-users",
        "scopes": [f"access:services!service={OAUTH_SERVICE}"],
        "users": [VISITOR],
    }
    more = replace(
        settings,
        password=settings.password or password,
        services=[*settings.services, service],
        load_roles=[*settings.load_roles, role],
    )
    return more, Accounts(f"{VISITOR}:{more.password}", f"service-{OAUTH_SERVICE}:{secret}")


def get_or_create_user(hub: Hub, name: object) -> User:
    """A user that the configuration mentions."""
    if not isinstance(name, str) or not names.is_valid_username(name):
        raise ConfigError(f"{name!r} is not a valid user name")
    name = names.normalize_username(name)
    return hub.find_user(name) or hub.add_user(name)


def load_group(hub: Hub, name: str, contents: Any) -> Group:
    """A group of `load_groups`: ``{"users": [...], "properties": {...}}``, or just the users."""
    if not isinstance(contents, Mapping):
        contents = {"users": contents}
    group = hub.groups.get(name) or hub.add_group(name)
    for user_name in _listed(contents, "users", f"group {name!r}"):
        groups.join(get_or_create_user(hub, user_name), group)
    group.properties = dict(contents.get("properties", {}))
    return group


def load_service(hub: Hub, spec: Any) -> None:
    """A service of `services`; unlike those of the API it may name a command."""
    if not isinstance(spec, Mapping) or "name" not in spec:
        raise ConfigError(f"a service in JupyterHub.services has no name: {_without_secret(spec)}")
    what = f"service {spec['name']!r}"
    # The API's table of keys, without those that only configuration has.
    model = {key: value for key, value in spec.items() if key in checks.SERVICE_KEYS}
    if strangers := spec.keys() - checks.SERVICE_KEYS.keys() - {"oauth_roles", "timeout"}:
        raise ConfigError(f"{what} has unknown keys: {', '.join(sorted(strangers))}")
    try:
        checks.check_keys(model, checks.SERVICE_KEYS, what)
        services.check_spec(hub, {**model, "command": []})
    except HubError as error:
        raise ConfigError(f"{what}: {error.message}") from None
    services.register(hub, model, from_config=True)


def _without_secret(spec: Any) -> str:
    if not isinstance(spec, Mapping):
        return repr(spec)
    return repr({key: value for key, value in spec.items() if key != "api_token"})


def assign_role(hub: Hub, spec: Mapping[str, Any]) -> None:
    """Give a role of `load_roles` to the users, groups and services it lists."""
    role = roles.role_name(spec)
    for kind in _ROLE_KINDS:
        for name in _listed(spec, kind, f"role {role!r}"):
            holder = _role_holder(hub, role, kind, name)
            if role not in holder.roles:
                holder.roles.append(role)
            if role == "admin" and not isinstance(holder, Group):
                set_admin(holder, True)


def _role_holder(hub: Hub, role: str, kind: str, name: str) -> Any:
    if kind == "users":
        return get_or_create_user(hub, name)
    if kind == "groups":
        return hub.groups.get(name) or hub.add_group(name)
    if name not in hub.services:
        raise ConfigError(f"role {role!r} lists the service {name!r}, which is not in services")
    return hub.services[name]


def _listed(spec: Mapping[str, Any], key: str, what: str) -> Iterable[str]:
    value = spec.get(key, [])
    if not isinstance(value, list | tuple | set) or not all(isinstance(v, str) for v in value):
        raise ConfigError(f"{key} of {what} must be a list of names")
    return value


def load_token(hub: Hub, secret: str, name: str) -> None:
    """A user's token of `api_tokens`."""
    user = get_or_create_user(hub, name)
    if len(secret) < services.MIN_SECRET:
        raise ConfigError(f"the token for {name!r} needs at least {services.MIN_SECRET} characters")
    if hub.find_token(secret) is not None:
        raise ConfigError(f"the token for {name!r} is given twice")
    tokens.issue(hub, user, secret=secret, note="from the configuration")
