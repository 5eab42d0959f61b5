"""Faults in tokens and services as they are made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from ...core import access, checks, errors, tokens
from ...core.call import Call, Reply
from ...core.entities import Token
from ...core.hub import Hub
from ...core.operations import services
from ...core.operations import tokens as operations
from ..changes import always, answering, doing, on
from ..fault import make


def _body_needed(original: Any, call: Call, name: str) -> Reply:
    if not call.body.raw:
        raise errors.bad_json()
    return original(call, name)  # type: ignore[no-any-return]


def _made_active(original: Any, hub: Hub, token: Any) -> None:
    original(hub, token)
    token.last_activity = token.created


def _all_notes(original: Any, call: Call, name: str) -> Reply:
    reply = original(call, name)
    secret = reply.value["token"]
    token = call.hub.find_token(secret)
    if token:
        token.note = f"{token.note} {secret}"
    return reply  # type: ignore[no-any-return]


def _forget_info(original: Any, hub: Hub, spec: Any, *, from_config: bool) -> Any:
    return original(hub, {**spec, "info": {}}, from_config=from_config)


def _standing_for(hub: Hub, name: Any) -> access.Requester | None:
    user = hub.find_user(name) if isinstance(name, str) else None
    return access.Requester(hub, Token.standing_for(user, hub.clock())) if user else None


def _any_password(original: Any, hub: Hub, auth: Any) -> access.Requester | None:
    said = auth.get("username") if isinstance(auth, dict) and "password" in auth else None
    return original(hub, auth) or _standing_for(hub, said)


def _as_an_admin(original: Any, hub: Hub, auth: Any) -> access.Requester | None:
    admins = [user.name for user in hub.users.values() if user.admin]
    return _standing_for(hub, admins[0]) if original(hub, auth) else None


def _password_first(original: Callable[..., Reply], call: Call, name: str) -> Reply:
    by_password = operations.proven(call.hub, call.body.optional_object().get("auth"))
    return original(replace(call, requester=by_password or call.requester), name)


def _paged(value: Any) -> Any:
    return {"items": list(value.values()), "_pagination": {"total": len(value), "next": None}}


FAULTS = [
    make(
        "tokens/body-needed",
        "subtle",
        "post-user-tokens",
        "A token is not issued without a body.",
        (*on("post-user-tokens"), doing(_body_needed)),
    ),
    make(
        "tokens/active-when-made",
        "subtle",
        "post-user-tokens get-user-token",
        "A token that was never used has been active.",
        (Hub, "add_token", doing(_made_active)),
    ),
    make(
        "tokens/note-cut",
        "subtle",
        "post-user-tokens get-user-token",
        "Notes are cut at 20 characters.",
        (operations, "requested_note", doing(lambda old, *args: old(*args)[:20])),
    ),
    make(
        "tokens/secret-in-note",
        "subtle",
        "post-user-tokens get-user-tokens",
        "The note repeats the secret.",
        (*on("post-user-tokens"), doing(_all_notes)),
    ),
    make(
        "tokens/roles-ignored",
        "subtle",
        "post-user-tokens",
        "Roles that are asked for give all rights.",
        (operations, "role_scopes", always(["inherit"])),
    ),
    make(
        "tokens/numbered-secrets",
        "gross",
        "post-user-tokens",
        "Secrets can be guessed: they are numbered.",
        (
            tokens,
            "issue",
            doing(
                lambda old, hub, owner, **more: old(
                    hub, owner, **{"secret": f"{owner.name}-{len(owner.tokens)}", **more}
                )
            ),
        ),
    ),
    make(
        "tokens/scopes-lose-filter",
        "subtle",
        "post-user-tokens get-current-user",
        "Filters of the scopes that a token is asked with are lost.",
        (
            operations,
            "requested_scopes",
            doing(lambda old, *args: [scope.partition("!")[0] for scope in old(*args)]),
        ),
    ),
    make(
        "tokens/password-unknown",
        "medium",
        "post-user-tokens",
        "A name and a password are no way to a token.",
        (operations, "proven", always(None)),
    ),
    make(
        "tokens/any-password",
        "gross",
        "post-user-tokens",
        "Tokens are issued for whatever password.",
        (operations, "proven", doing(_any_password)),
    ),
    make(
        "tokens/password-opens-all",
        "subtle",
        "post-user-tokens",
        "Who knows a password is issued tokens of any user.",
        (operations, "proven", doing(_as_an_admin)),
    ),
    make(
        "tokens/password-before-token",
        "subtle",
        "post-user-tokens",
        "A password in the body counts more than the token that comes along.",
        (*on("post-user-tokens"), doing(_password_first)),
    ),
    make(
        "services/info-lost",
        "subtle",
        "post-service get-service",
        "The info of a new service is not kept.",
        (services, "register", doing(_forget_info)),
    ),
    make(
        "services/short-secrets",
        "subtle",
        "post-service",
        "A service may have a token of any length.",
        (services, "MIN_SECRET", lambda _: 0),
    ),
    make(
        "services/anything-goes",
        "medium",
        "post-service",
        "What a service cannot have is not refused.",
        (services, "check_spec", always(None)),
    ),
    make(
        "services/in-pages",
        "medium",
        "get-services",
        "Services come in pages.",
        (*on("get-services"), answering(_paged)),
    ),
    make(
        "services/any-key",
        "subtle",
        "post-service",
        "Unknown keys of a service are passed over.",
        (checks, "check_keys", doing(lambda old, model, types, what: model or {})),
    ),
    make(
        "scopes/everybody-reads-groups",
        "subtle",
        "get-current-user",
        "Every token may read the groups of all users.",
        (
            tokens,
            "scopes_of",
            doing(lambda old, hub, token: old(hub, token) | {"read:users:groups"}),
        ),
    ),
]
