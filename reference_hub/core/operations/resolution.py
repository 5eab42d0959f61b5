"""Whom a token or a cookie belongs to: left from before JupyterHub 2.0, in favour of ``/user``."""

from __future__ import annotations

from .. import access, errors, models, scopes
from ..call import Call, Reply
from ..entities import User
from ..sessions import LOGIN_COOKIE


def whose_token(call: Call, secret: str) -> Reply:
    """``GET /authorizations/token/:token``: any token may ask about any that it knows.

    The owner's name and groups are shown even when no scope of the asking token covers them.
    """
    requester = access.require_token(call.requester)
    token = call.hub.find_token(secret)
    if token is None:
        raise errors.unknown_credential()
    access.note_activity(call.hub, token)
    owner = token.owner
    viewer = access.Requester(call.hub, requester.token, scopes.identify(owner.as_owner))
    if isinstance(owner, User):
        return Reply(models.user_model(call.hub, viewer, owner))
    return Reply(models.service_model(call.hub, viewer, owner))


def whose_cookie(call: Call, name: str, value: str) -> Reply:
    """``GET /authorizations/cookie/:name/:value``: the user as the token's scopes show them."""
    requester = access.require_token(call.requester)
    session = call.hub.sessions.find(value) if name == LOGIN_COOKIE else None
    if session is None:
        raise errors.unknown_credential()
    return Reply(models.user_model(call.hub, requester, session.user))


def whose_cookie_in_body(call: Call, name: str) -> Reply:
    """``GET /authorizations/cookie/:name`` with the value as the body."""
    return whose_cookie(call, name, call.body.raw.decode("utf-8", "replace"))


def removed(call: Call) -> Reply:
    """``POST /authorizations/token``: gone since 2.0."""
    raise errors.no_such_path()
