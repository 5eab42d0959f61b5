"""What passes between a client and a server that is a process, through the hub."""

from __future__ import annotations

import json
from typing import Any

import pytest
import requests
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from .conftest import Started


def test_a_request_arrives_as_it_was_sent(hub: Started) -> None:
    answer = hub("PUT", "user/ann/a%2Fb%20c?x=%2F&y", data=b"sent", headers={"X-Own": "1"})
    assert answer.status_code == 203
    seen = answer.json()
    assert (seen["method"], seen["path"], seen["query"], seen["body"]) == (
        "PUT",
        "/user/ann/a%2Fb%20c",
        "x=%2F&y",
        "sent",
    )
    headers = dict(seen["headers"])
    assert headers["host"] == hub.url.split("/")[2]
    assert headers["authorization"] == f"token {hub.token}"
    assert (headers["x-own"], headers["x-forwarded-for"]) == ("1", "127.0.0.1")
    assert "connection" not in headers


def test_a_body_may_come_in_pieces(hub: Started) -> None:
    answer = hub("POST", "user/ann/x", data=iter([b"one", b"two"]))
    assert answer.json()["body"] == "onetwo"


def test_a_header_without_a_value(hub: Started) -> None:
    seen = hub("GET", "user/ann/api", headers={"Authorization": "token ", "X-Own": ""}).json()
    assert {"authorization": "token", "x-own": ""}.items() <= dict(seen["headers"]).items()


def test_headers_of_one_connection_are_not_passed_on(hub: Started) -> None:
    answer = hub("GET", "user/ann/api")
    assert "x-gone" not in answer.headers
    assert answer.headers["content-length"] == str(len(answer.content))


def test_cookies_are_the_users_and_not_the_hubs(hub: Started) -> None:
    assert hub("GET", "user/ann/api").cookies.keys() == ["one", "two"]
    alone = requests.get(f"{hub.url}user/ann/api", timeout=10)
    assert "cookie" not in dict(alone.json()["headers"])


def test_an_answer_comes_while_it_is_made(hub: Started) -> None:
    with hub("GET", "user/ann/stream", stream=True) as answer:
        pieces = answer.iter_content(None)
        assert next(pieces) == b"first"
        requests.get(f"{hub.url}user/ann/let-go", timeout=10).raise_for_status()
        assert next(pieces) == b"second"


def socket(hub: Started, path: str, **options: Any) -> Any:
    return connect(f"ws{hub.url.removeprefix('http')}user/ann/{path}", max_size=None, **options)


def test_websockets(hub: Started) -> None:
    headers = {"X-Own": "!"}
    with socket(hub, "echo", subprotocols=["spoken"], additional_headers=headers) as echo:
        assert echo.subprotocol == "spoken"
        assert echo.recv(10) == hub.url.split("/")[2] + "!"
        for message in ("text", b"\x00\xff", "x" * 3_000_000):
            echo.send(message)
            assert echo.recv(10) == message
        echo.send("end")
        with pytest.raises(ConnectionClosed) as closed:
            echo.recv(10)
    assert closed.value.rcvd is not None
    assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (3999, "asked to")


@pytest.mark.parametrize(("path", "status"), [("refuse", 418), ("no-socket", 403)])
def test_a_refused_websocket(hub: Started, path: str, status: int) -> None:
    with pytest.raises(InvalidStatus) as refused, socket(hub, path):
        pass
    assert refused.value.response.status_code == status


def test_a_websocket_to_nobody(hub: Started) -> None:
    address = f"ws{hub.url.removeprefix('http')}user/nobody/x"
    with pytest.raises(InvalidStatus) as refused, connect(address):
        pass
    assert refused.value.response.status_code == 403


def test_the_process_knows_who_it_is(hub: Started) -> None:
    about = hub("GET", "user/ann/about").json()
    env = about["env"]
    assert "SECRET_OF_THE_HUB" not in env
    assert env["OWN"] == "yes"
    assert env["HOME"] == about["cwd"]
    assert env["JUPYTERHUB_SERVICE_PREFIX"] == "/user/ann/"
    assert json.loads(env["JUPYTERHUB_OAUTH_ACCESS_SCOPES"]) == ["access:servers!server=ann/"]
    me = requests.get(
        f"{env['JUPYTERHUB_API_URL']}/user",
        headers={"Authorization": f"token {env['JUPYTERHUB_API_TOKEN']}"},
        timeout=10,
    ).json()
    assert me["name"] == "ann"
