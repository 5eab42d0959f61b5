"""The fixture for authors of clients, used the way they would."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from starlette.types import ASGIApp

from reference_hub import Hub, Settings, create_app
from reference_hub.core import boot
from reference_hub.core.errors import HubError
from reference_hub.running import InProcessHub, RunningHub


@pytest.fixture(scope="module")
def server() -> Iterator[RunningHub]:
    with RunningHub() as hub:
        yield hub


@pytest.fixture
def hub(server: RunningHub) -> RunningHub:
    server.reset()
    return server


def get(hub: RunningHub, path: str, token: str = "", scheme: str = "token") -> Any:
    headers = {"Authorization": f"{scheme} {token or hub.admin_token}"}
    return requests.get(f"{hub.api_url}{path}", headers=headers, timeout=10)


def test_filled_and_as_good_as_new(hub: RunningHub) -> None:
    hub.add_user("ann", in_groups=["team"])
    hub.add_group("empty", size=1)
    hub.add_service("culler", api_token="secret-of-culler", scopes=["list:users"])
    hub.start_server("ann")
    assert [user["name"] for user in get(hub, "/users", "secret-of-culler").json()] == [
        "admin",
        "ann",
    ]
    assert get(hub, "/groups/team").json()["users"] == ["ann"]
    assert get(hub, "/users/ann").json()["servers"][""]["ready"]
    old = hub.admin_token
    hub.reset()
    assert [user["name"] for user in get(hub, "/users").json()] == ["admin"]
    assert get(hub, "/user", old).status_code == 403
    assert get(hub, "/services").json() == {}


def test_time_passes_when_told(hub: RunningHub) -> None:
    hub.add_user("ann")
    token = hub.token("ann", scopes=["read:users!user"], expires_in=3600)
    assert get(hub, "/user", token).json()["name"] == "ann"
    hub.start_server("ann", delay=60)
    assert get(hub, "/users/ann").json()["servers"][""]["pending"] == "spawn"
    hub.clock.advance(61)
    assert get(hub, "/users/ann").json()["servers"][""]["ready"]
    hub.clock.advance(3600)
    assert get(hub, "/user", token).status_code == 403


def test_shares(hub: RunningHub) -> None:
    hub.add_user("bob")
    hub.start_server("ann")
    hub.share("ann", "", user="bob")
    token = hub.token("bob")
    answer = requests.get(
        f"{hub.url}user/ann/api", headers={"Authorization": f"token {token}"}, timeout=10
    )
    assert answer.status_code == 200
    with pytest.raises(ValueError, match="no group 'nobody'"):
        hub.share("ann", "", group="nobody")


def test_what_was_received(hub: RunningHub) -> None:
    assert hub.requests == []
    get(hub, "/users/a%2Fb?x=1")
    (only,) = hub.requests
    assert (only.method, only.path, only.query) == ("GET", "/hub/api/users/a%2Fb", "x=1")
    assert only.status == 404
    assert only.headers["authorization"] == f"token {hub.admin_token}"


def test_bodies_that_were_received(hub: RunningHub) -> None:
    headers = {"Authorization": f"token {hub.admin_token}"}
    hub.answer_with(503, "/users/ben")
    for name in ("ann", "ben"):
        body = {"admin": True, "name": name * 100_000}
        requests.post(f"{hub.api_url}/users/{name}", json=body, headers=headers, timeout=10)
    assert [json.loads(each.body)["name"][:3] for each in hub.requests] == ["ann", "ben"]
    assert [each.status for each in hub.requests] == [201, 503]


def test_an_answer_prescribed(hub: RunningHub) -> None:
    hub.answer_with(503, "/users", times=2, headers={"Retry-After": "1"})
    assert get(hub, "/info").status_code == 200
    refused = get(hub, "/users")
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
    assert [get(hub, "/users").status_code for _ in range(2)] == [503, 200]


def test_other_settings(hub: RunningHub) -> None:
    hub.configure(allow_named_servers=False, admin_users=["root"], load_groups={"team": ["ann"]})
    assert get(hub, "/groups/team").json()["users"] == ["ann"]
    hub.reset()
    assert get(hub, "/groups").json() == []
    with pytest.raises(ValueError, match="base_url"):
        hub.configure(base_url="/x/")


def call(app: ASGIApp, scope: dict[str, Any]) -> list[Any]:
    """What an application answers to a request without a body."""
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    async def ask() -> None:
        await app(scope, receive, send)

    asyncio.run(ask())
    return sent


@pytest.mark.parametrize("more", [{"raw_path": b"/hub/api/groups/a%2Fb"}, {}])
def test_in_process_without_a_socket(more: dict[str, bytes]) -> None:
    hub = InProcessHub()
    hub.add_group("a/b")
    hub.add_group("a b")
    scope = {
        "type": "http",
        "method": "GET",
        "scheme": "http",
        "path": "/hub/api/groups/a/b" if more else "/hub/api/groups/a b",
        "query_string": b"",
        "headers": [(b"authorization", f"token {hub.admin_token}".encode())],
        **more,
    }
    sent = call(hub.app, scope)
    assert sent[0]["status"] == 200
    assert json.loads(sent[1]["body"])["name"] == ("a/b" if more else "a b")
    assert [request.path for request in hub.requests] == [
        "/hub/api/groups/a%2Fb" if more else "/hub/api/groups/a%20b"
    ]


def test_an_application_alone() -> None:
    app = create_app(boot.reset(Hub(Settings(api_tokens={"secret-of-ann": "ann"}))))
    headers = [(b"authorization", b"token secret-of-ann")]
    scope = {"type": "http", "method": "GET", "scheme": "http", "path": "/hub/api/user"}
    sent = call(app, {**scope, "query_string": b"", "headers": headers})
    assert json.loads(sent[1]["body"])["name"] == "ann"


def test_faults_on_demand(hub: RunningHub) -> None:
    token = hub.token("admin", expires_in=60)
    hub.clock.advance(61)
    assert get(hub, "/users", token).status_code == 403
    for way in ("in a block", "until mended", "until the next test"):
        token = hub.token("admin", expires_in=60)
        hub.clock.advance(61)
        until = hub.fault("tokens/never-expire")
        assert get(hub, "/users", token).status_code == 200
        if way == "in a block":
            until.close()
        elif way == "until mended":
            hub.mend()
        else:
            hub.reset()
            token = hub.token("admin", expires_in=60)
            hub.clock.advance(61)
        assert get(hub, "/users", token).status_code == 403
    assert [request.status for request in hub.requests] == [403]
    with pytest.raises(ValueError, match="did you mean tokens/never-expire"):
        hub.fault("tokens/never-expires")


def test_several_faults(hub: RunningHub) -> None:
    token = hub.token("admin", expires_in=60)
    with hub.fault("tokens/never-expire"), hub.fault("tokens/no-bearer"):
        hub.clock.advance(61)
        assert get(hub, "/users", token).status_code == 200
        assert get(hub, "/users", token, "Bearer").status_code == 403
    assert get(hub, "/users", token).status_code == 403
    assert get(hub, "/users", scheme="Bearer").status_code == 200


def test_faults_of_one_hub_at_a_time(hub: RunningHub) -> None:
    """Taken out in another order than put in, they would leave something behind."""
    other = InProcessHub()
    hub.fault("tokens/never-expire")
    with pytest.raises(RuntimeError, match="another hub"):
        other.fault("tokens/no-bearer")
    hub.mend()
    other.fault("tokens/no-bearer")
    other.mend()
    assert get(hub, "/users", scheme="Bearer").status_code == 200


def test_share_codes(hub: RunningHub) -> None:
    hub.start_server("ann", "lab")
    code = hub.share_code("ann", "lab")
    (listed,) = get(hub, "/share-codes/ann/lab").json()["items"]
    assert code not in str(listed)
    assert listed["scopes"] == ["access:servers!server=ann/lab"]
    with pytest.raises(HubError, match="no server"):
        hub.share_code("ann", "nope")


def test_what_cannot_be(hub: RunningHub) -> None:
    hub.add_user("ann")
    with pytest.raises(HubError, match="nope"):
        hub.token("ann", scopes=["nope"])
    with pytest.raises(HubError):
        hub.token("nobody")
