"""Which rules are run with a fault, and which first."""

from __future__ import annotations

from hub_conformance.kills.choice import for_fault, for_rules, is_about, ranked
from hub_conformance.kills.fault import Fault
from hub_conformance.kills.learned import Learned
from hub_conformance.kills.record import Record
from hub_conformance.rules import Rule

FAULT = Fault("users/one", "users", "subtle", "Something.", frozenset({"get-user", "patch-user"}))


def learned(index: int, id: str, *operations: str) -> Learned:
    rule = Rule(id.partition("[")[0], "It holds.")
    return Learned(index, rule, id, 0, frozenset(operations))


def ids(rules: list[Learned]) -> list[str]:
    return [rule.id for rule in rules]


def test_a_rule_is_about_a_fault_whose_operations_it_calls() -> None:
    assert is_about(learned(0, "groups/a", "get-group", "get-user"), FAULT)
    assert not is_about(learned(0, "groups/a", "get-users"), FAULT)


def test_a_rule_is_about_the_faults_of_its_chapter() -> None:
    assert is_about(learned(0, "users/a"), FAULT)
    assert is_about(learned(0, "users/a", "get-users"), FAULT)
    assert not is_about(learned(0, "sessions/a"), FAULT)


def test_rules_that_call_something_else_come_last() -> None:
    rules = [
        learned(0, "users/a", "get-users"),
        learned(1, "users/b"),
        learned(2, "groups/c", "get-user"),
    ]
    assert ids(ranked(rules, FAULT)) == ["users/b", "groups/c", "users/a"]


def test_rules_of_the_chapter_come_first_and_each_with_its_best_cell() -> None:
    rules = [
        learned(0, "groups/a", "get-user"),
        learned(1, "users/a[x]", "get-user", "get-users", "post-user"),
        learned(2, "users/a[y]", "get-user", "patch-user"),
        learned(3, "fuzz/operation[get-user]", "get-user"),
    ]
    expected = ["users/a[y]", "groups/a", "users/a[x]", "fuzz/operation[get-user]"]
    assert ids(ranked(rules, FAULT)) == expected


def test_what_saw_a_fault_before_is_run_in_any_case_and_first() -> None:
    rules = [learned(0, "users/a", "get-user"), learned(1, "tokens/b", "get-user-tokens")]
    found, at_least = for_fault(rules, FAULT, ["tokens/b"])
    assert ids(found) == ["tokens/b", "users/a"]
    assert at_least == 1


def test_a_rule_that_saw_nothing_is_tried_with_the_likeliest_faults_it_was_not_run_with() -> None:
    wide = Fault("users/wide", "users", "gross", "All.", frozenset({"get-user", "x", "y"}))
    rules = [learned(0, "users/a", "get-user"), learned(1, "users/seen", "get-user")]
    records = [Record(wide), Record(FAULT)]
    chosen = for_rules(rules, records, {"users/a"}, 1)
    assert {fault: ids(found) for fault, found in chosen.items()} == {"users/one": ["users/a"]}
    records[1].ran.add(0)
    assert list(for_rules(rules, records, {"users/a"}, 1)) == ["users/wide"]


def test_what_no_matrix_knows_yet_is_tried_first() -> None:
    new = Fault("groups/new", "groups", "gross", "It.", frozenset({"get-user", "x", "y", "z"}))
    rules = [learned(0, "users/a", "get-user")]
    records = [Record(FAULT), Record(new)]
    assert list(for_rules(rules, records, {"users/a"}, 1, {"users/one"})) == ["groups/new"]
