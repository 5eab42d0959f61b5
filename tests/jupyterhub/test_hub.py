"""The real hubs that judge the suite are what the tests believe them to be."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection, connect

from .hub import HubDidNotStart, RealHub
from .install import REQUIREMENTS
from .snapshot import snapshot

NEWEST = list(REQUIREMENTS)[-1]
VERSIONS = [
    pytest.param(version, marks=[] if version == NEWEST else pytest.mark.nightly)
    for version in REQUIREMENTS
]
ROOT = Path(__file__).parents[2]
PAGED = "application/jupyterhub-pagination+json"


def call(
    hub: RealHub, method: str, path: str, token: str = "", body: object = None, accept: str = "*/*"
) -> requests.Response:
    """One request to the hub's API, by its admin service unless another token is given."""
    headers = {"Authorization": f"token {token or hub.service_token}", "Accept": accept}
    return requests.request(method, hub.api_url + path, headers=headers, json=body, timeout=30)


def reach(hub: RealHub, path: str, token: str) -> int:
    """The status that a path behind the proxy, outside the API, answers with."""
    headers = {"Authorization": f"token {token}"} if token else {}
    return requests.get(hub.url + path, headers=headers, timeout=30).status_code


def socket_at(hub: RealHub, path: str, token: str) -> ClientConnection:
    """A websocket behind the proxy."""
    headers = {"Authorization": f"token {token}"} if token else {}
    return connect(
        f"ws{hub.url.removeprefix('http')}{path}", additional_headers=headers, proxy=None
    )


def new_token(hub: RealHub, name: str, **body: object) -> str:
    """A token of a user, which the user's end ends too."""
    answer = call(hub, "POST", f"/users/{name}/tokens", body=body)
    answer.raise_for_status()
    return str(answer.json()["token"])


@contextmanager
def running_server(hub: RealHub, owner: str, name: str) -> Iterator[None]:
    """A named server of a new user, removed with its user at the end."""
    call(hub, "POST", f"/users/{owner}").raise_for_status()
    try:
        started = call(hub, "POST", f"/users/{owner}/servers/{name}")
        assert started.status_code == 201, started.text
        yield
    finally:
        stopped = call(hub, "DELETE", f"/users/{owner}/servers/{name}", body={"remove": True})
        deleted = call(hub, "DELETE", f"/users/{owner}")
        assert (stopped.status_code, deleted.status_code) == (204, 204)


@pytest.fixture(scope="module", params=VERSIONS)
def hub(request: pytest.FixtureRequest) -> Iterator[RealHub]:
    """A hub of each version: the newest in every run, the others in a nightly one."""
    if request.param == NEWEST:
        yield request.getfixturevalue("jupyterhub_61")
    else:
        with RealHub(request.param) as started:
            yield started


def test_it_reports_the_version_that_was_asked_for(hub: RealHub) -> None:
    assert requests.get(f"{hub.api_url}/", timeout=30).json() == {"version": hub.version}
    assert requests.get(f"{hub.internal_url}/", timeout=30).json() == {"version": hub.version}


def test_its_tokens_are_of_an_admin_service_an_admin_and_a_plain_user(hub: RealHub) -> None:
    tokens = (hub.service_token, hub.admin_token, hub.user_token)
    service, admin, user = [call(hub, "GET", "/user", token).json() for token in tokens]
    assert (service["kind"], service["name"]) == ("service", hub.service_name)
    assert (admin["kind"], admin["name"], admin["admin"]) == ("user", hub.admin_name, True)
    assert (user["kind"], user["name"], user["admin"]) == ("user", hub.user_name, False)
    # Nobody is created without a name: only whoever may create somebody learns that.
    statuses = [call(hub, "POST", "/users", token, {}).status_code for token in tokens]
    assert statuses == [400, 400, 403]


def test_users_log_in_with_the_password(hub: RealHub) -> None:
    path = f"{hub.api_url}/users/{hub.user_name}/tokens"
    for password, status in ((hub.password, {200, 201}), ("wrong", {403})):
        auth = {"username": hub.user_name, "password": password}
        answer = requests.post(path, json={"auth": auth}, timeout=30)
        assert answer.status_code in status
        if answer.ok:
            call(hub, "DELETE", f"/users/{hub.user_name}/tokens/{answer.json()['id']}")


def test_pages_are_as_small_as_asked_for(hub: RealHub) -> None:
    body = {"usernames": [f"page-{number}" for number in range(9)]}
    call(hub, "POST", "/users", body=body).raise_for_status()
    page = call(hub, "GET", "/users", accept=PAGED).json()
    largest = call(hub, "GET", "/users?limit=100", accept=PAGED).json()
    for name in body["usernames"]:
        call(hub, "DELETE", f"/users/{name}").raise_for_status()
    assert (len(page["items"]), len(largest["items"])) == (5, 8)


