"""A thousand users, five thousand tokens, many requests, at once or broken: the work is counted."""

from __future__ import annotations

import asyncio
import gc
import json
import random
import socket
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests
from starlette.types import ASGIApp

from reference_hub import Hub, Settings, create_app
from reference_hub.core import boot, models, scopes, spawning, tokens
from reference_hub.core.entities import Server
from reference_hub.core.operations import proxy
from reference_hub.running import RunningHub

USERS, TOKENS_EACH, GROUPS = 1000, 5, 200
ADMIN = "secret-of-admin"


@pytest.fixture(scope="module")
def hub() -> Hub:
    """A full hub: every user is in a group, and every fifth one has a server that runs."""
    hub = boot.reset(Hub(Settings(api_tokens={ADMIN: "admin"})))
    groups = [hub.add_group(f"group{number}") for number in range(GROUPS)]
    for number in range(USERS):
        user = hub.add_user(f"user{number}")
        group = groups[number % GROUPS]
        group.users[user.number], user.groups[group.name] = user, group
        for _ in range(TOKENS_EACH):
            tokens.issue(hub, user)
        if number % 5 == 0:
            spawning.start(hub, user.servers[""], None)
    return hub


class Client:
    """Requests to an application in this thread, without a socket."""

    def __init__(self, app: ASGIApp) -> None:
        self.app, self.loop = app, asyncio.new_event_loop()

    def __call__(self, method: str, path: str, body: Any = None, secret: str = ADMIN) -> Any:
        status, value = self.loop.run_until_complete(self.ask(method, path, body, secret))
        assert status < 400, (method, path, value)
        return value

    async def ask(self, method: str, target: str, body: Any, secret: str) -> tuple[int, Any]:
        path, _, query = target.partition("?")
        scope = {
            "type": "http",
            "method": method,
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "headers": [(b"authorization", f"token {secret}".encode())],
        }
        sent: list[Any] = []
        raw = b"" if body is None else json.dumps(body).encode()

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": raw, "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        await self.app(scope, receive, send)
        content = b"".join(message.get("body", b"") for message in sent[1:])
        return sent[0]["status"], json.loads(content) if content else None


@pytest.fixture
def client(hub: Hub) -> Iterator[Client]:
    client = Client(create_app(hub))
    yield client
    client.loop.close()


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Callable[[Any, str], list[int]]:
    """Counts the calls of a module's function from now on."""

    def count(module: Any, name: str) -> list[int]:
        original, calls = getattr(module, name), [0]

        def counting(*args: Any, **more: Any) -> Any:
            calls[0] += 1
            return original(*args, **more)

        monkeypatch.setattr(module, name, counting)
        return calls

    return count


@pytest.mark.parametrize("offset", [0, 500, 950])
@pytest.mark.parametrize(
    ("path", "module", "model"),
    [
        ("users", models, "user_model"),
        ("groups", models, "group_model"),
        ("proxy", proxy, "route_model"),
    ],
)
def test_a_page_costs_what_is_on_it(
    client: Client, counted: Any, path: str, module: Any, model: str, offset: int
) -> None:
    made = counted(module, model)
    page = client("GET", f"/hub/api/{path}?limit=50&offset={offset}")
    assert made[0] == len(page) <= 50


@pytest.mark.parametrize("query", ["state=ready", "name_filter=user9", "sort=-last_activity"])
def test_what_is_not_shown_is_not_made(client: Client, counted: Any, query: str) -> None:
    made = counted(models, "user_model")
    assert len(client("GET", f"/hub/api/users?limit=20&{query}")) == made[0] == 20


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/hub/api/user"),
        ("GET", "/hub/api/users/user77"),
        ("GET", "/hub/api/users/user77/tokens"),
        ("POST", "/hub/api/users/user77/tokens"),
        ("GET", "/hub/api/groups/group7"),
        ("GET", "/hub/api/users/user5/server"),
        ("DELETE", "/hub/api/users/user78"),
    ],
)
def test_one_of_many_is_found_without_looking_at_the_others(
    hub: Hub, client: Client, counted: Any, method: str, path: str
) -> None:
    looked_at = [
        counted(models, "user_model"),
        counted(models, "token_model"),
        counted(scopes, "covers"),
        counted(spawning, "settle"),
    ]
    seen = Watched.over(hub)
    client(method, path)
    assert sum(map(sum, looked_at)) < 60
    assert seen.walked == 0


class Watched(dict[Any, Any]):
    """A hub's table that counts how often somebody walks through it."""

    walked = 0

    @classmethod
    def over(cls, hub: Hub) -> Watched:
        """The hub's users, watched from now on."""
        hub.users = cls(hub.users)
        return hub.users

    def __iter__(self) -> Iterator[Any]:
        self.walked += 1
        return super().__iter__()

    def values(self) -> Any:
        self.walked += 1
        return super().values()

    def items(self) -> Any:
        self.walked += 1
        return super().items()


