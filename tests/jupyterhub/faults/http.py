"""Faults in what HTTP leaves to the client, in headers, in metrics, and in the check of routes."""

from __future__ import annotations

from typing import Any

from jupyterhub.apihandlers import proxy  # type: ignore[import-not-found]
from jupyterhub.apihandlers.base import API404, APIHandler  # type: ignore[import-not-found]
from jupyterhub.handlers.base import BaseHandler  # type: ignore[import-not-found]
from jupyterhub.handlers.metrics import MetricsHandler  # type: ignore[import-not-found]
from tornado import web  # type: ignore[import-not-found]

from .planting import instead


@instead("body-is-latin-1", APIHandler, "get_json_body")
def _(original: Any, handler: Any) -> Any:
    body = handler.request.body
    handler.request.body = body.decode("latin-1").encode()
    try:
        return original(handler)
    finally:
        handler.request.body = body


@instead("charset-is-refused", APIHandler, "get_json_body")
def _(original: Any, handler: Any) -> Any:
    if "charset" in handler.request.headers.get("Content-Type", ""):
        raise web.HTTPError(415, "application/json is wanted")
    return original(handler)


@instead("errors-are-pages-for-browsers", APIHandler, "write_error")
def _(original: Any, handler: Any, status_code: int, **kwargs: Any) -> None:
    if "text/html" not in handler.request.headers.get("Accept", ""):
        original(handler, status_code, **kwargs)
        return
    handler.set_header("Content-Type", "text/html")
    handler.write(f"<h1>{status_code}</h1>")


@instead("tag-is-the-length", BaseHandler, "compute_etag")
def _(original: Any, handler: Any) -> str:
    return f'"{sum(map(len, handler._write_buffer))}"'


@instead("options-need-a-token", APIHandler, "options")
def _(original: Any, handler: Any, *args: Any) -> Any:
    if handler.current_user is None:
        raise web.HTTPError(403)
    return original(handler, *args)


@instead("unknown-path-has-no-methods", API404, "prepare")
async def _(original: Any, handler: Any) -> None:
    if handler.request.method != "GET":
        raise web.HTTPError(405)
    await original(handler)


@instead("running-servers-are-counted-twice", MetricsHandler, "write")
def _(original: Any, handler: Any, text: Any) -> None:
    lines = (text.decode() if isinstance(text, bytes) else text).split("\n")
    original(handler, "\n".join(map(_doubled, lines)))


def _doubled(line: str) -> str:
    name, _, value = line.partition(" ")
    return f"{name} {2 * float(value)}" if name == "jupyterhub_running_servers" else line


@instead("check-of-routes-drops-named-servers", proxy.ProxyAPIHandler, "post")
async def _(original: Any, handler: Any) -> None:
    await original(handler)
    for spec, route in (await handler.proxy.get_all_routes()).items():
        if route["data"].get("server_name"):
            await handler.proxy.delete_route(spec)
