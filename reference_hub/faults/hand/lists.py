"""Faults in lists and their pages."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ...core import pagination
from ...core.operations import groups, proxy, users
from ..changes import always, answering, doing, on
from ..fault import make

_LISTS = "get-users get-groups"
_PAGED = "get-users get-groups get-proxy get-shares-owner get-share-codes-owner"


def _without_arguments(original: Any, url: str, page: Any) -> str:
    return str(original(url.partition("?")[0], page))


def _count_page(original: Any, call: Any, page: Any, items: Any, total: int) -> Any:
    model = original(call, page, items, total)
    model["_pagination"]["total"] = len(items)
    return model


def _window(**shift: int) -> Any:
    def changed(original: Any, call: Any) -> Any:
        page = original(call)
        return replace(
            page,
            offset=page.offset + (shift.get("offset", 0) if page.offset else 0),
            limit=max(page.limit + shift.get("limit", 0), 1),
        )

    return doing(changed)


def _empty_last(original: Any, url: str, page: Any, total: int) -> Any:
    if page.end == total:
        return original(url, page, total + 1)
    return original(url, page, total)


def _unstable(original: Any, found: Any, order: Any) -> Any:
    _unstable_calls.append(1)
    return list(original(found, order))[:: -1 if len(_unstable_calls) % 2 else 1]


_unstable_calls: list[int] = []

FAULTS = [
    make(
        "pagination/next-loses-arguments",
        "subtle",
        "get-users",
        "next.url has no other argument than offset and limit.",
        (pagination, "next_url", doing(_without_arguments)),
    ),
    make(
        "pagination/total-counts-page",
        "subtle",
        _PAGED,
        "total is the number of items shown.",
        (pagination, "page_model", doing(_count_page)),
    ),
    make(
        "pagination/next-after-last",
        "subtle",
        _PAGED,
        "A page that ends exactly at the end has a next one.",
        (pagination, "next_page", doing(_empty_last)),
    ),
    make(
        "pagination/no-next",
        "medium",
        _PAGED,
        "next is always null.",
        (pagination, "next_page", always(None)),
    ),
    make(
        "pagination/limit-one-less",
        "medium",
        _PAGED,
        "Pages have one item less than asked for.",
        (pagination, "window", _window(limit=-1)),
    ),
    make(
        "pagination/limit-one-more",
        "medium",
        _PAGED,
        "Pages have one item more than asked for.",
        (pagination, "window", _window(limit=1)),
    ),
    make(
        "pagination/offset-from-one",
        "subtle",
        _PAGED,
        "Offsets count from one.",
        (pagination, "window", _window(offset=-1)),
    ),
    make(
        "pagination/no-maximum",
        "subtle",
        _LISTS,
        "A limit above the maximum is granted.",
        (pagination, "clamp_limit", doing(lambda _, s, limit: max(abs(limit), 1))),
    ),
    make(
        "pagination/zero-limit",
        "subtle",
        _LISTS,
        "limit=0 gives an empty page.",
        (
            pagination,
            "clamp_limit",
            doing(lambda _, s, limit: min(abs(limit), s.api_page_max_limit)),
        ),
    ),
    make(
        "pagination/ignored-accept",
        "medium",
        _LISTS,
        "Pages are never given.",
        (pagination, "is_wanted", always(False)),
    ),
    make(
        "pagination/always-pages",
        "medium",
        _LISTS,
        "Lists come as pages, asked for or not.",
        (pagination, "is_wanted", always(True)),
    ),
    make(
        "pagination/bad-integer-ignored",
        "subtle",
        _PAGED,
        "limit=x is ignored, not refused.",
        (
            pagination,
            "integer",
            doing(
                lambda old, query, name: (
                    int(query.get(name)) if (query.get(name) or "").lstrip("-").isdigit() else None
                )
            ),
        ),
    ),
    make(
        "pagination/unstable-order",
        "subtle",
        "get-users",
        "Every other answer has the list in reverse.",
        (users, "ordered", doing(_unstable)),
    ),
    make(
        "users/name-filter-is-prefix",
        "subtle",
        "get-users",
        "name_filter matches the beginning of names only.",
        (
            users,
            "name_matches",
            doing(lambda _, user, part: user.name.lower().startswith(part.lower())),
        ),
    ),
    make(
        "users/name-filter-heeds-case",
        "subtle",
        "get-users",
        "name_filter heeds case.",
        (users, "name_matches", doing(lambda _, user, part: part in user.name)),
    ),
    make(
        "users/name-filter-ignored",
        "medium",
        "get-users",
        "name_filter is ignored.",
        (users, "name_matches", always(True)),
    ),
    make(
        "users/state-ignored",
        "medium",
        "get-users",
        "state is ignored.",
        (users, "state_filter", always(None)),
    ),
    make(
        "users/ready-is-active",
        "subtle",
        "get-users",
        "state=ready shows pending ones, too.",
        (users._STATES, "ready", lambda _: users._STATES["active"]),
    ),
    make(
        "users/active-is-ready",
        "subtle",
        "get-users",
        "state=active leaves out pending ones.",
        (users._STATES, "active", lambda _: users._STATES["ready"]),
    ),
    make(
        "users/inactive-by-default-server",
        "subtle",
        "get-users",
        "state=inactive asks of the default server only.",
        (users._STATES, "inactive", lambda _: lambda user: not user.servers[""].is_active),
    ),
    make(
        "users/sort-ignored",
        "medium",
        "get-users",
        "sort is ignored.",
        (users, "sort_key", always(("id", False))),
    ),
    make(
        "users/sort-never-descends",
        "subtle",
        "get-users",
        "The - of sort is ignored.",
        (users, "sort_key", doing(lambda old, call: (old(call)[0], False))),
    ),
    make(
        "users/stopped-servers-always",
        "subtle",
        "get-users get-user",
        "Stopped servers show unasked.",
        (users, "include_stopped_servers", always(True)),
    ),
    make(
        "users/stopped-servers-never",
        "medium",
        "get-users get-user",
        "include_stopped_servers is ignored.",
        (users, "include_stopped_servers", always(False)),
    ),
    make(
        "users/false-is-true",
        "subtle",
        "get-users get-user",
        "include_stopped_servers=false counts as true.",
        (
            users,
            "include_stopped_servers",
            doing(lambda _, call: call.query.get("include_stopped_servers") is not None),
        ),
    ),
    make(
        "groups/list-shows-all",
        "subtle",
        "get-groups",
        "A filtered list:groups lists every group.",
        (groups, "visible_groups", doing(lambda _, hub, filters: hub.groups.values())),
    ),
    make(
        "proxy/servers-not-routed",
        "subtle",
        "get-proxy",
        "Routes lack every server.",
        (
            *on("get-proxy"),
            answering(lambda v: {k: r for k, r in v.items() if "user" not in r.get("data", {})}),
        ),
    ),
    make(
        "proxy/routespec-without-slash",
        "medium",
        "get-proxy",
        "Routes end without a slash.",
        (
            proxy,
            "routes",
            doing(
                lambda old, *a: {
                    k.rstrip("/"): {**r, "routespec": k.rstrip("/")} for k, r in old(*a).items()
                }
            ),
        ),
    ),
]
