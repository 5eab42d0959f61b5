"""No secret gets out: not on the terminal, nor into any file, whatever pytest is told to show."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub_conformance.embedded import EmbeddedHub

from .canary import echoing, spellings

#: What a hub may make of a secret that nobody can be expected to know it by.
BEYOND = {"rot13"}
FILES = ("--junit-xml=junit.xml", "--hub-report=report.json", "--hub-write-baseline=known.toml")
LOUD: tuple[str, ...] = ("-vv", "-l", "--tb=long", "-rA", "-s", "--setup-show", "--full-trace")
LOUD += ("--log-cli-level=DEBUG", "-o", "log_cli=true", "-o", "junit_logging=all")
#: Chapters that are all about secrets.
SOME = ("-m", "oauth or access or (tokens and not servers)")
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


def run(folder: Path, reference: EmbeddedHub, *options: str) -> tuple[int, str, set[str]]:
    """Check a hub that echoes; return the status, all that was printed, and the secrets."""
    told = {
        "JUPYTERHUB_API_TOKEN": reference.token.reveal(),
        "HUB_CONFORMANCE_LOGIN": reference.accounts["login"],
        "HUB_CONFORMANCE_OAUTH_CLIENT": reference.accounts["client"],
    }
    limits = ("--hub-spawn-timeout=2", "--hub-time-limit=120")
    with echoing(reference.url) as server:
        done = subprocess.run(
            [sys.executable, "-m", "pytest", f"--hub-url={server.origin}", *limits, *options],
            cwd=folder,
            env={**os.environ, **told},
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr, server.secrets


@pytest.mark.parametrize(
    "way",
    [pytest.param(each, marks=() if each == "loud" else pytest.mark.nightly) for each in WAYS],
)
def test_no_secret_gets_out(tmp_path: Path, reference: EmbeddedHub, way: str) -> None:
    status, said, secrets = run(tmp_path, reference, *WAYS[way], *FILES, *SOME)
    assert status == 1, said[-2000:]
    assert len(secrets) > 20
    assert not list(leaks(tmp_path, said, secrets))[:5]
