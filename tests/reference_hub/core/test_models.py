from __future__ import annotations

import pytest

from reference_hub.core import access, models
from reference_hub.core.entities import JSON
from reference_hub.core.operations import groups, info, servers, services, users
from tests.reference_hub.tools import Ask

_NAME = {"kind", "name"}


@pytest.mark.parametrize(
    ("scope", "fields"),
    [
        ("read:users:name", {"admin", "user_info"}),
        ("read:users:groups", {"groups"}),
        ("read:users:activity", {"last_activity"}),
        ("read:roles:users", {"roles", "admin"}),
        ("read:servers", {"servers", "admin", "user_info"}),
        (
            "read:users",
            {"admin", "user_info", "roles", "groups", "server", "pending", "created"}
            | {"last_activity"},
        ),
    ],
)
def test_which_scope_shows_which_field_of_a_user(ask: Ask, scope: str, fields: set[str]) -> None:
    answer = ask(users.read_user, "ann", who=ask.token("admin", scope))
    assert answer.value.keys() == fields | _NAME


@pytest.mark.parametrize(
    ("scope", "fields"),
    [
        ("read:groups:name", set()),
        ("read:groups", {"users", "properties"}),
        ("read:roles:groups", {"roles"}),
    ],
)
def test_which_scope_shows_which_field_of_a_group(ask: Ask, scope: str, fields: set[str]) -> None:
    answer = ask(groups.read_group, "team", who=ask.token("admin", scope))
    assert answer.value.keys() == fields | _NAME


@pytest.mark.parametrize(
    ("scope", "fields"),
    [
        ("read:services:name", {"admin"}),
        ("read:roles:services", {"admin", "roles"}),
        ("read:services", {"admin", "url", "prefix", "command", "pid", "info", "display"}),
    ],
)
def test_which_scope_shows_which_field_of_a_service(ask: Ask, scope: str, fields: set[str]) -> None:
    answer = ask(services.read_service, "boss", who=ask.token("admin", scope))
    assert answer.value.keys() == fields | _NAME


def test_state_is_for_admins_of_servers(ask: Ask) -> None:
    assert "state" in ask(servers.read_server, "ann").value
    assert "state" not in ask(servers.read_server, "ann", who="ann").value


def test_a_server_filter_shows_that_server_and_its_user(ask: Ask) -> None:
    ask(servers.create_server, "ann", "lab")
    ask(servers.create_server, "ann", "den")
    secret = ask.token("admin", "read:servers!server=ann/lab", "read:users:name")
    answer = ask(users.read_user, "ann", who=secret, query="include_stopped_servers=1")
    assert list(answer.value["servers"]) == ["lab"]


def test_without_access_to_servers_there_is_no_such_field(ask: Ask) -> None:
    secret = ask.token("admin", "read:servers!server=ann/lab", "read:users")
    assert "servers" not in ask(users.read_user, "bob", who=secret).value


def test_urls_are_escaped(ask: Ask) -> None:
    ask(users.create_user, "é b@c")
    model: JSON = ask(servers.read_server, "é b@c").value
    assert model["url"] == "/user/%C3%A9%20b@c/"
    assert model["progress_url"] == "/hub/api/users/%C3%A9%20b@c/server/progress"


def test_named_servers_live_below_their_user(ask: Ask) -> None:
    model = ask(servers.create_server, "ann", "lab").value
    assert model["url"] == "/user/ann/lab/"
    assert model["progress_url"] == "/hub/api/users/ann/servers/lab/progress"
    assert model["full_name"] == "ann/lab"


def test_token_models_carry_the_scopes_in_force(ask: Ask) -> None:
    requester = ask.call(ask.token("ann", "self")).requester
    assert isinstance(requester, access.Requester)
    model = models.token_model(ask.hub, requester.token)
    assert set(model["scopes"]) == requester.scopes
    assert model["user"] == "ann"
    assert model["roles"] == []


def test_any_token_shows_at_least_its_owner(ask: Ask) -> None:
    answer = ask(info.identity, who=ask.token("ann"))
    assert answer.value["name"] == "ann"
    assert answer.value["groups"] == ["team"]
    assert "created" not in answer.value
