"""Faults in servers as they are shown, in the forms of lists, in pages, and in headers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ...core import access, errors, models, names, pagination
from ...core.call import Call, EventStream, Reply, empty
from ...core.hub import Hub
from ...core.operations import info, pages, share_page, users
from ...http import browser, convert, endpoints, progress, routes
from ..changes import also, answering, doing, on, rewriting
from ..fault import make

_LISTS = "get-users get-groups get-proxy"
_PROGRESS = "get-user-server-progress get-user-server-name-progress"
_READ = "get-user get-user-server get-user-server-name"


def _only_stopped(original: Any, hub: Hub, viewer: Any, user: Any, *, with_stopped: bool) -> Any:
    found = original(hub, viewer, user, with_stopped=with_stopped)
    return {k: v for k, v in found.items() if v["stopped"]} if with_stopped else found


def _pending_for_all(original: Any, hub: Hub, viewer: Any, user: Any, **more: Any) -> Any:
    found = original(hub, viewer, user, **more)
    return {"pending": None, **found} if found and "" in user.servers else found


def _creation_is_activity(original: Any, call: Call, name: str, *rest: str) -> Reply:
    reply = original(call, name, *rest)
    users.find(call.hub, name).last_activity = call.hub.clock()
    return reply  # type: ignore[no-any-return]


def _listed(original: Any, call: Call) -> Reply:
    return Reply([]) if call.url.endswith("/servers") else original(call)


def _as_text(original: Any, *args: Any) -> Any:
    response = original(*args)
    response.headers["content-type"] = "text/plain"
    return response


def _for_caches(original: Any, *args: Any) -> Any:
    response = original(*args)
    response.headers["cache-control"] = "private, max-age=60"
    return response


def _of_anything(original: Any, call: Call, *names: str) -> EventStream:
    try:
        return original(call, *names)  # type: ignore[no-any-return]
    except errors.HubError:
        return EventStream([])


def _own_type(original: Any, call: Call, *names: str) -> Reply:
    reply = original(call, *names)
    wanted = pagination.is_wanted(call.accept)
    return replace(reply, content_type=pagination.MEDIA_TYPE) if wanted else reply  # type: ignore[no-any-return]


def _page_of_one(original: Any, call: Call, *names: str) -> Reply:
    reply = original(call, *names)
    if not pagination.is_wanted(call.accept):
        return reply  # type: ignore[no-any-return]
    page = {"total": 1, "offset": 0, "limit": 1, "next": None}
    return replace(reply, value={"items": [reply.value], "_pagination": page})  # type: ignore[no-any-return]


async def _head_of_pages(original: Any, endpoint: Any, request: Any) -> Any:
    if request.method == "HEAD" and pagination.is_wanted(request.headers.get("accept", "")):
        return await endpoint.respond(empty())
    return await original(endpoint, request)


def _empty_for_refused(original: Any, call: Call) -> Reply:
    try:
        return original(call)  # type: ignore[no-any-return]
    except errors.HubError:
        return Reply([])


def _cookie_for_strangers(original: Any, call: Call, *names: str) -> Reply:
    owner = call.hub.find_user(call.hub.settings.admin_users[0])
    if call.requester is None and owner:
        token = next(iter(owner.tokens.values()))
        call.requester = access.Requester(call.hub, token)
    return original(call, *names)  # type: ignore[no-any-return]


def _wrong_makes(original: Any, hub: Hub, name: str, password: str) -> Any:
    found = original(hub, name, password)
    if found is None and hub.find_user(name) is None and names.is_valid_username(name):
        hub.add_user(name)
    return found


def _for_all_paths(original: Any, *args: Any) -> Any:
    response = original(*args)
    response.raw_headers = [
        (k, v.replace(b"Path=/hub/", b"Path=/")) for k, v in response.raw_headers
    ]
    return response


def _said(**more: str) -> Any:
    named = {key.replace("_", "-"): value for key, value in more.items()}
    return rewriting(lambda headers: {**headers, **named})


async def _typed(original: Any, hub: Hub, request: Any, **more: Any) -> Any:
    kind = request.headers.get("content-type", "")
    if await request.body() and "json" not in kind:
        raise errors.HubError(500, "No parser for this type.")
    return await original(hub, request, **more)


FAULTS = [
    make(
        "servers/model-and-more",
        "subtle",
        _READ,
        "Models of servers have a field more.",
        (models, "server_model", rewriting(lambda model: {**model, "pid": 1})),
    ),
    make(
        "servers/own-model-without-servers",
        "medium",
        "get-current-user",
        "GET /user shows no servers.",
        (*on("get-current-user"), answering(lambda model: {**model, "servers": {}})),
    ),
    make(
        "servers/stopped-ones-alone",
        "subtle",
        "get-user get-users",
        "Who asks for stopped servers is shown no others.",
        (models, "visible_servers", doing(_only_stopped)),
    ),
    make(
        "users/pending-for-all",
        "subtle",
        "get-user get-users",
        "Who may see anything of a user who had a server sees whether one is starting.",
        (models, "user_model", doing(_pending_for_all)),
    ),
    make(
        "servers/creation-is-activity",
        "subtle",
        "put-user-server-name",
        "Who is given a server has been active.",
        (*on("put-user-server-name"), doing(_creation_is_activity)),
    ),
    make(
        "servers/list-is-there",
        "subtle",
        "",
        "GET …/servers answers with a list.",
        (info, "not_found", doing(_listed)),
    ),
    make(
        "servers/progress-is-text",
        "subtle",
        _PROGRESS,
        "Progress is called plain text.",
        (progress, "stream_response", doing(_as_text)),
    ),
    make(
        "servers/progress-for-caches",
        "subtle",
        _PROGRESS,
        "Progress may be kept for a minute.",
        (progress, "stream_response", doing(_for_caches)),
    ),
    make(
        "servers/progress-of-anything",
        "medium",
        _PROGRESS,
        "What has no progress has an empty one.",
        *((*on(each), doing(_of_anything)) for each in _PROGRESS.split()),
    ),
    make(
        "servers/state-for-readers",
        "medium",
        _READ,
        "The state of a server is shown with the server.",
        (
            models,
            "server_model",
            doing(lambda old, hub, who, server: {**old(hub, who, server), "state": {"pid": 1}}),
        ),
    ),
    make(
        "servers/state-scope-reads",
        "subtle",
        _READ,
        "`admin:server_state` reads users and servers.",
        *((*on(each), also("admin:server_state")) for each in _READ.split()),
    ),
    make(
        "pagination/pages-have-their-own-type",
        "subtle",
        _LISTS,
        "Pages have the content type that they were asked for by.",
        *((*on(each), doing(_own_type)) for each in _LISTS.split()),
    ),
    make(
        "pagination/one-model-is-a-page",
        "subtle",
        "get-user get-group",
        "A request for pages gets a page of one model.",
        *((*on(each), doing(_page_of_one)) for each in ("get-user", "get-group")),
    ),
    make(
        "pagination/head-of-pages",
        "subtle",
        "",
        "HEAD is answered where pages are asked for, and not else.",
        (endpoints.ApiEndpoint, "answer", doing(_head_of_pages)),
    ),
    make(
        "pagination/refused-is-empty",
        "medium",
        _LISTS,
        "Who may not list is shown an empty list.",
        *((*on(each), doing(_empty_for_refused)) for each in _LISTS.split()),
    ),
    make(
        "sessions/login-without-password-field",
        "medium",
        "",
        "The login form has no field for a password.",
        (
            pages,
            "login_form",
            rewriting(lambda p: replace(p, html=p.html.replace('"password"', '"secret"'))),
        ),
    ),
    make(
        "sessions/cookie-resolved-for-strangers",
        "medium",
        "",
        "Whose a cookie is, is told to those who have no token.",
        (routes.API["/authorizations/cookie/{name:segment}"], "GET", doing(_cookie_for_strangers)),
        (
            routes.API["/authorizations/cookie/{name:segment}/{value:segment}"],
            "GET",
            doing(_cookie_for_strangers),
        ),
    ),
    make(
        "sessions/wrong-password-makes-users",
        "medium",
        "",
        "A name with a wrong password is a user from then on.",
        (pages, "authenticate", doing(_wrong_makes)),
    ),
    make(
        "sessions/unknown-code-has-a-page",
        "subtle",
        "",
        "A share code that is unknown has a page like any other.",
        (share_page, "code_form", doing(lambda old, *args: replace(old(*args), status=200))),
    ),
    make(
        "sessions/login-for-all-paths",
        "subtle",
        "",
        "The cookie of a login is sent to servers, too.",
        (browser.PageEndpoint, "respond_with", doing(_for_all_paths)),
    ),
    make(
        "sessions/pages-in-frames",
        "subtle",
        "",
        "Answers may be framed, and load anything.",
        (convert, "hub_headers", _said(content_security_policy="report-uri /hub")),
    ),
    make(
        "errors/any-origin-with-credentials",
        "medium",
        "",
        "Pages of any origin read with the credentials of their visitors.",
        (
            convert,
            "hub_headers",
            _said(access_control_allow_origin="*", access_control_allow_credentials="true"),
        ),
    ),
    make(
        "errors/for-shared-caches",
        "subtle",
        "",
        "Answers offer themselves to caches.",
        (convert, "hub_headers", _said(cache_control="public, max-age=60")),
    ),
    make(
        "errors/load-anything",
        "subtle",
        "",
        "Answers of the API may load anything.",
        (convert, "hub_headers", _said(content_security_policy="frame-ancestors 'none'")),
    ),
    make(
        "errors/content-type-needed",
        "medium",
        "",
        "A body of another type than JSON breaks.",
        (convert, "to_call", doing(_typed)),
    ),
]
