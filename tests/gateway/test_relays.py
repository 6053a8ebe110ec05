"""A head office of which nothing is heard: what is still sent, what never is, and what is known after a restart."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from gateway.desk import LOOKS_OF_ONE
from protocol.messages import Answer, Detail, Look, Notice, Offered, Refused
from protocol.relay import ASKING_S
from protocol.upstream import AskLook, AskRedeem, AskResolve, AskSettled, Looked
from protocol.vocabulary import Verdict
from tests.gateway.shop import SilentOwner, intent_of, open_shop, rid

if TYPE_CHECKING:
    from pathlib import Path

    from protocol.upstream import UpstreamAnswer, UpstreamRequest
    from tests.gateway.shop import Shop

CODE = "4006123456781234"


def redeemable(message: UpstreamRequest) -> UpstreamAnswer | None:
    """Answer looks, and nothing else."""
    return Looked(verdict=Verdict.REDEEMABLE, voucher="v-1", terms=7) if isinstance(message, AskLook) else None


def redeems(message: UpstreamRequest) -> UpstreamAnswer | None:
    """Answer looks and redeem everything."""
    if isinstance(message, AskRedeem | AskResolve):
        return Answer(rid=message.intent.rid, verdict=Verdict.REDEEMED, final=True, detail=Detail(title="咖啡"))
    return redeemable(message)


async def settle_down(shop: Shop) -> None:
    """Let everything that is under way come to rest."""
    await shop.relays.drain(5)
    await shop.journal.flush()


def sent(owner: SilentOwner) -> list[type]:
    """Return the kinds of what was asked about redemptions, in order."""
    return [type(message) for message in owner.asked if isinstance(message, AskRedeem | AskResolve)]


async def test_silence_is_pending_and_becomes_a_resolve_only_after_ten_seconds(data: Path) -> None:
    owner = SilentOwner()
    owner.answer = redeemable
    async with open_shop(data, owner) as shop:
        intent = intent_of(await shop.offered("till-1", CODE), rid(1))
        shop.confirm("till-1", intent)
        await settle_down(shop)
        for _ in range(20):
            shop.clock.now += 0.45
            shop.relays.tick()
            await settle_down(shop)
        within = sent(owner)
        shop.confirm("till-1", intent)
        await settle_down(shop)
        told = shop.answers("till-1", rid(1))
        shop.clock.now += ASKING_S
        shop.relays.tick()
        await settle_down(shop)
        shop.confirm("till-1", intent)
        await settle_down(shop)
        usage = shop.journal.usage(rid(1))

    assert set(within) == {AskRedeem}
    assert len(within) >= 4
    assert [(m.verdict, m.final) for m in told if isinstance(m, Answer)] == [(Verdict.PENDING, False)]
    assert sent(owner)[len(within) + 1 :] == [AskResolve, AskResolve]
    assert usage is not None
    assert (usage.verdict, usage.final) == (Verdict.PENDING, False)


async def test_a_request_may_not_leave_later_than_its_ten_seconds(data: Path) -> None:
    owner = SilentOwner()
    owner.answer = redeemable
    async with open_shop(data, owner) as shop:
        shop.confirm("till-1", intent_of(await shop.offered("till-1", CODE), rid(1)))
        await settle_down(shop)
        shop.clock.now += ASKING_S - 1.5
        shop.relays.tick()
        await settle_down(shop)

    assert sent(owner) == [AskRedeem, AskRedeem]
    assert owner.timeouts[-1] == pytest.approx(1.5)


async def test_the_answer_that_comes_at_last_is_passed_down(data: Path) -> None:
    owner = SilentOwner()
    owner.answer = redeemable
    async with open_shop(data, owner) as shop:
        shop.confirm("till-1", intent_of(await shop.offered("till-1", CODE), rid(1)))
        await settle_down(shop)
        owner.answer = redeems
        shop.clock.now += 60
        shop.relays.tick()
        answer = await shop.ended("till-1", rid(1))

    assert answer.verdict is Verdict.REDEEMED
    assert sent(owner) == [AskRedeem, AskResolve]


async def test_a_resolve_that_overtakes_its_request_keeps_it_from_leaving(data: Path) -> None:
    owner = SilentOwner()
    owner.answer = redeemable
    async with open_shop(data, owner) as shop:
        intent = intent_of(await shop.offered("till-1", CODE), rid(1))
        shop.confirm("till-1", intent)
        shop.resolve("till-1", intent, "cancelled")
        await settle_down(shop)
        shop.clock.now += 1
        shop.relays.tick()
        await settle_down(shop)

    assert sent(owner) == [AskResolve]
    last = owner.asked[-1]
    assert isinstance(last, AskResolve)
    assert last.reason == "cancelled"


async def test_a_confirm_after_the_kiosks_resolve_never_begins_a_redemption(data: Path) -> None:
    owner = SilentOwner()
    owner.answer = redeemable
    async with open_shop(data, owner) as shop:
        intent = intent_of(await shop.offered("till-1", CODE), rid(1))
        shop.resolve("till-1", intent, "restarted")
        await settle_down(shop)
        shop.confirm("till-1", intent)
        await settle_down(shop)

    assert sent(owner) == [AskResolve, AskResolve]


async def test_after_a_restart_only_the_end_is_asked_for(data: Path) -> None:
    owner = SilentOwner()
    owner.answer = redeemable
    async with open_shop(data, owner) as shop:
        intent = intent_of(await shop.offered("till-1", CODE), rid(1))
        shop.confirm("till-1", intent)
        await settle_down(shop)
    later = SilentOwner()
    async with open_shop(data, later, furnished=False) as shop:
        await settle_down(shop)
        shop.confirm("till-1", intent)
        await settle_down(shop)
        pending = shop.answers("till-1", rid(1))
        later.answer = redeems
        shop.clock.now += 3
        shop.relays.tick()
        answer = await shop.ended("till-1", rid(1))

    assert sent(later) == [AskResolve] * 3
    first = later.asked[0]
    assert isinstance(first, AskResolve)
    assert (first.intent, first.store, first.terms, first.reason) == (intent, "nanjing-lu", 7, "gateway restarted")
    assert [m.verdict for m in pending] == [Verdict.PENDING]
    assert answer.verdict is Verdict.REDEEMED


async def test_the_request_is_on_disk_before_it_leaves(data: Path) -> None:
    owner = SilentOwner()
    seen: list[bool] = []

    async with open_shop(data, owner) as shop:

        def look_at_disk(message: UpstreamRequest) -> UpstreamAnswer | None:
            if isinstance(message, AskRedeem):
                found = shop.journal.find(message.intent.rid)
                seen.append(found is not None and found.is_open)
            return redeems(message)

        owner.answer = look_at_disk
        shop.confirm("till-1", intent_of(await shop.offered("till-1", CODE), rid(1)))
        await shop.ended("till-1", rid(1))

    assert seen == [True]


@pytest.mark.rule(8)
async def test_that_nothing_more_may_begin_is_on_disk_before_the_resolve_leaves(data: Path) -> None:
    owner = SilentOwner()
    seen: list[bool] = []

    async with open_shop(data, owner) as shop:

        def look_at_disk(message: UpstreamRequest) -> UpstreamAnswer | None:
            if isinstance(message, AskResolve):
                found = shop.journal.find(message.intent.rid)
                seen.append(found is not None and found.closed)
            return redeemable(message)

        owner.answer = look_at_disk
        intent = intent_of(await shop.offered("till-1", CODE), rid(1))
        shop.confirm("till-1", intent)
        await settle_down(shop)
        shop.resolve("till-1", intent, "cancelled")
        await settle_down(shop)

    assert seen == [True]


async def test_hundreds_wait_for_a_slow_head_office_at_once(data: Path) -> None:
    owner = SilentOwner()
    owner.answer = redeems
    async with open_shop(data, owner) as shop:
        for number in range(10):
            await shop.registry.bind(f"k-{number}", "nanjing-lu", "kiosk")
        offers = {n: await shop.offered(f"k-{n % 10}", f"code-{n}") for n in range(300)}
        commits = shop.journal.commits
        owner.gate.clear()
        for number, offer in offers.items():
            shop.confirm(f"k-{number % 10}", intent_of(offer, rid(number), code=f"code-{number}"))
        await owner.until(lambda: len(sent(owner)) == 300)
        commits = shop.journal.commits - commits
        owner.gate.set()
        for number in offers:
            await shop.ended(f"k-{number % 10}", rid(number))

    assert commits < 30


async def test_what_has_ended_is_the_journals_to_remember(data: Path) -> None:
    owner = SilentOwner()
    owner.answer = redeems
    async with open_shop(data, owner) as shop:
        for number in range(20):
            shop.confirm("till-1", intent_of(await shop.offered("till-1", CODE), rid(number)))
            await shop.ended("till-1", rid(number))
        await settle_down(shop)
        kept = len(shop.relays._relays)
        intent = intent_of(await shop.offered("till-1", CODE), rid(99))
        shop.confirm("till-1", intent)
        await shop.ended("till-1", rid(99))
        shop.resolve("till-1", intent, "restarted")
        await settle_down(shop)
        kept_after_a_repeat = len(shop.relays._relays)

    assert (kept, kept_after_a_repeat) == (0, 0)


async def test_a_look_that_is_repeated_while_it_is_under_way_is_asked_once(data: Path) -> None:
    owner = SilentOwner()
    owner.answer = redeemable
    async with open_shop(data, owner) as shop:
        owner.gate.clear()
        for _ in range(3):
            shop.receive("till-1", Look(look=7, boot="b", code=CODE))
        await owner.until(lambda: bool(owner.asked))
        for number in range(8, 30):
            shop.receive("till-1", Look(look=number, boot="b", code=CODE))
        owner.gate.set()
        await shop.desk.drain(5)
        told = shop.outbox.to("till-1")

    assert len(owner.asked) == LOOKS_OF_ONE
    assert sum(isinstance(m, Offered) and m.look == 7 for m in told) == 1
    assert {m.verdict for m in told if isinstance(m, Notice)} == {Verdict.RATE_LIMITED}


async def test_a_notice_about_a_message_ends_no_rid(data: Path) -> None:
    owner = SilentOwner()
    owner.answer = lambda m: (
        Notice(verdict=Verdict.RATE_LIMITED, rid=m.intent.rid) if isinstance(m, AskRedeem) else redeemable(m)
    )
    async with open_shop(data, owner) as shop:
        shop.confirm("till-1", intent_of(await shop.offered("till-1", CODE), rid(1)))
        await settle_down(shop)
        still_open = shop.relays.open_of("till-1")
        told = shop.answers("till-1", rid(1))

    assert still_open == 1
    assert told == []


async def test_an_answer_to_another_rid_is_no_answer(data: Path) -> None:
    owner = SilentOwner()
    owner.answer = lambda m: (
        Answer(rid=rid(99), verdict=Verdict.REDEEMED, final=True) if isinstance(m, AskRedeem) else redeemable(m)
    )
    async with open_shop(data, owner) as shop:
        shop.confirm("till-1", intent_of(await shop.offered("till-1", CODE), rid(1)))
        await settle_down(shop)
        still_open = shop.relays.open_of("till-1")

    assert still_open == 1
    assert shop.answers("till-1", rid(1)) == []


async def test_a_look_in_silence_says_that_nothing_was_spent(data: Path) -> None:
    async with open_shop(data) as shop:
        found = await shop.look("till-1", CODE)

    assert isinstance(found, Refused)
    assert found.verdict is Verdict.UPSTREAM_UNAVAILABLE


async def test_nobody_is_told_that_nothing_was_spent_while_that_very_code_is_open(data: Path) -> None:
    owner = SilentOwner()
    owner.answer = redeemable
    async with open_shop(data, owner) as shop:
        shop.confirm("till-1", intent_of(await shop.offered("till-1", CODE), rid(1)))
        await settle_down(shop)
        owner.answer = lambda _: None
        await shop.badge("till-2", "1001")
        found = await shop.look("till-2", CODE, clerk="1001")

    assert isinstance(found, Refused)
    assert found.verdict is Verdict.BUSY


async def test_too_many_open_requests_hold_a_kiosk_up_but_not_what_it_has_begun(data: Path) -> None:
    owner = SilentOwner()
    owner.answer = redeemable
    async with open_shop(data, owner) as shop:
        offers = [await shop.offered("till-1", f"code-{n}") for n in range(65)]
        intents = [intent_of(offer, rid(n), code=f"code-{n}") for n, offer in enumerate(offers)]
        for intent in intents:
            shop.confirm("till-1", intent)
        await settle_down(shop)
        shop.confirm("till-1", intents[0])

    refused = [m for m in shop.outbox.to("till-1") if isinstance(m, Notice)]
    assert [(m.verdict, m.rid) for m in refused] == [(Verdict.RATE_LIMITED, rid(64))]
    assert [m.verdict for m in shop.answers("till-1", rid(0))] == [Verdict.PENDING]


async def test_every_message_says_the_journals_generation_and_sequence(data: Path) -> None:
    owner = SilentOwner()
    owner.answer = redeems
    async with open_shop(data, owner) as shop:
        for number in range(3):
            shop.confirm("till-1", intent_of(await shop.offered("till-1", CODE), rid(number)))
            await shop.ended("till-1", rid(number))
        await shop.journal.flush()
        assert shop.relays.settle("till-1", rid(2), handed_over=True)
        await settle_down(shop)

    assert [(m.gen, m.seq) for m in owner.asked if isinstance(m, AskRedeem)] == [(1, 1), (1, 2), (1, 3)]
    assert [(m.gen, m.seq) for m in owner.asked if isinstance(m, AskSettled)] == [(1, 3)]


async def test_a_repeated_question_is_word_for_word_the_first(data: Path) -> None:
    owner = SilentOwner()
    owner.answer = redeemable
    async with open_shop(data, owner) as shop:
        shop.confirm("till-1", intent_of(await shop.offered("till-1", CODE), rid(1), quantity=2, amount=3200))
        await settle_down(shop)
        shop.clock.now += 1
        shop.relays.tick()
        await settle_down(shop)

    first, second = (m for m in owner.asked if isinstance(m, AskRedeem))
    assert msgspec.structs.replace(first, seq=0) == msgspec.structs.replace(second, seq=0)
