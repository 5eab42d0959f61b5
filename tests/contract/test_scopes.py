"""The expander: examples from the documentation, and what must hold whatever the scopes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub_conformance import contract
from hub_conformance.contract import scopes
from hub_conformance.contract.scopes import Resource, UnknownScope

TABLE = contract.scope_table("6.1")
GROUPS = {"ann": {"g"}, "bob": {"g", "h"}, "cat": set[str]()}
ANN, BOB = (Resource("user", name, groups=frozenset(GROUPS[name])) for name in ("ann", "bob"))
ANNS = Resource("server", "x", "ann", frozenset({"g"}))
SERVICE = Resource("service", "s")
NEWEST = contract.operations("6.1")

metascopes = {"self", "inherit", "(no_scope)"}
filters = st.sampled_from(
    ["", "", "!user", "!server", "!service", "!service=s"]
    + [f"!user={name}" for name in GROUPS]
    + [f"!group={name}" for name in "gh"]
    + [f"!server={name}/{server}" for name in GROUPS for server in ("", "x")]
)
plain = st.builds("{}{}".format, st.sampled_from(sorted(set(TABLE) - metascopes)), filters)
raw = st.frozensets(st.one_of(plain, st.sampled_from(sorted(metascopes - {"inherit"}))), max_size=6)
owners = st.sampled_from([None, ANN, BOB, SERVICE])
clients = st.sampled_from([None, ANNS, SERVICE])
resources = st.sampled_from(
    [
        ANN,
        BOB,
        ANNS,
        Resource("server", "", "bob", frozenset("gh")),
        Resource("group", "g"),
        SERVICE,
    ]
)


def expand(*texts: str, owner: Resource | None = ANN, client: Resource | None = None) -> set[str]:
    return set(scopes.expand(texts, TABLE, owner=owner, client=client))


def reach(held: frozenset[str], resource: Resource) -> set[str]:
    """The scopes that are held for an object."""
    return {scope for scope in TABLE if scopes.allows(held, scope, resource)}


def test_subscopes_come_along() -> None:
    assert expand("list:groups") == {"list:groups", "read:groups:name"}


def test_subscopes_keep_the_filter() -> None:
    assert expand("list:groups!group=g") == {"list:groups!group=g", "read:groups:name!group=g"}


def test_a_filter_for_a_server_shows_no_user() -> None:
    assert expand("read:servers!server=ann/x") == {"read:servers!server=ann/x"}


def test_ones_own() -> None:
    assert expand("tokens!user") == {"tokens!user=ann", "read:tokens!user=ann"}
    assert expand("access:servers!server", client=ANNS) == {"access:servers!server=ann/x"}
    assert expand("access:services!service", owner=SERVICE) == {"access:services!service=s"}


def test_ones_own_is_nothing_where_there_is_none() -> None:
    assert expand("tokens!user", owner=SERVICE) == set()
    assert expand("tokens!user", owner=None) == set()
    assert expand("access:servers!server") == set()


def test_self() -> None:
    assert {"servers!user=ann", "start:servers!user=ann", "tokens!user=ann"} <= expand("self")
    assert all(each.endswith("!user=ann") for each in expand("self"))
    assert expand("self", owner=SERVICE) == set()


def test_self_by_version() -> None:
    old = scopes.expand({"self"}, contract.scope_table("4.1"), owner=ANN)
    assert not any("share" in each or each.startswith("start:") for each in old)
    assert "delete:servers!user=ann" in old


def test_inherit_is_all_that_the_owner_has() -> None:
    owner_scopes = scopes.expand({"self", "list:users"}, TABLE, owner=ANN)
    assert scopes.token_scopes({"inherit"}, ANN, owner_scopes, TABLE) == owner_scopes
    assert scopes.excess_scopes({"inherit"}, ANN, owner_scopes, TABLE) == frozenset()


def test_a_token_can_do_no_more_than_its_owner() -> None:
    owner_scopes = scopes.expand({"self"}, TABLE, owner=ANN)
    held = scopes.token_scopes({"tokens", "shutdown"}, ANN, owner_scopes, TABLE)
    assert {"tokens!user=ann", "read:tokens!user=ann"} < held
    assert not any(each.startswith("shutdown") for each in held)
    assert scopes.excess_scopes({"shutdown"}, ANN, owner_scopes, TABLE) == {"shutdown"}


def test_every_token_can_tell_its_owner() -> None:
    held = scopes.token_scopes(set(), ANN, scopes.expand({"self"}, TABLE, owner=ANN), TABLE)
    assert held == {"read:users:name!user=ann", "read:users:groups!user=ann"}


def test_a_token_from_oauth_reaches_the_server_it_is_for() -> None:
    owner_scopes = scopes.expand({"self"}, TABLE, owner=ANN)
    held = scopes.token_scopes(set(), ANN, owner_scopes, TABLE, client=ANNS)
    assert "access:servers!server=ann/x" in held


@pytest.mark.parametrize(
    ("one", "other", "common"),
    [
        ("servers", "servers!user=ann", {"servers!user=ann"}),
        ("servers!server=ann/x", "servers!user=ann", {"servers!server=ann/x"}),
        ("servers!server=ann/x", "servers!user=bob", set()),
        ("servers!server=ann/x", "servers!group=g", {"servers!server=ann/x"}),
        ("servers!user=ann", "servers!group=g", {"servers!user=ann"}),
        ("servers!user=ann", "servers!group=h", set()),
        ("servers!group=g", "servers!group=h", set()),
        ("servers!user=ann", "tokens!user=ann", set()),
    ],
)
def test_intersection(one: str, other: str, common: set[str]) -> None:
    assert scopes.intersect({one}, {other}, GROUPS) == common
    assert scopes.intersect({other}, {one}, GROUPS) == common


@pytest.mark.parametrize(
    "text", ["nonsense", "users!", "users!colour=red", "users!group", "users!user=", "users!group="]
)
def test_what_is_no_scope_is_refused(text: str) -> None:
    with pytest.raises(UnknownScope):
        scopes.expand({text}, TABLE, owner=ANN)


@given(raw, owners, clients)
def test_expanding_again_changes_nothing(
    held: frozenset[str], owner: Resource | None, client: Resource | None
) -> None:
    once = scopes.expand(held, TABLE, owner=owner, client=client)
    assert scopes.expand(once, TABLE, owner=owner, client=client) == once


@given(raw, raw, owners, resources)
def test_scopes_add_up(
    one: frozenset[str], other: frozenset[str], owner: Resource | None, resource: Resource
) -> None:
    def reached(held: frozenset[str]) -> set[str]:
        return reach(scopes.expand(held, TABLE, owner=owner), resource)

    assert reached(one | other) == reached(one) | reached(other)


@given(raw, owners)
def test_no_scope_is_held_both_with_and_without_a_filter(
    held: frozenset[str], owner: Resource | None
) -> None:
    expanded = scopes.expand(held, TABLE, owner=owner)
    assert not {each.partition("!")[0] for each in expanded if "!" in each} & expanded


@given(raw, raw, resources)
def test_what_two_sets_have_in_common_is_what_both_reach(
    one: frozenset[str], other: frozenset[str], resource: Resource
) -> None:
    left, right = (scopes.expand(each, TABLE, owner=ANN) for each in (one, other))
    common = scopes.intersect(left, right, GROUPS)
    assert common == scopes.intersect(right, left, GROUPS)
    reached = reach(common, resource)
    assert reached <= reach(left, resource) & reach(right, resource)


@given(raw, resources)
def test_a_set_has_itself_in_common_with_itself(held: frozenset[str], resource: Resource) -> None:
    expanded = scopes.expand(held, TABLE, owner=ANN)
    again = scopes.intersect(expanded, expanded, GROUPS)
    assert reach(again, resource) == reach(expanded, resource)


@given(raw, raw, clients, resources)
def test_a_token_never_reaches_further_than_its_owner(
    asked: frozenset[str], owned: frozenset[str], client: Resource | None, resource: Resource
) -> None:
    owner_scopes = scopes.expand(owned, TABLE, owner=ANN)
    held = scopes.token_scopes(asked, ANN, owner_scopes, TABLE, client=client, groups=GROUPS)
    assert reach(held, resource) <= reach(owner_scopes, resource)


@given(raw)
def test_parsing_and_printing_are_each_others_inverse(held: frozenset[str]) -> None:
    for text in held:
        assert str(scopes.parse(text)) == text


@pytest.mark.parametrize(
    ("held", "operation", "resource", "status"),
    [
        ({"read:users:name"}, "get-user", ANN, None),
        ({"read:users:name!group=g"}, "get-user", ANN, None),
        ({"read:users:name!user=bob"}, "get-user", ANN, 404),
        ({"read:users:name!group=h"}, "get-user", ANN, 404),
        ({"list:users"}, "get-user", ANN, 403),
        ({"list:users!user=ann"}, "get-users", None, None),
        ({"list:users!server=ann/x"}, "get-users", None, 403),
        ({"list:users!server=ann/x", "list:users!user=ann"}, "get-users", None, 403),
        ({"list:groups!user=ann"}, "get-groups", None, 403),
        ({"admin:users!user=ann"}, "post-users", None, 403),
        ({"tokens!user=bob"}, "post-user-tokens", ANN, 403),
        ({"tokens!user=bob"}, "delete-user-token", ANN, 404),
        ({"delete:servers!user=ann"}, "delete-user-server-name", ANNS, None),
        ({"delete:servers!group=g"}, "delete-user-server-name", ANNS, None),
        ({"delete:servers!server=ann/y"}, "delete-user-server-name", ANNS, 404),
        (set[str](), "get-current-user", None, None),
    ],
)
def test_refusal(
    held: set[str], operation: str, resource: Resource | None, status: int | None
) -> None:
    assert scopes.refusal(NEWEST[operation], held, resource) == status


def test_before_5_0_a_filter_did_not_refuse_what_names_nothing() -> None:
    older = contract.operations("4.1")["post-users"]
    assert scopes.refusal(older, {"admin:users!user=ann"}, None) is None
