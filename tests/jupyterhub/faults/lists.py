"""Faults of lists and their pages, and of error answers."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from jupyterhub.apihandlers import groups, proxy, users  # type: ignore[import-not-found]
from jupyterhub.apihandlers.base import API404, APIHandler  # type: ignore[import-not-found]
from tornado import web  # type: ignore[import-not-found]

from .planting import also_with, instead


def _next_without(original: Any, handler: Any, args: tuple[Any, ...], parameter: str) -> Any:
    model = original(handler, *args)
    following = model["_pagination"]["next"]
    if following:
        parts = urlsplit(following["url"])
        kept = [(key, value) for key, value in parse_qsl(parts.query, True) if key != parameter]
        following["url"] = urlunsplit(parts._replace(query=urlencode(kept)))
    return model


for _parameter in ("name_filter", "sort", "state", "include_stopped_servers"):

    @instead(f"next-loses-{_parameter.replace('_', '-')}", APIHandler, "paginated_model")
    def _(original: Any, handler: Any, *args: Any, lost: str = _parameter) -> Any:
        return _next_without(original, handler, args, lost)


@instead("total-counts-what-is-left", APIHandler, "paginated_model")
def _(original: Any, handler: Any, items: Any, offset: int, limit: int, total: int) -> Any:
    model = original(handler, items, offset, limit, total)
    model["_pagination"]["total"] = max(total - offset, 0)
    return model


@instead("limit-one-above-the-maximum", APIHandler, "get_api_pagination")
def _(original: Any, handler: Any) -> Any:
    offset, limit = original(handler)
    beyond = limit == handler.settings["api_page_max_limit"] and handler.get_argument("limit", None)
    return offset, limit + bool(beyond)


@instead("offset-ignored-beside-a-state", APIHandler, "get_api_pagination")
def _(original: Any, handler: Any) -> Any:
    offset, limit = original(handler)
    return (0 if handler.get_argument("state", None) else offset), limit


@instead("plain-list-has-the-default-limit", APIHandler, "get_api_pagination")
def _(original: Any, handler: Any) -> Any:
    offset, limit = original(handler)
    given = handler.get_argument("limit", None)
    return offset, limit if given else handler.settings["api_page_default_limit"]


@instead("names-sorted-one-way-only", users.UserListAPIHandler, "get_argument")
def _(original: Any, handler: Any, name: str, *args: Any, **kwargs: Any) -> Any:
    value = original(handler, name, *args, **kwargs)
    return "name" if (name, value) == ("sort", "-name") else value


@instead("name-filter-by-prefix", users.UserListAPIHandler, "user_model")
def _(original: Any, handler: Any, user: Any) -> Any:
    start = handler.get_argument("name_filter", "").lower()
    return original(handler, user) if user.name.lower().startswith(start) else {}


@instead("ready-means-active", users.UserListAPIHandler, "_user_has_ready_spawner")
def _(original: Any, handler: Any, user: Any) -> bool:
    return True


@instead("page-of-groups-hides-properties", groups.GroupListAPIHandler, "group_model")
def _(original: Any, handler: Any, group: Any) -> Any:
    model = original(handler, group)
    if handler.request.method == "GET" and "properties" in model:
        model["properties"] = {}
    return model


@instead("routes-open-to-read-hub", proxy.ProxyAPIHandler, "get")
def _(original: Any, handler: Any) -> Any:
    return also_with("read:hub")(original, handler)


@instead("check-of-routes-does-nothing", proxy.ProxyAPIHandler, "post")
async def _(original: Any, handler: Any) -> None:
    return None


@instead("check-of-routes-open-to-read-hub", proxy.ProxyAPIHandler, "post")
def _(original: Any, handler: Any) -> Any:
    return also_with("read:hub")(original, handler)


@instead("error-without-a-message", APIHandler, "write_error")
def _(original: Any, handler: Any, status_code: int, **kwargs: Any) -> None:
    if status_code != 409:
        original(handler, status_code, **kwargs)
    else:
        handler.set_header("Content-Type", "application/json")
        handler.write({"status": status_code})


@instead("error-names-another-status", APIHandler, "write_error")
def _(original: Any, handler: Any, status_code: int, **kwargs: Any) -> None:
    original(handler, 400 if status_code == 409 else status_code, **kwargs)


@instead("error-without-the-version", APIHandler, "write_error")
def _(original: Any, handler: Any, status_code: int, **kwargs: Any) -> None:
    handler.clear_header("X-JupyterHub-Version")
    original(handler, status_code, **kwargs)


@instead("broken-json-is-an-empty-body", APIHandler, "get_json_body")
def _(original: Any, handler: Any) -> Any:
    try:
        return original(handler)
    except web.HTTPError:
        return {}


@instead("unknown-path-is-forbidden", API404, "prepare")
async def _(original: Any, handler: Any) -> None:
    raise web.HTTPError(403)


@instead("conflict-is-a-bad-request", APIHandler, "write_error")
def _(original: Any, handler: Any, status_code: int, **kwargs: Any) -> None:
    status = 400 if status_code == 409 else status_code
    handler.set_status(status)
    original(handler, status, **kwargs)
