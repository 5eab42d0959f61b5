"""The rules on a real JupyterHub that faults are planted in: what they see is really there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from .faults import CONFIG, SEEN_BY, SWITCHES
from .hub import RealHub
from .test_suite import run_suite


@pytest.fixture(scope="module")
def faulty() -> Iterator[RealHub]:
    """JupyterHub 6.1 with every fault planted, and none switched on."""
    with RealHub("6.1", extra_config=CONFIG) as hub:
        yield hub


def rules(names: tuple[str, ...]) -> list[str]:
    """The options that select these rules."""
    return [f"--hub-rule={name}" for name in names]


def test_every_fault_is_off_at_first(faulty: RealHub, tmp_path: Path) -> None:
    """With no fault switched on, rules that see one hold."""
    sees = ("users/renamed-back-is-the-same-user", "servers/rename-changes-nothing-else")
    outcome = run_suite(tmp_path, faulty, faulty.admin_token, *rules(sees))
    assert outcome.status == 0, outcome
    assert outcome.of("passed") == set(sees), outcome


@pytest.mark.parametrize("fault", ["rename-counts-as-activity", "rename-starts-counting-anew"])
def test_a_fault_is_seen(faulty: RealHub, tmp_path: Path, fault: str) -> None:
    """Two of the faults, in every run."""
    check(faulty, tmp_path, fault)


@pytest.mark.nightly
@pytest.mark.parametrize("fault", SEEN_BY)
def test_every_fault_is_seen(faulty: RealHub, tmp_path: Path, fault: str) -> None:
    """Each fault turns the rule red that is named for it."""
    check(faulty, tmp_path, fault)


def check(hub: RealHub, folder: Path, fault: str) -> None:
    """With the fault switched on, each of its rules fails (and the check of answers may, too)."""
    switches = hub.directory / SWITCHES
    switches.write_text(fault)
    try:
        outcome = run_suite(folder, hub, hub.admin_token, *rules(SEEN_BY[fault]))
    finally:
        switches.unlink()
    seen = {each.partition("[")[0] for each in SEEN_BY[fault]}
    assert seen <= outcome.of("failed"), outcome
