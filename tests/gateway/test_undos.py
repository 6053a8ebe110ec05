"""What a kiosk may undo, by whose PIN, for how long; an undo without its clerk's permit begins nothing."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import msgspec

from gateway.places import Roster
from protocol.duty import AskUndo, AskUndoable
from protocol.messages import Action, Intent, Notice, Offered, Refused, Undoable
from protocol.vocabulary import Verdict
from tests.gateway.shop import CLERKS, PIN, STORES, intent_of, open_shop, rid
from tests.gateway.test_duties import CODE, generous

if TYPE_CHECKING:
    from pathlib import Path

    from tests.gateway.shop import Shop

WINDOW_S = 900.0
GENEROUS_STORES = tuple(msgspec.structs.replace(store, undo_s=WINDOW_S) for store in STORES)
_looks = itertools.count(500)


async def ask(shop: Shop, kiosk: str, kind: type[AskUndoable | AskUndo], **fields: Any) -> Any:
    """Ask as a kiosk does and return the answer."""
    number = next(_looks)
    shop.receive(kiosk, kind(look=number, boot="kiosk-boot", **fields))

    def answers() -> list[Any]:
        kinds = (Undoable, Offered, Refused, Notice)
        return [m for m in shop.outbox.to(kiosk) if isinstance(m, kinds) and m.look == number]

    await shop.outbox.until(lambda: bool(answers()))
    return answers()[-1]


async def redeem(shop: Shop, kiosk: str, number: int, clerk: str | None) -> None:
    """Redeem once at a kiosk."""
    offer = await shop.offered(kiosk, CODE, clerk=clerk)
    shop.confirm(kiosk, intent_of(offer, rid(number), clerk=clerk))
    await shop.ended(kiosk, rid(number))


async def staffed(shop: Shop) -> None:
    """Open the window, sign a clerk in, and redeem twice at that kiosk and once at another."""
    await shop.registry.set_roster(Roster(stores=GENEROUS_STORES, clerks=CLERKS))
    await shop.badge("till-2", "1001")
    await redeem(shop, "till-2", 1, "1001")
    await redeem(shop, "till-2", 2, "1001")
    await redeem(shop, "till-1", 3, None)


async def repeat(shop: Shop, asked: AskUndo) -> None:
    """Ask in these very words, and wait until something is said."""
    before = len(shop.outbox.to("till-2"))
    shop.receive("till-2", asked)
    await shop.outbox.until(lambda: len(shop.outbox.to("till-2")) > before)


def undo_of(number: int, permit: Offered | None, clerk: str | None = "1001") -> Intent:
    """Return the undo that a kiosk confirms."""
    offer = permit.offer if permit else None
    return Intent(rid=rid(100 + number), action=Action.UNDO, undoes=rid(number), offer=offer, clerk=clerk, reason="错")


async def test_a_kiosk_lists_its_own_newest_redemptions_and_undoes_one_by_the_clerks_pin(data: Path) -> None:
    async with open_shop(data, generous()) as shop:
        await staffed(shop)
        before = await ask(shop, "till-2", AskUndoable)
        permit = await ask(shop, "till-2", AskUndo, undoes=rid(1), reason="错", pin=PIN)
        shop.confirm("till-2", undo_of(1, permit))
        undone = await shop.ended("till-2", rid(101))
        await shop.journal.flush()
        after = await ask(shop, "till-2", AskUndoable)
        usage = shop.journal.usage(rid(101))

    assert [done.rid for done in before.done] == [rid(2), rid(1)]
    assert all(WINDOW_S - 60 < done.left_s <= WINDOW_S for done in before.done)
    assert isinstance(permit, Offered)
    assert undone.verdict is Verdict.UNDONE
    assert [done.rid for done in after.done] == [rid(2)]
    assert usage is not None
    assert (usage.clerk, usage.undoes) == ("1001", rid(1))


async def test_a_wrong_pin_permits_nothing_and_counts_towards_the_lock_once(data: Path) -> None:
    async with open_shop(data, generous()) as shop:
        await staffed(shop)
        asked = AskUndo(look=1, boot="again", undoes=rid(1), reason="错", pin="000000")
        for _ in range(3):
            await repeat(shop, asked)
        said = shop.outbox.to("till-2")[-1]
        none = await ask(shop, "till-2", AskUndo, undoes=rid(1), reason="错")
        tries = shop.journal.tries(CLERKS[0])

    assert isinstance(said, Refused)
    assert said.verdict is none.verdict is Verdict.CLERK_WRONG_PIN
    assert tries == 2


async def test_what_is_over_elsewhere_or_unknown_is_refused_by_name(data: Path) -> None:
    async with open_shop(data, generous()) as shop:
        await staffed(shop)
        elsewhere = await ask(shop, "till-2", AskUndo, undoes=rid(3), reason="错", pin=PIN)
        unknown = await ask(shop, "till-2", AskUndo, undoes=rid(77), reason="错", pin=PIN)
        over = tuple(msgspec.structs.replace(store, undo_s=1e-9) for store in STORES)
        await shop.registry.set_roster(Roster(stores=over, clerks=CLERKS))
        late = await ask(shop, "till-2", AskUndo, undoes=rid(1), reason="错", pin=PIN)
        listed = await ask(shop, "till-2", AskUndoable)

    assert elsewhere.verdict is unknown.verdict is Verdict.UNDO_UNSUPPORTED
    assert late.verdict is Verdict.UNDO_TOO_LATE
    assert listed.done == ()


async def test_where_clerks_are_wanted_an_undo_without_its_permit_is_aborted(data: Path) -> None:
    async with open_shop(data, generous()) as shop:
        await staffed(shop)
        shop.confirm("till-2", undo_of(1, None))
        bare = await shop.ended("till-2", rid(101))
        other = await ask(shop, "till-2", AskUndo, undoes=rid(1), reason="错", pin=PIN)
        shop.confirm("till-2", undo_of(2, other))
        swapped = await shop.ended("till-2", rid(102))
        old = await ask(shop, "till-2", AskUndo, undoes=rid(1), reason="错", pin=PIN)
        shop.clock.now += 61
        shop.confirm("till-2", msgspec.structs.replace(undo_of(1, old), rid=rid(103)))
        stale = await shop.ended("till-2", rid(103))
        shop.duties.end("till-2")
        nobody = await ask(shop, "till-2", AskUndo, undoes=rid(1), reason="错", pin=PIN)

    assert bare.verdict is swapped.verdict is stale.verdict is Verdict.ABORTED
    assert nobody.verdict is Verdict.CLERK_REQUIRED


async def test_a_store_without_clerks_undoes_without_a_pin(data: Path) -> None:
    async with open_shop(data, generous()) as shop:
        await staffed(shop)
        permit = await ask(shop, "till-1", AskUndo, undoes=rid(3), reason="错")
        shop.confirm("till-1", undo_of(3, permit, clerk=None))
        undone = await shop.ended("till-1", rid(103))

    assert undone.verdict is Verdict.UNDONE
