"""Servers: creating without starting, reading one, renaming and changing (since 6.0)."""

from __future__ import annotations

from typing import Any

import pytest

from ..named import Trio
from ..rules import rule
from ..sandbox import User
from ._servers import (
    FIELDS,
    an_object,
    model_of,
    path_of,
    servers_of,
    stopped,
    user_model,
)

NAME, OTHER = "first-name", "other-name"
NO_DISPLAY_NAMES = {
    "number": 3,
    "null": None,
    "list": ["a"],
    "two-lines": "a\nb",
    "spaces-around": " a ",
    "two-spaces": "a  b",
    "too-long": "a" * 256,
}

WRONG_TYPES: dict[str, Any] = {
    "list": [1],
    "text": "text",
    "number": 3,
    "true": True,
    "options-list": {"user_options": [1]},
    "options-text": {"user_options": "x"},
    "options-number": {"user_options": 3},
}


def create(user: User, server: str = NAME, **body: Any) -> dict[str, Any]:
    """Create a server without starting it; return the model in the answer."""
    answer = user.sandbox.hub.put(path_of(user, server), json=body)
    assert answer.status == 201, answer
    found = answer.json
    assert isinstance(found, dict), answer
    return found


def patch(user: User, server: str = NAME, **body: Any) -> dict[str, Any]:
    """Change a server; return the model in the answer."""
    return an_object(user.sandbox.hub.patch(path_of(user, server), json=body))


def read(user: User, server: str = NAME) -> dict[str, Any]:
    """Read one server by itself."""
    return an_object(user.sandbox.hub.get(path_of(user, server)))


# --- several fields at once

#: Longer than any label needs to be, and within what a display name may be.
LONG_NAME = "Größe 日本 ☃ " + "x" * 180


@rule("servers/fields-given-together-all-count", since="6.0", needs="named-servers")
def test_together(user: User) -> None:
    """A creation, and a change, that name several fields, in any order, carry out all of them."""
    label, other = LONG_NAME, f"{LONG_NAME}y"
    create(user, display_name=label, user_options={"a": 1.5})
    _has(read(user), label, {"a": 1.5})
    changed = patch(user, user_options={"b": [2]}, display_name=other)
    _has(changed, other, {"b": [2]})
    renamed = patch(user, name=OTHER, display_name=label, user_options={"c": None})
    _has(renamed, label, {"c": None})
    assert (renamed["name"], read(user, OTHER)["display_name"]) == (OTHER, label)


def _has(model: dict[str, Any], label: str, options: dict[str, Any]) -> None:
    told = (model.get("display_name"), model.get("user_options"))
    assert told == (label, options), model


# --- create


@rule("servers/create-answers-the-stopped-model", since="6.0", needs="named-servers")
def test_create(user: User) -> None:
    """Creating a server answers 201 with its model: nothing runs, nothing was active yet."""
    model = create(user)
    assert set(model) - {"state"} == set(FIELDS)
    assert (model["name"], model["display_name"]) == (NAME, NAME)
    assert model["full_name"] == f"{user.name}/{NAME}"
    assert (model["ready"], model["stopped"], model["pending"]) == (False, True, None), model
    assert (model["started"], model["last_activity"]) == (None, None), model
    assert model["user_options"] in ({}, None), model
    assert model["url"].endswith(f"/user/{user.name}/{NAME}/"), model


@rule("servers/created-server-is-stopped-until-started", since="6.0", needs="named-servers")
def test_created_is_hidden(user: User) -> None:
    """A created server is active nowhere: in `servers` it is shown with the stopped ones only."""
    create(user)
    assert servers_of(user) == {}
    assert model_of(user, NAME, with_stopped=True).get("ready") is False
    assert read(user).get("stopped") is True


@rule("servers/create-changes-nothing-of-the-user", since="6.0", needs="named-servers")
def test_create_beside(user: User) -> None:
    """A server that is created is all that is new of its user, whose own activity it is not."""
    before = user_model(user)
    create(user)
    assert user_model(user) == before
    assert set(servers_of(user, with_stopped=True)) - {""} == {NAME}


@rule("servers/create-of-an-existing-one-is-409", since="6.0", needs="named-servers")
def test_create_twice(user: User) -> None:
    """Creating a server that is there already is refused with 409, and changes nothing of it."""
    create(user, display_name="One", user_options={"hubconf": 1})
    body = {"display_name": "Two", "user_options": {"hubconf": 2}}
    answer = user.sandbox.hub.put(path_of(user, NAME), json=body)
    assert answer.status == 409, answer
    model = read(user)
    assert (model["display_name"], model["user_options"]) == ("One", {"hubconf": 1}), model


@rule("servers/create-of-a-running-one-is-409", since="6.0", needs=("spawn", "named-servers"))
def test_create_running(trio: Trio) -> None:
    """Creating a server that runs already is refused with 409."""
    answer = trio.user.sandbox.hub.put(path_of(trio.user, trio.first))
    assert answer.status == 409, answer
    assert model_of(trio.user, trio.first).get("ready") is True


