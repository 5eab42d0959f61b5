"""Servers: the stream of events that tells how a start goes on, and servers while they start."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest

from ..client import Answer
from ..hub import Hub
from ..named import Trio, trio_names
from ..rules import not_applicable, rule
from ..sandbox import Sandbox, User
from ._servers import (
    NAMED,
    happens,
    model_of,
    path_of,
    servers_in,
    start,
    user_model,
)

Events = list[dict[str, Any]]


def progress(user: User, server: str = "", hub: Hub | None = None) -> Events:
    """Read a server's progress stream to its end, and check what holds for every event."""
    seen = (hub or user.sandbox.hub).events(
        f"{path_of(user, server)}/progress", seconds=user.sandbox.spawn_seconds
    )
    assert seen, "the stream ended without an event"
    for event in seen:
        assert isinstance(event.get("message"), str), event
        done = event.get("progress")
        assert isinstance(done, (int, float)), event
        assert not isinstance(done, bool), event
        assert 0 <= done <= 100, event
    return seen


@pytest.fixture(params=["default", "named"])
def server(request: pytest.FixtureRequest, version: tuple[int, int]) -> str:
    """The name of a default and of a named server."""
    if request.param == "default":
        return ""
    request.getfixturevalue("enabled_named_servers")
    return trio_names(version)[0]


# --- of a server that runs


@rule("servers/progress-of-a-running-server-is-one-event", needs="spawn")
@pytest.mark.parametrize("which", [0, 1, 2], ids=["default", "first", "second"])
def test_running(request: pytest.FixtureRequest, runner: User, which: int) -> None:
    """Of a server that runs the stream has one event: ready, 100, and the server's own `url`."""
    name = ""
    if which:
        trio: Trio = request.getfixturevalue("trio")
        name = trio.names[which]
    events = progress(runner, name)
    assert len(events) == 1, events
    assert events[0].get("ready") is True, events
    assert events[0].get("progress") == 100, events
    assert events[0].get("url") == model_of(runner, name)["url"], events
    assert "failed" not in events[0], events


@rule("servers/progress-is-an-event-stream", needs="spawn")
def test_content_type(runner: User) -> None:
    """The stream's content type is text/event-stream; each event is one line of `data:`."""
    answer = runner.sandbox.hub.get(f"{path_of(runner)}/progress")
    assert answer.status == 200, answer
    kind = answer.headers.get("Content-Type", "")
    assert kind.partition(";")[0].strip() == "text/event-stream", kind
    lines = [line for line in answer.text.splitlines() if line and not line.startswith(":")]
    assert lines, answer
    assert all(line.startswith("data: ") for line in lines), lines
    assert answer.text.endswith("\n\n"), "the last event is not ended by an empty line"


@rule("servers/progress-is-not-for-caches", needs="spawn")
def test_cache(runner: User) -> None:
    """No cache answers with the progress of an earlier start: `no-cache`, or `no-store`."""
    answer = runner.sandbox.hub.get(f"{path_of(runner)}/progress")
    said = {each.strip().lower() for each in answer.headers.get("Cache-Control", "").split(",")}
    assert said & {"no-cache", "no-store"}, f"{answer!r}: Cache-Control: {sorted(said)}"


@rule("servers/progress-for-the-owner", needs="spawn")
def test_owner(runner: User) -> None:
    """A user reads the progress of their own server with their own token."""
    assert progress(runner, hub=runner.hub)[-1].get("ready") is True


# --- of one that does not


@rule("servers/progress-of-a-server-never-started-is-refused")
def test_never_started(bob: User) -> None:
    """A server that was never started has no progress: 400 or 404."""
    answer = bob.sandbox.hub.get(f"{path_of(bob)}/progress")
    assert answer.status in (400, 404), answer


@rule("servers/progress-of-a-created-server-is-refused", since="6.0", needs="named-servers")
def test_created(resting: tuple[User, str]) -> None:
    """A server that was created and not started has no progress: 400 or 404."""
    user, name = resting
    answer = user.sandbox.hub.get(f"{path_of(user, name)}/progress")
    assert answer.status in (400, 404), answer


@rule("servers/progress-of-an-unknown-server-is-404")
def test_unknown(bob: User) -> None:
    """A named server that the user does not have, and an unknown user, have no progress: 404."""
    stranger = User(bob.sandbox.name("absent"), bob.sandbox)
    for path in (path_of(bob, "nothing"), path_of(stranger), path_of(stranger, "nothing")):
        answer = bob.sandbox.hub.get(f"{path}/progress")
        assert answer.status == 404, answer


# --- while it starts


@pytest.fixture
def begun(user: User, server: str, runner: User) -> Iterator[Future[Answer]]:
    """A start that another thread has asked for, so that it can be watched."""
    with ThreadPoolExecutor(1) as thread:
        asked = thread.submit(start, user, server)
        yield asked
        asked.result()
        user.sandbox.await_start(user, server)


