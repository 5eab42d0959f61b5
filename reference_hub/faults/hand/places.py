"""Faults in servers as they are reached, in what the hub says of itself, and in credentials."""

from __future__ import annotations

import base64
import re
from dataclasses import replace
from typing import Any

from ...core import access, errors, models
from ...core.call import Call, Reply
from ...core.entities import Service, User
from ...core.hub import Hub
from ...core.operations import info, single_user
from ...core.pages import Visit
from ...core.sessions import SessionTable
from ...http import browser, convert, cookies, endpoints, routes
from ..changes import always, answering, const, doing, on
from ..fault import make

_REACHED = "post-user-server get-user-server"
_WHO = "get-current-user"


def _any_token(original: Any, requester: Any, server: Any) -> None:
    access.require_login(requester)


def _default_only(original: Any, hub: Hub, user_name: str, path: str) -> Any:
    found = original(hub, user_name, path)
    if found and found[0].name and (user := hub.find_user(user_name)):
        return user.servers[""], found[1]
    return found


def _stopped_too(original: Any, hub: Hub, user_name: str, path: str) -> Any:
    user = hub.find_user(user_name)
    return original(hub, user_name, path) or (user and (user.servers[""], path.lstrip("/")))


def _metrics_for_known(original: Any, call: Call) -> str:
    call.require_some = lambda scope: access.require_login(call.requester)  # type: ignore[method-assign]
    return str(original(call))


def _no_runners(original: Any, call: Call) -> str:
    return re.sub(r"(?m)^(jupyterhub_running_servers) .*$", r"\1 0", str(original(call)))


def _for_known(original: Any, call: Call) -> Reply:
    access.require_login(call.requester)
    return original(call)  # type: ignore[no-any-return]


def _in_query(original: Any, request: Any, query: Any, token_argument: bool) -> Any:
    return original(request, query, True)


def _basic_too(original: Any, header: str) -> Any:
    kind, _, rest = header.partition(" ")
    if kind.lower() != "basic":
        return original(header)
    try:
        return base64.b64decode(rest).decode().rpartition(":")[2]
    except ValueError:
        return None


def _by_id_too(original: Any, hub: Hub, secret: str) -> Any:
    return original(hub, secret) or next(
        (each for each in hub._tokens_by_digest.values() if each.id == secret), None
    )


def _for_strangers(original: Any, call: Call, secret: str) -> Reply:
    token = call.hub.find_token(secret)
    if call.requester is None and token is not None:
        call.requester = access.Requester(call.hub, token)
    return original(call, secret)  # type: ignore[no-any-return]


def _shows_all(original: Any, call: Call, secret: str) -> Reply:
    reply = original(call, secret)
    token = call.hub.find_token(secret)
    if token and isinstance(token.owner, User):
        viewer = access.Requester(call.hub, token)
        return Reply(models.user_model(call.hub, viewer, token.owner))
    return reply  # type: ignore[no-any-return]


def _readable(original: Any, *args: Any) -> Any:
    response = original(*args)
    response.raw_headers = [
        (name, value.replace(b"; HttpOnly", b"")) for name, value in response.raw_headers
    ]
    return response


def _by_token(original: Any, hub: Hub, request: Any) -> Any:
    requester = access.identify(hub, request.headers.get("authorization", ""))
    if requester and isinstance(requester.owner, User):
        return hub.sessions.open(requester.owner, hub.clock())[0]
    return original(hub, request)


def _all_of_user(original: Any, table: SessionTable, session: Any) -> None:
    table.forget(session.user)


def _any_cookie(original: Any, table: SessionTable, cookie: str) -> Any:
    return original(table, cookie) or (
        next(iter(table._by_digest.values()), None) if cookie else None
    )


def _forms_too(original: Any, hub: Hub, request: Any) -> Any:
    session = cookies.session_of(hub, request)
    kind = request.headers.get("content-type", "application/json")
    if session and request.method == "POST" and not kind.startswith("application/json"):
        return access.Requester(hub, session.token)
    return original(hub, request)


def _any_mode(original: Any, hub: Hub, request: Any) -> Any:
    session = cookies.session_of(hub, request)
    if session and request.method == "GET" and not request.headers.get("authorization"):
        return access.Requester(hub, session.token)
    return original(hub, request)


def _unmarked(original: Any, visit: Visit, *args: Any, **more: Any) -> Any:
    return original(replace(visit, xsrf=""), *args, **more)


def _raise(error: Exception) -> Reply:
    raise error


def _services_too(original: Any, call: Call) -> Reply:
    reply = original(call)
    if isinstance(call.requester and call.requester.owner, Service):
        reply = replace(reply, value={**reply.value, "kind": "user"})
    return reply  # type: ignore[no-any-return]


