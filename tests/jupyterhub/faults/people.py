"""Faults of users, groups, services and activity, and of what scopes show of them."""

from __future__ import annotations

import asyncio
from typing import Any

from jupyterhub import orm, scopes  # type: ignore[import-not-found]
from jupyterhub.apihandlers import groups, services, users  # type: ignore[import-not-found]
from jupyterhub.apihandlers.base import APIHandler  # type: ignore[import-not-found]
from jupyterhub.auth import Authenticator  # type: ignore[import-not-found]
from jupyterhub.utils import utcnow  # type: ignore[import-not-found]
from tornado import web  # type: ignore[import-not-found]

from .planting import also_with, body_of, edited, instead, unguarded


async def _renamed(original: Any, handler: Any, user_name: str) -> Any:
    """Carry out the change, and return the user if it was a change of name."""
    user = handler.find_user(user_name)
    await original(handler, user_name)
    return user if user is not None and user.name != user_name else None


@instead("groups-are-found-in-any-case", groups._GroupAPIHandler, "find_group")
def _(original: Any, handler: Any, name: str) -> Any:
    try:
        return original(handler, name)
    except web.HTTPError:
        alike = handler.db.query(orm.Group).filter(orm.Group.name.ilike(name, escape="\\")).first()
        if alike is None:
            raise
        return alike


@instead("group-ends-with-its-last-member", users.UserAPIHandler, "delete")
async def _(original: Any, handler: Any, user_name: str) -> None:
    user = handler.find_user(user_name)
    left = list(user.groups) if user else []
    await original(handler, user_name)
    for group in left:
        if not group.users:
            handler.db.delete(group)
    handler.db.commit()


@instead("rename-loses-groups", users.UserAPIHandler, "patch")
async def _(original: Any, handler: Any, user_name: str) -> None:
    if user := await _renamed(original, handler, user_name):
        user.orm_user.groups = []
        handler.db.commit()


@instead("rename-loses-shares", users.UserAPIHandler, "patch")
async def _(original: Any, handler: Any, user_name: str) -> None:
    if user := await _renamed(original, handler, user_name):
        handler.db.query(orm.Share).filter_by(user_id=user.id).delete()
        handler.db.commit()


@instead("rename-loses-tokens-notes", users.UserAPIHandler, "patch")
async def _(original: Any, handler: Any, user_name: str) -> None:
    if user := await _renamed(original, handler, user_name):
        for token in user.api_tokens:
            token.note = ""
        handler.db.commit()


@instead("rename-resets-the-creation", users.UserAPIHandler, "patch")
async def _(original: Any, handler: Any, user_name: str) -> None:
    if user := await _renamed(original, handler, user_name):
        user.orm_user.created = utcnow(with_tz=False)
        handler.db.commit()


@instead("rename-counts-as-activity", users.UserAPIHandler, "patch")
async def _(original: Any, handler: Any, user_name: str) -> None:
    if user := await _renamed(original, handler, user_name):
        user.orm_user.last_activity = utcnow(with_tz=False)
        handler.db.commit()


@instead("promotion-keeps-the-role-when-taken-back", users.UserAPIHandler, "patch")
async def _(original: Any, handler: Any, user_name: str) -> None:
    user = handler.find_user(user_name)
    held = list(user.roles) if user else []
    await original(handler, user_name)
    if user and not user.admin:
        user.orm_user.roles = held
        handler.db.commit()


@instead("bulk-create-is-done-by-half", users.UserListAPIHandler, "post")
async def _(original: Any, handler: Any) -> None:
    try:
        await original(handler)
    except web.HTTPError:
        body = handler.get_json_body()
        names = body.get("usernames") if isinstance(body, dict) else None
        if handler.current_user and names and isinstance(names[0], str) and len(names) > 1:
            name = handler.authenticator.normalize_username(names[0])
            if handler.authenticator.validate_username(name) and not handler.find_user(name):
                handler.user_from_username(name)
        raise


@instead("users-change-with-the-reading-scope", users.UserAPIHandler, "patch")
def _(original: Any, handler: Any, user_name: str) -> Any:
    return also_with("read:users")(original, handler, user_name)


@instead("names-keep-their-case", Authenticator, "normalize_username")
def _(original: Any, authenticator: Any, username: str) -> Any:
    return username


@instead("absent-user-is-told-from-a-hidden-one", users.UserAPIHandler, "get")
async def _(original: Any, handler: Any, user_name: str) -> None:
    try:
        await original(handler, user_name)
    except web.HTTPError as error:
        if error.status_code == 404 and handler.find_user(user_name):
            raise web.HTTPError(403) from None
        raise


@instead("roles-shown-with-the-name", APIHandler, "user_model")
def _(original: Any, handler: Any, user: Any) -> Any:
    model = original(handler, user)
    return {**model, "roles": [role.name for role in user.roles]} if model else model


@instead("creation-shown-with-activity", APIHandler, "user_model")
def _(original: Any, handler: Any, user: Any) -> Any:
    model = original(handler, user)
    if "last_activity" in model:
        model["created"] = user.created.isoformat() + "Z"
    return model


@instead("members-shown-with-the-groups-name", APIHandler, "group_model")
def _(original: Any, handler: Any, group: Any) -> Any:
    model = original(handler, group)
    return {**model, "users": [user.name for user in group.users]} if model else model


@instead("service-details-shown-with-the-name", APIHandler, "service_model")
def _(original: Any, handler: Any, service: Any) -> Any:
    model = original(handler, service)
    return {**model, "info": service.info or {}} if model else model


