"""The websocket of a simulated server: who gets it opened, and what is said on it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection, connect

from reference_hub.running import RunningHub

EVENTS = "api/events/subscribe"


@pytest.fixture(scope="module")
def hub() -> Iterator[RunningHub]:
    with RunningHub() as running:
        for name in ("ann", "bob"):
            running.add_user(name)
        for server in ("", "lab"):
            running.start_server("ann", server)
        yield running


def socket(hub: RunningHub, path: str, token: str = "", query: str = "") -> ClientConnection:
    headers = {"Authorization": f"token {token}"} if token else {}
    address = f"ws{hub.url.removeprefix('http')}user/{path}{query}"
    return connect(address, additional_headers=headers, proxy=None)


def refusal(hub: RunningHub, path: str, token: str = "") -> int:
    with pytest.raises(InvalidStatus) as refused, socket(hub, path, token):
        pass
    return refused.value.response.status_code


@pytest.mark.parametrize("server", ["ann", "ann/lab"])
def test_it_opens_to_those_who_may_use_the_server(hub: RunningHub, server: str) -> None:
    path = f"{server}/{EVENTS}"
    for token in (hub.admin_token, hub.token("ann")):
        with socket(hub, path, token) as opened:
            assert opened.ping(b"there?").wait(10)
            opened.send("what is said is not heard")
            assert opened.ping(b"still?").wait(10)
    with socket(hub, path, query=f"?token={hub.admin_token}") as opened:
        assert opened.ping().wait(10)


def test_it_is_refused_to_others_and_where_there_is_none(hub: RunningHub) -> None:
    bobs, path = hub.token("bob"), f"ann/{EVENTS}"
    assert [refusal(hub, path, token) for token in ("", "none", bobs)] == [403] * 3
    assert refusal(hub, "ann/api/status", hub.admin_token) == 404
    assert refusal(hub, f"bob/{EVENTS}", hub.admin_token) == 403
    assert refusal(hub, f"%ff/{EVENTS}", hub.admin_token) == 400


def test_it_is_no_page(hub: RunningHub) -> None:
    headers = {"Authorization": f"token {hub.admin_token}"}
    answer = requests.get(f"{hub.url}user/ann/{EVENTS}", headers=headers, timeout=10)
    assert (answer.status_code, answer.headers["Upgrade"]) == (426, "websocket")


def test_a_refusal_leaves_the_log_silent(
    hub: RunningHub, capfd: pytest.CaptureFixture[str]
) -> None:
    assert refusal(hub, f"ann/{EVENTS}") == 403
    assert requests.get(f"{hub.api_url}/", timeout=10).status_code == 200
    assert capfd.readouterr() == ("", "")
