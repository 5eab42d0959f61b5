"""The clock of a run: when it is over, what may still be asked then, which pauses are granted."""

from __future__ import annotations

import pytest

from hub_conformance import patience
from hub_conformance.client import Client, Request
from hub_conformance.patience import Patience
from hub_conformance.secret import Scrubber

from .servers import answer, serving


class Clock:
    """Time that passes when it is told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    found = Clock()
    monkeypatch.setattr(patience, "time", found)
    return found


def test_no_answer_may_pass_the_limit_of_the_run(clock: Clock) -> None:
    run = Patience(100)
    clock.now += 90
    run.heard(200)
    assert run.left() == 10
    clock.now += 10
    assert run.left() == 0
    assert run.over == "--hub-time-limit of 100 s"


def test_silence_ends_a_run(clock: Clock) -> None:
    run = Patience()
    clock.now += 200
    run.heard(404)
    clock.now += 299
    assert run.left() == 1
    clock.now += 1
    assert run.left() == 0
    assert run.over == "no usable answer for 300 s"


@pytest.mark.parametrize("status", [429, 500, 502, 503])
def test_hub_that_breaks_on_everything_is_silent(clock: Clock, status: int) -> None:
    run = Patience()
    for _ in range(10):
        clock.now += 31
        run.heard(status)
        run.left()
    assert run.over


def test_cleaning_may_go_on_when_the_run_is_over(clock: Clock) -> None:
    run = Patience(100)
    clock.now += 100
    assert run.left() == 0
    run.is_cleaning = True
    assert run.left() == patience.CLEANING_SILENCE_SECONDS
    clock.now += 9
    run.heard(204)
    assert run.left() == patience.CLEANING_SILENCE_SECONDS
    clock.now += 11
    assert run.left() == 0, "the hub has stopped answering"


def test_time_in_which_nothing_is_asked_is_no_silence(clock: Clock) -> None:
    run = Patience(100)
    clock.now += 100
    run.left()
    run.is_cleaning = True
    run.left()
    run.heard(204)
    clock.now += 30  # rules that are left out
    assert run.left() == patience.CLEANING_SILENCE_SECONDS
    clock.now += 9
    assert run.left() == 1, "and now it was asked"


def test_cleaning_has_an_end_on_a_hub_that_answers(clock: Clock) -> None:
    run = Patience(100)
    run.is_cleaning = True
    clock.now += 101
    run.left()
    assert not run.over, "what is removed between two rules does not end the run"
    run.is_cleaning = False
    run.left()
    run.is_cleaning = True
    for _ in range(20):
        clock.now += 5
        run.heard(500)
        run.heard(200)
    assert run.left() == 0


def test_silence_in_cleaning_ends_the_run(clock: Clock) -> None:
    run = Patience()
    run.is_cleaning = True
    clock.now += 301
    assert 0 < run.left() <= patience.CLEANING_SILENCE_SECONDS
    assert run.over


def test_removal_that_hangs_ends_soon_after_the_limit(clock: Clock) -> None:
    run = Patience(100)
    run.is_cleaning = True
    clock.now += 90
    assert run.left() == 10 + patience.CLEANING_SILENCE_SECONDS


def test_what_came_is_waited_for_as_long_as_ever() -> None:
    assert Patience().worth("GET /users", 60) == 60


def test_what_was_waited_for_in_vain_is_waited_for_less_and_less() -> None:
    run = Patience()
    waits = []
    for _ in range(40):
        waits.append(run.worth("GET /users", 60))
        run.in_vain("GET /users", waits[-1])
    assert waits[:2] == [60, 48]
    assert waits == sorted(waits, reverse=True)
    assert waits[-1] == patience.AGAIN_SECONDS
    assert sum(waits) < 400
    assert run.worth("GET /groups", 60) == patience.ANYTHING_SECONDS
    assert run.worth("GET /groups", 5) == 5


def test_short_limit_stays_as_it_is() -> None:
    run = Patience()
    run.in_vain("GET /users", 2)
    assert run.worth("GET /users", 2) == 2


def test_names_do_not_make_another_request() -> None:
    one = Request("GET", "/hub/api/users/hubconf-20261125t1-0c56-u1/servers/a").kind
    assert one == "GET /hub/api/users/*/servers/a"


LATER = {"Retry-After": "2"}


@pytest.mark.parametrize("status", [429, 503])
def test_polite_hub_is_waited_for(status: int) -> None:
    run = Patience()
    assert run.pause(status, LATER, 0) == 2
    assert run.totals() == {"postponed": 1, "paused": 2, "repeated": 0}


NOW = "Wed, 21 Oct 2026 07:28:00 GMT"


@pytest.mark.parametrize(
    ("until", "seconds"),
    [("Wed, 21 Oct 2026 07:28:03 GMT", 3), (NOW, 0), ("Wed, 21 Oct 2020 07:28:00 GMT", 0)],
)
def test_date_is_read_by_the_hubs_clock(until: str, seconds: float) -> None:
    assert Patience().pause(503, {"Retry-After": until, "Date": NOW}, 0) == seconds


@pytest.mark.parametrize(
    ("status", "headers"),
    [
        (429, {"Retry-After": "3600"}),
        (429, {"Retry-After": "Wed, 21 Oct 2099 07:28:00 GMT"}),
        (429, {"Retry-After": "Wed, 21 Oct 2026 08:28:00 GMT", "Date": NOW}),
        (429, {"Retry-After": NOW, "Date": "yesterday"}),
        (429, {"Retry-After": "Wed, 99 Oct 2026 07:28:00"}),
        (429, {"Retry-After": "1.5"}),
        (429, {"Retry-After": "\u00b2"}),
        (429, {"Retry-After": "-1"}),
        (429, {}),
        (500, LATER),
        (200, LATER),
    ],
)
def test_pause_that_is_not_granted(status: int, headers: dict[str, str]) -> None:
    assert Patience().pause(status, headers, 0) is None


def test_pause_that_would_end_the_run_is_not_granted() -> None:
    assert Patience(1.5).pause(429, LATER, 0) is None


def test_hub_that_puts_off_everything_is_waited_for_once() -> None:
    run = Patience()
    assert run.pause(429, LATER, patience.MOST_PAUSES) is None
    assert run.pause(429, LATER, 0) is None
    assert run.pause(200, {}, 0) is None
    assert run.pause(429, LATER, 0) == 2


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_client_sends_again_what_was_put_off(method: str) -> None:
    later = answer({"status": 429}, 429, Retry_After="0")
    with serving(answer({}, 201)) as server:
        server.script = [later, later]
        client, seen = Client(server.origin, Scrubber()), []
        client.after.append(lambda found: seen.append(found.status))
        assert client.send(Request(method, "/x", body=b"{}")).status == 201
        assert len(server.received) == 3
        assert seen == [201], "what was put off is no answer for the rules"
        assert client.patience.postponed == 2
        client.close()


def test_client_cuts_an_answer_at_the_end_of_the_run() -> None:
    with serving(answer({})) as server:
        server.reply = server.hang
        client = Client(server.origin, Scrubber(), patience=Patience(0.2))
        with pytest.raises(Exception, match=r"no whole answer within 0\.[12]"):
            client.send(Request("GET", "/x"))
        client.close()