@instead("filter-by-prefix", scopes, "has_scope")
def _(original: Any, scope: str, held: Any, **kwargs: Any) -> Any:
    required, _, filter_ = scope.partition("!user=")
    similar = (held.get(required) if filter_ and isinstance(held, dict) else None) or {}
    names = similar.get("user", ()) if isinstance(similar, dict) else ()
    return original(scope, held, **kwargs) or any(filter_.startswith(name) for name in names)


@instead("whoami-lists-what-it-lends-itself", users.SelfAPIHandler, "write")
def _(original: Any, handler: Any, text: Any) -> None:
    def change(model: Any) -> None:
        if "scopes" in model:
            model["scopes"] = sorted(handler.expanded_scopes)

    original(handler, edited(text, change))


@instead("properties-are-merged", groups.GroupPropertiesAPIHandler, "put")
def _(original: Any, handler: Any, group_name: str) -> None:
    group = orm.Group.find(handler.db, group_name)
    before = dict(group.properties or {}) if group else {}
    with body_of(handler, lambda body: {**before, **body} if isinstance(body, dict) else body):
        original(handler, group_name)


@instead("only-the-first-member-is-removed", groups.GroupUsersAPIHandler, "delete")
async def _(original: Any, handler: Any, group_name: str) -> None:
    with body_of(handler, lambda body: {**body, "users": body["users"][:1]}):
        await original(handler, group_name)


@instead("members-change-with-the-reading-scope", groups.GroupUsersAPIHandler, "post")
def _(original: Any, handler: Any, group_name: str) -> Any:
    return also_with("read:groups")(original, handler, group_name)


@instead("refused-group-is-made-all-the-same", groups.GroupAPIHandler, "post")
async def _(original: Any, handler: Any, group_name: str) -> None:
    try:
        await original(handler, group_name)
    except web.HTTPError as error:
        if error.status_code == 400 and not orm.Group.find(handler.db, group_name):
            handler.db.add(orm.Group(name=group_name))
            handler.db.commit()
        raise


@instead("members-before-an-unknown-one-are-added", groups.GroupUsersAPIHandler, "post")
def _(original: Any, handler: Any, group_name: str) -> None:
    try:
        original(handler, group_name)
    except web.HTTPError as error:
        group = orm.Group.find(handler.db, group_name)
        body = handler.get_json_body() if error.status_code == 400 and group else None
        for name in (body or {}).get("users", ()):
            if not (user := isinstance(name, str) and handler.find_user(name)):
                break
            group.users.append(user.orm_user)
        handler.db.commit()
        raise


@instead("deleted-group-leaves-its-properties", groups.GroupAPIHandler, "post")
async def _(original: Any, handler: Any, group_name: str) -> None:
    await original(handler, group_name)
    group = orm.Group.find(handler.db, group_name)
    group.properties = _graves.get(group_name, group.properties)
    handler.db.commit()


_graves: dict[str, Any] = {}


@instead("deleted-group-leaves-its-properties", groups.GroupAPIHandler, "delete")
def _(original: Any, handler: Any, group_name: str) -> None:
    group = orm.Group.find(handler.db, group_name)
    found = dict(group.properties or {}) if group else None
    original(handler, group_name)
    if found:
        _graves[group_name] = found


@instead("service-loses-its-info", services.ServiceAPIHandler, "service_from_spec")
def _(original: Any, handler: Any, spec: Any) -> Any:
    return original(handler, {**spec, "info": {}})


@instead("services-listed-to-anybody", services.ServiceListAPIHandler, "get")
def _(original: Any, handler: Any) -> Any:
    return (unguarded(original) if handler.current_user else original)(handler)


@instead("service-removed-with-the-listing-scope", services.ServiceAPIHandler, "delete")
def _(original: Any, handler: Any, service_name: str) -> Any:
    return also_with("list:services")(original, handler, service_name)


@instead("removed-service-leaves-its-token", services.ServiceAPIHandler, "remove_service")
async def _(original: Any, handler: Any, service: Any, orm_service: Any) -> None:
    handler.services.pop(service.name, None)
    await asyncio.sleep(0)


@instead("activity-goes-back", users.ActivityAPIHandler, "post")
def _(original: Any, handler: Any, user_name: str) -> None:
    body = handler.get_json_body()
    original(handler, user_name)
    user = handler.find_user(user_name)
    for name, said in (body.get("servers") or {}).items():
        stamp = users._parse_timestamp(said["last_activity"])
        user.orm_spawners[name].last_activity = stamp
    handler.db.commit()


@instead("zone-is-dropped", users, "_parse_timestamp")
def _(original: Any, timestamp: Any) -> Any:
    original(timestamp)
    return users.parse_date(timestamp).replace(tzinfo=None)


@instead("refused-activity-counts-for-the-user", users.ActivityAPIHandler, "post")
def _(original: Any, handler: Any, user_name: str) -> None:
    try:
        original(handler, user_name)
    except web.HTTPError as error:
        if error.status_code == 400 and (user := handler.find_user(user_name)):
            user.last_activity = utcnow(with_tz=False)
            handler.db.commit()
        raise


@instead("activity-of-a-server-is-the-users", users.ActivityAPIHandler, "post")
def _(original: Any, handler: Any, user_name: str) -> None:
    original(handler, user_name)
    body, user = handler.get_json_body(), handler.find_user(user_name)
    for spawner in user.orm_spawners.values() if body.get("last_activity") else ():
        spawner.last_activity = user.last_activity
    handler.db.commit()
