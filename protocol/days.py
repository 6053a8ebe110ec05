"""A store's own days: by its time zone, and by when its business day ends, across daylight saving.

Day D lasts from its store's ``ends`` on D until that time on D + 1: with 04:00, what happens at two at night belongs
to the evening before. A day on which the clocks change has 23 or 25 hours, and none is counted twice.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, tzinfo

MIDNIGHT = time()
_A_DAY = timedelta(days=1)


def bounds(day: date, zone: tzinfo, ends: time = MIDNIGHT) -> tuple[datetime, datetime]:
    """Return when a day begins, and the first moment after it, in UTC."""
    begin, end = (datetime.combine(each, ends, zone).astimezone(UTC) for each in (day, day + _A_DAY))
    return begin, end


def day_of(at: datetime, zone: tzinfo, ends: time = MIDNIGHT) -> date:
    """Return the day that a moment belongs to."""
    on_the_calendar = at.astimezone(zone).date()
    begin, end = bounds(on_the_calendar, zone, ends)
    # Not by the clock on the wall: in the hour that comes twice it shows the end of the day twice.
    if at < begin:
        return on_the_calendar - _A_DAY
    return on_the_calendar if at < end else on_the_calendar + _A_DAY
