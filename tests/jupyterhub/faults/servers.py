"""Faults of servers: what starts, stops, changes and other servers should leave alone."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import unquote

from jupyterhub import orm  # type: ignore[import-not-found]
from jupyterhub.apihandlers import users  # type: ignore[import-not-found]
from jupyterhub.apihandlers.base import APIHandler  # type: ignore[import-not-found]
from jupyterhub.proxy import ConfigurableHTTPProxy, Proxy  # type: ignore[import-not-found]
from jupyterhub.utils import utcnow  # type: ignore[import-not-found]
from tornado import web  # type: ignore[import-not-found]

from .planting import body_of, instead

Servers = users.UserServerAPIHandler


def afterwards(name: str, method: str) -> Callable[[Callable[..., None]], None]:
    """Plant a fault that does something more, once the operation on a server is done."""

    def plant(more: Callable[..., None]) -> None:
        @instead(name, Servers, method)
        async def _(original: Any, handler: Any, user_name: str, server_name: str = "") -> None:
            await original(handler, user_name, server_name)
            user = handler.find_user(user_name)
            if user is not None and server_name in user.orm_spawners:
                more(handler, user, user.orm_spawners[server_name])
                handler.db.commit()

    return plant


# --- what is carried out


@instead("one-field-of-a-change-counts", Servers, "patch")
async def _(original: Any, handler: Any, *names: str) -> None:
    with body_of(handler, lambda body: dict(list(body.items())[:1])):
        await original(handler, *names)


@instead("display-name-stands-for-options", Servers, "get_server_json_body")
def _(original: Any, handler: Any) -> Any:
    body = original(handler)
    return {**body, "user_options": None} if body["display_name"] else body


# --- what is shown


@instead("display-name-is-cut", APIHandler, "server_model")
def _(original: Any, handler: Any, spawner: Any, **kwargs: Any) -> Any:
    model = original(handler, spawner, **kwargs)
    return {**model, "display_name": (model["display_name"] or "")[:40]}


@instead("progress-is-for-caches", users.SpawnProgressAPIHandler, "send_event")
async def _(original: Any, handler: Any, event: Any) -> None:
    handler.clear_header("Cache-Control")
    await original(handler, event)


@instead("addresses-are-not-encoded", APIHandler, "server_model")
def _(original: Any, handler: Any, spawner: Any, **kwargs: Any) -> Any:
    model = original(handler, spawner, **kwargs)
    return {**model, "url": unquote(model["url"])}


@instead("address-of-progress-is-not-encoded", APIHandler, "server_model")
def _(original: Any, handler: Any, spawner: Any, **kwargs: Any) -> Any:
    model = original(handler, spawner, **kwargs)
    return {**model, "progress_url": unquote(model["progress_url"])}


@instead("addresses-come-with-readiness", APIHandler, "server_model")
def _(original: Any, handler: Any, spawner: Any, **kwargs: Any) -> Any:
    model = original(handler, spawner, **kwargs)
    return {**model, "url": ""} if model["pending"] == "spawn" else model


@instead("state-of-a-stopped-server-is-told", APIHandler, "server_model")
def _(original: Any, handler: Any, spawner: Any, **kwargs: Any) -> Any:
    model = original(handler, spawner, **kwargs)
    return {"state": {}, **model} if model["stopped"] else model


@instead("list-tells-of-no-default-server", users.UserListAPIHandler, "user_model")
def _(original: Any, handler: Any, user: Any) -> Any:
    model = original(handler, user)
    return {**model, "server": None} if "server" in model else model


@instead("stopped-servers-are-shown-to-oneself", APIHandler, "user_model")
def _(original: Any, handler: Any, user: Any) -> Any:
    model = original(handler, user)
    if isinstance(handler, users.SelfAPIHandler) and "servers" in model:
        owner = handler.users[user.id]
        for name, kept in owner.orm_spawners.items():
            model["servers"].setdefault(name, handler.server_model(kept, user=owner))
    return model


@instead("reading-counts-as-activity", users.UserAPIHandler, "get")
async def _(original: Any, handler: Any, user_name: str) -> None:
    user = handler.find_user(user_name)
    for kept in user.orm_spawners.values() if user else ():
        if kept.started:
            kept.last_activity = utcnow(with_tz=False)
    handler.db.commit()
    await original(handler, user_name)


# --- starting and stopping


@afterwards("stop-forgets-the-display-name", "delete")
def _(handler: Any, user: Any, kept: Any) -> None:
    kept.display_name = kept.name


@afterwards("start-ends-shares", "post")
def _(handler: Any, user: Any, kept: Any) -> None:
    handler.db.query(orm.Share).filter_by(spawner_id=kept.id).delete()


@afterwards("stop-ends-share-codes", "delete")
def _(handler: Any, user: Any, kept: Any) -> None:
    handler.db.query(orm.ShareCode).filter_by(spawner_id=kept.id).delete()


async def _with_options(
    original: Callable[..., Awaitable[None]],
    handler: Any,
    args: tuple[str, ...],
    change: Callable[[Any], Any],
) -> None:
    read = handler.get_server_json_body
    handler.get_server_json_body = lambda: (
        body := read(),
        {**body, "user_options": change(body["user_options"])},
    )[1]
    await original(handler, *args)


@instead("null-forgets-options", Servers, "post")
async def _(original: Any, handler: Any, *args: str) -> None:
    given = handler.get_json_body()
    is_null = isinstance(given, dict) and given.get("user_options", 0) is None
    await _with_options(original, handler, args, lambda options: {} if is_null else options)


@instead("empty-options-are-none", Servers, "post")
async def _(original: Any, handler: Any, *args: str) -> None:
    await _with_options(original, handler, args, lambda options: options or None)


@instead("refused-start-leaves-its-options", Servers, "post")
async def _(original: Any, handler: Any, user_name: str, server_name: str = "") -> None:
    user = handler.find_user(user_name)
    if user and server_name in user.spawners and user.spawners[server_name].ready:
        user.spawners[server_name].user_options = handler.get_json_body() or {}
    await original(handler, user_name, server_name)


@instead("one-start-at-a-time", Servers, "post")
async def _(original: Any, handler: Any, user_name: str, server_name: str = "") -> None:
    user = handler.find_user(user_name)
    if user and any(
        spawner.pending == "spawn" and name != server_name
        for name, spawner in user.spawners.items()
    ):
        raise web.HTTPError(400, "another server of this user is starting")
    await original(handler, user_name, server_name)


@instead("progress-for-one-reader", users.SpawnProgressAPIHandler, "get")
async def _(original: Any, handler: Any, user_name: str, server_name: str = "") -> None:
    user = handler.find_user(user_name)
    spawner = user and user.spawners.get(server_name or "")
    if not spawner or spawner.pending != "spawn":
        await original(handler, user_name, server_name)
        return
    if getattr(spawner, "is_watched", False):
        raise web.HTTPError(400, "somebody reads this already")
    spawner.is_watched = True
    await original(handler, user_name, server_name)


# --- changing and removing


@afterwards("change-ends-shares", "patch")
def _(handler: Any, user: Any, kept: Any) -> None:
    handler.db.query(orm.Share).filter_by(spawner_id=kept.id).delete()


@instead("change-is-lost-after-a-run", Servers, "patch")
async def _(original: Any, handler: Any, user_name: str, server_name: str = "") -> None:
    user = handler.find_user(user_name)
    kept = user.orm_spawners.get(server_name) if user else None
    before = kept.user_options if kept and kept.last_activity else None
    await original(handler, user_name, server_name)
    if kept and before:
        kept.user_options = before
        handler.db.commit()


@instead("removal-takes-the-same-name-of-others", Servers, "delete")
async def _(original: Any, handler: Any, user_name: str, server_name: str = "") -> None:
    await original(handler, user_name, server_name)
    if not server_name or not (handler.get_json_body() or {}).get("remove"):
        return
    for kept in handler.db.query(orm.Spawner).filter_by(name=server_name):
        owner = handler.users[kept.user]
        if server_name not in owner.spawners or not owner.spawners[server_name].active:
            handler.db.delete(kept)
            owner.spawners.pop(server_name, None)
    handler.db.commit()


# --- routes


@instead("renamed-server-keeps-its-place", ConfigurableHTTPProxy, "add_route")
async def _(original: Any, proxy: Any, place: str, target: str, data: Any) -> None:
    kept = place.replace("/other-name/", "/first-name/")
    await original(proxy, kept, target, data)


@instead("default-server-takes-all-routes-along", Proxy, "delete_user")
async def _(original: Any, proxy: Any, user: Any, server_name: str = "") -> None:
    await original(proxy, user, server_name)
    for name, spawner in user.spawners.items():
        if name and spawner.ready and not server_name:
            await original(proxy, user, name)
