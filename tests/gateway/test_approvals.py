"""What is worth much begins only once it is approved, by whom the approval is sealed for; so do undos."""

from __future__ import annotations

import itertools
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec

from gateway.places import Roster
from protocol.duty import Approve, AskUndo
from protocol.messages import Method, Notice, Offered, Refused
from protocol.upstream import AskRedeem, Looked
from protocol.vocabulary import Verdict
from tests.gateway.shop import CLERKS, OTHER_PIN, PIN, STORES, badge_of, intent_of, open_shop, rid
from tests.gateway.test_duties import CODE, generous
from tests.gateway.test_undos import WINDOW_S, undo_of

if TYPE_CHECKING:
    from pathlib import Path

    from tests.gateway.shop import Shop, SilentOwner

MANAGED = tuple(msgspec.structs.replace(clerk, manager=clerk.number == "1002") for clerk in CLERKS)
STRICT = tuple(msgspec.structs.replace(store, approve_from=50_000, undo_s=WINDOW_S) for store in STORES)
_looks = itertools.count(900)


def worth(value_fen: int | None) -> SilentOwner:
    """Return a head office whose vouchers are worth that."""
    owner = generous()
    answer = owner.answer

    def valued(message: Any) -> Any:
        said = answer(message)
        return msgspec.structs.replace(said, value_fen=value_fen) if isinstance(said, Looked) else said

    owner.answer = valued
    return owner


async def staffed(shop: Shop) -> None:
    """Let a clerk begin at a kiosk of a strict store, where another is the manager."""
    shop.clerks = MANAGED
    await shop.registry.set_roster(Roster(stores=STRICT, clerks=MANAGED))
    await shop.badge("till-2", "1001")
    await shop.registry.set_roster(Roster(stores=STRICT, clerks=MANAGED))


async def ask(shop: Shop, kiosk: str, kind: type[Approve | AskUndo], **fields: Any) -> Any:
    """Ask as a kiosk does and return the answer."""
    number = next(_looks)
    shop.receive(kiosk, kind(look=number, boot="kiosk-boot", **fields))

    def answers() -> list[Any]:
        kinds = (Offered, Refused, Notice)
        return [m for m in shop.outbox.to(kiosk) if isinstance(m, kinds) and m.look == number]

    await shop.outbox.until(lambda: bool(answers()))
    return answers()[-1]


def _more_than(shop: Shop, before: int) -> bool:
    return len(shop.outbox.to("till-2")) > before


async def test_from_its_value_on_a_redemption_needs_an_approval_and_below_it_none(data: Path) -> None:
    for value, wanted in ((50_000, True), (49_999, False), (None, False)):
        (folder := data / str(value)).mkdir(parents=True)
        async with open_shop(folder, worth(value)) as shop:
            await staffed(shop)
            offer = await shop.offered("till-2", CODE, clerk="1001")
        assert offer.approval is wanted


async def test_an_offer_that_nobody_approved_begins_nothing_whatever_the_kiosk_says(data: Path) -> None:
    async with open_shop(data, owner := worth(80_000)) as shop:
        await staffed(shop)
        offer = await shop.offered("till-2", CODE, clerk="1001")
        shop.confirm("till-2", intent_of(offer, rid(1), clerk="1001"))
        bare = await shop.ended("till-2", rid(1))
        shop.confirm("till-2", intent_of(offer, rid(2), clerk="1001", approver="1002"))
        claimed = await shop.ended("till-2", rid(2))

    assert bare.verdict is claimed.verdict is Verdict.ABORTED
    assert not [asked for asked in owner.asked if isinstance(asked, AskRedeem)]


async def test_the_clerks_own_pin_approves_and_nobody_else_is_named(data: Path) -> None:
    async with open_shop(data, worth(80_000)) as shop:
        await staffed(shop)
        offer = await shop.offered("till-2", CODE, clerk="1001")
        wrong = await ask(shop, "till-2", Approve, offer=offer.offer, pin="000000")
        approved = await ask(shop, "till-2", Approve, offer=offer.offer, pin=PIN)
        shop.confirm("till-2", intent_of(approved, rid(1), clerk="1001"))
        ended = await shop.ended("till-2", rid(1))

    assert (type(wrong), wrong.verdict) == (Refused, Verdict.CLERK_WRONG_PIN)
    assert (approved.approver, approved.approval) == (None, False)
    assert ended.verdict is Verdict.REDEEMED


async def test_a_managers_badge_approves_and_the_books_name_both(data: Path) -> None:
    async with open_shop(data, owner := worth(80_000)) as shop:
        await staffed(shop)
        offer = await shop.offered("till-2", CODE, clerk="1001")
        own = await ask(shop, "till-2", Approve, offer=offer.offer, badge=badge_of("1001"))
        approved = await ask(shop, "till-2", Approve, offer=offer.offer, badge=badge_of("1002"))
        shop.confirm("till-2", intent_of(approved, rid(1), clerk="1001"))
        unnamed = await shop.ended("till-2", rid(1))
        shop.confirm("till-2", intent_of(approved, rid(2), clerk="1001", approver="1002"))
        ended = await shop.ended("till-2", rid(2))
        await shop.journal.flush()
        usage = shop.journal.usage(rid(2))

    assert (type(own), own.verdict) == (Refused, Verdict.CLERK_REQUIRED), "a clerk's badge lies on the counter"
    assert approved.approver == "1002"
    assert unnamed.verdict is Verdict.ABORTED
    assert ended.verdict is Verdict.REDEEMED
    assert usage is not None
    assert (usage.clerk, usage.approver) == ("1001", "1002")
    (asked,) = [message for message in owner.asked if isinstance(message, AskRedeem)]
    assert (asked.intent.clerk, asked.intent.approver) == ("1001", "1002")


