"""What the guard takes for refused, and so for absent: what was refused when last asked for."""

from __future__ import annotations

import pytest

from hub_conformance.guard import Guard, Named

from .test_guard import OURS, RUN, answered, guard, noted, request

MAKE = request("POST", f"/users/{OURS}", {})
USER = Named("user", OURS)


@pytest.fixture
def knowing() -> Guard:
    """A guard whose sandbox remembers what it was told of."""
    one, made = guard(), set[Named]()

    def note(named: Named) -> bool:
        is_news = named not in made
        made.add(named)
        return is_news

    one.noted = note
    return one


def ask(one: Guard, status: int = 0) -> None:
    """Ask for a user; the answer is lost where there is no status."""
    one.before(MAKE)
    if status:
        one.after(answered(MAKE, {}, status))


@pytest.mark.parametrize(
    ("statuses", "is_absent"),
    [
        ([403], True),
        ([403, 400], True),
        ([403, 201], False),
        ([403, 500], False),
        ([201, 409], False),
        ([0], False),
        ([403, 0], False),
        ([0, 403], False),
        ([403, 0, 403], False),
    ],
    ids=str,
)
def test_refused(knowing: Guard, statuses: list[int], *, is_absent: bool) -> None:
    for status in statuses:
        ask(knowing, status)
    assert (USER in knowing.refused) == is_absent


def test_what_is_asked_for_after_a_lost_answer_does_not_tell_of_it(knowing: Guard) -> None:
    ask(knowing)
    looked = request("GET", "/users/x")
    knowing.before(looked)
    knowing.after(answered(looked, {}, 404))
    assert USER not in knowing.refused


def test_a_user_may_be_there_by_the_normal_name() -> None:
    shouted = f"{RUN}-X1"
    assert noted(request("POST", f"/users/{shouted}", {})) == [Named("user", shouted), USER]
    group = request("POST", f"/groups/{shouted}", {})
    assert noted(group) == [Named("group", shouted)]
