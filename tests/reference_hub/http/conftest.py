"""A reference hub that listens, reset before each test."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
import uvicorn

from reference_hub.core import boot
from reference_hub.core.hub import Hub, Settings
from reference_hub.http import serve
from reference_hub.http.app import create_app
from tests.reference_hub.tools import SECRETS

from .client import Client


class Live:
    """A hub, the address it listens on, and whether it was asked to stop."""

    def __init__(self, base_url: str) -> None:
        self.hub = Hub(
            Settings(
                base_url=base_url,
                api_tokens={SECRETS[name]: name for name in ("admin", "ann", "bob")},
                services=[{"name": "boss", "api_token": SECRETS["boss"], "admin": True}],
                load_groups={"team": ["ann"]},
            )
        )
        self.stopped = threading.Event()
        self.ready = threading.Event()
        self.socket = serve.listen("127.0.0.1", 0)
        config = uvicorn.Config(
            create_app(self.hub, self.stopped.set), lifespan="off", ws="none", log_level="warning"
        )
        self.server = serve.Server(config, self.ready.set)
        self.thread = threading.Thread(target=self.server.run, args=([self.socket],))

    def __enter__(self) -> Live:
        self.thread.start()
        assert self.ready.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self.server.should_exit = True
        self.thread.join(10)
        self.socket.close()

    def client(self) -> Client:
        boot.reset(self.hub)
        self.stopped.clear()
        return Client(self.socket.getsockname()[1])


@pytest.fixture(scope="session")
def live() -> Iterator[Live]:
    with Live("/") as live:
        yield live


@pytest.fixture(scope="session")
def live_below() -> Iterator[Live]:
    with Live("/jupyter/") as live:
        yield live


@pytest.fixture
def client(live: Live) -> Iterator[Client]:
    with live.client() as client:
        yield client
