from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from reference_hub.core import boot
from reference_hub.core.hub import Hub, Settings
from reference_hub.core.operations import info, tokens
from tests.reference_hub.tools import SECRETS, Ask, FakeClock


def issue(ask: Ask, user: str = "ann", who: str = "ann", **body: Any) -> dict[str, Any]:
    answer = ask(tokens.create_token, user, who=who, body=body)
    assert answer.status == 201, answer
    model: dict[str, Any] = answer.value
    return model


def test_a_new_token_inherits_and_shows_its_secret_once(ask: Ask) -> None:
    model = issue(ask, note="mine")
    assert model["user"] == "ann"
    assert model["note"] == "mine"
    assert set(model["scopes"]) == set(ask(info.identity, who="ann").value["scopes"])
    assert model["expires_at"] is None
    assert model["last_activity"] is None
    assert ask(info.identity, who=model["token"]).value["token_id"] == model["id"]
    again = ask(tokens.read_token, "ann", model["id"], who="ann").value
    listed = ask(tokens.list_tokens, "ann", who="ann").value["api_tokens"]
    assert "token" not in again
    assert again in listed
    assert all("token" not in each for each in listed)


@pytest.mark.parametrize(
    ("auth", "status"),
    [
        ({"username": "Ann", "password": "of all"}, 201),
        ({"username": "bob", "password": "of all"}, 403),
        ({"username": "nobody", "password": "of all"}, 403),
        ({"username": "ann", "password": "of none"}, 403),
        ({"username": "ann"}, 403),
        ("ann", 403),
        (None, 403),
    ],
)
def test_a_password_is_as_good_as_a_token(ask: Ask, hub: Hub, auth: Any, status: int) -> None:
    hub.settings = replace(hub.settings, password="of all")
    answer = ask(tokens.create_token, "ann", who="", body={"auth": auth})
    assert answer.status == status
    assert hub.find_user("nobody") is None
    hub.settings = replace(hub.settings, password="")
    assert ask(tokens.create_token, "ann", who="", body={"auth": auth}).status == 403


def test_scopes_are_kept_to(ask: Ask) -> None:
    secret = issue(ask, scopes=["read:users:name!user"])["token"]
    assert ask(tokens.list_tokens, "ann", who=secret).status == 403


def test_no_scopes_at_all(ask: Ask) -> None:
    model = issue(ask, scopes=[])
    assert set(model["scopes"]) == {"read:users:name!user=ann", "read:users:groups!user=ann"}
    assert issue(ask, roles=[])["scopes"] == model["scopes"]


def test_roles_are_taken_as_their_scopes(ask: Ask) -> None:
    assert "users:activity!user=ann" in issue(ask, roles=["server"])["scopes"]
    assert "tokens!user=ann" in issue(ask, roles=["user"])["scopes"]


def test_notes_have_a_default_that_says_where_from(ask: Ask) -> None:
    assert "by" not in issue(ask)["note"].split()
    assert issue(ask, who="admin", note="")["note"].endswith("by user admin")
    assert issue(ask, who="boss", note=None)["note"].endswith("by service boss")


_REFUSED: list[Any] = [
    "x",
    [1],
    {"note": 5},
    {"note": "\ud800"},
    {"scopes": "self"},
    {"scopes": [1]},
    {"scopes": {}},
    {"scopes": ["bogus"]},
    {"scopes": ["read:users"]},
    {"scopes": ["self"], "roles": ["user"]},
    {"roles": ["bogus"]},
    {"roles": "user"},
    {"roles": ["admin"]},
    {"expires_in": 0},
    {"expires_in": -1},
    {"expires_in": "x"},
    {"expires_in": 1.5},
    {"expires_in": True},
    {"expires_in": 10**12},
    {"expires_in": []},
]


