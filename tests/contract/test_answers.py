"""Holding answers against the contract: those of real hubs pass, and changed ones do not."""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib.resources import files
from typing import Any

import pytest

from hub_conformance import contract
from hub_conformance.contract.answers import JSON, PAGE, Mismatch, check

JSON_HEADERS = {"Content-Type": JSON}
LINES = files(__package__).joinpath("recorded.jsonl").read_text(encoding="utf-8").splitlines()
RECORDED: list[dict[str, Any]] = [json.loads(line) for line in LINES]
METASCOPES = {"self", "inherit", "(no_scope)"}


def recorded(operation: str, status: int = 200, version: str = "6.1.1") -> Any:
    """The body of a recorded plain answer."""
    return next(
        json.loads(each["body"])
        for each in RECORDED
        if (each["version"], each["operation"], each["status"]) == (version, operation, status)
        and each["accept"] != PAGE
    )


def mismatches(operation: str, body: Any, status: int = 200, **others: Any) -> list[str]:
    found = check("6.1", operation, status, JSON_HEADERS, json.dumps(body), **others)
    return [str(each) for each in found]


@pytest.mark.parametrize(
    "answer", RECORDED, ids=lambda each: f"{each['version']}-{each['operation']}-{each['status']}"
)
def test_accepts_what_real_hubs_answer(answer: dict[str, Any]) -> None:
    every_scope = set(contract.scope_table(answer["version"])) - METASCOPES
    assert not check(
        answer["version"],
        answer["operation"],
        answer["status"],
        {"content-type": answer["content_type"], **answer.get("headers", {})},
        answer["body"].encode(),
        accept=answer["accept"],
        # The recording service was an admin, so that it holds every scope.
        held=every_scope,
    )


