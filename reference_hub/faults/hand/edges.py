"""Faults in servers, users, groups and tokens that are seen at the edges only."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ...core import models, pagination, spawning
from ...core.call import Body, Call, Reply
from ...core.entities import Server
from ...core.hub import Hub
from ...core.operations import groups, servers, users
from ...core.operations import tokens as operations
from ...http import routes
from ..changes import answering, doing, on
from ..fault import make

_NAMED = "post-user-server-name delete-user-server-name get-user-server-name"


def _reset_activity(original: Any, hub: Hub, server: Server) -> None:
    original(hub, server)
    server.last_activity = None


def _kept_after_refusal(original: Any, call: Call, user: Any, name: str, request: Any) -> Server:
    if name and name not in user.servers:
        user.servers[name] = Server(user, name, request.display_name or name)
    return original(call, user, name, request)  # type: ignore[no-any-return]


def _stops_siblings(original: Any, hub: Hub, server: Server) -> None:
    original(hub, server)
    if server.name:
        for each in server.user.servers.values():
            original(hub, each)


def _deletes_before_checking(original: Any, call: Call, name: str) -> Reply:
    user = call.hub.find_user(name)
    if user and call.requester and user is call.requester.owner:
        for group in list(user.groups.values()):
            groups.leave(user, group)
    return original(call, name)  # type: ignore[no-any-return]


def _named_is_active(original: Any, hub: Hub, value: Any) -> Any:
    found = [user for user in (hub.find_user(str(name)) for name in value) if user]
    for user in found:
        user.last_activity = hub.clock()
    return original(hub, value)


def _first_only(original: Any, hub: Hub, wanted: Any) -> Any:
    return original(hub, wanted)[:1]


def _renames_first(original: Any, hub: Hub, user: Any, body: Any) -> str:
    new = original(hub, user, body)
    if new != user.name:
        hub.rename_user(user, new)
        body.pop("name", None)
    return str(new)


def _revokes_same_note(original: Any, call: Call, name: str, token_id: str) -> Reply:
    token = operations.find_token(call.hub, name, token_id)
    reply = original(call, name, token_id)
    for each in list(token.owner.tokens.values()):
        if each.note == token.note:
            call.hub.remove_token(each)
    return reply  # type: ignore[no-any-return]


FAULTS = [
    make(
        "servers/refused-name-is-kept",
        "subtle",
        "post-user-server-name put-user-server-name",
        "A named server that is refused is there all the same.",
        (servers, "get_or_create", doing(_kept_after_refusal)),
    ),
    make(
        "servers/stop-takes-siblings",
        "subtle",
        _NAMED,
        "Stopping a named server stops all of the user.",
        (spawning, "stop", doing(_stops_siblings)),
    ),
    make(
        "servers/remove-only-stops",
        "subtle",
        "delete-user-server-name",
        "remove is ignored.",
        (
            *on("delete-user-server-name"),
            doing(lambda old, call, *names: old(replace(call, body=Body()), *names)),
        ),
    ),
    make(
        "servers/stop-removes",
        "subtle",
        "delete-user-server-name",
        "A named server that is stopped is removed.",
        (
            *on("delete-user-server-name"),
            doing(
                lambda old, call, *names: old(replace(call, body=Body(b'{"remove":true}')), *names)
            ),
        ),
    ),
    make(
        "servers/start-is-200",
        "medium",
        "post-user-server post-user-server-name",
        "A start is answered 200.",
        (
            servers,
            "start_reply",
            doing(lambda old, server: replace(old(server), status=200)),
        ),
    ),
    make(
        "servers/pending-is-201",
        "subtle",
        "post-user-server post-user-server-name",
        "A start that goes on is answered 201.",
        (
            servers,
            "start_reply",
            doing(lambda old, server: replace(old(server), status=201)),
        ),
    ),
    make(
        "servers/progress-never-ready",
        "subtle",
        "get-user-server-progress get-user-server-name-progress",
        "The events of a start do not say that the server is ready.",
        (
            spawning,
            "final_event",
            doing(
                lambda old, hub, server: {
                    key: each for key, each in old(hub, server).items() if key != "ready"
                }
            ),
        ),
    ),
    make(
        "servers/url-of-the-default",
        "subtle",
        "get-user-server-name get-user",
        "A named server's url is that of the default one.",
        (models, "server_url", doing(lambda _, hub, server: models.user_url(hub, server.user))),
    ),
    make(
        "servers/stop-resets-activity",
        "subtle",
        "delete-user-server delete-user-server-name",
        "A stopped server has never been active.",
        (spawning, "stop", doing(_reset_activity)),
    ),
    make(
        "tokens/revoking-takes-those-of-the-note",
        "subtle",
        "delete-user-token",
        "Revoking a token revokes those with the same note.",
        (*on("delete-user-token"), doing(_revokes_same_note)),
    ),
    make(
        "users/only-first-made",
        "subtle",
        "post-users",
        "Of several new users only the first is made.",
        (users, "new_names", doing(_first_only)),
    ),
    make(
        "users/renamed-though-refused",
        "subtle",
        "patch-user",
        "A change that is refused has renamed the user.",
        (users, "checked_new_name", doing(_renames_first)),
    ),
    make(
        "users/refused-deletion-leaves-groups",
        "subtle",
        "delete-user",
        "Who may not delete themselves loses their groups.",
        (*on("delete-user"), doing(_deletes_before_checking)),
    ),
    make(
        "groups/naming-counts-as-activity",
        "subtle",
        "post-group-users",
        "Being named as a member counts as activity.",
        (groups, "find_members", doing(_named_is_active)),
    ),
    make(
        "pagination/total-one-more",
        "subtle",
        "get-users get-groups",
        "total is one too many.",
        (
            pagination,
            "page_model",
            doing(lambda old, call, page, items, total: old(call, page, items, total + 1)),
        ),
    ),
    make(
        "services/list-lacks-last",
        "subtle",
        "get-services",
        "The last service is not listed.",
        (*on("get-services"), answering(lambda v: dict(list(v.items())[:-1]))),
    ),
    make(
        "fuzz/properties-by-post",
        "gross",
        "put-group-properties",
        "A group's properties are replaced by POST, and PUT is a 405.",
        (routes.API, "/groups/{name}/properties", lambda found: {"POST": found["PUT"]}),
    ),
]
