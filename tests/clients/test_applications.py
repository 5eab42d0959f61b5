"""What builds on the API finds in a hub that it takes for JupyterHub: apps, and gateways."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from reference_hub.running import RunningHub

from . import programs
from .test_clients import environment, hub, python, said, server

__all__ = ["hub", "python", "server"]

#: Installing them takes minutes.
pytestmark = pytest.mark.nightly


def test_jhub_apps(hub: RunningHub, python: Path) -> None:
    hub.add_user("bob", in_groups=["team"])
    env = environment(hub, hub.admin_token)
    assert said(python, programs.JHUB_APPS, env) == [
        [201, "an-app"],
        {},
        {"bob": "/user/ann/an-app/", "team": "/user/ann/an-app/"},
        204,
        # It sends options beside a display name, for which 6.1 takes none, and then tells of none.
        "'NoneType' object is not a mapping",
        [201, "an-app"],
        201,
        "ann is already running",
        ["", "an-app"],
        204,
        204,
        None,
        ["team"],
        [["admin", "ann", "bob"], True],
    ]


def test_dask_gateway(hub: RunningHub, python: Path) -> None:
    hub.configure(services=[{"name": "gateway", "api_token": "secret-of-gateway", "admin": True}])
    hub.add_user("ann", in_groups=["team"])
    hub.add_user("bob")
    may = "access:services!service=gateway"
    known = [
        hub.admin_token,
        hub.token("admin", scopes=[may]),
        "secret-of-gateway",
        hub.token("ann"),
        "no-such-token",
    ]
    env = environment(hub, "secret-of-gateway", TOKENS=json.dumps(known))
    assert said(python, programs.DASK_GATEWAY, env) == [
        ["admin", [], True],
        ["admin", [], True],
        ["service:gateway", [], True],
        401,
        500,
    ]
