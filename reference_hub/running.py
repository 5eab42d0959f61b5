"""Hubs for tests: one in a thread that listens on 127.0.0.1, and one without a socket."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import TypeVar

import uvicorn
from starlette.types import ASGIApp

from .core import spawning
from .core.hub import Settings
from .filling import ADMIN, HubForTests, MovableClock
from .http import serve
from .watched import ReceivedRequest

__all__ = ["ADMIN", "InProcessHub", "MovableClock", "ReceivedRequest", "RunningHub"]

_Result = TypeVar("_Result")
_TIMEOUT = 10.0  # seconds for a start, a stop, and what is done in the hub's thread


class RunningHub(HubForTests):
    """A hub that listens on 127.0.0.1 from entering to leaving it.

    What a test does here is done in the hub's own thread, between two requests.
    """

    def __init__(self, settings: Settings | None = None) -> None:
        super().__init__(settings)
        self._socket = serve.listen("127.0.0.1", 0)
        self._ready = threading.Event()
        config = uvicorn.Config(
            self._watched,
            lifespan="off",
            ws=serve.Websockets,
            log_level="warning",
            access_log=False,
        )
        self._server = serve.Server(config, self._started)
        self._thread = threading.Thread(
            target=self._server.run, args=([self._socket],), daemon=True, name="reference-hub"
        )

    def __enter__(self) -> RunningHub:
        self._thread.start()
        if not self._ready.wait(_TIMEOUT):
            raise RuntimeError(f"the reference hub did not start within {_TIMEOUT:.0f} s")
        self.reset()
        return self

    def __exit__(self, *_: object) -> None:
        self.mend()
        self._server.should_exit = True
        self._thread.join(_TIMEOUT)
        self._socket.close()

    def _started(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._ready.set()

    def _do(self, work: Callable[[], _Result]) -> _Result:
        async def run() -> _Result:
            spawning.settle_all(self.hub)
            return work()

        return asyncio.run_coroutine_threadsafe(run(), self._loop).result(_TIMEOUT)

    @property
    def url(self) -> str:
        """The address that a browser would open, with a slash at the end."""
        return f"http://127.0.0.1:{self._socket.getsockname()[1]}{self._first.base_url}"


class InProcessHub(HubForTests):
    """A hub without a socket and without a thread: `app` is called by a client's transport.

    Use it from one thread, the one that the transport runs in.
    """

    def __init__(self, settings: Settings | None = None) -> None:
        super().__init__(settings)
        self.reset()

    @property
    def app(self) -> ASGIApp:
        """The hub as an ASGI application."""
        return self._watched

    def _do(self, work: Callable[[], _Result]) -> _Result:
        spawning.settle_all(self.hub)
        return work()

    @property
    def url(self) -> str:
        """The address that requests are made for; nothing listens there."""
        return f"http://reference-hub.invalid{self._first.base_url}"
