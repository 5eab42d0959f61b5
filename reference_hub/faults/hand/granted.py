"""Faults in what tokens and users are given, and in who may give it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ...core import access, errors, models, scopes, tokens
from ...core.call import Call, Reply
from ...core.hub import Hub, set_admin
from ...core.operations import groups, users
from ...core.operations import tokens as operations
from ..changes import also, answering, doing, on, unfiltered
from ..fault import make

_READ, _REVOKE, _LIST = "get-user-token", "delete-user-token", "get-user-tokens"
_TOKENS = f"{_READ} {_REVOKE} {_LIST}"


def _self_for_inherit(original: Any, hub: Hub, body: Any) -> Any:
    return ["self"] if body.get("scopes") == ["inherit"] else original(hub, body)


def _raw(original: Any, hub: Hub, token: Any) -> Any:
    return {**original(hub, token), "scopes": list(token.scopes)}


def _whole_tokens_only(original: Any, requester: Any, what: str) -> None:
    original(requester, what)
    if "inherit" not in requester.token.scopes:
        raise errors.admins_only(what)


def _with_all_asked(original: Any, call: Call, name: str) -> Reply:
    reply = original(call, name)
    body, user = call.body.json(), users.find(call.hub, reply.value["name"])
    for key in (body or {}).get("groups", ()):
        if key in call.hub.groups:
            groups.join(user, call.hub.groups[key])
    user.roles += [each for each in (body or {}).get("roles", ()) if each in call.hub.roles]
    return reply  # type: ignore[no-any-return]


def _own_flag(original: Any, call: Call, name: str) -> Reply:
    asking, body = call.requester, call.body.json()
    if asking and asking.owner.name == name and isinstance(body, dict) and body.get("admin"):
        set_admin(asking.owner, True)
    return original(call, name)  # type: ignore[no-any-return]


def _some_is_enough(original: Any, call: Call) -> Reply:
    call.require = lambda *needed, **_: call.require_some(needed[0])  # type: ignore[method-assign]
    return original(call)  # type: ignore[no-any-return]


def _any_kind(original: Any, filters: Any, kind: str, name: str, groups_of: Any) -> bool:
    if kind == "service" and filters and any(name in names for names in filters.values()):
        return True
    return bool(original(filters, kind, name, groups_of))


def _of_the_maker(original: Any, call: Call, name: str) -> Reply:
    reply = original(call, name)
    token = call.hub.find_token(reply.value["token"])
    if token and call.requester:
        token.owner = call.requester.owner
    return reply  # type: ignore[no-any-return]


def _id_of_secret(original: Any, hub: Hub, owner: Any, **more: Any) -> Any:
    token, secret = original(hub, owner, **more)
    owner.tokens.pop(token.id)
    token.id = secret[:8]
    owner.tokens[token.id] = token
    return token, secret


def _last_for_unknown(original: Any, hub: Hub, name: str, token_id: str) -> Any:
    made = list(users.find(hub, name).tokens.values())
    if made and token_id not in {token.id for token in made}:
        return made[-1]
    return original(hub, name, token_id)


def _shown_at_once(model: Any) -> Any:
    return {"servers": {}, **model}


FAULTS = [
    make(
        "scopes/admins-lack-one",
        "subtle",
        "get-current-user",
        "Admins do not hold `read:roles:groups`.",
        (tokens, "token_bounds", doing(lambda old, *args: old(*args) - {"read:roles:groups"})),
    ),
    make(
        "scopes/inherit-is-self",
        "subtle",
        "post-user-tokens get-current-user",
        "A token that is asked for with `inherit` gets `self`.",
        (operations, "requested_scopes", doing(_self_for_inherit)),
    ),
    make(
        "scopes/token-tells-raw-scopes",
        "subtle",
        "get-user-token post-user-tokens get-current-user",
        "Models of tokens tell the scopes as they were asked for.",
        (models, "token_model", doing(_raw)),
    ),
    make(
        "scopes/writes-show-more",
        "subtle",
        "patch-user post-user post-users",
        "The answer to a write shows fields that the scope does not.",
        (*on("patch-user"), answering(_shown_at_once)),
        (*on("post-user"), answering(_shown_at_once)),
    ),
    make(
        "scopes/admins-by-whole-tokens-only",
        "subtle",
        "patch-user post-user",
        "An admin's token with scopes makes no admins.",
        (access, "require_admin", doing(_whole_tokens_only)),
    ),
    make(
        "scopes/creation-grants",
        "subtle",
        "post-user",
        "A new user gets the groups and roles in the body.",
        (*on("post-user"), doing(_with_all_asked)),
    ),
    make(
        "scopes/own-flag-is-ones-own",
        "gross",
        "patch-user",
        "Users make themselves admins.",
        (*on("patch-user"), doing(_own_flag)),
    ),
    make(
        "scopes/one-of-several-is-enough",
        "medium",
        "post-users post-groups",
        "Who may make one user, or one group, makes several.",
        (*on("post-users"), doing(_some_is_enough)),
        (*on("post-groups"), doing(_some_is_enough)),
    ),
    make(
        "scopes/any-filter-lists-services",
        "subtle",
        "get-services",
        "A filter of any kind with a service's name shows the service.",
        (scopes, "covers", doing(_any_kind)),
    ),
    make(
        "scopes/token-of-its-maker",
        "gross",
        "post-user-tokens get-current-user",
        "A token that is made for another has the rights of who made it.",
        (*on("post-user-tokens"), doing(_of_the_maker)),
    ),
    make(
        "tokens/id-begins-the-secret",
        "medium",
        "post-user-tokens",
        "The id of a token is the start of its secret.",
        (tokens, "issue", doing(_id_of_secret)),
    ),
    make(
        "tokens/unknown-id-is-the-last",
        "medium",
        "get-user-token delete-user-token",
        "An unknown id stands for the token that was made last.",
        (operations, "find_token", doing(_last_for_unknown)),
    ),
    make(
        "tokens/admin-users-is-enough",
        "subtle",
        _TOKENS,
        "`admin:users` lists, reads and revokes tokens.",
        *((*on(each), also("admin:users")) for each in _TOKENS.split()),
    ),
    make(
        "tokens/filters-ignored",
        "medium",
        _TOKENS,
        "Filters of `tokens` and `read:tokens` are not heeded.",
        *((*on(each), doing(unfiltered)) for each in _TOKENS.split()),
    ),
    make(
        "services/answer-repeats-the-token",
        "medium",
        "post-service",
        "The answer to a service's creation shows its token.",
        (
            *on("post-service"),
            doing(
                lambda old, call, name: replace(
                    reply := old(call, name),
                    value={**reply.value, "api_token": call.body.json().get("api_token")},
                )
            ),
        ),
    ),
]
