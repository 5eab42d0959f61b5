"""What the rules about groups share: the model, members on both sides, and users to be members."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

from ..client import Answer
from ..hub import Hub, quoted
from ..sandbox import Sandbox, User
from ..target import Target
from ._credentials import need_scopes
from ._shape import object_of, only_fields, refused, strings
from ._users import read as read_user

#: The version that first had properties.
PROPERTIES = "4.0"
#: Users who are put into groups and taken out again, by all rules about groups.
PEOPLE = 3


def check_rights(target: Target) -> None:
    """End the rule as untested where the run's own token may not do what it is about."""
    need_scopes(target, "admin:groups", "delete:groups", "groups", "read:groups")
    need_scopes(target, "admin:users", "read:users")


@cache
def people(shared: Sandbox) -> tuple[User, User, User]:
    """Users who may be in any group: a rule looks at the groups of its own only."""
    one, two, three = shared.users(PEOPLE, "person")
    return one, two, three


def fields_of(target: Target) -> set[str]:
    """Return the fields of a group's model."""
    return {"kind", "name", "users", "roles"} | has_properties(target)


def has_properties(target: Target) -> set[str]:
    """Return the field of the properties, where the version has it."""
    return {"properties"} if target.applies >= (4, 0) else set()


def path_of(name: str) -> str:
    """Return a group's path below the API's root."""
    return f"/groups/{quoted(name)}"


def made(answer: Answer) -> dict[str, Any]:
    """Return the model of the group that an answer says was made."""
    return object_of(answer, 201)


def read(hub: Hub, name: str) -> dict[str, Any]:
    """Return the model of a group."""
    return object_of(hub.get(path_of(name)))


def check_model(
    model: dict[str, Any], name: str, target: Target, users: Iterable[str] = ()
) -> None:
    """Assert that a model is that of a group without properties, with exactly these members."""
    only_fields(model, fields_of(target))
    expected: dict[str, Any] = {"kind": "group", "name": name, "roles": []}
    expected |= {key: {} for key in has_properties(target)}
    assert {key: model[key] for key in expected} == expected, model
    assert members(model) == sorted(users), model


def members(model: dict[str, Any]) -> list[str]:
    """Return the members of a group in alphabetical order, which the hub does not promise."""
    return sorted(strings(model.get("users")))


def comparable(model: dict[str, Any]) -> dict[str, Any]:
    """Return a model whose members stand in one order."""
    return {**model, "users": members(model)}


def groups_of(hub: Hub, user: User) -> list[str]:
    """Return the groups in the model of a user."""
    return strings(read_user(hub, user.name).get("groups"))


def change(hub: Hub, method: str, group: str, users: Iterable[User | str]) -> dict[str, Any]:
    """Add (POST) or remove (DELETE) members; return the model in the answer."""
    names = [each.name if isinstance(each, User) else each for each in users]
    return object_of(hub.request(method, f"{path_of(group)}/users", json={"users": names}))


def all_absent(hub: Hub, names: Iterable[str]) -> None:
    """Assert that none of the groups is there."""
    for name in names:
        refused(hub.get(path_of(name)), 404)
