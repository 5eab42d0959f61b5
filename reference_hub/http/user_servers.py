"""``/user/:name/...``: the simulated servers, and the hub's word on those that do not run."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response

from ..core import errors
from ..core.hub import Hub
from ..core.operations import info, single_user
from ..core.pages import counted
from . import convert
from .browser import UnknownPage
from .cookies import READING
from .elsewhere import Elsewhere, Slashless, redirect
from .endpoints import Endpoint

_STAND_IN_METHODS = frozenset({"GET", "POST", "PATCH", "DELETE"})


class UserServer(Endpoint):
    """``/user/:name/...``: a running server, or the way to the hub's word on it."""

    def __init__(self, hub: Hub, stop: Callable[[], None]) -> None:
        super().__init__(hub, stop)
        # The server answers, not the hub: of the hub's headers it has the version only.
        self.headers = {"x-jupyterhub-version": info.VERSION}
        self.elsewhere, self.slashless = Elsewhere(hub, stop), Slashless(hub, stop)

    async def answer(self, request: Request) -> Response:
        """The server's answer if it runs; else a redirect below ``/hub``, for reading."""
        user_name, path = (*convert.decode_parameters(request.path_params), "")[:2]
        call = await convert.to_call(self.hub, request, token_argument=True)
        found = single_user.route(self.hub, user_name, path)
        if found is not None:
            return await self.respond(single_user.serve(call, *found))
        has_slash = "path" in request.path_params
        return await (self.elsewhere if has_slash else self.slashless).answer(request)


class StoppedUserServer(Endpoint):
    """``/hub/user/:name/...``: the hub's word on a server that does not run."""

    async def answer(self, request: Request) -> Response:
        """To the server if it runs after all; else a refusal."""
        user_name, path = convert.decode_parameters(request.path_params)
        call = await convert.to_call(self.hub, request)
        if call.requester is None and request.method == "GET":
            here = quote(request.scope["path"] + convert.query_as_sent(request), safe="")
            return redirect(self.hub, f"{self.hub.settings.hub_prefix}login?next={here}")
        if call.requester is None and request.method not in READING:
            return await UnknownPage(self.hub, self.stop).answer(request)
        if request.method not in _STAND_IN_METHODS:
            raise errors.method_not_allowed(request.method)
        single_user.check_stand_in(call, request.method, user_name, path)
        # It runs after all: the request came here by mistake, or started before it was ready.
        base, prefix = self.hub.settings.base_url, self.hub.settings.hub_prefix
        rest = request.scope["path"].removeprefix(prefix) + convert.query_as_sent(request)
        return redirect(self.hub, counted(base + rest))
