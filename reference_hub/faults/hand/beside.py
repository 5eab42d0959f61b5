"""Faults that show beside what was asked: refused and done all the same, or asked of too many."""

from __future__ import annotations

from typing import Any

from ...core import errors, models
from ...core.call import Call, Reply
from ...core.hub import Hub, digest
from ...core.operations import share_codes, single_user
from ...http import convert, cookies, endpoints
from ..changes import doing, on
from ..fault import make

_REACHED = "post-user-server get-user-server"
_spoiled: list[bool] = []  # whether the next request breaks


async def _spoils_the_next(original: Any, endpoint: Any, request: Any) -> Any:
    if _spoiled:
        _spoiled.clear()
        raise errors.HubError(500, "The transaction was not rolled back.")
    try:
        return await original(endpoint, request)
    except errors.HubError as error:
        if error.status == 400 and request.scope["path"].endswith("/tokens"):
            _spoiled.append(True)
        raise


def _deletes_first(original: Any, call: Call, name: str) -> Reply:
    if call.requester is None and name in call.hub.groups:
        call.hub.remove_group(call.hub.groups[name])
    return original(call, name)  # type: ignore[no-any-return]


def _by_address(original: Any, request: Any, query: Any, token_argument: bool) -> str:
    header: str = original(request, query, token_argument)
    given = query.get("access_token")
    return f"token {given}" if given and not header else header


def _state_of_active(original: Any, hub: Hub, viewer: Any, server: Any) -> Any:
    model = original(hub, viewer, server)
    if viewer.may("read:users:activity", "user", server.user.name):
        model["state"] = dict(server.state)
    return model


def _for_readers(original: Any, requester: Any, server: Any) -> None:
    original(requester, server)
    if not requester.may("read:servers", "server", server.full_name):
        raise errors.server_forbids()


def _status_for_all(original: Any, call: Call, server: Any, path: str) -> Reply:
    if path.rstrip("/") == "api/status":
        return Reply(single_user.status(server))
    return original(call, server, path)  # type: ignore[no-any-return]


def _access_alone(original: Any, hub: Hub, user: Any, secret: str) -> Any:
    share = original(hub, user, secret)
    code = hub.share_codes.find(digest(secret), hub.clock())
    if code is not None:
        hub.shares.remove(share)
        names = code.names & {"access:servers"}
        hub.shares.grant(share.server, user, names, hub.clock())
    return share


async def _asks_of_tokens(original: Any, endpoint: Any, request: Any) -> Any:
    if request.method == "POST" and request.cookies and request.headers.get("authorization"):
        session = cookies.session_of(endpoint.hub, request)
        cookies.check_xsrf(request, cookies.expected_xsrf(endpoint.hub, request, session), {})
    return await original(endpoint, request)


FAULTS = [
    make(
        "errors/refusal-spoils-the-next",
        "subtle",
        "post-user-tokens get-user",
        "After a token was refused the next request breaks, whatever it asks for.",
        (endpoints.ApiEndpoint, "answer", doing(_spoils_the_next)),
    ),
    make(
        "identity/deleted-before-it-is-refused",
        "medium",
        "delete-group",
        "A group is deleted for whoever sends no token, who is refused then.",
        (*on("delete-group"), doing(_deletes_first)),
    ),
    make(
        "identity/token-in-the-query",
        "medium",
        "get-current-user get-user post-user-tokens",
        "A token in the query, as access_token, opens the API.",
        (convert, "authorization", doing(_by_address)),
    ),
    make(
        "scopes/activity-shows-the-state",
        "subtle",
        "get-user get-users get-user-server-name",
        "The state of servers is shown with read:users:activity.",
        (models, "server_model", doing(_state_of_active)),
    ),
    make(
        "servers/access-is-for-readers",
        "medium",
        _REACHED,
        "A server opens to those alone who may read it, too.",
        (single_user, "require_access", doing(_for_readers)),
    ),
    make(
        "servers/status-for-anybody",
        "subtle",
        _REACHED,
        "The status of a server is told to who has no credential.",
        (single_user, "serve", doing(_status_for_all)),
    ),
    make(
        "sessions/code-gives-access-alone",
        "subtle",
        "post-share-code",
        "Taking a share code gives access, whatever scopes the code names.",
        (share_codes, "accept", doing(_access_alone)),
    ),
    make(
        "sessions/token-needs-it-against-forgery",
        "subtle",
        "post-user-tokens",
        "A request with a token and any cookie needs the value against forgery as well.",
        (endpoints.ApiEndpoint, "answer", doing(_asks_of_tokens)),
    ),
]
