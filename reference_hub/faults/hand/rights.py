"""Faults in tokens and in what scopes allow."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from ...core import access, errors, models, scopes, tokens
from ...core.hub import Hub
from ...core.operations import tokens as operations
from ..changes import always, answering, doing, on
from ..fault import make

_TOKENS = "get-user-tokens post-user-tokens get-user-token delete-user-token"
_USED = "get-current-user get-user"


def _only_own_scopes(original: Any, hub: Hub, token: Any) -> Any:
    if "inherit" in token.scopes:
        return original(hub, token)
    asked = hub.scope_table.expand(token.scopes, token.owner.as_owner)
    return scopes.reduce(asked | scopes.identify(token.owner.as_owner))


def _any_token(original: Any, hub: Hub, user: str, token_id: str) -> Any:
    for each in hub.users.values():
        if token_id in each.tokens:
            return each.tokens[token_id]
    return original(hub, user, token_id)


def _minutes(original: Any, now: Any, expires_in: Any) -> Any:
    return original(now, expires_in and expires_in * 60)


def _zone(original: Any, now: Any, expires_in: Any) -> Any:
    ends = original(now, expires_in)
    return ends and ends + timedelta(hours=1)


def _secret(original: Any, hub: Hub, token: Any) -> Any:
    return {**original(hub, token), "token": token.digest[:16]}


def _first_scope(original: Any, hub: Hub, body: Any) -> Any:
    return original(hub, body)[:1] if body.get("scopes") else original(hub, body)


def _prefix(original: Any, filters: Any, kind: str, name: str, groups_of: Any) -> bool:
    if original(filters, kind, name, groups_of):
        return True
    return kind == "user" and any(name.startswith(each) for each in filters.get("user", ()))


def _no_groups(original: Any, filters: Any, kind: str, name: str, groups_of: Any) -> bool:
    return bool(original(filters, kind, name, lambda _: ()))


def _user_for_server(original: Any, filters: Any, kind: str, name: str, groups_of: Any) -> bool:
    if kind == "server" and filters is not None and "server" in filters:
        owner = name.partition("/")[0]
        if any(each.partition("/")[0] == owner for each in filters["server"]):
            return True
    return bool(original(filters, kind, name, groups_of))


def _case(original: Any, header: str) -> Any:
    return original(header) if header.startswith("token") else None


def _forbidden(original: Any, *args: Any, **kwargs: Any) -> Any:
    error = original(*args, **kwargs)
    error.status = 403
    return error


def _fields(scope: str, *more: str) -> Any:
    return lambda table: {**table, scope: table[scope] | set(more)}


FAULTS = [
    make(
        "tokens/revoked-still-works",
        "medium",
        "delete-user-token get-current-user",
        "A revoked token is gone from the list and goes on working.",
        (Hub, "remove_token", doing(lambda _, hub, t: t.owner.tokens.pop(t.id, None))),
    ),
    make(
        "tokens/never-expire",
        "medium",
        "post-user-tokens get-current-user",
        "Tokens work beyond their end.",
        (Hub, "purge_expired", always(None)),
    ),
    make(
        "tokens/expiry-in-minutes",
        "subtle",
        "post-user-tokens",
        "expires_in is taken for minutes.",
        (tokens, "expiry", doing(_minutes)),
    ),
    make(
        "tokens/expiry-in-wrong-zone",
        "subtle",
        "post-user-tokens",
        "Expiry is kept in local time: an hour late.",
        (tokens, "expiry", doing(_zone)),
    ),
    make(
        "tokens/no-expiry",
        "medium",
        "post-user-tokens",
        "expires_in is ignored.",
        (tokens, "expiry", always(None)),
    ),
    make(
        "tokens/guessable-id",
        "subtle",
        "post-user-tokens",
        "Ids of tokens start anew for each user, so two tokens share one.",
        (tokens, "new_id", always("t-1")),
    ),
    make(
        "tokens/activity-never",
        "medium",
        "get-user-token get-user-tokens get-user",
        "Use of a token is not noted.",
        (access, "note_activity", always(None)),
    ),
    make(
        "tokens/keep-lost-rights",
        "subtle",
        "get-current-user patch-user",
        "A token keeps scopes that its owner has lost.",
        (tokens, "scopes_of", doing(_only_own_scopes)),
    ),
    make(
        "tokens/of-another-user",
        "subtle",
        "get-user-token delete-user-token",
        "Any token's id is found under any user.",
        (operations, "find_token", doing(_any_token)),
    ),
    make(
        "tokens/secret-in-model",
        "medium",
        _TOKENS,
        "Models of tokens carry a piece of secret.",
        (models, "token_model", doing(_secret)),
    ),
    make(
        "tokens/exceed-owner",
        "medium",
        "post-user-tokens",
        "A token can be asked for with scopes that its owner has not.",
        (
            tokens,
            "check_issuable",
            doing(lambda _, hub, owner, raw: hub.scope_table.check_exist(raw)),
        ),
    ),
    make(
        "tokens/unknown-scope-accepted",
        "subtle",
        "post-user-tokens",
        "Scopes of a new token are not checked at all.",
        (tokens, "check_issuable", always(None)),
    ),
    make(
        "tokens/first-scope-only",
        "subtle",
        "post-user-tokens",
        "Of several scopes only the first is kept.",
        (operations, "requested_scopes", doing(_first_scope)),
    ),
    make(
        "tokens/note-lost",
        "medium",
        "post-user-tokens get-user-token",
        "The note is not kept.",
        (operations, "requested_note", always("token")),
    ),
    make(
        "tokens/no-bearer",
        "medium",
        _USED,
        "Authorization: Bearer is not understood.",
        (access, "secret_in", doing(_case)),
    ),
    make(
        "tokens/delete-is-pretended",
        "gross",
        "delete-user-token",
        "DELETE answers 204 and deletes nothing.",
        (Hub, "remove_token", always(None)),
    ),
    make(
        "tokens/list-without-newest",
        "subtle",
        "get-user-tokens",
        "The list of tokens misses the last one.",
        (*on("get-user-tokens"), answering(lambda value: {"api_tokens": value["api_tokens"][:-1]})),
    ),
    make(
        "scopes/filter-by-prefix",
        "subtle",
        "get-user get-users patch-user",
        "!user=ann admits anna.",
        (scopes, "covers", doing(_prefix)),
    ),
    make(
        "scopes/group-filter-ignores-members",
        "medium",
        "get-user get-users",
        "!group= reaches no user.",
        (scopes, "covers", doing(_no_groups)),
    ),
    make(
        "scopes/server-filter-reaches-siblings",
        "subtle",
        "get-user-server-name post-user-server-name delete-user-server-name",
        "!server=ann/a admits all servers of ann.",
        (scopes, "covers", doing(_user_for_server)),
    ),
    make(
        "scopes/two-filters-are-none",
        "subtle",
        "get-user get-users get-group",
        "A scope with filters of two kinds counts as unfiltered.",
        (
            scopes,
            "allows",
            doing(
                lambda old, grants, *rest: old(
                    {k: None if v and len(v) > 1 else v for k, v in grants.items()}, *rest
                )
            ),
        ),
    ),
    make(
        "scopes/out-of-reach-is-403",
        "subtle",
        "get-user get-group get-user-server-name",
        "What a filter does not reach is 403 and so distinguishable from what is absent.",
        (errors, "out_of_reach", doing(_forbidden)),
    ),
    make(
        "scopes/self-is-all-users",
        "medium",
        "get-user get-current-user",
        "The role `user` gives read:users for everybody.",
        (
            scopes.ScopeTable,
            "_expand_self",
            doing(lambda old, table, owner: [*old(table, owner), "read:users", "read:users:name"]),
        ),
    ),
    make(
        "scopes/identify-forgotten",
        "subtle",
        "get-current-user",
        "A token without scopes does not learn whose it is.",
        (scopes, "identify", always(frozenset())),
    ),
    make(
        "scopes/name-shows-groups",
        "subtle",
        "get-user get-users",
        "read:users:name shows groups.",
        (models, "_USER_FIELDS", _fields("read:users:name", "groups")),
    ),
    make(
        "scopes/name-shows-activity",
        "subtle",
        "get-user get-users",
        "read:users:name shows last_activity.",
        (models, "_USER_FIELDS", _fields("read:users:name", "last_activity")),
    ),
    make(
        "scopes/name-shows-roles",
        "subtle",
        "get-user get-users",
        "read:users:name shows roles.",
        (models, "_USER_FIELDS", _fields("read:users:name", "roles")),
    ),
    make(
        "scopes/group-name-shows-members",
        "subtle",
        "get-group get-groups",
        "read:groups:name shows members.",
        (models, "_GROUP_FIELDS", _fields("read:groups:name", "users")),
    ),
    make(
        "scopes/group-name-shows-properties",
        "subtle",
        "get-group get-groups",
        "read:groups:name shows properties.",
        (models, "_GROUP_FIELDS", _fields("read:groups:name", "properties")),
    ),
    make(
        "scopes/service-name-shows-url",
        "subtle",
        "get-service get-services",
        "read:services:name shows the url.",
        (models, "_SERVICE_FIELDS", _fields("read:services:name", "url")),
    ),
]
