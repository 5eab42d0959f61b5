"""Users: creating several by one request, all of them or none."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from ..hub import Hub
from ..rules import rule
from ..sandbox import Sandbox, User
from ..target import Target
from ._shape import refused
from ._users import (
    all_made,
    at_once,
    check_created_now,
    check_fresh,
    check_rights,
    named,
    names_in,
    new_names,
    read,
    same_but,
)

SEEN = "jupyterhub/apihandlers/users.py, UserListAPIHandler"
#: More than the smallest of the usual pages holds.
MANY = 12


@pytest.fixture(autouse=True, scope="module")
def _rights(target: Target) -> None:
    check_rights(target)


def create(hub: Hub, names: Any, **more: Any) -> list[dict[str, Any]]:
    """Create users by one request; return the models in the answer."""
    return all_made(hub.post("/users", json={"usernames": names, **more}))


@rule("users/several-are-answered-in-order")
def test_several(hub: Hub, sandbox: Sandbox, target: Target) -> None:
    """Users created together are answered with 201 and their models, in the order asked for.

    However many they are: no page cuts them.
    """
    start, names = new_names(sandbox, "many", MANY)
    names.reverse()
    answer = hub.post("/users", json={"usernames": names})
    models = all_made(answer)
    assert names_in(models) == names
    for model, name in zip(models, names, strict=True):
        check_fresh(model, name, target)
        check_created_now(model, answer)
    assert sorted(named(hub, start)) == sorted(names)
    last = names[-1]
    assert same_but(read(hub, last)) == same_but(models[-1])


@rule("users/several-admins-at-once")
def test_several_admins(hub: Hub, sandbox: Sandbox, target: Target) -> None:
    """`admin` in a request for several users counts for each of them."""
    _, names = new_names(sandbox, "bosses", 2)
    models = create(hub, names, admin=True)
    assert names_in(models) == names
    for model, name in zip(models, names, strict=True):
        check_fresh(model, name, target, admin=True)
        check_fresh(read(hub, name), name, target, admin=True)


@rule("users/only-admin-counts-beside-the-names")
def test_other_keys(hub: Hub, sandbox: Sandbox, target: Target) -> None:
    """Groups, roles or a name beside `usernames` have no effect, or are refused with 400."""
    start, names = new_names(sandbox, "beside", 1)
    other = sandbox.name("other")
    group = sandbox.group("beside")
    body = {"usernames": names, "admin": False, "groups": [group], "roles": ["admin"]}
    answer = hub.post("/users", json={**body, "name": other})
    if answer.status == 400:
        assert named(hub, start) == []
    else:
        found = all_made(answer)
        assert names_in(found) == names, found
        check_fresh(found[0], names[0], target)
        check_fresh(read(hub, names[0]), names[0], target)
    refused(hub.get(f"/users/{other}"), 404, explained=False)


@rule("users/existing-ones-are-passed-over")
def test_some_exist(hub: Hub, sandbox: Sandbox, user: User, target: Target) -> None:
    """Where some exist, the others are created and answered; those who exist stay as they are."""
    before = read(hub, user.name)
    _, names = new_names(sandbox, "others", 2)
    models = create(hub, [names[0], user.name, names[1]], admin=True)
    assert names_in(models) == names
    for name in names:
        check_fresh(read(hub, name), name, target, admin=True)
    assert read(hub, user.name) == before


@rule("users/all-existing-is-409")
def test_all_exist(hub: Hub, alice: User, bob: User) -> None:
    """Where all exist, the request is refused with 409, and they stay as they are."""
    before = [read(hub, user.name) for user in (alice, bob)]
    body = {"usernames": [alice.name, bob.name], "admin": True}
    refused(hub.post("/users", json=body), 409)
    assert [read(hub, user.name) for user in (alice, bob)] == before


@rule("users/several-are-made-once-however-many-ask-at-once")
def test_at_once(hub: Hub, sandbox: Sandbox) -> None:
    """Several requests at once for the same new users make each of them once, and none breaks."""
    start, names = new_names(sandbox, "hurried", 2)
    answers = at_once(lambda _: hub.post("/users", json={"usernames": names}), range(3))
    statuses = {answer.status for answer in answers}
    assert 201 in statuses, answers
    assert statuses <= {201, 409}, answers
    assert sorted(named(hub, start)) == names


@rule("users/name-given-twice-makes-one-user")
def test_twice(hub: Hub, sandbox: Sandbox) -> None:
    """A name that stands twice in a request makes one user, beside the others."""
    start, names = new_names(sandbox, "twice", 2)
    models = create(hub, [names[0], names[1], names[0]])
    assert set(names_in(models)) == set(names)
    assert sorted(named(hub, start)) == names


@rule("users/name-given-twice-is-answered-once", level="SHOULD", see=SEEN)
def test_twice_answered(hub: Hub, sandbox: Sandbox) -> None:
    """The answer to a request with a name twice in it has each user who was created once."""
    _, names = new_names(sandbox, "once", 2)
    models = create(hub, [names[0], names[0], names[1]])
    assert names_in(models) == names


SPOILT: dict[str, dict[str, Any]] = {
    "unknown-key": {"x": 1},
    "admin-text": {"admin": "true"},
    "roles-text": {"roles": "admin"},
}


@rule("users/refused-request-for-several-makes-none")
def test_refused(hub: Hub, sandbox: Sandbox) -> None:
    """A wrong field beside `usernames` is refused with 400, and none of the users is made."""
    start, names = new_names(sandbox, "spoilt", 2)
    for more in SPOILT.values():
        refused(hub.post("/users", json={"usernames": names, **more}), 400)
    assert named(hub, start) == []


@rule("users/several-need-names")
def test_no_names(hub: Hub) -> None:
    """A request for several users that names none is refused with 400."""
    empty: list[dict[str, Any]] = [{}, {"usernames": []}, {"admin": True}]
    for body in empty:
        refused(hub.post("/users", json=body), 400)


#: What may stand in the place of a list of names, made of one name.
NO_NAMES: dict[str, Callable[[str], Any]] = {
    "null": lambda name: [name, None],
    "list": lambda name: [name, [name]],
    "no-list": lambda name: {name: name},
}


@pytest.mark.parametrize("kind", NO_NAMES)
@rule("users/names-are-a-list-of-strings", see=SEEN)
def test_no_strings(kind: str, hub: Hub, sandbox: Sandbox) -> None:
    """`usernames` that is no list of strings is refused with 400, and no user is made."""
    start, names = new_names(sandbox, "typed", 1)
    body = {"usernames": NO_NAMES[kind](names[0])}
    refused(hub.post("/users", data=json.dumps(body)), 400)
    assert named(hub, start) == []
