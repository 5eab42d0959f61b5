"""Servers: renaming and changing a server that does not run (since 6.0)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from ..named import Trio
from ..rules import rule
from ..sandbox import User
from ._servers import NAMED, an_object, model_of, path_of, servers_of, started, stopped
from .test_servers_edit import NAME, OTHER, create, patch, read


def rest_of(model: dict[str, Any], *fields: str) -> dict[str, Any]:
    """Return a model without some fields, nor the state, which says nothing of a stopped server."""
    return {key: value for key, value in model.items() if key not in (*fields, "state")}


@rule("servers/rename-moves-the-server", since="6.0", needs="named-servers")
def test_rename(user: User) -> None:
    """A renamed server is found under its new name only, with names and urls to match."""
    create(user, user_options={"hubconf": 1})
    model = patch(user, name=OTHER)
    assert user.sandbox.hub.get(path_of(user, NAME)).status == 404
    assert set(servers_of(user, with_stopped=True)) - {""} == {OTHER}
    for each in (model, read(user, OTHER)):
        assert (each["name"], each["full_name"]) == (OTHER, f"{user.name}/{OTHER}"), each
        assert each["url"].endswith(f"/{user.name}/{OTHER}/"), each
        assert each["progress_url"].endswith(f"{path_of(user, OTHER)}/progress"), each
        assert each["user_options"] == {"hubconf": 1}, each


@rule("servers/rename-keeps-the-display-name", since="6.0", needs="named-servers")
def test_rename_keeps(user: User) -> None:
    """A display name that was given stays with a renamed server."""
    create(user, display_name="Mine")
    patch(user, name=OTHER)
    assert read(user, OTHER)["display_name"] == "Mine"


@rule("servers/rename-changes-nothing-else", since="6.0", needs="named-servers")
def test_rename_changes_nothing_else(user: User) -> None:
    """Name and addresses apart, a renamed server is as before, its activity included."""
    create(user, display_name="Mine", user_options={"hubconf": 1})
    said = {NAME: {"last_activity": datetime.now(UTC).isoformat()}}
    assert user.sandbox.hub.post(f"{user.path}/activity", json={"servers": said}).ok
    before = read(user)
    assert before.get("last_activity"), before
    patch(user, name=OTHER)
    assert rest_of(read(user, OTHER), *NAMED) == rest_of(before, *NAMED)


@rule("servers/change-leaves-the-other-fields", since="6.0", needs="named-servers")
@pytest.mark.parametrize(
    ("field", "value"),
    [("display_name", "New"), ("user_options", {"hubconf": 2})],
    ids=["display_name", "user_options"],
)
def test_change_leaves(user: User, field: str, value: Any) -> None:
    """A change of one field of a server leaves its other fields as they were."""
    create(user, display_name="Mine", user_options={"hubconf": 1})
    before = read(user)
    answered = patch(user, **{field: value})
    assert answered[field] == value, answered
    for after in (answered, read(user)):
        assert rest_of(after, field) == rest_of(before, field)


@rule("servers/rename-frees-the-old-name", since="6.0", needs="named-servers")
def test_rename_frees(user: User) -> None:
    """After a rename the old name can be taken by a new server, which is another one."""
    create(user, user_options={"hubconf": 1})
    patch(user, name=OTHER)
    assert create(user)["user_options"] in ({}, None)
    assert read(user, OTHER)["user_options"] == {"hubconf": 1}


@rule("servers/renamed-server-starts", since="6.0", needs=("spawn", "named-servers"))
def test_renamed_starts(user: User, runner: User) -> None:
    """A server that ran, was stopped and renamed starts under its new name."""
    started(user, NAME)
    stopped(user, NAME)
    patch(user, name=OTHER)
    assert started(user, OTHER)["url"].endswith(f"/{user.name}/{OTHER}/")
    assert set(servers_of(user, with_stopped=True)) - {""} == {OTHER}


# --- the default server


@rule("servers/default-server-can-be-changed", since="6.0", needs="named-servers")
@pytest.mark.parametrize(
    "body",
    [{"display_name": "Mine"}, {"user_options": {"hubconf": 1}}],
    ids=["display_name", "user_options"],
)
def test_change_default(user: User, body: dict[str, Any]) -> None:
    """A default server that never ran takes a display name and user options, and stays stopped."""
    model = an_object(user.sandbox.hub.patch(path_of(user), json=body))
    assert (model["name"], model["full_name"]) == ("", f"{user.name}/"), model
    assert (model["ready"], model["stopped"], model["pending"]) == (False, True, None), model
    for key, value in body.items():
        assert model[key] == value, model


@rule("servers/default-server-keeps-its-display-name", since="6.0", needs="named-servers")
def test_read_changed_default(user: User) -> None:
    """The display name that a default server was given is what it is read with from then on."""
    an_object(user.sandbox.hub.patch(path_of(user), json={"display_name": "Mine"}))
    assert an_object(user.sandbox.hub.get(f"{user.path}/servers/"))["display_name"] == "Mine"


@rule("servers/default-server-can-be-renamed", since="6.0", needs="named-servers")
def test_rename_default(user: User) -> None:
    """A default server becomes a named one by a rename: with names and urls to match."""
    an_object(user.sandbox.hub.patch(path_of(user), json={"user_options": {"hubconf": 1}}))
    model = an_object(user.sandbox.hub.patch(path_of(user), json={"name": OTHER}))
    for each in (model, read(user, OTHER)):
        assert (each["name"], each["full_name"]) == (OTHER, f"{user.name}/{OTHER}"), each
        assert each["url"].endswith(f"/{user.name}/{OTHER}/"), each
        assert each["user_options"] == {"hubconf": 1}, each


@rule("servers/rename-to-a-taken-name-is-409", since="6.0", needs="named-servers")
@pytest.mark.parametrize("taken", [OTHER, NAME], ids=["another", "its-own"])
def test_rename_taken(user: User, taken: str) -> None:
    """Renaming a server to the name of any server of the user is refused with 409."""
    create(user, user_options={"hubconf": 1})
    create(user, OTHER, user_options={"hubconf": 2})
    answer = user.sandbox.hub.patch(path_of(user, NAME), json={"name": taken})
    assert answer.status == 409, answer
    assert read(user)["user_options"] == {"hubconf": 1}
    assert read(user, OTHER)["user_options"] == {"hubconf": 2}


@rule("servers/rename-to-anothers-name-is-free", since="6.0", needs="named-servers")
def test_rename_to_anothers(user: User, resting: tuple[User, str]) -> None:
    """The names of other users' servers are not taken."""
    create(user)
    assert patch(user, name=resting[1])["name"] == resting[1]