async def test_where_nobody_is_on_duty_a_manager_of_that_store_approves_by_number_and_pin(data: Path) -> None:
    async with open_shop(data, worth(80_000)) as shop:
        await staffed(shop)
        offer = await shop.offered("till-1", CODE)
        nobody = await ask(shop, "till-1", Approve, offer=offer.offer, pin=PIN)
        clerk = await ask(shop, "till-1", Approve, offer=offer.offer, number="1001", pin=PIN)
        elsewhere = await ask(shop, "till-1", Approve, offer=offer.offer, number="1002", pin=OTHER_PIN)
        both = tuple(msgspec.structs.replace(clerk, stores=("nanjing-lu", "pudong")) for clerk in MANAGED)
        shop.clerks = both
        await shop.registry.set_roster(Roster(stores=STRICT, clerks=both))
        approved = await ask(shop, "till-1", Approve, offer=offer.offer, number="1002", pin=OTHER_PIN)

    assert nobody.verdict is Verdict.CLERK_WRONG_PIN
    assert clerk.verdict is Verdict.CLERK_REQUIRED
    assert elsewhere.verdict is Verdict.CLERK_WRONG_STORE
    assert (type(approved), approved.approver) == (Offered, "1002")


async def test_an_approval_is_for_one_kiosk_and_gives_an_offer_no_more_time(data: Path) -> None:
    async with open_shop(data, worth(80_000)) as shop:
        await staffed(shop)
        offer = await shop.offered("till-2", CODE, clerk="1001")
        other = await ask(shop, "till-1", Approve, offer=offer.offer, badge=badge_of("1002"))
        shop.clock.now += 50
        approved = await ask(shop, "till-2", Approve, offer=offer.offer, pin=PIN)
        shop.clock.now += 11
        late = await ask(shop, "till-2", Approve, offer=offer.offer, pin=PIN)
        shop.confirm("till-2", intent_of(approved, rid(1), clerk="1001"))
        ended = await shop.ended("till-2", rid(1))

    assert other.verdict is late.verdict is ended.verdict is Verdict.ABORTED
    assert approved.valid_s == 10


async def test_a_kiosk_that_repeats_a_wrong_pin_has_tried_it_once(data: Path) -> None:
    async with open_shop(data, worth(80_000)) as shop:
        await staffed(shop)
        offer = await shop.offered("till-2", CODE, clerk="1001")
        asked = Approve(look=41, boot="again", offer=offer.offer, pin="000000")
        for _ in range(3):
            before = len(shop.outbox.to("till-2"))
            shop.receive("till-2", asked)
            await shop.outbox.until(partial(_more_than, shop, before))
        tries = shop.journal.tries(MANAGED[0])

    assert tries == 1


async def test_what_is_typed_at_the_kiosk_is_approved_too_and_the_managers_own_page_needs_nobody(data: Path) -> None:
    async with open_shop(data, worth(80_000)) as shop:
        await staffed(shop)
        typed = await shop.offered("till-2", CODE, clerk="1001", method=Method.TYPED)
        store = shop.registry.store("nanjing-lu")
        assert store is not None
        web = await shop.counter.look(store, CODE, Method.WEB, None)

    assert typed.approval
    assert isinstance(web, Offered)
    assert not web.approval


async def test_a_managers_badge_permits_an_undo_and_the_books_name_both(data: Path) -> None:
    async with open_shop(data, worth(None)) as shop:
        await staffed(shop)
        offer = await shop.offered("till-2", CODE, clerk="1001")
        shop.confirm("till-2", intent_of(offer, rid(1), clerk="1001"))
        await shop.ended("till-2", rid(1))
        own = await ask(shop, "till-2", AskUndo, undoes=rid(1), reason="错", badge=badge_of("1001"))
        permit = await ask(shop, "till-2", AskUndo, undoes=rid(1), reason="错", badge=badge_of("1002"))
        shop.confirm("till-2", undo_of(1, permit))
        unnamed = await shop.ended("till-2", rid(101))
        shop.confirm("till-2", msgspec.structs.replace(undo_of(1, permit), rid=rid(102), approver="1002"))
        undone = await shop.ended("till-2", rid(102))
        await shop.journal.flush()
        usage = shop.journal.usage(rid(102))

    assert own.verdict is Verdict.CLERK_REQUIRED
    assert permit.approver == "1002"
    assert (unnamed.verdict, undone.verdict) == (Verdict.ABORTED, Verdict.UNDONE)
    assert usage is not None
    assert (usage.clerk, usage.approver) == ("1001", "1002")


async def test_a_store_that_asks_for_no_clerks_believes_no_kiosk_that_a_manager_has_approved(data: Path) -> None:
    async with open_shop(data, worth(None)) as shop:
        await staffed(shop)
        offer = await shop.offered("till-1", CODE)
        shop.confirm("till-1", intent_of(offer, rid(1)))
        await shop.ended("till-1", rid(1))
        named = msgspec.structs.replace(undo_of(1, None, clerk=None), approver="1002")
        shop.confirm("till-1", named)
        ended = await shop.ended("till-1", rid(101))

    assert ended.verdict is Verdict.ABORTED
