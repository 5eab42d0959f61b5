"""What becomes of faults and rules, and how it is counted."""

from __future__ import annotations

import pytest

from hub_conformance.kills.fault import Fault
from hub_conformance.kills.learned import Learned
from hub_conformance.kills.record import Records, family_of
from hub_conformance.kills.trial import Outcome
from hub_conformance.rules import Rule


@pytest.mark.parametrize(
    ("id", "family"),
    [
        ("users/a", "users/a"),
        ("scopes/a[get-user]", "scopes/a"),
        ("contract/get-user/200", "contract/<operation>/<status>"),
        ("fuzz/get-user/no-server-error/500", "fuzz/<operation>/no-server-error"),
        ("fuzz/links/no-use-after-delete/get-user/200", "fuzz/links/no-use-after-delete"),
        ("fuzz/operation[get-user]", "fuzz/operation"),
    ],
)
def test_family(id: str, family: str) -> None:
    assert family_of(id) == family


@pytest.fixture
def records() -> Records:
    faults = [Fault(f"users/{n}", "users", "gross", "It.", frozenset()) for n in ("a", "b", "c")]
    rules = [
        Learned(0, Rule("users/x", "It holds."), "users/x[1]", 0),
        Learned(1, Rule("users/y", "It holds."), "users/y", 1),
        Learned(2, Rule("users/old", "It holds.", until="3.1"), "users/old"),
    ]
    return Records(faults, rules)


def test_a_fault_is_killed_by_a_failing_rule_or_by_the_pre_flight(records: Records) -> None:
    records.faults["users/a"].add(Outcome("users/a", 0, failed={"users/x[1]": "no"}), [0])
    records.faults["users/b"].add(Outcome("users/b", 0, refused="no hub"), [])
    assert [each.fault.name for each in records.survivors] == ["users/c"]
    assert records.faults["users/a"].first == "users/x[1]: no"
    assert records.faults["users/b"].first == "no hub"


def test_a_rule_is_killed_by_the_faults_that_any_of_its_cells_saw(records: Records) -> None:
    records.faults["users/a"].add(Outcome("users/a", 0, failed={"users/x[1]": "no"}), [0])
    assert records.killers == {"users/x": ["users/a"]}
    assert records.unseen == ["users/y"]


def test_rules_of_no_configuration_are_told_apart(records: Records) -> None:
    assert list(records.unchecked) == ["users/old"]


def test_several_trials_of_one_fault_add_up(records: Records) -> None:
    record = records.faults["users/a"]
    record.add(Outcome("users/a", 0, failed={"users/x[1]": "no"}, seconds=1.0), [0])
    record.add(Outcome("users/a", 1, failed={"users/y": "neither"}, seconds=2.0), [1])
    assert list(record.failed) == ["users/x[1]", "users/y"]
    assert record.ran == {0, 1}
    assert record.seconds == 3.0


def test_what_fails_without_the_fault_as_well_has_seen_nothing(records: Records) -> None:
    record = records.faults["users/a"]
    record.add(Outcome("users/a", 0, failed={"users/x[1]": "no", "users/y": "no"}), [0, 1])
    record.take_back(["users/x[1]"])
    assert list(record.failed) == ["users/y"]
    record.take_back(["users/y"])
    assert records.survivors[0] is record


@pytest.mark.parametrize(
    ("operation", "is_misleading"), [("post-user", False), ("get-groups", True)]
)
def test_a_gross_fault_is_to_be_told_by_a_call_that_it_touches(
    operation: str, is_misleading: bool
) -> None:
    gross = Fault("users/a", "users", "gross", "It.", frozenset({operation}))
    records = Records([gross], [Learned(0, Rule("users/x", "It holds."), "users/x", 0)])
    told = {"users/x": "<500 (It was planted.) to POST /hub/api/users/somebody>"}
    records.faults["users/a"].add(
        Outcome("users/a", 0, failed=told, cause="get-user answered"), [0]
    )
    assert bool(records.misleading) is is_misleading