def without(*names: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda body: {name: value for name, value in body.items() if name not in names}


def having(**values: Any) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda body: {**body, **values}


@pytest.mark.parametrize(
    ("operation", "status", "change", "told"),
    [
        ("get-user", 200, without("name"), 'expected a field "name"'),
        ("get-user", 200, having(colour="red"), 'expected no such field, got "colour"'),
        ("get-user", 200, having(admin="yes"), 'at /admin: expected type boolean, got "yes"'),
        ("get-user", 200, having(created="today"), "at /created: expected a date-time"),
        ("get-user", 200, having(created=None), "at /created: expected type string, got null"),
        ("get-user", 200, having(kind="service"), 'at /kind: expected "user"'),
        (
            "get-user",
            200,
            having(pending="nap"),
            'one of "spawn", "stop", "check", null or "rename"',
        ),
        ("get-group", 200, having(users="ann"), "at /users: expected type array"),
        ("get-service", 200, without("admin"), 'expected a field "admin"'),
        ("get-user-token", 200, having(token="abc"), 'expected no such field, got "token"'),
        ("post-user-tokens", 201, without("token"), 'expected a field "token"'),
        ("get-user-server-name", 200, without("stopped"), 'expected a field "stopped"'),
        ("get-current-user", 200, without("scopes"), 'expected a field "scopes"'),
        ("get-user-shared-server", 200, without("group"), 'expected a field "group"'),
        ("get-user-shared-server", 200, having(kind="server"), 'one of "user", "group"'),
        (
            "get-user-shared-server",
            200,
            having(group={"name": "g"}),
            "at /group: expected type null",
        ),
        ("get-user-shared-server", 200, having(user={"name": ""}), "at /user/name: expected"),
        (
            "get-user-shared-server",
            200,
            having(scopes=["access:servers"]),
            "at /scopes/0: expected",
        ),
        ("get-shares-owner", 200, having(items={}), "at /items: expected type array"),
        ("get-shares-owner", 200, without("_pagination"), 'expected a field "_pagination"'),
        ("post-share-code", 200, without("code"), 'expected a field "code"'),
        ("post-share-code", 200, having(exchange_count=-1), "at /exchange_count: expected"),
        ("get-auth-token", 200, without("groups"), 'expected a field "groups"'),
        ("get-auth-token", 200, having(token_id="a1"), "expected no such field"),
        ("get-user-token", 404, having(status=403), "at /status: expected 404, got 403"),
        ("get-user-token", 404, without("message"), 'expected a field "message"'),
    ],
)
def test_rejects_a_changed_answer(
    operation: str,
    status: int,
    change: Callable[[dict[str, Any]], dict[str, Any]],
    told: str,
) -> None:
    body = recorded(operation, status)
    assert not mismatches(operation, body, status)
    found = mismatches(operation, change(body), status)
    assert len(found) == 1
    assert found[0].startswith(f"{operation} {status}")
    assert told in found[0]


def test_rejects_an_undocumented_status() -> None:
    assert check("6.1", "get-user", 500, JSON_HEADERS, b"{}") == [
        Mismatch("get-user", 500, "", "a status out of 200, 400, 403, 404", "500")
    ]


def test_rejects_another_content_type() -> None:
    found = check("6.1", "get-user", 404, {"Content-Type": "text/html; charset=UTF-8"}, "<p>")
    assert [each.got for each in found] == ["text/html"]


def test_parameters_of_a_content_type_do_not_matter() -> None:
    headers = {"CONTENT-TYPE": "Application/JSON; charset=UTF-8"}
    assert not check("6.1", "get-api", 200, headers, '{"version": "6.1"}')


def test_promised_headers_must_be_there() -> None:
    token = recorded("post-oauth-token")
    bare = mismatches("post-oauth-token", token)
    assert bare == ["post-oauth-token 200: expected a header Cache-Control, got none"]
    headers = {**JSON_HEADERS, "cache-control": "public"}
    (found,) = check("6.1", "post-oauth-token", 200, headers, json.dumps(token))
    assert (found.expected, found.got) == ("a header Cache-Control with no-store", "public")
    assert not check("6.1", "get-oauth-authorize", 302, {"location": "/hub/login"}, b"")
    (found,) = check("6.1", "get-oauth-authorize", 302, {}, b"")
    assert found.expected == "a header Location"


def test_a_list_that_is_always_in_pages_is_so_whatever_was_asked_for() -> None:
    page = recorded("get-shares-owner")
    assert not mismatches("get-shares-owner", page, accept="*/*")
    assert not mismatches("get-shares-owner", page, accept=PAGE)
    assert "expected type object" in mismatches("get-shares-owner", page["items"], accept="*/*")[0]


def test_taking_a_share_back_leaves_nothing_or_all_of_a_share() -> None:
    share = recorded("get-user-shared-server")
    assert not mismatches("patch-shares-server", {})
    assert not mismatches("patch-shares-server", share)
    found = mismatches("patch-shares-server", without("scopes")(share))
    assert [line.partition("expected ")[2][:16] for line in found] == ['a field "scopes"']


def test_rejects_what_is_no_json() -> None:
    (found,) = check("6.1", "get-api", 200, JSON_HEADERS, b"\xff")
    assert found.expected == "JSON"


def test_rejects_a_body_where_there_is_none() -> None:
    assert not check("6.1", "delete-user", 204, {}, b"")
    (found,) = check("6.1", "delete-user", 204, {}, b"gone")
    assert found.expected == "an empty body"


def test_an_operation_that_the_version_lacks_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(KeyError):
        check("4.1", "get-user-server-name", 200, JSON_HEADERS, b"{}")


def test_the_request_decides_the_form_of_a_list() -> None:
    plain = recorded("get-groups")
    page = {
        "items": plain,
        "_pagination": {"offset": 0, "limit": 9, "total": len(plain), "next": None},
    }
    assert not mismatches("get-groups", plain, accept="*/*")
    assert not mismatches("get-groups", page, accept=f"text/html, {PAGE}")
    assert "expected type object" in mismatches("get-groups", plain, accept=PAGE)[0]
    assert "expected type array" in mismatches("get-groups", page, accept="*/*")[0]


def test_without_a_request_the_body_tells_its_form() -> None:
    routes = recorded("get-proxy")
    page = {"items": routes, "_pagination": {"offset": 0, "limit": 9, "total": 9}}
    assert not mismatches("get-proxy", routes)
    assert mismatches("get-proxy", page) == [
        'get-proxy 200 at /_pagination: expected a field "next", got an object with limit, offset,'
        " total"
    ]


@pytest.mark.parametrize(
    ("held", "body", "told"),
    [
        ({"read:users:name"}, ["kind", "name", "admin", "user_info"], []),
        ({"read:users:name"}, ["kind", "name", "admin"], ['a field "user_info"']),
        ({"read:users:name!group=g"}, ["kind", "name", "admin"], []),
        ({"read:users:groups!user=alice"}, ["kind", "name", "groups"], []),
        ({"read:users:groups!user=alice"}, ["kind", "name", "roles"], ["no such field"]),
    ],
)
def test_a_model_has_the_fields_that_scopes_show(
    held: set[str], body: list[str], told: list[str]
) -> None:
    user = recorded("get-user")
    found = check(
        "6.1",
        "get-user",
        200,
        JSON_HEADERS,
        json.dumps({name: user[name] for name in body}),
        held=held,
    )
    assert [each.expected for each in found] == told


def test_events_are_held_against_the_contract_one_by_one() -> None:
    headers = {"Content-Type": "text/event-stream"}
    good = 'data: {"progress": 0, "message": "Server requested"}\n\n'
    ready = 'data: {"progress": 100, "ready": true, "message": "", "url": "/"}\n\n'
    cut_off = 'data: {"progress": 10'
    bad = 'data: {"progress": 101, "message": ""}\n\n'

    def wrong(stream: str) -> list[str]:
        found = check("6.1", "get-user-server-progress", 200, headers, stream)
        return [each.pointer for each in found]

    assert not wrong(f"\n\n{good}\n\n{ready}{cut_off}")
    assert wrong(good + bad) == ["/progress"]
    assert wrong("data: nonsense\n\n") == [""]


def test_messages_show_no_secret() -> None:
    token = having(token=["s3cret"], extra=1)(recorded("post-user-tokens", 201))
    user = having(auth_state="s3cret")(recorded("get-user"))
    code = having(code=["s3cret"], accept_url=None)(recorded("post-share-code"))
    found = mismatches("post-user-tokens", token, 201) + mismatches("get-user", user)
    found += mismatches("post-share-code", code)
    assert len(found) == 5
    assert not [line for line in found if "s3cret" in line]


def test_a_mismatch_is_one_short_line() -> None:
    (line,) = mismatches("get-user", having(name=["x" * 500] * 9)(recorded("get-user")))
    assert line == "get-user 200 at /name: expected type string, got an array of 9"
    (line,) = mismatches("get-user", having(created="x\n" * 500)(recorded("get-user")))
    assert "\n" not in line
    assert len(line) < 160
