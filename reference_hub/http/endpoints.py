"""ASGI endpoints: one request in, the core asked, one response out."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from urllib.parse import quote

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from ..core import errors, spawning
from ..core.call import Call, EventStream, Reply
from ..core.hub import Hub
from ..core.operations import info, servers, single_user
from . import convert, cookies, progress

Operation = Callable[..., Reply | EventStream]
"""A :class:`Call` and the path's parameters in, an answer out."""

_STAND_IN_METHODS = frozenset({"GET", "POST", "PATCH", "DELETE"})

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


def options(call: Call, *parameters: str) -> Reply:
    """Preflight, the same everywhere."""
    return info.options(call)


class UnknownPath(Endpoint):
    """Everything else below the hub's prefix."""

    async def answer(self, request: Request) -> Response:
        """404, whatever the method."""
        return await self.respond(info.not_found(await convert.to_call(self.hub, request)))


class UserServer(Endpoint):
    """``/user/:name/...``: a running server, or the way to the hub's word on it."""

    def __init__(self, hub: Hub, stop: Callable[[], None]) -> None:
        super().__init__(hub, stop)
        # The server answers, not the hub: of the hub's headers it has the version only.
        self.headers = {"x-jupyterhub-version": info.VERSION}

    async def answer(self, request: Request) -> Response:
        """The server's answer if it runs; else a redirect below ``/hub``, for reading."""
        user_name, path = (*convert.decode_parameters(request.path_params), "")[:2]
        call = await convert.to_call(self.hub, request, token_argument=True)
        found = single_user.route(self.hub, user_name, path)
        if found is not None:
            return await self.respond(single_user.serve(call, *found))
        if request.method != "GET":
            raise errors.server_forbids()
        if "path" not in request.path_params:
            return redirect(self.hub, f"{request.scope['path']}/", 301)
        return redirect_to_hub(self.hub, request)


class StoppedUserServer(Endpoint):
    """``/hub/user/:name/...``: the hub's word on a server that does not run."""

    async def answer(self, request: Request) -> Response:
        """To the server if it runs after all; else a refusal."""
        user_name, path = convert.decode_parameters(request.path_params)
        call = await convert.to_call(self.hub, request)
        if request.method == "GET" and call.requester is None:
            here = quote(request.scope["path"] + convert.query_as_sent(request), safe="")
            return redirect(self.hub, f"{self.hub.settings.hub_prefix}login?next={here}")
        if request.method not in _STAND_IN_METHODS:
            raise errors.method_not_allowed(request.method)
        single_user.check_stand_in(call, request.method, user_name, path)
        # It runs after all: the request came here by mistake, or started before it was ready.
        base, prefix = self.hub.settings.base_url, self.hub.settings.hub_prefix
        rest = request.scope["path"].removeprefix(prefix) + convert.query_as_sent(request)
        return redirect(self.hub, base + rest)


class Elsewhere(Endpoint):
    """Paths outside the hub's prefix."""

    async def answer(self, request: Request) -> Response:
        """Into the prefix, for reading; outside the base URL there is nothing at all."""
        inside = f"{request.scope['path']}/".startswith(self.hub.settings.base_url)
        if request.method != "GET" or not inside:
            raise errors.no_such_path()
        if f"{request.scope['path']}/" == self.hub.settings.hub_prefix:
            return redirect(self.hub, self.hub.settings.hub_prefix, 301)
        return redirect_to_hub(self.hub, request)


def redirect_to_hub(hub: Hub, request: Request) -> Response:
    """The same path below the hub's prefix."""
    base = hub.settings.base_url
    path = request.scope["path"]
    rest = "" if f"{path}/" == base else path.removeprefix(base).lstrip("/")
    return redirect(hub, f"{hub.settings.hub_prefix}{rest}{convert.query_as_sent(request)}")


def redirect(hub: Hub, path: str, status: int = 302) -> Response:
    """A redirect within the hub; the path is escaped already."""
    headers = convert.hub_headers(hub.settings, page=True)
    return Response(
        status_code=status, headers={**headers, "location": path, "content-type": "text/html"}
    )
