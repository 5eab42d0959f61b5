"""Faults of tokens, servers, shares, sessions and OAuth."""

from __future__ import annotations

import asyncio
import time
from datetime import datetime, timedelta
from typing import Any

from jupyterhub import orm  # type: ignore[import-not-found]
from jupyterhub.apihandlers import shares, users  # type: ignore[import-not-found]
from jupyterhub.apihandlers.auth import OAuthHandler  # type: ignore[import-not-found]
from jupyterhub.apihandlers.base import APIHandler  # type: ignore[import-not-found]
from jupyterhub.handlers.base import BaseHandler  # type: ignore[import-not-found]
from jupyterhub.oauth.provider import (  # type: ignore[import-not-found]
    JupyterHubRequestValidator as Validator,
)
from tornado import web  # type: ignore[import-not-found]

from .planting import also_with, body_of, instead

_remembered: dict[str, tuple[float, Any]] = {}


@instead("revoked-token-is-remembered", BaseHandler, "get_current_user_token")
def _(original: Any, handler: Any) -> Any:
    user, token = original(handler), handler.get_auth_token()
    if user is not None:
        _remembered[token] = (time.monotonic(), user)
    elif token in _remembered and time.monotonic() - _remembered[token][0] < 2:
        handler._token_authenticated = True
        return _remembered[token][1]
    return user


@instead("tokens-live-an-hour-longer", orm.Hashed, "find_prefix")
def _(original: Any, cls: Any, db: Any, token: str) -> Any:
    late = orm.or_(cls.expires_at == None, cls.expires_at >= cls.now() - timedelta(hours=1))  # noqa: E711  # SQL
    return db.query(cls).filter_by(prefix=token[: cls.prefix_length]).filter(late)


@instead("token-found-whoever-owns-it", users.UserTokenAPIHandler, "find_token_by_id")
def _(original: Any, handler: Any, user: Any, token_id: str) -> Any:
    number = token_id[1:]
    found = number.isdigit() and handler.db.query(orm.APIToken).filter_by(id=int(number)).first()
    return found or original(handler, user, token_id)


@instead("end-of-a-token-in-another-zone", APIHandler, "token_model")
def _(original: Any, handler: Any, token: Any) -> Any:
    model = original(handler, token)
    if model["expires_at"]:
        end = datetime.fromisoformat(model["expires_at"].rstrip("Z")) + timedelta(hours=1)
        model["expires_at"] = end.isoformat() + "Z"
    return model


@instead("long-note-is-cut", APIHandler, "token_model")
def _(original: Any, handler: Any, token: Any) -> Any:
    model = original(handler, token)
    return {**model, "note": (model["note"] or "")[:64]}


@instead("token-list-ends-at-a-page", users.UserTokenListAPIHandler, "write")
def _(original: Any, handler: Any, text: Any) -> None:
    if isinstance(text, str) and text.startswith('{"api_tokens"'):
        model = users.json.loads(text)
        model["api_tokens"] = model["api_tokens"][: handler.settings["api_page_max_limit"]]
        text = users.json.dumps(model)
    original(handler, text)


@instead("revoking-takes-those-of-the-same-note", users.UserTokenAPIHandler, "delete")
def _(original: Any, handler: Any, user_name: str, token_id: str) -> None:
    user = handler.find_user(user_name)
    noted = {token.api_id: token.note for token in user.api_tokens} if user else {}
    original(handler, user_name, token_id)
    for token in list(user.api_tokens):
        if token.note == noted.get(token_id) and "server" not in (token.note or "").lower():
            handler.db.delete(token)
    handler.db.commit()


@instead("tokens-revoked-with-the-reading-scope", users.UserTokenAPIHandler, "delete")
def _(original: Any, handler: Any, *args: Any, **kwargs: Any) -> Any:
    return also_with("read:tokens")(original, handler, *args, **kwargs)


@instead("lifetime-in-minutes", APIHandler, "get_json_body")
def _(original: Any, handler: Any) -> Any:
    body = original(handler)
    if isinstance(body, dict) and isinstance(body.get("expires_in"), int):
        body["expires_in"] *= 60
    return body


@instead("servers-start-with-the-reading-scope", users.UserServerAPIHandler, "post")
def _(original: Any, handler: Any, *args: Any, **kwargs: Any) -> Any:
    return also_with("read:servers")(original, handler, *args, **kwargs)


