"""The time at the counter, on a machine that may believe it is 1970."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from device.clock import StoreClock


def clock(system: datetime, at: list[float] | None = None) -> StoreClock:
    ticks = at if at is not None else [0.0]
    return StoreClock(monotonic=lambda: ticks[0], system=lambda: system)


IN_1970 = datetime(1970, 1, 1, 0, 5, tzinfo=UTC)
TODAY = datetime(2026, 5, 1, 4, 0, tzinfo=UTC)


def test_the_machines_own_time_is_taken_while_nothing_better_is_known() -> None:
    assert clock(TODAY).stamp() == "2026-05-01T04:00:00+00:00"


def test_time_never_goes_back_behind_what_the_journal_has_seen() -> None:
    mine = clock(IN_1970)
    mine.never_before("2026-04-30T20:00:00+08:00")
    assert mine.stamp() == "2026-04-30T20:00:00+08:00"
    assert not mine.trusted


def test_the_gateways_word_counts_on_in_the_stores_own_time() -> None:
    ticks = [100.0]
    mine = clock(IN_1970, ticks)
    mine.learn("2026-05-01T12:00:00.250+08:00")
    ticks[0] += 65
    assert mine.stamp() == "2026-05-01T12:01:05+08:00"
    assert mine.trusted
    assert mine.now() - TODAY < timedelta(minutes=2)


def test_words_that_are_no_time_change_nothing() -> None:
    mine = clock(TODAY)
    for word in ("", "yesterday", "2026-05-01T12:00:00"):
        mine.learn(word)
        mine.never_before(word)
    assert mine.stamp() == "2026-05-01T04:00:00+00:00"
    assert not mine.trusted
