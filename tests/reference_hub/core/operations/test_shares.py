from __future__ import annotations

from typing import Any

import pytest

from reference_hub.core.operations import servers, shares
from tests.reference_hub.tools import START, Answer, Ask

ACCESS = "access:servers!server=ann/lab"
READ = "read:servers!server=ann/lab"
MODEL = {
    "server": {
        "user": {"name": "ann"},
        "name": "lab",
        "url": "/user/ann/lab/",
        "full_url": None,
        "ready": True,
    },
    "scopes": [ACCESS],
    "user": {"name": "bob"},
    "group": None,
    "kind": "user",
    "created_at": START.strftime("%Y-%m-%dT%H:%M:%S.000000Z"),
}


@pytest.fixture(autouse=True)
def lab(ask: Ask) -> None:
    """A running server of Ann's."""
    assert ask(servers.start_server, "ann", "lab").status == 201


def grant(ask: Ask, *names: str, who: str = "admin", **body: Any) -> Answer:
    return ask(shares.grant, *(names or ("ann", "lab")), who=who, body=body)


def revoke(ask: Ask, **body: Any) -> Answer:
    return ask(shares.revoke, "ann", "lab", body=body)


def listed(answer: Answer) -> list[tuple[str, str]]:
    """Server and recipient of each share of a list."""
    assert answer.status == 200
    return [
        (each["server"]["name"], (each["user"] or each["group"])["name"])
        for each in answer.value["items"]
    ]


# Granting


def test_granting_to_a_user(ask: Ask) -> None:
    answer = grant(ask, user="bob")
    assert (answer.status, answer.value) == (200, MODEL)


def test_granting_to_a_group(ask: Ask) -> None:
    expected = {**MODEL, "user": None, "group": {"name": "team"}, "kind": "group"}
    assert grant(ask, group="team").value == expected


@pytest.mark.parametrize("scopes", [None, [], ["access:servers"], [ACCESS, ACCESS]])
def test_default_scopes_and_their_spellings(ask: Ask, scopes: Any) -> None:
    assert grant(ask, user="bob", scopes=scopes).value["scopes"] == [ACCESS]


def test_granting_more(ask: Ask) -> None:
    grant(ask, user="bob")
    assert grant(ask, user="bob", scopes=["read:servers"]).value["scopes"] == [ACCESS, READ]
    assert len(listed(ask(shares.list_of_server, "ann", "lab"))) == 1


@pytest.mark.parametrize(
    "body",
    [
        None,
        {},
        [],
        [1],
        "bob",
        {"user": "bob", "group": "team"},
        {"user": None, "group": None},
        {"user": ""},
        {"group": ""},
        {"user": 5},
        {"user": ["bob"]},
        {"user": "nobody"},
        {"user": "BOB"},
        {"group": "nobody"},
        {"user": "bob", "expires_in": 60},
        {"user": "bob", "scopes": "access:servers"},
        {"user": "bob", "scopes": [1]},
        {"user": "bob", "scopes": ["no:such"]},
        {"user": "bob", "scopes": ["access:servers!planet=mars"]},
        {"user": "bob", "scopes": ["access:servers!server=ann/"]},
        {"user": "bob", "scopes": ["access:servers!server"]},
        {"user": "bob", "scopes": ["access:servers!user=ann"]},
    ],
)
def test_grants_that_are_refused(ask: Ask, body: Any) -> None:
    assert ask(shares.grant, "ann", "lab", body=body).status == 400
    assert ask(shares.list_of_owner, "ann").value["items"] == []


def test_an_empty_name_is_none(ask: Ask) -> None:
    assert grant(ask, user="", group="team").status == 200


def test_bodies_are_judged_before_the_server_is_looked_for(ask: Ask) -> None:
    assert grant(ask, "ann", "none", user="bob").status == 404
    assert grant(ask, "nobody", "lab", user="bob").status == 404
    assert grant(ask, "ann", "none").status == 400
    # Who is named is looked at last, so that nothing is learnt of users on the way.
    assert grant(ask, "ann", "none", user="nobody").status == 404


