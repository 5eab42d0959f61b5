"""Tokens: listing, reading, revoking, expiry and activity."""

from __future__ import annotations

import pytest

from ..hub import Hub
from ..rules import rule
from ..sandbox import Sandbox, User
from ..target import Target
from ._credentials import brief
from ._shape import CLOCK_SLACK, hub_time, moment, object_of, refused, seconds_apart
from ._tokens import ask, check_types, ids_of, issued, listed, read, tokens_path

#: Ids that no hub gives out, or not yet.
UNKNOWN_IDS = ("nope", "0", "a0", "-1", "a", "null", "*", "%25", "a99999999")


@pytest.fixture(scope="module")
def carol(shared: Sandbox) -> User:
    """A user whose tokens are this module's alone, so that whole lists can be compared."""
    return shared.user("carol")


# --- lists


# The first of this file, so that the brief tokens beside it end while the others are checked.
@rule("tokens/unexpired-token-is-listed")
def test_unexpired_token_is_listed(shared: Sandbox) -> None:
    """A token whose end is an hour away is listed with that end, and works."""
    token = brief(shared).lasting
    found = [each for each in listed(token.hub, brief(shared).owner) if each["id"] == token.id]
    assert [each.get("expires_at") for each in found] == [token.model.get("expires_at")]
    assert token.model.get("expires_at"), "no end"


@rule("tokens/list-of-nobodys")
def test_list_of_nobodys(user: User, hub: Hub) -> None:
    """A user without tokens has an empty list, not an absent one."""
    assert listed(hub, user) == []


@rule("tokens/list-is-the-users-own")
def test_list_is_the_users_own(user: User, bob: User, sandbox: Sandbox) -> None:
    """The list has each of the user's tokens once and none of another's."""
    sandbox.token(bob)
    own = {sandbox.token(user).id, issued(ask(user.hub, user))["id"], user.token.id}
    assert ids_of(user.hub, user) == own
    assert ids_of(sandbox.hub, user) == own


@rule("tokens/issued-by-an-admin-is-not-the-admins")
def test_issued_by_an_admin_is_not_the_admins(user: User, sandbox: Sandbox) -> None:
    """A token issued for another is in that user's list, not in the issuer's."""
    admin = sandbox.user("issuer", admin=True)
    token_id = issued(ask(admin.hub, user))["id"]
    assert token_id in ids_of(admin.hub, user)
    assert token_id not in ids_of(admin.hub, admin)


@rule("tokens/no-list-of-another")
def test_no_list_of_another(alice: User, bob: User, sandbox: Sandbox) -> None:
    """A plain user gets 404 for another's list and for an absent user's, in the same words."""
    absent = User(sandbox.name("absent"), sandbox)
    theirs, none = (alice.hub.get(tokens_path(each)) for each in (bob, absent))
    refused(theirs, 404)
    refused(none, 404)
    assert theirs.message.replace(bob.name, absent.name) == none.message


@rule("tokens/no-list-of-the-absent")
def test_no_list_of_the_absent(hub: Hub, sandbox: Sandbox) -> None:
    """Whoever may read every list gets 404 for an absent user's."""
    absent = User(sandbox.name("absent"), sandbox)
    refused(hub.get(tokens_path(absent)), 404)
    refused(hub.get(tokens_path(absent, "a1")), 404)
    refused(hub.delete(tokens_path(absent, "a1")), 404)


# --- one


@rule("tokens/token-sees-itself")
def test_token_sees_itself(alice: User, sandbox: Sandbox, target: Target) -> None:
    """A token finds itself in its owner's list and by its id."""
    token = sandbox.token(alice)
    assert token.id in ids_of(token.hub, alice)
    model = read(token.hub, alice, token.id)
    check_types(model, alice, target)
    assert model["id"] == token.id, model["id"]


@pytest.mark.parametrize("token_id", UNKNOWN_IDS)
@rule("tokens/unknown-id")
def test_unknown_id(token_id: str, carol: User) -> None:
    """An id that no token of the user has is a 404, to read as to revoke, and revokes nothing."""
    before = ids_of(carol.hub, carol)
    refused(carol.hub.get(tokens_path(carol, token_id)), 404)
    refused(carol.hub.delete(tokens_path(carol, token_id)), 404)
    assert ids_of(carol.hub, carol) == before


@rule("tokens/no-token-of-another-by-ones-own-path")
def test_no_token_of_another_by_ones_own_path(alice: User, bob: User) -> None:
    """Another's token is not there (404) below one's own path, to read or to revoke."""
    theirs = tokens_path(alice, bob.token.id)
    refused(alice.hub.get(theirs), 404)
    refused(alice.hub.delete(theirs), 404)
    assert bob.hub.get("/user").ok, "bob's token is gone"


@rule("tokens/no-token-of-another-by-their-path")
def test_no_token_of_another_by_their_path(alice: User, bob: User) -> None:
    """Another's token is not there (404) for a plain user below the other's path either."""
    theirs = tokens_path(bob, bob.token.id)
    refused(alice.hub.get(theirs), 404)
    refused(alice.hub.delete(theirs), 404)
    assert bob.hub.get("/user").ok, "bob's token is gone"


