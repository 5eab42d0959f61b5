"""A reference hub whose faults are switched over HTTP, and started anew when it does not answer."""

from __future__ import annotations

import subprocess
from contextlib import suppress
from urllib.parse import quote

import requests

from .. import embedded
from ..errors import ConformanceError
from .configuration import Configuration

ANSWER_SECONDS = 10.0


class NotSwitched(ConformanceError):
    """The hub did not put a fault in; the message says what it answered."""


class FaultyHub:
    """One hub of a configuration; `running` is there once it was started."""

    def __init__(self, configuration: Configuration) -> None:
        self.configuration = configuration
        self.running: embedded.EmbeddedHub | None = None

    def start(self) -> None:
        """Start the hub where it does not run. Only the process that started it can tell."""
        if self.running is None or self.running.process.poll() is not None:
            self.stop()
            self.running = embedded.start(
                "--allow-faults",
                *self.configuration.options,
                errors=subprocess.DEVNULL,  # a hub with a fault breaks, which is no news
            )

    def stop(self) -> None:
        """End the hub, if it was started."""
        if self.running:
            with suppress(OSError):  # a hub that has ended took the pipe with it
                self.running.stop()
            self.running = None

    def switch(self, fault: str) -> None:
        """Make the hub as good as new, with one fault, or none for "". Raises NotSwitched."""
        self._ask("DELETE", "faults")
        self._ask("POST", "reset")
        if fault:
            self._ask("PUT", f"faults/{quote(fault)}")

    def _ask(self, method: str, path: str) -> None:
        hub = self.running
        assert hub
        headers = {"Authorization": f"token {hub.token.reveal()}"}
        with requests.Session() as session:
            session.trust_env = False
            try:
                answer = session.request(
                    method, hub.url + path, headers=headers, timeout=ANSWER_SECONDS
                )
            except requests.RequestException as error:
                raise NotSwitched(f"{method} /{path}: {type(error).__name__}") from None
        if not answer.ok:
            raise NotSwitched(f"{method} /{path} answered {answer.status_code}")
