"""Every example of "Using JupyterHub's REST API", from JupyterHub's documentation, as it stands.

What is marked as the reader's own in an example (a secret, a token, a user) is filled in; the
address is that of the hub under test. (The placeholder `<serverA>` is in capitals, which
JupyterHub 6 allows in no server name.)
"""

from __future__ import annotations

import json
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import requests

THE_SECRET_VALUE = secrets.token_hex(32)  # openssl rand -hex 32

CONFIGURATION = f"""
the_secret_value = {THE_SECRET_VALUE!r}

c.JupyterHub.services = [
    {{
        "name": "my-service",
        "api_token": the_secret_value,
    }},
]
c.JupyterHub.admin_users = {{"service-admin"}}
c.JupyterHub.api_tokens = {{
    "secret-token-of-a-user": "service-admin",
}}
c.JupyterHub.services += [
    {{
        # give the token a name
        "name": "service-admin",
        "api_token": "secret-token",
        # "admin": True, # if using JupyterHub 1.x
    }},
]
# roles were introduced in JupyterHub 2.0
# prior to 2.0, only "admin": True or False was available
c.JupyterHub.load_roles = [
    {{
        "name": "service-role",
        "scopes": [
            # specify the permissions the token should have
            "admin:users",
        ],
        "services": [
            # assign the service the above permissions
            "service-admin",
        ],
    }},
    {{"name": "teachers", "scopes": ["list:users", "custom:grades:read"], "groups": ["formgrade"]}},
    {{"name": "assistants", "scopes": ["list:groups"], "users": ["assistant"]}},
]
c.JupyterHub.allow_named_servers = True
c.JupyterHub.named_server_limit_per_user = 2
c.JupyterHub.api_page_default_limit = 20
c.JupyterHub.api_page_max_limit = 40
c.JupyterHub.custom_scopes = {{"custom:grades:read": {{"description": "Read grades"}}}}
c.JupyterHub.load_groups = {{"formgrade": ["teacher"], "formgrade-data301": []}}
c.JupyterHub.base_url = "/jupyter"
c.JupyterHub.misspelt = True
c.DummyAuthenticator.password = "a-shared-password"
"""


