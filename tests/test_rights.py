"""What a run does not even try, and what it is refused for want of a scope."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest
from requests.structures import CaseInsensitiveDict

from hub_conformance import rights
from hub_conformance.client import Answer, Request
from hub_conformance.contract import operations, scope_table
from hub_conformance.errors import NeedsAdmin, SetupFailed
from hub_conformance.secret import Scrubber, Secret
from hub_conformance.target import JUDGED, Owner, Target

OWN, OTHER = Secret("own-token"), Secret("other-token")


def run_of(*scopes: str, flag: bool = True, read_only: bool = False) -> Any:
    owner = Owner("user", "ann", admin=True, scopes=scopes, makes_admins=flag)
    target = Target("http://host/", "6.1.1", owner)
    settings = SimpleNamespace(read_only=read_only)
    return SimpleNamespace(settings=settings, target=target, applies=(6, 1), own={OWN})


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


def answered(
    status: int, method: str, path: str, credential: Secret | None = OWN, body: Any = None
) -> Answer:
    request = sent(method, path, body, credential)
    return Answer(request, status, CaseInsensitiveDict(), b"", 0.1, Scrubber())


@pytest.mark.parametrize(
    ("scopes", "method", "path", "wanted"),
    [
        (("read:users",), "GET", "/hub/api/users", "list:users"),
        (("read:users",), "DELETE", "/hub/api/users/bob", "delete:users"),
        (("admin:users",), "DELETE", "/hub/api/users/bob", ""),
        (("delete:users!user=ann",), "DELETE", "/hub/api/users/ann", ""),
        (("delete:users!user=ann",), "DELETE", "/hub/api/users/bob", "delete:users"),
        (("self",), "GET", "/hub/api/users/ann/tokens", ""),
        (("self",), "GET", "/hub/api/users/bob/tokens", "read:tokens"),
        (("admin:groups",), "GET", "/hub/api/users", "list:users"),
        (("list:users!group=g",), "GET", "/hub/api/users", ""),
        (("self",), "GET", "/hub/api/user", ""),
        (("self",), "GET", "/hub/api/no-such-thing", ""),
        (("self",), "GET", "/hub/login", ""),
        (("custom:x", "read:users!zoo=x"), "GET", "/hub/api/users/bob", ""),
        ((), "GET", "/hub/api/users", ""),
    ],
)
def test_what_a_refusal_was_for(
    scopes: tuple[str, ...], method: str, path: str, wanted: str
) -> None:
    found = rights.Refusals(run_of(*scopes)).of(answered(403, method, path))
    assert found == (f"the token has not the scope {wanted}" if wanted else "")


@pytest.mark.parametrize("version", ["{}.{}".format(*each) for each in JUDGED])
def test_who_holds_every_scope_is_refused_nothing_for_want_of_one(version: str) -> None:
    held = set(scope_table(version)) - {"(no_scope)", "self", "inherit", "all"}
    target = run_of(*sorted(held)).target
    for operation in operations(version).values():
        names = {each.name: "bob" for each in operation.path_parameters}
        request = sent(operation.method, f"/hub/api{operation.url(**names)}", {"scopes": [*held]})
        assert not rights.lacking(target, version, request), operation.id


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        ({"scopes": ["read:servers!user=bob"]}, "read:servers!user=bob"),
        ({"oauth_client_allowed_scopes": ["read:servers", "no:such"]}, "read:servers"),
        ({"scopes": ["list:users", "inherit"]}, ""),
        ({"scopes": ["no:such", 3, None]}, ""),
        ({"scopes": "read:servers"}, ""),
        (["read:servers"], ""),
    ],
)
def test_refusal_of_what_would_be_passed_on(body: Any, wanted: str) -> None:
    refusals = rights.Refusals(run_of("admin:users", "shares", "tokens"))
    found = refusals.of(answered(400, "POST", "/hub/api/shares/bob/", body=body))
    assert found == (f"the token has not the scope {wanted}" if wanted else "")


@pytest.mark.parametrize(
    ("status", "credential"), [(200, OWN), (409, OWN), (500, OWN), (403, OTHER), (403, None)]
)
def test_other_answers_are_no_refusals_for_want_of_a_scope(
    status: int, credential: Secret | None
) -> None:
    answer = answered(status, "GET", "/hub/api/users", credential)
    assert not rights.Refusals(run_of("self")).of(answer)


def test_first_refusal_is_kept_until_it_is_taken() -> None:
    refusals = rights.Refusals(run_of("self"))
    for path in ("user", "users", "groups", "user"):
        refusals.after(answered(200 if path == "user" else 403, "GET", f"/hub/api/{path}"))
    assert refusals.take() == "the token has not the scope list:users"
    assert refusals.take() == ""
