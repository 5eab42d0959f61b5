"""Errors: what HTTP leaves to the client, and no hub may trip over; headers of every answer."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ..client import Answer
from ..hub import PAGINATION, Hub, quoted
from ..rules import not_applicable, rule
from ..sandbox import User
from ._errors import (
    CHANGES_OF_SERVERS,
    METHODS,
    PATHS,
    WITH_BODY,
    Bench,
    turned_down,
)
from ._shape import JSON, media_type, moment, object_of
from ._users import names_in

pytest_plugins = ("hub_conformance.suite._errors",)
pytestmark = pytest.mark.usefixtures("named_servers_where_needed")

#: How clients say that a body is JSON.
SPELLINGS = (
    "application/json; charset=utf-8",
    "application/json;charset=UTF-8",
    "Application/JSON",
)
#: Operations whose success makes nothing.
LASTING = [
    each
    for each in WITH_BODY
    if each.startswith(("patch-user", "post-user-activity", "post-group-users"))
    and each not in CHANGES_OF_SERVERS
]
TEXT = "Grüße, 日本 ☃ 🎉"
#: A page that is none of the hub's.
ELSEWHERE = "https://elsewhere.example"
#: What a browser accepts when somebody types an address.
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
RFC = "https://www.rfc-editor.org/rfc/"


# --- bodies


@pytest.mark.parametrize("operation", LASTING)
@rule("errors/json-is-json-in-every-spelling")
def test_spellings(operation: str, bench: Bench) -> None:
    """A body of JSON is taken whether its type is said with a charset, or in capitals."""
    found, path = bench.target(operation)
    body = json.dumps(bench.body(operation))
    for kind in SPELLINGS:
        answer = bench.hub.request(found.method, path, data=body, headers={"Content-Type": kind})
        assert answer.status in found.successes, f"{kind}: {answer!r}"


@rule("errors/white-space-around-a-body")
def test_white_space(bench: Bench) -> None:
    """JSON may have white space around it, and between its parts."""
    found, path = bench.target("patch-user")
    for body in ("\n{}\n", '\r\n\t {\r\n\t"admin"\n:\nfalse }\r\n '):
        answer = bench.hub.request(found.method, path, data=body)
        assert answer.status in found.successes, f"{body!r}: {answer!r}"


def texts(bench: Bench) -> Iterator[tuple[str, str, dict[str, Any], Callable[[Any], Any]]]:
    """Requests that have a text kept, and where their answers have it."""
    stage = bench.stage
    users = f"/users/{stage.user}/tokens"
    note = f"{stage.sandbox.name('token')} {TEXT}"
    yield "POST", users, {"note": note}, lambda model: model.get("note") == note
    group = f"{stage.sandbox.name('text')}-{TEXT}"
    yield "POST", "/groups", {"groups": [group]}, lambda made: names_in(made) == [group]
    if stage.has("4.0"):
        text = {TEXT: [TEXT]}
        path = f"/groups/{quoted(group)}/properties"
        yield "PUT", path, text, lambda model: model.get("properties") == text


@rule("errors/text-is-utf-8")
def test_text(bench: Bench) -> None:
    """Letters beyond ASCII may stand in a body as they are, in UTF-8, and come back the same."""
    for method, path, body, has_it in texts(bench):
        sent = json.dumps(body, ensure_ascii=False)
        answer = bench.hub.request(method, path, data=sent.encode())
        assert answer.ok, answer
        assert has_it(answer.json), answer.json


# --- paths


@rule("errors/unknown-path-is-not-found-by-anybody")
def test_unknown(bench: Bench, anonymous: Hub) -> None:
    """A path that the API does not have is refused with 404 to everybody, whatever is asked of it.

    To those without a token 403 says as much.
    """
    for path in ("/zzz", f"/users/{bench.stage.user}/zzz", "/groups/zzz/zzz"):
        turned_down(anonymous.get(path), {403, 404}, silent=True)
    for method in METHODS:
        answer = bench.hub.request(method, f"/groups/{bench.absent}/zzz")
        turned_down(answer, {404}, silent=bench.silent())


@pytest.mark.parametrize("template", PATHS)
@rule("errors/options-are-for-anybody", see="jupyterhub/apihandlers/base.py, options")
def test_options(template: str, bench: Bench, anonymous: Hub) -> None:
    """OPTIONS, which browsers send before other requests, is answered without credentials."""
    bench.offered(template)
    for hub in (anonymous, bench.hub):
        answer = hub.request("OPTIONS", bench.path(template))
        assert answer.status in (200, 204), answer
        assert not answer.body, f"{answer!r} has the body {answer.text[:80]!r}"


# --- headers


def kinds(bench: Bench, headers: dict[str, str]) -> Iterator[Answer]:
    """Answers of several kinds: a model, lists, an absent object, a method that is not there."""
    user = f"/users/{bench.stage.user}"
    params = {"limit": 1, "name_filter": bench.stage.user}
    for kind in ({}, {"Accept": PAGINATION}):
        yield bench.hub.get("/users", params=params, headers={**headers, **kind})
    for method, path in (
        ("GET", user),
        ("GET", f"/users/{bench.absent}"),
        ("PUT", user),
    ):
        yield bench.hub.request(method, path, headers=headers)


@pytest.mark.parametrize("accept", [BROWSER, "text/html"], ids=["browser", "html"])
@rule("errors/json-whatever-is-accepted")
def test_accept(accept: str, bench: Bench) -> None:
    """Answers of the API, refusals too, are JSON as ever where a browser asks for a page."""
    answers = list(kinds(bench, {"Accept": accept}))
    assert [answer.status for answer in answers] == [200, 200, 200, 404, 405], answers
    for answer in answers:
        assert media_type(answer) == JSON, f"{answer!r} has the type {media_type(answer)!r}"
        assert answer.json is not None, answer


@rule("errors/conditional-request-sees-changes", see=RFC + "rfc9110#section-13.1.2")
def test_conditional(bench: Bench, user: User) -> None:
    """Who asks again only for what has changed is told what has: a tag means one answer."""
    hub, tags = bench.hub, [""]
    for day in (1, 2):  # answers of one length
        when = f"2021-01-0{day}T00:00:00.000001Z"
        assert hub.post(f"{user.path}/activity", json={"last_activity": when}).status == 200
        answer = hub.get(user.path, headers={"If-None-Match": tags[-1]} if tags[-1] else {})
        assert moment(object_of(answer).get("last_activity")) == moment(when), answer
        tags.append(answer.headers.get("ETag") or not_applicable("this hub tags no answers"))
    assert tags[1] != tags[2], f"{tags[1]} again"


@rule("errors/nothing-is-for-shared-caches", see=RFC + "rfc9111")
def test_caches(bench: Bench) -> None:
    """What was answered to a token offers itself to no cache: it is for one, and for now."""
    for answer in kinds(bench, {}):
        said = answer.headers.get("Cache-Control", "").lower()
        assert "public" not in said, f"{answer!r}: Cache-Control: {said}"
        ages = [part.partition("=") for part in said.replace(" ", "").split(",")]
        assert not [age for key, _, age in ages if key.endswith("max-age") and age.strip("0")], said


@rule("errors/no-page-elsewhere-reads-with-credentials", see="explanation/websecurity.html")
def test_origins(bench: Bench) -> None:
    """No page of any origin is let read what the credentials of its visitor open."""
    for answer in kinds(bench, {"Origin": ELSEWHERE}):
        if answer.headers.get("Access-Control-Allow-Credentials", "").lower() == "true":
            allowed = answer.headers.get("Access-Control-Allow-Origin")
            assert allowed not in ("*", ELSEWHERE), f"{answer!r} is open to {allowed}"


@rule("errors/answers-load-nothing", level="SHOULD", see="explanation/websecurity.html")
def test_policy(bench: Bench) -> None:
    """Every answer of the API, a refusal too, tells browsers to load nothing for it."""
    for answer in kinds(bench, {}):
        policy = answer.headers.get("Content-Security-Policy", "")
        assert "default-src 'none'" in policy, f"{answer!r}: {policy!r}"