def test_nobody_shares_more_than_they_hold(ask: Ask) -> None:
    sharer = ask.token("admin", "shares!user=ann", "read:users:name")
    assert grant(ask, who=sharer, user="bob").status == 200
    assert grant(ask, who=sharer, user="bob", scopes=["read:servers"]).status == 403
    assert grant(ask, user="bob", scopes=["inherit"]).status == 403
    assert grant(ask, "ann", "none", who=sharer, user="bob", scopes=["servers"]).status == 404


@pytest.mark.parametrize("kind", ["user", "group"])
def test_recipients_are_named_by_those_who_may_know_them(ask: Ask, kind: str) -> None:
    name = {"user": "bob", "group": "team"}[kind]
    blind = ask.token("admin", "shares!user=ann")
    assert grant(ask, who=blind, **{kind: name}).status == 403
    assert grant(ask, who=blind, **{kind: "nobody"}).status == 403
    knowing = ask.token("admin", "shares!user=ann", f"read:{kind}s:name!{kind}={name}")
    assert grant(ask, who=knowing, **{kind: name}).status == 200
    assert grant(ask, who=knowing, **{kind: "nobody"}).status == 403


def test_users_share_nothing_unless_they_are_let(ask: Ask) -> None:
    assert grant(ask, who="ann", user="bob").status == 403
    assert ask(shares.list_of_owner, "ann", who="ann").status == 200


# Who may see and do what


@pytest.mark.parametrize(
    ("operation", "names", "scope", "filters"),
    [
        (shares.list_of_owner, ("ann",), "read:shares", ("user=ann", "group=team")),
        (
            shares.list_of_server,
            ("ann", "lab"),
            "read:shares",
            ("user=ann", "group=team", "server=ann/lab"),
        ),
        (shares.revoke_all, ("ann", "lab"), "shares", ("user=ann", "group=team", "server=ann/lab")),
        (shares.list_of_user, ("bob",), "read:users:shares", ("user=bob",)),
        (shares.list_of_group, ("team",), "read:groups:shares", ("group=team",)),
    ],
)
def test_scopes_and_filters(
    ask: Ask, operation: Any, names: tuple[str, ...], scope: str, filters: tuple[str, ...]
) -> None:
    assert ask(operation, *names, who=None).status == 403
    assert ask(operation, *names, who=ask.token("admin", "users")).status == 403
    assert ask(operation, *names, who=ask.token("admin", f"{scope}!user=admin")).status == 404
    for each in ("", *(f"!{filter_}" for filter_ in filters)):
        assert ask(operation, *names, who=ask.token("admin", scope + each)).status in {200, 204}


@pytest.mark.parametrize(
    ("kind", "read", "leave"),
    [
        ("user", shares.read_of_user, shares.leave_as_user),
        ("group", shares.read_of_group, shares.leave_as_group),
    ],
)
def test_one_share_of_a_recipient(ask: Ask, kind: str, read: Any, leave: Any) -> None:
    name = {"user": "bob", "group": "team"}[kind]
    model = grant(ask, **{kind: name}).value
    path = (name, "ann", "lab")
    reader = ask.token("admin", f"read:{kind}s:shares!{kind}={name}")
    assert ask(read, *path, who=reader).value == model
    assert ask(leave, *path, who=reader).status == 403
    leaver = ask.token("admin", f"{kind}s:shares!{kind}={name}")
    assert ask(read, *path, who=leaver).value == model
    for absent in (("nobody", "ann", "lab"), (name, "ann", ""), (name, "nobody", "lab")):
        assert ask(read, *absent).status == 404
        assert ask(leave, *absent).status == 404
    assert ask(leave, *path, who=leaver).status == 204
    assert ask(leave, *path, who=leaver).status == 404


def test_recipients_read_and_leave_their_own(ask: Ask) -> None:
    grant(ask, user="bob")
    assert listed(ask(shares.list_of_user, "bob", who="bob")) == [("lab", "bob")]
    assert ask(shares.leave_as_user, "bob", "ann", "lab", who="ann").status == 404
    assert ask(shares.leave_as_user, "bob", "ann", "lab", who="bob").status == 204


def test_all_servers_at_once_can_only_be_listed(ask: Ask) -> None:
    assert ask(shares.one_server_only, "ann").status == 405
    assert ask(shares.one_server_only, "ann", who="bob").status == 403
    assert (
        ask(shares.one_server_only, "bob", who=ask.token("admin", "shares!user=ann")).status == 404
    )


