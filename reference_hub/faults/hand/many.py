"""Faults in what is made or changed: what a refusal leaves, what one does to others."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ...core import errors, names, spawning
from ...core.call import Call, Reply
from ...core.entities import Phase, Server, User
from ...core.hub import Hub
from ...core.operations import groups, servers, users
from ..changes import answering, doing, on
from ..fault import make


def _one_by_one(original: Any, call: Call) -> Reply:
    body = call.body.json()
    wanted = body.get("groups") if isinstance(body, dict) else None
    for name in wanted if isinstance(wanted, list) else []:
        if name in call.hub.groups or not isinstance(name, str):
            break
        groups.create(call.hub, name, [])
    else:
        for name in wanted or []:
            call.hub.groups.pop(name, None)
    return original(call)  # type: ignore[no-any-return]


def _made_first(original: Any, call: Call, name: str) -> Reply:
    if name in call.hub.groups:
        return original(call, name)  # type: ignore[no-any-return]
    try:
        return original(call, name)  # type: ignore[no-any-return]
    except errors.HubError as error:
        if error.status == 400 and call.requester:
            groups.create(call.hub, name, [])
        raise


def _known_join(original: Any, call: Call, name: str) -> Reply:
    try:
        return original(call, name)  # type: ignore[no-any-return]
    except errors.HubError as error:
        body = call.body.json() if error.status == 400 else None
        given = body.get("users") if isinstance(body, dict) else None
        for each in given if isinstance(given, list) else []:
            if user := call.hub.find_user(str(each)):
                groups.join(user, call.hub.groups[name])
        raise


def _for_all_groups(original: Any, call: Call, name: str) -> Reply:
    reply = original(call, name)
    for group in call.hub.groups.values():
        group.properties = dict(call.hub.groups[name].properties)
    return reply  # type: ignore[no-any-return]


def _text_properties(original: Any, call: Call, name: str) -> Reply:
    reply = original(call, name)
    group = call.hub.groups[name]
    group.properties = {key: str(each) for key, each in group.properties.items()}
    return reply  # type: ignore[no-any-return]


def _leaves_empty(original: Any, hub: Hub, group: Any) -> None:
    for user in list(group.users.values()):
        original_users = dict(user.groups)
        for name in original_users:
            if name != group.name:
                groups.leave(user, user.groups[name])
    original(hub, group)


def _of_the_deleted(original: Any, hub: Hub, name: str) -> Any:
    group = original(hub, name)
    group.properties = _left.pop(name, group.properties)
    return group


def _remembered(original: Any, hub: Hub, group: Any) -> None:
    _left[group.name] = group.properties
    original(hub, group)


_left: dict[str, Any] = {}


def _user_only(original: Any, hub: Hub, name: str, **more: Any) -> User:
    user: User = original(hub, name, **more)
    user.last_activity = hub.clock()
    return user


def _made_though_refused(original: Any, call: Call, name: str) -> Reply:
    try:
        return original(call, name)  # type: ignore[no-any-return]
    except errors.HubError as error:
        if error.status == 400 and names.is_valid_username(name) and call.requester:
            call.hub.find_user(name) or call.hub.add_user(name)
        raise


def _admin_resets_groups(original: Any, entity: Any, admin: bool) -> None:
    original(entity, admin)
    for group in list(getattr(entity, "groups", {}).values()):
        groups.leave(entity, group)


def _merged(original: Any, server: Server, body: Any) -> None:
    before = dict(server.user_options)
    original(server, body)
    if "user_options" in body:
        server.user_options = {**before, **server.user_options}


def _shared_options(original: Any, hub: Hub, server: Server, options: Any) -> None:
    original(hub, server, options)
    for each in server.user.servers.values():
        each.user_options = server.user_options


def _reset_display(original: Any, server: Server, body: Any) -> None:
    original(server, body)
    if "display_name" not in body:
        server.display_name = server.name


def _not_stopped(original: Any, call: Call, name: str) -> Reply:
    user = call.hub.find_user(name)
    kept = {k: s for k, s in call.hub.active_servers.items() if user and s.user is user}
    reply = original(call, name)
    call.hub.active_servers.update(kept)
    for server in kept.values():
        server.phase = Phase.READY
    return reply  # type: ignore[no-any-return]


def _renamed_loses_start(original: Any, server: Server, name: str) -> None:
    original(server, name)
    server.user_options, server.last_activity = {}, None


FAULTS = [
    make(
        "groups/several-partly-made",
        "subtle",
        "post-groups",
        "Groups before one that is refused are made.",
        (*on("post-groups"), doing(_one_by_one)),
    ),
    make(
        "groups/made-though-refused",
        "subtle",
        "post-group",
        "A group that is refused for its body is there all the same.",
        (*on("post-group"), doing(_made_first)),
    ),
    make(
        "groups/known-join-though-refused",
        "subtle",
        "post-group-users",
        "Of members that are refused together the known ones join.",
        (*on("post-group-users"), doing(_known_join)),
    ),
    make(
        "groups/properties-of-all",
        "subtle",
        "put-group-properties",
        "The properties of one group become those of all.",
        (*on("put-group-properties"), doing(_for_all_groups)),
    ),
    make(
        "groups/properties-as-text",
        "subtle",
        "put-group-properties get-group",
        "Values of properties are kept as text.",
        (*on("put-group-properties"), doing(_text_properties)),
    ),
    make(
        "groups/delete-empties-others",
        "subtle",
        "delete-group",
        "The members of a deleted group leave their other groups.",
        (Hub, "remove_group", doing(_leaves_empty)),
    ),
    make(
        "groups/name-keeps-properties",
        "subtle",
        "delete-group post-group",
        "A new group has the properties of a deleted one of its name.",
        (Hub, "remove_group", doing(_remembered)),
        (Hub, "add_group", doing(_of_the_deleted)),
    ),
    make(
        "users/made-active",
        "subtle",
        "post-user post-users",
        "Being made counts as activity.",
        (Hub, "add_user", doing(_user_only)),
    ),
    make(
        "users/made-though-refused",
        "subtle",
        "post-user",
        "A user who is refused for the body is there all the same.",
        (*on("post-user"), doing(_made_though_refused)),
    ),
    make(
        "users/admin-change-leaves-groups",
        "subtle",
        "patch-user",
        "Who becomes an admin, or no longer is one, leaves their groups.",
        (users, "set_admin", doing(_admin_resets_groups)),
    ),
    make(
        "users/servers-outlive-user",
        "subtle",
        "delete-user get-proxy",
        "The servers of a deleted user go on running.",
        (*on("delete-user"), doing(_not_stopped)),
    ),
    make(
        "users/path-names-a-list",
        "subtle",
        "post-user",
        "A new user is answered as a list of one.",
        (*on("post-user"), answering(lambda value: [value])),
    ),
    make(
        "servers/options-merged",
        "subtle",
        "patch-user-server-name patch-user-server",
        "Changed options are merged with those before.",
        (servers, "apply_patch", doing(_merged)),
    ),
    make(
        "servers/options-of-all",
        "subtle",
        "post-user-server-name get-user-server",
        "The options of one server become those of the user's others.",
        (spawning, "start", doing(_shared_options)),
    ),
    make(
        "servers/display-name-reset",
        "subtle",
        "patch-user-server-name",
        "A change of a server resets its display name.",
        (servers, "apply_patch", doing(_reset_display)),
    ),
    make(
        "servers/rename-forgets",
        "subtle",
        "patch-user-server-name",
        "A renamed server has lost its options.",
        (spawning, "rename", doing(_renamed_loses_start)),
    ),
    make(
        "servers/display-name-lost",
        "subtle",
        "put-user-server-name post-user-server-name",
        "The display name of a new server is its name.",
        (
            servers,
            "read_request",
            doing(lambda old, call: replace(old(call), display_name=None)),
        ),
    ),
]
