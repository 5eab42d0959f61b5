"""The faults that operators make: each field, check, status and side effect in turn."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from ..core import errors, models
from ..core.call import empty
from . import changes, tables
from .fault import Change, Fault, make

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
_SERVER_FIELDS = (
    "name",
    "display_name",
    "full_name",
    "full_url",
    "progress_url",
    "url",
    "ready",
    "started",
    "stopped",
    "last_activity",
    "user_options",
    "state",
)
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
_CALLED = [
    *_CHECKED,
    *_CREATES[:2],
    "post-groups",
    "post-user-tokens",
    "post-user-server-name",
    "get-users",
    "get-groups",
    "get-services",
    "patch-shares-server",
    "delete-shares-server",
    "get-user-shared-server",
    "delete-user-shared-server",
    "get-share-codes-server",
    "post-proxy",
]
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

#: Refusals: how the core calls each, a status that is wrong for it, and operations that refuse so.
_REFUSALS = {
    "lacks_scope": (404, "get-users get-user get-group post-user"),
    "may_not_issue_token": (404, "post-user-tokens"),
    "forged": (400, "post-user-tokens post-user"),
    "unknown_oauth_client": (500, "get-oauth-authorize post-oauth-authorize"),
    "wrong_redirect": (500, "get-oauth-authorize post-oauth-authorize"),
    "no_such_path": (403, "get-api get-users"),
    "no_such_service": (500, "get-service delete-service"),
    "no_such_token": (400, "get-user-token delete-user-token"),
    "no_such_server": (400, "get-user-server-name delete-user-server-name post-shares-server"),
    "not_an_object": (500, "patch-user post-user post-group-users put-group-properties"),
    "unknown_keys": (500, "patch-user post-user post-shares-server patch-user-server-name"),
    "wrong_type": (500, "patch-user post-user-tokens post-users post-user-activity"),
    "missing": (404, "post-users post-group-users post-user-activity"),
    "bad_argument": (500, "get-users get-groups"),
    "bad_timestamp": (500, "post-user-activity"),
    "timestamp_in_future": (409, "post-user-activity"),
    "invalid_names": (500, "post-user post-users patch-user put-user-server-name"),
    "all_users_exist": (400, "post-users"),
    "name_taken": (500, "patch-user"),
    "cannot_delete_yourself": (403, "delete-user"),
    "unknown_member": (404, "post-group-users post-group"),
    "unknown_scope": (500, "post-user-tokens"),
    "unknown_role": (500, "post-user-tokens"),
    "scopes_exceed_owner": (403, "post-user-tokens post-service"),
    "scopes_and_roles": (500, "post-user-tokens"),
    "bad_lifetime": (500, "post-user-tokens"),
    "service_exists": (400, "post-service"),
    "service_not_created": (500, "post-service"),
    "server_exists": (400, "put-user-server-name patch-user-server-name"),
    "server_not_starting": (500, "get-user-server-progress get-user-server-name-progress"),
    "cannot_remove_default_server": (409, "delete-user-server"),
    "no_such_share": (400, "get-user-shared-server delete-user-shared-server"),
    "no_such_share_code": (400, "delete-share-code"),
    "one_recipient": (500, "post-shares-server patch-shares-server"),
    "unknown_recipient": (404, "post-shares-server"),
    "filter_not_shareable": (403, "post-shares-server post-share-code"),
    "may_not_share": (400, "post-shares-server post-share-code"),
    "may_not_name_recipient": (404, "post-shares-server"),
    "bad_share_code_lifetime": (500, "post-share-code"),
    "share_code_not_accepted": (404, "post-share-code"),
    "filter_not_for_list": (404, "get-users get-groups"),
}


def _drop(model: dict[str, Any], name: str) -> None:
    del model[name]


def _retype(model: dict[str, Any], name: str) -> None:
    model[name] = [str(model[name])] if not isinstance(model[name], list) else "x"


def _category(operation: str) -> str:
    for part, category in (
        ("current-user", "identity"),
        ("info", "info"),
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


def _at(
    operation: str, ending: str, grade: str, said: str, change: Change, category: str = ""
) -> Fault:
    """A fault of one operation."""
    return make(
        f"{category or _category(operation)}/{operation}-{ending}",
        grade,
        operation,
        f"{operation}{said}",
        (*changes.on(operation), change),
    )


def _fields() -> Iterator[Fault]:
    for operation, fields in _MODELS.items():
        for name in fields:
            for word, do in (("dropped", _drop), ("retyped", _retype)):
                change = changes.answering(changes.each_model(name, do=do))
                said = f": the field {name} is {word}."
                yield _at(operation, f"{name}-{word}", "medium", said, change)


def _shown_servers() -> Iterator[Fault]:
    for name in _SERVER_FIELDS:
        yield make(
            f"servers/model-{name.replace('_', '-')}-retyped",
            "medium",
            "get-user get-users get-user-server get-user-server-name",
            f"Wherever a server is shown, its {name} is of another type.",
            (models, "server_model", changes.rewriting(changes.each_model(name, do=_retype))),
        )


def _checks() -> Iterator[Fault]:
    for operation in _CHECKED:
        unchecked = changes.doing(changes.unchecked)
        yield _at(operation, "unchecked", "medium", " asks for no scope.", unchecked, "scopes")
        if "{" in tables.OPERATIONS[operation][1]:
            said = " does not heed the filter of a scope."
            unfiltered = changes.doing(changes.unfiltered)
            yield _at(operation, "unfiltered", "subtle", said, unfiltered, "scopes")
    for operation, scope in _READ_SCOPE.items():
        said, also = f" is allowed with {scope}.", changes.also(scope)
        yield _at(operation, "for-readers", "subtle", said, also, "scopes")


def _statuses() -> Iterator[Fault]:
    for operation in _CREATES:
        yield _at(operation, "is-200", "medium", " answers 200 for 201.", changes.status(200))
    for operation in _DELETES:
        yield _at(operation, "is-202", "medium", " answers 202.", changes.status(202))
        nothing = changes.always(empty(200 if operation == "delete-service" else 204))
        yield _at(operation, "skipped", "gross", " answers and does nothing.", nothing)


def _outcomes() -> Iterator[Fault]:
    for operation in _CALLED:
        breaking, lenient = map(changes.doing, (changes.breaking, changes.never_refusing))
        said = " does what it should and answers 500."
        yield _at(operation, "breaks", "gross", said, breaking)
        said = " answers 200 where it should refuse."
        yield _at(operation, "never-refuses", "medium", said, lenient)


def _refusals() -> Iterator[Fault]:
    for name, (code, operations) in _REFUSALS.items():
        yield make(
            f"errors/{name.replace('_', '-')}-is-{code}",
            "medium" if code == 500 else "subtle",
            operations,
            f"The refusal {name.replace('_', ' ')!r} is a {code}.",
            (errors, name, changes.refusing(code)),
        )


FAULTS: Sequence[Fault] = (
    *_fields(),
    *_shown_servers(),
    *_checks(),
    *_statuses(),
    *_refusals(),
    *_outcomes(),
)
