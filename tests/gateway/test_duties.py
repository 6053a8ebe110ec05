"""Clerks sign in and out at a gateway's kiosks, over restarts, repeats and a roster that changes under them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from gateway.places import Roster
from protocol.duty import SignIn
from protocol.messages import Action, Answer, Hello, Notice, Refused, Welcome
from protocol.upstream import AskRedeem, Looked
from protocol.vocabulary import Verdict
from tests.gateway.shop import CLERKS, STORES, SilentOwner, badge_of, intent_of, open_shop, rid

if TYPE_CHECKING:
    from pathlib import Path

    from tests.gateway.shop import Shop

CODE = "4006123456781234"
STRICTEST = tuple(msgspec.structs.replace(store, clerk_each=store.id == "pudong") for store in STORES)


def generous() -> SilentOwner:
    """Return a head office that finds every code redeemable and redeems it."""
    owner = SilentOwner()

    def answer(message: Any) -> Any:
        if hasattr(message, "code"):
            return Looked(verdict=Verdict.REDEEMABLE, voucher="v-1", terms=1)
        if hasattr(message, "intent"):
            done = Verdict.UNDONE if message.intent.action is Action.UNDO else Verdict.REDEEMED
            verdict = done if isinstance(message, AskRedeem) else Verdict.ABORTED
            return Answer(rid=message.intent.rid, verdict=verdict, final=True)
        return None

    owner.answer = answer
    return owner


def everything_in(folder: Path) -> bytes:
    """Return what is in the files of a folder."""
    return b"".join(file.read_bytes() for file in folder.iterdir() if file.is_file())


def welcome(shop: Shop, identity: str) -> Welcome:
    """Return where a kiosk is told that it stands."""
    shop.receive(identity, Hello(boot="kiosk-boot"))
    found = shop.outbox.to(identity)[-1]
    assert isinstance(found, Welcome)
    return found


async def test_a_badge_signs_in_and_the_same_badge_signs_out(data: Path) -> None:
    async with open_shop(data) as shop:
        came = await shop.badge("till-2", "1001")
        told = welcome(shop, "till-2").on_duty
        assert told is not None
        went = await shop.badge("till-2", "1001", holds=told.sign_in)
        after = welcome(shop, "till-2").on_duty

    assert (came.verdict, came.detail.title) == (Verdict.CLERK_SIGNED_IN, "王小明")
    assert came.on_duty == told
    assert (told.clerk, told.name) == ("1001", "王小明")
    assert (went.verdict, went.on_duty, after) == (Verdict.CLERK_SIGNED_OUT, None, None)


@pytest.mark.parametrize(
    ("kiosk", "number", "verdict"),
    [
        ("till-1", "1002", Verdict.CLERK_WRONG_STORE),
        ("till-2", "1003", Verdict.CLERK_DISABLED),
        ("till-2", "9999", Verdict.CLERK_WRONG_STORE),
    ],
)
async def test_who_may_not_work_there_is_told_why_and_it_is_recorded(
    data: Path, kiosk: str, number: str, verdict: Verdict
) -> None:
    async with open_shop(data) as shop:
        said = await shop.badge(kiosk, number)
        (row,) = shop.books()

    assert (said.verdict, said.on_duty) == (verdict, None)
    assert (row.verdict, row.kiosk, row.code_tail) == (verdict, kiosk, None)
    assert row.clerk == (None if number == "9999" else number)


async def test_a_badge_that_nobody_knows_is_asked_for_once_more(data: Path) -> None:
    async with open_shop(data) as shop:
        shop.clerks = CLERKS[:1]
        before = await shop.badge("till-2", "1002")
        shop.clerks = CLERKS
        after = await shop.badge("till-2", "1002")

    assert (before.verdict, after.verdict) == (Verdict.CLERK_WRONG_STORE, Verdict.CLERK_SIGNED_IN)


async def test_without_a_head_office_the_clerks_who_were_known_sign_in(data: Path) -> None:
    async with open_shop(data) as shop:
        await shop.badge("till-2", "1001")
    async with open_shop(data, furnished=False) as shop:
        shop.clerks = ()  # nothing more is heard of any
        known = shop.registry.clerk("1002")
        came = await shop.badge("till-2", "1002")

    assert known is not None
    assert came.verdict is Verdict.CLERK_SIGNED_IN


async def test_a_restart_of_the_gateway_signs_nobody_out(data: Path) -> None:
    async with open_shop(data) as shop:
        came = await shop.badge("till-2", "1001")
    async with open_shop(data, furnished=False) as shop:
        told = welcome(shop, "till-2").on_duty

    assert told == came.on_duty


async def test_a_repeat_whose_first_answer_was_lost_changes_nothing(data: Path) -> None:
    into = SignIn(look=90, boot="kiosk-boot", badge=badge_of("1001"))
    async with open_shop(data) as shop:
        first = await shop.asked_again("till-2", into)
        again = await shop.asked_again("till-2", into)
    async with open_shop(data, furnished=False) as shop:
        over_a_restart = await shop.asked_again("till-2", into)
        assert first.on_duty is not None
        out = msgspec.structs.replace(into, look=91, holds=first.on_duty.sign_in)
        gone = await shop.asked_again("till-2", out)
    async with open_shop(data, furnished=False) as shop:
        gone_again = await shop.asked_again("till-2", out)

    assert first.verdict is again.verdict is over_a_restart.verdict is Verdict.CLERK_SIGNED_IN
    assert first.on_duty == again.on_duty == over_a_restart.on_duty
    assert gone.verdict is gone_again.verdict is Verdict.CLERK_SIGNED_OUT
    assert gone_again.on_duty is None


async def test_another_clerks_badge_relieves_the_first(data: Path) -> None:
    async with open_shop(data) as shop:
        first = await shop.badge("till-2", "1001")
        assert first.on_duty is not None
        second = await shop.badge("till-2", "1002", holds=first.on_duty.sign_in)
        relieved = shop.journal.shift(first.on_duty.sign_in)

    assert second.on_duty is not None
    assert second.on_duty.clerk == "1002"
    assert relieved is not None
    assert relieved.until is not None


async def test_who_is_disabled_while_on_duty_is_on_duty_no_longer_and_the_kiosk_is_not_believed(data: Path) -> None:
    async with open_shop(data, generous()) as shop:
        await shop.badge("till-2", "1001")
        away = msgspec.structs.replace(CLERKS[0], disabled=True)
        changed = await shop.registry.set_roster(Roster(stores=STORES, clerks=(away, *CLERKS[1:])))
        told = welcome(shop, "till-2").on_duty
        refused = await shop.look("till-2", CODE, clerk="1001")

    assert changed == {"nanjing-lu", "pudong"}
    assert told is None
    assert isinstance(refused, Refused)
    assert refused.verdict is Verdict.CLERK_REQUIRED


async def test_a_kiosk_that_is_moved_takes_no_clerk_with_it(data: Path) -> None:
    async with open_shop(data) as shop:
        await shop.badge("till-2", "1001")
        await shop.registry.bind("till-2", "nanjing-lu", "收银台二")
        told = welcome(shop, "till-2").on_duty

    assert told is None


async def test_an_offer_of_another_sign_in_begins_nothing(data: Path) -> None:
    async with open_shop(data, generous()) as shop:
        first = await shop.badge("till-2", "1001")
        offer = await shop.offered("till-2", CODE, clerk="1001")
        assert first.on_duty is not None
        await shop.badge("till-2", "1001", holds=first.on_duty.sign_in)
        await shop.badge("till-2", "1001")
        shop.confirm("till-2", intent_of(offer, rid(1), clerk="1001"))
        stale = await shop.ended("till-2", rid(1))
        fresh = await shop.offered("till-2", CODE, clerk="1001")
        shop.confirm("till-2", intent_of(fresh, rid(2), clerk="1001"))
        done = await shop.ended("till-2", rid(2))
        usage = shop.journal.usage(rid(2))

    assert (stale.verdict, done.verdict) == (Verdict.ABORTED, Verdict.REDEEMED)
    assert usage is not None
    assert usage.clerk == "1001"


async def test_a_kiosk_that_has_not_heard_who_is_on_duty_is_told_before_its_offer(data: Path) -> None:
    async with open_shop(data, generous()) as shop:
        await shop.badge("till-2", "1001")
        offer = await shop.offered("till-2", CODE)
        told, offered = shop.outbox.to("till-2")[-2:]

    assert isinstance(told, Welcome)
    assert told.on_duty is not None
    assert offered == offer


async def test_where_a_clerk_signs_in_before_each_redemption_one_uses_the_sign_in_up(data: Path) -> None:
    async with open_shop(data, generous()) as shop:
        await shop.registry.set_roster(Roster(stores=STRICTEST, clerks=CLERKS))
        await shop.badge("till-2", "1001")
        offer = await shop.offered("till-2", CODE, clerk="1001")
        shop.confirm("till-2", intent_of(offer, rid(1), clerk="1001"))
        first = await shop.ended("till-2", rid(1))
        told = welcome(shop, "till-2")
        shop.confirm("till-2", intent_of(offer, rid(1), clerk="1001"))
        again = shop.answers("till-2", rid(1))[-1]
        shop.confirm("till-2", intent_of(offer, rid(2), clerk="1001"))
        second = await shop.ended("till-2", rid(2))

    assert first.verdict is again.verdict is Verdict.REDEEMED
    assert (told.clerk_each, told.on_duty) == (True, None)
    assert second.verdict is Verdict.ABORTED


async def test_somebody_who_shows_badges_at_random_is_slowed_down(data: Path) -> None:
    async with open_shop(data) as shop:
        for number in range(30):
            await shop.badge("till-2", f"77{number}")
        shop.receive("till-2", SignIn(look=99, boot="kiosk-boot", badge=badge_of("1001")))
        found = shop.outbox
        await found.until(lambda: isinstance(found.to("till-2")[-1], Notice))

    notice = shop.outbox.to("till-2")[-1]
    assert isinstance(notice, Notice)
    assert (notice.verdict, notice.look) == (Verdict.RATE_LIMITED, 99)


async def test_a_badge_is_no_code_to_look_up_and_leaves_the_gateway_nowhere(data: Path) -> None:
    owner = generous()
    async with open_shop(data, owner) as shop:
        refused = await shop.look("till-1", badge_of("1001"))
        await shop.badge("till-2", "1001")

    assert isinstance(refused, Refused)
    assert refused.verdict is Verdict.BAD_CODE
    assert [message for message in owner.asked if hasattr(message, "code")] == []
    assert badge_of("1001").encode() not in everything_in(data)
