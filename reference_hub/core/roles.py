"""Roles: the default ones, and what configuration may make of them.

Source: the RBAC chapter of JupyterHub's documentation; ``jupyterhub.roles`` of 6.1.1.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from . import names
from .errors import HubError
from .scopes import ScopeTable

DEFAULT_ROLES: Mapping[str, tuple[str, ...]] = {
    "user": ("self",),
    "admin": (
        "admin-ui",
        "admin:users",
        "admin:servers",
        "admin:services",
        "tokens",
        "admin:groups",
        "list:services",
        "read:services",
        "read:hub",
        "proxy",
        "shutdown",
        "access:services",
        "access:servers",
        "read:roles",
        "read:metrics",
        "shares",
    ),
    "server": ("users:activity!user", "access:servers!server"),
    "token": ("inherit",),
}


class RoleError(ValueError):
    """A definition in ``JupyterHub.load_roles`` that cannot stand."""


def build(
    specs: Iterable[Mapping[str, object]],
    table: ScopeTable,
    extra_user_scopes: Iterable[str] = (),
) -> dict[str, tuple[str, ...]]:
    """Role names to raw scopes: the default roles, overridden and extended by the specs.

    Raises :class:`RoleError` with one sentence on the first spec that cannot stand.
    """
    user_role = {"name": "user", "scopes": [*DEFAULT_ROLES["user"], *extra_user_scopes]}
    roles = {**DEFAULT_ROLES, "user": _role_scopes("user", user_role, table)}
    seen: set[str] = set()
    for spec in specs:
        name = role_name(spec)
        if name in seen:
            raise RoleError(f"role {name!r} is defined twice")
        seen.add(name)
        roles[name] = _role_scopes(name, spec, table)
    return roles


def role_name(spec: Mapping[str, object]) -> str:
    """The spec's name. Raises :class:`RoleError` if there is none, or a bad one."""
    if not isinstance(spec, Mapping) or "name" not in spec:
        raise RoleError(f"a role in load_roles has no name: {spec!r}")
    name = spec["name"]
    if not isinstance(name, str) or not names.is_valid_role_name(name):
        raise RoleError(
            f"role name {name!r} must be 3 to 255 lower-case letters, digits or -._~, "
            "a letter first, a letter or digit last"
        )
    return name


def _role_scopes(name: str, spec: Mapping[str, object], table: ScopeTable) -> tuple[str, ...]:
    scopes = spec.get("scopes", DEFAULT_ROLES.get(name, ()))
    if not isinstance(scopes, list | tuple | set) or not all(isinstance(s, str) for s in scopes):
        raise RoleError(f"scopes of role {name!r} must be a list of scopes")
    if name == "admin" and set(scopes) != set(DEFAULT_ROLES["admin"]):
        raise RoleError("the scopes of role 'admin' cannot be changed")
    try:
        table.check_exist(scopes)
    except HubError as error:
        raise RoleError(f"role {name!r}: {error.message}") from None
    return tuple(scopes)
