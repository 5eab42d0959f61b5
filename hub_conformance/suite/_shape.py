"""The shapes that identity and tokens check again and again: error bodies, objects, times."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from ..client import Answer

#: How far the clock in an answer's `Date` may be from what the hub writes into a model, in
#: seconds: `Date` counts whole seconds, and a proxy may write its own.
CLOCK_SLACK = 5.0
JSON = "application/json"
#: How the scopes begin that a hub's configuration adds, of which the contract says nothing.
CUSTOM = "custom:"


def media_type(answer: Answer) -> str:
    """Return the answer's media type without parameters."""
    return answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()


def refused(answer: Answer, status: int, *, explained: bool = True) -> None:
    """Assert that the answer is an error of this status in the documented form.

    `explained`: the hub has a reason to give. Where it has none but the status itself, releases
    from 6.0 on leave `message` null, and that is let pass.
    """
    assert answer.status == status, answer
    assert media_type(answer) == JSON, f"{answer!r} has the type {media_type(answer)!r}"
    body = answer.json
    assert isinstance(body, dict), f"{answer!r} is no object: {body}"
    assert set(body) == {"status", "message"}, f"{answer!r} has the keys {sorted(body)}"
    assert type(body["status"]) is int, f"status is {body['status']!r}, not a number"
    assert body["status"] == status, f"the body says {body['status']}, the answer {status}"
    message = body["message"]
    if explained or message is not None:
        assert isinstance(message, str), f"message is {message!r}, not a string"
        assert message, f"message is empty: {answer!r}"


def object_of(answer: Answer, status: int = 200) -> dict[str, Any]:
    """Return the JSON object that the answer is; assert that it is one, with this status."""
    assert answer.status == status, answer
    assert media_type(answer) == JSON, f"{answer!r} has the type {media_type(answer)!r}"
    body = answer.json
    assert isinstance(body, dict), f"{answer!r} is no object: {body}"
    return body


def single(found: Iterable[Any]) -> Any:
    """Return the one item that there is to be. Raises AssertionError for none, and for more."""
    items = list(found)
    assert len(items) == 1, f"expected one, got {items!r:.500}"
    return items[0]


def only_fields(model: dict[str, Any], expected: Iterable[str]) -> None:
    """Assert that a model has exactly these fields."""
    wanted, found = set(expected), set(model)
    assert found == wanted, f"missing {sorted(wanted - found)}, unexpected {sorted(found - wanted)}"


def strings(value: Any) -> list[str]:
    """Return a list of strings; assert that it is one without repeats."""
    assert isinstance(value, list), f"expected a list, got {value!r}"
    assert all(isinstance(each, str) for each in value), f"not all strings: {value}"
    assert len(set(value)) == len(value), f"repeats itself: {sorted(value)}"
    return value


def described(scopes: Iterable[str]) -> frozenset[str]:
    """The scopes that the contract describes, or should: all but those of the hub's own making."""
    return frozenset(each for each in scopes if not each.startswith(CUSTOM))


def moment(value: Any) -> datetime:
    """Return the time that an ISO 8601 string with a zone means; assert that it is one."""
    assert isinstance(value, str), f"expected a timestamp, got {value!r}"
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        raise AssertionError(f"{value!r} is no ISO 8601 timestamp") from None
    assert found.tzinfo is not None, f"{value!r} has no zone: it could be any hour"
    return found.astimezone(UTC)


def hub_time(answer: Answer) -> datetime:
    """Return the time at which the answer was made, by the hub's clock; ours without a `Date`."""
    date = answer.headers.get("Date")
    return parsedate_to_datetime(date).astimezone(UTC) if date else datetime.now(UTC)


def seconds_apart(one: datetime, other: datetime) -> float:
    """Return the distance of two times in seconds."""
    return abs((one - other).total_seconds())