def pending_model(user: User, server: str, begun: Future[Answer]) -> dict[str, Any]:
    """Return the user's model as seen while the server starts: active, and not ready yet."""
    while True:
        is_last = begun.done()
        model = user_model(user)
        found = servers_in(model).get(server)
        if found and (found.get("pending") or found.get("ready") is not True):
            return model
        if is_last:
            assert found, f"{begun.result()!r}, and the server is not in {model}"
            not_applicable("this hub starts servers faster than one can look")


@dataclass(frozen=True)
class Watched:
    """A server as its user's model had it while it started, and as it is when it runs."""

    server: str
    pending: dict[str, Any]
    ready: dict[str, Any]


@pytest.fixture(scope="module", params=["default", "named"])
def watched(request: pytest.FixtureRequest, shared: Sandbox, version: tuple[int, int]) -> Watched:
    """A start that was watched."""
    server = ""
    if request.param == "named":
        request.getfixturevalue("enabled_named_servers")
        server = trio_names(version)[0]
    request.getfixturevalue("runner")  # by which a hub that starts none is found out
    user = shared.user("watched")
    with ThreadPoolExecutor(1) as thread:
        pending = pending_model(user, server, thread.submit(start, user, server))
    shared.await_start(user, server)
    return Watched(server, pending, model_of(user, server))


@rule("servers/pending-while-it-starts", needs="spawn")
def test_pending(watched: Watched) -> None:
    """A server that starts is pending: spawn and not ready; so is the user, of the default one."""
    model, server = watched.pending, watched.server
    found = servers_in(model)
    assert set(found) == {server}, found
    assert (found[server]["pending"], found[server]["ready"]) == ("spawn", False), found
    assert found[server].get("stopped", False) is False, found
    assert model.get("pending", "missing") == (None if server else "spawn"), model
    assert model.get("server", "missing") is None, model


@rule("servers/starting-server-is-at-its-place", needs="spawn")
def test_place_when_pending(watched: Watched) -> None:
    """A server that starts has its names and addresses already."""
    model = servers_in(watched.pending)[watched.server]
    for field in (*NAMED, "display_name"):
        assert model.get(field) == watched.ready.get(field), (field, model)


@rule("servers/progress-of-a-start", needs="spawn")
def test_progress_of_a_start(user: User, server: str, begun: Future[Answer]) -> None:
    """The stream of a start never falls back; only its last event is ready, and then it is so."""
    pending_model(user, server, begun)
    events = progress(user, server)
    done = [event["progress"] for event in events]
    assert done == sorted(done), done
    for event in events[:-1]:
        assert not {"ready", "failed"} & set(event), event
    assert events[-1].get("ready") is True, events
    assert events[-1]["progress"] == 100, events
    model = model_of(user, server)
    assert (model.get("ready"), model.get("url")) == (True, events[-1].get("url")), model


@rule("servers/progress-is-for-any-number-of-readers", needs="spawn")
@pytest.mark.parametrize("server", ["default"], indirect=True)
def test_two_readers(user: User, server: str, begun: Future[Answer]) -> None:
    """Two who read the progress of one start are both told that it is ready."""
    pending_model(user, server, begun)
    with ThreadPoolExecutor(2) as threads:
        read = [threads.submit(progress, user, server) for _ in range(2)]
    for each in read:
        assert each.result()[-1].get("ready") is True, each.result()


@rule("servers/start-of-a-pending-server-is-202", needs="spawn")
@pytest.mark.parametrize("server", ["default"], indirect=True)
def test_start_when_pending(user: User, server: str, begun: Future[Answer]) -> None:
    """Starting a server that is starting answers 202, and there is one start only."""
    pending_model(user, server, begun)
    answer = start(user, server)
    still = user_model(user).get("pending")
    if answer.status == 400 and begun.result().status == 201 and not still:
        not_applicable("this hub starts servers faster than one can ask again")
    assert answer.status == 202, answer
    assert begun.result().status in (201, 202)


@rule("servers/stop-of-a-pending-server", needs="spawn")
def test_stop_when_pending(user: User, runner: User, version: tuple[int, int]) -> None:
    """Since 5.0 a stop ends a start that goes on; before, it is refused with 400."""
    answer = start(user)
    if answer.status != 202 or not user_model(user).get("pending"):
        not_applicable("this hub does not leave its starts pending")
    answer = user.sandbox.hub.delete(path_of(user))
    if version < (5, 0):
        assert answer.status == 400, answer
        return
    assert answer.status in (202, 204), answer
    happens(user, lambda: not servers_in(user_model(user)), "the server that started to stop")
