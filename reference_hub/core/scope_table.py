"""JupyterHub 6.1's scopes: which exist, and which further ones each brings along.

Source: the scope table of the RBAC chapter of JupyterHub's documentation, held against
``jupyterhub.scopes`` of 6.1.1.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

SUBSCOPES: Mapping[str, tuple[str, ...]] = {
    "(no_scope)": (),
    "self": (),
    "inherit": (),
    "admin-ui": (),
    "admin:users": ("admin:auth_state", "users", "read:roles:users", "delete:users"),
    "admin:auth_state": (),
    "users": ("read:users", "list:users", "users:activity"),
    "delete:users": (),
    "list:users": ("read:users:name",),
    "read:users": ("read:users:name", "read:users:groups", "read:users:activity"),
    "read:users:name": (),
    "read:users:groups": (),
    "read:users:activity": (),
    "users:activity": ("read:users:activity",),
    "read:roles": ("read:roles:users", "read:roles:services", "read:roles:groups"),
    "read:roles:users": (),
    "read:roles:services": (),
    "read:roles:groups": (),
    "admin:servers": ("admin:server_state", "servers"),
    "admin:server_state": (),
    "servers": ("read:servers", "start:servers", "delete:servers"),
    "read:servers": ("read:users:name",),
    "start:servers": (),
    "delete:servers": (),
    "access:servers": (),
    "tokens": ("read:tokens",),
    "read:tokens": (),
    "admin:groups": ("groups", "read:roles:groups", "delete:groups"),
    "groups": ("read:groups", "list:groups"),
    "list:groups": ("read:groups:name",),
    "read:groups": ("read:groups:name",),
    "read:groups:name": (),
    "delete:groups": (),
    "admin:services": ("list:services", "read:services", "read:roles:services"),
    "list:services": ("read:services:name",),
    "read:services": ("read:services:name",),
    "read:services:name": (),
    "access:services": (),
    "shares": ("access:servers", "read:shares", "users:shares", "groups:shares"),
    "read:shares": (),
    "users:shares": ("read:users:shares",),
    "read:users:shares": (),
    "groups:shares": ("read:groups:shares",),
    "read:groups:shares": (),
    "read:hub": (),
    "read:metrics": (),
    "proxy": (),
    "shutdown": (),
}

# What the metascope `self` stands for, each filtered to its user.
SELF = (
    "read:users",
    "users:shares",
    "read:shares",
    "users:activity",
    "servers",
    "tokens",
    "access:servers",
)

_CUSTOM = re.compile(r"custom:[a-z0-9][a-z0-9_\-*:]+[a-z0-9_*]\Z")


class CustomScopeError(ValueError):
    """A definition in ``JupyterHub.custom_scopes`` that cannot stand."""


def with_custom_scopes(custom: Mapping[str, object]) -> dict[str, tuple[str, ...]]:
    """The table with the configured scopes added.

    Raises :class:`CustomScopeError` for a bad name, a missing description, or a subscope that is
    not itself a custom one.
    """
    table = dict(SUBSCOPES)
    for name, definition in custom.items():
        table[name] = _custom_subscopes(name, definition, custom)
    return table


def _custom_subscopes(
    name: str, definition: object, custom: Mapping[str, object]
) -> tuple[str, ...]:
    if _CUSTOM.match(name) is None:
        raise CustomScopeError(
            f"custom scope {name!r} must look like custom:project:action "
            "(lower-case letters, digits, -_:*)"
        )
    if not isinstance(definition, Mapping) or "description" not in definition:
        raise CustomScopeError(f"custom scope {name!r} must have a description")
    subscopes = definition.get("subscopes", [])
    if not isinstance(subscopes, list) or not all(isinstance(item, str) for item in subscopes):
        raise CustomScopeError(f"subscopes of {name!r} must be a list of scopes")
    for subscope in subscopes:
        if subscope not in custom:
            raise CustomScopeError(f"{name!r} has the subscope {subscope!r}, no custom scope")
    return tuple(subscopes)
