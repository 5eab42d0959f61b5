from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference_hub.core import scopes
from reference_hub.core.scopes import Owner, ScopeTable
from tests.reference_hub.tools import refusal

TABLE = ScopeTable()
ANN = Owner("user", "ann")
MEMBERS = {"ann": {"team"}, "bob": {"others"}}


def groups_of(name: str) -> set[str]:
    return MEMBERS.get(name, set())


def expand(*raw: str, owner: Owner = ANN) -> frozenset[str]:
    return TABLE.expand(raw, owner)


def intersect(left: set[str], right: set[str]) -> set[str]:
    return set(scopes.intersect(frozenset(left), frozenset(right), groups_of))


def test_a_scope_brings_everything_below_it() -> None:
    assert expand("read:users") == {
        "read:users",
        "read:users:name",
        "read:users:groups",
        "read:users:activity",
    }


def test_a_filter_applies_to_subscopes() -> None:
    assert expand("list:groups!group=team") == {
        "list:groups!group=team",
        "read:groups:name!group=team",
    }


def test_a_server_filter_does_not_reach_users() -> None:
    assert expand("read:servers!server=ann/x") == {"read:servers!server=ann/x"}
    assert "read:users:name!user=ann" in expand("read:servers!user=ann")


def test_self_is_the_owner_and_nothing_for_services() -> None:
    mine = expand("self")
    assert "read:users:name!user=ann" in mine
    assert "access:servers!user=ann" in mine
    assert all(scope.endswith("!user=ann") for scope in mine)
    assert expand("self", owner=Owner("service", "svc")) == frozenset()


def test_bare_filters_name_the_owner_or_vanish() -> None:
    assert expand("read:users:name!user") == {"read:users:name!user=ann"}
    assert expand("access:services!service") == frozenset()
    svc = Owner("service", "svc")
    assert expand("access:services!service", owner=svc) == {"access:services!service=svc"}
    assert expand("access:servers!server") == frozenset()


def test_unfiltered_swallows_filtered() -> None:
    assert expand("read:hub", "tokens", "tokens!user=bob") == {"read:hub", "tokens", "read:tokens"}


def test_expansion_ends_where_custom_scopes_go_round() -> None:
    table = ScopeTable(
        {
            "custom:one": {"description": "", "subscopes": ["custom:two"]},
            "custom:two": {"description": "", "subscopes": ["custom:one"]},
        }
    )
    both = {"custom:one", "custom:two"}
    assert table.expand(["custom:one"], ANN) == both
    assert table.expand(["custom:two"], ANN) == both


@pytest.mark.parametrize(
    "scope", ["read:users", "read:users!user", "tokens!group=x", "servers!server=a/", "self"]
)
def test_scopes_that_exist(scope: str) -> None:
    TABLE.check_exist([scope])


@pytest.mark.parametrize(
    "scope", ["all", "", "bogus", "read:users!x=y", "read:users!user=", "read:users!group"]
)
def test_scopes_that_do_not(scope: str) -> None:
    with refusal(400):
        TABLE.check_exist([scope])


@pytest.mark.parametrize(
    ("filters", "kind", "name", "expected"),
    [
        (None, "user", "ann", True),
        ({"user": {"ann"}}, "user", "ann", True),
        ({"user": {"ann"}}, "user", "bob", False),
        ({"group": {"team"}}, "user", "ann", True),
        ({"group": {"team"}}, "user", "bob", False),
        ({"group": {"team"}}, "group", "team", True),
        ({"group": {"team"}}, "server", "ann/x", True),
        ({"user": {"ann"}}, "server", "ann/x", True),
        ({"server": {"ann/x"}}, "server", "ann/x", True),
        ({"server": {"ann/x"}}, "server", "ann/", False),
        ({"server": {"ann/x"}}, "user", "ann", False),
        ({"service": {"svc"}}, "service", "svc", True),
        ({"user": {"svc"}}, "service", "svc", False),
        ({"user": {"bob"}, "group": {"team"}}, "user", "ann", True),
    ],
)
def test_what_filters_cover(
    filters: dict[str, set[str]] | None, kind: str, name: str, expected: bool
) -> None:
    frozen = None if filters is None else {key: frozenset(filters[key]) for key in filters}
    assert scopes.covers(frozen, kind, name, groups_of) is expected


def test_intersection_is_what_both_allow() -> None:
    assert intersect({"tokens"}, {"tokens!user=ann"}) == {"tokens!user=ann"}
    assert intersect({"tokens!user=ann"}, {"tokens!user=bob"}) == set()
    assert intersect({"tokens"}, {"proxy"}) == set()
    assert intersect({"servers!server=ann/x"}, {"servers!user=ann"}) == {"servers!server=ann/x"}
    assert intersect({"servers!server=ann/x"}, {"servers!group=team"}) == {"servers!server=ann/x"}
    assert intersect({"tokens!user=ann"}, {"tokens!group=team"}) == {"tokens!user=ann"}
    assert intersect({"tokens!user=bob"}, {"tokens!group=team"}) == set()


def test_groups_are_not_dissolved_into_their_members() -> None:
    assert intersect({"tokens!group=team"}, {"tokens!group=team"}) == {"tokens!group=team"}
    assert intersect({"tokens!group=team"}, {"tokens!group=others"}) == set()


_FILTERS = ["", "!user=ann", "!user=bob", "!group=team", "!server=ann/x"]
_SCOPE_SETS = st.frozensets(
    st.builds(
        "{}{}".format, st.sampled_from(["tokens", "servers", "proxy"]), st.sampled_from(_FILTERS)
    )
)
_PROBES = [
    ("user", "ann"),
    ("user", "bob"),
    ("server", "ann/x"),
    ("server", "ann/"),
    ("group", "team"),
]


@given(_SCOPE_SETS, _SCOPE_SETS)
def test_an_intersection_allows_exactly_what_both_allow(
    left: frozenset[str], right: frozenset[str]
) -> None:
    both = scopes.parse(scopes.intersect(left, right, groups_of))
    one, other = scopes.parse(left), scopes.parse(right)
    for scope in ("tokens", "servers", "proxy"):
        for kind, name in _PROBES:
            held = [scopes.allows(grants, scope, kind, name, groups_of) for grants in (one, other)]
            assert scopes.allows(both, scope, kind, name, groups_of) is all(held)


@given(_SCOPE_SETS)
def test_parsing_and_back_is_reduction(expanded: frozenset[str]) -> None:
    reduced = scopes.reduce(expanded)
    assert reduced <= expanded
    assert scopes.unparse(scopes.parse(reduced)) == reduced


def test_who_somebody_is_can_always_be_asked() -> None:
    assert scopes.identify(ANN) == {"read:users:name!user=ann", "read:users:groups!user=ann"}
    assert scopes.identify(Owner("service", "svc")) == {"read:services:name!service=svc"}
