"""What each client finds, and does to, a hub that it takes for JupyterHub."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
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


@pytest.fixture
def oauth_service(hub: RunningHub, python: Path) -> Iterator[str]:
    """The address of a service that lets those in whom the hub knows."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}/services/app/"
    spec = {"name": "app", "api_token": "secret-of-app", "oauth_redirect_uri": url}
    spec["oauth_redirect_uri"] += "oauth_callback"
    role = {"name": "user", "scopes": ["self", "access:services"]}
    hub.configure(password=PASSWORD, services=[spec], load_roles=[role])
    env = environment(
        hub,
        "secret-of-app",
        JUPYTERHUB_CLIENT_ID="service-app",
        JUPYTERHUB_HOST=hub.url.rstrip("/"),
        JUPYTERHUB_SERVICE_PREFIX="/services/app/",
        JUPYTERHUB_OAUTH_CALLBACK_URL=spec["oauth_redirect_uri"],
        JUPYTERHUB_OAUTH_ACCESS_SCOPES='["access:services!service=app"]',
        SERVICE_PORT=str(port),
    )
    command = [str(python), "-c", programs.HUB_OAUTH]
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == '"ready"\n'
        yield url
        process.kill()


def test_hub_oauth(hub: RunningHub, oauth_service: str) -> None:
    browser = requests.Session()
    browser.trust_env = False
    login = browser.get(oauth_service, timeout=10)
    assert login.url.startswith(f"{hub.url}hub/login")
    fields = {"username": "ann", "password": PASSWORD, "_xsrf": browser.cookies["_xsrf"]}
    confirm = browser.post(login.url, data=fields, timeout=10)
    assert "app" in confirm.text
    xsrf = confirm.text.split('name="_xsrf" value="')[1].split('"')[0]
    agreed = {"_xsrf": xsrf, "scopes": ["access:services!service=app"]}
    inside = browser.post(confirm.url, data=agreed, timeout=10)
    assert inside.status_code == 200, inside.text
    assert (inside.url, inside.json()["name"]) == (oauth_service, "ann")
