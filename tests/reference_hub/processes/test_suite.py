"""The suite on a hub whose servers are processes: the contract is the same."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from .conftest import ROOT, started


@pytest.mark.nightly
def test_the_contract_is_kept() -> None:
    command = f"{sys.executable} -I -S {ROOT}/tests/jupyterhub/singleuser.py"
    with started(command, "--exit-with-stdin") as hub:
        env = {**os.environ, "JUPYTERHUB_API_TOKEN": hub.token}
        chapters = "access or servers or activity"
        words = [sys.executable, "-m", "pytest", f"--hub-url={hub.url}", "-q", "-m", chapters]
        done = subprocess.run(words, env=env, capture_output=True, text=True, timeout=500)
    assert done.returncode == 0, done.stdout
