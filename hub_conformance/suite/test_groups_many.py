"""Groups: creating several by one request, all of them or none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ..hub import Hub
from ..rules import rule
from ..sandbox import Sandbox
from ..target import Target
from ._groups import (
    all_absent,
    check_model,
    check_rights,
    comparable,
    groups_of,
    path_of,
    people,
    read,
)
from ._shape import refused
from ._users import all_made, names_in, new_names

SEEN = "jupyterhub/apihandlers/groups.py, GroupListAPIHandler"


@pytest.fixture(autouse=True, scope="module")
def _rights(target: Target) -> None:
    check_rights(target)


@rule("groups/several-are-answered-in-order", see=SEEN)
def test_several(hub: Hub, sandbox: Sandbox, target: Target) -> None:
    """Groups created together are answered with 201 and their models, in the order asked for."""
    _, names = new_names(sandbox, "many", 4)
    names.reverse()
    models = all_made(hub.post("/groups", json={"groups": names}))
    assert names_in(models) == names
    for model, name in zip(models, names, strict=True):
        check_model(model, name, target)
    for name, model in ((names[0], models[0]), (names[-1], models[-1])):
        assert read(hub, name) == model


@rule("groups/several-with-members", see=SEEN)
def test_several_with(hub: Hub, sandbox: Sandbox, shared: Sandbox, target: Target) -> None:
    """Members in a request for several groups are in each of them."""
    one, two, _ = people(shared)
    _, names = new_names(sandbox, "filled", 3)
    users = [one.name, two.name]
    models = all_made(hub.post("/groups", json={"groups": names, "users": users}))
    assert names_in(models) == names
    for model, name in zip(models, names, strict=True):
        check_model(model, name, target, users)
        assert comparable(read(hub, name)) == comparable(model)
    assert set(names) <= set(groups_of(hub, two))


@pytest.mark.parametrize("place", [0, 2], ids=["first", "last"])
@rule("groups/several-with-an-existing-one-makes-none", see=SEEN)
def test_one_exists(place: int, hub: Hub, sandbox: Sandbox, shared: Sandbox) -> None:
    """Where one exists, wherever it stands, the request is refused with 409 and makes none."""
    old = sandbox.group("old", [people(shared)[0]])
    before = read(hub, old)
    _, new = new_names(sandbox, "beside", 2)
    refused(hub.post("/groups", json={"groups": [*new[:place], old, *new[place:]]}), 409)
    assert read(hub, old) == before
    all_absent(hub, new)


@rule("groups/name-given-twice-makes-one-or-none", see=SEEN)
def test_twice(hub: Hub, sandbox: Sandbox) -> None:
    """A name that stands twice in a request makes one group, or the request is refused and none."""
    _, names = new_names(sandbox, "twice", 2)
    answer = hub.post("/groups", json={"groups": [names[0], names[1], names[0]]})
    if answer.ok:
        assert names_in(all_made(answer)) == names
    else:
        assert answer.status in (400, 409), answer
        all_absent(hub, names)


@rule("groups/several-with-an-unknown-member-makes-none", see=SEEN)
def test_unknown(hub: Hub, sandbox: Sandbox, shared: Sandbox) -> None:
    """Groups with a member who does not exist are refused with 400, and none is made."""
    _, names = new_names(sandbox, "unknown", 2)
    users = [people(shared)[0].name, sandbox.name("absent")]
    refused(hub.post("/groups", json={"groups": names, "users": users}), 400)
    all_absent(hub, names)


SPOILT: list[dict[str, Any]] = [{"users": None}, {"properties": {}}]


@rule("groups/refused-request-for-several-makes-none", see=SEEN)
def test_refused(hub: Hub, sandbox: Sandbox) -> None:
    """A wrong field beside `groups` is refused with 400, and none of the groups is made."""
    _, names = new_names(sandbox, "spoilt", 2)
    for more in SPOILT:
        refused(hub.post("/groups", json={"groups": names, **more}), 400)
    all_absent(hub, names)


@rule("groups/several-need-names", see=SEEN)
def test_no_names(hub: Hub) -> None:
    """A request for several groups that names none is refused with 400."""
    empty: list[dict[str, Any]] = [{}, {"groups": []}, {"users": []}]
    for body in empty:
        refused(hub.post("/groups", json=body), 400)


#: What may stand in the place of a list of names. No null among them: hubs there are make a group
#: without a name of it, which no request can remove.
NO_NAMES: dict[str, Callable[[str], Any]] = {
    "list": lambda name: [name, [name]],
    "no-list": lambda name: {name: name},
}


@pytest.mark.parametrize("kind", NO_NAMES)
@rule("groups/names-are-a-list-of-strings", see=SEEN)
def test_no_strings(kind: str, hub: Hub, sandbox: Sandbox) -> None:
    """`groups` that is no list of strings is refused with 400, and no group is made."""
    _, names = new_names(sandbox, "typed", 1)
    answer = hub.post("/groups", json={"groups": NO_NAMES[kind](names[0])})
    absent = hub.get(path_of(names[0]))
    refused(answer, 400)
    refused(absent, 404)
