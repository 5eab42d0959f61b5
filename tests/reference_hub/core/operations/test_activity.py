from __future__ import annotations

from typing import Any

import pytest

from reference_hub.core.operations import activity, servers, users
from tests.reference_hub.tools import Ask

LATER = "2030-01-01T12:30:00Z"
EARLIER = "2030-01-01T11:00:00Z"


def last_activity(ask: Ask) -> Any:
    return ask(users.read_user, "bob").value["last_activity"]


def test_times_move_forward_only(ask: Ask) -> None:
    assert ask(activity.post_activity, "bob", body={"last_activity": LATER}).status == 200
    assert last_activity(ask) == "2030-01-01T12:30:00.000000Z"
    assert ask(activity.post_activity, "bob", body={"last_activity": EARLIER}).status == 200
    assert last_activity(ask) == "2030-01-01T12:30:00.000000Z"


def test_use_of_a_token_does_not_turn_it_back(ask: Ask) -> None:
    ask(activity.post_activity, "bob", who="bob", body={"last_activity": LATER})
    ask(users.read_user, "bob", who="bob")
    assert last_activity(ask) == "2030-01-01T12:30:00.000000Z"


def test_of_servers(ask: Ask) -> None:
    ask(servers.create_server, "bob", "lab")
    body = {"servers": {"lab": {"last_activity": EARLIER}, "": {"last_activity": LATER}}}
    assert ask(activity.post_activity, "bob", body=body).status == 200
    lab, default = ask(servers.read_server, "bob", "lab"), ask(servers.read_server, "bob")
    assert lab.value["last_activity"] == "2030-01-01T11:00:00.000000Z"
    assert default.value["last_activity"] == "2030-01-01T12:30:00.000000Z"
    assert last_activity(ask) is None


_REFUSED: list[Any] = [
    None,
    {},
    [],
    5,
    {"last_activity": "x"},
    {"last_activity": 5},
    {"last_activity": "2030-01-01T13:00:00Z"},
    {"servers": {}},
    {"servers": [1]},
    {"last_activity": LATER, "servers": [1]},
    {"last_activity": LATER, "servers": {"nope": {"last_activity": LATER}}},
    {"last_activity": LATER, "servers": {"": {}}},
    {"last_activity": LATER, "servers": {"": 5}},
    {"last_activity": LATER, "servers": {"": {"last_activity": 5}}},
]


@pytest.mark.parametrize("body", _REFUSED)
def test_what_is_refused_changes_nothing(ask: Ask, body: Any) -> None:
    assert ask(activity.post_activity, "bob", body=body).status == 400
    assert last_activity(ask) is None


def test_clocks_may_differ_by_less_than_an_hour(ask: Ask) -> None:
    body = {"last_activity": "2030-01-01T12:59:00Z"}
    assert ask(activity.post_activity, "bob", body=body).status == 200
    body = {"last_activity": "2030-01-01T12:59:01Z"}
    assert ask(activity.post_activity, "bob", body=body).status == 400


def test_who_may(ask: Ask) -> None:
    body = {"last_activity": LATER}
    assert ask(activity.post_activity, "bob", who="bob", body=body).status == 200
    assert ask(activity.post_activity, "bob", who="ann", body=body).status == 404
    assert ask(activity.post_activity, "bob", who="plain", body=body).status == 403
    assert ask(activity.post_activity, "nobody", body=body).status == 404
