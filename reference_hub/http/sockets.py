"""Websockets: of the simulated servers, and refusals of any."""

from __future__ import annotations

import asyncio
from typing import Any

from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.websockets import WebSocket, WebSocketDisconnect

from ..core import access, errors, spawning
from ..core.call import Query
from ..core.hub import Hub
from ..core.operations import info, single_user
from . import convert

_HEADERS = {"x-jupyterhub-version": info.VERSION}  # of the hub's, as in a server's other answers


async def answer(hub: Hub, socket: WebSocket) -> None:
    """Open a websocket of a running server for those whom it lets in; refuse it to others."""
    try:
        spawning.settle_all(hub)
        let_in(hub, socket)
    except errors.HubError as error:
        await refuse(socket, convert.to_error(error, _HEADERS))
    else:
        await listen(socket)


def let_in(hub: Hub, socket: WebSocket) -> None:
    """Raise for who may not listen there, and where there is nothing to listen to."""
    user_name, path = convert.decode_parameters(socket.path_params)
    found = single_user.route(hub, user_name, path)
    if found is None:
        raise errors.server_forbids()
    query = Query(convert.parse_query(socket))
    header = convert.authorization(socket, query, token_argument=True)
    single_user.subscribe(access.identify(hub, header), *found)


async def listen(socket: WebSocket, **handshake: Any) -> None:
    """Stay until the client goes. Nothing ever happens; pings are answered below ASGI."""
    await socket.accept(**handshake)
    while (await socket.receive())["type"] != "websocket.disconnect":
        pass


async def refuse(socket: WebSocket, response: Response) -> None:
    """Answer a handshake with a refusal."""
    try:
        if "websocket.http.response" in socket.scope.get("extensions", {}):
            await socket.send_denial_response(response)
            await asyncio.sleep(0)  # for the end of the connection, without which uvicorn complains
        else:
            await socket.close(1008)
    except (RuntimeError, WebSocketDisconnect, ClientDisconnect):
        return  # it is gone
