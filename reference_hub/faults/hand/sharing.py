"""Faults in shares and share codes."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

from ...core import share_models, shares
from ...core.call import Body, Call, Reply, empty
from ...core.hub import Hub, digest
from ...core.operations import share_codes
from ...core.operations import shares as operations
from ..changes import always, answering, doing, on
from ..fault import make

_CODES = "post-share-code get-share-codes-server"


def _scopes_without_filter(original: Any, names: Any, server: Any) -> list[str]:
    return sorted(names)


def _only_new_scopes(original: Any, table: Any, server: Any, recipient: Any, *rest: Any) -> Any:
    known = table.find(server, recipient)
    return known or original(table, server, recipient, *rest)


def _also_codes(original: Any, call: Call, owner: str, name: str) -> Reply:
    server = operations.get_server(call.hub, owner, name)
    reply = original(call, owner, name)
    call.hub.share_codes.forget_server(server)
    return reply  # type: ignore[no-any-return]


def _of_all_servers(original: Any, call: Call, owner: str, name: str) -> Reply:
    reply = original(call, owner, name)
    for server in operations.owned_servers(call.hub, owner):
        call.hub.shares.forget_server(server)
    return reply  # type: ignore[no-any-return]


def _leave_for_all(original: Any, call: Call, name: str, owner: str, server: str) -> Reply:
    reply = original(call, name, owner, server)
    call.hub.shares.forget_server(operations.get_server(call.hub, owner, server))
    return reply  # type: ignore[no-any-return]


def _also_the_members(original: Any, call: Call, name: str, owner: str, server: str) -> Reply:
    reply = original(call, name, owner, server)
    found = operations.get_server(call.hub, owner, server)
    for user in call.hub.groups[name].users.values():
        if share := call.hub.shares.find(found, user):
            call.hub.shares.remove(share)
    return reply  # type: ignore[no-any-return]


def _once(original: Any, hub: Hub, user: Any, secret: str) -> Any:
    share = original(hub, user, secret)
    if code := hub.share_codes.find(digest(secret), hub.clock()):
        hub.share_codes.remove(code)
    return share


def _uncounted(original: Any, hub: Hub, user: Any, secret: str) -> Any:
    codes = [
        (code, code.exchange_count)
        for code in hub.share_codes.of_servers(hub_servers(hub), hub.clock())
    ]
    share = original(hub, user, secret)
    for code, count in codes:
        code.exchange_count, code.last_exchanged_at = count, None
    return share


def hub_servers(hub: Hub) -> list[Any]:
    """Every server there is."""
    return [server for user in hub.users.values() for server in user.servers.values()]


def _all_codes(original: Any, call: Call, owner: str, name: str) -> Reply:
    reply = original(call, owner, name)
    call.hub.share_codes.forget_server(operations.get_server(call.hub, owner, name))
    return reply  # type: ignore[no-any-return]


def _absent_is_204(original: Any, call: Call, owner: str, name: str) -> Reply:
    if call.query.get("id") or call.query.get("code"):
        server = operations.get_server(call.hub, owner, name)
        if not call.hub.share_codes.of_servers([server], call.hub.clock()):
            return empty(204)
    return original(call, owner, name)  # type: ignore[no-any-return]


def _default_server(original: Any, hub: Hub, owner: str, name: str) -> Any:
    found = original(hub, owner, name)
    return found.user.servers[""] if found else found


def _known_keys_only(original: Any, call: Call) -> Any:
    body = call.body.optional_object()
    known = {key: value for key, value in body.items() if key in operations._KEYS}
    return original(replace(call, body=Body(json.dumps(known).encode())))


FAULTS = [
    make(
        "shares/scopes-unfiltered",
        "medium",
        "get-shares-server post-shares-server get-user-shared",
        "Shared scopes are shown, and held, without the server's filter.",
        (shares, "filtered", doing(_scopes_without_filter)),
    ),
    make(
        "shares/second-grant-ignored",
        "subtle",
        "post-shares-server",
        "Granting more to whom something was granted changes nothing.",
        (shares.ShareTable, "grant", doing(_only_new_scopes)),
    ),
    make(
        "shares/delete-takes-codes",
        "subtle",
        "delete-shares-server",
        "Taking all shares of a server back ends its codes.",
        (*on("delete-shares-server"), doing(_also_codes)),
    ),
    make(
        "shares/delete-takes-all-servers",
        "subtle",
        "delete-shares-server",
        "Taking the shares of one server back takes those of the owner's others.",
        (*on("delete-shares-server"), doing(_of_all_servers)),
    ),
    make(
        "shares/leave-for-all",
        "subtle",
        "delete-user-shared-server",
        "Who gives a share up gives up everybody's.",
        (*on("delete-user-shared-server"), doing(_leave_for_all)),
    ),
    make(
        "shares/group-leaves-with-members",
        "subtle",
        "delete-group-shared-server",
        "A group that gives its share up gives up those of its members.",
        (*on("delete-group-shared-server"), doing(_also_the_members)),
    ),
    make(
        "shares/leave-is-200",
        "medium",
        "delete-user-shared-server",
        "Giving a share up answers 200.",
        (*on("delete-user-shared-server"), doing(lambda old, *a: replace(old(*a), status=200))),
    ),
    make(
        "shares/code-once",
        "subtle",
        _CODES,
        "A code can be exchanged once.",
        (share_codes, "accept", doing(_once)),
    ),
    make(
        "shares/exchanges-uncounted",
        "subtle",
        "get-share-codes-server get-share-codes-owner",
        "Exchanges of a code are not counted.",
        (share_codes, "accept", doing(_uncounted)),
    ),
    make(
        "shares/code-lifetime-ignored",
        "medium",
        _CODES,
        "A code lives a day, whatever was asked for.",
        (share_codes, "read_lifetime", always(timedelta(days=1))),
    ),
    make(
        "shares/one-code-ends-all",
        "subtle",
        "delete-share-code get-share-codes-server",
        "Revoking one code revokes all of the server.",
        (*on("delete-share-code"), doing(_all_codes)),
    ),
    make(
        "shares/absent-code-is-204",
        "subtle",
        "delete-share-code",
        "Revoking a code that is not there is answered 204.",
        (*on("delete-share-code"), doing(_absent_is_204)),
    ),
    make(
        "shares/default-for-named",
        "subtle",
        "post-shares-server get-shares-server post-share-code",
        "Shares of a named server are those of the default one.",
        (operations, "find_server", doing(_default_server)),
    ),
    make(
        "shares/survive-server",
        "subtle",
        "delete-user-server-name get-user-shared get-shares-owner",
        "Shares of a removed server stay in the lists of who was let in.",
        (Hub, "forget_shares", always(None)),
    ),
    make(
        "shares/of-group-outlive-it",
        "subtle",
        "delete-group get-shares-server",
        "Shares with a deleted group stay.",
        (shares.ShareTable, "forget_recipient", always(None)),
    ),
    make(
        "shares/recipient-unchecked",
        "subtle",
        "post-shares-server",
        "Whom to share with may be named without the right to read names.",
        (
            operations,
            "named_recipient",
            doing(
                lambda old, r, request: operations.find_recipient(r.hub, request) or old(r, request)
            ),
        ),
    ),
    make(
        "shares/foreign-filter-accepted",
        "subtle",
        "post-shares-server post-share-code",
        "Scopes filtered to another server are shared all the same.",
        (
            operations,
            "shareable_names",
            doing(
                lambda old, scopes, server: old(
                    scopes and [scope.partition("!")[0] for scope in scopes], server
                )
            ),
        ),
    ),
    make(
        "shares/unknown-keys-accepted",
        "subtle",
        "post-shares-server patch-shares-server",
        "Unknown keys of a share are passed over.",
        (operations, "read_request", doing(_known_keys_only)),
    ),
    make(
        "shares/kind-says-user",
        "subtle",
        "get-group-shared post-shares-server",
        "Every share says that it is a user's.",
        (
            share_models,
            "share_model",
            doing(lambda old, hub, share: {**old(hub, share), "kind": "user"}),
        ),
    ),
    make(
        "shares/user-list-lacks-total",
        "subtle",
        "get-user-shared",
        "The page of what a user was let into says a total of 0.",
        (
            *on("get-user-shared"),
            answering(lambda v: {**v, "_pagination": {**v["_pagination"], "total": 0}}),
        ),
    ),
    make(
        "shares/server-model-shows-options",
        "subtle",
        "get-shares-server get-user-shared post-share-code",
        "The server of a share shows its options.",
        (
            share_models,
            "shared_server_model",
            doing(lambda old, hub, s: {**old(hub, s), "user_options": dict(s.user_options)}),
        ),
    ),
]
