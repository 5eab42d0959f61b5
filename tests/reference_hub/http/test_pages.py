"""The pages over HTTP: what their forms do, and what is told where something is wrong."""

from __future__ import annotations

import re
from dataclasses import replace
from urllib.parse import quote

import pytest

from .client import Client
from .conftest import Live
from .test_browser import Visitor, client, visitor

__all__ = ["client", "visitor"]

MARKUP = '<script x="">'


@pytest.fixture
def ann(visitor: Visitor) -> Visitor:
    """Ann, who has logged in."""
    visitor.log_in()
    return visitor


def text_of(visitor: Visitor, path: str) -> str:
    return visitor("GET", path).content.decode()


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("/hub/home", {"do": "start", "server": ""}),
        ("/hub/home", {"do": "add", "name": "lab"}),
        ("/hub/token", {"note": "x"}),
        ("/hub/accept-share", {"code": "x"}),
    ],
)
@pytest.mark.parametrize("xsrf", [None, "", "x"])
def test_forged_forms_do_nothing(
    ann: Visitor, live: Live, path: str, form: dict[str, str], xsrf: str | None
) -> None:
    sent = form if xsrf is None else {**form, "_xsrf": xsrf}
    assert ann("POST", path, sent).status == 403
    user = live.hub.find_user("ann")
    assert user
    assert len(user.tokens) == 1
    assert list(user.servers) == [""]
    assert not user.servers[""].is_active


def test_servers_from_start_to_end(ann: Visitor, client: Client) -> None:
    assert ann.send("/hub/home", do="add", name="lab").headers["location"] == "/hub/home"
    assert ann.send("/hub/home", do="start", server="lab").status == 302
    assert client("GET", "/hub/api/users/ann/servers/lab").json["ready"]
    assert ann.send("/hub/home", do="stop", server="lab").status == 302
    assert client("GET", "/hub/api/users/ann/servers/lab").json["stopped"]
    assert ann.send("/hub/home", do="remove", server="lab").status == 302
    assert client("GET", "/hub/api/users/ann/servers/lab").status == 404


@pytest.mark.parametrize(
    ("form", "status", "said"),
    [
        ({"do": "start", "server": "nope"}, 404, "has no server"),
        ({"do": "stop", "server": "nope"}, 404, "has no server"),
        ({"do": "remove", "server": ""}, 400, "cannot be removed"),
        ({"do": "add", "name": ""}, 409, "already"),
        ({"do": "add", "name": MARKUP}, 400, "Not a valid server name"),
        ({"do": "dance"}, 400, "The argument do must be one of"),
        ({}, 400, "The argument do must be one of"),
    ],
)
def test_what_cannot_be_done(ann: Visitor, form: dict[str, str], status: int, said: str) -> None:
    answer = ann.send("/hub/home", **form)
    assert answer.status == status
    assert said in answer.content.decode()
    assert MARKUP not in answer.content.decode()


def test_servers_of_others_are_shown_to_whom_they_open(ann: Visitor, client: Client) -> None:
    client("PUT", "/hub/api/users/bob/servers/lab")
    assert "lab of bob" not in text_of(ann, "/hub/home")
    client("POST", "/hub/api/shares/bob/lab", {"user": "ann"})
    assert "lab of bob" in text_of(ann, "/hub/home")
    client("POST", "/hub/api/users/bob/servers/lab")
    assert 'href="/user/bob/lab/"' in text_of(ann, "/hub/home")
    client("PATCH", "/hub/api/shares/bob/lab", {"user": "ann"})
    assert "lab of bob" not in text_of(ann, "/hub/home")


def test_without_named_servers_there_is_no_form_for_them(ann: Visitor, live: Live) -> None:
    before = live.hub.settings
    live.hub.settings = replace(before, allow_named_servers=False)
    assert "Another server" not in text_of(ann, "/hub/home")
    assert ann.send("/hub/home", do="add", name="lab").status == 400
    live.hub.settings = before
    assert "Another server" in text_of(ann, "/hub/home")


