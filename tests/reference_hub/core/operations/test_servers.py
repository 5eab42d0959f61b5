from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from reference_hub.core import boot
from reference_hub.core.entities import JSON
from reference_hub.core.hub import Hub, Settings
from reference_hub.core.operations import servers, tokens, users
from tests.reference_hub.tools import Ask, FakeClock


def with_settings(settings: Settings, clock: FakeClock, **changes: Any) -> Ask:
    return Ask(boot.reset(Hub(replace(settings, **changes), clock)))


def running(ask: Ask, name: str = "ann") -> list[str]:
    return list(ask(users.read_user, name).value["servers"])


def test_two_named_servers_side_by_side(ask: Ask) -> None:
    for name in ("", "aa", "bb"):
        assert ask(servers.start_server, "ann", name, who="ann").status == 201
    assert running(ask) == ["", "aa", "bb"]
    assert ask(servers.stop_server, "ann", "aa", who="ann").status == 204
    assert running(ask) == ["", "bb"]
    assert ask(users.read_user, "ann").value["server"] == "/user/ann/"


def test_a_running_server_is_not_started_again(ask: Ask) -> None:
    for names, known in ((("ann",), "ann"), (("ann", "lab"), "ann:lab")):
        ask(servers.start_server, *names)
        again = ask(servers.start_server, *names)
        assert (again.status, again.value) == (400, f"{known} is already running")


def test_options_are_told_as_long_as_there_are_any(ask: Ask) -> None:
    def told() -> JSON:
        return ask(servers.read_server, "ann").value["user_options"]

    assert told() is None, "it never ran"
    ask(servers.start_server, "ann")
    assert told() == {}
    ask(servers.stop_server, "ann")
    assert told() is None
    ask(servers.start_server, "ann", body={"profile": "big"})
    ask(servers.stop_server, "ann")
    assert told() == {"profile": "big"}


def test_a_pending_start(ask: Ask, clock: FakeClock) -> None:
    body = {"user_options": {"delay": 5}}
    assert ask(servers.start_server, "ann", body=body).status == 202
    assert ask(servers.start_server, "ann", body=body).status == 202
    model = ask(users.read_user, "ann").value
    assert (model["pending"], model["server"]) == ("spawn", None)
    assert model["servers"][""]["ready"] is False
    assert model["servers"][""]["stopped"] is False
    assert ask(servers.update_server, "ann", body={"user_options": {}}).status == 400
    clock.advance(5)
    model = ask(users.read_user, "ann").value
    assert (model["pending"], model["server"]) == (None, "/user/ann/")
    assert ask(servers.start_server, "ann").status == 400


def test_stopping_twice_and_before_any_start(ask: Ask) -> None:
    assert ask(servers.stop_server, "ann").status == 204
    ask(servers.start_server, "ann")
    assert ask(servers.stop_server, "ann").status == 204
    assert ask(servers.stop_server, "ann").status == 204
    assert ask(servers.stop_server, "ann", "nope").status == 404


def test_removing(ask: Ask) -> None:
    ask(servers.start_server, "ann", "lab")
    assert ask(servers.stop_server, "ann", "lab", body={"remove": True}).status == 204
    assert ask(servers.read_server, "ann", "lab").status == 404
    assert ask(servers.stop_server, "ann", body={"remove": True}).status == 400
    assert ask(servers.stop_server, "ann", body={"remove": False}).status == 204


@pytest.mark.parametrize("body", [[1], "x", {"remove": "yes"}, {"remove": 1}])
def test_stops_that_are_refused(ask: Ask, body: Any) -> None:
    assert ask(servers.stop_server, "ann", body=body).status == 400


def test_creating_without_starting(ask: Ask) -> None:
    body = {"display_name": "My lab", "user_options": {"a": 1}}
    answer = ask(servers.create_server, "ann", "lab", body=body)
    assert answer.status == 201
    assert answer.value["display_name"] == "My lab"
    assert answer.value["user_options"] == {"a": 1}
    assert (answer.value["stopped"], answer.value["started"]) == (True, None)
    assert ask(servers.create_server, "ann", "lab").status == 409
    assert ask(servers.create_server, "ann").status == 409
    assert ask(servers.create_server, "ann", "den").value["display_name"] == "den"


