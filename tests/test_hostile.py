"""Runs against hubs that break, hang or lie: each ends soon, and says why."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from hub_conformance import patience
from hub_conformance.embedded import EmbeddedHub

from .hostile import RULES, stuck, turning
from .tricks import BODIES, BROKEN, LARGE, PAGES, SLOW, TRICKS

#: In seconds, of a run whose patience is cut to a few.
BOUND = 40.0
#: What the terminal says of each trick before anything else has been answered.
BEFORE = {
    **dict.fromkeys(SLOW, "no whole answer within 0."),
    **dict.fromkeys(LARGE, "answered more than 3145728 bytes"),
    **dict.fromkeys(("large JSON", "zstd bomb"), "is no JupyterHub"),
    "headers without end": "got more than 100 headers",
    "a header without end": "got more than 65536 bytes",
    "interim answers without end": "no whole answer within 0.",
    "early hints without end": "no whole answer within 0.",
    **dict.fromkeys(BROKEN, "what came back is no HTTP"),
    "cut": "the connection was closed without an answer",
    "cut hard": "Connection reset by peer",
    "cut in the headers": "the connection was closed without an answer",
    "cut in the middle": "the connection broke in the middle",
    "cut in a chunk": "the connection broke in the middle",
    "negative length": "headers can be read in two ways (Content-Length: -5)",
    "length of letters": "headers can be read in two ways (Content-Length: ten)",
    "two lengths": "headers can be read in two ways (Content-Length: 20, 4)",
    "length and chunks": "headers can be read in two ways (both",
    "chunks of letters": "the connection broke in the middle",
    "no gzip at all": "Content-Encoding is not what it says",
    "NUL in a header": "is no JupyterHub",
    "wrong version": "a version that cannot be read",
    "charset of no use": "does not say whose token this is",
    "500": "answered 500; is the hub up?",
    "404 of a proxy": "is no JupyterHub",
    "503": "answered 503; is the hub up?",
    "429 for an hour": "429 (Retry-After: '3600')",
    "429 for ever": "429 (Retry-After: '0')",
    "503 for a second": "503 (Retry-After: '1')",
    "429 until a day": "429 (Retry-After: 'Wed, 21 Oct 2099",
    "429 since a day": "429 (Retry-After: 'Wed, 21 Oct 2020",
    "429 for less than nothing": "429 (Retry-After: '-1')",
    "429 for nonsense": "429 (Retry-After: ",
    "redirect": "302 (Location: 'http://127.0.0.2:1/hub/api/')",
    "redirect to itself": "/hub/api/')",
    "redirect to a file": "302 (Location: 'file:///etc/passwd')",
    "redirect without a scheme": "302 (Location: '//127.0.0.2:1/hub/api/')",
    "redirect to nowhere": "302 (Location: 'http://[')",
}
#: Those that seem to let everything be removed: they answer 200 or 404 to whatever is asked.
SEEM_TO_REMOVE = {*BODIES, *PAGES, "wrong version", "charset of no use", "zstd bomb"}
SEEM_TO_REMOVE |= {"large JSON", "NUL in a header", "drip events"}
#: One of each kind, for every change; the others by night.
TYPICAL = {"hang", "drip", "drip a body", "gigabytes", "gigabytes in chunks", "gzip bomb", "cut"}
TYPICAL |= {"cut in the headers", "cut in the middle", "garbage", "HTTP/0.9", "two lengths", "html"}
TYPICAL |= {"deep and closed", "twins", "surrogates", "null", "a list", "wrong version", "500"}
TYPICAL |= {
    "429 for an hour",
    "429 for ever",
    "redirect",
    "next for ever",
    "early hints without end",
}
EVERY_TRICK = [
    pytest.param(each, marks=() if each in TYPICAL else pytest.mark.nightly) for each in TRICKS
]
#: Requests that are answered before a hub turns: a look at it, and some of its rules.
SOME = 32
#: … and in the middle of the suite.
MANY = 2500

#: Run a command; print its exit status and the most memory it held, in kB. In a process of its
#: own, because a new process is counted with what the one that started it holds.
MEASURE = """
import os, subprocess, sys
started = subprocess.Popen(sys.argv[1:], stdout=sys.stderr)
_, status, used = os.wait4(started.pid, 0)
started.returncode = os.waitstatus_to_exitcode(status)
print(started.returncode, used.ru_maxrss)
"""


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch, reference: EmbeddedHub) -> None:
    """A run with little patience."""
    monkeypatch.setattr(patience, "PREFLIGHT_SECONDS", 0.5)
    monkeypatch.setattr("hub_conformance.session.PREFLIGHT_SECONDS", 0.5)
    monkeypatch.setattr(patience, "SILENCE_SECONDS", 1.0)
    monkeypatch.setattr(patience, "CLEANING_SILENCE_SECONDS", 0.3)
    monkeypatch.setenv("JUPYTERHUB_API_TOKEN", reference.token.reveal())


@pytest.fixture
def settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Time enough for a hub that is well at first, on a machine that is busy."""
    monkeypatch.setattr(patience, "PREFLIGHT_SECONDS", 10.0)
    monkeypatch.setattr("hub_conformance.session.PREFLIGHT_SECONDS", 10.0)
    monkeypatch.setattr(patience, "SILENCE_SECONDS", 2.0)