@pytest.mark.parametrize("body", _REFUSED)
def test_bodies_that_are_refused(ask: Ask, body: Any) -> None:
    before = ask(tokens.list_tokens, "ann").value
    assert ask(tokens.create_token, "ann", body=body).status == 400
    assert len(ask(tokens.list_tokens, "ann").value["api_tokens"]) == len(before["api_tokens"])


def test_a_bad_body_is_refused_before_a_bad_token(ask: Ask) -> None:
    assert ask(tokens.create_token, "ann", who=None, raw=b"{").status == 400
    assert ask(tokens.create_token, "ann", who=None).status == 403


def test_absent_and_forbidden_users_are_the_same(ask: Ask) -> None:
    hidden = ask(tokens.create_token, "bob", who="ann")
    absent = ask(tokens.create_token, "nobody", who="ann")
    assert hidden.status == absent.status == 403
    # Even for those who may issue tokens for everybody.
    assert ask(tokens.create_token, "nobody").status == 403
    assert ask(tokens.create_token, "boss").status == 403


def test_expired_tokens_vanish(ask: Ask, clock: FakeClock) -> None:
    model = issue(ask, expires_in=10)
    clock.advance(9)
    assert ask(info.identity, who=model["token"]).status == 200
    clock.advance(1)
    assert ask(info.identity, who=model["token"]).status == 403
    assert ask(tokens.read_token, "ann", model["id"], who="ann").status == 404
    listed = ask(tokens.list_tokens, "ann", who="ann").value["api_tokens"]
    assert model["id"] not in [token["id"] for token in listed]


def test_lives_can_be_limited(settings: Settings, clock: FakeClock) -> None:
    limited = replace(settings, token_expires_in_max_seconds=60)
    ask = Ask(boot.reset(Hub(limited, clock)))
    assert issue(ask)["expires_at"] == "2030-01-01T12:01:00.000000Z"
    assert issue(ask, expires_in=60)["expires_at"] == "2030-01-01T12:01:00.000000Z"
    assert ask(tokens.create_token, "ann", who="ann", body={"expires_in": 61}).status == 400


def test_revoked_tokens_stop_working(ask: Ask) -> None:
    model = issue(ask)
    assert ask(tokens.delete_token, "ann", model["id"], who="ann").status == 204
    assert ask(info.identity, who=model["token"]).status == 403
    assert ask(tokens.delete_token, "ann", model["id"], who="ann").status == 404


def test_anothers_token_is_not_reached_through_ones_own_path(ask: Ask) -> None:
    model = issue(ask, "bob", "bob")
    for operation in (tokens.read_token, tokens.delete_token):
        assert ask(operation, "ann", model["id"], who="ann").status == 404
        assert ask(operation, "ann", model["id"], who="admin").status == 404
        assert ask(operation, "bob", model["id"], who="ann").status == 404
    assert ask(info.identity, who=model["token"]).status == 200


def test_the_least_recently_used_comes_first(ask: Ask, clock: FakeClock) -> None:
    first = issue(ask)
    clock.advance(1)
    second = issue(ask)
    clock.advance(1)
    ask.call(first["token"])
    listed = ask(tokens.list_tokens, "ann").value["api_tokens"]
    order = [token["id"] for token in listed]
    assert order.index(second["id"]) < order.index(first["id"])
    assert listed[-1]["last_activity"] == "2030-01-01T12:00:02.000000Z"


def test_reading_tokens_does_not_allow_revoking(ask: Ask) -> None:
    reader = ask.token("admin", "read:tokens")
    model = issue(ask)
    assert ask(tokens.list_tokens, "ann", who=reader).status == 200
    assert ask(tokens.delete_token, "ann", model["id"], who=reader).status == 403
    assert ask(tokens.create_token, "ann", who=reader).status == 403


def test_secrets_differ_from_token_to_token(ask: Ask) -> None:
    secrets = {issue(ask)["token"] for _ in range(5)} | set(SECRETS.values())
    assert len(secrets) == 5 + len(SECRETS)
