"""What ends a run before its time: what it made is removed, or told with the command that does."""

from __future__ import annotations

import contextlib
import os
import random
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import requests

from ..forwarder import Asked, Pass, Said, forwarding
from ..hostile import turning
from .hub import RealHub, free_port
from .snapshot import Snapshot
from .test_suite import accounts, run_suite, state

#: Chapters in which there is something of every kind to be left behind.
CHAPTERS = ("-m", "users or groups or tokens or servers or shares or services or sessions")
#: When runs are killed, at the latest, in seconds after they have made something.
LATEST = 15.0
LIMIT_SECONDS = 600
READING = ("GET", "HEAD", "OPTIONS")


class Going:
    """A run that is going on; `id` is the one that it said."""

    def __init__(self, hub: RealHub, folder: Path, *arguments: str) -> None:
        self.hub = hub
        self.printed: list[str] = []
        self._environment = {
            **os.environ,
            **accounts(hub),
            "JUPYTERHUB_API_TOKEN": hub.admin_token,
            "PYTHONUNBUFFERED": "1",
        }
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-m", "pytest", f"--hub-url={hub.url}"),
                *("-p", "no:schemathesis", "--hub-baseline=jupyterhub", *CHAPTERS, *arguments),
            ],
            cwd=folder,
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            preexec_fn=_heed_interrupts,
        )
        self.id = self._said_id()
        self._reading = threading.Thread(target=self._read, daemon=True)
        self._reading.start()

    def _said_id(self) -> str:
        assert self.process.stdout
        for line in self.process.stdout:
            self.printed.append(line)
            if found := re.search(r"run: (\S+)$", line.strip()):
                return found[1]
        raise AssertionError("".join(self.printed))

    def _read(self) -> None:
        assert self.process.stdout
        with contextlib.suppress(ValueError):
            self.printed += self.process.stdout

    def until_something_is_there(self, before: Snapshot) -> None:
        """Wait until the run has made something."""
        deadline = time.monotonic() + LIMIT_SECONDS
        while not self._has_changed(before):
            assert self.process.poll() is None, self.wait()
            assert time.monotonic() < deadline
            time.sleep(0.2)

    def _has_changed(self, before: Snapshot) -> bool:
        try:
            return bool(before.differences(state(self.hub)))
        except requests.HTTPError:  # what was listed was gone when it was looked at
            return True

    def kill(self) -> None:
        """Kill the run with its workers, as a machine that goes down does."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.wait()

    def end(self, number: signal.Signals) -> str:
        """Send a signal, and wait until the run has ended; return all that it printed."""
        self.process.send_signal(number)
        return self.wait()

    def wait(self) -> str:
        self.process.wait(LIMIT_SECONDS)
        self._reading.join(10)
        if self.process.stdout:
            self.process.stdout.close()
        return "".join(self.printed)

    def clean_up(self) -> None:
        """Run the command that removes what was left."""
        done = subprocess.run(
            [
                *(sys.executable, "-m", "hub_conformance", "cleanup", "--yes"),
                *(f"--hub-url={self.hub.url}", f"--run-id={self.id}"),
                f"--hub-login={self.hub.visitor_name}",
            ],
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr


def _heed_interrupts() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)


Start = Callable[..., Going]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts a run on a hub, which does not outlive the test."""
    started: list[Going] = []

    def begun(hub: RealHub, *arguments: str) -> Going:
        started.append(Going(hub, tmp_path, *arguments))
        return started[-1]

    yield begun
    for each in started:
        if each.process.poll() is None:
            each.kill()


@pytest.mark.nightly
@pytest.mark.parametrize("workers", [[], ["-n", "2"]], ids=["one", "two"])
def test_cleanup_after_a_kill_at_any_moment(
    jupyterhub_61: RealHub, start: Start, workers: list[str]
) -> None:
    before, moments = state(jupyterhub_61), random.Random(len(workers))
    left = []
    for _ in range(5):
        going = start(jupyterhub_61, *workers)
        going.until_something_is_there(before)
        time.sleep(moments.uniform(0, LATEST))
        going.kill()
        left.append(len(before.differences(state(jupyterhub_61))))
        going.clean_up()
        assert before.differences(state(jupyterhub_61)) == [], going.id
    assert any(left), "no run was killed while it had something on the hub"