@rule("servers/running-server-cannot-be-changed", since="6.0", needs=("spawn", "named-servers"))
@pytest.mark.parametrize(
    "body",
    [{"name": OTHER}, {"display_name": "New"}, {"user_options": {"hubconf": 9}}],
    ids=["name", "display_name", "user_options"],
)
def test_change_running(trio: Trio, body: dict[str, Any]) -> None:
    """Changing a running server is refused with 400, and it stays as it is."""
    before = model_of(trio.user, trio.first)
    answer = trio.user.sandbox.hub.patch(path_of(trio.user, trio.first), json=body)
    assert answer.status == 400, answer
    after = model_of(trio.user, trio.first)
    for field in ("name", "display_name", "user_options", "ready", "started"):
        assert after.get(field) == before.get(field), after
    assert OTHER not in servers_of(trio.user, with_stopped=True)


@rule("servers/empty-change-is-refused", since="6.0", needs="named-servers")
@pytest.mark.parametrize("data", ["{}", "", "null"], ids=["object", "nothing", "null"])
def test_empty_change(resting: tuple[User, str], data: str) -> None:
    """A change of nothing is refused with 400."""
    user, name = resting
    answer = user.sandbox.hub.patch(path_of(user, name), data=data)
    assert answer.status == 400, answer


@rule("servers/malformed-change-is-refused", since="6.0", needs="named-servers")
def test_malformed_change(resting: tuple[User, str]) -> None:
    """A change that is no JSON is refused with 400."""
    user, name = resting
    answer = user.sandbox.hub.patch(path_of(user, name), data="{broken")
    assert answer.status == 400, answer


@rule("servers/change-of-an-unknown-field-is-refused", since="6.0", needs="named-servers")
def test_unknown_field(user: User) -> None:
    """A change of a field that cannot be changed is refused with 400, and changes nothing."""
    create(user, display_name="One")
    body = {"display_name": "Two", "ready": True}
    answer = user.sandbox.hub.patch(path_of(user, NAME), json=body)
    assert answer.status == 400, answer
    assert read(user)["display_name"] == "One"


@rule("servers/change-of-a-wrong-type-is-refused", since="6.0", needs="named-servers")
@pytest.mark.parametrize(
    "body",
    [{"display_name": 3}, {"user_options": [1]}, {"user_options": "x"}, {"user_options": None}],
    ids=["display_name", "options-list", "options-text", "options-null"],
)
def test_wrong_types(resting: tuple[User, str], body: Any) -> None:
    """A display name or user options of a wrong type are refused with 400, and change nothing."""
    _unchanged_by(resting, body)


@rule("servers/rename-to-no-text-is-refused", since="6.0", needs="named-servers")
def test_name_of_wrong_type(resting: tuple[User, str]) -> None:
    """A new name that is no string is refused with 400, and changes nothing."""
    _unchanged_by(resting, {"name": 3})


@rule("servers/change-that-is-no-object-is-refused", since="6.0", needs="named-servers")
def test_change_of_wrong_type(resting: tuple[User, str]) -> None:
    """A change that is no JSON object is refused with 400, and changes nothing."""
    _unchanged_by(resting, ["name"])


