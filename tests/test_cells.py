from __future__ import annotations

import pytest

from hub_conformance.baseline import Baseline, Known
from hub_conformance.cells import Table, cell_id, judged, summed
from hub_conformance.rules import CellsFailed, Rule
from hub_conformance.verdicts import Verdict

RULE = Rule("scopes/alone", "It holds.")
SHOULD = Rule("scopes/alone", "It holds.", level="SHOULD")
ID = "scopes/alone[get-user]"


def table(**cells: str) -> Table:
    """A table of these cells, each with what is wrong about it."""
    made = Table()
    for name, wrong in cells.items():
        made.add(name, wrong)
    return made


def baseline(*ids: str, judged: tuple[str, ...] = (), intermittent: bool = False) -> Baseline:
    known = {each: Known(each, "Known.", intermittent=intermittent) for each in ids}
    return Baseline("b", judged, known)


def verdicts(found: Table, known: Baseline, rule: Rule = RULE, version: str = "6.1.1") -> list[str]:
    cells = judged(found, rule, ID, known, version=version, strict=False)
    return [each.name for each in cells.values()]


def test_ids_of_cells() -> None:
    assert cell_id(ID, "read:users!user=its") == "scopes/alone[get-user/read:users!user=its]"
    assert cell_id("scopes/alone", "read:users") == "scopes/alone[read:users]"


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        (baseline(), ["passed", "failed", "failed"]),
        (baseline(f"{ID[:-1]}/two]"), ["passed", "known", "failed"]),
        (baseline(ID), ["passed", "known", "known"]),
        (baseline("scopes/alone"), ["passed", "known", "known"]),
        (baseline(f"{ID[:-1]}/one]"), ["stale", "failed", "failed"]),
        (baseline(f"{ID[:-1]}/one]", judged=("6.1.0",)), ["passed", "failed", "failed"]),
        (baseline(f"{ID[:-1]}/one]", intermittent=True), ["passed", "failed", "failed"]),
    ],
)
def test_each_cell_has_a_verdict_of_its_own(known: Baseline, expected: list[str]) -> None:
    assert verdicts(table(one="", two="wrong", three="wrong"), known) == expected


def test_a_recommendation_is_warned_about() -> None:
    assert verdicts(table(one="wrong"), baseline(), SHOULD) == ["warned"]


def test_what_is_wrong_for_want_of_a_right_is_untried() -> None:
    lacking = iter(["", "the token has not the scope x", "the token has not the scope x", ""])
    found = Table(lambda: next(lacking))
    for name, wrong in {"one": "wrong", "two": "", "three": "wrong", "four": "wrong"}.items():
        found.add(name, wrong)
    assert verdicts(found, baseline()) == ["failed", "passed", "untested", "failed"]


def test_two_cells_have_two_names() -> None:
    with pytest.raises(ValueError, match="two cells"):
        table(one="").add("one")


def test_all_wrong_cells_are_told_at_once() -> None:
    with pytest.raises(CellsFailed, match=r"2 of 3 cells are wrong:\n  a\n  b") as caught:
        table(one="a", two="", three="b").judge()
    assert caught.value.failed == 2


def test_a_table_without_cells_does_not_apply() -> None:
    with pytest.raises(pytest.skip.Exception, match="not applicable"):
        Table().judge()


@pytest.mark.parametrize(
    ("names", "worst"),
    [
        (["passed", "passed"], "passed"),
        (["passed", "known"], "known"),
        (["known", "untested"], "untested"),
        (["untested", "stale"], "stale"),
        (["stale", "failed", "known"], "failed"),
    ],
)
def test_the_worst_cell_is_the_rules_verdict(names: list[str], worst: str) -> None:
    cells = {f"{number}": Verdict(name, "why") for number, name in enumerate(names)}
    assert summed(cells).name == worst