@pytest.mark.parametrize(
    ("number", "workers"),
    [
        (signal.SIGINT, []),
        pytest.param(signal.SIGTERM, [], marks=pytest.mark.nightly),
        pytest.param(signal.SIGINT, ["-n", "2"], marks=pytest.mark.nightly),
    ],
)
def test_run_that_is_stopped_removes_its_own(
    jupyterhub_61: RealHub, start: Start, number: signal.Signals, workers: list[str]
) -> None:
    before = state(jupyterhub_61)
    going = start(jupyterhub_61, *workers)
    going.until_something_is_there(before)
    printed = going.end(number)
    assert going.process.returncode == 2, printed
    assert before.differences(state(jupyterhub_61)) == [], printed


@pytest.mark.nightly
def test_hub_that_is_started_anew_in_the_middle(tmp_path: Path, start: Start) -> None:
    kept = f"c.JupyterHub.db_url = 'sqlite:///{tmp_path / 'kept.sqlite'}'\n"
    with RealHub("6.1", extra_config=kept, port=free_port()) as hub:
        before = state(hub)
        going = start(hub)
        going.until_something_is_there(before)
        hub.stop()
        hub.start()
        printed = going.wait()
        assert going.process.returncode == 1, printed
        if differences := _changes(before, hub):
            assert f"--run-id={going.id}" in printed, (differences, printed)
            going.clean_up()
        assert _changes(before, hub) == [], printed


def _changes(before: Snapshot, hub: RealHub) -> list[str]:
    """What changed, but for where the hub itself is: its internal port is another one."""
    return [each for each in before.differences(state(hub)) if not each.startswith("routes: /: ")]


@pytest.mark.nightly
def test_connections_that_are_lost(jupyterhub_61: RealHub, tmp_path: Path) -> None:
    before = state(jupyterhub_61)
    with turning(jupyterhub_61.url, 10**6, "cut") as server:
        server.loses = 29
        outcome = run_suite(
            tmp_path, jupyterhub_61, jupyterhub_61.admin_token, *CHAPTERS, url=server.origin
        )
    assert "checked again after a lost connection" in outcome.printed
    assert before.differences(state(jupyterhub_61)) == [], outcome


def test_rules_that_all_fail(jupyterhub_61: RealHub, tmp_path: Path) -> None:
    """A hub that says of everything, once the run has begun, that it went some other way."""
    before = state(jupyterhub_61)
    told = 0

    def astray(asked: Asked, pass_on: Pass) -> Said:
        nonlocal told
        said, told = pass_on(asked), told + 1
        is_well = said.status in (200, 201, 204) and told > 30
        return replace(said, status=299) if is_well and asked.method in READING else said

    with forwarding(jupyterhub_61.url, astray) as url:
        outcome = run_suite(
            tmp_path, jupyterhub_61, jupyterhub_61.admin_token, "-m", "groups or tokens", url=url
        )
    assert len(outcome.of("failed")) > 10, outcome
    assert before.differences(state(jupyterhub_61)) == [], outcome


def test_read_only_run_writes_nothing(jupyterhub_61: RealHub, tmp_path: Path) -> None:
    """Nothing that may change the hub is sent: no set-up, no token of its own, no removal."""
    before, written = state(jupyterhub_61), list[str]()

    def counting(asked: Asked, pass_on: Pass) -> Said:
        if asked.method not in READING or "/spawn" in asked.target:
            written.append(asked.line)
        return pass_on(asked)

    with forwarding(jupyterhub_61.url, counting) as url:
        outcome = run_suite(
            tmp_path, jupyterhub_61, jupyterhub_61.admin_token, "--hub-read-only", url=url
        )
    assert written == []
    assert outcome.of("passed"), outcome
    assert "--hub-read-only" in outcome.printed
    assert "as before: " in outcome.printed
    assert before.differences(state(jupyterhub_61)) == []
