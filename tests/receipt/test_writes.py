"""Whom writing requests name."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hub_conformance.client import Request
from hub_conformance.receipt.state import Change
from hub_conformance.receipt.writes import Writes, named_by


def sent(method: str, path: str, body: Any = None, query: str = "") -> Request:
    data = None if body is None else json.dumps(body).encode()
    return Request(method, f"/hub/api{path}", query=query, body=data)


def noted(*requests: Request) -> Writes:
    writes = Writes(lambda name: name.startswith("ours-"))
    for each in requests:
        writes.note(each)
    return writes


@pytest.mark.parametrize(
    ("request_", "named"),
    [
        (sent("DELETE", "/users/Ann"), {("user", "ann")}),
        (sent("DELETE", "/users/ann/servers/x"), {("user", "ann")}),
        (sent("DELETE", "/users/%61nn"), {("user", "ann")}),
        (sent("POST", "/users", {"usernames": ["ann", "bob"]}), {("user", "ann"), ("user", "bob")}),
        (sent("PATCH", "/users/ours-1", {"name": "ann"}), {("user", "ours-1"), ("user", "ann")}),
        (sent("POST", "/groups/g/users", {"users": ["ann"]}), {("group", "g"), ("user", "ann")}),
        (sent("PUT", "/groups/g/properties", {"users": ["ann"]}), {("group", "g")}),
        (sent("DELETE", "/services/s"), {("service", "s")}),
        (sent("POST", "/shares/ann/x", {"user": "bob"}), {("user", "ann"), ("user", "bob")}),
        (sent("DELETE", "/users/ann/tokens/t1"), {("token", "ann/t1")}),
        (sent("POST", "/users/ann/tokens", {"note": "bob", "users": ["bob"]}), set()),
        (sent("PATCH", "/users/ann/servers/x", {"name": "bob"}), {("user", "ann")}),
        (sent("POST", "/proxy"), set()),
        (sent("POST", "/users/ours-1", query="user=ann"), {("user", "ours-1"), ("user", "ann")}),
        (sent("POST", "/groups", [1, "g"]), {("group", "g")}),
        (Request("GET", "/hub/spawn/ann"), {("user", "ann")}),
    ],
)
def test_named_by_place_and_by_key(request_: Request, named: set[tuple[str, str]]) -> None:
    assert set(named_by(request_)) == named


def test_names_of_the_run_and_what_only_reads_are_not_kept() -> None:
    requests = [
        sent("GET", "/users/ann"),
        sent("POST", "/users/ours-1"),
        sent("DELETE", "/users/ours-1/tokens/3"),
    ]
    assert noted(*requests).named == {}


@pytest.mark.parametrize(
    ("change", "request_"),
    [
        (Change("user", "ann", "", "went"), "DELETE /hub/api/users/ann"),
        (Change("server", "x", "Ann", "went"), "DELETE /hub/api/users/ann"),
        (Change("token", "7", "bob", "went"), "DELETE /hub/api/users/bob/tokens/7"),
        (Change("token", "8", "bob", "went"), ""),
        (Change("user", "bob", "", "went"), ""),
        (Change("group", "ann", "", "went"), ""),
    ],
)
def test_whose_doing_a_change_is(change: Change, request_: str) -> None:
    writes = noted(sent("DELETE", "/users/ann"), sent("DELETE", "/users/bob/tokens/7"))
    assert writes.of(change) == request_
    other = noted()
    other.load(writes.dump())
    assert other.of(change) == request_
