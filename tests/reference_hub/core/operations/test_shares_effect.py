"""What shares do for their recipients, and how long."""

from __future__ import annotations

from typing import Any

import pytest

from reference_hub.core.operations import groups, info, servers, shares, single_user, tokens, users
from tests.reference_hub.tools import Answer, Ask

ACCESS = "access:servers!server=ann/lab"
READ = "read:servers!server=ann/lab"


@pytest.fixture(autouse=True)
def lab(ask: Ask) -> None:
    """A running server of Ann's."""
    assert ask(servers.start_server, "ann", "lab").status == 201


def grant(ask: Ask, *names: str, who: str = "admin", **body: Any) -> Answer:
    return ask(shares.grant, *(names or ("ann", "lab")), who=who, body=body)


def listed(answer: Answer) -> list[tuple[str, str]]:
    """Server and recipient of each share of a list."""
    assert answer.status == 200
    return [
        (each["server"]["name"], (each["user"] or each["group"])["name"])
        for each in answer.value["items"]
    ]


def status_at_server(ask: Ask, who: str) -> int:
    """What the server itself says."""
    found = single_user.route(ask.hub, "ann", "lab/api")
    assert found is not None
    return ask(lambda call: single_user.serve(call, *found), who=who).status


# What shares are for


def test_access_comes_and_goes_with_the_share(ask: Ask) -> None:
    limited = ask.token("bob", ACCESS)
    assert (status_at_server(ask, "bob"), status_at_server(ask, limited)) == (403, 403)
    grant(ask, user="bob")
    assert ACCESS in ask(info.identity, who="bob").value["scopes"]
    assert (status_at_server(ask, "bob"), status_at_server(ask, limited)) == (200, 200)
    ask(shares.revoke_all, "ann", "lab")
    assert ACCESS not in ask(info.identity, who="bob").value["scopes"]
    assert (status_at_server(ask, "bob"), status_at_server(ask, limited)) == (403, 403)


def test_access_is_for_the_one_server(ask: Ask) -> None:
    grant(ask, "ann", "", user="bob")
    assert status_at_server(ask, "bob") == 403
    assert ask(servers.read_server, "ann", "lab", who="bob").status == 404


def test_tokens_get_shared_scopes_without_their_subscopes(ask: Ask) -> None:
    grant(ask, user="bob", scopes=["servers"])
    held = ask(info.identity, who="bob").value["scopes"]
    assert "servers!server=ann/lab" in held
    assert READ not in held
    assert ask(servers.read_server, "ann", "lab", who="bob").status == 404
    grant(ask, user="bob", scopes=["read:servers"])
    assert ask(servers.read_server, "ann", "lab", who="bob").status == 200


def test_group_shares_are_listed_for_members_and_reach_their_tokens(ask: Ask) -> None:
    body = {"users": ["bob"]}
    grant(ask, group="empty")
    assert listed(ask(shares.list_of_user, "bob")) == []
    assert ask(tokens.create_token, "bob", body={"scopes": [ACCESS]}).status == 400
    ask(groups.add_users, "empty", body=body)
    assert listed(ask(shares.list_of_user, "bob")) == [("lab", "empty")]
    assert ask(shares.read_of_user, "bob", "ann", "lab").status == 404
    issued = ask(tokens.create_token, "bob", body={"scopes": [ACCESS]})
    assert issued.status == 201
    assert ACCESS in issued.value["scopes"]
    assert status_at_server(ask, "bob") == status_at_server(ask, issued.value["token"]) == 200
    ask(groups.remove_users, "empty", body=body)
    assert status_at_server(ask, "bob") == status_at_server(ask, issued.value["token"]) == 403
    assert listed(ask(shares.list_of_user, "bob")) == []


def test_shares_can_be_handed_on(ask: Ask) -> None:
    grant(ask, user="bob", scopes=["access:servers", "shares"])
    assert grant(ask, who="bob", user="bob").status == 200
    # Bob has the whole of `shares` for the server, but not its subscopes.
    assert ask(shares.list_of_server, "ann", "lab", who="bob").status == 404


# Renaming and removal


def test_shares_follow_their_server(ask: Ask) -> None:
    grant(ask, user="bob")
    ask(servers.stop_server, "ann", "lab")
    assert ask(servers.update_server, "ann", "lab", body={"name": "den"}).status == 200
    assert ask(users.update_user, "ann", body={"name": "anna"}).status == 200
    assert "access:servers!server=anna/den" in ask(info.identity, who="bob").value["scopes"]
    [share] = ask(shares.list_of_owner, "anna").value["items"]
    assert share["scopes"] == ["access:servers!server=anna/den"]
    assert share["server"] == {
        "user": {"name": "anna"},
        "name": "den",
        "url": "/user/anna/den/",
        "full_url": None,
        "ready": False,
    }


def test_shares_follow_their_recipient(ask: Ask) -> None:
    grant(ask, user="bob")
    ask(users.update_user, "bob", body={"name": "rob"})
    assert ask(shares.read_of_user, "rob", "ann", "lab").value["user"] == {"name": "rob"}
    assert status_at_server(ask, "bob") == 200


def test_shares_end_with_what_they_are_about(ask: Ask) -> None:
    grant(ask, user="bob")
    grant(ask, group="team")
    ask(groups.delete_group, "team")
    assert listed(ask(shares.list_of_owner, "ann")) == [("lab", "bob")]
    ask(servers.stop_server, "ann", "lab", body={"remove": True})
    ask(servers.create_server, "ann", "lab")
    assert listed(ask(shares.list_of_server, "ann", "lab")) == []
    assert listed(ask(shares.list_of_user, "bob")) == []
    assert ACCESS not in ask(info.identity, who="bob").value["scopes"]
    grant(ask, user="bob")
    ask(users.delete_user, "bob")
    ask(users.create_user, "bob")
    assert listed(ask(shares.list_of_owner, "ann")) == listed(ask(shares.list_of_user, "bob")) == []
    grant(ask, user="bob")
    ask(users.delete_user, "ann")
    assert listed(ask(shares.list_of_user, "bob")) == []


def test_stopping_a_server_ends_no_share(ask: Ask) -> None:
    grant(ask, user="bob")
    ask(servers.stop_server, "ann", "lab")
    assert listed(ask(shares.list_of_owner, "ann")) == [("lab", "bob")]