FAULTS = [
    make(
        "servers/open-to-all",
        "medium",
        _REACHED,
        "A running server is open to everybody.",
        (single_user, "require_access", always(None)),
    ),
    make(
        "servers/open-to-any-token",
        "subtle",
        _REACHED,
        "Any token opens any running server.",
        (single_user, "require_access", doing(_any_token)),
    ),
    make(
        "servers/default-answers-for-named",
        "subtle",
        "post-user-server-name",
        "Requests to a named server reach the default one.",
        (single_user, "route", doing(_default_only)),
    ),
    make(
        "servers/stopped-one-answers",
        "subtle",
        "delete-user-server",
        "A stopped server goes on answering.",
        (single_user, "route", doing(_stopped_too)),
    ),
    make(
        "servers/running-one-is-unreachable",
        "gross",
        _REACHED,
        "No running server is reached.",
        (single_user, "route", always(None)),
    ),
    make(
        "info/metrics-for-any-token",
        "medium",
        "get-metrics",
        "Any token reads the metrics.",
        (info, "metrics", doing(_metrics_for_known)),
    ),
    make(
        "info/metrics-count-no-server",
        "subtle",
        "get-metrics",
        "The metrics count no running server.",
        (info, "metrics", doing(_no_runners)),
    ),
    make(
        "info/metrics-empty",
        "medium",
        "get-metrics",
        "The metrics are empty.",
        (info, "metrics", doing(lambda old, call: old(call)[:0])),
    ),
    make(
        "info/health-for-known",
        "subtle",
        "get-health",
        "Only those with a token learn that the hub is alive.",
        (*on("get-health"), doing(_for_known)),
    ),
    make(
        "info/version-for-known",
        "subtle",
        "get-api",
        "Scripts of other origins may not read the version.",
        (endpoints.RootEndpoint, "guarded", lambda _: endpoints.ApiEndpoint.guarded),
    ),
    make(
        "info/details-too-many",
        "subtle",
        "get-info",
        "The details tell where the database is.",
        (*on("get-info"), answering(lambda v: {**v, "db_url": "sqlite:///hub.sqlite"})),
    ),
    make(
        "info/details-of-another-version",
        "subtle",
        "get-info",
        "The details tell another version than the API's root.",
        (*on("get-info"), answering(lambda v: {**v, "version": "6.1.0"})),
    ),
    make(
        "identity/in-the-query",
        "subtle",
        _WHO,
        "A token in the query opens the API.",
        (convert, "authorization", doing(_in_query)),
    ),
    make(
        "identity/as-a-password",
        "subtle",
        _WHO,
        "A token is taken as the password of Basic authentication.",
        (access, "secret_in", doing(_basic_too)),
    ),
    make(
        "identity/id-opens",
        "subtle",
        "get-current-user get-user",
        "The id of a token opens what the token does.",
        (Hub, "find_token", doing(_by_id_too)),
    ),
    make(
        "identity/resolved-for-strangers",
        "subtle",
        _WHO,
        "Whose token it is, is told to those who have none.",
        (
            routes.API["/authorizations/token/{secret:segment}"],
            "GET",
            doing(_for_strangers),
        ),
    ),
    make(
        "identity/resolved-with-all-fields",
        "subtle",
        _WHO,
        "Who asks whose token it is sees what its owner sees.",
        (routes.API["/authorizations/token/{secret:segment}"], "GET", doing(_shows_all)),
    ),
    make(
        "identity/resolution-lost",
        "medium",
        _WHO,
        "Nobody learns whose token it is.",
        (
            routes.API["/authorizations/token/{secret:segment}"],
            "GET",
            doing(lambda old, call, secret: _raise(errors.unknown_credential())),
        ),
    ),
    make(
        "services/token-not-resolved",
        "subtle",
        _WHO,
        "Nobody learns that a token is a service's.",
        (
            routes.API["/authorizations/token/{secret:segment}"],
            "GET",
            answering(lambda model: model if model["kind"] == "user" else {}),
        ),
    ),
    make(
        "tokens/cookie-not-resolved",
        "medium",
        _WHO,
        "Nobody learns whose cookie it is.",
        (SessionTable, "find", const(lambda table, cookie: None)),
    ),
    make(
        "identity/token-id-of-another",
        "subtle",
        _WHO,
        "GET /user tells another token_id.",
        (*on("get-current-user"), answering(lambda v: {**v, "token_id": "t-1"})),
    ),
    make(
        "sessions/cookies-for-scripts",
        "subtle",
        _WHO,
        "Scripts can read the cookies of a login.",
        (browser.PageEndpoint, "respond_with", doing(_readable)),
    ),
    make(
        "sessions/token-opens-pages",
        "subtle",
        _WHO,
        "A token opens pages as a login does.",
        (browser, "session_of", doing(_by_token)),
    ),
    make(
        "sessions/logout-ends-all",
        "subtle",
        _WHO,
        "A logout ends the user's sessions everywhere.",
        (SessionTable, "close", doing(_all_of_user)),
    ),
    make(
        "sessions/any-cookie",
        "medium",
        _WHO,
        "Any cookie is somebody's session.",
        (SessionTable, "find", doing(_any_cookie)),
    ),
    make(
        "sessions/forms-write",
        "subtle",
        "post-user post-group post-user-tokens",
        "Forms of other sites are taken by the API.",
        (cookies, "identify_by_cookie", doing(_forms_too)),
    ),
    make(
        "sessions/other-sites-read",
        "subtle",
        _WHO,
        "Scripts of other sites read the API by cookie.",
        (cookies, "identify_by_cookie", doing(_any_mode)),
    ),
    make(
        "sessions/forms-unmarked",
        "medium",
        _WHO,
        "Forms carry nothing that keeps forgery out.",
        (Visit, "form_of", doing(_unmarked)),
    ),
    make(
        "services/called-users",
        "subtle",
        _WHO,
        "GET /user calls a service a user.",
        (*on("get-current-user"), doing(_services_too)),
    ),
]
