"""A gross fault is told by its cause: few rules fail, and the others say what kept them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from hub_conformance import embedded

PYTEST = (sys.executable, "-m", "pytest", "-p", "no:schemathesis", "-p", "no:cacheprovider")
#: By fault: the chapter that is run, what the summary groups the failures by, what kept the others.
BROKEN = {
    "users/post-users-breaks": ("users", "post-users answered 500", "did not create users"),
    "tokens/post-user-tokens-breaks": (
        "tokens",
        "post-user-tokens answered 500",
        "did not issue a token to …",
    ),
    "servers/post-user-server-breaks": (
        "servers",
        "post-user-server answered 500",
        "did not start a server",
    ),
}
#: By fault: what is said in the place of a run.
REFUSED = {
    "errors/everything-breaks": "GET /hub/api/ answered 500; is the hub up?",
    "identity/no-token-is-known": "the hub refused the token: GET /hub/api/user answered 403",
}


@contextmanager
def faulty(fault: str) -> Iterator[embedded.EmbeddedHub]:
    hub = embedded.start(f"--fault={fault}", *embedded.SETTINGS, errors=subprocess.DEVNULL)
    try:
        yield hub
    finally:
        hub.stop()


def run(folder: Path, fault: str, *options: str) -> tuple[int, str]:
    with faulty(fault) as hub:
        told = {
            "JUPYTERHUB_API_TOKEN": hub.token.reveal(),
            "HUB_CONFORMANCE_LOGIN": hub.accounts["login"],
        }
        done = subprocess.run(
            [*PYTEST, f"--hub-url={hub.url}", "--hub-time-limit=120", *options],
            cwd=folder,
            env={**os.environ, **told},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("fault", BROKEN)
def test_the_summary_names_the_cause(fault: str, tmp_path: Path) -> None:
    chapter, cause, kept = BROKEN[fault]
    status, said = run(tmp_path, fault, "-m", chapter)
    assert status == 1, said
    groups = re.findall(r"^(\S.*): \d+ rules?$", said, re.MULTILINE)
    assert groups[0] == cause, said
    reasons = re.findall(r"^untested, (\d+) rules: the hub (.*?): <500", said, re.MULTILINE)
    assert reasons[0][1] == kept, said
    failed = re.findall(r"(\d+) failed", said)[-1]
    assert int(failed) < int(reasons[0][0]), "more rules fail than are kept from being checked"


@pytest.mark.parametrize("fault", REFUSED)
def test_a_hub_that_answers_nothing_is_told_at_once(fault: str, tmp_path: Path) -> None:
    status, said = run(tmp_path, fault)
    assert status not in (0, 1), said
    assert REFUSED[fault] in said, said
    assert " failed" not in said, said