@rule("servers/default-server-cannot-be-created", since="6.0")
@pytest.mark.parametrize("path", ["/server", "/servers/"], ids=["server", "empty-name"])
def test_create_default(alice: User, path: str) -> None:
    """Creating the default server is refused with 409: every user has one."""
    answer = alice.sandbox.hub.put(alice.path + path)
    assert answer.status == 409, answer


@rule("servers/create-takes-display-name-and-options", since="6.0", needs="named-servers")
def test_create_with(user: User) -> None:
    """A created server has the display name and the user options that it was created with."""
    options = {"hubconf": {"deep": [1, None, "ä"]}}
    made = create(user, display_name="Größe 2", user_options=options)
    for model in (made, read(user), model_of(user, NAME, with_stopped=True)):
        assert model.get("display_name") == "Größe 2", model
        assert model.get("user_options") == options, model


@rule("servers/create-takes-a-bare-body-as-options", since="6.0", needs="named-servers")
def test_create_with_bare_options(user: User) -> None:
    """A body without `user_options` and `display_name` is as a whole the user options."""
    made = create(user, hubconf=1)
    for model in (made, read(user)):
        assert model.get("user_options") == {"hubconf": 1}, model
        assert model.get("display_name") == NAME, model


@rule("servers/display-name-makes-no-options-of-the-body", since="6.0", needs="named-servers")
def test_display_name_alone(user: User) -> None:
    """A body with a display name and no `user_options` gives none."""
    made = create(user, display_name="A name")
    assert made.get("display_name") == "A name"
    assert made.get("user_options") in ({}, None), made


@rule("servers/create-refuses-wrong-types", since="6.0", needs="named-servers")
def test_create_wrong_types(user: User) -> None:
    """A body or `user_options` of another type is refused with 400, and no server is created."""
    found = {
        label: user.sandbox.hub.put(path_of(user, NAME), json=body).status
        for label, body in WRONG_TYPES.items()
    }
    assert found == dict.fromkeys(WRONG_TYPES, 400)
    assert NAME not in servers_of(user, with_stopped=True)


@rule("servers/create-refuses-bad-display-names", since="6.0", needs="named-servers")
def test_create_bad_display_names(user: User) -> None:
    """A display name is 1 to 255 printable characters, no space at either end or doubled."""
    found = {
        label: user.sandbox.hub.put(path_of(user, NAME), json={"display_name": value}).status
        for label, value in NO_DISPLAY_NAMES.items()
    }
    assert found == dict.fromkeys(NO_DISPLAY_NAMES, 400)
    assert NAME not in servers_of(user, with_stopped=True)


@rule("servers/create-refuses-malformed-json", since="6.0", needs="named-servers")
def test_create_malformed(alice: User) -> None:
    """A body that is no JSON is refused with 400, and no server is created."""
    answer = alice.sandbox.hub.put(path_of(alice, NAME), data="{broken")
    assert answer.status == 400, answer
    assert NAME not in servers_of(alice, with_stopped=True)


@rule(
    "servers/created-server-starts-with-its-options", since="6.0", needs=("spawn", "named-servers")
)
def test_created_starts(user: User, runner: User) -> None:
    """A created server is started with the options and the display name of its creation."""
    options = {**(user.sandbox.user_options or {}), "hubconf": "created"}
    create(user, display_name="Made first", user_options=options)
    answer = user.sandbox.hub.post(path_of(user, NAME))
    assert answer.status in (201, 202), answer
    user.sandbox.await_start(user, NAME)
    model = model_of(user, NAME)
    assert (model.get("ready"), model.get("user_options")) == (True, options), model
    assert model.get("display_name") == "Made first", model


# --- read one


@rule("servers/read-one-of-an-unknown-server-is-404", since="6.0")
@pytest.mark.parametrize("name", ["nothing", "säge", "No Such"])
def test_read_unknown(alice: User, name: str) -> None:
    """Reading a named server that the user does not have is 404, and does not create it."""
    answer = alice.sandbox.hub.get(path_of(alice, name))
    assert answer.status == 404, answer
    assert name not in servers_of(alice, with_stopped=True)


@rule("servers/read-one-default-server-always-answers", since="6.0")
def test_read_default(bob: User) -> None:
    """A user's default server can be read before it was ever started."""
    model = read(bob, "")
    assert (model.get("name"), model.get("ready"), model.get("stopped")) == ("", False, True)


@rule("servers/read-one-after-removal-is-404", since="6.0", needs="named-servers")
def test_read_removed(user: User) -> None:
    """A removed server can no longer be read."""
    create(user)
    stopped(user, NAME, remove=True)
    answer = user.sandbox.hub.get(path_of(user, NAME))
    assert answer.status == 404, answer
