from __future__ import annotations

from reference_hub.core import spawning, tokens
from reference_hub.core.entities import Service
from reference_hub.core.hub import Hub, digest, set_admin
from reference_hub.core.operations import groups
from tests.reference_hub.tools import SECRETS, FakeClock


def test_users_keep_their_place_when_renamed(hub: Hub) -> None:
    ann = hub.find_user("ann")
    assert ann is not None
    order = [user.number for user in hub.users.values()]
    hub.rename_user(ann, "anne")
    assert hub.find_user("ann") is None
    assert hub.find_user("anne") is ann
    assert [user.number for user in hub.users.values()] == order
    assert list(hub.groups_of("anne")) == ["team"]


def test_a_running_server_follows_its_user(hub: Hub) -> None:
    ann = hub.find_user("ann")
    assert ann is not None
    spawning.start(hub, ann.servers[""], None)
    hub.rename_user(ann, "anne")
    assert list(hub.active_servers) == ["anne/"]
    spawning.stop(hub, ann.servers[""])
    assert hub.active_servers == {}


def test_a_removed_user_leaves_nothing(hub: Hub) -> None:
    ann = hub.find_user("ann")
    assert ann is not None
    spawning.start(hub, ann.servers[""], None)
    hub.remove_user(ann)
    assert hub.find_user("ann") is None
    assert hub.groups["team"].users == {}
    assert hub.find_token(SECRETS["ann"]) is None
    assert hub.active_servers == {}
    assert ann not in hub.users.values()


def test_a_removed_group_leaves_its_members(hub: Hub) -> None:
    hub.remove_group(hub.groups["team"])
    assert hub.find_user("ann") is not None
    assert list(hub.groups_of("ann")) == []
    assert list(hub.groups_of("nobody")) == []


def test_a_removed_service_takes_its_tokens(hub: Hub) -> None:
    hub.remove_service(hub.services["boss"])
    assert hub.find_token(SECRETS["boss"]) is None


def test_the_hub_keeps_no_secret(hub: Hub) -> None:
    token = hub.find_token(SECRETS["ann"])
    assert token is not None
    assert token.digest == digest(SECRETS["ann"])
    assert SECRETS["ann"] not in repr(vars(token))
    assert digest("\ud800")  # whatever a header can carry


def test_expired_tokens_are_purged_once_their_time_has_come(hub: Hub, clock: FakeClock) -> None:
    ann = hub.find_user("ann")
    assert ann is not None
    before = set(ann.tokens)
    tokens.issue(hub, ann, expires_in=10)
    tokens.issue(hub, ann, expires_in=5)
    revoked, _ = tokens.issue(hub, ann, expires_in=1)
    hub.remove_token(revoked)
    clock.advance(5)
    hub.purge_expired()
    assert len(ann.tokens) == len(before) + 1
    clock.advance(5)
    hub.purge_expired()
    assert set(ann.tokens) == before


def test_the_admin_role_goes_with_the_flag(hub: Hub) -> None:
    ann = hub.find_user("ann")
    assert ann is not None
    set_admin(ann, True)
    set_admin(ann, True)
    assert ann.roles == ["user", "admin"]
    set_admin(ann, False)
    assert ann.roles == ["user"]
    assert hub.add_service(Service("s", admin=True)).roles == ["admin"]


def test_ids_are_not_reused(hub: Hub) -> None:
    last = hub.add_user("last")
    hub.remove_user(last)
    again = hub.add_user("last")
    groups.join(again, hub.groups["team"])
    assert again.number > last.number
