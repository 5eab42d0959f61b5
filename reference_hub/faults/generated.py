"""The faults that operators make: each field, check, status and side effect in turn."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from ..core.call import empty
from . import changes, tables
from .fault import Fault, make

_MODELS: dict[str, tuple[str, ...]] = {
    "get-user": (
        "kind",
        "name",
        "admin",
        "groups",
        "roles",
        "created",
        "last_activity",
        "server",
        "pending",
        "servers",
    ),
    "get-group": ("kind", "name", "users", "properties", "roles"),
    "get-service": ("kind", "name", "admin", "roles", "url", "info", "display"),
    "get-user-token": ("id", "kind", "user", "note", "scopes", "created", "expires_at"),
    "get-user-server": ("name", "url", "ready", "pending", "stopped", "user_options"),
    "get-current-user": ("name", "kind", "scopes", "token_id", "session_id"),
    "get-info": ("version", "python", "spawner", "authenticator"),
}
_CREATES = [
    "post-user",
    "post-users",
    "post-group",
    "post-groups",
    "post-user-tokens",
    "post-service",
    "put-user-server-name",
]
_DELETES = [
    "delete-user",
    "delete-group",
    "delete-service",
    "delete-user-token",
    "delete-user-server",
    "delete-user-server-name",
    "delete-shares-server",
]
_CHECKED = """
    get-info get-user patch-user delete-user get-user-tokens get-user-token delete-user-token
    post-user-activity get-user-server put-user-server-name post-user-server delete-user-server
    get-user-server-name delete-user-server-name patch-user-server-name get-group post-group
    delete-group post-group-users delete-group-users put-group-properties get-shares-owner
    get-shares-server post-shares-server get-user-shared get-group-shared get-share-codes-owner
    post-share-code delete-share-code get-service post-service delete-service get-proxy
""".split()  # noqa: SIM905  # as a table
_READ_SCOPE = {
    "patch-user": "read:users",
    "delete-user": "read:users",
    "delete-user-token": "read:tokens",
    "post-user-activity": "read:users:activity",
    "post-user-server": "read:servers",
    "delete-user-server": "read:servers",
    "post-group": "read:groups",
    "delete-group": "read:groups",
    "post-group-users": "read:groups",
    "delete-group-users": "read:groups",
    "put-group-properties": "read:groups",
    "post-shares-server": "read:shares",
    "post-share-code": "read:shares",
    "post-service": "read:services",
    "delete-service": "read:services",
}


def _drop(model: dict[str, Any], name: str) -> None:
    del model[name]


def _retype(model: dict[str, Any], name: str) -> None:
    model[name] = [str(model[name])] if not isinstance(model[name], list) else "x"


def _category(operation: str) -> str:
    for part, category in (
        ("token", "tokens"),
        ("share", "shares"),
        ("server", "servers"),
        ("group", "groups"),
        ("service", "services"),
        ("proxy", "proxy"),
        ("activity", "activity"),
    ):
        if part in operation:
            return category
    return "users"


def _fields() -> Iterator[Fault]:
    for operation, fields in _MODELS.items():
        for name in fields:
            for word, do, grade in (("dropped", _drop, "medium"), ("retyped", _retype, "medium")):
                yield make(
                    f"{_category(operation)}/{operation}-{name}-{word}",
                    grade,
                    operation,
                    f"{operation}: the field {name} is {word}.",
                    (*changes.on(operation), changes.answering(changes.each_model(name, do=do))),
                )


def _checks() -> Iterator[Fault]:
    for operation in _CHECKED:
        yield make(
            f"scopes/{operation}-unchecked",
            "medium",
            operation,
            f"{operation} asks for no scope.",
            (*changes.on(operation), changes.doing(changes.unchecked)),
        )
        if "{" in tables.OPERATIONS[operation][1]:
            yield make(
                f"scopes/{operation}-unfiltered",
                "subtle",
                operation,
                f"{operation} does not heed the filter of a scope.",
                (*changes.on(operation), changes.doing(changes.unfiltered)),
            )
    for operation, scope in _READ_SCOPE.items():
        yield make(
            f"scopes/{operation}-for-readers",
            "subtle",
            operation,
            f"{operation} is allowed with {scope}.",
            (*changes.on(operation), changes.also(scope)),
        )


def _statuses() -> Iterator[Fault]:
    for operation in _CREATES:
        yield make(
            f"{_category(operation)}/{operation}-is-200",
            "medium",
            operation,
            f"{operation} answers 200 for 201.",
            (*changes.on(operation), changes.status(200)),
        )
    for operation in _DELETES:
        yield make(
            f"{_category(operation)}/{operation}-is-202",
            "medium",
            operation,
            f"{operation} answers 202.",
            (*changes.on(operation), changes.status(202)),
        )
        code = 200 if operation == "delete-service" else 204
        yield make(
            f"{_category(operation)}/{operation}-skipped",
            "gross",
            operation,
            f"{operation} answers and does nothing.",
            (*changes.on(operation), changes.always(empty(code))),
        )


FAULTS: Sequence[Fault] = (*_fields(), *_checks(), *_statuses())
