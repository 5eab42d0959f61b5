"""Share codes: issued for a server, and exchanged for a share by whoever brings one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta

from .. import errors, pagination, share_models
from ..call import Call, Reply, empty
from ..entities import JSON, User
from ..hub import Hub, digest
from ..shares import Share, ShareCode
from . import servers, shares

_KEYS = frozenset({"scopes", "expires_in"})
_SHORTEST = 60  # seconds
_LONGEST = 365 * 86400
_DEFAULT = 86400
# JupyterHub reads texts as numbers here, and in no other body.
_INTEGER = re.compile(r"\s*\+?0*([0-9](?:_?[0-9]){0,8})(?:\.0+)?\s*\Z")


def list_of_owner(call: Call, owner: str) -> Reply:
    """``GET /share-codes/{owner}``: the codes of all the owner's servers."""
    call.require("read:shares", kind="user", name=owner)
    found = shares.owned_servers(call.hub, owner)
    return list_reply(call, call.hub.share_codes.of_servers(found, call.hub.clock()))


def list_of_server(call: Call, owner: str, server_name: str) -> Reply:
    """``GET /share-codes/{owner}/{server}``: what is known of the codes, but not the codes."""
    call.require("read:shares", kind="server", name=servers.full_name(owner, server_name))
    server = shares.get_server(call.hub, owner, server_name)
    return list_reply(call, call.hub.share_codes.of_servers([server], call.hub.clock()))


def list_reply(call: Call, found: Sequence[ShareCode]) -> Reply:
    """A page of share codes, whether the request asks for pages or not."""
    page = pagination.window(call)
    items = [share_models.share_code_model(call.hub, code) for code in page.cut(found)]
    return Reply(pagination.page_model(call, page, items, len(found)))


def issue(call: Call, owner: str, server_name: str) -> Reply:
    """``POST /share-codes/{owner}/{server}``: the only answer that ever shows the code."""
    where = servers.full_name(owner, server_name)
    requester = call.require("shares", kind="server", name=where)
    body = call.body.optional_object()
    if strangers := body.keys() - _KEYS:
        raise errors.unknown_keys(strangers)
    lifetime = read_lifetime(body)
    names = shares.shareable_names(shares.read_scopes(call.hub, body), where)
    shares.check_may_share(requester, names, where)
    server = shares.get_server(call.hub, owner, server_name)
    now, secret = call.hub.clock(), call.hub.new_secret()
    code = call.hub.share_codes.add(server, names, digest(secret), now, now + lifetime)
    return Reply(share_models.new_share_code_model(call.hub, code, secret))


def read_lifetime(body: dict[str, JSON]) -> timedelta:
    """How long a code shall live: a minute to a year, a day unless the body says otherwise."""
    seconds = whole_number(body.get("expires_in", _DEFAULT))
    if seconds is None or not _SHORTEST <= seconds <= _LONGEST:
        raise errors.bad_share_code_lifetime(_SHORTEST, _LONGEST)
    return timedelta(seconds=seconds)


def whole_number(value: JSON) -> int | None:
    """The integer that a value stands for, None if it is none: ``90.0`` and ``"90"`` are some."""
    if isinstance(value, float):
        return int(value) if value.is_integer() else None
    if isinstance(value, str):
        match = _INTEGER.match(value)
        return int(match.group(1)) if match else None
    return value if isinstance(value, int) else None


def revoke(call: Call, owner: str, server_name: str) -> Reply:
    """``DELETE /share-codes/{owner}/{server}``: one by ``code`` or ``id``, or all of them."""
    call.require("shares", kind="server", name=servers.full_name(owner, server_name))
    secret, code_id = call.query.get("code"), call.query.get("id")
    server = shares.get_server(call.hub, owner, server_name)
    found = call.hub.share_codes.of_servers([server], call.hub.clock())
    if secret:
        found = [code for code in found if code.digest == digest(secret)]
    elif code_id:
        found = [code for code in found if code.id == code_id]
    if (secret or code_id) and not found:
        raise errors.no_such_share_code()
    for code in found:
        call.hub.share_codes.remove(code)
    return empty(204)


# Accepting, which happens on a page and not in the REST API


def find_offer(hub: Hub, user: User, secret: str) -> ShareCode:
    """What a code offers a user who looks at it before deciding.

    Raises a 404 for a code that is unknown, revoked or expired, a 403 for the user's own.
    """
    code = hub.share_codes.find(digest(secret), hub.clock())
    if code is None:
        raise errors.no_such_share_code()
    if code.server.user is user:
        raise errors.cannot_look_at_own_share_code()
    return code


def accept(hub: Hub, user: User, secret: str) -> Share:
    """Exchange a code for a share; it counts each time, and can be exchanged until it expires.

    Raises a 400 for a code that is unknown, revoked or expired, and for the user's own.
    """
    now = hub.clock()
    code = hub.share_codes.find(digest(secret), now)
    if code is None:
        raise errors.share_code_not_accepted()
    if code.server.user is user:
        raise errors.cannot_accept_own_share_code()
    share = hub.shares.grant(code.server, user, code.names, now)
    code.exchange_count += 1
    code.last_exchanged_at = now
    return share