def run(
    pytester: pytest.Pytester, url: str, *arguments: str, rules: str = RULES
) -> tuple[pytest.RunResult, str]:
    path = pytester.makepyfile(mine=rules)
    blocked = ("-p", "no:schemathesis", "-p", "no:cacheprovider", "-p", "no:xdist")
    started = time.monotonic()
    result = pytester.runpytest_inprocess(
        *blocked, f"--hub-url={url}", "--hub-report=report.json", str(path), *arguments
    )
    assert time.monotonic() - started < BOUND
    said = "\n".join([*result.outlines, *result.errlines])
    assert "Traceback" not in said
    assert "INTERNALERROR" not in said
    assert "\x1b" not in said
    if result.ret != 4:
        counts = json.loads((pytester.path / "report.json").read_text())["counts"]
        assert not counts.get("error"), said
    return result, said


@pytest.mark.parametrize("trick", EVERY_TRICK)
def test_hub_that_is_hostile_from_the_first_request(
    pytester: pytest.Pytester, reference: EmbeddedHub, trick: str
) -> None:
    with turning(reference.url, 0, trick) as server:
        result, said = run(pytester, server.origin)
    assert result.ret == 4
    assert BEFORE.get(trick, "is no JupyterHub") in said


@pytest.mark.usefixtures("settled")
@pytest.mark.parametrize("trick", EVERY_TRICK)
def test_hub_that_turns_in_the_middle(
    pytester: pytest.Pytester, reference: EmbeddedHub, trick: str
) -> None:
    with turning(reference.url, SOME, trick) as server:
        result, said = run(pytester, server.origin, "--hub-timeout=2")
        assert server.passed_on > SOME, "it never turned"
    assert result.ret == 1
    if trick in SEEM_TO_REMOVE:
        return
    assert "left behind on the hub: " in said
    assert f"cleanup --hub-url={server.origin}/ --run-id=hubconf-" in said


@pytest.mark.usefixtures("settled")
def test_run_that_stops_at_the_first_failure_says_what_is_left(
    pytester: pytest.Pytester, reference: EmbeddedHub
) -> None:
    with turning(reference.url, SOME, "500") as server:
        result, said = run(pytester, server.origin, "-x")
    assert result.ret == 1
    assert "stopping after " in said
    assert "left behind on the hub: " in said
    assert ": not conformant; " in said


@pytest.mark.usefixtures("settled")
def test_hub_that_hangs_ends_the_run(pytester: pytest.Pytester, reference: EmbeddedHub) -> None:
    with turning(reference.url, SOME, "hang") as server:
        _, said = run(pytester, server.origin, "--hub-time-limit=1")
    assert "incomplete (--hub-time-limit of 1 s)" in said or "failed" in said
    with turning(reference.url, SOME, "hang") as server:
        _, said = run(pytester, server.origin)
    assert "no usable answer for 2 s" in said


