"""Faults in running servers' websockets, of which the rest of their API knows nothing."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response
from starlette.websockets import WebSocket

from ...core import access, errors
from ...core.entities import Server
from ...core.hub import Hub
from ...core.operations import single_user
from ...http import convert, sockets
from ..changes import always, doing
from ..fault import make

_REACHED = "post-user-server get-user-server"
_NAMED = "post-user-server-name get-user-server-name"
_OF_ANOTHER = b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo="  # RFC 6455 has it as the answer to its example

Asking = access.Requester | None


def _any_token(original: Any, requester: Asking, server: Server, path: str) -> None:
    access.require_login(requester)


def _any_filter(original: Any, requester: Asking, server: Server, path: str) -> None:
    if "access:servers" not in access.require_login(requester).grants:
        raise errors.server_forbids()


def _any_of_the_user(original: Any, requester: Asking, server: Server, path: str) -> None:
    names = [each.full_name for each in server.user.servers.values()]
    if not any(access.require_login(requester).may("access:servers", "server", n) for n in names):
        raise errors.server_forbids()


def _managers_too(original: Any, requester: Asking, server: Server, path: str) -> None:
    if requester is None or not requester.may("servers", "server", server.full_name):
        original(requester, server, path)


def _owners_anyway(original: Any, requester: Asking, server: Server, path: str) -> None:
    if requester is None or requester.owner is not server.user:
        original(requester, server, path)


def _owners_and_admins_only(original: Any, requester: Asking, server: Server, path: str) -> None:
    original(requester, server, path)
    owner = access.require_login(requester).owner
    if owner is not server.user and not owner.admin:
        raise errors.server_forbids()


def _users_filter_only(original: Any, requester: Asking, server: Server, path: str) -> None:
    original(requester, server, path)
    if not access.require_login(requester).may("access:servers", "user", server.user.name):
        raise errors.server_forbids()


def _nobody(*_: Any) -> None:
    raise errors.server_forbids()


def _stopped_too(original: Any, hub: Hub, socket: WebSocket) -> None:
    user_name, path = convert.decode_parameters(socket.path_params)
    if single_user.route(hub, user_name, path) or not hub.find_user(user_name):
        original(hub, socket)


def _with_a_key_too_many(original: Any, socket: WebSocket) -> Any:
    return original(socket, headers=[(b"sec-websocket-accept", _OF_ANOTHER)])


async def _not_for_long(original: Any, socket: WebSocket) -> None:
    await socket.accept()
    await socket.close(1011)


async def _as_success(original: Any, socket: WebSocket, response: Response) -> None:
    response.status_code = 200
    await original(socket, response)


FAULTS = [
    make(
        "access/websocket-open-to-all",
        "medium",
        _REACHED,
        "A running server's websockets open to everybody.",
        (single_user, "subscribe", always(None)),
    ),
    make(
        "access/websocket-open-to-any-token",
        "subtle",
        _REACHED,
        "A running server's websockets open to any token.",
        (single_user, "subscribe", doing(_any_token)),
    ),
    make(
        "access/websocket-forgets-the-filter",
        "subtle",
        _REACHED,
        "Who may use some server opens the websockets of all.",
        (single_user, "subscribe", doing(_any_filter)),
    ),
    make(
        "access/websocket-of-any-server-of-the-user",
        "subtle",
        _NAMED,
        "Who may use one server of a user opens the websockets of all of theirs.",
        (single_user, "subscribe", doing(_any_of_the_user)),
    ),
    make(
        "access/websocket-open-to-managers",
        "subtle",
        _REACHED,
        "Who may start and stop a server opens its websockets.",
        (single_user, "subscribe", doing(_managers_too)),
    ),
    make(
        "access/websocket-open-to-any-token-of-the-owner",
        "subtle",
        _REACHED,
        "A server's websockets open to its owner, whatever the token may do.",
        (single_user, "subscribe", doing(_owners_anyway)),
    ),
    make(
        "access/websocket-opens-to-nobody",
        "gross",
        _REACHED,
        "No websocket of a running server opens.",
        (single_user, "subscribe", doing(_nobody)),
    ),
    make(
        "access/websocket-closed-to-a-servers-filter",
        "subtle",
        _NAMED,
        "A filter of one server opens no websocket of it.",
        (single_user, "subscribe", doing(_users_filter_only)),
    ),
    make(
        "access/websocket-closed-to-guests",
        "subtle",
        "post-shares-server",
        "Who a server is shared with does not get its websockets opened.",
        (single_user, "subscribe", doing(_owners_and_admins_only)),
    ),
    make(
        "access/websocket-outlives-the-server",
        "subtle",
        "delete-user-server",
        "A stopped server's websockets open.",
        (sockets, "let_in", doing(_stopped_too)),
    ),
    make(
        "access/websocket-key-of-another",
        "medium",
        _REACHED,
        "A websocket is opened with the answer to another key as well.",
        (sockets, "listen", doing(_with_a_key_too_many)),
    ),
    make(
        "access/websocket-with-an-unasked-protocol",
        "subtle",
        _REACHED,
        "A websocket is opened with a protocol that nobody asked for.",
        (sockets, "listen", doing(lambda old, socket: old(socket, subprotocol="events"))),
    ),
    make(
        "access/websocket-carries-nothing",
        "medium",
        _REACHED,
        "A websocket is closed as soon as it is open.",
        (sockets, "listen", doing(_not_for_long)),
    ),
    make(
        "access/websocket-refused-with-200",
        "subtle",
        _REACHED,
        "A websocket is refused in the words of a success.",
        (sockets, "refuse", doing(_as_success)),
    ),
]
