"""What a clerk's shift adds up to, and its end when nobody has had anything to do for long."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.duties import Duties
from gateway.places import Roster
from protocol.duty import AskUndo
from protocol.messages import Signed
from protocol.vocabulary import Verdict
from tests.gateway.desk_page import served
from tests.gateway.shop import CLERKS, PIN, intent_of, open_shop, rid
from tests.gateway.test_duties import CODE, generous, welcome
from tests.gateway.test_undos import GENEROUS_STORES, ask, undo_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.gateway.certificates import Authority
    from tests.gateway.shop import Shop

IDLE_S = 1_800.0


async def redeem(shop: Shop, number: int, clerk: str, amount: int | None = None) -> None:
    """Redeem once at the second kiosk."""
    offer = await shop.offered("till-2", CODE, clerk=clerk)
    shop.confirm("till-2", intent_of(offer, rid(number), clerk=clerk, amount=amount))
    await shop.ended("till-2", rid(number))


async def test_who_goes_is_told_what_the_shift_adds_up_to_without_what_was_undone(data: Path) -> None:
    async with open_shop(data, generous()) as shop:
        first = await shop.badge("till-2", "1002")
        assert first.on_duty is not None
        await redeem(shop, 1, "1002", 900)
        came = await shop.badge("till-2", "1001", holds=first.on_duty.sign_in)
        for number, amount in ((2, 1_250), (3, None), (4, 3_000)):
            await redeem(shop, number, "1001", amount)
        await shop.registry.set_roster(Roster(stores=GENEROUS_STORES, clerks=CLERKS))
        permit = await ask(shop, "till-2", AskUndo, undoes=rid(4), reason="错", pin=PIN)
        shop.confirm("till-2", undo_of(4, permit))
        await shop.ended("till-2", rid(104))
        await shop.journal.flush()
        assert came.on_duty is not None
        went = await shop.badge("till-2", "1001", holds=came.on_duty.sign_in)
        shifts = [(shift.clerk, shop.journal.totals(shift)) for shift in shop.journal.shifts(9)]

    assert (went.verdict, went.detail.title) == (Verdict.CLERK_SIGNED_OUT, "王小明")
    assert (went.detail.redeemed, went.detail.amount) == (2, 1_250)
    assert shifts == [("1001", (2, 1_250)), ("1002", (1, 900))]


async def test_a_kiosk_without_work_signs_its_clerk_out_and_says_what_the_shift_had(data: Path) -> None:
    async with open_shop(data, generous()) as shop:
        await shop.badge("till-2", "1001")
        shop.clock.now += IDLE_S - 1
        await redeem(shop, 1, "1001")
        shop.clock.now += IDLE_S - 1
        shop.desk.tick()
        still = welcome(shop, "till-2").on_duty
        shop.clock.now += 1
        shop.desk.tick()
        told = shop.outbox.to("till-2")[-1]
        shop.desk.tick()
        gone = welcome(shop, "till-2").on_duty
        signed = [message for message in shop.outbox.to("till-2") if isinstance(message, Signed)]

    assert still is not None
    assert isinstance(told, Signed)
    assert (told.look, told.verdict, told.on_duty) == (0, Verdict.CLERK_SIGNED_OUT, None)
    assert (told.detail.title, told.detail.redeemed) == ("王小明", 1)
    assert gone is None
    assert signed[-1] == told
    assert len(signed) == 2


async def test_greetings_are_no_work_and_a_restart_begins_to_count_anew(data: Path) -> None:
    async with open_shop(data) as shop:
        await shop.badge("till-2", "1001")
        shop.clock.now += IDLE_S - 1
    async with open_shop(data, furnished=False) as shop:
        assert isinstance(shop.duties, Duties)
        shop.clock.now += IDLE_S - 1
        shop.desk.tick()
        still = welcome(shop, "till-2").on_duty
        shop.clock.now += 1
        shop.desk.tick()
        gone = welcome(shop, "till-2").on_duty

    assert still is not None
    assert gone is None


async def test_the_console_lists_the_shifts(data: Path, authority: Authority, free_port: Callable[[], int]) -> None:
    async with served(data, authority, free_port()) as page:
        await page.shop.badge("till-2", "1001")
        said = await page.call("GET", "/api/shifts")

    status, listed = said
    assert status == 200
    (shift,) = listed["shifts"]
    assert (shift["clerk"], shift["name"], shift["store"], shift["kiosk"]) == ("1001", "王小明", "pudong", "till-2")
    assert (shift["until"], shift["redeemed"], shift["amount"]) == (None, 0, 0)