@rule("tokens/path-names-the-owner")
def test_path_names_the_owner(alice: User, bob: User, hub: Hub) -> None:
    """An admin too finds a token only below its owner's path."""
    elsewhere = tokens_path(alice, bob.token.id)
    refused(hub.get(elsewhere), 404)
    refused(hub.delete(elsewhere), 404)
    assert read(hub, bob, bob.token.id).get("id") == bob.token.id
    assert bob.hub.get("/user").ok, "bob's token is gone"


@rule("tokens/refusal-tells-nothing-of-another", since="5.0")
def test_refusal_tells_nothing_of_another(alice: User, bob: User) -> None:
    """The refusal of another's token reads like that of an absent one: it names no owner."""
    answers = [alice.hub.get(tokens_path(alice, each)) for each in (bob.token.id, "a99999999")]
    messages = [a.message.replace(bob.token.id, "a99999999") for a in answers]
    assert messages[0] == messages[1], messages


# --- revoking


@rule("tokens/revoked-with-204")
def test_revoked_with_204(carol: User, sandbox: Sandbox) -> None:
    """Revoking is answered with 204 and no body; the token is not listed or read any more."""
    token = sandbox.token(carol)
    answer = carol.hub.delete(tokens_path(carol, token.id))
    assert answer.status == 204, answer
    assert answer.body == b"", answer.text
    assert token.id not in ids_of(carol.hub, carol)
    refused(carol.hub.get(tokens_path(carol, token.id)), 404)


@pytest.mark.parametrize("used", [True, False], ids=["used", "unused"])
@rule("tokens/revoked-token-is-refused")
def test_revoked_token_is_refused(used: bool, carol: User, sandbox: Sandbox) -> None:
    """A revoked token opens nothing from that moment on, used before or not."""
    token = sandbox.token(carol)
    if used:
        assert token.hub.get(carol.path).ok
    assert carol.hub.delete(tokens_path(carol, token.id)).ok
    for scheme in ("token", "Bearer"):
        asked = token.hub.using(token.secret, scheme)
        refused(asked.get("/user"), 403, explained=False)
        refused(asked.get(carol.path), 403)
        refused(ask(asked, carol), 403, explained=False)


@rule("tokens/revoked-twice")
def test_revoked_twice(carol: User, sandbox: Sandbox) -> None:
    """A token that is revoked already is a 404."""
    path = tokens_path(carol, sandbox.token(carol).id)
    assert carol.hub.delete(path).status == 204
    refused(carol.hub.delete(path), 404)


@rule("tokens/revoking-spares-the-others")
def test_revoking_spares_the_others(carol: User, sandbox: Sandbox) -> None:
    """Revoking one token leaves the user's other tokens listed and working."""
    first, second, third = (sandbox.token(carol) for _ in range(3))
    before = ids_of(carol.hub, carol)
    assert carol.hub.delete(tokens_path(carol, second.id)).ok
    assert ids_of(carol.hub, carol) == before - {second.id}
    for token in (first, third):
        assert token.hub.get("/user").ok, token.id


@rule("tokens/revoking-spares-those-of-the-same-note")
def test_revoking_spares_the_same_note(carol: User, sandbox: Sandbox) -> None:
    """Two tokens that were asked for in the same words are two: one is revoked, the other works."""
    body = {"note": sandbox.name("note"), "expires_in": 3600}
    first, second = (issued(ask(carol.hub, carol, body)) for _ in range(2))
    before = ids_of(carol.hub, carol)
    assert carol.hub.delete(tokens_path(carol, first["id"])).ok
    assert ids_of(carol.hub, carol) == before - {first["id"]}
    assert sandbox.hub.using(second["token"]).get("/user").ok


@rule("tokens/token-revokes-itself")
def test_token_revokes_itself(carol: User, sandbox: Sandbox) -> None:
    """A token may revoke itself, and is worth nothing afterwards."""
    token = sandbox.token(carol)
    answer = token.hub.delete(tokens_path(carol, token.id))
    assert answer.status == 204, answer
    refused(token.hub.get("/user"), 403, explained=False)


@rule("tokens/admin-revokes")
def test_admin_revokes(carol: User, sandbox: Sandbox) -> None:
    """An admin may revoke another's token."""
    token = sandbox.token(carol)
    answer = sandbox.hub.delete(tokens_path(carol, token.id))
    assert answer.status == 204, answer
    refused(token.hub.get("/user"), 403, explained=False)


# --- owners come and go


@rule("tokens/vanish-with-their-user")
def test_vanish_with_their_user(user: User, hub: Hub) -> None:
    """A deleted user's tokens are gone, and do not come back with a new user of that name."""
    old = user.token
    assert hub.delete(user.path).status == 204
    refused(hub.get(tokens_path(user)), 404)
    refused(old.hub.get("/user"), 403, explained=False)
    assert hub.post(user.path).status == 201
    assert listed(hub, user) == []
    refused(old.hub.get("/user"), 403, explained=False)


