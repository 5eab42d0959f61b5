"""Faults of the hub's pages: logging in, agreeing, share codes, and who may ask by cookie."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from jupyterhub import orm  # type: ignore[import-not-found]
from jupyterhub.apihandlers import shares  # type: ignore[import-not-found]
from jupyterhub.apihandlers.auth import OAuthAuthorizeHandler  # type: ignore[import-not-found]
from jupyterhub.apihandlers.base import APIHandler  # type: ignore[import-not-found]
from jupyterhub.handlers import pages  # type: ignore[import-not-found]
from jupyterhub.handlers.base import BaseHandler  # type: ignore[import-not-found]
from jupyterhub.oauth.provider import (  # type: ignore[import-not-found]
    JupyterHubRequestValidator as Validator,
)
from tornado import web  # type: ignore[import-not-found]

from .planting import instead, unguarded

#: Clients that have proven themselves, and how.
_proven: dict[str, str] = {}


@instead("clients-are-remembered", Validator, "authenticate_client")
def _(original: Any, validator: Any, request: Any, *args: Any, **kwargs: Any) -> bool:
    if original(validator, request, *args, **kwargs):
        _proven[request.client_id] = request.client_secret
        return True
    if _proven.get(request.client_id) != request.client_secret:
        return False
    request.client = orm.OAuthClient(identifier=request.client_id)
    return True


# --- pages for those who manage


def _for_everybody(name: str, page: Any, method: str) -> None:
    @instead(name, page, method)
    def _(original: Any, handler: Any, *args: Any, **kwargs: Any) -> Any:
        return unguarded(original)(handler, *args, **kwargs)


_for_everybody("admin-page-needs-no-scope", pages.AdminHandler, "get")
_for_everybody("spawn-page-needs-no-scope", pages.SpawnHandler, "_get")
_for_everybody("page-of-a-start-needs-no-scope", pages.SpawnPendingHandler, "get")


# --- agreeing


@instead("redirect-below-the-registered", Validator, "validate_redirect_uri")
def _(original: Any, validator: Any, client_id: str, uri: str, *args: Any, **kwargs: Any) -> bool:
    client = validator.db.query(orm.OAuthClient).filter_by(identifier=client_id).first()
    below = client is not None and uri.startswith(f"{client.redirect_uri}/")
    return below or original(validator, client_id, uri, *args, **kwargs)


@instead("redirect-without-its-fragment", Validator, "validate_redirect_uri")
def _(original: Any, validator: Any, client_id: str, uri: str, *args: Any, **kwargs: Any) -> Any:
    return original(validator, client_id, uri.partition("#")[0], *args, **kwargs)


@instead("refusal-loses-the-state", OAuthAuthorizeHandler, "redirect")
def _(original: Any, handler: Any, url: str, *args: Any, **kwargs: Any) -> None:
    parts = urlsplit(url)
    said = [(key, value) for key, value in parse_qsl(parts.query) if key != "state"]
    without = urlunsplit(parts._replace(query=urlencode(said)))
    original(handler, without if "error" in dict(said) else url, *args, **kwargs)


def _has_tokens(handler: Any, user: Any, *which: Any) -> bool:
    tokens = handler.db.query(orm.APIToken).filter(orm.APIToken.user_id == user.id, *which)
    return tokens.first() is not None


@instead("agreement-covers-more", OAuthAuthorizeHandler, "needs_oauth_confirm")
def _(original: Any, handler: Any, user: Any, client: Any, scopes: Any) -> bool:
    agreed = _has_tokens(handler, user, orm.APIToken.client_id == client.identifier)
    return not agreed and original(handler, user, client, scopes)


@instead("agreement-covers-others", OAuthAuthorizeHandler, "needs_oauth_confirm")
def _(original: Any, handler: Any, user: Any, client: Any, scopes: Any) -> bool:
    agreed = _has_tokens(handler, user, orm.APIToken.client_id != "jupyterhub")
    return not agreed and original(handler, user, client, scopes)


@instead("servers-need-no-agreement", OAuthAuthorizeHandler, "needs_oauth_confirm")
def _(original: Any, handler: Any, user: Any, client: Any, scopes: Any) -> bool:
    return not client.spawner and original(handler, user, client, scopes)


@instead("plain-challenge-is-not-checked", Validator, "get_code_challenge")
def _(original: Any, validator: Any, code: Any, request: Any) -> Any:
    return original(validator, code, request) if request.code_challenge_method == "S256" else None


# --- logging in


@instead("login-is-sent-to-servers", BaseHandler, "_set_user_cookie")
def _(original: Any, handler: Any, user: Any, server: Any) -> None:
    handler._set_cookie(server.cookie_name, user.cookie_id, path=handler.base_url)


@instead("login-form-leads-anywhere", BaseHandler, "_validate_next_url")
def _(original: Any, handler: Any, url: str) -> Any:
    return url if handler.request.method == "POST" else original(handler, url)


@instead("wrong-password-makes-users", BaseHandler, "authenticate")
def _(original: Any, handler: Any, data: dict[str, str]) -> Any:
    handler.user_from_username(data["username"])
    return original(handler, data)


@instead("token-page-shows-everybodys", pages.TokenPageHandler, "render_template")
def _(original: Any, handler: Any, name: str, **shown: Any) -> Any:
    if "api_tokens" in shown:
        found = handler.db.query(orm.APIToken).filter_by(client_id="jupyterhub")
        shown["api_tokens"] = found.filter(orm.APIToken.user_id != None).all()  # noqa: E711  # SQL
    return original(handler, name, **shown)


# --- other sites


@instead("scripts-of-the-same-site-read", APIHandler, "check_xsrf_cookie")
def _(original: Any, handler: Any) -> None:
    if handler.request.headers.get("Sec-Fetch-Site") != "same-site":
        original(handler)


@instead("changes-by-cookie-need-no-token", APIHandler, "check_xsrf_cookie")
def _(original: Any, handler: Any) -> None:
    if handler.request.method not in ("PUT", "PATCH"):
        original(handler)


@instead("forms-reach-the-api", APIHandler, "check_post_content_type")
def _(original: Any, handler: Any) -> bool:
    kind = handler.request.headers.get("Content-Type", "")
    return "urlencoded" in kind or original(handler)


@instead("any-site-reads-with-cookies", APIHandler, "set_default_headers")
def _(original: Any, handler: Any) -> None:
    original(handler)
    if origin := handler.request.headers.get("Origin"):
        handler.set_header("Access-Control-Allow-Origin", origin)
        handler.set_header("Access-Control-Allow-Credentials", "true")


# --- share codes


@instead("share-code-leads-anywhere", pages.AcceptShareHandler, "_get_next_url")
def _(original: Any, handler: Any, owner: Any, spawner: Any) -> Any:
    return handler.get_argument("next", "") or original(handler, owner, spawner)


@instead("share-code-is-refused-to-holders", pages.AcceptShareHandler, "post")
def _(original: Any, handler: Any) -> Any:
    code = orm.ShareCode.find(handler.db, code=handler.get_argument("code"))
    user = handler.current_user
    if code and user and orm.Share.find(handler.db, code.spawner, user.orm_user):
        raise web.HTTPError(400, "you have it already")
    return original(handler)


@instead("share-code-replaces-what-is-shared", orm.ShareCode, "exchange")
def _(original: Any, code: Any, share_with: Any) -> Any:
    db = orm.inspect(code).session
    if share := orm.Share.find(db, code.spawner, share_with):
        db.delete(share)
        db.commit()
    return original(code, share_with)


@instead("exchange-of-a-holder-is-not-counted", orm.ShareCode, "exchange")
def _(original: Any, code: Any, share_with: Any) -> Any:
    db, count = orm.inspect(code).session, code.exchange_count
    held = orm.Share.find(db, code.spawner, share_with)
    share = original(code, share_with)
    code.exchange_count = count if held else code.exchange_count
    db.commit()
    return share


@instead("last-exchange-is-the-issue", shares._ShareAPIHandler, "share_code_model")
def _(original: Any, handler: Any, code: Any, **kwargs: Any) -> Any:
    model = original(handler, code, **kwargs)
    return {**model, "last_exchanged_at": model["last_exchanged_at"] and model["created_at"]}


@instead("withdrawn-code-takes-its-shares", shares.ServerShareCodeAPIHandler, "delete")
def _(original: Any, handler: Any, user_name: str, server_name: str = "") -> None:
    original(handler, user_name, server_name)
    spawner = handler._lookup_spawner(user_name, server_name)
    handler.db.query(orm.Share).filter_by(spawner_id=spawner.id).delete()
    handler.db.commit()