#: Rules of which the first takes longer than the run may, and then makes more.
LATE = '''
    import time
    import pytest
    from hub_conformance import rule

    @rule("mine/late")
    def test_late(sandbox, user):
        """A group is made in time."""
        time.sleep(3)
        sandbox.group("late")

    @pytest.fixture
    def costly():
        raise RuntimeError("this was not asked for")

    @pytest.mark.parametrize("cell", range(20))
    @rule("mine/later")
    def test_later(costly, sandbox, cell):
        """A group is made in time."""
        sandbox.group("later")
'''


@pytest.mark.usefixtures("settled")
def test_run_that_is_over_leaves_nothing_and_goes_on_with_nothing(
    pytester: pytest.Pytester, reference: EmbeddedHub
) -> None:
    """What was not sent in time is not there, and what was is removed: the hub is well."""
    result, said = run(pytester, reference.url, "--hub-time-limit=2", rules=LATE)
    assert result.ret == 1
    told = json.loads((pytester.path / "report.json").read_text())
    assert told["left_behind"] == []
    assert told["receipt"]["left"] == []
    assert "left behind" not in said
    assert told["counts"]["untested"] == 21
    assert not told["counts"].get("failed")


@pytest.mark.usefixtures("settled")
def test_hub_that_hangs_on_one_operation(
    pytester: pytest.Pytester, reference: EmbeddedHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, seconds in (("SILENCE", 10.0), ("AGAIN", 0.1), ("ANYTHING", 2.0)):
        monkeypatch.setattr(patience, f"{name}_SECONDS", seconds)
    with stuck(reference.url, "get-group") as server:
        result, said = run(pytester, server.origin, "--hub-timeout=3")
    assert result.ret == 1
    assert "10 failed, " in said
    assert "incomplete" not in said
    assert "s had been waited in vain before)" in said


def measured(folder: Path, *arguments: str) -> tuple[int, int, str]:
    """Run pytest in a process; return its status, its memory in kB, and what it printed."""
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments]
    with (folder / "out").open("w+b") as out:
        found = subprocess.run(
            [sys.executable, "-c", MEASURE, *command],
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=out,
            check=True,
            text=True,
        )
        out.seek(0)
        said = out.read().decode("utf-8", "replace")
    status, kilobytes = map(int, found.stdout.split())
    return status, kilobytes, said


@pytest.mark.parametrize(
    "trick",
    [
        pytest.param(each, marks=() if each in ("gigabytes", "gzip bomb") else pytest.mark.nightly)
        for each in LARGE
    ],
)
def test_memory_is_bounded(
    pytester: pytest.Pytester, reference: EmbeddedHub, trick: str, tmp_path: Path
) -> None:
    path = pytester.makepyfile(mine=RULES)
    with turning(reference.url, SOME, trick) as server:
        options = ("-p", "no:schemathesis", "--hub-timeout=5", f"--hub-url={server.origin}")
        status, kilobytes, _ = measured(tmp_path, *options, str(path))
    assert status == 1
    assert kilobytes < 300 * 1024


@pytest.fixture(scope="session")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What Hypothesis keeps in the folder of a run: made anew, it takes 200 MB for a moment."""
    folder = tmp_path_factory.mktemp("tables")
    drawing = "from hypothesis import strategies; strategies.text().validate()"
    subprocess.run([sys.executable, "-c", drawing], cwd=folder, check=True)
    assert list(folder.rglob("codec-*"))
    return folder / ".hypothesis"


@pytest.mark.nightly
@pytest.mark.parametrize("trick", TRICKS)
def test_whole_suite_on_a_hub_that_turns(
    reference: EmbeddedHub, trick: str, tmp_path: Path, tables: Path
) -> None:
    shutil.copytree(tables, tmp_path / tables.name)
    limits = ("--hub-timeout=2", "--hub-time-limit=60", "--hub-spawn-timeout=3")
    started = time.monotonic()
    with turning(reference.url, MANY, trick) as server:
        status, kilobytes, said = measured(
            tmp_path, "-q", *limits, "--hub-report=report.json", f"--hub-url={server.origin}"
        )
    assert time.monotonic() - started < 240
    assert "INTERNALERROR" not in said
    assert "Traceback" not in said
    counts = json.loads((tmp_path / "report.json").read_text())["counts"]
    assert not counts.get("error"), said[-5000:]
    assert status == 1
    assert kilobytes < 300 * 1024
    if trick not in SEEM_TO_REMOVE:
        assert "left behind on the hub: " in said
