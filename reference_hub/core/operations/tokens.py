"""Tokens of users: list, issue, read, revoke."""

from __future__ import annotations

from collections.abc import Iterable

from .. import access, checks, errors, models, names, tokens
from ..call import Call, Reply, created, empty
from ..entities import JSON, Token, User
from ..hub import Hub
from . import users


def list_tokens(call: Call, name: str) -> Reply:
    """``GET /users/{name}/tokens``: least recently used first."""
    call.require("read:tokens", kind="user", name=name)
    user = users.find(call.hub, name)
    ordered = sorted(user.tokens.values(), key=lambda token: token.last_activity or token.created)
    return Reply({"api_tokens": [models.token_model(call.hub, token) for token in ordered]})


def create_token(call: Call, name: str) -> Reply:
    """``POST /users/{name}/tokens``: the only answer that ever shows the secret."""
    # The one operation that reads its body before asking who is there: it may say so.
    body = call.body.optional_object()
    requester = access.require_login(call.requester or proven(call.hub, body.get("auth")))
    user = issuable_owner(call.hub, requester, name)
    raw = requested_scopes(call.hub, body)
    expires_in = requested_lifetime(call.hub, body)
    note = requested_note(requester, user, body)
    tokens.check_issuable(call.hub, user, raw)
    token, secret = tokens.issue(call.hub, user, raw_scopes=raw, note=note, expires_in=expires_in)
    return created({**models.token_model(call.hub, token), "token": secret})


def proven(hub: Hub, auth: JSON) -> access.Requester | None:
    """Who proves themselves by name and password, with the rights of their own; None for others."""
    fields = auth if isinstance(auth, dict) else {}
    name, password = fields.get("username"), fields.get("password")
    if not isinstance(name, str) or not isinstance(password, str):
        return None
    user = hub.find_user(access.proven_name(hub, name, password) or "")
    return access.Requester(hub, Token.standing_for(user, hub.clock())) if user else None


def issuable_owner(hub: Hub, requester: access.Requester, name: str) -> User:
    """The user to issue a token for. 403 for absent and forbidden alike, without exception."""
    user = hub.find_user(name)
    if user is None or not requester.may("tokens", "user", name):
        raise errors.may_not_issue_token(name)
    return user


def requested_lifetime(hub: Hub, body: JSON) -> int | None:
    """Seconds a token shall live, None for ever. Where lives are limited, for ever is the limit."""
    longest = hub.settings.token_expires_in_max_seconds
    expires_in: int | None = checks.optional(body, "expires_in", int)
    if longest and expires_in is None:
        return longest
    if longest and expires_in is not None and expires_in > longest:
        raise errors.lifetime_too_long(longest)
    return expires_in


def requested_note(requester: access.Requester, user: User, body: JSON) -> str:
    """The note given, or one that says where the token came from."""
    note = checks.optional(body, "note", str)
    if note:
        if not names.is_encodable(note):
            raise errors.wrong_type("note", "text")
        return str(note)
    if requester.owner is user:
        return "Made through the API"
    return f"Made through the API by {requester.owner.kind} {requester.owner.name}"


def requested_scopes(hub: Hub, body: JSON) -> list[str]:
    """The raw scopes a token shall have: given, through roles (deprecated), or the default."""
    roles, raw = (
        None if body.get(key) is None else checks.strings(key, body[key])
        for key in ("roles", "scopes")
    )
    if roles is not None and raw is not None:
        raise errors.scopes_and_roles()
    if raw is not None:
        return checks.without_repeats(raw)
    return role_scopes(hub, ["token"] if roles is None else roles)


def role_scopes(hub: Hub, roles: Iterable[str]) -> list[str]:
    """The raw scopes of roles. Raises a 400 for a role that does not exist."""
    found: list[str] = []
    for role in roles:
        if role not in hub.roles:
            raise errors.unknown_role(role)
        found.extend(hub.roles[role])
    return checks.without_repeats(found)


def find_token(hub: Hub, user_name: str, token_id: str) -> Token:
    """A user's token. 404 for another user's, whatever the requester may read there."""
    token = users.find(hub, user_name).tokens.get(token_id)
    if token is None:
        raise errors.no_such_token(token_id)
    return token


def read_token(call: Call, name: str, token_id: str) -> Reply:
    """``GET /users/{name}/tokens/{id}``."""
    call.require("read:tokens", kind="user", name=name)
    return Reply(models.token_model(call.hub, find_token(call.hub, name, token_id)))


def delete_token(call: Call, name: str, token_id: str) -> Reply:
    """``DELETE /users/{name}/tokens/{id}``: it stops working at once."""
    call.require("tokens", kind="user", name=name)
    token = find_token(call.hub, name, token_id)
    for each in list(token.owner.tokens.values()):
        # One of an OAuth client ends what its user agreed to, so the client's others end with it.
        if each is token or (token.client_id and each.client_id == token.client_id):
            call.hub.remove_token(each)
    return empty(204, "text/plain")
