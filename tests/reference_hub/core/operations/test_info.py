from __future__ import annotations

from typing import Any

import pytest

from reference_hub.core import errors
from reference_hub.core.operations import info
from tests.reference_hub.tools import Ask


def test_the_version_is_for_anybody(ask: Ask) -> None:
    assert ask(info.version, who=None).value == {"version": "6.1.1"}


def test_details_need_read_hub(ask: Ask) -> None:
    assert ask(info.info, who="ann").status == 403
    details = ask(info.info, who=ask.token("admin", "read:hub")).value
    assert details.keys() == {"version", "python", "sys_executable", "spawner", "authenticator"}
    assert details["spawner"].keys() == {"class", "version"}


def test_identity_of_a_user(ask: Ask) -> None:
    answer = ask(info.identity, who="ann").value
    assert answer["kind"] == "user"
    assert answer["name"] == "ann"
    assert answer["session_id"] is None
    assert answer["token_id"].startswith("t-")
    assert answer["scopes"] == sorted(answer["scopes"])
    assert "tokens!user=ann" in answer["scopes"]


def test_identity_shows_stopped_servers_on_request(ask: Ask) -> None:
    assert ask(info.identity, who="ann").value["servers"] == {}
    shown = ask(info.identity, who="ann", query="include_stopped_servers=1").value["servers"]
    assert shown[""]["stopped"] is True


def test_identity_of_a_service(ask: Ask) -> None:
    answer = ask(info.identity, who="plain").value
    assert answer["kind"] == "service"
    assert answer["name"] == "plain"
    # Shown, but not held: the scopes tell what the token can do elsewhere.
    assert answer["scopes"] == []


def test_identity_needs_somebody(ask: Ask) -> None:
    assert ask(info.identity, who=None).status == 403
    assert ask(info.identity, who="unknown").status == 403


def test_metrics_count_users_and_need_their_scope(ask: Ask) -> None:
    text = info.metrics(ask.call(ask.token("admin", "read:metrics")))
    assert f"\njupyterhub_total_users {len(ask.hub.users)}\n" in text
    assert "\njupyterhub_running_servers 0\n" in text
    for who in (None, "ann", ask.token("admin", "read:hub")):
        with pytest.raises(errors.HubError, match=r".") as refusal:
            info.metrics(ask.call(who))
        assert refusal.value.status == 403


@pytest.mark.parametrize("body", [{"proxy": "yes"}, {"servers": 1}, {"proxy": None}, [1], "x"])
def test_shutdown_refuses_what_is_not_true_or_false(ask: Ask, body: Any) -> None:
    assert ask(info.shutdown, body=body).status == 400


def test_shutdown_is_for_those_who_hold_it(ask: Ask) -> None:
    assert ask(info.shutdown, who="ann").status == 403
    reply = info.shutdown(ask.call("admin", body={"proxy": True, "servers": False}))
    assert reply.status == 202
    assert reply.stops_hub