def test_a_server_lets_in_its_owner_and_admins_and_nobody_else(hub: RealHub) -> None:
    with running_server(hub, "owner", "lab"), running_server(hub, "stranger", "lab"):
        owner, stranger = new_token(hub, "owner"), new_token(hub, "stranger")
        for path in ("/user/owner/lab/api", "/user/owner/lab/api/status"):
            assert reach(hub, path, owner) == 200
            assert reach(hub, path, hub.service_token) == 200
            assert reach(hub, path, hub.admin_token) == 200
            assert [reach(hub, path, token) for token in (stranger, "no-token", "")] == [403] * 3


def test_a_server_opens_its_websocket_to_the_same(hub: RealHub) -> None:
    events = "/user/owner/lab/api/events/subscribe"
    with running_server(hub, "owner", "lab"), running_server(hub, "stranger", "lab"):
        with socket_at(hub, events, new_token(hub, "owner")) as opened:
            opened.send("x" * 70_000)
            assert opened.ping(b"there?").wait(10)
        for token in (new_token(hub, "stranger"), "no-token", ""):
            with pytest.raises(InvalidStatus, match="403"), socket_at(hub, events, token):
                pass
        assert reach(hub, events, hub.admin_token) == 400


def test_a_server_heeds_the_filters_of_a_token(jupyterhub_61: RealHub) -> None:
    hub = jupyterhub_61
    admits = {
        "access:servers": 200,
        "access:servers!user": 200,
        "access:servers!user=ann": 200,
        "access:servers!server=ann/lab": 200,
        "access:servers!server=ann/other": 403,
        "access:servers!user=bob": 403,
        "read:users": 403,
    }
    with running_server(hub, "ann", "lab"), running_server(hub, "bob", "lab"):
        call(hub, "PATCH", "/users/ann", body={"admin": True}).raise_for_status()
        seen = {
            scope: reach(hub, "/user/ann/lab/api/status", new_token(hub, "ann", scopes=[scope]))
            for scope in admits
        }
    assert seen == admits


def test_a_server_tells_its_version_to_anybody_if_asked_to(jupyterhub_61_defaults: RealHub) -> None:
    hub = jupyterhub_61_defaults
    with running_server(hub, "owner", "lab"):
        assert reach(hub, "/user/owner/lab/api", "") == 200
        assert reach(hub, "/user/owner/lab/api/status", "") == 403


def test_page_limits_can_be_the_hubs_own(jupyterhub_61_defaults: RealHub) -> None:
    limits = [
        call(jupyterhub_61_defaults, "GET", path, accept=PAGED).json()["_pagination"]["limit"]
        for path in ("/users", "/users?limit=1000")
    ]
    assert limits == [50, 200]


def test_starting_and_stopping_a_server_is_quick(hub: RealHub) -> None:
    begin = time.monotonic()
    with running_server(hub, "owner", "lab"):
        started = time.monotonic() - begin
    # 0.1 s is usual. A server that the hub waits for in vain costs 10 s and more.
    assert started < 5
    assert time.monotonic() - begin - started < 5


def test_a_server_fails_to_start_if_its_options_say_so(hub: RealHub) -> None:
    call(hub, "POST", "/users/failing").raise_for_status()
    failed = call(hub, "POST", "/users/failing/server", body={"fail": True})
    servers = call(hub, "GET", "/users/failing").json()["servers"]
    works = call(hub, "POST", "/users/failing/server", body={"colour": "blue"})
    model = call(hub, "GET", "/users/failing").json()["servers"][""]
    call(hub, "DELETE", "/users/failing").raise_for_status()
    assert (failed.status_code, servers, works.status_code) == (500, {}, 201)
    assert model["user_options"] == {"colour": "blue"}


@pytest.fixture(scope="module")
def slow_hub() -> Iterator[RealHub]:
    """A hub that waits for no server, under a base path, without named servers."""
    with RealHub(
        slow_spawn_timeout=0,
        base_url="/deep/down/",
        named_servers=False,
        extra_config="c.JupyterHub.services.append({'name': 'added', 'api_token': 'a' * 32})",
    ) as started:
        yield started


def test_a_slow_server_is_pending_and_tells_of_its_progress(slow_hub: RealHub) -> None:
    path = f"/users/{slow_hub.user_name}/server"
    started = call(slow_hub, "POST", path, body={"delay": 1})
    pending = call(slow_hub, "GET", f"/users/{slow_hub.user_name}").json()["pending"]
    progress = call(slow_hub, "GET", f"{path}/progress").text
    events = [json.loads(line[5:]) for line in progress.splitlines() if line.startswith("data:")]
    stopped = call(slow_hub, "DELETE", path)
    assert (started.status_code, pending, stopped.status_code) == (202, "spawn", 204)
    assert [event["progress"] for event in events][-3:] == [20, 60, 100]
    assert events[-1]["ready"] is True


