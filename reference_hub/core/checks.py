"""Types of what clients send.

JupyterHub checks keys and types of user, group and service bodies against a table each; what is in
the table and of the right type is accepted even where it is then ignored.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from . import errors
from .entities import JSON

_NAMES: Mapping[type, str] = {
    str: "a string",
    bool: "true or false",
    int: "an integer",
    list: "a list",
    dict: "an object",
}

USER_KEYS: Mapping[str, type] = {
    "name": str,
    "admin": bool,
    "groups": list,
    "roles": list,
    "auth_state": dict,
}
GROUP_KEYS: Mapping[str, type] = {"name": str, "users": list, "roles": list}
SERVICE_KEYS: Mapping[str, type] = {
    "name": str,
    "admin": bool,
    "url": str,
    "oauth_client_allowed_scopes": list,
    "api_token": str,
    "info": dict,
    "display": bool,
    "oauth_no_confirm": bool,
    "command": list,
    "cwd": str,
    "environment": dict,
    "user": str,
    "oauth_client_id": str,
    "oauth_redirect_uri": str,
}


def check_keys(model: JSON, types: Mapping[str, type], what: str) -> dict[str, JSON]:
    """The model, if it is an object of known keys with values of their types; else a 400."""
    if not isinstance(model, dict):
        raise errors.not_an_object(what)
    if strangers := model.keys() - types.keys():
        raise errors.unknown_keys(strangers)
    for key, value in model.items():
        check_type(f"{what}.{key}", value, types[key])
    return model


def check_type(key: str, value: JSON, expected: type) -> None:
    """Raise a 400 unless the value has the JSON type (to Python, true is an integer; not here)."""
    if not isinstance(value, expected) or (expected is int and isinstance(value, bool)):
        raise errors.wrong_type(key, _NAMES[expected])


def optional(model: Mapping[str, JSON], key: str, expected: type) -> JSON:
    """The value of a key that may be absent or null; raises a 400 for another type."""
    value = model.get(key)
    if value is not None:
        check_type(key, value, expected)
    return value


def strings(key: str, value: JSON) -> list[str]:
    """The value, if it is a list of strings; else a 400."""
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise errors.wrong_type(key, "a list of strings")
    return value


def without_repeats(items: Iterable[str]) -> list[str]:
    """Each item once, in order."""
    return list(dict.fromkeys(items))
