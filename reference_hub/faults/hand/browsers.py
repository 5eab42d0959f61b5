"""Faults in logins, sessions and OAuth: what browsers and clients of the hub meet."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

from ...core import errors, oauth, tokens
from ...core.call import Call, Reply, empty
from ...core.entities import Token
from ...core.hub import Hub
from ...core.operations import oauth as grants
from ...core.operations import pages
from ...core.pages import Page, Visit
from ...core.sessions import SessionTable
from ...http import browser, cookies, other_routes
from ..changes import always, doing, on
from ..fault import Change, make

_LOGIN = "get-current-user"
_AUTHORIZE = "get-oauth-authorize post-oauth-authorize"
_TOKEN = "post-oauth-token"  # noqa: S105 - an operation


def _page(path: str, **methods: Callable[[Any, Visit], Page]) -> tuple[Any, str, Change]:
    """A page whose methods are handed the original, and do something else."""

    def changed(original: Any) -> Any:
        deviating = {name: partial(do, getattr(original, name)) for name, do in methods.items()}
        return replace(original, **deviating)

    return other_routes.PAGES, path, changed


def _reads_users(original: Any, hub: Hub, token: Token) -> frozenset[str]:
    held: frozenset[str] = original(hub, token)
    return held | {"read:users"} if token.client_id.startswith("service-") else held


def _alone(original: Callable[..., Reply], call: Call, name: str, token_id: str) -> Reply:
    user = call.hub.find_user(name)
    token = user.tokens.get(token_id) if user else None
    if token is None or not token.client_id:
        return original(call, name, token_id)
    call.require("tokens", kind="user", name=name)
    call.hub.remove_token(token)
    return empty(204, "text/plain")


def _log_out_without_tokens(_: Any, visit: Visit) -> Page:
    if visit.session is not None:
        visit.hub.sessions.close(visit.session)
    return Page(status=302, location=f"{visit.hub.settings.hub_prefix}login", closes=True)


def _log_out_of_all(original: Any, visit: Visit) -> Page:
    if visit.session is not None:
        for token in list(visit.session.user.tokens.values()):
            visit.hub.remove_token(token)
    return original(visit)  # type: ignore[no-any-return]


def _anywhere(original: Any, visit: Visit) -> str:
    return visit.query.get("next") or str(original(visit))


def _refused_as_200(original: Any, visit: Visit) -> Page:
    page: Page = original(visit)
    return replace(page, status=200) if page.status == 403 else page


def _any_password(original: Any, hub: Any, name: str, password: str) -> Any:
    return original(hub, name, hub.settings.password or password)


def _cookie_without_marker(_: Any, request: Any, expected: str, form: Any) -> None:
    if not request.cookies.get(cookies.XSRF):
        raise errors.forged()


def _only_posts(original: Any, request: Any, expected: str, form: Any) -> None:
    if request.method == "POST":
        original(request, expected, form)


def _one_marker(original: Any, table: Any, session: Any, stranger: str) -> Any:
    return original(table, None, "")


def _keeps_cookies(original: Any, endpoint: Any, request: Any, page: Page, session: Any) -> Any:
    return original(endpoint, request, replace(page, closes=False), session)


def _without_state(original: Any, visit: Visit, client: Any, **said: str) -> Page:
    page: Page = original(visit, client, **said)
    return replace(page, location=page.location.partition("&state=")[0])


def _any_redirect(original: Any, visit: Visit) -> Any:
    client = oauth.find_client(visit.hub, visit.query.get("client_id") or "")
    given = visit.query.get("redirect_uri")
    return replace(client, redirect=given) if client and given else original(visit)


def _plain_challenge(original: Any, code: Any, verifier: str) -> bool:
    return bool(original(replace(code, method="plain"), verifier)) or code.method == "S256"


def _verifier_if_given(original: Any, code: Any, verifier: str) -> bool:
    return not verifier or bool(original(code, verifier))


def _all_scopes(original: Any, visit: Visit, client: Any) -> list[str]:
    original(visit, client)
    return [*client.allowed, client.required]


def _no_redirect_needed(original: Any, hub: Any, form: Any) -> Any:
    return original(hub, {key: each for key, each in form.items() if key != "redirect_uri"})


def _longer(original: Any, hub: Any, code: Any) -> Any:
    token, secret = original(hub, code)
    token.expires_at += timedelta(hours=1)
    return token, secret


def _secret_in_answer(original: Any, hub: Any, form: Any) -> Any:
    reply = original(hub, form)
    if reply.status == 200:
        reply = replace(reply, value={**reply.value, "client_secret": form.get("client_secret")})
    return reply


def _cached(original: Any, *args: Any) -> Any:
    return replace(original(*args), headers={})


FAULTS = [
    make(
        "sessions/logout-keeps-tokens",
        "subtle",
        "post-oauth-token get-current-user",
        "Tokens that came of a session outlive its logout.",
        _page("logout", get=_log_out_without_tokens),
    ),
    make(
        "sessions/logout-revokes-all-tokens",
        "subtle",
        "get-current-user get-user-tokens",
        "A logout revokes every token of the user.",
        _page("logout", get=_log_out_of_all),
    ),
    make(
        "sessions/logout-keeps-cookies",
        "subtle",
        _LOGIN,
        "A logout leaves the cookies in the browser.",
        (browser.PageEndpoint, "respond_with", doing(_keeps_cookies)),
    ),
    make(
        "sessions/open-redirect",
        "subtle",
        _LOGIN,
        "A login goes on to whatever next says, on other hosts too.",
        (pages, "wanted", doing(_anywhere)),
    ),
    make(
        "sessions/next-forgotten",
        "medium",
        _LOGIN,
        "A login always goes on to the home page.",
        (pages, "wanted", doing(lambda _, visit: f"{visit.hub.settings.hub_prefix}home")),
    ),
    make(
        "sessions/any-password",
        "medium",
        _LOGIN,
        "Any password logs in.",
        (pages, "authenticate", doing(_any_password)),
    ),
    make(
        "sessions/wrong-password-is-200",
        "subtle",
        _LOGIN,
        "A wrong password is answered 200, with the form.",
        _page("login", post=_refused_as_200),
    ),
    make(
        "sessions/xsrf-unchecked",
        "medium",
        "post-user post-user-tokens post-group delete-user delete-user-token",
        "Writes by cookie need nothing that keeps forgery out.",
        (cookies, "check_xsrf", always(None)),
        (browser, "check_xsrf", always(None)),
    ),
    make(
        "sessions/xsrf-by-cookie-alone",
        "subtle",
        "post-user post-user-tokens post-group delete-user delete-user-token",
        "The cookie of the value against forgery is enough for a write by cookie.",
        (cookies, "check_xsrf", doing(_cookie_without_marker)),
    ),
    make(
        "sessions/xsrf-on-post-only",
        "subtle",
        "delete-user-token patch-user delete-user put-group-properties",
        "Only POST by cookie is held against forgery.",
        (cookies, "check_xsrf", doing(_only_posts)),
    ),
    make(
        "sessions/xsrf-of-any-session",
        "subtle",
        "post-user-tokens post-user",
        "The value against forgery is the same for everybody.",
        (SessionTable, "xsrf", doing(_one_marker)),
    ),
    make(
        "sessions/cookie-ignored",
        "medium",
        _LOGIN,
        "The API does not know a cookie.",
        (cookies, "session_of", always(None)),
    ),
    make(
        "sessions/pages-for-strangers",
        "medium",
        _LOGIN,
        "Pages answer 403 where they should send strangers to the login.",
        (other_routes.PAGES, "home", lambda page: replace(page, is_open=True)),
        (other_routes.PAGES, "token", lambda page: replace(page, is_open=True)),
    ),
    make(
        "oauth/state-lost",
        "subtle",
        _AUTHORIZE,
        "The state is not handed back.",
        (grants, "hand_on", doing(_without_state)),
    ),
    make(
        "oauth/token-beyond-its-user",
        "subtle",
        _TOKEN,
        "A service's token may read every user, whoever agreed.",
        (tokens, "scopes_of", doing(_reads_users)),
    ),
    make(
        "oauth/revoked-alone",
        "subtle",
        "delete-user-token",
        "A revoked token leaves its service the others that it has of the user.",
        (*on("delete-user-token"), doing(_alone)),
    ),
    make(
        "oauth/any-redirect",
        "medium",
        _AUTHORIZE,
        "Users are sent to whatever redirect_uri says.",
        (grants, "client_of", doing(_any_redirect)),
    ),
    make(
        "oauth/s256-unchecked",
        "subtle",
        _TOKEN,
        "Only plain challenges are checked.",
        (oauth.Code, "is_met_by", doing(_plain_challenge)),
    ),
    make(
        "oauth/verifier-not-needed",
        "subtle",
        _TOKEN,
        "A verifier is checked only where one is given.",
        (oauth.Code, "is_met_by", doing(_verifier_if_given)),
    ),
    make(
        "oauth/scope-ignored",
        "subtle",
        f"{_AUTHORIZE} {_TOKEN}",
        "A token has all that its client may have, whatever was asked for.",
        (grants, "requested", doing(_all_scopes)),
    ),
    make(
        "oauth/token-outlives-its-word",
        "subtle",
        _TOKEN,
        "A client's token lives an hour longer than the answer says.",
        (oauth, "issue_token", doing(_longer)),
    ),
    make(
        "oauth/dead-codes",
        "medium",
        _TOKEN,
        "Codes have expired when they are issued.",
        (oauth, "CODE_LIFETIME", lambda _: timedelta(0)),
    ),
    make(
        "oauth/redirect-not-compared",
        "subtle",
        _TOKEN,
        "The redirect_uri of an exchange is not compared.",
        (grants, "exchange", doing(_no_redirect_needed)),
    ),
    make(
        "oauth/secret-in-answer",
        "subtle",
        _TOKEN,
        "The answer to an exchange repeats the client's secret.",
        (grants, "exchange", doing(_secret_in_answer)),
    ),
    make(
        "oauth/answers-may-be-cached",
        "subtle",
        _TOKEN,
        "Answers with a token do not forbid caches to keep them.",
        (grants, "exchange", doing(_cached)),
    ),
    make(
        "oauth/refusal-is-401",
        "subtle",
        _TOKEN,
        "Every refusal of an exchange is a 401.",
        (grants, "refuse", doing(lambda old, error, status=400: old(error, 401))),
    ),
    make(
        "oauth/refusals-alike",
        "subtle",
        _TOKEN,
        "Every refusal of an exchange is invalid_request.",
        (grants, "refuse", doing(lambda old, error, status=400: old("invalid_request", status))),
    ),
    make(
        "oauth/access-unchecked",
        "medium",
        _AUTHORIZE,
        "Users who may not use a client are sent on to it with a code.",
        (grants, "check_access", always(None)),
    ),
    make(
        "oauth/never-asks",
        "subtle",
        _AUTHORIZE,
        "Users are not asked before a client gets a token.",
        (oauth, "is_agreed", always(True)),
    ),
    make(
        "oauth/always-asks",
        "subtle",
        _AUTHORIZE,
        "Users are asked each time.",
        (oauth, "is_agreed", always(False)),
    ),
    make(
        "oauth/required-scope-missing",
        "subtle",
        f"{_AUTHORIZE} {_TOKEN}",
        "A client's token has not the right to the client itself.",
        (oauth.Client, "required", lambda _: property(lambda client: oauth.IDENTIFY)),
    ),
    make(
        "oauth/agreement-to-more",
        "subtle",
        "post-oauth-authorize",
        "A form that agrees to more than was asked for is taken.",
        _page(
            "api/oauth2/authorize",
            post=lambda _, visit: grants.hand_code(
                visit, grants.client_of(visit), visit.form.get("scopes", [])
            ),
        ),
    ),
]
