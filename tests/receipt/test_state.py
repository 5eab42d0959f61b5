"""Two looks at a hub, compared."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hub_conformance.receipt import state
from hub_conformance.receipt.state import State, TooMany, has_ended

Objects = list[tuple[Any, ...]]


def look(*objects: tuple[Any, ...]) -> State:
    """A look at a hub that shows these: kind, name, model, and perhaps the user inside whom."""
    found = State(lambda name: name.startswith("ours-"), owners=["ann"])
    for kind in state.KINDS:
        found.open(kind)
    for each in objects:
        found.add(*each)
    return found


def told(before: Objects, after: Objects) -> list[str]:
    return [str(each) for each in look(*before).differences(look(*after))]


ANN = ("user", "ann", {"name": "ann", "admin": False, "groups": ["b", "a"]})
NOW = datetime.now(UTC)


@pytest.mark.parametrize(
    ("before", "after", "lines"),
    [
        ([ANN], [], ["user ann went"]),
        ([], [ANN], ["user ann came"]),
        ([ANN], [("user", "ann", {**ANN[2], "admin": True})], ["user ann changed (admin)"]),
        ([ANN], [("user", "ann", {**ANN[2], "groups": ["a"]})], ["user ann changed (groups)"]),
        ([("server", "x", {}, "ann")], [], ["server ann/x went"]),
        ([("share", "x with user bob", {}, "ann")], [], ["share ann/x with user bob went"]),
        ([("share code", "x by 1", {}, "ann")], [], ["share code ann/x by 1 went"]),
        ([("route", "/user/ann/", {"target": "a"}, "ann")], [], ["route /user/ann/ went"]),
        (
            [("token", "t1", {"note": "n", "scopes": ["a"]}, "ann")],
            [("token", "t1", {"note": "n", "scopes": ["b"]}, "ann")],
            ["token ann/t1 changed (scopes)"],
        ),
        (
            [("group", "g", {"properties": {"a": {"b": 1}}})],
            [("group", "g", {"properties": {"a": {"b": 2}}})],
            ["group g changed (properties)"],
        ),
    ],
)
def test_what_came_went_or_changed(before: Objects, after: Objects, lines: list[str]) -> None:
    assert told(before, after) == lines


@pytest.mark.parametrize(
    ("kind", "before", "after"),
    [
        ("user", {"last_activity": "a"}, {"last_activity": "b"}),
        ("user", {"roles": ["a", "b"]}, {"roles": ["b", "a"]}),
        ("user", {"servers": {}}, {"servers": {"": {}}}),
        ("group", {"users": ["ann"]}, {"users": ["ours-1", "ann"]}),
        ("server", {"started": "a", "user_options": None}, {"started": "b", "user_options": {}}),
        ("server", {}, {"user_options": {}}),
        ("service", {"pid": 1}, {"pid": 2}),
        ("token", {"last_activity": "a"}, {"last_activity": "b"}),
        ("route", {"data": {"last_activity": "a"}}, {"data": {"last_activity": "b"}}),
    ],
)
def test_what_passes_by_itself(kind: str, before: dict[str, Any], after: dict[str, Any]) -> None:
    assert told([(kind, "x", before)], [(kind, "x", after)]) == []


def test_what_belongs_to_somebody_new_goes_without_saying() -> None:
    theirs = [("server", "", {"ready": True}, "ann"), ("share", "x with user bob", {}, "ann")]
    assert told([], [ANN, *theirs]) == ["user ann came"]
    assert told([ANN], [ANN, *theirs]) == ["server ann/ came", "share ann/x with user bob came"]


def test_token_that_ended_meanwhile() -> None:
    past, future = NOW - timedelta(days=1), NOW + timedelta(days=1)
    soon = ("token", "1", {"expires_at": past.isoformat()}, "ann")
    late = ("token", "2", {"expires_at": future.isoformat()}, "ann")
    assert told([soon, late], []) == ["token ann/2 went"]


def test_share_of_whom_only_one_look_has_read() -> None:
    share = ("share", "x with user bob", {"scopes": ["a"]}, "eve")
    assert told([share], []) == told([], [share]) == []


def test_share_code_that_ended_or_was_taken_meanwhile() -> None:
    past = (NOW - timedelta(days=1)).isoformat()
    ended = ("share code", "x by 1", {"expires_at": past}, "ann")
    fresh, taken = (("share code", "x by 2", {"exchange_count": n}, "ann") for n in (0, 1))
    assert told([ended, fresh], [taken]) == []
    assert told([fresh], []) == ["share code ann/x by 2 went"]


@pytest.mark.parametrize("text", ["", "soon", "2999-01-01T00:00:00Z", "2999-01-01T00:00:00"])
def test_what_has_not_ended(text: str) -> None:
    assert not has_ended(text, NOW)


def test_objects_of_the_run_are_named_and_not_compared() -> None:
    found = look(
        ("user", "ours-1", {}),
        ("server", "s", {}, "ours-1"),
        ("token", "7", {"note": "ours-note"}, "ann"),
    )
    assert list(look().differences(found)) == []
    assert found.own == [("user", "", "ours-1"), ("server", "ours-1", "s"), ("token", "ann", "7")]


def test_kind_that_one_look_could_not_read_is_not_compared() -> None:
    blind = look()
    blind.give_up("user", "why")
    assert list(look(ANN).differences(blind)) == []
    assert blind.unread == {"user": "why"}


def test_more_than_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state, "MOST", 2)
    with pytest.raises(TooMany):
        look(*(("user", str(number), {}) for number in range(3)))


def test_no_value_is_kept() -> None:
    model = {"name": "ann", "auth_state": "x", "user_info": "it is a secret"}
    assert "secret" not in repr(look(("user", "ann", model)))


def test_names_that_are_no_text() -> None:
    odd: Objects = [("user", 7, {"name": 7}), ("user", None, {}), ("user", "x", {})]
    assert told([], odd) == ["user 7 came", "user None came", "user x came"]
