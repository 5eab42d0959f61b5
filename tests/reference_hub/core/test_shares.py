from __future__ import annotations

from datetime import timedelta

import pytest

from reference_hub.core.entities import Server, User
from reference_hub.core.hub import Hub
from reference_hub.core.shares import ShareCodeTable, ShareTable
from tests.reference_hub.tools import START

ACCESS = frozenset({"access:servers"})
READ = frozenset({"read:servers"})


@pytest.fixture
def bob(hub: Hub) -> User:
    bob = hub.find_user("bob")
    assert bob is not None
    return bob


@pytest.fixture
def server(hub: Hub) -> Server:
    ann = hub.find_user("ann")
    assert ann is not None
    return ann.servers[""]


def test_granting_adds_to_the_one_share_there_is(server: Server, bob: User) -> None:
    table = ShareTable()
    share = table.grant(server, bob, ACCESS, START)
    assert table.grant(server, bob, READ, START + timedelta(days=1)) is share
    assert share.created == START
    assert share.scopes == ["access:servers!server=ann/", "read:servers!server=ann/"]


def test_shares_are_found_from_both_sides(hub: Hub, server: Server, bob: User) -> None:
    table = ShareTable()
    team = hub.groups["team"]
    with_group = table.grant(server, team, ACCESS, START)
    with_bob = table.grant(server, bob, ACCESS, START)
    assert table.of_servers([server]) == [with_group, with_bob]
    assert table.of_recipients([bob, team]) == [with_group, with_bob]
    assert table.of_recipients([bob]) == [with_bob]
    assert table.find(bob.servers[""], bob) is None


def test_revoking_takes_exactly_what_is_named(server: Server, bob: User) -> None:
    table = ShareTable()
    share = table.grant(server, bob, ACCESS | READ, START)
    assert table.revoke(share, ["read:servers", "read:servers!server=bob/"]) is share
    assert share.names == ACCESS | READ
    assert table.revoke(share, ["read:servers!server=ann/"]) is share
    assert share.names == ACCESS
    assert table.revoke(share, ["access:servers!server=ann/"]) is None
    assert table.find(server, bob) is None


def test_revoking_without_scopes_takes_all(server: Server, bob: User) -> None:
    table = ShareTable()
    share = table.grant(server, bob, ACCESS | READ, START)
    assert table.revoke(share) is None
    assert table.of_servers([server]) == table.of_recipients([bob]) == []
    table.remove(share)  # as often as one likes
    assert table.grant(server, bob, ACCESS, START).scopes == ["access:servers!server=ann/"]


def test_scopes_follow_the_server(hub: Hub, server: Server, bob: User) -> None:
    share = hub.shares.grant(server, bob, ACCESS, START)
    hub.rename_user(server.user, "anna")
    assert share.scopes == ["access:servers!server=anna/"]


@pytest.mark.parametrize("side", ["owner", "recipient", "group", "server"])
def test_shares_end_with_either_side(hub: Hub, server: Server, bob: User, side: str) -> None:
    team = hub.groups["team"]
    hub.shares.grant(server, team if side == "group" else bob, ACCESS, START)
    hub.share_codes.add(server, ACCESS, "digest", START, START + timedelta(days=1))
    if side == "server":
        hub.forget_shares(server)
    elif side == "group":
        hub.remove_group(team)
    else:
        hub.remove_user(bob if side == "recipient" else server.user)
    assert hub.shares.of_servers([server]) == hub.shares.of_recipients([bob, team]) == []
    codes_end = side in {"owner", "server"}
    assert (hub.share_codes.find("digest", START) is None) is codes_end


def test_a_reset_forgets_shares(hub: Hub, server: Server, bob: User) -> None:
    hub.shares.grant(server, bob, ACCESS, START)
    hub.clear()
    assert hub.shares.of_servers([server]) == []


def test_codes_expire_to_the_moment(server: Server) -> None:
    table = ShareCodeTable()
    end = START + timedelta(seconds=60)
    code = table.add(server, ACCESS, "digest", START, end)
    before = end - timedelta(microseconds=1)
    assert table.find("digest", before) is code
    assert table.of_servers([server], before) == [code]
    assert table.find("digest", end) is None
    assert table.of_servers([server], before) == []


def test_ids_of_codes_are_not_used_again(server: Server) -> None:
    table = ShareCodeTable()
    first = table.add(server, ACCESS, "a", START, START + timedelta(days=1))
    table.remove(first)
    second = table.add(server, ACCESS, "b", START, START + timedelta(days=1))
    assert (first.id, second.id) == ("sc_1", "sc_2")
