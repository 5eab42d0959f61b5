"""Every fault shows, and without one the hub is what it was."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from reference_hub.faults import FAULTS
from reference_hub.faults.tables import OPERATIONS

from . import script


@pytest.fixture(scope="module")
def hub() -> script.Session:
    return script.Session()


@pytest.fixture(scope="module")
def clean(hub: script.Session) -> script.Answers:
    return script.run(hub)


@pytest.fixture
def board(hub: script.Session) -> Iterator[script.Session]:
    yield hub
    for name in list(hub.board.on):
        hub.board.switch_off(name)


@pytest.mark.parametrize("name", FAULTS)
def test_every_fault_changes_an_answer(
    name: str, board: script.Session, clean: script.Answers
) -> None:
    board.board.on[name] = FAULTS[name]
    board.board.plant()
    assert script.shows(board, FAULTS[name].category, clean)


def test_a_hub_whose_faults_are_off_is_as_before(
    hub: script.Session, clean: script.Answers
) -> None:
    assert script.run(hub) == clean


def test_faults_name_operations_of_the_description() -> None:
    assert {each for fault in FAULTS.values() for each in fault.operations} <= OPERATIONS.keys()


def test_there_are_enough_and_a_third_are_subtle() -> None:
    grades = [fault.grade for fault in FAULTS.values()]
    assert len(grades) >= 150
    assert 3 * grades.count("subtle") >= len(grades)
    assert set(grades) <= {"gross", "medium", "subtle"}