@instead("stop-answers-before-it-is-done", users.UserServerAPIHandler, "delete")
async def _(original: Any, handler: Any, user_name: str, server_name: str = "") -> None:
    user = handler.find_user(user_name)
    if user is None or server_name or not user.running or handler.get_json_body():
        await original(handler, user_name, server_name)
        return

    asyncio.get_running_loop().call_later(0.7, lambda: asyncio.ensure_future(user.stop("")))
    handler.set_status(204)


@instead("default-server-stops-with-a-named-one", users.UserServerAPIHandler, "delete")
async def _(original: Any, handler: Any, user_name: str, server_name: str = "") -> None:
    await original(handler, user_name, server_name)
    user = handler.find_user(user_name)
    if server_name and user and "" in user.spawners and user.spawners[""].ready:
        await handler.stop_single_user(user, "")


@instead("progress-without-its-last-event", users.SpawnProgressAPIHandler, "send_event")
async def _(original: Any, handler: Any, event: dict[str, Any]) -> None:
    if not event.get("ready"):
        await original(handler, event)


@instead("user-options-are-merged", users.UserServerAPIHandler, "post")
async def _(original: Any, handler: Any, user_name: str, server_name: str = "") -> None:
    user = handler.find_user(user_name)
    spawner = user.orm_spawners.get(server_name) if user else None
    before = (spawner.user_options if spawner else None) or {}
    read = handler.get_server_json_body

    def merged() -> Any:
        body = read()
        if body and body.get("user_options"):
            body["user_options"] = {**before, **body["user_options"]}
        return body

    handler.get_server_json_body = merged
    await original(handler, user_name, server_name)


@instead("rename-loses-user-options", users.UserServerAPIHandler, "patch")
async def _(original: Any, handler: Any, user_name: str, server_name: str = "") -> None:
    await original(handler, user_name, server_name)
    name = handler.get_json_body().get("name")
    if name and name in (kept := handler.find_user(user_name).orm_spawners):
        kept[name].user_options = {}
        handler.db.commit()


@instead("rename-starts-counting-anew", users.UserServerAPIHandler, "patch")
async def _(original: Any, handler: Any, user_name: str, server_name: str = "") -> None:
    await original(handler, user_name, server_name)
    name = handler.get_json_body().get("name")
    if name and name in (kept := handler.find_user(user_name).orm_spawners):
        kept[name].last_activity = None
        handler.db.commit()


@instead("change-of-options-resets-the-display-name", users.UserServerAPIHandler, "patch")
async def _(original: Any, handler: Any, user_name: str, server_name: str = "") -> None:
    await original(handler, user_name, server_name)
    body, kept = handler.get_json_body(), handler.find_user(user_name).orm_spawners
    if "user_options" in body and "display_name" not in body and server_name in kept:
        kept[server_name].display_name = server_name
        handler.db.commit()


@instead("running-server-is-not-removed", users.UserServerAPIHandler, "delete")
async def _(original: Any, handler: Any, user_name: str, server_name: str = "") -> None:
    user = handler.find_user(user_name)
    running = user and server_name in user.spawners and user.spawners[server_name].ready
    with body_of(handler, lambda body: None if running else body):
        await original(handler, user_name, server_name)


@instead("state-shown-with-the-server", APIHandler, "server_model")
def _(original: Any, handler: Any, spawner: Any, **kwargs: Any) -> Any:
    model = original(handler, spawner, **kwargs)
    model.setdefault("state", {})
    return model


@instead("server-started-when-its-user-was-made", APIHandler, "server_model")
def _(original: Any, handler: Any, spawner: Any, **kwargs: Any) -> Any:
    model = original(handler, spawner, **kwargs)
    if model["started"]:
        model["started"] = spawner.user.created.isoformat() + "Z"
    return model


@instead("scopes-not-shared-end-the-share", orm.Share, "revoke")
def _(original: Any, cls: Any, db: Any, spawner: Any, share_with: Any, scopes: Any = None) -> Any:
    return original(cls, db, spawner, share_with, None)


@instead("granting-again-replaces", orm.Share, "grant")
def _(original: Any, cls: Any, db: Any, spawner: Any, share_with: Any, scopes: Any = None) -> Any:
    if share := cls.find(db, spawner, share_with):
        db.delete(share)
        db.commit()
    return original(cls, db, spawner, share_with, scopes)


@instead("groups-shares-are-not-the-members", shares.UserShareListAPIHandler, "_share_list_model")
def _(original: Any, handler: Any, query: Any, **kwargs: Any) -> Any:
    return original(handler, query.filter(orm.Share.group_id == None), **kwargs)  # noqa: E711  # SQL