def test_the_other_options_reach_the_hub(slow_hub: RealHub) -> None:
    assert urlsplit(slow_hub.url).path == "/deep/down"
    assert call(slow_hub, "POST", f"/users/{slow_hub.user_name}/servers/named").status_code == 400
    assert call(slow_hub, "GET", "/user", "a" * 32).json()["name"] == "added"


def test_a_failing_start_shows_the_log_and_leaves_nothing() -> None:
    hub = RealHub(extra_config="raise RuntimeError('a bad day')")
    with pytest.raises(HubDidNotStart, match="a bad day"):
        hub.start()
    assert not hub.directory.exists()


def test_a_stopped_hub_leaves_its_log_only() -> None:
    with RealHub() as hub:
        addresses = [hub.url, hub.internal_url, _server_address(hub)]
        assert all(_listens(address) for address in addresses)
    _wait_until_silent(addresses)
    assert "JupyterHub is now running" in hub.log
    assert not hub.directory.exists()


def test_a_killed_test_run_leaves_nothing_behind() -> None:
    with _command_line() as (process, described):
        hub = _described_hub(described)
        addresses = [hub.url, hub.internal_url, _server_address(hub)]
        assert all(_listens(address) for address in addresses)
        process.kill()
        _wait_until_silent(addresses)
        _wait_until(lambda: not Path(described["log"]).parent.exists())


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_the_command_line_ends_cleanly_and_servers_heed_interrupts(ending: signal.Signals) -> None:
    # Started like a background job of a shell: with SIGINT ignored, which children inherit.
    with _command_line("--port", "0", ignore_interrupts=True) as (process, described):
        hub = _described_hub(described)
        begin = time.monotonic()
        with running_server(hub, "owner", "lab"):
            pass
        assert time.monotonic() - begin < 8  # it would be 10 and more
        process.send_signal(ending)
        _, errors = process.communicate(timeout=10)
    assert (process.returncode, errors) == (0, "")
    _wait_until_silent([hub.url, hub.internal_url])


def test_the_command_line_refuses_a_version_that_it_does_not_know() -> None:
    command = [sys.executable, "-m", "tests.jupyterhub", "--version", "9.9"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (1, "")
    assert "JupyterHub 9.9 is none of 2.3.1," in done.stderr
    assert "Traceback" not in done.stderr


def test_a_snapshot_sees_what_came_and_that_it_went(hub: RealHub) -> None:
    before = snapshot(hub.api_url, hub.service_token)
    call(hub, "POST", "/groups/snapped").raise_for_status()
    with running_server(hub, "owner", "lab"):
        new_token(hub, "owner", note="mine")
        between = snapshot(hub.api_url, hub.admin_token)
    call(hub, "DELETE", "/groups/snapped").raise_for_status()
    after = snapshot(hub.api_url, hub.service_token)
    changes = before.differences(between)
    for change in ("users: owner:", "groups: snapped:", "servers: owner/lab:", "tokens: owner/"):
        assert any(line.startswith(change) for line in changes), (change, changes)
    assert "routes: /user/owner/lab/:" in "\n".join(changes)
    assert before.differences(after) == []


@contextmanager
def _command_line(
    *arguments: str, ignore_interrupts: bool = False
) -> Iterator[tuple[subprocess.Popen[str], dict[str, Any]]]:
    command = [sys.executable, "-m", "tests.jupyterhub", "--json", *arguments]
    if ignore_interrupts:
        command = ["/bin/sh", "-c", 'trap "" INT; exec "$@"', "sh", *command]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            yield process, json.loads(process.stdout.readline())
        finally:
            process.kill()


def _described_hub(described: dict[str, Any]) -> RealHub:
    hub = RealHub(described["version"])
    for name in ("url", "internal_url", "service_token", "admin_token", "user_token"):
        setattr(hub, name, described[name])
    return hub


def _server_address(hub: RealHub) -> str:
    # A server is started, and the proxy asked where it listens.
    call(hub, "POST", f"/users/{hub.user_name}/server").raise_for_status()
    return str(call(hub, "GET", "/proxy").json()[f"/user/{hub.user_name}/"]["target"])


def _listens(address: str) -> bool:
    url = urlsplit(address)
    try:
        socket.create_connection((url.hostname or "", url.port or 0), timeout=5).close()
    except OSError:
        return False
    return True


def _wait_until_silent(addresses: list[str]) -> None:
    _wait_until(lambda: not any(_listens(address) for address in addresses))


def _wait_until(condition: Callable[[], bool], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come true"
        time.sleep(0.02)
