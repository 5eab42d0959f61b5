from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from reference_hub.core import times
from tests.reference_hub.tools import refusal


def test_times_are_told_in_utc() -> None:
    moment = datetime(2030, 1, 1, 2, tzinfo=timezone(timedelta(hours=2)))
    assert times.render(moment) == "2030-01-01T00:00:00.000000Z"
    assert times.render(None) is None


@pytest.mark.parametrize(
    "text", ["2030-01-01T12:00:00Z", "2030-01-01T12:00", "2030-01-01T14:00:00+02:00"]
)
def test_reading_times_without_a_zone_as_utc(text: str) -> None:
    assert times.parse(text) == datetime(2030, 1, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize("value", ["", "soon", 5, None, [], "0001-01-01T00:00:00+14:00"])
def test_other_values_are_refused(value: object) -> None:
    with refusal(400):
        times.parse(value)
