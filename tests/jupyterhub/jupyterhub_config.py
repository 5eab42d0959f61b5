"""The one configuration that every version of JupyterHub from 2.3 to 6.1 starts with.

The hub executes this file. `hub.py` passes the parameters as JSON in an environment variable; the
tokens are among them, so it is removed from the environment that servers inherit.
"""

from __future__ import annotations

import asyncio
import json
import os
import runpy
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from jupyterhub import __version__, version_info  # type: ignore[import-not-found]
from jupyterhub.spawner import SimpleLocalProcessSpawner  # type: ignore[import-not-found]

settings: dict[str, Any] = json.loads(os.environ.pop("HUB_CONFORMANCE_REAL_HUB"))


class LightSpawner(SimpleLocalProcessSpawner):  # type: ignore[misc]
    """Starts `singleuser.py` as a local process, and wastes no time over it.

    It understands two keys of `user_options`: `{"delay": seconds}` makes a start slow, and
    `{"fail": true}` makes it fail (after the delay, if there is one).
    """

    async def start(self) -> Any:
        """Start the server on a socket that listens already.

        The hub waits for a new server in steps that double, so a server that listens before it is
        asked saves the first steps; and nobody else can take its port in between.
        """
        options = self.user_options if isinstance(self.user_options, dict) else {}
        await asyncio.sleep(float(options.get("delay", 0)))
        if options.get("fail"):
            raise RuntimeError("this server fails to start, as its user_options ask")
        with socket.create_server(("127.0.0.1", 0)) as listener:
            self.port = listener.getsockname()[1]
            self.args = [str(listener.fileno()), __version__, settings["server_version"]]
            # In the hub's own process group, which the supervisor kills as one.
            self.popen_kwargs = {
                "pass_fds": [listener.fileno()],
                "start_new_session": False,
                "cwd": settings["directory"],
            }
            return await super().start()

    def make_preexec_fn(self, name: str) -> None:
        """Nothing to do between fork and exec, which lets Python start processes without a fork."""

    async def wait_for_death(self, timeout: float = 10) -> bool:
        """Wait for the process itself; the hub's own way is to look again and again."""
        if self.proc is not None:
            with suppress(subprocess.TimeoutExpired):
                await asyncio.to_thread(self.proc.wait, timeout)
        return await self.poll() is not None

    async def progress(self) -> AsyncIterator[dict[str, Any]]:
        """Two events before the hub's own last one."""
        yield {"progress": 20, "message": "Looking for a place to run"}
        yield {"progress": 60, "message": "Starting the server"}


def wait_for_proxy(port: int, seconds: float = 30) -> None:
    """Wait until the proxy listens: the hub gives up at once if it does not."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return


c = get_config()  # type: ignore[name-defined]  # noqa: F821  # given by traitlets

c.JupyterHub.bind_url = settings["bind_url"]
c.JupyterHub.hub_bind_url = settings["hub_bind_url"]
c.JupyterHub.db_url = "sqlite:///:memory:"
c.JupyterHub.cookie_secret = os.urandom(32)  # kept nowhere
c.JupyterHub.allow_named_servers = settings["named_servers"]
if settings["page_default_limit"] is not None:
    c.JupyterHub.api_page_default_limit = settings["page_default_limit"]
if settings["page_max_limit"] is not None:
    c.JupyterHub.api_page_max_limit = settings["page_max_limit"]
if settings["slow_spawn_timeout"] is not None:
    c.JupyterHub.tornado_settings = {"slow_spawn_timeout": settings["slow_spawn_timeout"]}

# The supervisor starts the proxy, so that it is killed with the rest.
c.ConfigurableHTTPProxy.should_start = False
c.ConfigurableHTTPProxy.api_url = settings["proxy_api_url"]

c.JupyterHub.authenticator_class = "dummy"
c.DummyAuthenticator.password = settings["password"]
c.Authenticator.admin_users = {settings["admin_name"]}
# Without this line a user who is known by a token alone would lack the role of every user. Users
# made through the API are added to the list.
c.Authenticator.allowed_users = {settings["user_name"], settings["visitor_name"]}
if version_info >= (5,):  # from then on nobody is allowed unless it is said
    c.Authenticator.allow_all = True

# Services and users may both own tokens of every right; a user also one of few.
c.JupyterHub.services = [
    {"name": settings["service_name"], "api_token": settings["service_token"], "admin": True},
    # An OAuth client that grants some scopes, before 3.0 by roles.
    {
        "name": settings["oauth_service_name"],
        "api_token": settings["oauth_secret"],
        "oauth_redirect_uri": settings["oauth_redirect"],
    }
    | (
        {"oauth_client_allowed_scopes": ["read:users!user", "users:activity!user"]}
        if version_info >= (3,)
        else {"oauth_roles": ["oauth-visitors"]}
    ),
]
c.JupyterHub.load_roles = [
    {
        "name": "oauth-visitors",
        "scopes": [f"access:services!service={settings['oauth_service_name']}"],
        "users": [settings["visitor_name"]],
    }
]
c.JupyterHub.api_tokens = {
    settings["admin_token"]: settings["admin_name"],
    settings["user_token"]: settings["user_name"],
}

c.JupyterHub.spawner_class = LightSpawner
c.LightSpawner.cmd = [sys.executable, "-I", "-S", str(Path(__file__).with_name("singleuser.py"))]
c.LightSpawner.home_dir_template = settings["directory"]
# The default ends the whole hub after five servers that failed to start.
c.LightSpawner.consecutive_failure_limit = 0

if settings["extra_config"]:
    runpy.run_path(settings["extra_config"], init_globals={"c": c})

wait_for_proxy(settings["proxy_port"])
