from __future__ import annotations

import re
from typing import Any

import pytest

from reference_hub.core.entities import User
from reference_hub.core.hub import Hub
from reference_hub.core.operations import info, servers, share_codes, shares
from tests.reference_hub.tools import Answer, Ask, FakeClock, refusal

ACCESS = "access:servers!server=ann/"
READ = "read:servers!server=ann/"
MODEL = {
    "server": {
        "user": {"name": "ann"},
        "name": "",
        "url": "/user/ann/",
        "full_url": None,
        "ready": False,
    },
    "scopes": [ACCESS],
    "id": "sc_1",
    "created_at": "2030-01-01T12:00:00.000000Z",
    "expires_at": "2030-01-02T12:00:00.000000Z",
    "exchange_count": 0,
    "last_exchanged_at": None,
}


@pytest.fixture
def bob(hub: Hub) -> User:
    bob = hub.find_user("bob")
    assert bob is not None
    return bob


def issue(ask: Ask, server: str = "", who: str = "admin", **body: Any) -> Answer:
    return ask(share_codes.issue, "ann", server, who=who, body=body)


def ids(answer: Answer) -> list[str]:
    assert answer.status == 200
    return [each["id"] for each in answer.value["items"]]


# Issuing


def test_the_code_is_shown_once(ask: Ask) -> None:
    answer = issue(ask)
    assert answer.status == 200
    code = answer.value["code"]
    assert re.fullmatch(r"[\w-]{32,}", code)
    assert answer.value == {
        **MODEL,
        "code": code,
        "accept_url": f"/hub/accept-share?code={code}",
        "full_accept_url": None,
    }
    for listed in (
        ask(share_codes.list_of_owner, "ann"),
        ask(share_codes.list_of_server, "ann", ""),
    ):
        assert listed.value["items"] == [MODEL]
        assert listed.value["_pagination"]["total"] == 1


def test_scopes_of_a_code(ask: Ask) -> None:
    scopes = ["read:servers", ACCESS]
    assert issue(ask, scopes=scopes).value["scopes"] == [ACCESS, READ]
    assert issue(ask, scopes=[]).value["scopes"] == [ACCESS]


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (60, 60),
        (31_536_000, 31_536_000),
        (90.0, 90),
        ("90", 90),
        (" +0_90.00\n", 90),
        ("1_000", 1000),
    ],
)
def test_lifetimes(ask: Ask, clock: FakeClock, value: Any, seconds: int) -> None:
    assert issue(ask, expires_in=value).status == 200
    clock.advance(seconds - 1)
    assert ids(ask(share_codes.list_of_owner, "ann")) == ["sc_1"]
    clock.advance(1)
    assert ids(ask(share_codes.list_of_owner, "ann")) == []


@pytest.mark.parametrize(
    "value",
    [59, 0, -90, 31_536_001, 10**30, None, True, 90.5, 1e300, "9e1", "x", "", "90.5", "٩٠", [], {}],
)
def test_lifetimes_that_are_refused(ask: Ask, value: Any) -> None:
    assert issue(ask, expires_in=value).status == 400


@pytest.mark.parametrize(
    "body",
    [
        [1],
        "x",
        {"user": "bob"},
        {"scopes": "x"},
        {"scopes": [1]},
        {"scopes": ["no:such"]},
        {"scopes": ["servers!user=ann"]},
    ],
)
def test_bodies_that_are_refused(ask: Ask, body: Any) -> None:
    assert ask(share_codes.issue, "ann", "", body=body).status == 400


@pytest.mark.parametrize("raw", [b"", b"null", b"{}", b"[]"])
def test_a_body_is_not_needed(ask: Ask, raw: bytes) -> None:
    assert ask(share_codes.issue, "ann", "", raw=raw).status == 200


def test_rights_are_asked_for_before_the_server(ask: Ask) -> None:
    sharer = ask.token("admin", "shares!user=ann")
    assert issue(ask, who=sharer).status == 200
    assert issue(ask, who=sharer, scopes=["servers"]).status == 403
    assert issue(ask, "none", who=sharer, scopes=["servers"]).status == 403
    assert issue(ask, "none", who=sharer).status == 404
    assert issue(ask, who="ann").status == 403
    assert ask(share_codes.list_of_owner, "ann", who="ann").status == 200
    assert ask(share_codes.list_of_server, "ann", "", who="bob").status == 404
    assert ask(share_codes.list_of_owner, "nobody").status == 404
    assert ask(share_codes.list_of_server, "ann", "none").status == 404


def test_codes_come_in_pages(ask: Ask) -> None:
    for _ in range(3):
        issue(ask)
    page = ask(share_codes.list_of_server, "ann", "", query="limit=1&offset=1")
    assert ids(page) == ["sc_2"]
    assert page.value["_pagination"]["next"]["offset"] == 2


# Revoking


def test_revoking_by_id(ask: Ask) -> None:
    first, second = issue(ask).value, issue(ask).value
    for wrong in ("x", "sc_", "sc_99", "1", f"{first['id']}x"):
        assert ask(share_codes.revoke, "ann", "", query=f"id={wrong}").status == 404
    assert ask(share_codes.revoke, "ann", "", query=f"id={first['id']}").status == 204
    assert ask(share_codes.revoke, "ann", "", query=f"id={first['id']}").status == 404
    assert ids(ask(share_codes.list_of_owner, "ann")) == [second["id"]]


