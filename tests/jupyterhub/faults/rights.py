"""Faults of rights that show now and then: by one scheme, in one form, beside another scope."""

from __future__ import annotations

import fnmatch
import time
from collections.abc import Callable
from typing import Any

from jupyterhub import orm, scopes  # type: ignore[import-not-found]
from jupyterhub.apihandlers import groups, services, shares, users  # type: ignore[import-not-found]
from jupyterhub.apihandlers.base import APIHandler  # type: ignore[import-not-found]
from jupyterhub.handlers.base import BaseHandler  # type: ignore[import-not-found]
from tornado import web  # type: ignore[import-not-found]

from .planting import instead, unguarded

Held = Any
"""Parsed scopes: of each base all there is, or the names of each kind."""


def _names(held: Held, base: str, kind: str) -> set[str]:
    filters = held.get(base) if isinstance(held, dict) else None
    return set(filters.get(kind, ())) if isinstance(filters, dict) else set()


def _groups_of(db: Any, name: str) -> set[str]:
    user = orm.User.find(db, name.partition("/")[0]) if db else None
    return {group.name for group in user.groups} if user else set()


def _parts(scope: str) -> tuple[str, str, str]:
    base, _, text = scope.partition("!")
    kind, _, name = text.partition("=")
    return base, kind, name


# --- filters


@instead("filter-is-a-pattern", scopes, "has_scope")
def _(original: Any, scope: str, held: Held, **kwargs: Any) -> bool:
    base, kind, name = _parts(scope)
    patterns = [each for each in _names(held, base, kind) if "*" in each]
    found = any(fnmatch.fnmatchcase(name, each) for each in patterns)
    return found or bool(original(scope, held, **kwargs))


@instead("filters-beyond-the-tenth-are-forgotten", scopes, "has_scope")
def _(original: Any, scope: str, held: Held, **kwargs: Any) -> bool:
    base, kind, name = _parts(scope)
    forgotten = name in sorted(_names(held, base, kind))[10:]
    return not forgotten and bool(original(scope, held, **kwargs))


@instead("groups-beyond-the-fourth-do-not-count", scopes, "has_scope")
def _(original: Any, scope: str, held: Held, *, db: Any = None, **kwargs: Any) -> bool:
    base, kind, name = _parts(scope)
    user = orm.User.find(db, name) if db and kind == "user" else None
    if user and name not in _names(held, base, kind) and (wanted := _names(held, base, "group")):
        first = sorted(user.groups, key=lambda group: group.id)[:4]
        return bool({group.name for group in first} & wanted)
    return bool(original(scope, held, db=db, **kwargs))


@instead("two-groups-cover-every-member", scopes, "has_scope")
def _(original: Any, scope: str, held: Held, *, db: Any = None, **kwargs: Any) -> bool:
    base, kind, name = _parts(scope)
    several = kind in ("user", "server") and len(_names(held, base, "group")) > 1
    covered = several and bool(_groups_of(db, name))
    return covered or bool(original(scope, held, db=db, **kwargs))


@instead("filter-for-a-member-opens-the-group", scopes, "has_scope")
def _(original: Any, scope: str, held: Held, *, db: Any = None, **kwargs: Any) -> bool:
    base, kind, name = _parts(scope)
    members = _names(held, base, "user") if kind == "group" else set()
    covered = any(name in _groups_of(db, each) for each in members)
    return covered or bool(original(scope, held, db=db, **kwargs))


@instead("two-groups-show-every-user", scopes, "check_scope_filter")
def _(original: Any, filters: Any, resource: Any, kind: str) -> bool:
    several = filters is not scopes.Scope.ALL and len(filters.get("group", ())) > 1
    return (several and kind == "user") or bool(original(filters, resource, kind))


# --- one's own, and the group one is in


@instead("shares-of-ones-group-need-no-scope", shares.GroupShareListAPIHandler, "get")
def _(original: Any, handler: Any, group_name: str) -> Any:
    member = isinstance(handler.current_user, users.User) and group_name in {
        group.name for group in handler.current_user.groups
    }
    return (unguarded(original) if member else original)(handler, group_name)


def _on_oneself(name: str, owner: Any, method: str) -> None:
    @instead(name, owner, method)
    def _(original: Any, handler: Any, user_name: str, *args: Any) -> Any:
        own = handler.current_user is not None and handler.current_user.name == user_name
        return (unguarded(original) if own else original)(handler, user_name, *args)


_on_oneself("own-tokens-are-revoked-without-a-scope", users.UserTokenAPIHandler, "delete")
_on_oneself("own-server-starts-without-a-scope", users.UserServerAPIHandler, "post")
_on_oneself("own-shares-are-read-without-a-scope", shares.UserShareListAPIHandler, "get")


@instead("admins-change-themselves-without-a-scope", users.UserAPIHandler, "patch")
def _(original: Any, handler: Any, user_name: str) -> Any:
    user = handler.current_user
    own = user is not None and user.admin and user.name == user_name
    return (unguarded(original) if own else original)(handler, user_name)


@instead("services-read-all-shares", shares.ServerShareAPIHandler, "get")
def _(original: Any, handler: Any, *args: Any) -> Any:
    is_service = isinstance(handler.current_user, orm.Service)
    return (unguarded(original) if is_service else original)(handler, *args)


@instead("services-remove-each-other", services.ServiceAPIHandler, "delete")
def _(original: Any, handler: Any, service_name: str) -> Any:
    is_service = isinstance(handler.current_user, orm.Service)
    return (unguarded(original) if is_service else original)(handler, service_name)


# --- what is told to whom


