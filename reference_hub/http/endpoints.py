"""ASGI endpoints: one request in, the core asked, one response out."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from ..core import errors, spawning
from ..core.call import Call, EventStream, Reply
from ..core.hub import Hub
from ..core.operations import info, servers
from . import convert, cookies, progress

Operation = Callable[..., Reply | EventStream]
"""A :class:`Call` and the path's parameters in, an answer out."""

_log = logging.getLogger(__name__)


class Endpoint:
    """What endpoints share: errors become JSON, a finished shutdown is passed on."""

    def __init__(self, hub: Hub, stop: Callable[[], None]) -> None:
        self.hub = hub
        self.stop = stop
        self.headers = convert.hub_headers(hub.settings)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        try:
            response = await self.guarded(request)
        except ClientDisconnect:
            return
        await response(scope, receive, send)

    async def guarded(self, request: Request) -> Response:
        """The answer, whatever happens."""
        try:
            spawning.settle_all(self.hub)
            return await self.answer(request)
        except errors.HubError as error:
            return convert.to_error(error, self.headers)
        except (ClientDisconnect, asyncio.CancelledError):
            raise
        except Exception:
            # Never expected: a defect of this hub. The client still gets the body it knows.
            _log.exception("%s %s", request.method, request.scope["path"])
            return convert.to_error(errors.HubError(500, "Internal error"), self.headers)

    async def answer(self, request: Request) -> Response:
        """The answer, or a :class:`HubError`."""
        raise NotImplementedError

    async def respond(self, reply: Reply | EventStream) -> Response:
        """The core's answer as a response."""
        if isinstance(reply, EventStream):
            return progress.stream_response(self.hub, reply, self.headers)
        if reply.starting is not None and self.hub.settings.slow_spawn_timeout:
            await progress.until_settled(
                self.hub, reply.starting, self.hub.settings.slow_spawn_timeout
            )
            reply = servers.start_reply(reply.starting)
        if reply.ending is not None:
            await progress.until_gone(self.hub, reply.ending)
        response = convert.to_response(reply, self.headers)
        if reply.stops_hub:
            # A moment later, so that the answer is out first.
            asyncio.get_running_loop().call_later(0.05, self.stop)
        return response


class ApiEndpoint(Endpoint):
    """A path of the REST API: an operation for each method."""

    def __init__(
        self, hub: Hub, stop: Callable[[], None], operations: Mapping[str, Operation]
    ) -> None:
        super().__init__(hub, stop)
        self.operations = {"OPTIONS": options, **operations}

    async def answer(self, request: Request) -> Response:
        """Ask the operation for the method; a 405 if there is none."""
        call = await convert.to_call(self.hub, request)
        if call.requester is None:
            call.requester = cookies.identify_by_cookie(self.hub, request)
        parameters = convert.decode_parameters(request.path_params)
        operation = self.operations.get(request.method)
        if operation is None:
            raise errors.method_not_allowed(request.method)
        return await self.respond(operation(call, *parameters))


class RootEndpoint(ApiEndpoint):
    """The root of the API: scripts of any site may read what it answers, and its refusals."""

    async def guarded(self, request: Request) -> Response:
        """The answer, for all origins."""
        response = await super().guarded(request)
        response.headers["access-control-allow-origin"] = "*"
        return response


def options(call: Call, *parameters: str) -> Reply:
    """Preflight, the same everywhere."""
    return info.options(call)


class UnknownPath(Endpoint):
    """Everything else below the hub's prefix."""

    async def answer(self, request: Request) -> Response:
        """404, whatever the method."""
        return await self.respond(info.not_found(await convert.to_call(self.hub, request)))
