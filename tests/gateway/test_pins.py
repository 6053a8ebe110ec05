"""Clerks sign in by number and PIN, and are locked after wrong ones, over restarts, until they have a new PIN."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from gateway.duties import MOST_TRIES
from protocol.duty import SignIn
from protocol.pins import hash_pin
from protocol.vocabulary import Verdict
from tests.gateway.shop import CLERKS, OTHER_PIN, PIN, open_shop
from tests.gateway.test_duties import everything_in

if TYPE_CHECKING:
    from pathlib import Path

    from tests.gateway.shop import Shop

WRONG = "000000"


async def lock(shop: Shop) -> list[Verdict]:
    """Type wrong PINs until there are enough."""
    return [(await shop.pin("till-2", "1001", WRONG)).verdict for _ in range(MOST_TRIES)]


async def test_number_and_pin_sign_in_and_the_buttons_sign_out(data: Path) -> None:
    async with open_shop(data) as shop:
        came = await shop.pin("till-2", "1001", PIN)
        assert came.on_duty is not None
        away = SignIn(look=90, boot="kiosk-boot", holds=came.on_duty.sign_in)
        went = await shop.asked_again("till-2", away)
        other = await shop.pin("till-2", "1002", OTHER_PIN)
        late = await shop.asked_again("till-2", msgspec.structs.replace(away, look=91))

    assert (came.verdict, came.detail.title) == (Verdict.CLERK_SIGNED_IN, "王小明")
    assert (went.verdict, went.on_duty) == (Verdict.CLERK_SIGNED_OUT, None)
    assert other.on_duty is not None
    assert late.on_duty == other.on_duty  # who came meanwhile is not signed out by a late repeat


async def test_a_wrong_pin_and_an_unknown_number_are_told_alike(data: Path) -> None:
    async with open_shop(data) as shop:
        wrong = await shop.pin("till-2", "1001", WRONG)
        unknown = await shop.pin("till-2", "4444", WRONG)

    assert wrong.verdict is unknown.verdict is Verdict.CLERK_WRONG_PIN
    assert wrong.on_duty is unknown.on_duty is None


async def test_wrong_pins_lock_a_clerk_badge_and_all_over_a_restart(data: Path) -> None:
    async with open_shop(data) as shop:
        said = await lock(shop)
    async with open_shop(data) as shop:
        right = await shop.pin("till-2", "1001", PIN)
        badge = await shop.badge("till-2", "1001")
        elsewhere = await shop.pin("till-1", "1001", PIN)
        other = await shop.pin("till-2", "1002", OTHER_PIN)

    assert said == [*[Verdict.CLERK_WRONG_PIN] * (MOST_TRIES - 1), Verdict.CLERK_LOCKED]
    assert right.verdict is badge.verdict is elsewhere.verdict is Verdict.CLERK_LOCKED
    assert other.verdict is Verdict.CLERK_SIGNED_IN


async def test_a_right_pin_forgets_the_wrong_ones_before_it(data: Path) -> None:
    async with open_shop(data) as shop:
        wrongs = [WRONG] * (MOST_TRIES - 1)
        said = [(await shop.pin("till-2", "1001", pin)).verdict for pin in (*wrongs, PIN, *wrongs, PIN)]

    assert said == 2 * [*[Verdict.CLERK_WRONG_PIN] * (MOST_TRIES - 1), Verdict.CLERK_SIGNED_IN]


async def test_a_repeat_of_a_wrong_pin_is_no_second_try(data: Path) -> None:
    async with open_shop(data) as shop:
        asked = SignIn(look=90, boot="kiosk-boot", number="1001", pin=WRONG)
        for _ in range(MOST_TRIES + 1):
            await shop.asked_again("till-2", asked)
        tries = shop.journal.tries(CLERKS[0])

    assert tries == 1


async def test_a_new_pin_unlocks_at_once(data: Path) -> None:
    async with open_shop(data) as shop:
        await lock(shop)
        shop.clerks = (msgspec.structs.replace(CLERKS[0], pin=hash_pin("771199")), *CLERKS[1:])
        came = await shop.pin("till-2", "1001", "771199")

    assert came.verdict is Verdict.CLERK_SIGNED_IN


async def test_a_pin_is_in_no_file(data: Path) -> None:
    async with open_shop(data) as shop:
        await shop.pin("till-2", "1001", PIN)
        await shop.pin("till-2", "1001", "998877")

    kept = everything_in(data)
    assert PIN.encode() not in kept
    assert b"998877" not in kept
