"""Workers of pytest-xdist: together they have no more users on a hub than one run may."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from hub_conformance.embedded import EmbeddedHub
from hub_conformance.turns import Turns

#: Rules of two files that count all users of the run, of whichever worker.
RULES = """
    import pytest
    from hub_conformance import rule

    def check(sandbox, number):
        users = sandbox.users(number)
        run = sandbox.run.rpartition("-gw")[0]
        found = sandbox.hub.get("/users", params={"name_filter": run, "limit": 100}).json
        assert number <= len(found) <= 5, [each["name"] for each in found]

    @pytest.mark.parametrize("turn", range(8))
    @rule("mine/FILE-few")
    def test_few(sandbox, turn):
        \"\"\"There is a share for each worker.\"\"\"
        check(sandbox, 2)

    @pytest.mark.parametrize("turn", range(8))
    @rule("mine/FILE-many")
    def test_many(user, sandbox, turn):
        \"\"\"It takes more than a share.\"\"\"
        check(sandbox, 4)
"""


def two(folder: Path, most: int = 20) -> tuple[Turns, Turns]:
    return Turns(most, 2, str(folder), "gw0"), Turns(most, 2, str(folder), "gw1")


def test_the_only_process_has_all_there_is() -> None:
    turns = Turns(20)
    assert (turns.room, turns.can_have_more, turns.is_divided) == (20, False, False)
    assert turns.begin() == 0.0
    turns.end(3)


def test_workers_that_have_no_place_in_common_keep_to_their_shares(tmp_path: Path) -> None:
    turns = Turns(20, 3, str(tmp_path / "elsewhere"), "gw0")
    assert turns.begin() == 0.0
    assert (turns.room, turns.can_have_more) == (6, False)


def test_shares_are_had_at_the_same_time(tmp_path: Path) -> None:
    one, other = two(tmp_path)
    for each in (one, other):
        assert each.begin() < 5
        assert each.room == 10
        assert each.can_have_more


def test_who_takes_more_waits_until_the_other_has_ended(tmp_path: Path) -> None:
    one, other = two(tmp_path)
    one.begin()
    other.ask_for_all()
    assert not other.can_have_more
    waiting = threading.Thread(target=other.begin)
    waiting.start()
    waiting.join(0.2)
    assert waiting.is_alive()
    one.end(3)
    waiting.join(10)
    assert other.room == 17
    again = threading.Thread(target=one.begin)
    again.start()
    again.join(0.2)
    assert again.is_alive()
    other.end(1)
    again.join(10)
    assert (one.room, other.can_have_more) == (10, True)


def test_one_that_waits_to_be_alone_is_not_passed_by(tmp_path: Path) -> None:
    one, other = two(tmp_path)
    third = Turns(20, 2, str(tmp_path), "gw2")
    one.begin()
    other.ask_for_all()
    order = []

    def have(name: str, turns: Turns) -> None:
        turns.begin()
        order.append(name)
        turns.end(0)

    threads = []
    for name, turns in (("alone", other), ("share", third)):
        threads.append(threading.Thread(target=have, args=(name, turns)))
        threads[-1].start()
        threads[-1].join(0.2)
    assert order == []
    one.end(0)
    for each in threads:
        each.join(10)
    assert order == ["alone", "share"]


def test_all_workers_have_no_more_users_than_one_run_may(
    pytester: pytest.Pytester, reference: EmbeddedHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JUPYTERHUB_API_TOKEN", reference.token.reveal())
    pytester.makepyfile(
        test_one=RULES.replace("FILE", "one"), test_two=RULES.replace("FILE", "two")
    )
    options = ("-p", "no:schemathesis", "-p", "no:cacheprovider", "-n", "2")
    result = pytester.runpytest_subprocess(
        *options, f"--hub-url={reference.url}", "--hub-max-users=5", "."
    )
    result.assert_outcomes(passed=32)
    assert result.ret == 0
