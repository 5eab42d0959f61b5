"""What the rules about users share: the model, reading it back, and names worth trying."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from string import ascii_lowercase
from typing import Any

from ..client import Answer
from ..hub import Hub, quoted
from ..sandbox import Sandbox
from ..target import Target
from ._credentials import need_scopes
from ._shape import CLOCK_SLACK, hub_time, media_type, moment, object_of, only_fields, seconds_apart

#: Fields of a user that one with `read:users` sees.
FIELDS = {
    "kind",
    "name",
    "admin",
    "roles",
    "groups",
    "server",
    "pending",
    "created",
    "last_activity",
}
#: Fields beside, by the scope that shows them.
SHOWN_BY = {"servers": "read:servers", "auth_state": "admin:auth_state"}
#: What is so of every user who was just made, in every answer that shows one.
FRESH: dict[str, Any] = {
    "kind": "user",
    "groups": [],
    "server": None,
    "servers": {},
    "pending": None,
    "last_activity": None,
}
#: Ends of names that other languages and URLs give a meaning, several of one kind together.
ODD_ENDS = {
    "email": "@host.example",
    "plus": "+tag,a=b&c;d",
    "spaces": " in the middle",
    "percent": "%41%2e100%",
    "query": "?q#f",
    "quotes": "'\"<b>`$x(a)[0]{b}!*~|^:",
    "letters": "-łucja-日本-☃-🎉-" + "x" * 150,
}
#: From this version on a new name is normalised and validated when a user is renamed, too.
CHECKS_NEW_NAMES = "5.5"


def check_rights(target: Target) -> None:
    """End the rule as untested where the run's own token may not do what it is about."""
    need_scopes(target, "admin:users", "delete:users", "list:users", "read:users", "read:servers")


def fields_of(target: Target) -> set[str]:
    """Return the fields of a user's model as the caller sees it."""
    newer = {"user_info"} if target.applies >= (6, 0) else set()
    shown = {field for field, scope in SHOWN_BY.items() if scope in target.owner.scopes}
    return FIELDS | newer | shown


def path_of(name: str) -> str:
    """Return a user's path below the API's root."""
    return f"/users/{quoted(name)}"


def made(answer: Answer) -> dict[str, Any]:
    """Return the model of the user that an answer says was made."""
    return object_of(answer, 201)


def all_made(answer: Answer) -> list[dict[str, Any]]:
    """Return the models of the users, or groups, that an answer says were made."""
    assert answer.status == 201, answer
    assert media_type(answer) == "application/json", f"{answer!r} is {media_type(answer)!r}"
    found = answer.json
    assert isinstance(found, list), f"expected a list, got {found!r}"
    assert all(isinstance(each, dict) for each in found), f"not all are objects: {found}"
    return found


def names_in(models: Iterable[dict[str, Any]]) -> list[Any]:
    """Return the names of models, in their order."""
    return [each.get("name") for each in models]


def read(hub: Hub, name: str, **params: str) -> dict[str, Any]:
    """Return the model of one user."""
    return object_of(hub.get(path_of(name), params=params))


def named(hub: Hub, part: str) -> list[str]:
    """Return the names of all users that contain a text, as the list of users has them."""
    return [str(name) for page in hub.walk("/users", name_filter=part) for name in page.names]


def new_names(sandbox: Sandbox, label: str, count: int) -> tuple[str, list[str]]:
    """Return names that nobody has, and the start they share, which a `name_filter` finds."""
    start = sandbox.name(label)
    return start, [f"{start}-{letter}" for letter in ascii_lowercase[:count]]


def spellings(sandbox: Sandbox) -> tuple[str, str]:
    """Return a name that nobody has in lower and in upper case, but for the start of all names."""
    name = sandbox.name("spelled")
    return name, sandbox.run + name.removeprefix(sandbox.run).upper()


@cache
def normaliser(shared: Sandbox) -> Callable[[str], str]:
    """Return what this hub makes of names: lower case, or nothing where its authenticator says so.

    As seen in a request for several users. Every other way must do the same.
    """
    name, shouted = spellings(shared)
    answer = shared.hub.post("/users", json={"usernames": [shouted]})
    shared.hub.post(path_of(name))  # taken, or another user: in either case it is to be removed
    found = names_in(all_made(answer))
    assert found in ([name], [shouted]), f"{shouted} became {found}"
    return str.lower if found == [name] else str


def check_fresh(model: dict[str, Any], name: str, target: Target, *, admin: bool = False) -> None:
    """Assert that a model is exactly that of a user who was just made."""
    shown = fields_of(target)
    only_fields(model, shown)
    fresh = {field: value for field, value in FRESH.items() if field in shown}
    expected = {**fresh, "name": name, "admin": admin}
    found = {key: model[key] for key in expected}
    assert found == expected, found
    assert type(model["admin"]) is bool, f"admin is {model['admin']!r}"
    check_roles(model, admin=admin)
    moment(model["created"])
    assert model.get("auth_state") is None, "a new user has an authentication state"
    if "user_info" in model:
        assert model["user_info"] in (None, {}), f"user_info is {model['user_info']!r}"


def check_roles(model: dict[str, Any], *, admin: bool) -> None:
    """Assert that a user holds the role of every user, and that of admins or not."""
    roles = model.get("roles")
    assert isinstance(roles, list), f"roles is {roles!r}"
    assert sorted(roles) == (["admin", "user"] if admin else ["user"]), f"roles is {roles}"


def check_created_now(model: dict[str, Any], answer: Answer) -> None:
    """Assert that a user was created at the time of the answer that made them."""
    created = moment(model.get("created"))
    assert seconds_apart(created, hub_time(answer)) <= CLOCK_SLACK, (created, hub_time(answer))


def at_once(send: Callable[[Any], Answer], cases: Iterable[Any]) -> list[Answer]:
    """Send a request for each case, all at the same time; return their answers, in order."""
    wanted = list(cases)
    with ThreadPoolExecutor(len(wanted)) as pool:
        return list(pool.map(send, wanted))


def rename(hub: Hub, name: str, new: str, **more: Any) -> dict[str, Any]:
    """Rename a user; return the model in the answer."""
    model = object_of(hub.patch(path_of(name), json={"name": new, **more}))
    assert model.get("name") == new, f"renamed to {new}, and named {model.get('name')!r}"
    return model


def same_but(model: dict[str, Any], *fields: str) -> dict[str, Any]:
    """Return a model without some fields, and its roles in one order."""
    kept = {key: value for key, value in model.items() if key not in fields}
    roles = kept.get("roles")
    return {**kept, "roles": sorted(roles)} if isinstance(roles, list) else kept
