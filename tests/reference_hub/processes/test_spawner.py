"""Processes start, fail and end with their servers, and with the hub."""

from __future__ import annotations

import asyncio
import os
import shlex
import signal
import sys
import time
from pathlib import Path

import pytest

from reference_hub.http.processes import process as processes
from reference_hub.http.processes.process import Process

from .conftest import ROOT, SERVED, Started, started


def is_alive(pid: int) -> bool:
    """Whether a process runs: neither gone nor waiting for its parent to notice its end."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def gone(*pids: int) -> bool:
    """Whether these processes end within some seconds."""
    deadline = time.monotonic() + 15
    while any(map(is_alive, pids)) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not any(map(is_alive, pids))


def test_a_start_and_its_end(hub: Started) -> None:
    told = hub.start("bob")
    assert [event["progress"] for event in told] == [0, 40, 50, 100]
    pids = [hub.server("bob")["state"]["pid"], hub("GET", "user/bob/about").json()["child"]]
    assert all(map(is_alive, pids))
    assert hub("DELETE", "hub/api/users/bob/server").status_code == 204
    assert not any(map(is_alive, pids))
    assert hub.server("bob")["stopped"]
    assert hub("GET", "user/bob/api").headers["location"] == "/hub/user/bob/api"


def test_it_starts_again(hub: Started) -> None:
    for _ in range(2):
        assert hub.start("carl")[-1]["ready"]
        assert hub("DELETE", "hub/api/users/carl/server").status_code == 204


def test_a_named_server_beside_it(hub: Started) -> None:
    hub("POST", "hub/api/users/ann/servers/lab")
    hub("GET", "hub/api/users/ann/servers/lab/progress")
    env = hub("GET", "user/ann/lab/about").json()["env"]
    assert (env["JUPYTERHUB_SERVER_NAME"], env["JUPYTERHUB_SERVICE_PREFIX"]) == (
        "lab",
        "/user/ann/lab/",
    )
    assert hub("DELETE", "hub/api/users/ann/servers/lab", json={"remove": True}).status_code == 204


def test_a_server_that_ends_by_itself(hub: Started) -> None:
    hub.start("dora")
    assert hub("GET", "user/dora/die").status_code == 503
    deadline = time.monotonic() + 10
    while not hub.server("dora")["stopped"] and time.monotonic() < deadline:
        time.sleep(0.1)
    assert hub.server("dora")["stopped"]


def test_a_deleted_users_server_ends(hub: Started) -> None:
    hub.start("emil")
    pid = hub.server("emil")["state"]["pid"]
    assert hub("DELETE", "hub/api/users/emil").status_code == 204
    assert gone(pid)


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("print('no licence'); raise SystemExit(3)", "ended with status 3; its last words: no lic"),
        ("import time; time.sleep(600)", "did not answer within 0.6 seconds"),
    ],
)
def test_a_command_that_comes_to_nothing(code: str, reason: str) -> None:
    command = shlex.join([sys.executable, "-c", code])
    with started(command, "--Spawner.start_timeout=0.6") as hub:
        last = hub.start("ann")[-1]
        assert last["failed"] is True
        assert reason in last["message"]
        assert hub.server("ann")["stopped"]


def test_a_command_that_does_not_exist() -> None:
    with started("/no/such/command") as hub:
        answer = hub("POST", "hub/api/users/admin/server")
        assert answer.status_code == 400
        assert "command cannot be run" in answer.json()["message"]


@pytest.mark.parametrize("how", ["SIGINT", "SIGTERM", "stdin", "shutdown"])
def test_the_end_of_the_hub_leaves_nothing(how: str) -> None:
    env = {**os.environ, "PYTHONPATH": ROOT}
    with started(SERVED, "--exit-with-stdin", env=env) as hub:
        hub.start("ann")
        about = hub("GET", "user/ann/about").json()
        pids = [hub.server("ann")["state"]["pid"], about["child"]]
        hub("POST", "hub/api/users/ann/servers/lab")  # in the middle of its start
        pids.append(hub("GET", "hub/api/users/ann/servers/lab").json()["state"]["pid"])
        if how == "stdin":
            assert hub.process.stdin is not None
            hub.process.stdin.close()
        elif how == "shutdown":
            hub("POST", "hub/api/shutdown")
        else:
            hub.process.send_signal(signal.Signals[how])
        assert hub.process.wait(30) in {0, -signal.SIGTERM}
        assert not any(map(is_alive, pids))
        assert not Path(about["cwd"]).exists()


def test_a_process_that_will_not_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "_GRACE", 0.2)
    code = "import signal, time; signal.signal(15, lambda *_: None); print('on', flush=True)"
    process = Process([sys.executable, "-c", f"{code}\nwhile 1: time.sleep(9)"], {}, tmp_path)
    while process.last_line() != "on":
        time.sleep(0.01)
    asyncio.run(process.end())
    assert process.status == -signal.SIGKILL