@instead("header-tells-that-a-user-exists", APIHandler, "write_error")
def _(original: Any, handler: Any, status_code: int, **kwargs: Any) -> None:
    original(handler, status_code, **kwargs)
    named = [*handler.path_kwargs.values(), *handler.path_args]
    if status_code == 404 and named and handler.find_user(named[0]):
        handler.set_header("X-Resource-Kind", "user")


@instead("head-tells-that-a-user-exists", APIHandler, "prepare")
async def _(original: Any, handler: Any) -> None:
    await original(handler)
    path = handler.request.path
    if handler.request.method == "HEAD" and "/users/" in path:
        name = path.rpartition("/users/")[2].split("/")[0]
        handler.set_status(200 if handler.find_user(name) else 404)
        handler.finish()


@instead("conflict-comes-before-the-right", groups.GroupAPIHandler, "post")
async def _(original: Any, handler: Any, group_name: str) -> None:
    if handler.current_user and orm.Group.find(handler.db, group_name):
        raise web.HTTPError(409, f"Group {group_name} already exists")
    await original(handler, group_name)


@instead("unrelated-scope-shows-roles", APIHandler, "user_model")
def _(original: Any, handler: Any, user: Any) -> Any:
    model = original(handler, user)
    if model and "read:metrics" in handler.parsed_scopes:
        model["roles"] = [role.name for role in user.roles]
    return model


@instead("stopped-servers-are-shown-with-oneself", APIHandler, "user_model")
def _(original: Any, handler: Any, user: Any) -> Any:
    model = original(handler, user)
    if handler.include_stopped_servers and handler.request.path.endswith("/user"):
        model.setdefault("servers", {})
    return model


def _unfiltered(name: str, owner: Any, base: str, is_so: Callable[[Any], bool]) -> None:
    @instead(name, owner, "get")
    def _(original: Any, handler: Any) -> Any:
        if handler.current_user and base in handler.parsed_scopes and is_so(handler):
            names = f"{base.replace('list', 'read')}:name"
            every = dict.fromkeys((base, names), scopes.Scope.ALL)
            handler.parsed_scopes = {**handler.parsed_scopes, **every}
        return original(handler)


_unfiltered(
    "list-of-ready-users-is-not-filtered",
    users.UserListAPIHandler,
    "list:users",
    lambda handler: handler.get_argument("state", "") == "ready",
)
_unfiltered(
    "second-page-of-groups-is-not-filtered",
    groups.GroupListAPIHandler,
    "list:groups",
    lambda handler: handler.get_argument("offset", "0") != "0",
)


# --- tokens


def _excess(name: str, checked: Callable[[list[str]], list[str]]) -> None:
    @instead(name, scopes, "_check_token_scopes")
    def _(original: Any, asked: Any, owner: Any, oauth_client: Any) -> None:
        original(checked(list(asked)), owner=owner, oauth_client=oauth_client)


_excess("only-the-last-scope-is-checked", lambda asked: asked[-1:])
_excess("nothing-is-checked-beside-inherit", lambda asked: [] if "inherit" in asked else asked)


def _kept(name: str, keeps: Callable[[str], bool]) -> None:
    @instead(name, scopes, "get_scopes_for")
    def _(original: Any, holder: Any) -> set[str]:
        kept = filter(keeps, holder.scopes) if isinstance(holder, orm.APIToken) else ()
        return {*original(holder), *kept}


_kept("demotion-leaves-scopes-for-the-hub", lambda scope: scope in ("proxy", "read:metrics"))
_kept("demotion-leaves-filters-for-servers", lambda scope: "!server=" in scope)


def _accepted(name: str, is_so: Callable[[Any, Any], bool]) -> None:
    @instead(name, BaseHandler, "get_token")
    def _(original: Any, handler: Any) -> Any:
        found, text = original(handler), handler.get_auth_token()
        if found is not None or not text:
            return found
        late = handler.db.query(orm.APIToken).filter_by(prefix=text[:4])
        return next((each for each in late if each.match(text) and is_so(handler, each)), None)


_accepted("expired-token-with-scopes-lives-on", lambda _, token: token.scopes != ["inherit"])
_accepted(
    "expired-token-follows-progress",
    lambda handler, _: handler.request.path.endswith("/progress"),
)

_seen: dict[str, tuple[float, Any]] = {}


def _scheme(handler: Any) -> str:
    return str(handler.request.headers.get("Authorization", "")).partition(" ")[0].lower()


@instead("revoked-token-counts-by-the-other-scheme", BaseHandler, "get_current_user_token")
def _(original: Any, handler: Any) -> Any:
    user, text = original(handler), handler.get_auth_token()
    if user is not None:
        _seen[text] = (time.monotonic(), user)
    elif text in _seen and _scheme(handler) == "bearer" and time.monotonic() - _seen[text][0] < 60:
        handler._token_authenticated = True
        return _seen[text][1]
    return user


@instead("other-scheme-inherits", BaseHandler, "_resolve_roles_and_scopes")
def _(original: Any, handler: Any) -> None:
    original(handler)
    token = handler.get_token() if handler.current_user else None
    if token is not None and token.user and _scheme(handler) == "bearer":
        handler.expanded_scopes = scopes.get_scopes_for(token.user)
        handler.parsed_scopes = scopes.parse_scopes(handler.expanded_scopes)


def _elsewhere(name: str, find: Callable[[Any], str | None]) -> None:
    @instead(name, BaseHandler, "get_auth_token")
    def _(original: Any, handler: Any) -> Any:
        return original(handler) or find(handler)


_elsewhere("token-in-a-header-for-keys", lambda handler: handler.request.headers.get("X-Api-Key"))
_elsewhere(
    "token-in-the-query-of-a-deletion",
    lambda handler: (
        handler.get_argument("token", None) if handler.request.method == "DELETE" else None
    ),
)
