from __future__ import annotations

import pytest

from reference_hub.core import access, tokens
from reference_hub.core.hub import Hub
from tests.reference_hub.tools import SECRETS, START, Ask, FakeClock, refusal


@pytest.mark.parametrize(
    "header", ["token abc", "Token abc", "bearer abc", "Bearer  abc", "BEARER abc "]
)
def test_both_schemes_in_any_case(header: str) -> None:
    assert access.secret_in(header) == "abc"


@pytest.mark.parametrize("header", ["", "token", "abc", "Basic abc", "token a b", "tokenabc"])
def test_headers_without_a_token(header: str) -> None:
    assert access.secret_in(header) is None


def test_a_used_token_and_its_user_were_active(hub: Hub, clock: FakeClock) -> None:
    clock.advance(60)
    requester = access.identify(hub, f"token {SECRETS['ann']}")
    assert requester is not None
    assert requester.token.last_activity == clock.now
    assert requester.owner.last_activity == clock.now


def test_what_a_server_does_is_not_its_users_activity(hub: Hub) -> None:
    ann = hub.find_user("ann")
    assert ann is not None
    token, secret = tokens.issue(hub, ann, is_server=True)
    access.identify(hub, f"token {secret}")
    assert token.last_activity == START
    assert ann.last_activity is None


def test_unknown_and_expired_tokens_are_nobodys(hub: Hub, clock: FakeClock) -> None:
    ann = hub.find_user("ann")
    assert ann is not None
    _, secret = tokens.issue(hub, ann, expires_in=5)
    assert access.identify(hub, "token nope") is None
    assert access.identify(hub, f"token {secret}") is not None
    clock.advance(5)
    assert access.identify(hub, f"token {secret}") is None


def test_the_three_refusals(ask: Ask) -> None:
    with refusal(403):
        ask.call(None).require("read:users", kind="user", name="ann")
    with refusal(403):
        ask.call("ann").require("read:hub")
    with refusal(403):
        ask.call("ann").require("read:groups", kind="group", name="team")
    with refusal(404):
        ask.call("ann").require("read:users", kind="user", name="bob")
    with refusal(404):
        ask.call("ann").require("read:users", kind="user", name="nobody")


def test_filtered_scopes_do_not_count_where_there_is_no_resource(ask: Ask) -> None:
    secret = ask.token("admin", "list:users!user=ann")
    with refusal(403):
        ask.call(secret).require("list:users")
    assert ask.call(secret).require_some("list:users").token.scopes == ("list:users!user=ann",)
    with refusal(403):
        ask.call(secret).require_some("list:groups")


def test_any_of_several_scopes_will_do(ask: Ask) -> None:
    ask.call("ann").require("read:hub", "tokens", kind="user", name="ann")


def test_scopes_alone_make_no_admin(ask: Ask) -> None:
    access.require_admin(ask.call("admin").require("read:hub"), "do this")
    with refusal(403):
        access.require_admin(ask.call("ann").require("tokens", kind="user", name="ann"), "do this")
