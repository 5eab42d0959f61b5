"""Servers: the user options of a start, and the display name given with one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from ..rules import rule
from ..sandbox import Sandbox, User
from ._servers import (
    an_object,
    listed,
    model_of,
    moment,
    path_of,
    servers_in,
    servers_of,
    started,
    stopped,
)
from .test_servers_edit import WRONG_TYPES

NAME = "with-options"
OPTIONS = {"hubconf": {"deep": [1, 2.5, None, True], "text": "Größe"}, "hubconf-none": None}


def options_of(user: User, **more: Any) -> dict[str, Any]:
    """Return the run's user options and these."""
    return {**(user.sandbox.user_options or {}), **more}


@dataclass(frozen=True)
class Story:
    """One user's default server, started three times; a named one ran beside the first start."""

    user: User
    first: dict[str, Any]
    named: dict[str, Any] | None
    stopped: dict[str, Any]
    without: dict[str, Any]
    replaced: dict[str, Any]


@pytest.fixture(scope="module")
def story(shared: Sandbox, runner: User, named_servers: bool) -> Story:
    """Starts with options, without any, and with others."""
    user = shared.user("options")
    started(user, options=OPTIONS)
    named = started(user, NAME, options={"hubconf": "named"}) if named_servers else None
    first = model_of(user)
    stopped(user)
    at_rest = shared.server_model(user) or {}
    answer = shared.hub.post(path_of(user))
    assert answer.status in (201, 202), answer
    shared.await_start(user)
    without = model_of(user)
    stopped(user)
    return Story(user, first, named, at_rest, without, started(user, options={"new": 2}))


@rule("servers/user-options-are-stored-as-given", needs="spawn")
def test_stored(story: Story) -> None:
    """The options of a start are in the model as they were given, whatever JSON they hold."""
    assert story.first.get("user_options") == options_of(story.user, **OPTIONS)


@rule("servers/user-options-of-a-stopped-server-are-shown", since="3.0", needs="spawn")
def test_shown_when_stopped(story: Story) -> None:
    """The model of a stopped server shows the options of its last start."""
    assert story.stopped.get("user_options") == options_of(story.user, **OPTIONS)


@rule("servers/user-options-are-kept-for-the-next-start", needs="spawn")
def test_kept(story: Story) -> None:
    """A start without options uses those of the start before."""
    assert story.without.get("user_options") == options_of(story.user, **OPTIONS)


@rule("servers/user-options-are-replaced-not-merged", needs="spawn")
def test_replaced(story: Story) -> None:
    """A start with options forgets all options of the start before."""
    assert story.replaced.get("user_options") == options_of(story.user, new=2)


@rule("servers/user-options-are-the-same-wherever-read", needs="spawn")
def test_everywhere(story: Story, version: tuple[int, int]) -> None:
    """A server's options are in the list of users, one's own model, and the server by itself."""
    user, hub = story.user, story.user.sandbox.hub
    for model in (listed(hub, user), an_object(user.hub.get("/user"))):
        assert servers_in(model or {})[""].get("user_options") == options_of(user, new=2)
    if version >= (6, 0):
        single = an_object(hub.get(f"{user.path}/servers/"))
        assert single["user_options"] == options_of(user, new=2)


@rule("servers/restart-is-a-new-start", needs="spawn")
def test_restart(story: Story) -> None:
    """A stopped server can be started again, and `started` is then later than before."""
    times = [moment(model.get("started")) for model in (story.first, story.without, story.replaced)]
    assert times == sorted(set(times)), times


@rule("servers/user-options-belong-to-one-server", needs=("spawn", "named-servers"))
def test_not_shared(story: Story) -> None:
    """The options of one server are not those of another of the same user."""
    assert story.named
    assert story.named.get("user_options") == options_of(story.user, hubconf="named")
    assert "new" not in model_of(story.user, NAME)["user_options"]


@rule("servers/options-and-display-name-of-a-start", since="6.0", needs=("spawn", "named-servers"))
def test_wrapped(user: User, runner: User) -> None:
    """A start may give a display name beside `user_options`; both are stored."""
    body = {"display_name": "Größe 2", "user_options": options_of(user, hubconf=1)}
    answer = user.sandbox.hub.post(path_of(user, NAME), json=body)
    assert answer.status in (201, 202), answer
    user.sandbox.await_start(user, NAME)
    model = model_of(user, NAME)
    assert model["user_options"] == body["user_options"], model
    assert model["display_name"] == "Größe 2", model


@rule("servers/start-refuses-wrong-types", since="6.0", needs="spawn")
@pytest.mark.parametrize("server", ["", NAME], ids=["default", "named"])
def test_wrong_types(request: pytest.FixtureRequest, user: User, runner: User, server: str) -> None:
    """A body, options or a display name of another type are refused with 400; nothing starts."""
    if server:
        request.getfixturevalue("enabled_named_servers")
    cells = {**WRONG_TYPES, "display-name": {"display_name": 3}}
    found = {
        label: user.sandbox.hub.post(path_of(user, server), json=body).status
        for label, body in cells.items()
    }
    assert found == dict.fromkeys(cells, 400)
    assert servers_of(user) == {}
    assert set(servers_of(user, with_stopped=True)) <= {""}


@rule("servers/start-refuses-malformed-json", needs="spawn")
@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_malformed(user: User, runner: User, method: str) -> None:
    """A start or stop whose body is no JSON is refused with 400, and nothing starts."""
    answer = user.sandbox.hub.request(method, path_of(user), data="{broken")
    assert answer.status == 400, answer
    assert servers_of(user) == {}
