"""Faults of pages that show only where two things meet: a window, a filter, an order, a form."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from jupyterhub.apihandlers import groups, users  # type: ignore[import-not-found]
from jupyterhub.apihandlers.base import APIHandler  # type: ignore[import-not-found]

from .planting import instead

Pagination = dict[str, Any]


def page(name: str) -> Callable[[Callable[..., None]], None]:
    """Plant a fault in pages: the deviation changes the page that the hub has made."""

    def plant(change: Callable[..., None]) -> None:
        @instead(name, APIHandler, "paginated_model")
        def _(original: Any, handler: Any, items: Any, offset: int, limit: int, total: int) -> Any:
            model = original(handler, items, offset, limit, total)
            change(handler, model, model["_pagination"])
            return model

    return plant


def is_given(handler: Any, name: str) -> bool:
    """Whether the request has this parameter."""
    return bool(handler.get_argument(name, None))


@page("next-offset-is-wrong-before-the-last-page")
def _(handler: Any, model: Any, info: Pagination) -> None:
    if info["next"] and info["offset"] + 2 * info["limit"] >= info["total"]:
        info["next"]["offset"] -= 1


@page("next-leaves-the-hub-on-later-pages")
def _(handler: Any, model: Any, info: Pagination) -> None:
    if info["next"] and info["offset"]:
        parts = urlsplit(info["next"]["url"])
        info["next"]["url"] = urlunsplit(parts._replace(scheme="", netloc=""))


@page("next-limit-is-what-is-left")
def _(handler: Any, model: Any, info: Pagination) -> None:
    if info["next"] and is_given(handler, "sort"):
        left = info["total"] - info["next"]["offset"]
        info["next"]["limit"] = min(info["limit"], left)


@page("page-of-all-loses-the-last")
def _(handler: Any, model: Any, info: Pagination) -> None:
    if info["limit"] == info["total"] and info["offset"] == 0 and isinstance(model["items"], list):
        model["items"].pop()


@page("nothing-past-the-end-of-a-state")
def _(handler: Any, model: Any, info: Pagination) -> None:
    if not model["items"] and is_given(handler, "state"):
        info["total"] = 0


@page("pages-are-for-caches")
def _(handler: Any, model: Any, info: Pagination) -> None:
    handler.set_header("Cache-Control", "public, max-age=60")


@instead("plain-offset-needs-a-limit", APIHandler, "get_api_pagination")
def _(original: Any, handler: Any) -> tuple[int, int]:
    offset, limit = original(handler)
    counts = handler.accepts_pagination or is_given(handler, "limit")
    return (offset if counts else 0), limit


@instead("ordered-pages-are-long", APIHandler, "get_api_pagination")
def _(original: Any, handler: Any) -> tuple[int, int]:
    offset, limit = original(handler)
    is_long = is_given(handler, "sort") and not is_given(handler, "limit")
    return offset, handler.settings["api_page_max_limit"] if is_long else limit


@instead("name-filter-takes-a-star", users.UserListAPIHandler, "get_argument")
def _(original: Any, handler: Any, name: str, *args: Any, **kwargs: Any) -> Any:
    value = original(handler, name, *args, **kwargs)
    return value.replace("*", "%") if name == "name_filter" and value else value


@instead("active-users-by-name", users.UserListAPIHandler, "get_argument")
def _(original: Any, handler: Any, name: str, *args: Any, **kwargs: Any) -> Any:
    value = original(handler, name, *args, **kwargs)
    state = original(handler, "state", None)
    return "name" if (name, value, state) == ("sort", "id", "active") else value


@instead("numbers-in-names-are-sorted-by-value", users.UserListAPIHandler, "write")
def _(original: Any, handler: Any, text: Any) -> None:
    sort = handler.get_argument("sort", "")
    if handler.request.method == "GET" and sort.endswith("name"):
        data = json.loads(text)
        items = data["items"] if isinstance(data, dict) else data
        items.sort(key=_by_value, reverse=sort.startswith("-"))
        text = json.dumps(data)
    original(handler, text)


def _by_value(model: Any) -> list[tuple[int, str]]:
    return [(int(each or 0), text) for text, each in re.findall(r"(\D*)(\d*)", model["name"])]


def listed(name: str, owner: Any, kind: str) -> Callable[[Callable[..., None]], None]:
    """Plant a fault in the models of a list: the deviation changes each of them."""

    def plant(change: Callable[..., None]) -> None:
        @instead(name, owner, f"{kind}_model")
        def _(original: Any, handler: Any, entity: Any) -> Any:
            model = original(handler, entity)
            if model and handler.request.method == "GET":
                change(handler, model)
            return model

    return plant


@listed("list-shows-two-groups-of-a-user", users.UserListAPIHandler, "user")
def _(handler: Any, model: Any) -> None:
    model["groups"] = model["groups"][:2]


@listed("list-shows-five-members-of-a-group", groups.GroupListAPIHandler, "group")
def _(handler: Any, model: Any) -> None:
    model["users"] = model["users"][:5]


@listed("an-order-hides-the-groups", users.UserListAPIHandler, "user")
def _(handler: Any, model: Any) -> None:
    if is_given(handler, "sort"):
        model["groups"] = []


@listed("list-shows-no-stopped-named-server", users.UserListAPIHandler, "user")
def _(handler: Any, model: Any) -> None:
    shown = model["servers"].items()
    model["servers"] = {name: each for name, each in shown if not name or each["ready"]}


@listed("list-has-users-as-first-seen", users.UserListAPIHandler, "user")
def _(handler: Any, model: Any) -> None:
    model["groups"] = _seen.setdefault(model["name"], model["groups"])


_seen: dict[str, Any] = {}