def _unchanged_by(resting: tuple[User, str], body: Any) -> None:
    user, name = resting
    before = an_object(user.sandbox.hub.get(path_of(user, name)))
    answer = user.sandbox.hub.patch(path_of(user, name), json=body)
    assert answer.status == 400, answer
    assert an_object(user.sandbox.hub.get(path_of(user, name))) == before


@rule("servers/change-of-an-unknown-server-is-404", since="6.0", needs="named-servers")
@pytest.mark.parametrize(
    "body",
    [{"name": OTHER}, {"display_name": "New"}, {"user_options": {}}],
    ids=["name", "display_name", "user_options"],
)
def test_change_unknown(alice: User, body: dict[str, Any]) -> None:
    """Changing a named server that the user does not have is 404, and does not create it."""
    answer = alice.sandbox.hub.patch(path_of(alice, "nothing"), json=body)
    assert answer.status == 404, answer
    assert set(servers_of(alice, with_stopped=True)) <= {""}


@rule("servers/display-name-can-be-changed", since="6.0", needs="named-servers")
def test_change_display_name(user: User) -> None:
    """A changed display name is in the answer and stays; name, url and options are as before."""
    before = create(user, user_options={"hubconf": 1})
    changed = patch(user, display_name="Größe 2")
    for model in (changed, read(user), model_of(user, NAME, with_stopped=True)):
        assert model["display_name"] == "Größe 2", model
        for field in ("name", "full_name", "url", "user_options", "ready"):
            assert model[field] == before[field], model


@rule("servers/user-options-can-be-changed", since="6.0", needs="named-servers")
def test_change_options(user: User) -> None:
    """Changed user options take the place of the old ones in the answer."""
    create(user, user_options={"old": 1})
    model = patch(user, user_options={"new": {"deep": 2}})
    assert model["user_options"] == {"new": {"deep": 2}}, model
    assert (model["name"], model["display_name"]) == (NAME, NAME), model


@rule("servers/changed-user-options-are-read-back", since="6.0", needs="named-servers")
def test_read_changed_options(user: User) -> None:
    """Changed user options are what the server is read with from then on."""
    create(user, user_options={"old": 1})
    patch(user, user_options={"new": 2})
    assert read(user)["user_options"] == {"new": 2}
    assert model_of(user, NAME, with_stopped=True)["user_options"] == {"new": 2}


@rule(
    "servers/changed-user-options-are-used-by-the-next-start",
    since="6.0",
    needs=("spawn", "named-servers"),
)
@pytest.mark.parametrize("was", ["created", "run"])
def test_start_with_changed_options(user: User, runner: User, was: str) -> None:
    """A start without options uses those that were changed last."""
    options = {**(user.sandbox.user_options or {}), "hubconf": "changed"}
    if was == "created":
        create(user, user_options={"hubconf": "created"})
    else:
        started(user, NAME, options={"hubconf": "first"})
        stopped(user, NAME)
    patch(user, user_options=options)
    answer = user.sandbox.hub.post(path_of(user, NAME))
    assert answer.status in (201, 202), answer
    user.sandbox.await_start(user, NAME)
    assert model_of(user, NAME)["user_options"] == options


@rule("servers/name-and-display-name-change-together", since="6.0", needs="named-servers")
def test_change_all(user: User) -> None:
    """One request may change name, display name and user options."""
    create(user)
    patch(user, name=OTHER, display_name="New", user_options={"hubconf": 3})
    model = read(user, OTHER)
    assert (model["name"], model["display_name"]) == (OTHER, "New"), model
    assert model["user_options"] == {"hubconf": 3}, model
    assert set(servers_of(user, with_stopped=True)) - {""} == {OTHER}


@rule("servers/refused-rename-changes-nothing-else", since="6.0", needs="named-servers")
def test_refused_rename(user: User) -> None:
    """Where the new name is refused, display name and options of the same request are not taken."""
    create(user, display_name="One", user_options={"hubconf": 1})
    create(user, OTHER)
    body = {"name": OTHER, "display_name": "Two", "user_options": {"hubconf": 2}}
    answer = user.sandbox.hub.patch(path_of(user, NAME), json=body)
    assert answer.status == 409, answer
    model = read(user)
    assert (model["display_name"], model["user_options"]) == ("One", {"hubconf": 1}), model


@rule("servers/change-leaves-other-servers-alone", since="6.0", needs="named-servers")
def test_change_one(user: User) -> None:
    """Changing one server changes no other of the user."""
    create(user)
    before = create(user, OTHER, display_name="Other", user_options={"hubconf": 1})
    patch(user, name="third-name", display_name="New", user_options={})
    after = read(user, OTHER)
    for field in ("name", "display_name", "user_options", "url"):
        assert after[field] == before[field], after
    stopped(user, "third-name", remove=True)
    assert set(servers_of(user, with_stopped=True)) - {""} == {OTHER}
