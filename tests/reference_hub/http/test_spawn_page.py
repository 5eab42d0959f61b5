"""A browser on its way to a server: started, waited for, entered."""

from __future__ import annotations

import pytest

from .client import Client
from .conftest import Live
from .test_browser import Visitor, client

__all__ = ["client"]


@pytest.fixture
def ann(client: Client) -> Visitor:
    """A browser that Ann has logged in with."""
    visitor = Visitor(client)
    assert visitor.log_in().status == 302
    return visitor


@pytest.mark.parametrize("path", ["spawn", "spawn/ann", "spawn/ann/lab"])
def test_a_server_is_started_and_entered(ann: Visitor, path: str) -> None:
    server = "/user/ann/lab/" if path.endswith("lab") else "/user/ann/"
    for _ in range(2):  # it runs already the second time
        answer = ann("GET", f"/hub/{path}")
        assert (answer.status, answer.headers["location"]) == (302, server)
    there = ann("GET", f"/hub/{path}?next=%2Fuser%2Fann%2Ftree")
    assert there.headers["location"] == "/user/ann/tree"
    elsewhere = ann("GET", f"/hub/{path}?next=%2F%2Fother.example")
    assert elsewhere.headers["location"] == "/hub/home"


def test_or_waited_for(ann: Visitor, live: Live) -> None:
    answer = ann("GET", "/hub/spawn?opt-delay=0.2&next=%2Fuser%2Fann%2Ftree")
    waiting = answer.headers["location"]
    assert waiting == "/hub/spawn-pending/ann?next=%2Fuser%2Fann%2Ftree"
    user = live.hub.find_user("ann")
    assert user is not None
    assert user.servers[""].user_options == {"delay": 0.2}
    page = ann("GET", waiting)
    assert (page.status, page.headers["refresh"]) == (200, "1")
    assert ann("GET", "/hub/spawn").headers["location"] == "/hub/spawn-pending/ann"
    user.servers[""].ready_at = live.hub.clock()
    assert ann("GET", waiting).headers["location"] == "/user/ann/tree"


def test_a_form_starts_a_server_too(ann: Visitor, live: Live) -> None:
    assert ann("POST", "/hub/spawn", {"profile": "big"}).status == 403
    answer = ann.send("/hub/spawn/ann", profile="big")
    assert (answer.status, answer.headers["location"]) == (302, "/user/ann/")
    user = live.hub.find_user("ann")
    assert user is not None
    assert user.servers[""].user_options == {"profile": ["big"]}


def test_waiting_starts_nothing(ann: Visitor, live: Live) -> None:
    page = ann("GET", "/hub/spawn-pending/ann")
    assert (page.status, b"not running" in page.content) == (200, True)
    assert not live.hub.active_servers


def test_or_fails(ann: Visitor) -> None:
    answer = ann("GET", "/hub/spawn?opt-fail=true&opt-colour=red")
    assert (answer.status, answer.headers["content-type"]) == (400, "text/html; charset=UTF-8")
    failed = ann("GET", "/hub/spawn-pending/ann")
    assert (failed.status, b"user_options asked for a failure" in failed.content) == (400, True)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("spawn/bob", 404),
        ("spawn/nobody", 404),
        ("spawn-pending/bob", 404),
        ("spawn-pending/ann/lab", 404),
        ("spawn/ann/No%20Name", 400),
        ("error/x", 404),
    ],
)
def test_refusals(ann: Visitor, path: str, status: int) -> None:
    answer = ann("GET", f"/hub/{path}")
    assert (answer.status, answer.headers["content-type"]) == (status, "text/html; charset=UTF-8")


@pytest.mark.parametrize(
    "path", ["spawn", "spawn/ann", "spawn-pending/ann", "user-redirect/tree?x=1"]
)
def test_strangers_log_in_first(client: Client, path: str) -> None:
    where = f"/hub/{path}".replace("/", "%2F").replace("?", "%3F").replace("=", "%3D")
    answer = client("GET", f"/hub/{path}", who=None)
    assert (answer.status, answer.headers["location"]) == (302, f"/hub/login?next={where}")


def test_a_path_in_whoever_asks_servers(ann: Visitor) -> None:
    answer = ann("GET", "/hub/user-redirect/tree/a%20b?x=1")
    wanted = "%2Fuser%2Fann%2Ftree%2Fa%2520b%3Fx%3D1"
    assert answer.headers["location"] == f"/hub/spawn/ann?next={wanted}"
    assert ann("GET", answer.headers["location"]).headers["location"] == (
        "/user/ann/tree/a%20b?x=1"
    )


def test_what_a_proxy_shows(client: Client) -> None:
    for code, phrase in (("503", b"Service Unavailable"), ("599", b"Unknown HTTP Error")):
        page = client("GET", f"/hub/error/{code}", who=None)
        assert (page.status, phrase in page.content) == (200, True)


def test_the_prefix_without_its_slash(client: Client) -> None:
    answer = client("GET", "/hub", who=None)
    assert (answer.status, answer.headers["location"]) == (301, "/hub/")


def test_the_path_of_a_server_without_its_slash(client: Client) -> None:
    assert client("GET", "/hub/user/ann", who="ann").status == 424
    answer = client("GET", "/hub/user/ann", who=None)
    assert answer.headers["location"] == "/hub/login?next=%2Fhub%2Fuser%2Fann"


def test_preflight_of_the_token_endpoint(client: Client) -> None:
    assert client("OPTIONS", "/hub/api/oauth2/token", who=None).status == 200
