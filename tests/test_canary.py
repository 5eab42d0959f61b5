"""No secret gets out: not on the terminal, nor into any file, whatever pytest is told to show."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

import pytest

from hub_conformance import embedded
from hub_conformance.embedded import EmbeddedHub

from .canary import echoing, spellings

#: What a hub may make of a secret that nobody can be expected to know it by.
BEYOND = {"rot13"}
FILES = ("--junit-xml=junit.xml", "--hub-report=report.json", "--hub-write-baseline=known.toml")
LOUD: tuple[str, ...] = ("-vv", "-l", "--tb=long", "-rA", "-s", "--setup-show", "--full-trace")
LOUD += ("--log-cli-level=DEBUG", "-o", "log_cli=true", "-o", "junit_logging=all")
#: Chapters that are all about secrets: by night all of them.
SOME = ("-m", "oauth")
MANY = ("-m", "oauth or access or sessions or tokens or shares or fuzz")
WAYS: dict[str, tuple[str, ...]] = {
    "loud": LOUD,
    "native": ("--tb=native", "-p", "no:faulthandler", "-p", "no:logging", "-rA"),
    "two workers": ("-n", "2", "-vv", "--tb=long", "-l", "-rA"),
    "quiet": ("-q", "--tb=line", "-p", "no:terminalreporter"),
}


def leaks(folder: Path, said: str, secrets: set[str]) -> Iterator[str]:
    """Where a spelling of a secret stands."""
    texts = {"the terminal": said}
    for path in folder.rglob("*"):
        if path.is_file() and path.suffix != ".pyc":
            texts[str(path.relative_to(folder))] = path.read_text("utf-8", "replace")
    for secret in secrets:
        for name, spelling in spellings(secret).items():
            if name in BEYOND:
                continue
            for where, text in texts.items():
                if (at := text.find(spelling)) >= 0:
                    yield f"{where}: {name}: {text[max(0, at - 200) : at + 80]!r}"


def run(
    folder: Path, reference: EmbeddedHub, *options: str, every: int = 7
) -> tuple[int, str, set[str]]:
    """Check a hub that echoes; return the status, all that was printed, and the secrets."""
    told = {
        "JUPYTERHUB_API_TOKEN": reference.token.reveal(),
        "HUB_CONFORMANCE_LOGIN": reference.accounts["login"],
        "HUB_CONFORMANCE_OAUTH_CLIENT": reference.accounts["client"],
    }
    limits = ("--hub-spawn-timeout=2", "--hub-time-limit=120")
    with echoing(reference.url) as server:
        server.every = every
        done = subprocess.run(
            [sys.executable, "-m", "pytest", f"--hub-url={server.origin}", *limits, *options],
            cwd=folder,
            env={**os.environ, **told},
            capture_output=True,
            text=True,
            check=False,
        )
        said = done.stdout + done.stderr + differing(folder / "report.json")
        return done.returncode, said, server.secrets


def differing(report: Path) -> str:
    """What `diff` prints of a report and one with all other verdicts, both ways; "" for none."""
    if not report.exists():
        return ""
    data, other = json.loads(report.read_text()), report.with_name("other.json")
    for rule in data["rules"]:
        for each in (rule, *rule["cells"].values()):
            each["verdict"] = "stale" if each["verdict"] == "passed" else "passed"
    other.write_text(json.dumps(data))
    printed = []
    for pair in ((report, other), (other, report)):
        command = [sys.executable, "-m", "hub_conformance", "diff", *map(str, pair)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        printed.append(done.stdout + done.stderr)
    assert "regression: " in printed[0], printed
    assert ": passed -> failed (" in printed[1], printed
    return "".join(printed)


def of_run(folder: Path, reference: EmbeddedHub, *options: str, every: int = 7) -> str:
    """Let a run fail in many ways; return what was printed, in which no secret stands."""
    status, said, secrets = run(folder, reference, *options, every=every)
    assert status == 1, said[-2000:]
    assert len(secrets) > 2
    found = list(leaks(folder, said, secrets))
    assert not found, "\n".join(found[:5])
    return said


def test_no_secret_gets_out(tmp_path: Path, reference: EmbeddedHub) -> None:
    of_run(tmp_path, reference, *LOUD, *FILES, *SOME)


@pytest.mark.nightly
@pytest.mark.parametrize("way", WAYS)
def test_no_secret_gets_out_whatever_is_shown(
    tmp_path: Path, reference: EmbeddedHub, way: str
) -> None:
    of_run(tmp_path, reference, *WAYS[way], *FILES, *MANY)


#: Faults about what is secret: failures with exchanges in which it was sent, or came back.
FAULTS = (
    "tokens/secret-in-model",
    "tokens/note-lost",
    "tokens/never-expire",
    "oauth/scope-ignored",
    "sessions/logout-keeps-tokens",
)


@pytest.mark.nightly
def test_no_secret_gets_out_where_rules_find_something(tmp_path: Path) -> None:
    faults = [f"--fault={each}" for each in FAULTS]
    faulty = embedded.start(*embedded.SETTINGS, *faults)
    chapters = ("-m", "oauth or sessions or tokens")
    try:
        of_run(tmp_path, faulty, *LOUD, *FILES, *chapters, every=10**6)
    finally:
        faulty.stop()
    report = json.loads((tmp_path / "report.json").read_text())
    found = {each["id"].partition("/")[0] for each in report["rules"] if each["exchange"]}
    assert {"oauth", "sessions", "tokens"} <= found, report["counts"]


#: Ends in the middle of a request that carries a token, with all that Python has to say to it.
CRASHES = """
    import faulthandler
    from hub_conformance import rule

    @rule("mine/crash")
    def test_crash(user):
        \"\"\"Somebody kills a worker.\"\"\"
        token = user.token.secret.reveal()
        answers = [user.hub.get("/user") for _ in range(9)]
        user.hub.client.before.append(lambda request: faulthandler._sigabrt())
        user.hub.get("/user", params={"token": token})
"""


def test_crash_of_a_worker(tmp_path: Path, reference: EmbeddedHub) -> None:
    path = tmp_path / "test_mine.py"
    path.write_text(dedent(CRASHES))
    said = of_run(tmp_path, reference, str(path), "-n", "1", "-vv", every=10**6)
    assert "crashed while running" in said
    assert "Fatal Python error: Aborted" in said


@pytest.mark.parametrize("command", [("cleanup", "--yes"), ("cleanup",)], ids="-".join)
def test_cleanup(tmp_path: Path, reference: EmbeddedHub, command: tuple[str, ...]) -> None:
    environment = {**os.environ, "JUPYTERHUB_API_TOKEN": reference.token.reveal()}
    with echoing(reference.url) as server:
        server.every = 4
        for _ in range(4):
            done = subprocess.run(
                [sys.executable, "-m", "hub_conformance", *command, f"--hub-url={server.origin}"],
                env=environment,
                capture_output=True,
                text=True,
                check=False,
            )
            said = done.stdout + done.stderr
            assert "Traceback" not in said
            assert not list(leaks(tmp_path, said, server.secrets))[:5]
        assert server.secrets
