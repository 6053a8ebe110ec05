"""A clerk's own day as the gateway tells it to a kiosk: all of the store's kiosks, today's, and nobody else's."""

from __future__ import annotations

import itertools
import time
from typing import TYPE_CHECKING, Any

from gateway.places import Roster
from protocol.duty import AskOwnDay, AskUndo, OwnDay
from protocol.messages import Refused
from protocol.vocabulary import Verdict
from tests.gateway.shop import CLERKS, PIN, intent_of, open_shop, rid
from tests.gateway.test_duties import CODE, generous
from tests.gateway.test_undos import GENEROUS_STORES, ask, undo_of

if TYPE_CHECKING:
    from pathlib import Path

    from tests.gateway.shop import Shop

_looks = itertools.count(900)


async def own_day(shop: Shop, kiosk: str) -> Any:
    """Ask as a kiosk does and return the answer."""
    number = next(_looks)
    shop.receive(kiosk, AskOwnDay(look=number, boot="kiosk-boot"))

    def answers() -> list[Any]:
        return [m for m in shop.outbox.to(kiosk) if isinstance(m, OwnDay | Refused) and m.look == number]

    await shop.outbox.until(lambda: bool(answers()))
    return answers()[-1]


async def test_a_clerk_reads_the_own_day_newest_first_without_what_was_undone(data: Path) -> None:
    async with open_shop(data, generous()) as shop:
        await shop.registry.set_roster(Roster(stores=GENEROUS_STORES, clerks=CLERKS))
        assert (await own_day(shop, "till-2")).verdict is Verdict.CLERK_REQUIRED
        await shop.badge("till-2", "1001")
        for number, amount in ((1, None), (2, 1_250), (3, 800)):
            offer = await shop.offered("till-2", CODE, clerk="1001")
            shop.confirm("till-2", intent_of(offer, rid(number), clerk="1001", amount=amount))
            await shop.ended("till-2", rid(number))
        offer = await shop.offered("till-1", CODE)
        shop.confirm("till-1", intent_of(offer, rid(4)))
        await shop.ended("till-1", rid(4))
        permit = await ask(shop, "till-2", AskUndo, undoes=rid(3), reason="错", pin=PIN)
        shop.confirm("till-2", undo_of(3, permit))
        await shop.ended("till-2", rid(103))
        day = await own_day(shop, "till-2")
        assert shop.journal.done_by("1001", "jingan", since=time.time() + 1) == []
    assert (day.redeemed, day.amount, day.undone) == (2, 1_250, 1)
    assert [(did.amount, did.undone) for did in day.done] == [(800, True), (1_250, False), (None, False)]
    assert {did.code_tail for did in day.done} == {CODE[-4:]}
