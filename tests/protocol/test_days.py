"""A store's own days: where they begin and end, across daylight saving, and that each moment is of exactly one."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.days import MIDNIGHT, bounds, day_of

SHANGHAI, BERLIN = ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/Berlin")


def moment(text: str) -> datetime:
    """Return a moment in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(("day", "hours"), [(date(2026, 3, 28), 24), (date(2026, 3, 29), 23), (date(2026, 10, 25), 25)])
def test_a_day_on_which_the_clocks_change_is_whole(day: date, hours: int) -> None:
    begin, end = bounds(day, BERLIN)
    assert end - begin == timedelta(hours=hours)


def test_a_use_at_two_at_night_is_of_the_evening_before() -> None:
    ends = time(4)
    assert bounds(date(2026, 3, 2), SHANGHAI, ends) == (moment("2026-03-01T20:00:00"), moment("2026-03-02T20:00:00"))
    assert day_of(moment("2026-03-02T18:00:00"), SHANGHAI, ends) == date(2026, 3, 2)  # 02:00 on the 3rd
    assert day_of(moment("2026-03-02T20:00:00"), SHANGHAI, ends) == date(2026, 3, 3)  # 04:00


def test_the_hour_that_comes_twice_is_of_one_day() -> None:
    """On 25 October 2026 Berlin's clocks go from 03:00 back to 02:00; the day before ends at 02:30, the first time."""
    ends = time(2, 30)
    first, again = moment("2026-10-25T00:30:00"), moment("2026-10-25T01:00:00")  # 02:30, and 02:00 once more
    assert day_of(first - timedelta(seconds=1), BERLIN, ends) == date(2026, 10, 24)
    assert day_of(first, BERLIN, ends) == day_of(again, BERLIN, ends) == date(2026, 10, 25)


@given(
    at=st.datetimes(min_value=datetime(2000, 1, 2), max_value=datetime(2060, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    zone=st.sampled_from(["Asia/Shanghai", "Europe/Berlin", "America/St_Johns", "Pacific/Apia", "Australia/Lord_Howe"]),
    ends=st.sampled_from([MIDNIGHT, time(2, 15), time(2, 30), time(4), time(11, 59)]),
)
def test_every_moment_is_of_the_one_day_whose_bounds_hold_it(at: datetime, zone: str, ends: time) -> None:
    begin, end = bounds(day_of(at, ZoneInfo(zone), ends), ZoneInfo(zone), ends)
    assert begin <= at < end
