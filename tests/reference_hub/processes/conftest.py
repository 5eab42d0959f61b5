"""A hub whose users' servers are processes."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import requests

SERVED = f"{sys.executable} -m tests.reference_hub.processes.served"
ROOT = __file__.split("/tests/reference_hub/")[0]


class Started:
    """A hub that was started with this command for users' servers."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        self.process = process
        ready = json.loads(process.stdout.readline())
        self.url, self.token = ready["url"], ready["token"]
        self.session = requests.Session()
        self.session.trust_env = False

    def __call__(self, method: str, path: str, **request: Any) -> requests.Response:
        """Ask as the admin; redirects are not followed."""
        headers = {"Authorization": f"token {self.token}", **request.pop("headers", {})}
        options = {"timeout": 30, "allow_redirects": False, **request}
        return self.session.request(method, f"{self.url}{path}", headers=headers, **options)

    def start(self, user: str, **body: Any) -> list[dict[str, Any]]:
        """Start a user's server; the events of that until its end."""
        self("POST", f"hub/api/users/{user}")
        answer = self("POST", f"hub/api/users/{user}/server", json=body)
        assert answer.status_code == 202, answer.text
        told = self("GET", f"hub/api/users/{user}/server/progress").text
        return [json.loads(line[6:]) for line in told.splitlines() if line]

    def server(self, user: str) -> dict[str, Any]:
        """The model of a user's server."""
        model: dict[str, Any] = self("GET", f"hub/api/users/{user}/server").json()
        return model


@contextmanager
def started(command: str, *options: str, **more: Any) -> Iterator[Started]:
    """A hub, killed at the end if it has not ended by itself."""
    words = [sys.executable, "-m", "reference_hub", "--port=0", "--json", "--spawner=process"]
    with subprocess.Popen(
        [*words, f"--singleuser-command={command}", *options],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        **more,
    ) as process:
        try:
            yield Started(process)
        finally:
            process.terminate()
            process.wait(30)


@pytest.fixture(scope="module")
def hub() -> Iterator[Started]:
    import os

    env = {**os.environ, "SECRET_OF_THE_HUB": "x", "PYTHONPATH": ROOT}
    with started(SERVED, "--Spawner.environment={'OWN': 'yes'}", env=env) as hub:
        assert hub.start("ann")[-1]["ready"]
        yield hub
