"""One-time codes at a gateway's kiosks: the PIN leaves it as a slow hash, and what was lost is asked again."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import msgspec

from gateway.places import Roster
from protocol.duty import Activate, Activated, AskActivate
from protocol.messages import Notice, Offered, Refused, Signed
from protocol.pins import is_pin
from protocol.vocabulary import Verdict
from tests.gateway.shop import CLERKS, STORES, SilentOwner, open_shop
from tests.gateway.test_duties import everything_in, welcome

if TYPE_CHECKING:
    from pathlib import Path

    from tests.gateway.shop import Shop

START, PIN = "HEXIAO:START:5D41402ABC4B2A76B9719D911017C592", "975310"
_looks = itertools.count(700)


class Giver(SilentOwner):
    """A head office whose one code is 李红's; it can lose its first answers, and says what it was asked."""

    def __init__(self, says: Activated | None = None, lost: int = 0) -> None:
        super().__init__()
        self.lost = lost
        self.says = says or Activated(clerk="1002", name="李红")
        self.answer = self._answer

    def _answer(self, message: Any) -> Any:
        if not isinstance(message, AskActivate):
            return None
        self.lost -= 1
        return self.says if self.lost < 0 else None

    @property
    def activations(self) -> list[AskActivate]:
        return [ask for ask in self.asked if isinstance(ask, AskActivate)]


async def ask(shop: Shop, pin: str | None = None, look: int | None = None) -> Any:
    """Show the code at a kiosk, perhaps with a PIN, and return the answer."""
    number = look or next(_looks)
    before = len(shop.outbox.to("till-2"))
    shop.receive("till-2", Activate(look=number, boot="kiosk-boot", code=START, pin=pin))
    await shop.outbox.until(lambda: len(shop.outbox.to("till-2")) > before)
    answer = shop.outbox.to("till-2")[-1]
    assert isinstance(answer, Offered | Signed | Refused | Notice)
    assert answer.look == number
    return answer


async def test_a_pin_goes_upstream_as_a_slow_hash_and_signs_its_clerk_in(data: Path) -> None:
    owner = Giver()
    async with open_shop(data, owner) as shop:
        shop.clerks = CLERKS
        whose = await ask(shop)
        signed = await ask(shop, PIN)
        told = welcome(shop, "till-2").on_duty

    assert (type(whose), whose.detail.title) == (Offered, "李红")
    assert (signed.verdict, signed.detail.title) == (Verdict.CLERK_SIGNED_IN, "李红")
    assert told is not None
    assert signed.on_duty == told
    assert told.clerk == "1002"
    looked, set_ = owner.activations
    assert (looked.pin, looked.store, looked.requester) == (None, "pudong", "till-2")
    assert set_.pin is not None
    assert is_pin(PIN, set_.pin)
    kept = everything_in(data)
    assert PIN.encode() not in kept
    assert START.encode() not in kept
    assert PIN not in repr(owner.activations)
    assert START not in repr(owner.activations)


async def test_an_answer_that_was_lost_is_asked_for_again_with_the_very_same_hash(data: Path) -> None:
    owner = Giver(lost=2)
    async with open_shop(data, owner) as shop:
        shop.clerks = CLERKS
        signed = await ask(shop, PIN)

    assert signed.verdict is Verdict.CLERK_SIGNED_IN
    first, second, third = owner.activations
    assert first == second == third


async def test_a_kiosk_that_repeats_is_told_the_same_and_nobody_is_asked_again(data: Path) -> None:
    owner = Giver()
    async with open_shop(data, owner) as shop:
        shop.clerks = CLERKS
        first = await ask(shop, PIN, look=41)
        again = await ask(shop, PIN, look=41)

    assert (first.verdict, first.on_duty) == (again.verdict, again.on_duty)
    assert len(owner.activations) == 1


async def test_a_head_office_that_says_nothing_is_said_to_be_away(data: Path) -> None:
    async with open_shop(data, Giver(lost=9)) as shop:
        said = await ask(shop, PIN)
        told = welcome(shop, "till-2").on_duty

    assert (type(said), said.verdict, told) == (Notice, Verdict.UPSTREAM_UNAVAILABLE, None)


async def test_what_the_head_office_refuses_is_refused_and_guessing_is_slowed_down(data: Path) -> None:
    async with open_shop(data, Giver(Activated(verdict=Verdict.BAD_CODE))) as shop:
        said = [(await ask(shop)).verdict for _ in range(31)]

    assert said[0] is Verdict.BAD_CODE
    assert said[-1] is Verdict.RATE_LIMITED


async def test_a_clerk_whom_this_gateway_does_not_find_in_its_list_is_not_signed_in(data: Path) -> None:
    async with open_shop(data, Giver()) as shop:
        moved = tuple(msgspec.structs.replace(clerk, stores=("nanjing-lu",)) for clerk in CLERKS)
        await shop.registry.set_roster(Roster(stores=STORES, clerks=moved))
        shop.clerks = moved
        said = await ask(shop, PIN)

    assert (type(said), said.verdict) == (Notice, Verdict.UPSTREAM_UNAVAILABLE)
