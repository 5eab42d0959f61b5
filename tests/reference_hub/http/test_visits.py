"""Browsers at users' servers: let in by the hub, or told that nothing runs."""

from __future__ import annotations

from urllib.parse import parse_qs, quote, urlsplit

import pytest

from .client import Client, Response
from .test_browser import Visitor, client, visitor

__all__ = ["client", "visitor"]


@pytest.fixture
def ann(visitor: Visitor, client: Client) -> Visitor:
    """Ann, who has logged in, and whose server runs."""
    client("POST", "/hub/api/users/ann/server")
    visitor.log_in()
    return visitor


def state_cookie(visitor: Visitor) -> str:
    (name,) = (name for name in visitor.cookies if name.startswith("reference-hub-state-"))
    return name


def way_back(visitor: Visitor) -> tuple[str, dict[str, str]]:
    """Where the hub sends somebody who asked for the server, and what it sends them with."""
    way = visitor("GET", "/user/ann/").headers["location"]
    back = visitor("GET", way).headers["location"]
    return back, {key: values[0] for key, values in parse_qs(urlsplit(back).query).items()}


def follow(visitor: Visitor, path: str, most: int = 7) -> Response:
    """Look at a page, however often one is sent on."""
    answer = visitor("GET", path)
    for _ in range(most):
        if answer.status != 302:
            return answer
        answer = visitor("GET", answer.headers["location"])
    raise AssertionError(f"{path} leads on and on")


def test_a_user_is_let_into_their_server_and_where_they_wanted(ann: Visitor) -> None:
    answer = follow(ann, "/user/ann/lab/tree/x?y=1")
    assert answer.status == 200
    assert b"you are in it as ann" in answer.content
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert ann("GET", "/user/ann/").headers["location"] == "/user/ann/lab", "no second time"
    assert ann("GET", "/user/ann/nope").status == 404
    assert ann("GET", "/user/ann/api/status").status == 403, "the API takes tokens"


def test_a_stranger_is_sent_to_the_login(client: Client, visitor: Visitor) -> None:
    client("POST", "/hub/api/users/ann/server")
    assert b'name="password"' in follow(visitor, "/user/ann/").content


def test_after_the_logout_the_server_lets_nobody_in(ann: Visitor) -> None:
    follow(ann, "/user/ann/")
    ann("GET", "/hub/logout")
    assert b'name="password"' in follow(ann, "/user/ann/").content


def test_a_code_that_one_did_not_ask_for_opens_nothing(ann: Visitor) -> None:
    back, given = way_back(ann)
    code, state = given["code"], given["state"]
    for query in (f"code={code}&state=x", f"code={code}", f"code={code}&state="):
        assert ann("GET", f"/user/ann/oauth_callback?{query}").status == 403
    assert ann("GET", f"/user/ann/oauth_callback?code=x&state={state}").status == 403
    assert ann("GET", back).headers["location"] == "/user/ann/"
    assert ann("GET", back).status == 403, "a second time"


@pytest.mark.parametrize("name", ["ann@example.org", "änn o'neil", "a+b;c", "a~b%c", "<ann>"])
def test_names_of_all_kinds(visitor: Visitor, client: Client, name: str) -> None:
    visitor.log_in(username=name)
    assert visitor.send("/hub/home", do="start", server="").status == 302
    assert visitor.send("/hub/home", do="add", name="side").status == 302
    assert visitor.send("/hub/home", do="start", server="side").status == 302
    servers = client("GET", f"/hub/api/users/{quote(name)}").json["servers"]
    for url in (servers[""]["url"], servers["side"]["url"]):
        way = parse_qs(urlsplit(visitor("GET", url).headers["location"]).query)
        assert way["redirect_uri"] == [f"{url}oauth_callback"], "cookies are bound to the path"
        assert follow(visitor, url).status == 200
        assert visitor("GET", f"{url}tree").status == 200, "it is let in from then on"


@pytest.mark.parametrize("where", ["https%3A%2F%2Fx.invalid", "%2F%2Fx.invalid", "%0D%0AX: y", ""])
def test_a_cookie_leads_to_no_other_place(ann: Visitor, where: str) -> None:
    back, given = way_back(ann)
    ann.cookies[state_cookie(ann)] = f"{given['state']}:{where}"
    answer = ann("GET", back)
    assert answer.headers["location"] == "/user/ann/"
    assert "x" not in answer.headers


def test_a_way_back_cannot_split_the_answer(ann: Visitor) -> None:
    back, given = way_back(ann)
    ann.cookies[state_cookie(ann)] = f"{given['state']}:%2Fuser%2Fann%2F%0D%0AX%3A%20y"
    answer = ann("GET", back)
    assert answer.headers["location"] == "/user/ann/%0D%0AX:%20y"
    assert "x" not in answer.headers


def test_other_peoples_servers(ann: Visitor, client: Client) -> None:
    client("POST", "/hub/api/users/bob/server")
    answer = follow(ann, "/user/bob/")
    assert (answer.status, b"You may not use" in answer.content) == (403, True)


def test_a_server_that_does_not_run(ann: Visitor, client: Client) -> None:
    client("DELETE", "/hub/api/users/ann/server")
    answer = follow(ann, "/user/ann/lab?x=1")
    assert (answer.status, b"No server is running" in answer.content) == (424, True)
    assert follow(ann, "/user/bob/").status == 404
    client("POST", "/hub/api/users/ann/server")
    answer = ann("GET", "/hub/user/ann/lab?x=1")
    assert answer.headers["location"] == "/user/ann/lab?x=1&redirects=1"
