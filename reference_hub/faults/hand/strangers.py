"""Faults in who is asking: what the hub tells of them, and what strangers are let into."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ...core import access, errors, spawning, tokens
from ...core import oauth as clients
from ...core.call import Call, Query, Reply
from ...core.entities import User
from ...core.hub import Hub
from ...core.oauth import Client
from ...core.operations import info
from ...core.operations import oauth as grants
from ...core.pages import Page, Visit
from ...http import browser, convert, cookies, other_routes, routes, user_servers
from ..changes import answering, doing, on, refusing, status
from ..fault import make

_WHO = "get-current-user"
_ASK = "get-oauth-authorize"
_AGREE = "post-oauth-authorize"
_FORM = "api/oauth2/authorize"


def _all_of_the_owner(original: Any, call: Call) -> Reply:
    reply = original(call)
    held = tokens.owner_scopes(call.hub, call.requester.owner) if call.requester else ()
    return replace(reply, value={**reply.value, "scopes": sorted(held)})  # type: ignore[no-any-return]


def _filtered(model: Any) -> Any:
    said = [scope if "!" in scope else f"{scope}!user={model['name']}" for scope in model["scopes"]]
    return {**model, "scopes": said}


def _without_zone(model: Any) -> Any:
    times = {key: model[key].rstrip("Z") for key in ("created", "last_activity") if model.get(key)}
    return {**model, **times}


def _never_admin(model: Any) -> Any:
    return {**model, "admin": False} if model["kind"] == "user" else model


def _those_with_an_end(_: Any, hub: Hub) -> None:
    for _end, _id, token in hub._expiring:
        hub.remove_token(token)


def _in_another_header(original: Any, request: Any, query: Any, token_argument: bool) -> str:
    given = request.headers.get("x-token", "")
    return f"token {given}" if given else str(original(request, query, token_argument))


def _for_known(original: Any, call: Call) -> Reply:
    access.require_login(call.requester)
    return original(call)  # type: ignore[no-any-return]


def _no_root(_: Any, call: Call) -> Reply:
    raise errors.no_such_path()


def _servers_first(original: Any, call: Call) -> Reply:
    for server in list(call.hub.active_servers.values()):
        spawning.stop(call.hub, server)
    return original(call)  # type: ignore[no-any-return]


def _refused_as_500(original: Any, call: Call) -> Reply:
    try:
        return original(call)  # type: ignore[no-any-return]
    except errors.HubError as error:
        raise errors.HubError(500 if error.status == 400 else error.status, "It broke.") from None


def _no_way_back(original: Any, hub: Hub, path: str, code: int = 302) -> Any:
    return original(hub, path.partition("?next=")[0], code)


async def _by_session(
    original: Any, hub: Hub, request: Any, *, token_argument: bool = False
) -> Any:
    call = await original(hub, request, token_argument=token_argument)
    session = cookies.session_of(hub, request)
    if token_argument and call.requester is None and session:
        call.requester = access.Requester(hub, session.token)
    return call


def _forgotten(original: Any, endpoint: Any, request: Any, page: Page, session: Any) -> Any:
    to_login = "/login?next=" in page.location
    where = page.location.partition("?next=")[0] if to_login else page.location
    return original(endpoint, request, replace(page, location=where), session)


def _first_user(original: Any, visit: Visit) -> Any:
    if visit.session is not None:
        return original(visit)
    return visit.hub.sessions.open(next(iter(visit.hub.users.values())), visit.hub.clock())[0]


def _as_a_code(original: Any, visit: Visit, client: Client) -> Any:
    query = Query({**visit.query.arguments, "response_type": ["code"]})
    return original(replace(visit, query=query), client)


async def _by_get(original: Any, endpoint: Any, request: Any) -> Any:
    if request.method != "GET":
        return await original(endpoint, request)
    return await endpoint.respond(grants.exchange(endpoint.hub, dict(request.query_params)))


def _unmarked(original: Any, request: Any, *rest: Any) -> None:
    if not request.scope["path"].endswith(_FORM):
        original(request, *rest)


def _token_is_a_login(original: Any, hub: Hub, request: Any) -> Any:
    asking = access.identify(hub, request.headers.get("authorization", ""))
    if asking and isinstance(asking.owner, User) and request.scope["path"].endswith(_FORM):
        return hub.sessions.open(asking.owner, hub.clock())[0]
    return original(hub, request)


FAULTS = [
    make(
        "identity/scopes-of-the-owner",
        "subtle",
        _WHO,
        "GET /user tells what the owner may do, not what the token may.",
        (*on(_WHO), doing(_all_of_the_owner)),
    ),
    make(
        "identity/scopes-all-filtered",
        "subtle",
        _WHO,
        "GET /user tells every scope as filtered to the owner.",
        (*on(_WHO), answering(_filtered)),
    ),
    make(
        "identity/times-without-zone",
        "subtle",
        _WHO,
        "GET /user tells times without their zone.",
        (*on(_WHO), answering(_without_zone)),
    ),
    make(
        "identity/nobody-is-an-admin",
        "medium",
        _WHO,
        "GET /user tells nobody that they are an admin.",
        (*on(_WHO), answering(_never_admin)),
    ),
    make(
        "identity/session-is-the-token",
        "subtle",
        _WHO,
        "GET /user tells the token's id as that of a session.",
        (*on(_WHO), answering(lambda model: {**model, "session_id": model["token_id"]})),
    ),
    make(
        "identity/end-compared-the-wrong-way",
        "medium",
        "get-current-user post-user-tokens",
        "A token with an end counts as ended from the start.",
        (Hub, "purge_expired", doing(_those_with_an_end)),
    ),
    make(
        "identity/token-in-another-header",
        "subtle",
        _WHO,
        "A token in X-Token opens the API.",
        (convert, "authorization", doing(_in_another_header)),
    ),
    make(
        "identity/unknown-path-for-known",
        "subtle",
        "",
        "Only those with a token learn that a path is unknown.",
        (info, "not_found", doing(_for_known)),
    ),
    make(
        "identity/wrong-method-is-501",
        "subtle",
        "",
        "A method that a path does not have is a 501.",
        (errors, "method_not_allowed", refusing(501)),
    ),
    make(
        "identity/lacking-scope-is-401",
        "medium",
        "get-users get-groups get-services get-proxy get-info post-users post-proxy post-shutdown",
        "Who lacks a scope is told to log in.",
        (errors, "lacks_scope", refusing(401)),
    ),
    make(
        "identity/refused-shutdown-is-500",
        "medium",
        "post-shutdown",
        "A shutdown with a wrong body breaks.",
        (*on("post-shutdown"), doing(_refused_as_500)),
    ),
    make(
        "identity/root-only-with-a-slash",
        "subtle",
        "get-api",
        "The API's root is not there without its slash.",
        (routes.API[""], "GET", doing(_no_root)),
    ),
    make(
        "info/version-and-more",
        "subtle",
        "get-api",
        "The API's root tells anybody what Python runs it.",
        (*on("get-api"), answering(lambda model: {**model, "python": "3.14.0"})),
    ),
    make(
        "info/metrics-below-the-api-are-empty",
        "subtle",
        "get-metrics",
        "The metrics below the API's root are empty.",
        (info, "metrics", doing(lambda old, call: "" if "/api/" in call.url else old(call))),
    ),
    make(
        "info/shutdown-is-200",
        "subtle",
        "post-shutdown",
        "A shutdown is answered with 200.",
        (*on("post-shutdown"), status(200)),
    ),
    make(
        "info/refused-shutdown-stops-servers",
        "subtle",
        "post-shutdown",
        "A shutdown stops the servers before it is refused.",
        (*on("post-shutdown"), doing(_servers_first)),
    ),
    make(
        "access/way-back-forgotten",
        "subtle",
        "",
        "Who asks for a server without a login is not led back to it.",
        (user_servers, "redirect", doing(_no_way_back)),
    ),
    make(
        "access/session-opens-servers",
        "subtle",
        "",
        "The hub's own cookies open servers.",
        (convert, "to_call", doing(_by_session)),
    ),
    make(
        "oauth/login-forgets-the-request",
        "subtle",
        _ASK,
        "Who has to log in first is not led back to what they were asked.",
        (browser.PageEndpoint, "respond_with", doing(_forgotten)),
    ),
    make(
        "oauth/strangers-agree",
        "gross",
        _AGREE,
        "Who has not logged in agrees as the first user.",
        (other_routes.PAGES, _FORM, lambda page: replace(page, is_open=True)),
        (Visit, "known", doing(_first_user)),
    ),
    make(
        "oauth/agreed-once-for-all",
        "subtle",
        f"{_ASK} {_AGREE} post-oauth-token",
        "Who agreed once is not asked about further scopes.",
        (
            clients,
            "is_agreed",
            doing(lambda old, client, user, scopes: old(client, user, [])),
        ),
    ),
    make(
        "oauth/any-response-type",
        "subtle",
        _ASK,
        "A code is handed on whatever is asked for.",
        (grants, "requested", doing(_as_a_code)),
    ),
    make(
        "oauth/token-by-get",
        "subtle",
        "post-oauth-token",
        "A code in an address is changed for a token.",
        (browser.TokenEndpoint, "answer", doing(_by_get)),
    ),
    make(
        "oauth/agreement-unmarked",
        "medium",
        _AGREE,
        "An agreement is taken from any site's form.",
        (browser, "check_xsrf", doing(_unmarked)),
    ),
    make(
        "oauth/token-is-a-login",
        "subtle",
        _ASK,
        "An API token agrees like its owner.",
        (browser, "session_of", doing(_token_is_a_login)),
    ),
]