@pytest.fixture(scope="module")
def hub_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    directory = tmp_path_factory.mktemp("documented")
    (directory / "jupyterhub_config.py").write_text(CONFIGURATION)
    command = [sys.executable, "-m", "reference_hub", "-f", "jupyterhub_config.py"]
    with subprocess.Popen(
        [*command, "--JupyterHub.port=0", "--json"],
        cwd=directory,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        ready = json.loads(process.stdout.readline())
        yield ready["url"].rstrip("/")
        process.terminate()
        said = process.stderr.read()
    assert said == "unknown option JupyterHub.misspelt\n"


def environment() -> dict[str, str]:
    import os

    import reference_hub

    root = str(Path(reference_hub.__file__).parents[1])
    return {**os.environ, "PYTHONPATH": root}


@pytest.fixture(scope="module")
def api_url(hub_url: str) -> str:
    return f"{hub_url}/hub/api"


@pytest.fixture(scope="module")
def token() -> str:
    return "secret-token-of-a-user"


def get(url: str, token: str, **headers: str) -> Any:
    r = requests.get(url, headers={"Authorization": f"token {token}", **headers}, timeout=10)
    r.raise_for_status()
    return r.json()


# The function of the chapter on permissions, word for word but for the types.
def request_token(
    username: str,
    *,
    api_token: str,
    scopes: list[str] | None = None,
    expires_in: int = 0,
    hub_url: str = "http://127.0.0.1:8081",
) -> Any:
    """Request a new token for a user"""
    request_body: dict[str, Any] = {}
    if expires_in:
        request_body["expires_in"] = expires_in
    if scopes:
        request_body["scopes"] = scopes
    url = hub_url.rstrip("/") + f"/hub/api/users/{quote(username)}/tokens"
    r = requests.post(
        url,
        data=json.dumps(request_body),
        headers={"Authorization": f"token {api_token}"},
    )
    if r.status_code >= 400:
        # extract error message for nicer error messages
        r.reason = r.json().get("message", r.text)
        r.raise_for_status()
    # response is a dict and will include the token itself in the 'token' field,
    # as well as other fields about the token
    return r.json()


def test_tokens_from_the_configuration(api_url: str, token: str) -> None:
    service = get(f"{api_url}/user", THE_SECRET_VALUE)
    assert (service["kind"], service["name"]) == ("service", "my-service")
    user = get(f"{api_url}/user", token)
    assert (user["kind"], user["name"], user["admin"]) == ("user", "service-admin", True)
    admin = get(f"{api_url}/user", "secret-token")
    assert (admin["kind"], admin["name"]) == ("service", "service-admin")
    assert "admin:users" in admin["scopes"]


def test_a_service_is_no_user(api_url: str) -> None:
    users = get(f"{api_url}/users", "secret-token")
    assert [user["name"] for user in users if user["name"] == "my-service"] == []
    assert {user["kind"] for user in users} == {"user"}


def test_requesting_tokens(hub_url: str, api_url: str, token: str) -> None:
    requests.post(
        f"{api_url}/users/myusername", headers={"Authorization": f"token {token}"}, timeout=10
    ).raise_for_status()
    made = request_token("myusername", scopes=["read:users!user"], api_token=token, hub_url=hub_url)
    assert get(f"{api_url}/user", made["token"])["name"] == "myusername"
    short = request_token("myusername", expires_in=1, api_token=token, hub_url=hub_url)
    assert short["expires_at"]
    with pytest.raises(requests.HTTPError, match="list:users"):
        # The owner of the token does not hold what is asked for.
        request_token("myusername", scopes=["list:users"], api_token=token, hub_url=hub_url)


def test_users_roles_and_groups(api_url: str, hub_url: str, token: str) -> None:
    users = {user["name"]: user for user in get(f"{api_url}/users", token)}
    assert users["teacher"]["groups"] == ["formgrade"]
    assert "assistants" in users["assistant"]["roles"]
    made = request_token("teacher", scopes=["list:users"], api_token=token, hub_url=hub_url)
    assert get(f"{api_url}/users", made["token"])


def test_adding_users_to_a_group(api_url: str, token: str) -> None:
    for name in ("user1", "user2"):
        requests.post(
            f"{api_url}/users/{name}", headers={"Authorization": f"token {token}"}, timeout=10
        ).raise_for_status()
    data = {"name": "mygroup", "users": ["user1", "user2"]}
    r = requests.post(
        api_url + "/groups/formgrade-data301/users",
        headers={"Authorization": f"token {token}"},
        json=data,
        timeout=10,
    )
    r.raise_for_status()
    assert r.json()["users"] == ["user1", "user2"]


def test_pagination(api_url: str, token: str) -> None:
    names = [f"paged{number}" for number in range(50)]
    requests.post(
        f"{api_url}/users",
        json={"usernames": names},
        headers={"Authorization": f"token {token}"},
        timeout=10,
    ).raise_for_status()
    accept = {"Accept": "application/jupyterhub-pagination+json"}
    for query, limit in (("?offset=0&limit=20", 20), ("", 20), ("?limit=1000", 40)):
        page = get(f"{api_url}/users{query}", token, **accept)
        assert len(page["items"]) == limit
        about = page["_pagination"]
        assert (about["offset"], about["limit"], about["next"]["offset"]) == (0, limit, limit)
        following = get(about["next"]["url"], token, **accept)
        assert following["items"][0]["name"] not in {user["name"] for user in page["items"]}


def curl(api_url: str, method: str, token: str, path: str) -> str:
    command = ["curl", "-s", "-X", method, "-H", f"Authorization: token {token}"]
    written = ["-o", "/dev/null", "-w", "%{http_code}", f"{api_url}/users/{path}"]
    return subprocess.run([*command, *written], capture_output=True, text=True, check=True).stdout


def test_servers_by_curl(api_url: str, token: str) -> None:
    assert curl(api_url, "POST", token, "teacher/server") == "201"
    assert curl(api_url, "POST", token, "teacher/servers/server-a") == "201"
    assert curl(api_url, "POST", token, "teacher/servers/server-b") == "201"
    # named_server_limit_per_user
    assert curl(api_url, "POST", token, "teacher/servers/server-c") == "400"
    assert set(get(f"{api_url}/users/teacher", token)["servers"]) == {"", "server-a", "server-b"}
    assert curl(api_url, "DELETE", token, "teacher/servers/server-a") == "204"
    assert set(get(f"{api_url}/users/teacher", token)["servers"]) == {"", "server-b"}


def test_the_token_also_opens_the_server(hub_url: str, api_url: str, token: str) -> None:
    assert curl(api_url, "POST", token, "assistant/server") == "201"
    server = f"{hub_url}/user/assistant/api/status"
    assert get(server, token)["kernels"] == 0
    weak = request_token("teacher", scopes=["read:users!user"], api_token=token, hub_url=hub_url)
    with pytest.raises(requests.HTTPError, match="403"):
        get(server, weak["token"])


def test_an_expired_token(hub_url: str, api_url: str, token: str) -> None:
    made = request_token("teacher", expires_in=1, api_token=token, hub_url=hub_url)
    get(f"{api_url}/user", made["token"])
    time.sleep(1.05)
    with pytest.raises(requests.HTTPError, match="403"):
        get(f"{api_url}/user", made["token"])
