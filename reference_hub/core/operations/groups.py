"""Groups: list, create, read, delete, members, properties."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from .. import checks, errors, models, names, pagination, scopes
from ..call import Call, Reply, created, empty
from ..entities import JSON, Group, User
from ..hub import Hub


def find(hub: Hub, name: str) -> Group:
    """The group, or a 404."""
    if name not in hub.groups:
        raise errors.no_such_group(name)
    return hub.groups[name]


def list_groups(call: Call) -> Reply:
    """``GET /groups``: those the scope reaches, oldest first, cut as the query says."""
    requester = call.require_some("list:groups")
    groups = visible_groups(call.hub, requester.grants["list:groups"])
    page = pagination.window(call)
    items = [models.group_model(requester, group) for group in page.cut(groups)]
    return Reply(pagination.present(call, page, items, len(groups)))


def visible_groups(hub: Hub, filters: scopes.Filters | None) -> Collection[Group]:
    """The groups a filter admits. Raises a 403 for one that cannot select groups."""
    if filters is scopes.UNFILTERED:
        return hub.groups.values()
    if not filters.keys() <= {"group"}:
        raise errors.filter_not_for_list("list:groups")
    return [group for group in hub.groups.values() if group.name in filters["group"]]


def create_groups(call: Call) -> Reply:
    """``POST /groups``: several at once, all or none, with the same members."""
    requester = call.require("admin:groups")
    body = call.body.optional_object()
    if not body.get("groups"):
        raise errors.missing("groups")
    wanted = checks.strings("groups", body.pop("groups"))
    checks.check_keys(body, checks.GROUP_KEYS, "group")
    check_creatable(call.hub, wanted)
    members = find_members(call.hub, body.get("users", []))
    made = [create(call.hub, name, members) for name in wanted]
    return created([models.group_model(requester, group) for group in made])


def create_group(call: Call, name: str) -> Reply:
    """``POST /groups/{name}``: the members may come along."""
    requester = call.require("admin:groups", kind="group", name=name)
    body = call.body.json()
    body = {} if body is None else checks.check_keys(body, checks.GROUP_KEYS, "group")
    check_creatable(call.hub, [name])
    members = find_members(call.hub, body.get("users", []))
    return created(models.group_model(requester, create(call.hub, name, members)))


def check_creatable(hub: Hub, wanted: list[str]) -> None:
    """Raise a 409 for groups that exist (or come twice), a 400 for names that are none."""
    seen: set[str] = set()
    for name in wanted:
        if name in hub.groups or name in seen:
            raise errors.group_exists(name)
        seen.add(name)
    if bad := [name for name in wanted if not names.is_valid_group_name(name)]:
        raise errors.invalid_names("group", bad)


def create(hub: Hub, name: str, members: Iterable[User]) -> Group:
    """Make a group with members."""
    group = hub.add_group(name)
    for user in members:
        join(user, group)
    return group


def find_members(hub: Hub, value: JSON) -> list[User]:
    """The users of a body's list, each once. Raises a 400 if one does not exist."""
    found = []
    for name in checks.without_repeats(
        map(names.normalize_username, checks.strings("users", value))
    ):
        user = hub.find_user(name)
        if user is None:
            raise errors.unknown_member(name)
        found.append(user)
    return found


def join(user: User, group: Group) -> None:
    """Make a user a member; a member stays one."""
    group.users[user.number] = user
    user.groups[group.name] = group


def leave(user: User, group: Group) -> None:
    """Make a user no member; others are left alone."""
    group.users.pop(user.number, None)
    user.groups.pop(group.name, None)


def read_group(call: Call, name: str) -> Reply:
    """``GET /groups/{name}``."""
    requester = call.require(
        "read:groups", "read:groups:name", "read:roles:groups", kind="group", name=name
    )
    return Reply(models.group_model(requester, find(call.hub, name)))


def delete_group(call: Call, name: str) -> Reply:
    """``DELETE /groups/{name}``."""
    call.require("delete:groups", kind="group", name=name)
    call.hub.remove_group(find(call.hub, name))
    return empty(204)


def add_users(call: Call, name: str) -> Reply:
    """``POST /groups/{name}/users``."""
    requester = call.require("groups", kind="group", name=name)
    group = find(call.hub, name)
    for user in named_users(call):
        join(user, group)
    return Reply(models.group_model(requester, group))


def remove_users(call: Call, name: str) -> Reply:
    """``DELETE /groups/{name}/users``: the names come in the body."""
    requester = call.require("groups", kind="group", name=name)
    group = find(call.hub, name)
    for user in named_users(call):
        leave(user, group)
    return Reply(models.group_model(requester, group))


def named_users(call: Call) -> list[User]:
    """The users that the body must name."""
    body = checks.check_keys(call.body.json(), checks.GROUP_KEYS, "group")
    if "users" not in body:
        raise errors.missing("users")
    return find_members(call.hub, body["users"])


def put_properties(call: Call, name: str) -> Reply:
    """``PUT /groups/{name}/properties``: they are replaced, not merged."""
    requester = call.require("groups", kind="group", name=name)
    group = find(call.hub, name)
    group.properties = call.body.object()
    return Reply(models.group_model(requester, group))
