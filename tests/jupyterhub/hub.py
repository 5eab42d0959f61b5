"""Starts and stops one real JupyterHub with its real proxy, on free ports of 127.0.0.1."""

from __future__ import annotations

import http.client
import json
import os
import random
import secrets
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import TracebackType
from urllib.parse import urlsplit

from . import install

HERE = Path(__file__).parent
# Below the ports that Linux hands out for outgoing connections, of which a running suite makes
# many: one of them could take the port between our choice and the hub's start.
PORTS = range(20_000, 32_000)
START_TIMEOUT = 60.0  # seconds
ATTEMPTS = 3


class HubDidNotStart(RuntimeError):
    """The hub ended, or never answered; the message ends with its log."""


class RealHub:
    """A real JupyterHub of one version, running while the `with` block runs.

    `version` is "6.1" or "6.1.1"; `page_default_limit` and `page_max_limit` are numbers of items,
    and `None` keeps the hub's own (50 and 200); `slow_spawn_timeout` is in seconds, and `None`
    keeps the hub's own 10; with `open_version` a single-user server answers `GET api` to anybody,
    as Jupyter Server does, otherwise it asks for a token there as everywhere; `extra_config` is
    Python text executed after the configuration, with its `c`; `port` is the public one, 0 for
    any.

    Three tokens come with it: `service_token` of a service with `admin: True`, `admin_token` of a
    user who is an admin, and `user_token` of a user who is not. Users log in with `password`, and
    `visitor` may use the service that is the OAuth client: `login` and `oauth_client` are what the
    suite's options of these names take.

    Entering raises `HubDidNotStart`, or `install.InstallError` if it cannot be installed.
    """

    service_name = "admin-service"
    admin_name = "admin"
    user_name = "user"
    visitor_name = "visitor"
    oauth_service_name = "oauth-service"

    def __init__(
        self,
        version: str = "6.1",
        *,
        page_default_limit: int | None = 5,
        page_max_limit: int | None = 8,
        named_servers: bool = True,
        base_url: str = "/",
        slow_spawn_timeout: float | None = None,
        open_version: bool = False,
        extra_config: str = "",
        port: int = 0,
    ) -> None:
        self.version = install.full_version(version)
        self.service_token = secrets.token_hex(16)
        self.admin_token = secrets.token_hex(16)
        self.user_token = secrets.token_hex(16)
        self.password = secrets.token_hex(16)
        self.oauth_secret = secrets.token_hex(16)
        self.url = ""
        self.internal_url = ""
        self.directory = Path()
        self._base_path = f"/{base_url.strip('/')}".rstrip("/")
        self._port = port
        self._extra_config = extra_config
        self._settings: dict[str, object] = {
            "page_default_limit": page_default_limit,
            "page_max_limit": page_max_limit,
            "named_servers": named_servers,
            "slow_spawn_timeout": slow_spawn_timeout,
            "server_version": "open" if open_version else "guarded",
        }
        self._supervisor: subprocess.Popen[bytes] | None = None
        self._log_file: int | None = None
        self._log = ""

    def __repr__(self) -> str:
        return f"<RealHub {self.version} at {self.url or 'no address yet'}>"

    def __enter__(self) -> RealHub:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def api_url(self) -> str:
        """The public address of the API."""
        return f"{self.url}/hub/api"

    @property
    def oauth_redirect(self) -> str:
        """The address that the OAuth client is registered with: the one it has by default."""
        return f"{self._base_path}/services/{self.oauth_service_name}/oauth_callback"

    @property
    def login(self) -> str:
        """Who logs in, for `--hub-login`."""
        return f"{self.visitor_name}:{self.password}"

    @property
    def oauth_client(self) -> str:
        """The OAuth client, for `--hub-oauth-client`."""
        return f"service-{self.oauth_service_name}:{self.oauth_secret}"

    @property
    def log(self) -> str:
        """What hub, proxy and servers have written so far; kept after the end."""
        if self._log_file is not None:
            size = os.fstat(self._log_file).st_size
            # `pread`, because the position is one with that of the processes that write.
            self._log = os.pread(self._log_file, size, 0).decode(errors="replace")
        return self._log

    @property
    def log_path(self) -> Path:
        """Where the log is while the hub runs."""
        return self.directory / "log"

    @property
    def supervisor_pid(self) -> int:
        """The process that ends all others when it ends."""
        assert self._supervisor is not None, "the hub is not running"
        return self._supervisor.pid

    def start(self) -> None:
        """Start the hub and return when it answers through its proxy."""
        python, proxy = install.hub_python(self.version), install.proxy_command()
        for attempt in range(1, ATTEMPTS + 1):
            try:
                self._start_processes(python, proxy)
                self._wait_until_it_answers()
            except HubDidNotStart:
                self.stop()
                if self._port or attempt == ATTEMPTS or not _lost_its_port(self.log):
                    raise
            except BaseException:
                self.stop()
                raise
            else:
                return

    def wait(self) -> None:
        """Wait until the hub ends by itself."""
        if self._supervisor is not None:
            self._supervisor.wait()

    def stop(self) -> None:
        """Kill the hub, its proxy and every server. Does nothing if it is not running."""
        if self._supervisor is None or self._log_file is None:
            return
        supervisor, self._supervisor = self._supervisor, None
        supervisor.communicate()  # closes its standard input
        self._log = self.log
        os.close(self._log_file)
        self._log_file = None

    def _start_processes(self, python: Path, proxy: list[str]) -> None:
        public, internal, proxy_api = (self._port or free_port(), free_port(), free_port())
        self.directory = Path(tempfile.mkdtemp(prefix="real-hub-")).resolve()
        self.url = f"http://127.0.0.1:{public}{self._base_path}"
        self.internal_url = f"http://127.0.0.1:{internal}{self._base_path}/hub/api"
        environment = self._environment(internal, proxy_api)
        commands = [
            [*proxy, *self._proxy_arguments(public, proxy_api)],
            [str(python), "-m", "jupyterhub", "-f", str(HERE / "jupyterhub_config.py")],
        ]
        supervisor = [sys.executable, "-I", "-S", str(HERE / "supervisor.py"), str(self.directory)]
        # Kept open, for the file goes with the directory when the hub ends.
        self._log_file = os.open(self.log_path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        self._supervisor = subprocess.Popen(
            [*supervisor, json.dumps(commands)],
            stdin=subprocess.PIPE,
            stdout=self._log_file,
            stderr=subprocess.STDOUT,
            cwd=self.directory,
            env=environment,
            start_new_session=True,
        )

    def _environment(self, internal: int, proxy_api: int) -> dict[str, str]:
        extra = self.directory / "extra_config.py"
        extra.write_text(self._extra_config)
        settings = self._settings | {
            "directory": str(self.directory),
            "bind_url": f"{self.url}/",
            "hub_bind_url": f"http://127.0.0.1:{internal}",
            "proxy_api_url": f"http://127.0.0.1:{proxy_api}",
            "proxy_port": proxy_api,
            "extra_config": str(extra) if self._extra_config else "",
            "service_name": self.service_name,
            "service_token": self.service_token,
            "admin_name": self.admin_name,
            "admin_token": self.admin_token,
            "user_name": self.user_name,
            "user_token": self.user_token,
            "password": self.password,
            "visitor_name": self.visitor_name,
            "oauth_service_name": self.oauth_service_name,
            "oauth_secret": self.oauth_secret,
            "oauth_redirect": self.oauth_redirect,
        }
        # What the caller's environment says about Python or another hub is not meant for this one.
        foreign = ("PYTHON", "JUPYTERHUB", "CONFIGPROXY")
        inherited = {key: text for key, text in os.environ.items() if not key.startswith(foreign)}
        return inherited | {
            "CONFIGPROXY_AUTH_TOKEN": secrets.token_hex(16),
            "HUB_CONFORMANCE_REAL_HUB": json.dumps(settings),
        }

    def _proxy_arguments(self, public: int, proxy_api: int) -> list[str]:
        return [
            *("--ip", "127.0.0.1", "--port", str(public)),
            *("--api-ip", "127.0.0.1", "--api-port", str(proxy_api)),
            *("--error-target", self.internal_url.removesuffix("/api") + "/error"),
            *("--log-level", "warn"),
        ]

    def _wait_until_it_answers(self) -> None:
        assert self._supervisor is not None
        deadline = time.monotonic() + START_TIMEOUT
        # First the hub itself, where a connection is refused until it listens, then the proxy.
        for api in (self.internal_url, self.api_url):
            while not _knows_token(api, self.service_token):
                if self._supervisor.poll() is not None:
                    raise HubDidNotStart(f"JupyterHub {self.version} ended.\n{self.log}")
                if time.monotonic() > deadline:
                    seconds = f"{START_TIMEOUT:.0f} s"
                    raise HubDidNotStart(
                        f"JupyterHub {self.version} did not answer in {seconds}.\n{self.log}"
                    )
                time.sleep(0.01)


def _knows_token(api: str, token: str) -> bool:
    # Only our own hub knows the token, so an answer from a stranger on the port is not mistaken.
    address = urlsplit(api)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=5)
    try:
        connection.request(
            "GET", f"{address.path}/user", headers={"Authorization": f"token {token}"}
        )
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _lost_its_port(log: str) -> bool:
    # Somebody else took a port after it was chosen; in the words of Node and of Python.
    return "EADDRINUSE" in log or "Address already in use" in log


def free_port() -> int:
    """A port of 127.0.0.1 that nobody uses. Raises HubDidNotStart when there is none."""
    for port in random.sample(PORTS, 100):
        try:
            socket.create_server(("127.0.0.1", port)).close()
        except OSError:
            continue
        return port
    raise HubDidNotStart("No free port was found on 127.0.0.1.")