# Lists


def test_lists_from_every_side(ask: Ask) -> None:
    grant(ask, user="bob")
    grant(ask, "ann", "", user="bob")
    grant(ask, group="team")
    everything = [("lab", "bob"), ("", "bob"), ("lab", "team")]
    assert listed(ask(shares.list_of_owner, "ann")) == everything
    assert listed(ask(shares.list_of_server, "ann", "lab")) == [everything[0], everything[2]]
    assert listed(ask(shares.list_of_user, "bob")) == everything[:2]
    assert listed(ask(shares.list_of_group, "team")) == [everything[2]]
    assert ask(shares.list_of_owner, "nobody").status == 404
    assert ask(shares.list_of_server, "ann", "none").status == 404
    assert ask(shares.list_of_user, "nobody").status == 404
    assert ask(shares.list_of_group, "nobody").status == 404


@pytest.mark.parametrize("pages", [True, False])
def test_lists_always_come_as_pages(ask: Ask, pages: bool) -> None:
    for name in ("admin", "ann", "bob"):
        grant(ask, user=name)
    first = ask(shares.list_of_owner, "ann", query="limit=2", pages=pages)
    assert listed(first) == [("lab", "admin"), ("lab", "ann")]
    where = first.value["_pagination"]
    assert (where["total"], where["offset"], where["limit"]) == (3, 0, 2)
    assert where["next"] == {
        "offset": 2,
        "limit": 2,
        "url": "http://hub.test/hub/api/list?limit=2&offset=2",
    }
    last = ask(shares.list_of_owner, "ann", query="limit=2&offset=2", pages=pages)
    assert listed(last) == [("lab", "bob")]
    assert last.value["_pagination"]["next"] is None
    assert ask(shares.list_of_owner, "ann", query="limit=x", pages=pages).status == 400
    assert ask(shares.list_of_owner, "nobody", query="limit=x", pages=pages).status == 404


# Revoking


def test_revoking_in_parts(ask: Ask) -> None:
    grant(ask, user="bob", scopes=["access:servers", "read:servers"])
    # Without its filter a scope is another one than the share's.
    assert revoke(ask, user="bob", scopes=["read:servers"]).value["scopes"] == [ACCESS, READ]
    assert revoke(ask, user="bob", scopes=[READ]).value["scopes"] == [ACCESS]
    assert revoke(ask, user="bob", scopes=[ACCESS]).value == {}
    assert listed(ask(shares.list_of_owner, "ann")) == []


@pytest.mark.parametrize("scopes", [None, []])
def test_revoking_all(ask: Ask, scopes: Any) -> None:
    grant(ask, group="team", scopes=["access:servers", "read:servers"])
    assert revoke(ask, group="team", scopes=scopes).value == {}
    assert revoke(ask, group="team", scopes=scopes) == Answer(200, {})


def test_revoking_from_the_absent_is_no_error(ask: Ask) -> None:
    blind = ask.token("admin", "shares!user=ann")
    for body in ({"user": "nobody"}, {"group": "nobody"}, {"user": "bob"}):
        answer = ask(shares.revoke, "ann", "lab", who=blind, body=body)
        assert answer == Answer(200, {})
    assert ask(shares.revoke, "ann", "none", body={"user": "bob"}).status == 404


@pytest.mark.parametrize(
    "body", [None, {}, {"user": "bob", "group": "team"}, {"user": "bob", "scopes": ["no:such"]}]
)
def test_revocations_that_are_refused(ask: Ask, body: Any) -> None:
    grant(ask, user="bob")
    assert ask(shares.revoke, "ann", "lab", body=body).status == 400
    assert listed(ask(shares.list_of_owner, "ann")) == [("lab", "bob")]


def test_revoking_from_everybody(ask: Ask) -> None:
    for body in ({"user": "bob"}, {"group": "team"}):
        ask(shares.grant, "ann", "lab", body=body)
    grant(ask, "ann", "", user="bob")
    assert ask(shares.revoke_all, "ann", "lab").status == 204
    assert listed(ask(shares.list_of_owner, "ann")) == [("", "bob")]
    assert ask(shares.revoke_all, "ann", "lab").status == 204
    assert ask(shares.revoke_all, "ann", "none").status == 404
