"""The spawner that starts a command for each server, as JupyterHub's local ones do."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import httpx

from ...core import models, spawning
from ...core.entities import JSON, Server
from ...core.hub import Hub
from .environment import environment
from .process import Process, free_port

_LOOK_AGAIN = 0.1  # seconds between two looks at a server that starts
_WATCH = 1.0  # seconds between two looks at one that runs
_ANSWER = 5.0  # seconds that one answer may take


@dataclass(frozen=True)
class Command:
    """What to run, and the variables it is given beside the hub's own."""

    words: Sequence[str] = ("jupyterhub-singleuser",)
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """What people call it."""
        return Path(self.words[0]).name


class Processes:
    """Servers as processes. Each user has a directory of their own, which ends with the hub.

    `origin` is where processes find the hub: scheme, host and port, without a slash at the end.
    """

    def __init__(self, command: Command, origin: str) -> None:
        self.command, self.origin = command, origin
        self._home = tempfile.TemporaryDirectory(prefix="reference-hub-")
        self._running: dict[Server, Process] = {}
        self._watches: dict[Server, asyncio.Task[None]] = {}
        self._ending: dict[Process, tuple[Server, asyncio.Task[None]]] = {}

    # What the core asks for

    def check(self, options: Mapping[str, JSON]) -> None:
        """Any options will do: they are the command's own."""

    def begin(self, hub: Hub, server: Server, secret: str) -> None:
        """Run the command, and wait for it to answer in the background."""
        port = free_port()
        home = Path(self._home.name) / quote(server.user.name, safe="@")
        home.mkdir(exist_ok=True)
        env = environment(hub, server, secret, self.origin, port, home)
        try:
            process = Process(self.command.words, {**env, **self.command.environment}, home)
        except (OSError, ValueError) as error:
            spawning.fail(hub, server, f"{self.command.name} cannot be run: {error}")
            return
        spawning.tell(server, 50, f"{self.command.name} runs, and has to answer next")
        server.state = {"pid": process.popen.pid}
        self._running[server] = process
        url = f"http://127.0.0.1:{port}"
        watch = self._watch(hub, server, process, url)
        self._watches[server] = asyncio.get_running_loop().create_task(watch)

    def end(self, server: Server) -> None:
        """Have the process ended in the background."""
        process, watch = self._running.pop(server, None), self._watches.pop(server, None)
        if watch is not None and watch is not asyncio.current_task():
            watch.cancel()
        if process is not None:
            task = asyncio.get_running_loop().create_task(process.end())
            self._ending[process] = server, task
            task.add_done_callback(lambda _: self._ending.pop(process, None))

    def is_ending(self, server: Server) -> bool:
        """Whether a process of a stopped server still runs."""
        return any(each is server for each, _ in self._ending.values())

    # From start to end

    async def _watch(self, hub: Hub, server: Server, process: Process, url: str) -> None:
        reason = await self._wait(hub, server, process, url)
        if reason is not None:
            spawning.fail(hub, server, reason)
            return
        server.address = url
        spawning.make_ready(hub, server)
        while process.status is None:
            await asyncio.sleep(_WATCH)
        spawning.stop(hub, server)

    async def _wait(self, hub: Hub, server: Server, process: Process, url: str) -> str | None:
        """Wait until the server answers; the reason if it never does."""
        patience, loop = hub.settings.start_timeout, asyncio.get_running_loop()
        deadline = loop.time() + patience
        address = f"{url}{models.server_url(hub, server)}api"
        async with httpx.AsyncHTTPTransport(trust_env=False) as transport:
            while loop.time() < deadline:
                if process.status is not None:
                    return self._told(process, f"ended with status {process.status}")
                if await answers(transport, address):
                    return None
                await asyncio.sleep(_LOOK_AGAIN)
        return self._told(process, f"did not answer within {patience:g} seconds")

    def _told(self, process: Process, what: str) -> str:
        said = process.last_line()
        return f"{self.command.name} {what}" + (f"; its last words: {said}" if said else "")

    # The end of the hub

    async def close(self) -> None:
        """End every process, in good order if they let themselves be asked."""
        # All of it here: after a SIGTERM nothing is run any more once the loop has ended.
        for server in list(self._running):
            self.end(server)
        await asyncio.gather(*(task for _, task in list(self._ending.values())))
        self.kill()

    def kill(self) -> None:
        """End every process that is left, at once, and remove their directories."""
        for process in [*self._running.values(), *self._ending]:
            process.kill()
        self._home.cleanup()


async def answers(transport: httpx.AsyncHTTPTransport, address: str) -> bool:
    """Whether a server answers there, be it with a refusal."""
    timeout = httpx.Timeout(_ANSWER).as_dict()
    request = httpx.Request("GET", address, extensions={"timeout": timeout})
    try:
        response = await transport.handle_async_request(request)
    except httpx.TransportError:
        return False
    await response.aclose()
    return response.status_code < 500
