"""Faults in what a change does beside, in what a deletion leaves, and in what is asked at once."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable
from typing import Any

from jupyterhub import orm  # type: ignore[import-not-found]
from jupyterhub.apihandlers import groups, services, users  # type: ignore[import-not-found]
from jupyterhub.utils import utcnow  # type: ignore[import-not-found]

from .planting import body_of, instead

#: What was deleted, by name, until it comes back.
_graves: dict[str, Any] = {}


def after(name: str, owner: Any, method: str) -> Callable[[Callable[..., None]], None]:
    """Plant a fault: once the method has succeeded, the deviation does something beside."""

    def plant(change: Callable[..., None]) -> None:
        @instead(name, owner, method)
        async def _(original: Any, handler: Any, named: str) -> None:
            done = original(handler, named)
            if inspect.isawaitable(done):
                await done
            change(handler, named)
            handler.db.commit()

    return plant


def renamed(handler: Any, old: str) -> Any:
    """The user in the database whom the request has renamed, if it has."""
    new = (handler.get_json_body() or {}).get("name", old)
    user = handler.find_user(new) if new != old else None
    return user and user.orm_user


@after("rename-drops-the-admin", users.UserAPIHandler, "patch")
def _(handler: Any, old: str) -> None:
    user = renamed(handler, old)
    if user and "admin" not in handler.get_json_body():
        user.admin = False


@after("rename-withdraws-share-codes", users.UserAPIHandler, "patch")
def _(handler: Any, old: str) -> None:
    if user := renamed(handler, old):
        handler.db.query(orm.ShareCode).filter_by(owner_id=user.id).delete()


@after("joining-a-group-counts-as-activity", groups.GroupUsersAPIHandler, "post")
def _(handler: Any, group: str) -> None:
    for name in handler.get_json_body()["users"]:
        handler.find_user(name).orm_user.last_activity = utcnow(with_tz=False)


@after("being-read-counts-as-activity", users.UserAPIHandler, "get")
def _(handler: Any, name: str) -> None:
    handler.find_user(name).orm_user.last_activity = utcnow(with_tz=False)


@after("user-takes-the-group-of-that-name-along", users.UserAPIHandler, "delete")
def _(handler: Any, name: str) -> None:
    if group := orm.Group.find(handler.db, name):
        handler.db.delete(group)


@instead("deleted-users-groups-come-back", users.UserAPIHandler, "delete")
async def _(original: Any, handler: Any, name: str) -> None:
    user = handler.find_user(name)
    _graves[name] = list(user.groups) if user else []
    await original(handler, name)


@instead("deleted-users-groups-come-back", users.UserListAPIHandler, "post")
async def _(original: Any, handler: Any) -> None:
    await original(handler)
    for name in handler.get_json_body()["usernames"]:
        handler.find_user(name).orm_user.groups += _graves.pop(name, [])
    handler.db.commit()


@instead("deleted-groups-shares-come-back", groups.GroupAPIHandler, "delete")
def _(original: Any, handler: Any, name: str) -> None:
    group = orm.Group.find(handler.db, name)
    shares = handler.db.query(orm.Share).filter_by(group_id=group.id) if group else ()
    _graves[f"group {name}"] = [(share.server_id, list(share.scopes)) for share in shares]
    original(handler, name)


@after("deleted-groups-shares-come-back", groups.GroupAPIHandler, "post")
def _(handler: Any, name: str) -> None:
    for server_id, scopes in _graves.pop(f"group {name}", ()):
        spawner = handler.db.query(orm.Spawner).filter_by(id=server_id).one()
        orm.Share.grant(handler.db, spawner, orm.Group.find(handler.db, name), scopes=scopes)


@instead("long-properties-are-cut", groups.GroupPropertiesAPIHandler, "put")
def _(original: Any, handler: Any, name: str) -> None:
    def cut(body: Any) -> Any:
        if not isinstance(body, dict):
            return body
        return {key: each[:1000] if isinstance(each, str) else each for key, each in body.items()}

    with body_of(handler, cut):
        original(handler, name)


@instead("services-are-in-lower-case", services.ServiceAPIHandler, "post")
async def _(original: Any, handler: Any, name: str) -> None:
    await original(handler, name.lower())


@instead("users-asked-for-at-once-break", users.UserAPIHandler, "post")
async def _(original: Any, handler: Any, name: str) -> None:
    was_there = handler.find_user(name) is not None
    await asyncio.sleep(0.05)
    if not was_there and handler.find_user(name) is not None:
        raise RuntimeError("the name has come to be taken")
    await original(handler, name)


@instead("members-added-at-once-are-lost", groups.GroupUsersAPIHandler, "post")
async def _(original: Any, handler: Any, name: str) -> None:
    group = orm.Group.find(handler.db, name)
    known = {user.name for user in group.users} if group else set()
    await asyncio.sleep(0.05)
    original(handler, name)
    kept = known | set(handler.get_json_body()["users"])
    group.users = [user for user in group.users if user.name in kept]
    handler.db.commit()
