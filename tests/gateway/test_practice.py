"""What a gateway makes of practice and of stores that are tried out: told and answered as all else, not counted."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from gateway.books import Books
from gateway.changes import Topic
from gateway.closing import totals_of
from gateway.places import Roster
from gateway.presence import Attendance
from gateway.trials import Trials
from protocol.classify import PRACTICE_PREFIX, is_practice
from protocol.messages import Action, Answer, Detail, Hello, Intent, Presence, Refused
from protocol.relay import Relay
from protocol.status import KioskStatus, StoreStatus
from protocol.upstream import Looked
from protocol.vocabulary import Verdict
from tests.fakes.minimal_headoffice import MinimalHeadOffice
from tests.gateway.shop import CLERKS, STORES, SilentOwner, intent_of, open_shop, rid, upstream_to
from tests.gateway.test_duties import welcome
from tests.gateway.test_own_day import own_day

if TYPE_CHECKING:
    from pathlib import Path

    from tests.gateway.certificates import Authority

PRACTICE, SPENT, REAL = PRACTICE_PREFIX + "ABCD", PRACTICE_PREFIX + "WXYZ", "4006123456781234"
TRIED_OUT = (replace(STORES[0], testing=True), *STORES[1:])


def office() -> SilentOwner:
    """Return a head office that redeems everything but one practice voucher, and says what is practice."""
    owner = SilentOwner()
    practised: set[str] = set()

    def answer(message: Any) -> Any:
        if hasattr(message, "code"):
            detail = Detail(practice=is_practice(message.code))
            verdict = Verdict.ALREADY_REDEEMED if message.code == SPENT else Verdict.REDEEMABLE
            return Looked(verdict=verdict, voucher="v-1", terms=1, detail=detail)
        if hasattr(message, "intent"):
            intent = message.intent
            if is_practice(intent.code) or intent.undoes in practised:
                practised.add(intent.rid)
            done = Verdict.UNDONE if intent.action is Action.UNDO else Verdict.REDEEMED
            return Answer(rid=intent.rid, verdict=done, final=True, detail=Detail(practice=intent.rid in practised))
        return None

    owner.answer = answer
    return owner


async def test_practice_is_shown_and_no_sum_of_the_store_counts_it(data: Path) -> None:
    async with open_shop(data, office()) as shop:
        await shop.registry.set_roster(Roster(stores=STORES, clerks=CLERKS))
        await shop.badge("till-2", "1001")
        for number, code in ((1, REAL), (2, PRACTICE), (3, PRACTICE)):
            offer = await shop.offered("till-2", code, clerk="1001")
            shop.confirm("till-2", intent_of(offer, rid(number), code, clerk="1001", amount=500))
            await shop.ended("till-2", rid(number))
        assert isinstance(await shop.look("till-2", SPENT, clerk="1001"), Refused)
        undo = Intent(rid=rid(9), action=Action.UNDO, undoes=rid(3))
        shop.relays.confirm(Relay(requester="till-2", store="pudong", intent=undo, terms=0), None)
        await shop.relays.drain(5)
        day = await own_day(shop, "till-2")
        handed_over = shop.journal.totals(shop.journal.open_shifts()[0])
        await shop.journal.flush()
        books, store = Books(data / "journal.db"), STORES[1]
        today = store.day_of(max(usage.at for usage in shop.books()))
        assert books.totals(store, today) == {"redeemed": 1, "refused": 0}
        counted = list(books.rows(store, today))
        assert [usage.rid for usage in counted] == [rid(1)]
        assert totals_of(counted).redeemed.amount == 500
        shown = {usage.rid: usage.practice for usage in books.day(store, today)}
        assert shown == {rid(1): False, rid(2): True, rid(3): True, rid(9): True, None: True}
        assert handed_over == (1, 500)
    assert (day.redeemed, day.amount, day.undone, len(day.done)) == (1, 500, 0, 1)


async def test_an_open_practice_is_known_as_such_before_it_has_an_answer(data: Path) -> None:
    owner = office()
    async with open_shop(data, owner) as shop:
        offer = await shop.offered("till-1", PRACTICE)
        owner.answer = lambda _: None
        shop.confirm("till-1", intent_of(offer, rid(1), PRACTICE))
        await shop.relays.drain(5)
        await shop.journal.flush()
        (usage,) = shop.journal.unfinished()[0]
        assert (usage.practice, usage.verdict) == (True, Verdict.PENDING)


async def test_a_kiosk_is_told_that_its_store_is_tried_out(data: Path) -> None:
    async with open_shop(data) as shop:
        assert not welcome(shop, "till-1").testing
        await shop.registry.set_roster(Roster(stores=TRIED_OUT))
        assert welcome(shop, "till-1").testing
        assert not welcome(shop, "till-2").testing


async def test_the_stores_that_are_tried_out_are_told_of_and_no_others(data: Path) -> None:
    async with open_shop(data) as shop:
        attendance = Attendance()
        trials = Trials(
            registry=shop.registry,
            attendance=attendance,
            hellos=shop.desk.hellos,
            changes=shop.changes,
            wall=lambda: 9.0,
        )
        assert list(trials.look()) == []
        await shop.registry.set_roster(Roster(stores=TRIED_OUT))
        (unseen,) = trials.look()
        assert unseen.kiosks == (KioskStatus(id="till-1", name="收银台一"),)
        told: asyncio.Queue[StoreStatus] = asyncio.Queue()

        async def tell(status: StoreStatus) -> bool:
            told.put_nowait(status)
            return True

        running = asyncio.create_task(trials.run(tell))
        assert (await asyncio.wait_for(told.get(), 5)).kiosks == unseen.kiosks
        attendance.heard("till-1", Presence(online=True, session="s"), 7.0)
        shop.receive("till-1", Hello(boot="kiosk-boot", software="0.1", camera="ready"))
        status = await asyncio.wait_for(told.get(), 5)
        kiosk = KioskStatus(id="till-1", name="收银台一", online=True, since=7.0, software="0.1", camera="ready")
        assert (status.store, status.at, status.kiosks) == ("nanjing-lu", 9.0, (kiosk,))
        shop.receive("till-1", Hello(boot="kiosk-boot", software="0.1", camera="ready"))
        shop.changes.tell(Topic.RECORDS)
        shop.receive("till-1", Hello(boot="kiosk-boot", software="0.1", camera="fault"))
        assert (await asyncio.wait_for(told.get(), 5)).kiosks[0].camera == "fault"
        assert told.empty()
        running.cancel()


@pytest.mark.parametrize("takes", [True, False])
async def test_a_status_reaches_a_head_office_and_one_that_takes_none_is_not_lost_for_that(
    authority: Authority, *, takes: bool
) -> None:
    headoffice = MinimalHeadOffice(takes_reports=takes)
    await headoffice.start(authority.issue("headoffice").server_context())
    upstream = upstream_to(headoffice.url, authority)
    upstream.start()
    status = StoreStatus(store="nanjing-lu", at=1.0, software="0.1", kiosks=(KioskStatus(id="till-1", online=True),))
    try:
        assert await upstream.tell_status(status) is takes
        assert headoffice.statuses == [status] * takes
        assert upstream.reachable
    finally:
        await upstream.close()
        await headoffice.close()
