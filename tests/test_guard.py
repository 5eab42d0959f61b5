"""The guard: what a writing request may name, in whatever spelling, and what never leaves."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from requests.structures import CaseInsensitiveDict

from hub_conformance.client import Answer, Request
from hub_conformance.errors import OutOfBounds
from hub_conformance.guard import Guard, Named
from hub_conformance.secret import Scrubber

RUN = "hubconf-20260102t030405z-ab12"
OURS = f"{RUN}-x1"
GROUP = f"{RUN}-g1"
CALLER = "ann"
API = "/jupyter/hub/api"
WRITING = ("POST", "PUT", "PATCH", "DELETE")


def guard(caller: str = CALLER, *, destructive: bool = False) -> Guard:
    return Guard(RUN, API, "/jupyter/", caller, destructive=destructive)


def request(
    method: str,
    path: str,
    json_body: Any = None,
    *,
    data: bytes | None = None,
    query: str = "",
    headers: Mapping[str, str] | None = None,
    root: str = API,
) -> Request:
    body = data if json_body is None else json.dumps(json_body).encode()
    return Request(method, root + path, query=query, body=body, headers=headers or {})


def into(found: list[Named]) -> Callable[[Named], bool]:
    """Collect what a guard notes; all of it is news."""

    def note(named: Named) -> bool:
        found.append(named)
        return True

    return note


def noted(sent: Request, by: Guard | None = None) -> list[Named]:
    """Let a request through; return what it named."""
    found: list[Named] = []
    the_guard = by or guard()
    the_guard.noted = into(found)
    the_guard.before(sent)
    return found


def is_refused(sent: Request, by: Guard | None = None) -> bool:
    """Whether a request is held back, with nothing noted."""
    found: list[Named] = []
    the_guard = by or guard()
    the_guard.noted = into(found)
    with contextlib.suppress(OutOfBounds):
        the_guard.before(sent)
        return False
    assert not found
    return True


# --- what this run owns


@pytest.mark.parametrize(
    "name", [OURS, f"{RUN}-", OURS.upper(), f"{RUN}-a/b", f"{RUN}-säge", f"{RUN}-..x"]
)
def test_names_of_this_run(name: str) -> None:
    assert guard().owns(name)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "alice",
        RUN,
        f"{RUN}3-x",
        "hubconf-20260102t030405z-ab1-x",
        "hubconf-other",
        f" {OURS}",
        f"x{OURS}",
        OURS.replace("-", "_"),
        OURS.replace("h", "һ", 1),
        f"{RUN}-x/../alice",
        f"{RUN}-x\\..\\alice",
        f"{RUN}-/..",
        f"{RUN}-x/%2e%2e/alice",
        f"{RUN}-x/%252e%252e/alice",
        f"{RUN}-x/．．/alice",
        f"{RUN}-x/..;/alice",
        f"{RUN}-x/ .. /alice",
        f"{RUN}-x%" + "25" * 9,
    ],
)
def test_names_of_strangers(name: str) -> None:
    assert not guard().owns(name)


# --- what goes out


FREE = [
    request("POST", f"/users/{OURS}", {}),
    request("POST", f"/users/{OURS}"),
    request("POST", f"/users/{OURS}/"),
    request("POST", f"/users/{OURS}", {"admin": True}),
    request("POST", f"/users/{OURS}", []),
    request("DELETE", f"/users/{OURS}"),
    request("PATCH", f"/users/{OURS}", {"name": f"{RUN}-x2", "admin": False}),
    request("PATCH", f"/users/{OURS}", {"name": None}),
    request("PATCH", f"/users/{OURS}", {"auth_state": {"name": "alice", "groups": ["staff"]}}),
    request("POST", f"/users/{OURS}", data=b"{"),
    request("POST", "/users", {"usernames": [OURS, f"{RUN}-x2"], "admin": False}),
    request("POST", "/users", {"usernames": []}),
    request("POST", "/users", {"usernames": {}}),
    request("POST", "/users", {"usernames": 5}),
    request("POST", "/users", {}),
    request("POST", "/users"),
    request("POST", "/users", data=b'{"usernames": ["' + OURS.encode()),
    request("POST", "/groups", {"groups": [GROUP]}),
    request("POST", f"/groups/{GROUP}", {"users": [OURS], "properties": {"users": ["alice"]}}),
    request("POST", f"/groups/{GROUP}/users", {"users": [OURS]}),
    request("DELETE", f"/groups/{GROUP}/users", {"users": [OURS]}),
    request("PUT", f"/groups/{GROUP}/properties", {"users": ["alice"], "name": 5}),
    request("DELETE", f"/groups/{GROUP}"),
    request("POST", f"/services/{OURS}", {"info": {"name": "alice"}, "admin": False}),
    request("POST", f"/services/{OURS}", {"oauth_client_id": f"service-{OURS}"}),
    request("DELETE", f"/services/{OURS}"),
    request("POST", f"/users/{OURS}/tokens", {"note": "x", "scopes": ["read:users!user=bob"]}),
    request("POST", f"/users/{OURS}/tokens", {"user": "bob", "roles": ["admin"]}),
    request("POST", f"/users/{OURS}/tokens", data=b"no json"),
    request("DELETE", f"/users/{OURS}/tokens/a17"),
    request("POST", f"/users/{CALLER}/tokens", {"note": f"{RUN}-note"}),
    request("POST", f"/users/{OURS}/server", {"profile": "small", "user": "x", "group": "gpu"}),
    request("DELETE", f"/users/{OURS}/server"),
    request("POST", f"/users/{OURS}/servers/anything", {}),
    request("POST", f"/users/{OURS}/servers/a%2Fb%20c%23"),
    request("POST", f"/users/{OURS}/servers/"),
    request("PUT", f"/users/{OURS}/servers/a"),
    request("PATCH", f"/users/{OURS}/servers/a", {"name": "b"}),
    request("DELETE", f"/users/{OURS}/servers/a", {"remove": True}),
    request("POST", f"/users/{OURS}/activity", {"servers": {"": {"last_activity": "2020"}}}),
    request("POST", f"/shares/{OURS}/s", {"user": f"{RUN}-x2", "scopes": ["x"]}),
    request("PATCH", f"/shares/{OURS}/s", {"group": GROUP}),
    request("DELETE", f"/shares/{OURS}/s"),
    request("POST", f"/share-codes/{OURS}/s", {}),
    request("DELETE", f"/users/{OURS}/shared/{OURS}/s"),
    request("DELETE", f"/groups/{GROUP}/shared/{OURS}/s"),
    request("POST", f"/groups/{GROUP}/nope"),
    request("POST", "/proxy"),
    request("PATCH", "/proxy", []),
    request("POST", "/shutdown", {"proxy": "x"}),
    request("POST", "/shutdown", {"proxy": "x", "servers": True}),
    request("POST", f"/user/{OURS}/", root="/jupyter"),
    request("PUT", f"/user/{OURS}/server-a/api/contents/x.txt", {"name": "alice"}, root="/jupyter"),
]  # fmt: skip


@pytest.mark.parametrize("sent", FREE, ids=lambda each: f"{each.method} {each.path} {each.body}")
def test_inside_the_sandbox(sent: Request) -> None:
    assert not is_refused(sent)


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "TRACE"])
@pytest.mark.parametrize(
    "path", ["/users/alice", "/users", "/shutdown", "/nope", "/users/%2e%2e", "/users/a/../b", "//"]
)
def test_reading_is_free(method: str, path: str) -> None:
    assert noted(request(method, path, {"usernames": ["alice"]})) == []


# --- what is held back


STRANGERS = [
    *(request(method, "/users/alice", {}) for method in WRITING),
    request("POST", "/users/Alice%20B"),
    request("DELETE", f"/users/{RUN}"),
    request("DELETE", f"/users/{RUN}3-x"),
    request("POST", "/users", {"usernames": [OURS, "alice"]}),
    request("POST", "/users", {"usernames": "alice"}),
    request("POST", "/users", {"usernames": OURS}),
    request("POST", "/users", {"usernames": [["alice"]]}),
    request("POST", "/users", {"usernames": [{"name": "alice"}]}),
    request("POST", "/users", {"usernames": {"alice": {}}}),
    request("POST", "/users", {"usernames": {OURS: "alice"}}),
    request("POST", "/users", {"usernames": [5]}),
    request("POST", "/users", {"usernames": [True]}),
    request("POST", "/users", {"usernames": [""]}),
    request("POST", "/users", ["alice"]),
    request("POST", "/users", [{"name": "alice"}]),
    request("POST", "/users", "alice"),
    request("POST", "/users", {"data": {"usernames": ["alice"]}}),
    request("POST", "/users", {"data": [{"users": ["alice"]}]}),
    request("POST", "/users", {"name": "alice"}),
    request("POST", "/users", {"Usernames": ["alice"]}),
    request("POST", "/users", {"u\u017fernames": ["alice"]}),
    request("PATCH", f"/users/{OURS}", {"name": "alice"}),
    request("PATCH", f"/users/{OURS}", {"NAME": "alice"}),
    request("PATCH", f"/users/{OURS}", {"name": ""}),
    request("PATCH", f"/users/{OURS}", {"name": 5}),
    request("PATCH", f"/users/{OURS}", {"name": True}),
    request("PATCH", f"/users/{OURS}", {"name": ["alice"]}),
    request("PATCH", f"/users/{OURS}", {"name": {}}),
    request("PATCH", f"/users/{OURS}", {"user": {"name": "alice"}}),
    request("PATCH", f"/users/{OURS}", {"groups": ["staff"]}),
    request("PUT", f"/users/{OURS}", {"name": CALLER}),
    request("PATCH", f"/users/{CALLER}", {"admin": False}),
    request("DELETE", f"/users/{CALLER}"),
    request("POST", "/users/alice/tokens", {"note": OURS}),
    request("DELETE", "/users/alice/tokens/a1"),
    request("POST", "/users/alice/server"),
    request("DELETE", f"/users/{CALLER}/server"),
    request("POST", f"/users/alice/servers/{OURS}"),
    request("POST", "/users/alice/activity", {}),
    request("POST", f"/users/{OURS}/nope"),
    request("POST", f"/users/{OURS}/admin-access"),
    request("POST", "/groups", {"groups": ["staff"]}),
    request("POST", "/groups", {"groups": [GROUP], "users": ["alice"]}),
    request("POST", "/groups/staff", {}),
    request("DELETE", "/groups/staff"),
    request("POST", f"/groups/{GROUP}", {"users": ["alice"]}),
    request("POST", f"/groups/{GROUP}/users", {"users": [OURS, "alice"]}),
    request("POST", f"/groups/{GROUP}/users", {"users": "alice"}),
    request("POST", f"/groups/{GROUP}/users", {"users": {"alice": 1}}),
    request("POST", f"/groups/{GROUP}/users", {"users": [[["alice"]]]}),
    request("POST", f"/groups/{GROUP}/users", {"members": ["alice"]}),
    request("POST", f"/groups/{GROUP}/users", ["alice"]),
    request("DELETE", f"/groups/{GROUP}/users", {"users": ["alice"]}),
    request("POST", "/groups/staff/users", {"users": [OURS]}),
    request("PUT", "/groups/staff/properties", {}),
    request("DELETE", f"/groups/{GROUP}/shared/alice/s"),
    request("POST", "/services/grader", {}),
    request("DELETE", "/services/grader"),
    request("POST", f"/services/{OURS}", {"oauth_client_id": "service-grader"}),
    request("POST", f"/services/{OURS}", {"oauth_client_id": "jupyterhub-user-alice"}),
    request("POST", f"/services/{OURS}", {"name": "grader"}),
    request("POST", "/shares/alice/s", {"user": OURS}),
    request("POST", f"/shares/{OURS}/s", {"user": "alice"}),
    request("POST", f"/shares/{OURS}/s", {"group": "staff"}),
    request("POST", f"/shares/{OURS}/s", {"users": ["alice"]}),
    request("PATCH", f"/shares/{OURS}/s", {"user": ["alice"]}),
    request("DELETE", "/shares/alice"),
    request("POST", "/share-codes/alice/s"),
    request("DELETE", f"/users/{OURS}/shared/alice/s"),
    request("DELETE", f"/users/alice/shared/{OURS}/s"),
    request("POST", "/groups", {"groups": [None]}),
]  # fmt: skip


@pytest.mark.parametrize(
    "sent", STRANGERS, ids=lambda each: f"{each.method} {each.path} {each.body}"
)
def test_strangers_are_left_alone(sent: Request) -> None:
    assert is_refused(sent)


ELSEWHERE = [
    request("PUT", "/users", {"usernames": [OURS]}),
    request("PUT", "/groups", {"groups": [GROUP]}),
    request("DELETE", "/users"),
    request("DELETE", "/users", {}),
    request("DELETE", "/groups"),
    request("PATCH", "/users", {"admin": False}),
    request("POST", ""),
    request("POST", "/"),
    request("POST", "/nope"),
    request("POST", "/oauth2/token"),
    request("POST", "/authorizations/token", {"username": OURS}),
    request("PATCH", "/proxy", {"api_url": "http://127.0.0.1:1"}),
    request("PATCH", "/proxy", {}),
    request("PATCH", "/proxy", [1]),
    request("PATCH", "/proxy"),
    request("DELETE", "/proxy", []),
    request("PUT", "/proxy", []),
    request("POST", "/shutdown"),
    request("POST", "/shutdown", {}),
    request("POST", "/shutdown", []),
    request("POST", "/shutdown", {"proxy": True}),
    request("POST", "/shutdown", {"servers": "x"}),
    request("POST", "/shutdown", {"proxy": "x", "force": True}),
    *(
        request("POST", "/shutdown", {"proxy": each})
        for each in ("", "True", " no ", "1", "off", 1, None)
    ),
    request("POST", "/shutdown", data=b'{"proxy": "x", "proxy": true}'),
    request("POST", "/shutdown", data=b'{"proxy": "x", "Proxy": true}'),
    request("DELETE", "/shutdown", {"proxy": "x"}),
    request("POST", f"/users/{OURS}", root="/hub/api"),
    request("POST", f"/Users/{OURS}"),
    request("POST", f"/users/{OURS}", root="/jupyter/hub/API"),
    request("POST", "/hub/login", root="/jupyter"),
    request("POST", "/user/alice/api/shutdown", root="/jupyter"),
    request("POST", f"/user/{OURS}/api", root=""),
    request("POST", f"/user/{OURS}", root="/jupyter"),
    request("POST", "/services/grader/", root="/jupyter"),
    request("GET", "/hub/spawn/alice", root="/jupyter"),
    request("GET", "/hub/spawn-pending/alice", root="/jupyter"),
    request("GET", "/hub/spawn", root="/jupyter"),
    request("GET", "/hub/%73pawn/alice", root="/jupyter"),
    request("GET", "/../spawn/alice"),
    *(
        request(method, f"/users/{OURS}")
        for method in ("MOVE", "LINK", "post", "", "DELETE /x HTTP/1.1\r\n")
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    "sent", ELSEWHERE, ids=lambda each: f"{each.method} {each.path} {each.body}"
)
def test_the_hub_itself_is_left_alone(sent: Request) -> None:
    assert is_refused(sent)


#: What changes the whole hub, and what is left to the person who let that happen.
WHOLE_HUB = [
    request("PATCH", "/proxy", {"api_url": "http://127.0.0.1:1"}),
    request("PATCH", "/proxy", {}),
    request("POST", "/shutdown", {"proxy": True, "servers": True}),
    request("DELETE", "/services/of-the-configuration"),
]


@pytest.mark.parametrize("sent", WHOLE_HUB, ids=lambda each: f"{each.method} {each.path}")
def test_the_whole_hub_is_changed_where_that_was_asked_for(sent: Request) -> None:
    assert is_refused(sent)
    assert noted(sent, guard(destructive=True)) == []


@pytest.mark.parametrize(
    "sent",
    [
        request("DELETE", "/users/alice"),
        request("DELETE", "/groups/staff"),
        request("POST", "/services/of-the-configuration", {"info": {}}),
        request("POST", "/shutdown", {}, root="/elsewhere"),
    ],
    ids=lambda each: f"{each.method} {each.path} {each.body}",
)
def test_strangers_are_left_alone_even_then(sent: Request) -> None:
    assert is_refused(sent, guard(destructive=True))


def test_a_configured_service_is_asked_for_with_nothing_in_it() -> None:
    path = "/services/of-the-configuration"
    assert noted(request("POST", path, [])) == []
    bodies: tuple[Any, ...] = ({}, {"info": {}}, [1], None, "x")
    for body in bodies:
        assert is_refused(request("POST", path, body))
    assert noted(request("POST", f"/services/{OURS}", [])) == [Named("service", OURS)]


def test_own_servers_may_be_started_by_their_page() -> None:
    named = noted(request("GET", f"/hub/spawn/{OURS}/s", root="/jupyter"))
    assert named == [Named("server", "s", inside=OURS)]


def test_hub_at_the_root_of_its_origin() -> None:
    at_root = Guard(RUN, "/hub/api", "/", CALLER)
    assert not is_refused(request("POST", f"/user/{OURS}/api", root=""), at_root)
    assert is_refused(request("POST", "/user/alice/api", root=""), at_root)
    assert is_refused(request("POST", "/", root=""), at_root)
    assert not is_refused(request("POST", f"/users/{OURS}", root="/hub/api"), at_root)


# --- paths that are read in two ways


@pytest.mark.parametrize("method", WRITING)
@pytest.mark.parametrize(
    "path",
    [
        f"/users/{OURS}/../alice",
        f"/users/{OURS}/%2e%2e/alice",
        f"/users/{OURS}/%2E./alice",
        f"/users/{OURS}%2F..%2Falice",
        f"/users/{OURS}%2f%2e%2e%2falice",
        f"/users/{OURS}%252F..%252Falice",
        f"/users/{OURS}%252f%252e%252e%252falice",
        f"/users/{OURS}%5C..%5Calice",
        f"/users/{OURS}\\..\\alice",
        f"/users/{OURS}/servers/..%2f..%2f..%2falice",
        f"/users/{OURS}/servers/..",
        f"/users/{OURS}/servers/.",
        f"/users/{OURS}/servers/..;/..;/alice",
        f"/users/{OURS}/servers/%c0%ae%c0%ae%c0%af..",
        f"/users/{OURS}/servers/%ff",
        f"/users/{OURS}/servers/%EF%BC%8E%EF%BC%8E/x",
        f"/users/{OURS}/tokens/..%2F..%2Falice",
        f"/users//{OURS}",
        f"//users/{OURS}",
        f"/users/{OURS}//",
        f"/users/{OURS}//server",
        f"/users/{OURS}#/properties",
        f"/groups/{GROUP}#/properties",
        f"/users/{OURS}?x",
        f"/users/{OURS}/ser ver",
        f"/users/{OURS}\n",
        f"/users/{OURS}/s\u00e4ge",
        f"/users/{OURS}/%zz",
        "/users/%61lice",
        "/users/%2561lice",
        f"/users/.%2F{OURS}",
        f"/users/alice%2F..%2F{OURS}",
    ],
)
def test_path_read_in_two_ways(method: str, path: str) -> None:
    assert is_refused(request(method, path, {}))


@pytest.mark.parametrize(
    "path",
    [
        f"/user/{OURS}/../alice/api",
        f"/user/{OURS}/%2e%2e/alice/api",
        f"/user/{OURS}%2f..%2falice/api",
        f"/user/{OURS}/x/../../alice/api",
        f"/user/{OURS}//api",
        f"/hub/../user/{OURS}/api",
    ],
)
def test_path_to_a_server_read_in_two_ways(path: str) -> None:
    assert is_refused(request("POST", path, root="/jupyter"))


def test_path_without_a_slash() -> None:
    for path in ("", "users", "@other/users"):
        assert is_refused(request("POST", path, root=""))


# --- bodies that are read in two ways


BODIES = {
    "key twice": b'{"usernames": ["alice"], "usernames": ["%s"]}',
    "key twice, inside": b'{"data": {"usernames": ["alice"], "usernames": ["%s"]}}',
    "key in two cases": b'{"usernames": ["%s"], "USERNAMES": ["alice"]}',
    "form": b"usernames=alice&x=%s",
    "form in a name": b'{"usernames": ["%s&usernames=alice&x="]}',
    "yaml": b"usernames: [alice, %s]",
    "single quotes": b"{'usernames': ['alice']}",
    "comment": b'{"usernames": ["%s"] /* , "alice" */}',
    "two values": b'{"usernames": ["%s"]} {"usernames": ["alice"]}',
    "mark before": b'\xef\xbb\xbf{"usernames": ["alice"]}',
    "bytes": b'{"usernames": ["\xff"]}',
    "escapes": b'{"usernames": ["%s\\u0022,\\u0022alice"],}',
    "multipart": b'--x\r\nContent-Disposition: form-data; name="usernames"\r\n\r\nalice\r\n--x--',
    "deep": b'{"usernames": ["alice"], "x": ' + b"[" * 100_000,
}


@pytest.mark.parametrize("what", BODIES)
@pytest.mark.parametrize(
    "content_type", [None, "application/json", "application/x-www-form-urlencoded"]
)
def test_body_read_in_two_ways(what: str, content_type: str | None) -> None:
    data = BODIES[what].replace(b"%s", OURS.encode())
    headers = {"Content-Type": content_type} if content_type else {}
    sent = request("POST", "/users", data=data, headers=headers)
    if what == "form in a name" and content_type != "application/x-www-form-urlencoded":
        assert not is_refused(sent), "as JSON this is one name, and of this run"
    else:
        assert is_refused(sent)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "utf-16-be", "cp037", "utf-7"])
def test_body_in_another_encoding(encoding: str) -> None:
    for name in ("alice", OURS):
        data = json.dumps({"usernames": [name]}).encode(encoding)
        headers = {"content-type": f'application/json; charset="{encoding}"'}
        sent = request("POST", "/users", data=data, headers=headers)
        assert is_refused(sent) or (name == OURS and encoding == "utf-7")


def test_quote_in_another_encoding() -> None:
    data = b'{"usernames": ["%s+ACIALAAi-alice"]}' % OURS.encode()
    sent = request("POST", "/users", data=data, headers={"Content-Type": "text/x; charset=utf-7"})
    assert is_refused(sent)


@pytest.mark.parametrize("note", [OURS.encode(), b"x"])
def test_note_twice(note: bytes) -> None:
    data = b'{"note": "x", "note": "%s"}' % note
    assert is_refused(request("POST", f"/users/{CALLER}/tokens", data=data))


def test_deep_body_is_read_to_its_end() -> None:
    deep: Any = {"usernames": ["alice"]}
    for _ in range(200):
        deep = {"x": [deep]}
    assert is_refused(request("POST", "/users", deep))


@pytest.mark.parametrize(
    "query",
    [
        "usernames=alice",
        "user=alice",
        "name=alice",
        "users[]=alice",
        "users[0]=alice",
        "NAME=alice",
        "x=1;users=alice",
        "%6eame=alice",
        "_method=DELETE",
        "name=",
        f"name={OURS}&name=alice",
    ],
)
def test_query_that_overrules(query: str) -> None:
    for path in ("/users", f"/users/{OURS}", f"/groups/{GROUP}/users", f"/users/{OURS}/server"):
        assert is_refused(request("POST", path, {}, query=query))


def test_query_that_names_nobody_else() -> None:
    assert not is_refused(request("POST", "/users", {}, query=f"x=1&user={OURS}&y"))


@pytest.mark.parametrize(
    "header",
    [
        "X-HTTP-Method-Override",
        "x-http-method",
        "X_HTTP_Method_Override",
        "X-Original-URL",
        "X-Rewrite-URL",
        "Host",
        "Content-Length",
        "Transfer-Encoding",
        "Content-Encoding",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_header_that_steers_elsewhere(header: str, method: str) -> None:
    assert is_refused(request(method, f"/users/{OURS}", {}, headers={header: "DELETE"}))


# --- tokens of the caller


@pytest.mark.parametrize(
    "body",
    [None, {}, {"note": "mine"}, {"note": RUN}, {"note": None}, {"note": [OURS]}, [OURS], OURS],
)
def test_token_for_the_caller_bears_the_mark(body: Any) -> None:
    assert is_refused(request("POST", f"/users/{CALLER}/tokens", body))


def test_service_is_issued_no_tokens() -> None:
    marked = {"note": OURS}
    assert is_refused(request("POST", "/users//tokens", marked), guard(caller=""))
    assert is_refused(request("POST", "/users/ann/tokens", marked), guard(caller=""))


def answered(sent: Request, body: Any, status: int = 201) -> Answer:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Answer(sent, status, CaseInsensitiveDict(), data, 0.0, Scrubber())


ISSUE = request("POST", f"/users/{CALLER}/tokens", {"note": OURS})
REVOKE = request("DELETE", f"/users/{CALLER}/tokens/a17")


def test_only_tokens_of_this_run_are_revoked() -> None:
    one = guard()
    found: list[Named] = []
    one.noted = into(found)
    assert is_refused(REVOKE, one)
    one.noted = into(found)
    one.after(answered(ISSUE, {"id": "a17", "token": "secret-of-a17"}))
    assert found == [Named("token", "a17", inside=CALLER)]
    assert not is_refused(REVOKE, one)
    assert is_refused(request("DELETE", f"/users/{CALLER}/tokens/a1"), one)
    assert is_refused(request("DELETE", "/users/alice/tokens/a17"), one)


@pytest.mark.parametrize(
    ("sent", "body", "status"),
    [
        (ISSUE, {"id": "a17"}, 403),
        (request("GET", f"/users/{CALLER}/tokens"), {"id": "a17"}, 200),
        (request("POST", f"/users/{OURS}/tokens"), {"id": "a17"}, 201),
        (ISSUE, {}, 201),
        (ISSUE, {"id": None}, 201),
        (ISSUE, [{"id": "a17"}], 201),
        (ISSUE, b"<html>", 201),
        (ISSUE, b"", 201),
    ],
)
def test_what_issues_the_caller_no_token(sent: Request, body: Any, status: int) -> None:
    one = guard()
    one.after(answered(sent, body, status))
    for token in ("a17", "", "None"):
        assert is_refused(request("DELETE", f"/users/{CALLER}/tokens/{token}"), one)


def test_tokens_found_by_their_note_are_adopted() -> None:
    one = guard()
    one.adopt([Named("token", "a17", inside=CALLER), Named("user", "a18")])
    assert not is_refused(REVOKE, one)
    assert is_refused(request("DELETE", f"/users/{CALLER}/tokens/a18"), one)


# --- what is noted


def test_what_is_named_is_noted() -> None:
    two = f"{RUN}-x2"
    assert noted(request("POST", "/users", {"usernames": [OURS, two]})) in (
        [Named("user", OURS), Named("user", two)],
        [Named("user", two), Named("user", OURS)],
    )
    assert Named("user", two) in noted(request("PATCH", f"/users/{OURS}", {"name": two}))
    assert noted(request("POST", f"/groups/{GROUP}")) == [Named("group", GROUP)]
    assert noted(request("POST", f"/users/{OURS}/servers/a%2Fb")) == [
        Named("server", "a/b", inside=OURS)
    ]
    assert noted(request("POST", f"/users/{OURS}/server")) == [Named("server", "", inside=OURS)]
    assert noted(request("POST", f"/services/{OURS}", {})) == [Named("service", OURS)]
    assert noted(request("GET", f"/users/{OURS}")) == []


# --- no writing request that names a stranger ever passes

strangers = st.one_of(
    st.sampled_from(["alice", CALLER, RUN, f"{RUN}3-x", "staff", "Ärger", "a/b", "hubconf-x"]),
    st.text(min_size=1, max_size=8).filter(lambda name: not name.startswith(RUN)),
)
places = st.sampled_from(
    [
        "/users/{}",
        "/users/{}/server",
        "/users/{}/servers/s",
        "/users/{}/tokens",
        "/users/{}/tokens/a1",
        "/users/{}/activity",
        "/groups/{}",
        "/groups/{}/users",
        "/groups/{}/properties",
        "/services/{}",
        "/shares/{}/s",
        "/share-codes/{}/s",
        f"/users/{OURS}/shared/{{}}/s",
    ]
)


def encoded(name: str, times: int) -> str:
    for _ in range(times):
        name = quote(name, safe="")
    return name


@settings(max_examples=40)
@given(st.sampled_from(WRITING), places, strangers, st.integers(1, 3), st.sampled_from(["", "/"]))
def test_no_path_with_a_stranger(
    method: str, place: str, stranger: str, times: int, end: str
) -> None:
    path = place.format(encoded(stranger, times)) + end
    assert is_refused(request(method, path, {"users": [OURS]}))


def wrapped(stranger: str) -> st.SearchStrategy[Any]:
    """The stranger somewhere in a value, beside names of this run."""
    ours = st.sampled_from([OURS, GROUP])
    return st.recursive(
        st.just(stranger),
        lambda inner: st.one_of(
            st.tuples(ours, inner).map(list),
            st.lists(inner, min_size=1, max_size=2),
            st.builds(lambda name, value: {name: value}, ours, inner),
            inner.map(lambda value: {"name": value}),
        ),
        max_leaves=4,
    )


keys = st.sampled_from(
    ["usernames", "users", "groups", "name", "user", "group", "Users", "members"]
)
objects = st.sampled_from(
    ["/users", "/groups", f"/users/{OURS}", f"/groups/{GROUP}", f"/groups/{GROUP}/users",
     f"/services/{OURS}", f"/shares/{OURS}/s"]
)  # fmt: skip


@settings(max_examples=60)
@given(st.data(), st.sampled_from(WRITING), objects, keys, strangers)
def test_no_body_with_a_stranger(
    data: st.DataObject, method: str, path: str, key: str, stranger: str
) -> None:
    value = data.draw(wrapped(stranger))
    body = data.draw(st.sampled_from([{key: value}, {"users": [OURS], "x": {key: value}}]))
    assert is_refused(request(method, path, body))


@settings(max_examples=40)
@given(st.sampled_from(WRITING), objects, st.binary(max_size=20), strangers, st.booleans())
def test_no_unreadable_body_with_a_stranger(
    method: str, path: str, noise: bytes, stranger: str, before: bool
) -> None:
    assume(stranger.isidentifier() and stranger not in ("users", "name", "admin", "true"))
    parts = [noise, b" ", stranger.encode("utf-8", "surrogatepass"), b"\x00"]
    data = b"".join(parts if before else parts[::-1])
    assert is_refused(request(method, path, data=data))


PIECES = ["users", "groups", OURS, "alice", "..", ".", "", "%2e%2e", "%2F", "server", "user"]


@given(
    st.sampled_from(WRITING),
    st.lists(st.sampled_from([*PIECES, "%252e%252e", ";", "..;"]), max_size=7),
)
def test_what_passes_resolves_to_what_is_ours(method: str, parts: list[str]) -> None:
    sent = request(method, "/" + "/".join(parts))
    if not is_refused(sent):
        assert parts[1:2] == [OURS] or (
            parts in (["users"], ["groups"], ["users", ""], ["groups", ""])
        )
        assert not {"..", ".", "%2e%2e", "%252e%252e", "..;"} & set(parts)
        assert "" not in parts[:-1]


def test_refusal_says_what_and_why() -> None:
    with pytest.raises(OutOfBounds) as caught:
        guard().before(request("DELETE", "/users/alice"))
    assert str(caught.value) == (
        f"DELETE {API}/users/alice names the user 'alice', which is not of this run ({RUN});"
        " it was not sent"
    )