@pytest.mark.parametrize(
    ("body", "options"),
    [
        (None, {}),
        ({}, {}),
        ({"color": "red"}, {"color": "red"}),
        ({"user_options": {"color": "red"}}, {"color": "red"}),
        ({"user_options": None}, {}),
        ({"display_name": "d", "color": "red"}, {}),
        ({"remove": True}, {"remove": True}),
    ],
)
def test_what_counts_as_user_options(ask: Ask, body: Any, options: dict[str, Any]) -> None:
    assert ask(servers.start_server, "ann", "lab", body=body).status == 201
    assert ask(servers.read_server, "ann", "lab").value["user_options"] == options


@pytest.mark.parametrize(
    "body",
    [
        "x",
        [1],
        5,
        {"display_name": 5},
        {"display_name": None},
        {"display_name": " x"},
        {"user_options": []},
        {"user_options": "x"},
    ],
)
def test_bodies_that_are_refused(ask: Ask, body: Any) -> None:
    assert ask(servers.start_server, "ann", "lab", body=body).status == 400
    assert ask(servers.create_server, "ann", "lab", body=body).status == 400
    assert ask(servers.read_server, "ann", "lab").status == 404


@pytest.mark.parametrize("name", ["Lab", "a--b", "1a", "a/b", "x" * 31])
def test_names_that_are_refused(ask: Ask, name: str) -> None:
    assert ask(servers.start_server, "ann", name).status == 400
    assert ask(servers.create_server, "ann", name).status == 400


def test_a_display_name_can_come_with_a_start(ask: Ask) -> None:
    ask(servers.create_server, "ann", "lab")
    ask(servers.start_server, "ann", "lab", body={"display_name": "New"})
    assert ask(servers.read_server, "ann", "lab").value["display_name"] == "New"


def test_a_failed_start(ask: Ask, clock: FakeClock) -> None:
    assert ask(servers.start_server, "ann", body={"fail": True}).status == 400
    assert running(ask) == []
    (event,) = ask(servers.progress, "ann").value
    assert event["failed"] is True
    assert ask(servers.start_server, "ann", body={"user_options": {}}).status == 201
    (event,) = ask(servers.progress, "ann").value
    assert event["ready"] is True


# Changing


def test_renaming(ask: Ask) -> None:
    ask(servers.create_server, "ann", "lab", body={"display_name": "Lab"})
    model = ask(servers.update_server, "ann", "lab", body={"name": "den"}).value
    assert (model["name"], model["display_name"]) == ("den", "Lab")
    assert ask(servers.read_server, "ann", "lab").status == 404
    ask(servers.create_server, "ann", "lab")
    assert ask(servers.update_server, "ann", "lab", body={"name": "den"}).status == 409
    assert ask(servers.update_server, "ann", "lab", body={"name": "lab"}).status == 409
    assert ask(servers.update_server, "ann", "nope", body={"name": "other"}).status == 404


def test_other_changes(ask: Ask) -> None:
    ask(servers.create_server, "ann", "lab")
    body = {"display_name": "The lab", "user_options": {"a": 1}}
    model = ask(servers.update_server, "ann", "lab", body=body).value
    assert (model["display_name"], model["user_options"]) == ("The lab", {"a": 1})
    for nothing in ({"name": None}, {"display_name": ""}, {"display_name": None}):
        assert ask(servers.update_server, "ann", "lab", body=nothing).value == model