def test_a_page_gives_no_right_that_its_user_lacks(
    ann: Visitor, client: Client, live: Live
) -> None:
    user = live.hub.find_user("ann")
    assert user
    user.roles.clear()
    for path, form in (
        ("/hub/home", {"do": "start", "server": ""}),
        ("/hub/home", {"do": "add", "name": "lab"}),
        ("/hub/token", {"note": "x"}),
    ):
        assert ann.send(path, **form).status == 403
    assert client("GET", "/hub/api/users/ann/servers/lab").status == 404


def test_a_new_token_is_seen_once(ann: Visitor, client: Client) -> None:
    answer = ann.send("/hub/token", note=MARKUP, scopes="read:users!user", expires_in="3600")
    where = answer.headers["location"]
    page = ann("GET", where)
    assert page.headers["cache-control"] == "no-store"
    found = re.search(r'name="secret" value="([^"]+)"', page.content.decode())
    assert found
    assert client("GET", "/hub/api/user", who=found[1]).json["name"] == "ann"
    again = text_of(ann, where)
    assert found[1] not in again
    assert MARKUP not in again
    token_id = where.partition("new=")[2]
    model = client("GET", f"/hub/api/users/ann/tokens/{token_id}").json
    assert (model["note"], model["expires_at"] is None) == (MARKUP, False)
    assert ann.send("/hub/token", revoke=token_id).status == 302
    assert client("GET", "/hub/api/user", who=found[1]).status == 403
    assert ann.send("/hub/token", revoke=token_id).status == 404


def test_somebody_elses_token_stays(ann: Visitor, client: Client) -> None:
    made = client("POST", "/hub/api/users/bob/tokens").json
    assert ann.send("/hub/token", revoke=made["id"]).status == 404
    assert client("GET", "/hub/api/user", who=made["token"]).status == 200


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"scopes": f"read:users!user {MARKUP}"}, "There is no scope"),
        ({"scopes": "admin:users"}, "ann does not hold"),
        ({"expires_in": "soon"}, "positive number of seconds"),
        ({"expires_in": "7"}, "positive number of seconds"),
    ],
)
def test_a_token_that_cannot_be_had(ann: Visitor, form: dict[str, str], said: str) -> None:
    answer = ann.send("/hub/token", note="kept & shown", **form)
    text = answer.content.decode()
    assert answer.status == 400
    assert said in text
    assert 'value="kept &amp; shown"' in text
    assert MARKUP not in text


def test_lifetimes_are_those_of_the_hub(ann: Visitor, live: Live) -> None:
    before = live.hub.settings
    live.hub.settings = replace(before, token_expires_in_max_seconds=7200)
    text = text_of(ann, "/hub/token")
    assert "in an hour" in text
    assert "in a day" not in text
    assert "never" not in text.partition("Tokens that work now")[0]
    assert ann.send("/hub/token", expires_in="86400").status == 400
    live.hub.settings = before


def test_a_code_that_nobody_knows(ann: Visitor, client: Client) -> None:
    own = client("POST", "/hub/api/share-codes/ann/", {}).json["code"]
    for code, looked, taken in ((MARKUP, 404, 400), (own, 403, 400)):
        page = ann("GET", f"/hub/accept-share?code={quote(code)}")
        assert page.status == looked
        assert MARKUP not in page.content.decode()
        assert ann.send("/hub/accept-share", code=code).status == taken
    assert "Share code" in text_of(ann, "/hub/accept-share")
    assert ann.send("/hub/accept-share").status == 400


def test_the_cookies_are_out_of_reach(visitor: Visitor, client: Client) -> None:
    """Of scripts, and of the forms of other sites."""
    visitor("GET", "/hub/login")
    form = {"username": "ann", "password": "password-of-all", "_xsrf": visitor.cookies["_xsrf"]}
    cookie = "; ".join(f"{key}={value}" for key, value in visitor.cookies.items())
    sent = {"Cookie": cookie, "Content-Type": "application/x-www-form-urlencoded"}
    raw = "&".join(f"{key}={value}" for key, value in form.items()).encode()
    client.connection.request("POST", "/hub/login", raw, sent)
    answer = client.connection.getresponse()
    answer.read()
    cookies = [text.lower() for name, text in answer.getheaders() if name.lower() == "set-cookie"]
    assert len(cookies) == 3
    for each in cookies:
        assert "samesite=lax" in each
        # What scripts have to send along they have to see.
        assert ("httponly" in each) is not each.startswith("_xsrf=")