def test_a_request_looks_at_no_server_that_waits_for_nothing(
    hub: Hub, client: Client, counted: Any
) -> None:
    settled = counted(spawning, "settle")
    client("GET", "/hub/api/user")
    assert (len(hub.active_servers), settled[0]) == (USERS // 5, 0)


def test_ten_thousand_requests_leave_nothing_behind(client: Client, hub: Hub) -> None:
    def some(rounds: int) -> None:
        for number in range(rounds):
            # Few names: what is remembered of a name's scopes is bounded, and soon there.
            user = f"passing{number % 20}"
            name = f"/hub/api/users/{user}"
            client("POST", name)
            made = client("POST", f"{name}/tokens", {"expires_in": 3600})
            client("GET", "/hub/api/user", secret=made["token"])
            client("POST", f"{name}/servers/lab")
            client("GET", f"{name}?include_stopped_servers=1")
            client("POST", "/hub/api/groups/passing", {"users": [user]})
            client("DELETE", f"{name}/tokens/{made['id']}")
            client("DELETE", "/hub/api/groups/passing")
            client("DELETE", name)
            client("GET", "/hub/api/users?limit=2")

    sizes = []
    for rounds in (50, 450, 500):
        some(rounds)
        gc.collect()
        sizes.append(sys.getallocatedblocks())
    # What is kept in bounded numbers comes and goes; one object a request would show as 5,000.
    assert sizes[2] - sizes[1] < 1500, sizes


WORK = 40  # rounds of each thread


def test_requests_at_once_never_see_half_a_change() -> None:
    with RunningHub() as running:
        running.add_group("team")
        url, secret = running.api_url, running.admin_token
        headers = {"Authorization": f"token {secret}"}

        def changing(thread: int) -> None:
            with requests.Session() as session:
                session.headers.update(headers)
                name, other = f"{url}/users/ann{thread}", f"{url}/users/bob{thread}"
                members = {"users": [f"ann{thread}"]}
                for _ in range(WORK):
                    assert session.post(name, timeout=30).status_code == 201
                    assert session.post(f"{url}/groups/team/users", json=members, timeout=30).ok
                    assert session.post(f"{name}/server", timeout=30).status_code == 201
                    renamed = session.patch(name, json={"name": f"bob{thread}"}, timeout=30)
                    assert renamed.status_code == 200
                    assert session.delete(other, timeout=30).status_code == 204

        def looking(_: int) -> None:
            with requests.Session() as session:
                session.headers.update(headers)
                for _ in range(WORK * 2):
                    check_users(session.get(f"{url}/users", timeout=30).json())
                    team = session.get(f"{url}/groups/team", timeout=30).json()["users"]
                    assert len(team) == len(set(team)) <= 4

        with ThreadPoolExecutor(8) as pool:
            waiting = [pool.submit(changing, number) for number in range(4)]
            waiting += [pool.submit(looking, number) for number in range(4)]
            for each in waiting:
                each.result(120)
        assert [user.name for user in running.hub.users.values()] == ["admin"]
        assert not running.hub.active_servers
        assert not running.hub.groups["team"].users


def check_users(users: list[dict[str, Any]]) -> None:
    """Each user is whole, and there once."""
    names = [user["name"] for user in users]
    assert len(names) == len(set(names))
    for user in users:
        for server in user["servers"].values():
            assert server["full_name"] == f"{user['name']}/"
            assert server["url"] == user["server"] == f"/user/{user['name']}/"
        if user["servers"]:
            assert user["groups"] == ["team"]


BROKEN = [
    b"\x16\x03\x01\x02\x00\x01\x00",  # TLS
    b"GET\r\n\r\n",
    b"GET /hub/api HTTP/9.9\r\n\r\n",
    b"GET /hub/api HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
    b"POST /hub/api/users HTTP/1.1\r\nHost: x\r\nContent-Length: 99999\r\n\r\n{",
    b"POST /hub/api/users HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    b"GET /" + b"a" * 200_000 + b" HTTP/1.1\r\n\r\n",
    b"GET /hub/api HTTP/1.1\r\n" + b"X: y\r\n" * 20_000 + b"\r\n",
    b"GET /%ff%00%zz/../..//?%ff=%00&&=;; HTTP/1.1\r\nHost: \xff\xfe\r\nCookie: =;=\xff;\r\n\r\n",
    b"GET http://other.example/hub/api HTTP/1.1\r\nHost: x\r\n\r\n",
    b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n",
    b"CONNECT x:443 HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /hub/api HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n",
    b"GET /hub/api HTTP/1.1\r\nAuthorization: token \xc3\xa9\x01\r\nAccept: \xff\r\n\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "GET /hub/é HTTP/1.1\r\nHost: x\r\n\r\n".encode(),
]


def mangled() -> Iterator[bytes]:
    """Requests with some bytes changed, the same ones in each run."""
    dice = random.Random(6)
    whole = (
        b"POST /hub/api/users/ann/tokens?x=1 HTTP/1.1\r\nHost: hub\r\nContent-Length: 17\r\n"
        b'Content-Type: application/json\r\nAuthorization: token abc\r\n\r\n{"expires_in": 9}'
    )
    for _ in range(150):
        raw = bytearray(whole)
        for _ in range(dice.randint(1, 6)):
            place = dice.randrange(len(raw))
            raw[place : place + dice.randint(0, 3)] = dice.randbytes(dice.randint(0, 3))
        yield bytes(raw)


def test_nothing_that_is_sent_ends_the_hub() -> None:
    with RunningHub() as running:
        port = int(running.url.rsplit(":", 1)[1].strip("/"))
        for raw in [*BROKEN, *mangled()]:
            with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
                connection.sendall(raw)
                connection.shutdown(socket.SHUT_WR)
                answer = connection.recv(65536)
            assert not answer.startswith(b"HTTP/1.1 5"), raw
        headers = {"Authorization": f"token {running.admin_token}"}
        me = requests.get(f"{running.api_url}/user", headers=headers, timeout=10)
        assert me.json()["name"] == "admin"


def test_servers_that_wait_are_settled_and_forgotten(hub: Hub) -> None:
    user = hub.find_user("user1")
    assert user is not None
    server = Server(user, "waits", "waits")
    spawning.start(hub, server, {"delay": 60})
    assert list(hub.starting) == [server]
    spawning.stop(hub, server)
    assert not hub.starting
