"""Hubs that keep the contract under another configuration: nothing is said against them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from hub_conformance import embedded

#: By name: options of the reference hub, and what its configuration file says.
CONFIGURED = {
    "named-servers-off": (["--JupyterHub.allow_named_servers=False"], ""),
    "nobody-logs-in": ([], ""),
    "few-named-servers": (["--JupyterHub.named_server_limit_per_user=4"], ""),
    "few-running-servers": (["--JupyterHub.active_server_limit=6"], ""),
    "pages-of-two": (["--JupyterHub.api_page_default_limit=2"], ""),
    "own-scopes": (
        [],
        """
c.JupyterHub.custom_scopes = {
    "custom:thing": {"description": "All", "subscopes": ["custom:thing:read"]},
    "custom:thing:read": {"description": "Read"},
}
c.JupyterHub.load_roles = [{"name": "user", "scopes": ["self", "custom:thing:read"]}]
""",
    ),
    "everybody-shares": (
        [],
        """
lent = ["shares!user", "list:users", "read:users:name", "read:groups:name"]
c.JupyterHub.load_roles = [{"name": "user", "scopes": ["self", *lent]}]
""",
    ),
}
#: What a run may leave unchecked there, and the one rule that tells of what is lent.
UNTESTED = {"few-running-servers", "few-named-servers"}
TOLD = {"everybody-shares": {"scopes/plain-user-has-exactly-self"}}


#: Those that every run tries; by night all.
OFTEN = {"named-servers-off", "everybody-shares", "nobody-logs-in"}


@pytest.mark.parametrize(
    "name",
    [pytest.param(each, marks=[] if each in OFTEN else pytest.mark.nightly) for each in CONFIGURED],
)
def test_other_configuration_is_no_failure(name: str, tmp_path: Path) -> None:
    options, text = CONFIGURED[name]
    config = tmp_path / "jupyterhub_config.py"
    config.write_text(f"c = get_config()\n{text}")
    hub = embedded.start(*options, "-f", str(config))
    accounts = {
        "HUB_CONFORMANCE_LOGIN": hub.accounts["login"],
        "HUB_CONFORMANCE_OAUTH_CLIENT": hub.accounts["client"],
    }
    try:
        done = subprocess.run(
            [sys.executable, "-m", "pytest", f"--hub-url={hub.url}", "--hub-report=report.json"],
            cwd=tmp_path,
            env={
                **os.environ,
                "JUPYTERHUB_API_TOKEN": hub.token.reveal(),
                **({} if name == "nobody-logs-in" else accounts),
            },
            capture_output=True,
            text=True,
            check=False,
        )
    finally:
        hub.stop()
    report = json.loads((tmp_path / "report.json").read_text())
    bad = ("failed", "error", "vacuous", "incomplete", *(() if name in UNTESTED else ("untested",)))
    found = {each["id"] for each in report["rules"] if each["verdict"] in bad}
    assert found == TOLD.get(name, set()), done.stdout[-6000:]
    assert report["counts"]["passed"] > 2000, done.stdout[-6000:]
