"""Users' servers through the hub's own proxy, and the events of their start."""

from __future__ import annotations

import json
from typing import Any

from reference_hub.core import boot
from reference_hub.core.hub import Settings

from .client import Client, Response
from .conftest import Live


def events(response: Response) -> list[dict[str, Any]]:
    assert response.headers["content-type"] == "text/event-stream"
    assert response.headers["cache-control"] == "no-cache"
    lines = response.content.decode().split("\n\n")
    return [json.loads(line.removeprefix("data: ")) for line in lines if line]


def test_a_running_server_answers_those_who_may(client: Client) -> None:
    assert client("POST", "/hub/api/users/ann/server").status == 201
    assert client("POST", "/hub/api/users/ann/servers/lab").status == 201
    for path in ("/user/ann/api", "/user/ann/lab/api"):
        response = client("GET", path, who="ann")
        assert response.status == 200
        assert response.headers["x-jupyterhub-version"] == "6.1.1"
        assert "version" in response.json
        assert client("GET", path, who="bob").status == 403
        assert client("GET", path, who=None).status == 403
        assert client("GET", f"{path}?token=secret-of-ann", who=None).status == 200
        assert client("GET", f"{path}/status").json.keys() >= {"started", "last_activity"}
    assert client("GET", "/user/ann/nope").status == 404


def test_a_stopped_server_is_looked_for_at_the_hub(client: Client) -> None:
    response = client("GET", "/user/ann/api?x=1", who="ann")
    assert (response.status, response.headers["location"]) == (302, "/hub/user/ann/api?x=1")
    response = client("GET", "/hub/user/ann/api", who="ann")
    assert response.status == 424
    assert client("GET", "/hub/user/bob/api", who="ann").status == 404
    assert client("GET", "/hub/user/nobody/api").status == 404
    assert client("POST", "/hub/user/ann/api", who="bob").status == 424
    assert client("POST", "/hub/user/ann/api", who=None).status == 403
    assert client("PUT", "/hub/user/ann/api").status == 405
    response = client("GET", "/hub/user/ann/api", who=None)
    assert response.headers["location"] == "/hub/login?next=%2Fhub%2Fuser%2Fann%2Fapi"
    assert client("POST", "/user/ann/api").status == 403
    for kind in ("user", "services"):
        response = client("GET", f"/{kind}/ann?x=1", who=None)
        assert (response.status, response.headers["location"]) == (301, f"/{kind}/ann/?x=1")


def test_a_server_that_runs_after_all(client: Client) -> None:
    client("POST", "/hub/api/users/ann/server")
    for asked, led in (
        ("", "?redirects=1"),
        ("?x=1", "?x=1&redirects=1"),
        ("?redirects=3&x=%20", "?x=+&redirects=4"),
        ("?redirects=no", "?redirects=no&redirects=1"),
    ):
        response = client("GET", f"/hub/user/ann/api{asked}", who="ann")
        assert (response.status, response.headers["location"]) == (302, f"/user/ann/api{led}")
    assert client("GET", "/hub/user/ann/api?redirects=4", who="ann").status == 500


def test_elsewhere_leads_to_the_hub(client: Client) -> None:
    assert client("GET", "/", who=None).headers["location"] == "/hub/"
    assert client("GET", "/tree/x", who=None).headers["location"] == "/hub/tree/x"
    assert client("POST", "/tree").status == 403
    assert client("HEAD", "/tree").status == 405


def test_scripts_of_any_site_may_read_the_root(client: Client) -> None:
    for path, method, status in (("", "GET", 200), ("/", "OPTIONS", 200), ("", "DELETE", 405)):
        answer = client(method, f"/hub/api{path}", who=None)
        assert (answer.status, answer.headers["access-control-allow-origin"]) == (status, "*")
    assert "access-control-allow-origin" not in client("GET", "/hub/api/user").headers


def test_the_events_of_a_start_come_live(client: Client) -> None:
    assert client("POST", "/hub/api/users/ann/server", {"delay": 0.2}).status == 202
    told = events(client("GET", "/hub/api/users/ann/server/progress", who="ann"))
    assert [event["progress"] for event in told] == sorted(event["progress"] for event in told)
    assert told[0]["progress"] == 0
    assert told[-1]["ready"] is True
    assert client("GET", told[-1]["url"] + "api", who="ann").status == 200
    (again,) = events(client("GET", "/hub/api/users/ann/server/progress", who="ann"))
    assert again == told[-1]


def test_the_events_of_a_failure(client: Client) -> None:
    body = {"user_options": {"delay": 0.1, "fail": True}}
    assert client("POST", "/hub/api/users/ann/servers/lab", body).status == 202
    told = events(client("GET", "/hub/api/users/ann/servers/lab/progress"))
    assert told[-1]["failed"] is True
    assert not any("ready" in event for event in told)


def test_the_events_of_a_start_that_comes_to_nothing(live: Live) -> None:
    with live.client() as client:
        hurried = Settings(**{**vars(live.hub.settings), "start_timeout": 0.1})
        live.hub.settings, patient = hurried, live.hub.settings
        try:
            assert client("POST", "/hub/api/users/ann/server", {"never_ready": True}).status == 202
            told = events(client("GET", "/hub/api/users/ann/server/progress"))
            assert told[-1]["failed"] is True
            assert "did not answer within 0.1 seconds" in told[-1]["message"]
        finally:
            live.hub.settings = patient


def test_a_start_may_be_waited_for(live: Live) -> None:
    with live.client() as client:
        patient = Settings(**{**vars(live.hub.settings), "slow_spawn_timeout": 5.0})
        live.hub.settings, hurried = patient, live.hub.settings
        try:
            assert client("POST", "/hub/api/users/ann/server", {"delay": 0.1}).status == 201
            failing = {"delay": 0.1, "fail": True}
            assert client("POST", "/hub/api/users/bob/server", failing).status == 400
        finally:
            live.hub.settings = hurried
            boot.reset(live.hub)
