"""``/metrics``: beside the API and below its root, in text, and its refusals are pages."""

from __future__ import annotations

from html import escape

from starlette.requests import Request
from starlette.responses import Response

from ..core import errors
from ..core.operations import info
from . import convert
from .endpoints import Endpoint

MEDIA_TYPE = "text/plain; version=1.0.0; charset=utf-8"


class Metrics(Endpoint):
    """What the hub counts of itself, for Prometheus."""

    async def answer(self, request: Request) -> Response:
        """The metrics, or an error page."""
        try:
            if request.method != "GET":
                raise errors.method_not_allowed(request.method)
            text = info.metrics(await convert.to_call(self.hub, request))
        except errors.HubError as error:
            return self._refusal(error)
        return Response(text, headers={**self.headers, "content-type": MEDIA_TYPE})

    def _refusal(self, error: errors.HubError) -> Response:
        said = f"{error.status}: {error.message or 'no'}"
        headers = convert.hub_headers(self.hub.settings, page=True)
        page = f"<!DOCTYPE html><title>{error.status}</title><p>{escape(said)}</p>"
        return Response(page, error.status, headers={**headers, "content-type": "text/html"})
