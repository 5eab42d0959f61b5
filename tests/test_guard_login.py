"""The guard, where a user is given who logs in with a password."""

from __future__ import annotations

import json

import pytest
from requests.structures import CaseInsensitiveDict

from hub_conformance.client import Answer, Request
from hub_conformance.guard import Guard, Named
from hub_conformance.secret import Scrubber

from .test_guard import API, CALLER, OURS, RUN, is_refused, noted, request

VISITOR = "visitor"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def with_login() -> Guard:
    return Guard(RUN, API, "/jupyter/", CALLER, login=VISITOR)


def sent_form(path: str, data: bytes, query: str = "") -> Request:
    return Request("POST", f"/jupyter/hub/{path}", query=query, body=data, headers=FORM)


def test_a_login_of_the_one_who_may() -> None:
    form = sent_form("login", b"username=visitor&password=x&_xsrf=y", "next=%2Fhub%2Fhome")
    assert noted(form, with_login()) == []
    assert is_refused(form)  # nobody may


def test_a_login_of_a_user_of_this_run_is_noted() -> None:
    assert noted(sent_form("login", f"username={OURS}".encode()), with_login()) == [
        Named("user", OURS)
    ]


@pytest.mark.parametrize(
    ("data", "query"),
    [
        (b"username=ann", ""),
        (b"username=visitor&username=ann", ""),
        (b"username=visitor", "username=ann"),
        (b"username=visitor2", ""),
    ],
)
def test_a_login_of_somebody_else_is_held_back(data: bytes, query: str) -> None:
    assert is_refused(sent_form("login", data, query), with_login())


def test_tokens_of_the_one_who_logs_in() -> None:
    path = f"/users/{VISITOR}/tokens"
    marked = request("POST", path, {"note": OURS})
    assert not is_refused(marked, with_login())
    assert is_refused(marked)
    assert is_refused(request("POST", path, {"note": "mine"}), with_login())
    assert is_refused(request("DELETE", f"{path}/a1"), with_login())
    assert is_refused(request("DELETE", f"/users/{VISITOR}"), with_login())
    assert is_refused(request("POST", f"/users/{VISITOR}/server", {}), with_login())


def test_a_token_that_was_issued_may_be_revoked() -> None:
    by = with_login()
    issued = request("POST", f"/users/{VISITOR}/tokens", {"note": OURS})
    by.before(issued)
    body = json.dumps({"id": "a1", "token": "0123456789"}).encode()
    by.after(Answer(issued, 201, CaseInsensitiveDict(), body, 0.0, Scrubber()))
    assert not is_refused(request("DELETE", f"/users/{VISITOR}/tokens/a1"), by)


def test_oauth_needs_somebody_who_logs_in() -> None:
    for path in ("/oauth2/authorize", "/oauth2/token"):
        form = request("POST", path, data=b"scopes=x", headers=FORM)
        assert not is_refused(form, with_login())
        assert is_refused(form)


def test_share_codes_of_this_run_alone_are_taken() -> None:
    by = with_login()
    issued = request("POST", f"/share-codes/{OURS}/", {})
    by.before(issued)
    body = json.dumps({"id": "sc_1", "code": "0123456789"}).encode()
    by.after(Answer(issued, 200, CaseInsensitiveDict(), body, 0.0, Scrubber()))
    assert not is_refused(sent_form("accept-share", b"code=0123456789"), by)
    assert is_refused(sent_form("accept-share", b"code=012345678"), by)
    assert is_refused(sent_form("accept-share", b"x=1", "code=012345678"), by)


@pytest.mark.parametrize(
    ("body", "query", "may_be_sent"),
    [
        (f"client_id=service-{RUN}-a&code=0", "", True),
        (f"code=0&client_id={RUN}-a", "", True),
        ("client_id=service-grader&code=0", "", False),
        (f"client_id=service-{RUN}-a&client_id=service-grader", "", False),
        (f"client_id=service-{RUN}-a&code=0", "client_id=service-grader", False),
        ("code=0", "", False),
        ("", "", False),
    ],
)
def test_code_is_shown_for_a_client_of_this_run_whoever_logs_in(
    body: str, query: str, may_be_sent: bool
) -> None:
    form = Request("POST", f"{API}/oauth2/token", query, body.encode(), FORM)
    assert is_refused(form) is not may_be_sent
