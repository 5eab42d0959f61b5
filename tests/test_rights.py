"""What a run does not even try."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest

from hub_conformance import rights
from hub_conformance.client import Request
from hub_conformance.errors import NeedsAdmin, SetupFailed
from hub_conformance.secret import Secret
from hub_conformance.target import Owner, Target

OWN, OTHER = Secret("own-token"), Secret("other-token")


def run_of(*, flag: bool = True, read_only: bool = False) -> Any:
    owner = Owner("user", "ann", admin=True, makes_admins=flag)
    target = Target("http://host/", "6.1.1", owner)
    settings = SimpleNamespace(read_only=read_only)
    return SimpleNamespace(settings=settings, target=target, own={OWN})


def sent(method: str, path: str, body: Any = None, credential: Secret | None = OWN) -> Request:
    data = None if body is None else json.dumps(body).encode()
    return Request(method, path, body=data, credential=credential)


@pytest.mark.parametrize("path", ["/hub/api/users/x", "/hub/login"])
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "PURGE"])
def test_read_only_run_writes_nothing(method: str, path: str) -> None:
    with pytest.raises(SetupFailed, match="--hub-read-only"):
        rights.check(run_of(read_only=True), sent(method, path))
    rights.check(run_of(), sent(method, path))


def test_read_only_run_reads() -> None:
    run = run_of(read_only=True)
    rights.check(run, sent("GET", "/hub/api/users"))
    with pytest.raises(SetupFailed):
        rights.check(run, sent("GET", "/hub/spawn/ann"))


@pytest.mark.parametrize("body", [{"admin": True}, {"usernames": ["x"], "admin": True}])
def test_only_who_has_the_flag_makes_admins(body: dict[str, Any]) -> None:
    request = sent("POST", "/hub/api/users/x", body)
    rights.check(run_of(), request)
    with pytest.raises(NeedsAdmin):
        rights.check(run_of(flag=False), request)
    rights.check(run_of(flag=False), sent("POST", "/hub/api/services/x", body))


def test_limited_tokens_may_try() -> None:
    rights.check(run_of(flag=False), sent("PATCH", "/users/x", {"admin": True}, OTHER))


@pytest.mark.parametrize("body", [None, {}, {"admin": False}, {"admin": "true"}, [True]])
def test_others_are_no_admins(body: Any) -> None:
    rights.check(run_of(flag=False), sent("POST", "/users/x", body))
