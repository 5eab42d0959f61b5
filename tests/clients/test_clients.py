"""What each client finds, and does to, a hub that it takes for JupyterHub."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests

from reference_hub.running import RunningHub

from . import programs
from .install import client_python

#: Installing them takes minutes.
pytestmark = pytest.mark.nightly

_TIMEOUT = 60.0  # seconds a client may take
PASSWORD = "password-of-all"


@pytest.fixture(scope="module")
def python() -> Path:
    return client_python()


@pytest.fixture(scope="module")
def server() -> Iterator[RunningHub]:
    with RunningHub() as hub:
        yield hub


@pytest.fixture
def hub(server: RunningHub) -> RunningHub:
    server.reset()
    server.add_user("ann")
    return server


def environment(hub: RunningHub, token: str, **more: str) -> Mapping[str, str]:
    """What JupyterHub sets for those that it starts."""
    return {
        "PATH": os.environ["PATH"],
        "JUPYTERHUB_API_TOKEN": token,
        "JUPYTERHUB_API_URL": hub.api_url,
        "JUPYTERHUB_BASE_URL": "/",
        "HUB_URL": hub.url.rstrip("/"),
        **more,
    }


def said(python: Path, program: str, env: Mapping[str, str]) -> Any:
    """What a program prints at its end."""
    done = subprocess.run(
        [str(python), "-c", program], env=env, capture_output=True, text=True, timeout=_TIMEOUT
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_hub_auth(hub: RunningHub, python: Path) -> None:
    hub.add_service("app", api_token="secret-of-app")
    env = environment(hub, "secret-of-app", USER_TOKEN=hub.token("ann"))
    known, unknown = said(python, programs.HUB_AUTH, env)
    assert (known["name"], known["kind"], unknown) == ("ann", "user", None)


CULLER_SCOPES = [
    "list:users",
    "read:users:activity",
    "read:servers",
    "delete:servers",
    "admin:users",
]


@pytest.mark.parametrize(
    ("options", "servers", "users"),
    [
        ([], ["ann/", "ann/side"], ["admin", "ann", "old"]),
        (["--cull-default-servers=False"], ["ann/", "ann/side", "old/"], ["admin", "ann", "old"]),
        (["--cull-named-servers=False"], ["ann/", "ann/side", "old/lab"], ["admin", "ann", "old"]),
        (["--max-age=1"], [], ["admin", "ann", "old"]),
        (["--cull-users=True"], ["ann/", "ann/side"], ["admin", "ann"]),
        (["--api-page-size=1"], ["ann/", "ann/side"], ["admin", "ann", "old"]),
        (["--remove-named-servers=True"], ["ann/", "ann/side"], ["admin", "ann", "old"]),
    ],
)
def test_idle_culler(
    hub: RunningHub, python: Path, options: list[str], servers: list[str], users: list[str]
) -> None:
    hub.add_service("culler", api_token="secret-of-culler", scopes=CULLER_SCOPES)
    hub.clock.advance(-7200)
    hub.start_server("old")
    hub.start_server("old", "lab")
    hub.clock.advance(7190)
    hub.start_server("ann")
    hub.start_server("ann", "side")
    hub.clock.advance(10)
    once = [str(python), "-m", "jupyterhub_idle_culler", "--timeout=3600", "--cull-every=1"]
    env = environment(hub, "secret-of-culler")
    with subprocess.Popen([*once, *options], env=env, stderr=subprocess.DEVNULL) as process:
        deadline = time.monotonic() + _TIMEOUT
        while time.monotonic() < deadline and (
            sorted(hub.hub.active_servers) != servers or named(hub) != users
        ):
            time.sleep(0.05)
        process.kill()
    assert sorted(hub.hub.active_servers) == servers
    assert named(hub) == users
    assert [request.status for request in hub.requests if request.status >= 400] == []
    if options == ["--remove-named-servers=True"]:
        old = hub.hub.find_user("old")
        assert old is not None
        assert list(old.servers) == [""]


def named(hub: RunningHub) -> list[str]:
    """The names of the users there are."""
    return sorted(user.name for user in list(hub.hub.users.values()))


def test_jhub_client(hub: RunningHub, python: Path) -> None:
    name, version, routes, users, gone = said(
        python, programs.JHUB_CLIENT, environment(hub, hub.admin_token)
    )
    assert (name, version.split(".")[0], gone) == ("carl", "6", None)
    assert "/user/carl/" in routes
    assert sorted(users) == ["admin", "ann", "carl"]


def test_nbgrader(hub: RunningHub, python: Path) -> None:
    env = environment(hub, hub.admin_token, JUPYTERHUB_USER="admin")
    assert said(python, programs.NBGRADER, env) == [["algebra"], []]
    assert [request.status for request in hub.requests if request.status >= 400] == []


@contextmanager
def service(
    hub: RunningHub,
    name: str,
    command: list[str],
    port: int,
    cwd: Path,
    *,
    behind: bool = False,
    **settings: Any,
) -> Iterator[str]:
    """The address of a service that lets those in whom the hub knows, once it answers.

    It is its own, or, `behind` the hub, below the hub's.
    """
    own = f"http://127.0.0.1:{port}/"
    url = f"{hub.url if behind else own}services/{name}/"
    secret = f"secret-of-{name}"
    spec = {"name": name, "api_token": secret, "oauth_redirect_uri": f"{url}oauth_callback"}
    spec |= {"url": own} if behind else {}
    role = {"name": "user", "scopes": ["self", "access:services"]}
    hub.configure(password=PASSWORD, services=[spec], load_roles=[role], **settings)
    env = environment(
        hub,
        secret,
        JUPYTERHUB_CLIENT_ID=f"service-{name}",
        JUPYTERHUB_HOST=hub.url.rstrip("/"),
        JUPYTERHUB_SERVICE_PREFIX=f"/services/{name}/",
        JUPYTERHUB_OAUTH_CALLBACK_URL=spec["oauth_redirect_uri"],
        JUPYTERHUB_OAUTH_ACCESS_SCOPES=json.dumps([f"access:services!service={name}"]),
        SERVICE_PORT=str(port),
        HOME=str(cwd),
    )
    with subprocess.Popen(command, env=env, cwd=cwd) as process:
        try:
            wait_for(port)
            yield url
        finally:
            process.kill()


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def wait_for(port: int) -> None:
    """Wait until somebody listens."""
    deadline = time.monotonic() + _TIMEOUT
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            assert time.monotonic() < deadline, "the service did not start"
            time.sleep(0.1)
        else:
            return


def let_in(hub: RunningHub, url: str, user: str) -> tuple[requests.Session, requests.Response]:
    """A browser that a user has logged in with and agreed, and the page it came to."""
    browser = requests.Session()
    browser.trust_env = False
    login = browser.get(url, timeout=30)
    assert login.url.startswith(f"{hub.url}hub/login")
    fields = {"username": user, "password": PASSWORD, "_xsrf": browser.cookies["_xsrf"]}
    confirm = browser.post(login.url, data=fields, timeout=30)
    name = url.rstrip("/").rsplit("/", 1)[1]
    assert name in confirm.text
    agreed = {"_xsrf": xsrf_in(confirm), "scopes": [f"access:services!service={name}"]}
    return browser, browser.post(confirm.url, data=agreed, timeout=30)


def xsrf_in(page: requests.Response) -> str:
    """What the form on a page carries."""
    found = re.search(r'name="_xsrf"[^>]*value="([^"]+)"', page.text)
    assert found, page.text
    return found[1]


@pytest.mark.parametrize("behind", [False, True], ids=["beside-the-hub", "behind-the-hub"])
def test_hub_oauth(hub: RunningHub, python: Path, tmp_path: Path, behind: bool) -> None:
    command, port = [str(python), "-c", programs.HUB_OAUTH], free_port()
    with service(hub, "app", command, port, tmp_path, behind=behind) as url:
        _, inside = let_in(hub, url, "ann")
        assert inside.status_code == 200, inside.text
        assert (inside.url, inside.json()["name"]) == (url, "ann")


def test_announcement(hub: RunningHub, python: Path, tmp_path: Path) -> None:
    port = free_port()
    options = [f"--AnnouncementService.port={port}"]
    command = [str(python), "-m", "jupyterhub_announcement", *options]
    with service(hub, "announcement", command, port, tmp_path, admin_users=["ann"]) as url:
        browser, page = let_in(hub, url, "ann")
        assert (page.status_code, page.url) == (200, url)
        written = {"announcement": "closed on Monday", "_xsrf": xsrf_in(page)}
        assert "closed on Monday" in browser.post(f"{url}update", data=written, timeout=30).text
        latest = requests.get(f"{url}latest", timeout=30).json()
        assert (latest["user"], latest["announcement"]) == ("ann", "closed on Monday")
        _, page = let_in(hub, url, "bob")  # who is no admin, and sees no form
        assert ("closed on Monday" in page.text, 'name="_xsrf"' in page.text) == (True, False)
