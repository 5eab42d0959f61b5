"""Paths that are neither the hub's nor a running server's: the way into the hub's prefix."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from ..core import errors
from ..core.hub import Hub
from . import convert
from .browser import UnknownPage


class Elsewhere(UnknownPage):
    """Paths outside the hub's prefix."""

    async def page(self, request: Request) -> Response:
        """Into the prefix, for reading; outside the base URL there is nothing at all."""
        await self.unforged(request)
        if request.method != "GET":
            raise errors.method_not_allowed(request.method)
        if not f"{request.scope['path']}/".startswith(self.hub.settings.base_url):
            raise errors.no_such_path()
        return self.inside(request)

    def inside(self, request: Request) -> Response:
        """The same path below the hub's prefix."""
        base, prefix = self.hub.settings.base_url, self.hub.settings.hub_prefix
        path = request.scope["path"]
        if f"{path}/" == prefix:
            return redirect(self.hub, prefix, 301)
        rest = "" if f"{path}/" == base else path.removeprefix(base).lstrip("/")
        return redirect(self.hub, f"{prefix}{rest}{convert.query_as_sent(request)}")


class Slashless(Elsewhere):
    """The path of a server or a service without the slash that belongs to it."""

    def inside(self, request: Request) -> Response:
        """The same path with its slash."""
        return redirect(self.hub, f"{request.scope['path']}/{convert.query_as_sent(request)}", 301)


def redirect(hub: Hub, path: str, status: int = 302) -> Response:
    """A redirect within the hub; the path is escaped already."""
    headers = convert.hub_headers(hub.settings, page=True)
    return Response(
        status_code=status, headers={**headers, "location": path, "content-type": "text/html"}
    )
