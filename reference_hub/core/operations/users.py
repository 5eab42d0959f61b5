"""Users: list, create, read, change, delete."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator

from .. import access, checks, errors, models, names, pagination, scopes, spawning
from ..call import Call, Reply, created, empty
from ..entities import JSON, User
from ..hub import Hub, set_admin

_READ = (
    "read:users",
    "read:users:name",
    "read:servers",
    "read:users:groups",
    "read:users:activity",
    "read:roles:users",
)
_STATES: dict[str, Callable[[User], bool]] = {
    "inactive": lambda user: not any(server.is_active for server in user.servers.values()),
    "active": lambda user: any(server.is_active for server in user.servers.values()),
    "ready": lambda user: any(server.is_ready for server in user.servers.values()),
}
_SORTS = ("id", "name", "last_activity")


def find(hub: Hub, name: str) -> User:
    """The user, or a 404 (reached only with an unfiltered scope, which may learn of absence)."""
    user = hub.find_user(name)
    if user is None:
        raise errors.no_such_user(name)
    return user


# Lists


def list_users(call: Call) -> Reply:
    """``GET /users``: those the scope reaches, filtered, sorted and cut as the query says."""
    requester = call.require_some("list:users")
    page = pagination.window(call)
    order = sort_key(call)
    state = state_filter(call)
    filters = requester.grants["list:users"]
    check_list_filters(filters)
    found = selected(call.hub, filters, state, call.query.get("name_filter") or "")
    users = ordered(found, order)
    with_stopped = include_stopped_servers(call)
    items = [
        models.user_model(call.hub, requester, user, with_stopped=with_stopped)
        for user in page.cut(users)
    ]
    return Reply(pagination.present(call, page, items, len(users)))


def check_list_filters(filters: scopes.Filters | None) -> None:
    """Raise a 403 for a filter that cannot select users: better nothing than everybody."""
    if filters is not scopes.UNFILTERED and not filters.keys() <= {"user", "group"}:
        raise errors.filter_not_for_list("list:users")


def selected(
    hub: Hub,
    filters: scopes.Filters | None,
    state: Callable[[User], bool] | None,
    name_part: str,
) -> Collection[User]:
    """The users that scope, state and name let through, oldest first."""
    users: Iterable[User] = hub.users.values()
    if filters is scopes.UNFILTERED and state is None and not name_part:
        return hub.users.values()  # as they are: a page of them costs what the page costs
    if filters is not scopes.UNFILTERED:
        users = (u for u in users if scopes.covers(filters, "user", u.name, hub.groups_of))
    if state is not None:
        users = filter(state, users)
    if name_part:
        users = (user for user in users if name_matches(user, name_part))
    return list(users)


def name_matches(user: User, part: str) -> bool:
    """Whether a name contains a text, whatever the case."""
    return part.lower() in user.name.lower()


def ordered(users: Collection[User], order: tuple[str, bool]) -> Collection[User]:
    """The users sorted; those never active come first, and last when descending."""
    key, descending = order
    if key == "name":
        return sorted(users, key=lambda user: user.name, reverse=descending)
    if key == "last_activity":
        active = [user for user in users if user.last_activity]
        active.sort(key=lambda user: user.last_activity or user.created, reverse=descending)
        never = [user for user in users if not user.last_activity]
        return active + never if descending else never + active
    return list(users)[::-1] if descending else users


def sort_key(call: Call) -> tuple[str, bool]:
    """What to sort by, and whether descending. Raises a 400 for anything else."""
    text = call.query.get("sort")
    if text is None:
        return "id", False
    key = text.removeprefix("-")
    if key not in _SORTS:
        raise errors.bad_argument("sort", f"one of {', '.join(_SORTS)}, with - for descending")
    return key, text.startswith("-")


def state_filter(call: Call) -> Callable[[User], bool] | None:
    """What the state argument asks for. Raises a 400 for anything else."""
    state = call.query.get("state")
    if not state:
        return None
    if state not in _STATES:
        raise errors.bad_argument("state", f"one of {', '.join(_STATES)}")
    return _STATES[state]


def include_stopped_servers(call: Call) -> bool:
    """Whether models show stopped servers: on with anything but ``0`` and ``false``."""
    given = call.query.get("include_stopped_servers")
    return given is not None and given.lower() not in {"0", "false"}


# One user


def read_user(call: Call, name: str) -> Reply:
    """``GET /users/{name}``."""
    requester = call.require(*_READ, kind="user", name=name)
    user = find(call.hub, name)
    model = models.user_model(call.hub, requester, user, with_stopped=include_stopped_servers(call))
    if "auth_state" in model:
        model["auth_state"] = user.auth_state
    return Reply(model)


def create_users(call: Call) -> Reply:
    """``POST /users``: several at once; those that exist are passed over."""
    requester = call.require("admin:users")
    body = call.body.optional_object()
    if not body.get("usernames"):
        raise errors.missing("usernames")
    usernames = checks.strings("usernames", body.pop("usernames"))
    admin = wants_admin(requester, body)
    absent = new_names(call.hub, usernames)
    if not absent:
        raise errors.all_users_exist(len(usernames))
    users = [call.hub.add_user(name, admin=admin) for name in absent]
    return created([models.user_model(call.hub, requester, user) for user in users])


def new_names(hub: Hub, usernames: Iterable[str]) -> list[str]:
    """The names, normalised, that nobody bears. Raises a 400 if any is no name at all."""
    wanted = checks.without_repeats(map(names.normalize_username, usernames))
    if bad := [name for name in wanted if not names.is_valid_username(name)]:
        raise errors.invalid_names("user", bad)
    return [name for name in wanted if hub.find_user(name) is None]


def wants_admin(requester: access.Requester, body: JSON) -> bool:
    """Whether the body makes an admin. Raises a 400 for its types, a 403 for non-admins."""
    admin = bool(checks.check_keys(body, checks.USER_KEYS, "user").get("admin", False))
    if admin:
        access.require_admin(requester, "make admins")
    return admin


def create_user(call: Call, name: str) -> Reply:
    """``POST /users/{name}``."""
    # Normalised here as everywhere; the real hub takes the name as the path gives it, and makes
    # a user whom neither a login nor a group's list of members can name.
    name = names.normalize_username(name)
    requester = call.require("admin:users", kind="user", name=name)
    body = call.body.json()
    if call.hub.find_user(name) is not None:
        raise errors.user_exists(name)
    admin = wants_admin(requester, body or {})
    if not names.is_valid_username(name):
        raise errors.invalid_names("user", [name])
    user = call.hub.add_user(name, admin=admin)
    return created(models.user_model(call.hub, requester, user))


def delete_user(call: Call, name: str) -> Reply:
    """``DELETE /users/{name}``: with their tokens, and their servers stopped."""
    requester = call.require("delete:users", kind="user", name=name)
    user = find(call.hub, name)
    if user is requester.owner:
        raise errors.cannot_delete_yourself()
    for server in user.servers.values():
        spawning.stop(call.hub, server)
    call.hub.remove_user(user)
    return empty(204)


def update_user(call: Call, name: str) -> Reply:
    """``PATCH /users/{name}``: name, admin, auth state; all of it or nothing."""
    requester = call.require("admin:users", kind="user", name=name)
    user = find(call.hub, name)
    body = checks.check_keys(call.body.json(), checks.USER_KEYS, "user")
    new_name = checked_new_name(call.hub, user, body)
    check_admin_change(requester, user, body)
    check_changeable(call.hub, body)
    if new_name != user.name:
        call.hub.rename_user(user, new_name)
    if "admin" in body:
        set_admin(user, body["admin"])
    user.auth_state = body.get("auth_state", user.auth_state)
    # Permission was for the old name: under a filter the model may show nothing of the new one.
    model = models.user_model(call.hub, requester, user)
    return Reply({**model, "auth_state": user.auth_state})


def checked_new_name(hub: Hub, user: User, body: JSON) -> str:
    """The name a user will have. Raises a 400 for a bad or a taken one."""
    if body.get("name", user.name) == user.name:
        return user.name
    new_name = names.normalize_username(body["name"])
    if not names.is_valid_username(new_name):
        raise errors.invalid_names("user", [new_name])
    if hub.find_user(new_name) is not None:
        raise errors.name_taken(new_name)
    return new_name


def check_admin_change(requester: access.Requester, user: User, body: JSON) -> None:
    """Raise a 403 where somebody who is no admin touches or makes one."""
    if user.admin:
        access.require_admin(requester, "change admins")
    if body.get("admin"):
        access.require_admin(requester, "make admins")


def check_changeable(hub: Hub, body: JSON) -> None:
    """Raise a 400 for keys that pass the type check and cannot be set."""
    for key in _refused_keys(body):
        raise errors.not_changeable(key)
    if "auth_state" in body and not hub.settings.enable_auth_state:
        raise errors.auth_state_disabled()


def _refused_keys(body: JSON) -> Iterator[str]:
    # Membership and roles have their own ways; the real hub fails on these with a 500.
    yield from (key for key in ("groups", "roles") if key in body)