def test_revoking_by_code(ask: Ask) -> None:
    first, second = issue(ask).value, issue(ask).value
    assert ask(share_codes.revoke, "ann", "", query="code=wrong").status == 404
    # The code counts; an id beside it is passed over.
    query = f"code={first['code']}&id={second['id']}"
    assert ask(share_codes.revoke, "ann", "", query=query).status == 204
    assert ids(ask(share_codes.list_of_owner, "ann")) == [second["id"]]


def test_a_code_is_revoked_where_it_belongs(ask: Ask) -> None:
    ask(servers.create_server, "ann", "lab")
    issued = issue(ask).value
    for query in (f"id={issued['id']}", f"code={issued['code']}"):
        assert ask(share_codes.revoke, "ann", "lab", query=query).status == 404
    assert ask(share_codes.revoke, "ann", "lab").status == 204
    assert ids(ask(share_codes.list_of_owner, "ann")) == [issued["id"]]
    assert ask(share_codes.revoke, "ann", "none").status == 404


@pytest.mark.parametrize("query", ["", "code=&id="])
def test_revoking_every_code(ask: Ask, query: str) -> None:
    issue(ask)
    issue(ask)
    assert ask(share_codes.revoke, "ann", "", query=query).status == 204
    assert ids(ask(share_codes.list_of_owner, "ann")) == []
    assert ask(share_codes.revoke, "ann", "", query=query).status == 204


def test_an_expired_code_cannot_be_revoked(ask: Ask, clock: FakeClock) -> None:
    issued = issue(ask, expires_in=60).value
    clock.advance(60)
    for query in (f"id={issued['id']}", f"code={issued['code']}"):
        assert ask(share_codes.revoke, "ann", "", query=query).status == 404


# Accepting


def test_accepting(ask: Ask, hub: Hub, bob: User, clock: FakeClock) -> None:
    code = issue(ask, scopes=["access:servers", "read:servers"]).value["code"]
    assert share_codes.find_offer(hub, bob, code).scopes == [ACCESS, READ]
    assert ACCESS not in ask(info.identity, who="bob").value["scopes"]
    clock.advance(5)
    share = share_codes.accept(hub, bob, code)
    assert share.scopes == [ACCESS, READ]
    assert {ACCESS, READ} <= set(ask(info.identity, who="bob").value["scopes"])
    [model] = ask(shares.list_of_user, "bob", who="bob").value["items"]
    assert model["created_at"] == "2030-01-01T12:00:05.000000Z"


def test_accepting_again_counts_and_changes_nothing(
    ask: Ask, hub: Hub, bob: User, clock: FakeClock
) -> None:
    code = issue(ask).value["code"]
    share = share_codes.accept(hub, bob, code)
    clock.advance(5)
    assert share_codes.accept(hub, bob, code) is share
    [model] = ask(share_codes.list_of_owner, "ann").value["items"]
    assert model["exchange_count"] == 2
    assert model["last_exchanged_at"] == "2030-01-01T12:00:05.000000Z"


def test_a_code_adds_to_a_share(ask: Ask, hub: Hub, bob: User) -> None:
    ask(shares.grant, "ann", "", body={"user": "bob", "scopes": ["read:servers"]})
    code = issue(ask).value["code"]
    assert share_codes.accept(hub, bob, code).scopes == [ACCESS, READ]


def test_shares_outlive_their_code(ask: Ask, hub: Hub, bob: User) -> None:
    share_codes.accept(hub, bob, issue(ask).value["code"])
    ask(share_codes.revoke, "ann", "")
    assert ACCESS in ask(info.identity, who="bob").value["scopes"]


def test_nobody_accepts_their_own(ask: Ask, hub: Hub) -> None:
    ann = hub.find_user("ann")
    assert ann is not None
    code = issue(ask).value["code"]
    with refusal(403):
        share_codes.find_offer(hub, ann, code)
    with refusal(400):
        share_codes.accept(hub, ann, code)


@pytest.mark.parametrize("ending", ["unknown", "revoked", "expired", "server removed"])
def test_codes_that_are_not_accepted(
    ask: Ask, hub: Hub, bob: User, clock: FakeClock, ending: str
) -> None:
    ask(servers.create_server, "ann", "lab")
    code = issue(ask, "lab", expires_in=60).value["code"]
    if ending == "revoked":
        ask(share_codes.revoke, "ann", "lab")
    elif ending == "expired":
        clock.advance(60)
    elif ending == "server removed":
        ask(servers.stop_server, "ann", "lab", body={"remove": True})
    else:
        code = code[:-1]
    with refusal(404):
        share_codes.find_offer(hub, bob, code)
    with refusal(400):
        share_codes.accept(hub, bob, code)
    assert ask(shares.list_of_user, "bob").value["items"] == []


def test_codes_follow_their_server(ask: Ask, hub: Hub, bob: User) -> None:
    ask(servers.create_server, "ann", "lab")
    code = issue(ask, "lab").value["code"]
    ask(servers.update_server, "ann", "lab", body={"name": "den"})
    [model] = ask(share_codes.list_of_server, "ann", "den").value["items"]
    assert model["scopes"] == ["access:servers!server=ann/den"]
    assert share_codes.accept(hub, bob, code).scopes == ["access:servers!server=ann/den"]
