"""What a gateway finds wrong: each cause once, from when it counts until it is over."""

from __future__ import annotations

from collections import namedtuple
from contextlib import asynccontextmanager
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING

import pytest

from gateway.alarms import FULL, GUESSED_S, ROOM, Watch
from gateway.config import Alarms
from gateway.presence import Attendance
from protocol.alarms import Alarm, AlarmKind, Report
from protocol.messages import Presence
from tests.fakes.minimal_headoffice import MinimalHeadOffice
from tests.gateway.shop import SilentOwner, intent_of, open_shop, rid, upstream_to
from tests.gateway.test_relays import redeemable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.gateway.certificates import Authority
    from tests.gateway.shop import Shop

#: 12:00 in Shanghai.
NOON = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)
SETTINGS = Alarms(kiosk_silent_s=900.0, amber_open_s=600.0)
Disk = namedtuple("Disk", "total used free")  # noqa: PYI024 - as shutil has it


class Store:
    """A gateway's decider, and its watch, whose clocks a test moves together."""

    def __init__(self, shop: Shop, data: Path, settings: Alarms, ends_at: datetime) -> None:
        self.shop = shop
        self.attendance = Attendance()
        self.connected = True
        self._began = shop.clock.now
        self.watch = Watch(
            identity="gw-1",
            data=data,
            settings=settings,
            ends_at=ends_at,
            registry=shop.registry,
            journal=shop.journal,
            attendance=self.attendance,
            guesses=shop.guesses,
            connected=lambda: self.connected,
            clock=shop.clock,
            wall=self.wall,
        )

    def wall(self) -> float:
        return NOON.timestamp() + self.shop.clock.now - self._began

    def hear(self, kiosk: str, *, online: bool = True) -> None:
        self.attendance.heard(kiosk, Presence(online=online, session="s"), self.wall())

    def after(self, seconds: float) -> list[Alarm]:
        self.shop.clock.now += seconds
        return list(self.watch.look())


@asynccontextmanager
async def watched(
    data: Path, settings: Alarms = SETTINGS, owner: SilentOwner | None = None, valid_days: int = 400
) -> AsyncIterator[Store]:
    async with open_shop(data, owner) as shop:
        store = Store(shop, data, settings, NOON + timedelta(days=valid_days))
        for kiosk in ("till-1", "till-2"):
            store.hear(kiosk)
        yield store


async def test_all_is_well_where_nothing_is_wrong(data: Path) -> None:
    async with watched(data) as store:
        assert store.after(0) == store.after(100_000) == []


async def test_a_kiosk_is_silent_after_a_while_and_not_once_it_is_back_or_revoked(data: Path) -> None:
    async with watched(data) as store:
        store.after(0)
        store.hear("till-1", online=False)
        assert store.after(0) == store.after(899) == []
        since = store.wall() - 899
        silent = [Alarm(kind=AlarmKind.KIOSK_SILENT, about="till-1", store="nanjing-lu", since=round(since))]
        assert store.after(1) == silent
        assert store.after(500) == silent
        store.hear("till-1")
        assert store.after(0) == []

        store.hear("till-2", online=False)
        store.after(0)
        await store.shop.registry.revoke("till-2")
        assert store.after(5_000) == []


async def test_a_kiosk_that_is_switched_off_for_the_night_is_no_alarm(data: Path) -> None:
    opens = Alarms(hours_from=time(9), hours_until=time(21), kiosk_silent_s=900.0)
    async with watched(data, opens) as store:
        store.after(9 * 3600 - 60)
        store.hear("till-1", online=False)
        assert store.after(0) == store.after(3600) == store.after(10 * 3600) == []
        assert [alarm.kind for alarm in store.after(2 * 3600)] == [AlarmKind.KIOSK_SILENT]


