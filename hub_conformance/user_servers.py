"""Servers of the sandbox's users: started, read, awaited and stopped."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from .client import Answer
from .errors import HubTooSlow, SetupFailed
from .hub import Hub, quoted

if TYPE_CHECKING:
    from .sandbox import User

#: How often a server that is stopping is looked at again, in seconds.
POLL_SECONDS = 0.05
#: What is waited for, in words that are the same for all.
SERVERS = "a server to start or stop"


class UserServers(ABC):
    """What a sandbox does with servers: `spawn_seconds` is how long a start or a stop may take."""

    hub: Hub
    spawn_seconds: float
    user_options: dict[str, Any] | None

    @abstractmethod
    def make(self, what: str, path: str, body: dict[str, Any], method: str = "POST") -> Answer:
        """Send a writing request. Raises SetupFailed with `what` when the hub refuses."""

    def server(self, user: User, server: str = "", **options: Any) -> dict[str, Any]:
        """Start a server and wait until it is ready; return its model.

        `server` "" is the default server; `options` are user options beside those of the run.
        Raises SetupFailed when it cannot be started.
        """
        wanted = {**(self.user_options or {}), **options}
        answer = self.make("start a server", self.server_path(user, server), wanted)
        if answer.status != 201:  # it is starting, or was found to be when the answer was lost
            self.await_start(user, server)
        model = self.server_model(user, server)
        if not (model or {}).get("ready"):
            raise SetupFailed(f"the server of {user.name} did not become ready: {model}")
        return model or {}

    def await_start(self, user: User, server: str = "") -> None:
        """Wait until a server is no longer starting, whether it came up or not.

        By the progress stream, which ends with the start; where that does not work, by looking
        again and again: it has rules of its own. Raises SetupFailed after the run's spawn limit.
        """
        with suppress(AssertionError, ValueError, HubTooSlow):
            path = f"{self.server_path(user, server)}/progress"
            self.hub.events(path, seconds=self.spawn_seconds)
        self.until(lambda: not self._is_pending(user, server), f"a server of {user.name} to start")

    def _is_pending(self, user: User, server: str) -> bool:
        return bool((self.server_model(user, server) or {}).get("pending"))

    def server_path(self, user: User, server: str = "") -> str:
        """Return the path of a user's default or named server below the API's root."""
        return f"{user.path}/servers/{quoted(server)}" if server else f"{user.path}/server"

    def server_model(self, user: User, server: str = "") -> dict[str, Any] | None:
        """Read one server out of its user's model, stopped ones too; None when it is not there."""
        return self.server_models(user).get(server)

    def server_models(self, user: User) -> dict[str, dict[str, Any]]:
        """Read all servers of a user, stopped ones too, by name; {} for a user that is gone."""
        answer = self.hub.get(user.path, params={"include_stopped_servers": "1"})
        if self.hub.says_absent(answer):
            return {}
        self._need(answer, f"read the user {user.name}")
        found = answer.json.get("servers") if isinstance(answer.json, dict) else None
        models = found if isinstance(found, dict) else {}
        return {name: model for name, model in models.items() if isinstance(model, dict)}

    def stop(self, user: User, server: str = "", *, remove: bool = False) -> None:
        """Stop a server and wait until it has stopped, or with `remove` until it is gone.

        Raises SetupFailed when it does not.
        """
        self._need(self._stop(user, server, remove=remove), "stop a server")

    def _stop(self, user: User, server: str, *, remove: bool) -> Answer:
        """Ask for a stop until the hub takes it (some refuse, 400, while it starts), and await it.

        A hub may answer before the removal is done.
        """
        path = self.server_path(user, server)
        body = {"json": {"remove": True}} if remove else {}
        answer = self.hub.delete(path, **body)
        if answer.status == 400 and self._is_pending(user, server):
            self.await_start(user, server)
            answer = self.hub.delete(path, **body)
        if answer.ok:
            self.until(
                lambda: self._has_stopped(user, server, gone=remove),
                f"the server {server!r} of {user.name} to stop",
            )
        return answer

    def _has_stopped(self, user: User, server: str, *, gone: bool) -> bool:
        model = self.server_model(user, server)
        return model is None or not (gone or model.get("ready") or model.get("pending"))

    def until(self, happened: Callable[[], bool], what: str) -> None:
        """Wait until `happened()` is true, asking in short intervals: for what has no event.

        Raises SetupFailed after the run's spawn limit.
        """
        patience = self.hub.client.patience
        seconds = patience.worth(SERVERS, self.spawn_seconds)
        deadline = time.monotonic() + seconds
        while not happened():
            if time.monotonic() > deadline:
                patience.in_vain(SERVERS, seconds)
                raise SetupFailed(f"waited {seconds:.3g} s for {what}")
            time.sleep(POLL_SECONDS)

    def _stop_all(self, user: User) -> None:
        for server, model in self.server_models(user).items():
            if model.get("ready") or model.get("pending"):
                self._stop(user, server, remove=False)

    def _need(self, answer: Answer, what: str) -> None:
        if not answer.ok:
            raise SetupFailed(f"the hub did not {what}: {answer!r}")
