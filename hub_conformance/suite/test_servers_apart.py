"""Servers: what reading, starting, stopping and other servers leave as it is."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from ..named import trio_names
from ..rules import not_applicable, rule
from ..sandbox import Sandbox, User
from ._servers import (
    STOPPED,
    an_object,
    listed,
    model_of,
    path_of,
    servers_in,
    servers_of,
    start,
    stopped,
    user_model,
)
from .test_servers_edit import NAME, OTHER, create, patch, read

GIVEN: dict[str, Any] = {
    "display_name": "Größe 2",
    "user_options": {"hubconf": {"deep": [1, None]}},
}
#: How a server can be read, beside by its user's name.
ELSEWHERE: dict[str, Callable[[User], dict[str, Any] | None]] = {
    "list": lambda user: listed(user.sandbox.hub, user),
    "own": lambda user: an_object(user.hub.get("/user")),
}


# --- reading


@pytest.mark.parametrize("where", ELSEWHERE)
@rule("servers/user-is-the-same-wherever-read", needs="spawn")
def test_same_user(where: str, runner: User) -> None:
    """The list of users, and `GET /user`, have the `server` and `pending` of the user's model."""
    found, model = ELSEWHERE[where](runner), user_model(runner)
    assert found, f"{runner.name} is not listed"
    for field in ("server", "pending"):
        assert found.get(field, "missing") == model.get(field), (field, found)


@pytest.mark.parametrize("which", ["created", "default"])
@rule("servers/read-one-shows-the-same-stopped-server", since="6.0", needs="named-servers")
def test_same_stopped(which: str, user: User) -> None:
    """`GET` of a server that does not run gives the model that the user's model has of it."""
    name = NAME if which == "created" else ""
    if which == "created":
        create(user, **GIVEN)
    else:
        an_object(user.sandbox.hub.patch(path_of(user), json={"display_name": "Mine"}))
    single = read(user, name) if name else an_object(user.sandbox.hub.get(f"{user.path}/servers/"))
    assert single == model_of(user, name, with_stopped=True)


@rule("servers/reading-is-no-activity", since="3.0", needs="named-servers")
def test_reading(resting: tuple[User, str], version: tuple[int, int]) -> None:
    """Whoever looks at a server, its `last_activity` and all else of it stays as it was."""
    user, name = resting
    hub, path = user.sandbox.hub, path_of(user, name)
    before = model_of(user, name, with_stopped=True)
    for caller in (hub, user.hub):
        user_model(user, caller, STOPPED)
        an_object(caller.get("/user"))
        caller.get(f"{path}/progress")
        if version >= (6, 0):
            an_object(caller.get(path))
    assert listed(hub, user)
    assert model_of(user, name, with_stopped=True) == before


@rule("servers/reading-a-running-server-is-no-activity", needs="spawn")
def test_reading_running(runner: User, version: tuple[int, int]) -> None:
    """Reading a server again and again does not bring its `last_activity` forward each time."""
    reads: list[Callable[[], dict[str, Any]]] = [
        lambda: model_of(runner),
        lambda: servers_in(listed(runner.sandbox.hub, runner) or {})[""],
        lambda: servers_in(an_object(runner.hub.get("/user")))[""],
    ]
    if version >= (6, 0):
        reads.append(lambda: an_object(runner.sandbox.hub.get(f"{runner.path}/servers/")))
    for read_it in reads:
        seen = [read_it().get("last_activity") for _ in range(4)]
        # The server itself, or whoever uses it, may be active once meanwhile.
        assert len(set(seen)) <= 2, seen


# --- starting and stopping


@rule("servers/start-and-stop-keep-what-was-given", since="6.0", needs=("spawn", "named-servers"))
def test_kept(user: User, runner: User) -> None:
    """Display name and options outlive starts that say nothing of them, and stops.

    An empty body says nothing, nor does null in the place of the options.
    """
    given = {**GIVEN, "user_options": {**(user.sandbox.user_options or {}), "hubconf": [1]}}
    create(user, **given)
    for body in ({}, {"user_options": None}):
        begin(user, body)
        running = model_of(user, NAME)
        stopped(user, NAME)
        for model in (running, read(user), model_of(user, NAME, with_stopped=True)):
            assert {field: model.get(field) for field in given} == given, (body, model)
        assert read(user) == model_of(user, NAME, with_stopped=True)


@rule(
    "servers/empty-options-take-the-place-of-others", since="6.0", needs=("spawn", "named-servers")
)
def test_empty(user: User, runner: User) -> None:
    """A start whose `user_options` are an empty object forgets those of before."""
    if user.sandbox.user_options:
        not_applicable("--hub-user-options: this hub is started with options")
    create(user, **GIVEN)
    begin(user, {"user_options": {}})
    assert model_of(user, NAME)["user_options"] == {}


def begin(user: User, body: dict[str, Any]) -> None:
    """Start a server with this very body, and wait until it runs."""
    answer = user.sandbox.hub.post(path_of(user, NAME), json=body)
    assert answer.status in (201, 202), answer
    user.sandbox.await_start(user, NAME)


@rule("servers/two-start-at-once", needs=("spawn", "named-servers"))
def test_at_once(user: User, runner: User, version: tuple[int, int]) -> None:
    """Two servers of a user that are asked for at the same time both start."""
    names = ("", trio_names(version)[0])
    with ThreadPoolExecutor(len(names)) as threads:
        answers = list(threads.map(lambda name: start(user, name), names))
    if any(answer.status == 503 for answer in answers):
        not_applicable("this hub starts few servers at once")
    assert all(answer.status in (201, 202) for answer in answers), answers
    for name in names:
        user.sandbox.await_start(user, name)
    assert {name: each.get("ready") for name, each in servers_of(user).items()} == dict.fromkeys(
        names, True
    )


# --- another server


@rule("servers/one-name-of-two-users-is-two-servers", since="6.0", needs="named-servers")
def test_two_users(user: User, sandbox: Sandbox) -> None:
    """What becomes of one user's server is nothing to another's of the same name."""
    other = sandbox.fresh_user()
    before = create(other, **GIVEN)
    create(user, display_name="Mine", user_options={"hubconf": "mine"})
    assert read(other) == before
    patch(user, display_name="Other", user_options={"hubconf": 2})
    assert read(other) == before
    stopped(user, NAME, remove=True)
    assert read(other) == before
    create(user)
    patch(user, name=OTHER)
    assert read(other) == before