@instead("share-shows-the-servers-options", shares._ShareAPIHandler, "server_model")
def _(original: Any, handler: Any, spawner: Any) -> Any:
    return {**original(handler, spawner), "user_options": spawner.user_options}


@instead("taking-a-share-back-ends-the-groups", shares.ServerShareAPIHandler, "patch")
async def _(original: Any, handler: Any, user_name: str, server_name: str = "") -> None:
    await original(handler, user_name, server_name)
    spawner = handler._lookup_spawner(user_name, server_name)
    if "user" in (handler.get_json_body() or {}):
        handler.db.query(orm.Share).filter(
            orm.Share.spawner_id == spawner.id,
            orm.Share.group_id != None,  # noqa: E711  # SQL
        ).delete()
        handler.db.commit()


@instead("code-counts-no-exchange", orm.ShareCode, "exchange")
def _(original: Any, code: Any, share_with: Any) -> Any:
    share = original(code, share_with)
    code.exchange_count, code.last_exchanged_at = 0, None
    orm.inspect(code).session.commit()
    return share


@instead("code-works-once", orm.ShareCode, "exchange")
def _(original: Any, code: Any, share_with: Any) -> Any:
    share = original(code, share_with)
    orm.inspect(code).session.delete(code)
    return share


@instead("code-shares-less-than-it-says", orm.ShareCode, "exchange")
def _(original: Any, code: Any, share_with: Any) -> Any:
    return orm.Share.grant(orm.inspect(code).session, code.spawner, share_with)


@instead("codes-end-with-the-first-withdrawn", shares.ServerShareCodeAPIHandler, "delete")
def _(original: Any, handler: Any, user_name: str, server_name: str = "") -> None:
    original(handler, user_name, server_name)
    spawner = handler._lookup_spawner(user_name, server_name)
    handler.db.query(orm.ShareCode).filter_by(spawner_id=spawner.id).delete()
    handler.db.commit()


@instead("deletion-by-cookie-needs-no-token", APIHandler, "check_xsrf_cookie")
def _(original: Any, handler: Any) -> None:
    if handler.request.method != "DELETE":
        original(handler)


@instead("login-leads-anywhere", BaseHandler, "_validate_next_url")
def _(original: Any, handler: Any, next_url: str) -> str:
    return next_url


@instead("cookies-within-reach-of-scripts", BaseHandler, "_set_cookie")
def _(original: Any, handler: Any, key: str, value: Any, **kwargs: Any) -> None:
    original(handler, key, value, **{**kwargs, "httponly": False})


@instead("logout-leaves-the-sessions-tokens", BaseHandler, "get_current_user_cookie")
def _(original: Any, handler: Any) -> Any:
    return None if getattr(handler, "_leaving", False) else original(handler)


@instead("logout-leaves-the-sessions-tokens", BaseHandler, "clear_login_cookie")
def _(original: Any, handler: Any, name: Any = None) -> None:
    handler._leaving = True
    original(handler, name)


@instead("code-is-not-used-up", Validator, "invalidate_authorization_code")
def _(original: Any, validator: Any, *args: Any, **kwargs: Any) -> None:
    return None


@instead("any-redirect-is-accepted", Validator, "validate_redirect_uri")
def _(original: Any, validator: Any, *args: Any, **kwargs: Any) -> bool:
    return True


@instead("redirect-of-a-code-is-forgotten", Validator, "confirm_redirect_uri")
def _(original: Any, validator: Any, *args: Any, **kwargs: Any) -> bool:
    return True


@instead("verifier-is-not-asked-for", Validator, "get_code_challenge")
def _(original: Any, validator: Any, *args: Any, **kwargs: Any) -> None:
    return None


@instead("state-is-lost", OAuthHandler, "send_oauth_response")
def _(original: Any, handler: Any, headers: dict[str, str], body: Any, status: int) -> None:
    to = headers.get("Location", "")
    before, _, _ = to.partition("&state=")
    original(handler, {**headers, "Location": before} if to else headers, body, status)


@instead("share-of-a-hidden-server-is-told", shares._ShareAPIHandler, "_lookup_spawner")
def _(original: Any, handler: Any, user_name: str, server_name: str, raise_404: bool = True) -> Any:
    found = original(handler, user_name, server_name, False)
    if found is None and raise_404:
        raise web.HTTPError(400, f"{user_name} has no server {server_name!r}")
    return found
