"""A hub as rules see it: verbs, credentials, pages."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub_conformance.client import Client
from hub_conformance.errors import OtherOrigin
from hub_conformance.hub import PAGINATION, Hub, Page, quoted
from hub_conformance.secret import Scrubber, Secret
from hub_conformance.target import Owner, Target

from .servers import Server, answer, serving

OWNER = Owner("user", "ann", admin=True)


@pytest.fixture
def server() -> Iterator[Server]:
    with serving(answer({})) as started:
        yield started


@pytest.fixture
def hub(server: Server) -> Iterator[Hub]:
    client = Client(server.origin, Scrubber(), read_seconds=1.0)
    yield Hub(client, Target(f"{server.origin}/jupyter/", "6.1.1", OWNER), Secret("t0p-secret"))
    client.close()


def heads(server: Server) -> list[str]:
    return [each.split(" HTTP/")[0] for each in server.received]


def paged(items: Any, **info: Any) -> dict[str, Any]:
    usual = {"offset": 0, "limit": 2, "total": 3, "next": None}
    return {"items": items, "_pagination": {**usual, **info}}


def follows(offset: Any = 2, limit: Any = 2, url: Any = "/x") -> dict[str, Any]:
    return {"offset": offset, "limit": limit, "url": url}


# --- requests


def test_each_verb_below_the_root_of_the_api(hub: Hub, server: Server) -> None:
    for verb in ("get", "post", "put", "patch", "delete"):
        getattr(hub, verb)("/users/x")
    assert heads(server) == [
        f"{verb} /jupyter/hub/api/users/x" for verb in ("GET", "POST", "PUT", "PATCH", "DELETE")
    ]


@pytest.mark.parametrize(
    ("sent", "body", "content_type"),
    [
        ({}, "", ""),
        ({"json": None}, "null", "application/json"),
        ({"json": {"a": ["ä"]}}, '{"a": ["\\u00e4"]}', "application/json"),
        ({"data": "no json"}, "no json", ""),
        ({"data": b"\x01"}, "\x01", ""),
        ({"json": 1, "headers": {"Content-Type": "text/x"}}, "1", "text/x"),
    ],
)
def test_bodies(
    hub: Hub, server: Server, sent: dict[str, Any], body: str, content_type: str
) -> None:
    hub.post("/users", **sent)
    head, _, found = server.received[0].partition("\r\n\r\n")
    assert found == body
    types = [line for line in head.split("\r\n") if line.startswith("Content-Type")]
    assert types == ([f"Content-Type: {content_type}"] if content_type else [])


def test_query(hub: Hub, server: Server) -> None:
    hub.get("/users", params={"state": "ready", "offset": None, "x": ["1", "a b"]})
    assert heads(server) == ["GET /jupyter/hub/api/users?state=ready&x=1&x=a+b"]


def test_credentials(hub: Hub, server: Server) -> None:
    other = hub.using(Secret("another"), scheme="Bearer")
    for each in (hub, other, hub.using(None)):
        each.get("/")
    found = [
        [line for line in each.split("\r\n") if line.startswith("Authorization")]
        for each in server.received
    ]
    assert found == [["Authorization: token t0p-secret"], ["Authorization: Bearer another"], []]
    assert "t0p-secret" not in repr(hub)


def test_outside_of_the_api(hub: Hub, server: Server) -> None:
    hub.outside("GET", "hub/health")
    hub.outside("POST", "/hub/login", json={}, params={"next": "/"})
    assert heads(server) == ["GET /jupyter/hub/health", "POST /jupyter/hub/login?next=%2F"]


def test_servers_go_by_the_proxied_address(hub: Hub, server: Server) -> None:
    with pytest.raises(LookupError, match="--hub-public-url"):
        hub.server("GET", "user/x/api")
    assert not server.received
    proxied = Hub(hub.client, hub.target, hub.credential, proxied=hub.client)
    proxied.server("GET", "user/x/api")
    assert heads(server) == ["GET /jupyter/user/x/api"]


@given(st.text(min_size=1))
def test_quoted_name_is_one_segment(name: str) -> None:
    try:
        path = quoted(name)
    except UnicodeEncodeError:  # half a character has no encoding
        return
    assert not set(path) & set("/?#[]@!$&'()*+,; ")
    assert path.isascii()


# --- pages


def test_page(hub: Hub, server: Server) -> None:
    items = [{"name": "a"}, {"name": "b"}]
    server.reply = answer(paged(items, next=follows()))
    page = hub.page("/users", limit=2)
    assert (page.items, page.offset, page.limit, page.total) == (items, 0, 2, 3)
    assert page.names == ["a", "b"]
    assert page.next == follows()
    assert f"Accept: {PAGINATION}" in server.received[0]


def test_page_of_routes(hub: Hub, server: Server) -> None:
    server.reply = answer(paged({"/": {}, "/user/x/": {}}))
    assert hub.page("/proxy").names == ["/", "/user/x/"]


NO_PAGES: dict[str, Any] = {
    "a list": [],
    "null": None,
    "no items": {"_pagination": {}},
    "no pagination": {"items": []},
    "pagination is null": {"items": [], "_pagination": None},
    "no total": {"items": [], "_pagination": {"offset": 0, "limit": 1, "next": None}},
    "items is text": paged("ab"),
    "items is null": paged(None),
    "offset is text": paged([], offset="0"),
    "limit is null": paged([], limit=None),
    "total is a fraction": paged([], total=1.0),
    "total is true": paged([], total=True),
    "next is text": paged([], next="/x"),
    "next is a list": paged([], next=[]),
    "next has no url": paged([], next={"offset": 1, "limit": 1}),
    "next has an offset of text": paged([], next=follows(offset="2")),
}


@pytest.mark.parametrize("what", NO_PAGES)
def test_no_page(hub: Hub, server: Server, what: str) -> None:
    server.reply = answer(NO_PAGES[what])
    with pytest.raises(AssertionError):
        hub.page("/users")


@pytest.mark.parametrize("status", [201, 403, 500])
def test_page_of_another_status(hub: Hub, server: Server, status: int) -> None:
    server.reply = answer(paged([]), status=status)
    with pytest.raises(AssertionError, match=f"expected a page, got <{status}"):
        hub.page("/users")


def test_walk(hub: Hub, server: Server) -> None:
    server.script = [
        answer(paged([1, 2], next=follows(2, 2))),
        answer(paged([3, 4], offset=2, next=follows(4, 1))),
        answer(paged([5], offset=4)),
    ]
    pages = list(hub.walk("/users", state="ready"))
    assert [page.items for page in pages] == [[1, 2], [3, 4], [5]]
    assert [each.partition("?")[2] for each in heads(server)] == [
        "offset=0&state=ready",
        "offset=2&state=ready&limit=2",
        "offset=4&state=ready&limit=1",
    ]


@pytest.mark.parametrize("offset", [0, -1])
def test_walk_that_goes_nowhere(hub: Hub, server: Server, offset: int) -> None:
    server.reply = answer(paged([1], next=follows(offset)))
    with pytest.raises(AssertionError, match="next goes nowhere"):
        list(hub.walk("/users"))


def test_walk_without_end(hub: Hub, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hub_conformance.hub.MOST_PAGES", 3)
    server.script = [answer(paged([1], offset=n, next=follows(n + 1))) for n in range(9)]
    with pytest.raises(AssertionError, match="has no end: 3 pages read"):
        list(hub.walk("/users"))


def test_follow(hub: Hub, server: Server) -> None:
    hub.follow(f"{server.origin}/jupyter/hub/api/users?offset=2&limit=2")
    hub.follow("/jupyter/hub/api/users?x=%2F")
    assert heads(server) == [
        "GET /jupyter/hub/api/users?offset=2&limit=2",
        "GET /jupyter/hub/api/users?x=%2F",
    ]
    assert all(f"Accept: {PAGINATION}" in each for each in server.received)


def test_follow_elsewhere(hub: Hub, server: Server) -> None:
    with serving(answer({})) as other, pytest.raises(OtherOrigin):
        hub.follow(f"{other.origin}/jupyter/hub/api/users")
    assert not server.received


@pytest.mark.parametrize("url", [None, 5, {}, ["/x"]])
def test_follow_what_is_no_url(hub: Hub, server: Server, url: Any) -> None:
    with pytest.raises(AssertionError, match="expected a URL"):
        hub.follow(url)


def test_page_keeps_its_answer(hub: Hub, server: Server) -> None:
    server.reply = answer(paged([]))
    page = hub.page("/users")
    assert isinstance(page, Page)
    assert json.loads(page.answer.body) == paged([])
