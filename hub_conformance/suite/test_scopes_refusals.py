"""Scopes: a write that is refused leaves no trace."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from ..hub import Hub
from ..operations import RECIPES, Call
from ..rules import rule
from ..sandbox import Sandbox, User
from ..stage import Stage
from ._scopes import UNRELATED, Desk, outside

pytest_plugins = ("hub_conformance.suite._scopes",)

#: The body that would change something for all to see, where the recipe's own would not.
LOUD: Mapping[str, Callable[[Stage], Any]] = {
    "patch-user": lambda stage: {"admin": True},
    "post-user-activity": lambda stage: {"last_activity": "2026-01-01T12:00:00Z"},
    "post-group-users": lambda stage: {"users": [stage.outsider]},
    "delete-group-users": lambda stage: {"users": [stage.user]},
    "put-group-properties": lambda stage: {"loud": True},
    "patch-user-server": lambda stage: {"user_options": {"loud": True}},
    "patch-user-server-name": lambda stage: {"user_options": {"loud": True}},
    "delete-user-server-name": lambda stage: {"remove": True},
}
#: Writes that name an object, or make one that their body names.
WRITES = [
    "post-users",
    "post-user",
    "delete-user",
    "patch-user",
    "post-user-activity",
    "post-user-tokens",
    "delete-user-token",
    "post-user-server",
    "delete-user-server",
    "patch-user-server",
    "put-user-server-name",
    "post-user-server-name",
    "delete-user-server-name",
    "patch-user-server-name",
    "post-groups",
    "post-group",
    "delete-group",
    "post-group-users",
    "delete-group-users",
    "put-group-properties",
    "post-shares-server",
    "delete-user-shared-server",
    "delete-group-shared-server",
    "post-share-code",
    "post-service",
    "delete-service",
]


@pytest.fixture(autouse=True)
def _named_servers(request: pytest.FixtureRequest) -> None:
    if "server-name" in request.node.name:
        request.getfixturevalue("enabled_named_servers")


@pytest.mark.parametrize("operation", WRITES)
@rule("scopes/refused-write-leaves-no-trace", since="3.0", see="rbac/scopes.html")
def test_no_trace(operation: str, desk: Desk, sandbox: Sandbox) -> None:
    """What is refused for its scopes is not done: all that it names is as before.

    With no scope at all, with scopes that only read, and with the right one for other objects.
    """
    found = desk.operation(operation)
    call = _loud(RECIPES[operation].call(desk.stage), desk.stage)
    if operation in ("post-group-users", "delete-group-users", "put-group-properties"):
        group = sandbox.group("quiet", [User(desk.stage.user, sandbox)])
        call = call.naming(desk.stage.groups, name=group)
    others = [each for need in found.scopes for each in outside(call, need, desk.stage).values()]
    before = _state(sandbox.hub, call, desk.stage)
    for scopes in ([UNRELATED], ["read:users", "read:servers", "read:groups"], others):
        if scopes:
            answer = call.send(desk.limited(*scopes))
            assert answer.status in (403, 404), (scopes, answer)
    assert _state(sandbox.hub, call, desk.stage) == before


def _loud(call: Call, stage: Stage) -> Call:
    make = LOUD.get(call.operation.id)
    return replace(call, body=make(stage)) if make else call


def _state(hub: Hub, call: Call, stage: Stage) -> dict[str, Any]:
    """Status and body of all that may be read of what a call names, in its path and its body."""
    paths = []
    if "/shared/" in call.operation.path:
        paths = [call.path]
    elif call.operation.path.startswith("/users/{name}"):
        user = User(call.names["name"], stage.sandbox)
        paths = [f"{user.path}?include_stopped_servers=1", f"{user.path}/tokens"]
    elif call.names:
        paths = [call.path.removesuffix("/users").removesuffix("/properties")]
    elif isinstance(call.body, dict):
        kind, named = call.operation.path, (*call.body.values(),)[0]
        paths = [f"{kind}/{each}" for each in named]
    answers = {path: hub.get(path) for path in paths}
    return {path: (each.status, each.json) for path, each in answers.items()}


@rule("scopes/refused-stop-leaves-the-server-running", since="3.0", needs="spawn")
def test_refused_stop(desk: Desk, stage: Stage) -> None:
    """A server goes on running when its stop is refused, and starts when the right one asks."""
    path, user = f"/users/{stage.runner}/server", stage.runner
    for scopes in (
        ["read:servers"],
        [f"delete:servers!user={user}2"],
        [f"servers!server={user}/x"],
    ):
        answer = desk.limited(*scopes).delete(path)
        assert answer.status in (403, 404), (scopes, answer)
    if stage.has("6.0"):
        answer = desk.limited("start:servers").delete(path)
        assert answer.status == 403, answer
    model = stage.sandbox.server_model(User(user, stage.sandbox))
    assert (model or {}).get("ready") is True, model


@rule("scopes/starting-and-stopping-are-apart", since="6.0", needs="spawn")
def test_start_and_stop(desk: Desk, stage: Stage, sandbox: Sandbox) -> None:
    """`start:servers` starts a server that `delete:servers` stops, and neither does the other."""
    user = sandbox.user("apart")
    start, stop = (desk.limited(each) for each in ("start:servers", "delete:servers"))
    path = f"{user.path}/server"
    assert stop.post(path, json=stage.user_options).status == 403
    answer = start.post(path, json=stage.user_options)
    assert answer.status in (201, 202), answer
    sandbox.await_start(user)
    assert start.delete(path).status == 403
    assert (sandbox.server_model(user) or {}).get("ready") is True
    answer = stop.delete(path)
    assert answer.status in (202, 204), answer


@rule("scopes/several-users-are-made-together-or-not-at-all", since="5.0", see="rbac/scopes.html")
def test_several(desk: Desk, sandbox: Sandbox) -> None:
    """`POST /users` and `POST /groups` with a scope for one of the names make none of them."""
    for kind, scope in (("users", "admin:users!user"), ("groups", "admin:groups!group")):
        names = [sandbox.name("new"), sandbox.name("new")]
        body = {"usernames" if kind == "users" else "groups": names}
        answer = desk.limited(f"{scope}={names[0]}").post(f"/{kind}", json=body)
        assert answer.status == 403, answer
        assert [sandbox.hub.get(f"/{kind}/{each}").status for each in names] == [404, 404]
