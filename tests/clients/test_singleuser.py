"""A real ``jupyterhub-singleuser`` as the reference hub starts it: its API, a kernel, a login."""

from __future__ import annotations

import json
import os
import subprocess
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection, connect

from tests.reference_hub.processes.conftest import Started, started
from tests.reference_hub.processes.test_spawner import gone

from .install import client_python

#: Installing it takes minutes.
pytestmark = pytest.mark.nightly

CODE = "open('made', 'w').write(str(6 * 7))"
PASSWORD = "password-of-all"


@pytest.fixture(scope="module")
def hub() -> Iterator[Started]:
    # What `jupyterhub-singleuser` runs: scripts do not survive that installations are moved.
    command = f"{client_python()} -m jupyterhub.singleuser --allow-root --ServerApp.log_level=WARN"
    # jh-exec sends its token in the URL, which servers have to be told to allow.
    variables = "--Spawner.environment={'JUPYTERHUB_ALLOW_TOKEN_IN_URL': '1'}"
    with started(command, f"--DummyAuthenticator.password={PASSWORD}", variables) as hub:
        assert hub.start("ann")[-1].get("ready"), hub.server("ann")
        yield hub


def token(hub: Started, user: str, *scopes: str) -> str:
    """A token of a user with these scopes alone."""
    hub("POST", f"hub/api/users/{user}")
    made = hub("POST", f"hub/api/users/{user}/tokens", json={"scopes": scopes}).json()
    return str(made["token"])


def with_token(value: str) -> dict[str, Any]:
    return {"headers": {"Authorization": f"token {value}"}}


def test_contents(hub: Started) -> None:
    mine = with_token(token(hub, "ann", "access:servers!server=ann/"))
    note = {"type": "file", "format": "text", "content": "kept"}
    path = "user/ann/api/contents/a%20note.txt"
    assert hub("PUT", path, json=note, **mine).status_code == 201
    assert hub("GET", path, **mine).json()["content"] == "kept"
    listed = hub("GET", "user/ann/api/contents", **mine).json()["content"]
    assert [each["name"] for each in listed] == ["a note.txt"]
    assert hub("DELETE", path, **mine).status_code == 204


@pytest.mark.parametrize("scopes", [["read:users!user"], []])
def test_others_are_refused(hub: Started, scopes: list[str]) -> None:
    theirs = token(hub, "bob", *scopes) if scopes else "no-such-token"
    mine = with_token(token(hub, "ann", "access:servers!server=ann/"))
    kernel = hub("POST", "user/ann/api/kernels", json={"name": "python3"}, **mine).json()["id"]
    assert hub("GET", "user/ann/api/contents", **with_token(theirs)).status_code == 403
    with pytest.raises(InvalidStatus) as refused, channels(hub, kernel, theirs):
        pass
    assert refused.value.response.status_code == 403


def channels(hub: Started, kernel: str, secret: str) -> Any:
    """The websocket of a kernel."""
    address = f"ws{hub.url.removeprefix('http')}user/ann/api/kernels/{kernel}/channels"
    headers = {"Authorization": f"token {secret}"}
    return connect(address, additional_headers=headers, open_timeout=30)


def result(socket: ClientConnection, code: str) -> str:
    """What a kernel says that an expression is."""
    name = uuid.uuid4().hex
    header = {"msg_id": name, "msg_type": "execute_request", "username": "", "session": name}
    content = {"code": code, "silent": False, "store_history": False, "allow_stdin": False}
    message = {"header": {**header, "version": "5.3"}, "parent_header": {}, "metadata": {}}
    socket.send(json.dumps({**message, "content": content, "channel": "shell", "buffers": []}))
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        said = json.loads(socket.recv(60))
        if said["msg_type"] == "execute_result" and said["parent_header"]["msg_id"] == name:
            return str(said["content"]["data"]["text/plain"])
    raise TimeoutError(code)


def test_a_kernel(hub: Started) -> None:
    secret = token(hub, "ann", "access:servers!server=ann/")
    mine = with_token(secret)
    kernel = hub("POST", "user/ann/api/kernels", json={"name": "python3"}, **mine).json()
    with channels(hub, kernel["id"], secret) as socket:
        assert result(socket, "1+1") == "2"
        pid = int(result(socket, "__import__('os').getpid()"))
    assert hub("DELETE", f"user/ann/api/kernels/{kernel['id']}", **mine).status_code == 204
    assert gone(pid)


def test_code_by_jh_exec(hub: Started) -> None:
    host, _, port = hub.url.split("/")[2].partition(":")
    secret = token(hub, "ann", "access:servers!server=ann/", "servers!server=ann/")
    options = ["--host", f"http://{host}", "--port", port, "--user", "ann", "--token", secret]
    command = [str(client_python()), "-m", "jh_exec.cli", *options, "exec", CODE]
    env = {"PATH": os.environ["PATH"], "JH_SSL": "false"}
    done = subprocess.run(command, capture_output=True, text=True, timeout=90, env=env)
    assert done.returncode == 0, done
    # What is printed it may miss: it stops listening as soon as the code has been run.
    kept = hub("GET", "user/ann/api/contents/made", **with_token(secret)).json()
    assert kept["content"] == "42"


def test_a_server_reports_its_activity(hub: Started) -> None:
    begun = hub.server("ann")["started"]
    hub("GET", "user/ann/api/kernels", **with_token(token(hub, "ann", "access:servers!user")))
    deadline = time.monotonic() + 30
    while hub.server("ann")["last_activity"] <= begun and time.monotonic() < deadline:
        time.sleep(0.2)
    assert hub.server("ann")["last_activity"] > begun


def test_a_browser_gets_in_by_a_login(hub: Started) -> None:
    browser = requests.Session()
    browser.trust_env = False
    login = browser.get(f"{hub.url}user/ann/tree", timeout=30)
    assert login.url.startswith(f"{hub.url}hub/login")
    fields = {"username": "ann", "password": PASSWORD, "_xsrf": browser.cookies["_xsrf"]}
    inside = browser.post(login.url, data=fields, timeout=30)
    assert inside.url.startswith(f"{hub.url}user/ann/"), inside.url
    assert browser.get(f"{hub.url}user/ann/api/me", timeout=30).json()["identity"]["name"] == "ann"


def test_kernels_end_with_the_server(hub: Started) -> None:
    assert hub.start("carl")[-1]["ready"]
    secret = token(hub, "carl", "access:servers!user")
    path = "user/carl/api/kernels"
    kernel = hub("POST", path, json={"name": "python3"}, **with_token(secret)).json()["id"]
    pid = hub.server("carl")["state"]["pid"]
    children = kernels_of(pid, kernel)
    assert children
    assert hub("DELETE", "hub/api/users/carl/server").status_code == 204
    assert gone(pid, *children)


def kernels_of(server: int, kernel: str) -> list[int]:
    """The processes of a kernel, of which Linux says whose they are."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) not in {server, os.getpid()}:
            try:
                if kernel in (entry / "cmdline").read_text():
                    found.append(int(entry.name))
            except OSError:
                continue
    return found
