"""Errors: bodies that are no JSON, of another type, empty, or with something wrong in them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ..errors import OutOfBounds
from ..hub import Hub
from ..rules import not_applicable, not_requested, rule
from ..session import Run
from ._credentials import need_scopes
from ._errors import (
    CHANGES_OF_SERVERS,
    FIELDS,
    STRICT,
    WITH_BODY,
    Bench,
    sent,
    turned_down,
)

pytest_plugins = ("hub_conformance.suite._errors",)
pytestmark = pytest.mark.usefixtures("named_servers_where_needed")

#: What nobody may take for JSON, least of all in part: cut off, of Python, two.
NO_JSON = (b'{"admin": true', b"{'admin': True}", b'{"admin": true} {}')
#: JSON, but no object, and nothing that is false where only the truth is looked at.
NO_OBJECT = (b"3", b"[[]]", b'"name"')
#: A value of each type, none of which names anything.
VALUES: dict[str, Any] = {
    "integer": 3,
    "string": "x",
    "boolean": True,
    "array": [[]],
    "object": {"x": {}},
}
DEEP = b"[" * 100_000
#: A text that no object has for a field.
UNKNOWN = "surprise"
#: Operations whose success makes nothing, so that many may succeed.
LASTING = [
    each
    for each in WITH_BODY
    if each.startswith(("patch-user", "post-user-activity", "post-group-users", "delete-group-"))
    or each in ("put-group-properties", "patch-shares-server", "delete-user-server")
]
#: Operations whose path names what they make, and bodies that are refused.
MAKING: dict[str, tuple[dict[str, Any], ...]] = {
    "post-user": ({"admin": 3}, {UNKNOWN: True}),
    "post-group": ({"users": 3}, {UNKNOWN: True}),
    "post-service": ({"admin": 3}, {"info": {}, UNKNOWN: True}),
    "put-user-server-name": ({"display_name": 3}, {"user_options": 3}),
}


def _reads(bench: Bench, operation: str) -> None:
    """End a rule about a body that this version does not look at."""
    if not bench.operation(operation).takes_body:
        not_applicable(f"{bench.stage.version} takes no body here")


# --- no JSON


@pytest.mark.parametrize("operation", WITH_BODY)
@rule("errors/body-that-is-no-json-is-refused")
def test_no_json(operation: str, bench: Bench) -> None:
    """A body that is no JSON is refused with 400, also where it is nearly JSON."""
    _reads(bench, operation)
    found, path = bench.target(operation)
    for answer in sent(bench.hub, found.method, path, NO_JSON):
        turned_down(answer, {400})


@pytest.mark.parametrize("operation", LASTING)
@rule("errors/deeply-nested-body-is-refused")
def test_deep(operation: str, bench: Bench) -> None:
    """A body of a hundred thousand brackets is refused with 400, or 413, and breaks nothing."""
    _reads(bench, operation)
    found, path = bench.target(operation)
    for answer in sent(bench.hub, found.method, path, [DEEP]):
        turned_down(answer, {400, 413})


@rule("errors/undecodable-body-is-refused")
@pytest.mark.parametrize(
    "body",
    [b"\xff\xfe{}", b"\x80", b"{\xff}", b'{"note": \xc3}'],
    ids=["before", "alone", "inside", "as-value"],
)
def test_undecodable(body: bytes, bench: Bench) -> None:
    """A body that is no UTF-8 where text cannot stand is refused with 400."""
    for operation in ("post-user-tokens", "post-user-activity", "delete-user-server"):
        found, path = bench.target(operation)
        for answer in sent(bench.hub, found.method, path, [body]):
            turned_down(answer, {400})


@rule("errors/undecodable-text-breaks-nothing")
def test_undecodable_text(bench: Bench, hub: Hub) -> None:
    """A text that is no UTF-8 is refused with 400, or taken, and then given back as JSON."""
    for operation, body in (
        ("post-user-tokens", b'{"note": "\xff\xc3("}'),
        ("post-user-activity", b'{"last_activity": "\xff"}'),
    ):
        found, path = bench.target(operation)
        for answer in sent(hub, found.method, path, [body]):
            if not answer.ok:
                turned_down(answer, {400})
    answer = hub.get(f"/users/{bench.stage.user}/tokens")
    assert answer.status == 200, answer
    assert isinstance(answer.json["api_tokens"], list), answer


@pytest.mark.parametrize("operation", WITH_BODY)
@rule("errors/credentials-come-before-the-body")
def test_anonymous(operation: str, bench: Bench, anonymous: Hub) -> None:
    """Without a token a body that is no JSON is refused with 403, as any other.

    Asking for a token is the one exception: its body may carry credentials, and is read first.
    """
    found, path = bench.target(operation)
    statuses = {400, 403} if operation == "post-user-tokens" else {403}
    for answer in sent(anonymous, found.method, path, NO_JSON[:1]):
        turned_down(answer, statuses)


# --- of another type


@pytest.mark.parametrize("operation", [e for e in WITH_BODY if e not in CHANGES_OF_SERVERS])
@rule("errors/body-that-is-no-object-is-refused")
def test_no_object(operation: str, bench: Bench) -> None:
    """JSON that is no object is refused with 400: a number, a text, a list."""
    _reads(bench, operation)
    if operation.startswith("post-user-server") and not bench.stage.has("6.0"):
        not_applicable("before 6.0 a server that is asked for so neither starts nor can be stopped")
    found, path = bench.target(operation)
    for answer in sent(bench.hub, found.method, path, NO_OBJECT):
        turned_down(answer, {400})


@pytest.mark.parametrize("operation", WITH_BODY)
@rule("errors/missing-body-is-refused")
def test_missing(operation: str, bench: Bench) -> None:
    """Where a body is needed, none, `null`, and an object without what is needed are refused."""
    _reads(bench, operation)
    found, path = bench.target(operation)
    if not bench.needs_body(found):
        not_applicable("it needs no body")
    bodies = [b"", b"null"]
    schema = bench.schema(found)
    if {"required", "minProperties", "anyOf", "oneOf"} & schema.keys():
        bodies.append(b"{}")
    for answer in sent(bench.hub, found.method, path, bodies):
        turned_down(answer, {400})


@pytest.mark.parametrize(
    ("operation", "field"), FIELDS, ids=[f"{each}:{field}" for each, field in FIELDS]
)
@rule("errors/field-of-another-type-is-refused")
def test_types(operation: str, field: str, bench: Bench) -> None:
    """A field whose value is of another type than it should be is refused with 400."""
    found, path = bench.target(operation)
    schema = bench.schema(found).get("properties", {}).get(field)
    if schema is None:
        not_applicable(f"{bench.stage.version} has no such field")
    types = schema.get("type", ())
    allowed = {types} if isinstance(types, str) else set(types)
    for value in (each for kind, each in VALUES.items() if kind not in allowed):
        body = {**bench.body(operation), field: value}
        try:
            answer = bench.hub.request(found.method, path, json=body)
        except OutOfBounds:  # some hub could take it for another's name
            continue
        turned_down(answer, {400})


@pytest.mark.parametrize("operation", STRICT)
@rule("errors/unknown-key-is-refused")
def test_unknown_key(operation: str, bench: Bench) -> None:
    """A key that the operation does not know is refused with 400, where all its keys are known."""
    found, path = bench.target(operation)
    if bench.schema(found).get("additionalProperties") is not False:
        not_applicable(f"{bench.stage.version} takes any key")
    body = {**bench.body(operation), UNKNOWN: {"x": {}}}
    turned_down(bench.hub.request(found.method, path, json=body), {400})


@pytest.mark.parametrize("operation", MAKING)
@rule("errors/refused-body-makes-nothing")
def test_makes_nothing(operation: str, bench: Bench) -> None:
    """What was to be made by a request whose body is refused is not there."""
    found, path = bench.target(operation)
    bodies = [{**bench.body(operation), **each} for each in MAKING[operation]]
    for body in bodies:
        turned_down(bench.hub.request(found.method, path, json=body), {400})
    answer = bench.hub.get(path)
    assert answer.status == 404, answer


@pytest.mark.parametrize(("path", "key"), [("/users", "usernames"), ("/groups", "groups")])
@rule("errors/refused-list-makes-nothing")
def test_list_makes_nothing(path: str, key: str, bench: Bench) -> None:
    """When something else in its body is wrong, none of the named users or groups is made."""
    names = [bench.stage.sandbox.name("refused") for _ in range(2)]
    wrong = {"admin": "x"} if key == "usernames" else {UNKNOWN: True, "users": 3}
    turned_down(bench.hub.post(path, json={key: names, **wrong}), {400})
    for name in names:
        answer = bench.hub.get(f"{path}/{name}")
        assert answer.status == 404, answer


# --- content types


@pytest.mark.parametrize("operation", [e for e in LASTING if e not in CHANGES_OF_SERVERS])
@rule("errors/json-needs-no-content-type", see="howto/rest.html")
def test_no_content_type(operation: str, bench: Bench) -> None:
    """A body of JSON is taken without a Content-Type, as `requests.post(url, data=…)` sends it."""
    found, path = bench.target(operation)
    answer = bench.hub.request(found.method, path, data=json.dumps(bench.body(operation)))
    assert answer.status in found.successes, answer


@pytest.mark.parametrize("operation", [e for e in LASTING if e not in CHANGES_OF_SERVERS])
@rule("errors/other-content-types")
def test_content_types(operation: str, bench: Bench) -> None:
    """A body of JSON with another type is taken, or refused with 400 or 415, and nothing else."""
    found, path = bench.target(operation)
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data"):
        try:
            answer = bench.hub.request(
                found.method,
                path,
                data=json.dumps(bench.body(operation)),
                headers={"Content-Type": kind},
            )
        except OutOfBounds:  # as a form it could name anything
            continue
        if answer.status not in found.successes:
            turned_down(answer, {400, 415})


# --- too much


@rule("errors/numbers-beyond-64-bits")
@pytest.mark.parametrize("number", [2**63, 2**64, 10**40])
def test_large_numbers(number: int, bench: Bench) -> None:
    """A number beyond 64 bits in what the hub only keeps is refused with 400, or kept."""
    for operation, body in (
        ("put-group-properties", {"number": number}),
        ("post-share-code", {"expires_in": number}),
    ):
        if operation in bench.stage.operations:
            found, path = bench.target(operation)
            answer = bench.hub.request(found.method, path, json=body)
            if answer.ok:
                assert operation == "put-group-properties", answer
                assert answer.json.get("properties") == body, answer.json
            else:
                turned_down(answer, {400})


@rule("errors/large-body")
def test_large_body(bench: Bench) -> None:
    """A body of a megabyte with an unknown key is refused as a short one is (400, or 413)."""
    found, path = bench.target("patch-user")
    answer = bench.hub.request(found.method, path, json={UNKNOWN: "x" * 1_000_000})
    turned_down(answer, {400, 413})


# --- afterwards


@rule("errors/hub-goes-on-after-refusals")
def test_goes_on(bench: Bench) -> None:
    """After refusals of every kind, on the same connection, right requests are answered."""
    stage, hub = bench.stage, bench.hub
    path = f"/users/{stage.user}"
    before = hub.get(path)
    for body in (*NO_JSON, DEEP, b"\xff", b"3"):
        for answer in sent(hub, "PATCH", path, [body]):
            turned_down(answer, {400, 413})
        answer = hub.get(path)
        assert answer.status == 200, answer
    names = ("admin", "groups", "roles", "name", "servers")
    after = {key: answer.json.get(key) for key in names}
    assert after == {key: before.json.get(key) for key in names}


@rule("errors/failed-request-does-not-spoil-the-next")
def test_next(bench: Bench, hub_run: Run) -> None:
    """Whatever comes of a value that no database keeps, the next request is judged by itself."""
    if hub_run.is_worker:
        not_requested("-n: the request that it may spoil could be another worker's")
    stage, hub = bench.stage, bench.hub
    need_scopes(hub.target, "tokens")  # or it is refused before any database is asked
    for body in ({"note": 2**63}, {"note": ["x"]}, {"note": {"x": "y"}}):
        hub.post(f"/users/{stage.user}/tokens", json=body)
        answer = hub.get(f"/users/{stage.user}")
        assert answer.status == 200, (body, answer)