@rule("tokens/follow-a-rename")
def test_follow_a_rename(user: User, hub: Hub, sandbox: Sandbox) -> None:
    """A renamed user keeps the tokens: they work, and are found below the new name alone."""
    token = user.token
    renamed = User(sandbox.name("renamed"), sandbox)
    assert hub.patch(user.path, json={"name": renamed.name}).ok
    assert object_of(token.hub.get("/user")).get("name") == renamed.name
    assert read(token.hub, renamed, token.id).get("user") == renamed.name
    assert ids_of(hub, renamed) == {token.id}
    refused(hub.get(tokens_path(user)), 404)


@rule("tokens/rename-changes-their-owner-only")
def test_rename_changes_their_owner_only(user: User, hub: Hub, sandbox: Sandbox) -> None:
    """A token of a renamed user keeps its note, its end, and the moment of its creation."""
    body = {"note": sandbox.name("note"), "expires_in": 3600}
    token = issued(ask(hub, user, body))
    renamed = User(sandbox.name("renamed"), sandbox)
    assert hub.patch(user.path, json={"name": renamed.name}).ok
    after = read(hub, renamed, token["id"])
    for field in ("note", "created", "expires_at", "oauth_client", "kind"):
        assert after.get(field) == token.get(field), field


# --- activity


@rule("tokens/no-activity-before-the-first-use")
def test_no_activity_before_the_first_use(alice: User, hub: Hub, sandbox: Sandbox) -> None:
    """`last_activity` is null until a token is used: to be made, listed or read is no use."""
    token = sandbox.token(alice)
    assert token.model.get("last_activity", "absent") is None
    listed(hub, alice)
    alice.hub.get(tokens_path(alice, token.id))
    assert read(hub, alice, token.id).get("last_activity", "absent") is None


@rule("tokens/activity-is-recorded")
def test_activity_is_recorded(alice: User, hub: Hub, sandbox: Sandbox) -> None:
    """Using a token sets its `last_activity` to the time of the use, with a zone."""
    token = sandbox.token(alice)
    used = token.hub.get(alice.path)
    model = read(hub, alice, token.id)
    active = moment(model.get("last_activity"))
    created = moment(model.get("created"))
    assert created <= active, (created, active)
    assert seconds_apart(active, hub_time(used)) <= CLOCK_SLACK, (hub_time(used), active)


@rule("tokens/activity-is-the-tokens-own")
def test_activity_is_the_tokens_own(alice: User, hub: Hub, sandbox: Sandbox) -> None:
    """Using one token leaves the `last_activity` of another of the same user alone."""
    idle, busy = sandbox.token(alice), sandbox.token(alice)
    assert busy.hub.get("/user").ok
    found = {each["id"]: each.get("last_activity", "absent") for each in listed(hub, alice)}
    assert found.get(idle.id, "absent") is None, found.get(idle.id)
    moment(found.get(busy.id))


@rule("tokens/activity-does-not-go-back")
def test_activity_does_not_go_back(alice: User, hub: Hub, sandbox: Sandbox) -> None:
    """`last_activity` never moves back, and is not forgotten."""
    token = sandbox.token(alice)
    times = []
    for path in ("/user", alice.path, tokens_path(alice)):
        assert token.hub.get(path).ok
        times.append(moment(read(hub, alice, token.id).get("last_activity")))
    assert times == sorted(times), times


@rule("tokens/use-is-the-owners-activity")
def test_use_is_the_owners_activity(user: User, hub: Hub) -> None:
    """Using a token is its owner's activity, too; being issued one by an admin is not."""
    token = user.token
    before = object_of(hub.get(user.path))
    assert before.get("last_activity", "absent") is None, before.get("last_activity", "absent")
    used = token.hub.get("/user")
    after = moment(object_of(hub.get(user.path)).get("last_activity"))
    assert seconds_apart(after, hub_time(used)) <= CLOCK_SLACK, (hub_time(used), after)


# --- expiry


@rule("tokens/expired-token-is-refused")
def test_expired_token_is_refused(shared: Sandbox) -> None:
    """An expired token can neither read, nor issue another, nor revoke."""
    owner = brief(shared).owner
    for token in brief(shared).expired():
        refused(token.hub.get("/user"), 403, explained=False)
        refused(token.hub.get(tokens_path(owner)), 403)
        refused(ask(token.hub, owner), 403, explained=False)
        refused(token.hub.delete(tokens_path(owner, brief(shared).lasting.id)), 403)


@rule("tokens/expired-token-is-not-listed")
def test_expired_token_is_not_listed(shared: Sandbox) -> None:
    """An expired token is in no list; the owner's other tokens stay."""
    made = brief(shared)
    expired = {token.id for token in made.expired()}
    for each in (shared.hub, made.lasting.hub):
        found = ids_of(each, made.owner)
        assert not expired & found, "an expired token is listed"
        assert made.lasting.id in found, "the token that has not expired is not listed"


@rule("tokens/expired-token-is-gone")
def test_expired_token_is_gone(shared: Sandbox) -> None:
    """Once a list has left an expired token out, its id is a 404."""
    made = brief(shared)
    expired = made.expired()
    listed(shared.hub, made.owner)
    for token in expired:
        refused(shared.hub.get(tokens_path(made.owner, token.id)), 404)