async def test_hours_may_go_past_midnight(data: Path) -> None:
    night = Alarms(hours_from=time(18), hours_until=time(4), kiosk_silent_s=900.0)
    async with watched(data, night) as store:
        store.hear("till-1", online=False)
        assert store.after(0) == store.after(3600) == []
        assert [alarm.about for alarm in store.after(10 * 3600)] == ["till-1"]
        assert store.after(6 * 3600) == []


async def test_without_a_broker_that_is_the_one_alarm_and_not_every_kiosk(data: Path) -> None:
    async with watched(data) as store:
        store.connected = False
        store.attendance.forget()
        store.after(0)
        (alarm,) = store.after(1_000)
        assert (alarm.kind, alarm.about, alarm.store) == (AlarmKind.BROKER_LOST, "gw-1", None)
        store.connected = True
        assert store.after(0) == store.after(100) == []
        store.hear("till-1")
        assert [alarm.about for alarm in store.after(900)] == ["till-2"]


async def test_amber_that_lasts_is_one_alarm_a_store(data: Path) -> None:
    owner = SilentOwner()
    owner.answer = redeemable
    async with watched(data, owner=owner) as store:
        for number in (1, 2):
            code = f"400612345678123{number}"
            offer = await store.shop.offered("till-1", code)
            store.shop.confirm("till-1", intent_of(offer, rid(number), code))
        await store.shop.journal.flush()
        written = min(usage.at for usage in store.shop.books())
        store.shop.clock.now += written - store.wall()
        assert store.after(500) == []
        (alarm,) = store.after(200)
        assert (alarm.kind, alarm.about, alarm.store, alarm.number) == (
            AlarmKind.AMBER_OPEN,
            "nanjing-lu",
            "nanjing-lu",
            2,
        )


async def test_guessing_is_told_while_a_kiosk_comes_to_its_limit_and_for_a_while_after(data: Path) -> None:
    async with watched(data) as store:
        for _ in range(29):
            store.shop.guesses.count("till-2", store.shop.clock.now)
        assert store.after(0) == []
        store.shop.guesses.count("till-2", store.shop.clock.now)
        (alarm,) = store.after(GUESSED_S - 1)
        assert (alarm.kind, alarm.about, alarm.store) == (AlarmKind.GUESSING, "till-2", "pudong")
        assert store.after(1) == []


async def test_a_disk_is_full_until_there_is_room_again(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    free = 0.5
    monkeypatch.setattr("gateway.alarms.shutil.disk_usage", lambda _: Disk(1000, 1000 - 1000 * free, 1000 * free))
    async with watched(data) as store:
        assert store.after(0) == []
        free = FULL - 0.01
        (alarm,) = store.after(10)
        assert (alarm.kind, alarm.number) == (AlarmKind.DISK_FULL, 4)
        free = (FULL + ROOM) / 2
        assert [later.since for later in store.after(10)] == [alarm.since]
        free = ROOM
        assert store.after(10) == []


async def test_a_certificate_near_its_end_is_told_with_the_days_that_are_left(data: Path) -> None:
    async with watched(data, valid_days=31) as store:
        store.hear("till-1")
        assert store.after(0) == []
        (alarm,) = store.after(6 * 86_400)
        assert (alarm.kind, alarm.about, alarm.number) == (AlarmKind.CERTIFICATE_ENDS, "gw-1", 25)


@pytest.mark.parametrize("takes", [True, False])
async def test_a_report_reaches_a_head_office_and_one_that_takes_none_is_not_lost_for_that(
    authority: Authority, *, takes: bool
) -> None:
    headoffice = MinimalHeadOffice(takes_reports=takes)
    await headoffice.start(authority.issue("headoffice").server_context())
    upstream = upstream_to(headoffice.url, authority)
    upstream.start()
    report = Report(alarms=(Alarm(kind=AlarmKind.KIOSK_SILENT, about="till-1", store="nanjing-lu", since=1.0),))
    try:
        assert await upstream.tell_alarms(report) is takes
        assert headoffice.reports == [report] * takes
        assert upstream.reachable
    finally:
        await upstream.close()
        await headoffice.close()