@pytest.mark.parametrize(
    "body",
    [
        None,
        {},
        [1],
        "x",
        {"bogus": 1},
        {"name": 5},
        {"name": "Bad"},
        {"user_options": None},
        {"display_name": 5},
        {"display_name": "a  b"},
        {"name": "ok", "display_name": " "},
        {"name": "ok", "user_options": 5},
    ],
)
def test_changes_that_are_refused_change_nothing(ask: Ask, body: Any) -> None:
    before = ask(servers.create_server, "ann", "lab").value
    assert ask(servers.update_server, "ann", "lab", body=body).status == 400
    assert ask(servers.read_server, "ann", "lab").value == before


def test_a_running_server_is_not_changed(ask: Ask) -> None:
    ask(servers.start_server, "ann", "lab")
    ask(servers.create_server, "ann", "den")
    for body in ({"name": "other"}, {"name": "den"}, {"display_name": "x"}):
        assert ask(servers.update_server, "ann", "lab", body=body).status == 400


# Limits


def test_named_servers_can_be_disabled(settings: Settings, clock: FakeClock) -> None:
    ask = with_settings(settings, clock, allow_named_servers=False)
    for operation in (servers.create_server, servers.start_server, servers.stop_server):
        assert ask(operation, "ann", "lab").status == 400
    assert ask(servers.update_server, "ann", body={"name": "lab"}).status == 400
    assert ask(servers.update_server, "ann", body={"display_name": "lab"}).status == 400
    assert ask(servers.start_server, "ann").status == 201


def test_named_servers_can_be_limited(settings: Settings, clock: FakeClock) -> None:
    ask = with_settings(settings, clock, named_server_limit_per_user=1)
    assert ask(servers.create_server, "ann", "lab").status == 201
    assert ask(servers.create_server, "ann", "den").status == 400
    assert ask(servers.start_server, "ann", "den").status == 400
    assert ask(servers.update_server, "ann", body={"name": "den"}).status == 400
    assert ask(servers.update_server, "ann", "lab", body={"name": "den"}).status == 200
    assert ask(servers.start_server, "ann", "den").status == 201
    assert ask(servers.start_server, "ann").status == 201


def test_the_hub_can_be_full(settings: Settings, clock: FakeClock) -> None:
    ask = with_settings(settings, clock, active_server_limit=1)
    assert ask(servers.start_server, "ann").status == 201
    assert ask(servers.start_server, "bob").status == 429
    ask = with_settings(settings, clock, concurrent_spawn_limit=1)
    assert ask(servers.start_server, "ann", body={"delay": 5}).status == 202
    assert ask(servers.start_server, "bob").status == 429
    clock.advance(5)
    assert ask(servers.start_server, "bob").status == 201


# Progress


def test_progress(ask: Ask) -> None:
    assert ask(servers.progress, "ann").status == 404
    assert ask(servers.progress, "ann", "nope").status == 404
    ask(servers.create_server, "ann", "lab")
    assert ask(servers.progress, "ann", "lab").status == 400
    ask(servers.start_server, "ann", "lab", body={"delay": 5})
    events = ask(servers.progress, "ann", "lab").value
    assert events[0]["progress"] == 0
    assert not any("ready" in event or "failed" in event for event in events)


# Who may


def test_who_may(ask: Ask) -> None:
    reader = ask.token("admin", "read:servers")
    assert ask(servers.read_server, "ann", who=reader).status == 200
    for operation in (servers.start_server, servers.create_server, servers.stop_server):
        assert ask(operation, "ann", "lab", who=reader).status == 403
        assert ask(operation, "bob", "lab", who="ann").status == 404
        assert ask(operation, "nobody", "lab").status == 404
    starter = ask.token("admin", "start:servers!server=ann/lab")
    assert ask(servers.start_server, "ann", "lab", who=starter).status == 201
    assert ask(servers.start_server, "ann", who=starter).status == 404
    assert ask(servers.stop_server, "ann", "lab", who=starter).status == 403


def test_the_servers_own_token_is_in_the_list_while_it_runs(ask: Ask) -> None:
    ask(servers.start_server, "ann", "lab")
    notes = [token["note"] for token in ask(tokens.list_tokens, "ann").value["api_tokens"]]
    assert "Server at /user/ann/lab/" in notes
