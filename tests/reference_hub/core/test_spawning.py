from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from reference_hub.core import oauth, spawning, tokens
from reference_hub.core.entities import Phase, Server
from reference_hub.core.hub import Hub
from reference_hub.core.spawners import Simulated
from tests.reference_hub.tools import START, FakeClock, refusal


@pytest.fixture
def server(hub: Hub) -> Server:
    user = hub.find_user("ann")
    assert user is not None
    return user.servers[""]


def test_starting_takes_no_time(hub: Hub, server: Server) -> None:
    spawning.start(hub, server, {"color": "red"})
    assert server.is_ready
    assert server.started == server.last_activity == server.user.last_activity == START
    assert server.user_options == {"color": "red"}
    assert hub.active_servers == {"ann/": server}


def test_what_a_server_may_do(hub: Hub, server: Server) -> None:
    hub.settings = replace(
        hub.settings,
        server_token_scopes=["servers!server", "admin:users"],
        oauth_client_allowed_scopes=["read:servers!server"],
    )
    spawning.start(hub, server, None)
    assert server.token is not None
    may = tokens.scopes_of(hub, server.token)
    assert {"servers!server=ann/", "users:activity!user=ann"} <= may
    assert not any(scope.startswith(("admin:", "tokens")) for scope in may)
    client = oauth.of_server(hub, server)
    assert client.allowed == ("read:servers!server=ann/",)
    assert client.may_have(["read:servers!server=ann/"])


def test_unless_the_options_ask_for_some(hub: Hub, server: Server, clock: FakeClock) -> None:
    spawning.start(hub, server, {"delay": 2})
    assert server.pending == "spawn"
    clock.advance(1.9)
    spawning.settle_all(hub)
    assert server.phase is Phase.STARTING
    clock.advance(0.1)
    spawning.settle_all(hub)
    assert server.is_ready
    assert server.pending is None


def test_or_for_a_failure(hub: Hub, server: Server, clock: FakeClock) -> None:
    with refusal(400):
        spawning.start(hub, server, {"fail": True})
    assert not server.is_active
    spawning.start(hub, server, {"fail": True, "delay": 1})
    assert server.failure is None
    clock.advance(1)
    spawning.settle_all(hub)
    assert not server.is_active
    assert server.failure is not None
    assert hub.active_servers == {}
    assert spawning.final_event(hub, server)["failed"] is True


def test_a_server_that_never_answers(hub: Hub, server: Server, clock: FakeClock) -> None:
    spawning.start(hub, server, {"never_ready": True})
    clock.advance(hub.settings.start_timeout - 1)
    spawning.settle_all(hub)
    assert server.pending == "spawn"
    clock.advance(1)
    spawning.settle_all(hub)
    assert server.failure == "it did not answer within 60 seconds"
    assert spawning.final_event(hub, server)["failed"] is True
    spawning.start(hub, server, {})  # and another time it does
    assert server.is_ready


class Recorded(Simulated):
    """A spawner that somebody else plays."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def begin(self, hub: Hub, server: Server, secret: str) -> None:
        found = hub.find_token(secret)
        assert found is server.token
        self.told.append(f"begin {server.full_name}")

    def end(self, server: Server) -> None:
        self.told.append(f"end {server.full_name}")


def test_another_spawner_decides(hub: Hub, server: Server, clock: FakeClock) -> None:
    hub.spawner = spawner = Recorded()
    spawning.start(hub, server, None)
    clock.advance(3600)
    spawning.settle_all(hub)
    assert server.pending == "spawn"
    spawning.tell(server, 70, "nearly there")
    assert server.events[-1] == {"progress": 70, "message": "nearly there"}
    spawning.make_ready(hub, server)
    assert server.is_ready
    spawning.stop(hub, server)
    spawning.start(hub, server, None)
    spawning.fail(hub, server, "no room")
    assert (server.failure, server.is_active, server.state) == ("no room", False, {})
    assert spawner.told == ["begin ann/", "end ann/"] * 2


@pytest.mark.parametrize("delay", ["1", -1, 1e9, True, None, [1]])
def test_a_delay_is_a_number_of_seconds(hub: Hub, server: Server, delay: Any) -> None:
    with refusal(400):
        spawning.start(hub, server, {"delay": delay})
    assert not server.is_active


def test_options_are_remembered(hub: Hub, server: Server) -> None:
    spawning.start(hub, server, {"color": "red"})
    spawning.stop(hub, server)
    spawning.start(hub, server, None)
    assert server.user_options == {"color": "red"}
    spawning.stop(hub, server)
    spawning.start(hub, server, {})
    assert server.user_options == {}


def test_a_running_server_has_a_token_of_its_own(hub: Hub, server: Server) -> None:
    before = set(server.user.tokens)
    spawning.start(hub, server, None)
    (new,) = set(server.user.tokens) - before
    token = server.user.tokens[new]
    assert token.note == "Server at /user/ann/"
    assert set(token.scopes) == {"users:activity!user", "access:servers!server=ann/"}
    spawning.stop(hub, server)
    assert set(server.user.tokens) == before


def test_stopping_calls_a_start_off(hub: Hub, server: Server, clock: FakeClock) -> None:
    spawning.start(hub, server, {"delay": 5})
    clock.advance(1)
    spawning.stop(hub, server)
    clock.advance(10)
    spawning.settle_all(hub)
    assert not server.is_active
    assert server.started is None
    assert spawning.final_event(hub, server)["failed"] is True


def test_the_last_event_of_a_good_start(hub: Hub, server: Server) -> None:
    spawning.start(hub, server, None)
    event = spawning.final_event(hub, server)
    assert event["ready"] is True
    assert event["progress"] == 100
    assert event["url"] == "/user/ann/"


def test_renaming_the_default_server_leaves_a_new_one(server: Server) -> None:
    spawning.rename(server, "old")
    assert server.user.servers["old"] is server
    assert server.user.servers[""] is not server
