"""A gateway under a lease: what it accepts while the head office is silent, what it refuses, how that is told."""

from __future__ import annotations

import sqlite3
from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from gateway.binding import NO_OFFER
from gateway.journal import restore
from protocol.lease import Clock
from protocol.leasing import Accepted
from protocol.messages import Answer, Notice, Offered, Refused, Resolve
from protocol.upstream import AskLook, AskRedeem, AskResolve, Looked, Met
from protocol.vocabulary import Verdict
from tests.gateway.leasing import LEASE, Chain
from tests.gateway.shop import Shop, intent_of, open_shop, rid

if TYPE_CHECKING:
    from pathlib import Path


#: What a kiosk was told by a gateway that is not this one, or does not know it any more.
SAID = Accepted(
    lease=LEASE.id, gateway="gw-9", voucher="1".zfill(32), uses=(1,), elapsed_s=200.0, at="2026-11-21T12:05:00+08:00"
)


@pytest.fixture
def chain() -> Chain:
    """Return a head office that is silent unless a test says otherwise."""
    return Chain()


async def accepted(shop: Shop, code: str, number: int, kiosk: str = "till-1", **fields: Any) -> Answer:
    """Show a code, confirm it, and let the gateway's patience end; it must be accepted."""
    offer = await shop.offered(kiosk, code)
    shop.confirm(kiosk, intent_of(offer, rid(number), code, **fields))
    return await told(shop, number, kiosk)


async def told(shop: Shop, number: int, kiosk: str = "till-1") -> Answer:
    """Wait until a kiosk is told that its rid was accepted."""

    def answers() -> list[Answer]:
        return [m for m in shop.answers(kiosk, rid(number)) if isinstance(m, Answer)]

    await shop.journal.flush()
    shop.clock.now += 2.0
    shop.relays.tick()
    await shop.outbox.until(lambda: bool(answers()))
    found = answers()[-1]
    assert found.verdict is Verdict.ACCEPTED_OFFLINE, found
    return found


def uploads(chain: Chain) -> list[AskResolve]:
    """Return what the head office was told, or was tried to be told."""
    return [ask for ask in chain.owner.asked if isinstance(ask, AskResolve)]


async def test_a_signed_voucher_is_accepted_while_the_head_office_is_silent_and_redeemed_when_it_is_back(
    data: Path, chain: Chain
) -> None:
    code = chain.issue()
    async with open_shop(data, chain.owner) as shop:
        await chain.lease(shop)
        answer = await accepted(shop, code, 1)
        await chain.owner.until(lambda: bool(uploads(chain)))
        (ask, *_) = uploads(chain)
        chain.owner.answer = redeemed
        shop.clock.now += 5
        shop.relays.tick()
        ended = await shop.ended("till-1", rid(1))
        await shop.journal.flush()
        usage = shop.journal.usage(rid(1))

    assert (answer.final, answer.uses, answer.detail.title) == (False, (1,), "拿铁一杯")
    assert answer.detail.at == "2026-11-21T12:00:00+08:00"
    assert ask.accepted == answer.accepted
    assert ended.verdict is Verdict.REDEEMED
    assert usage is not None
    assert usage.verdict is Verdict.REDEEMED
    assert not [one for one in chain.owner.asked if isinstance(one, AskRedeem)]


def redeemed(ask: Any) -> Answer | None:
    """Answer what was accepted as a head office does that has recorded it."""
    if not isinstance(ask, AskResolve) or ask.accepted is None:
        return None
    return Answer(
        rid=ask.intent.rid, verdict=Verdict.REDEEMED, final=True, voucher=ask.accepted.voucher, uses=ask.accepted.uses
    )


async def test_a_look_at_such_a_voucher_waits_two_seconds_and_at_any_other_as_long_as_ever(
    data: Path, chain: Chain
) -> None:
    code = chain.issue()
    async with open_shop(data, chain.owner) as shop:
        await chain.lease(shop)
        await shop.offered("till-1", code)
        plain = await shop.look("till-1", "4006123456781234")
    waited = [s for ask, s in zip(chain.owner.asked, chain.owner.timeouts, strict=True) if isinstance(ask, AskLook)]
    assert waited == [2.0, None]
    assert isinstance(plain, Refused)
    assert plain.verdict is Verdict.OFFLINE_REFUSED


async def test_a_head_office_that_answers_in_time_is_what_the_kiosk_hears_of(data: Path, chain: Chain) -> None:
    code = chain.issue()
    async with open_shop(data, chain.owner) as shop:
        await chain.lease(shop)
        offer = await shop.offered("till-1", code)
        chain.owner.answer = redeemed
        shop.confirm("till-1", intent_of(offer, rid(1), code))
        await shop.ended("till-1", rid(1))
    assert [answer.verdict for answer in shop.answers("till-1", rid(1))] == [Verdict.REDEEMED]


@pytest.mark.rule(4)
async def test_rule_4_an_offer_of_other_terms_than_the_leases_is_left_to_the_head_office(
    data: Path, chain: Chain
) -> None:
    code = chain.issue()
    async with open_shop(data, chain.owner) as shop:
        older = Looked(verdict=Verdict.REDEEMABLE, voucher="1".zfill(32), terms=LEASE.terms - 1)
        chain.owner.answer = lambda ask: older if _is_look(ask) else None
        offer = await shop.offered("till-1", code)
        await chain.lease(shop)
        shop.confirm("till-1", intent_of(offer, rid(1), code))
        await chain.owner.until(lambda: any(isinstance(ask, AskRedeem) for ask in chain.owner.asked))

    assert [ask.terms for ask in chain.owner.asked if isinstance(ask, AskRedeem)] == [LEASE.terms - 1]
    assert not uploads(chain)


async def test_a_voucher_is_accepted_once_by_whichever_kiosk(data: Path, chain: Chain) -> None:
    code = chain.issue()
    async with open_shop(data, chain.owner) as shop:
        await shop.registry.bind("till-3", "nanjing-lu", "three")
        await chain.lease(shop)
        offers = {kiosk: await shop.offered(kiosk, code) for kiosk in ("till-1", "till-3")}
        for number, (kiosk, offer) in enumerate(offers.items(), start=1):
            shop.confirm(kiosk, intent_of(offer, rid(number), code))
        await told(shop, 1)
        again = await shop.look("till-3", code)
        second = uploads(chain)[-1]
        claims = _claims(data)

    assert isinstance(again, Refused)
    assert again.verdict is Verdict.ALREADY_REDEEMED
    assert again.detail.kiosk == "till-1"
    assert (second.intent.rid, second.accepted) == (rid(2), None)
    assert claims == [("1".zfill(32), 1, rid(1))]


async def test_a_code_that_was_accepted_is_not_offered_on_the_head_offices_word_before_it_was_uploaded(
    data: Path, chain: Chain
) -> None:
    code = chain.issue()
    async with open_shop(data, chain.owner) as shop:
        await chain.lease(shop)
        offer = await shop.offered("till-1", code)
        await accepted(shop, code, 1)
        chain.owner.answer = lambda ask: Looked(verdict=Verdict.REDEEMABLE, voucher="x") if _is_look(ask) else None
        assert isinstance(await shop.look("till-1", code), Refused)
        shop.confirm("till-1", intent_of(offer, rid(2), code))
        await shop.journal.flush()
        await chain.owner.until(lambda: any(ask.intent.rid == rid(2) for ask in uploads(chain)))
    assert not [ask for ask in chain.owner.asked if isinstance(ask, AskRedeem)]


def _is_look(ask: object) -> bool:
    return isinstance(ask, AskLook)


def _claims(data: Path) -> list[tuple[object, ...]]:
    connection = sqlite3.connect(data / "journal.db")
    rows = connection.execute("SELECT voucher, number, rid FROM claims ORDER BY voucher, number").fetchall()
    connection.close()
    return rows


async def test_a_cards_uses_are_claimed_by_number_and_what_the_head_office_had_spent_stays_spent(
    data: Path, chain: Chain
) -> None:
    code = chain.issue(uses=4, taken=(2,))
    async with open_shop(data, chain.owner) as shop:
        await chain.lease(shop, msgspec.structs.replace(LEASE, most_value=None))
        first = await accepted(shop, code, 1, quantity=2)
        second = await accepted(shop, code, 2)
        spent = await shop.look("till-1", code)
    assert (first.uses, second.uses) == ((1, 3), (4,))
    assert isinstance(spent, Refused)
    assert spent.verdict is Verdict.USES_EXHAUSTED


@pytest.mark.rule(11)
async def test_rule_11_a_use_that_was_given_back_is_the_head_offices_to_give_while_others_are_accepted(
    data: Path, chain: Chain
) -> None:
    """Its books may have been put back to where it is spent, and nobody would know."""
    code = chain.issue(uses=2)
    async with open_shop(data, chain.owner) as shop:
        await chain.lease(shop, LEASE)
        await accepted(shop, code, 1)
        chain.owner.answer = redeemed
        shop.clock.now += 5
        shop.relays.tick()
        assert (await shop.ended("till-1", rid(1))).verdict is Verdict.REDEEMED
        await shop.journal.flush()
        shop.relays.mark_undone(rid(1), by=rid(99))
        await shop.journal.flush()
        chain.owner.answer = lambda _: None
        second = await accepted(shop, code, 2)
        third = await shop.look("till-1", code)
    assert second.uses == (2,)
    assert isinstance(third, Refused)
    assert third.verdict is Verdict.OFFLINE_REFUSED


@pytest.mark.parametrize(("most_uses", "most_value"), [(2, None), (9, 6400), (9, 9599)])
async def test_caps_count_what_is_not_yet_uploaded_and_make_room_again_when_it_is(
    data: Path, chain: Chain, most_uses: int, most_value: int | None
) -> None:
    codes = [chain.issue() for _ in range(4)]
    async with open_shop(data, chain.owner) as shop:
        await chain.lease(shop, msgspec.structs.replace(LEASE, most_uses=most_uses, most_value=most_value))
        for number, code in enumerate(codes[:2], start=1):
            await accepted(shop, code, number)
        third = await shop.look("till-1", codes[2])
        chain.owner.answer = redeemed
        shop.clock.now += 5
        shop.relays.tick()
        for number in (1, 2):
            await shop.ended("till-1", rid(number))
        chain.owner.answer = lambda _: None
        assert isinstance(await shop.look("till-1", codes[2]), Offered)
    assert isinstance(third, Refused)
    assert third.verdict is Verdict.OFFLINE_REFUSED


async def test_time_ends_it_by_the_machines_clock_and_not_by_any_other(data: Path, chain: Chain) -> None:
    code = chain.issue()
    async with open_shop(data, chain.owner) as shop:
        await chain.lease(shop)
        shop.machine.now += 3595
        assert isinstance(await shop.look("till-1", code), Offered)
        shop.machine.now += 2
        late = await shop.look("till-1", code)
    assert isinstance(late, Refused)
    assert late.verdict is Verdict.OFFLINE_REFUSED


async def test_dates_are_judged_by_the_head_offices_time_counted_on(data: Path, chain: Chain) -> None:
    code = chain.issue(valid_until=datetime.fromisoformat("2026-11-21T12:30:00+08:00"))
    async with open_shop(data, chain.owner) as shop:
        await chain.lease(shop)
        shop.machine.now += 1799
        assert isinstance(await shop.look("till-1", code), Offered)
        shop.machine.now += 1
        expired = await shop.look("till-1", code)
    assert isinstance(expired, Refused)
    assert expired.verdict is Verdict.EXPIRED


async def test_another_store_a_forged_code_a_revoked_key_and_a_stranger_are_refused(data: Path, chain: Chain) -> None:
    code = chain.issue()
    forger = Chain()
    forged = forger.issue()
    async with open_shop(data, chain.owner) as shop:
        await chain.lease(shop)
        stranger = chain.issue()
        await shop.registry.bind("till-4", "hongqiao", "four")
        elsewhere = await shop.look("till-4", code)
        seen = [await shop.look("till-1", one) for one in (forged, stranger)]
        await chain.lease(shop, keys=(forger.key,))
        revoked = await shop.look("till-1", code)
    for refused in (elsewhere, *seen, revoked):
        assert isinstance(refused, Refused)
        assert refused.verdict is Verdict.OFFLINE_REFUSED


async def test_after_a_restart_nothing_is_accepted_before_somebody_has_shown_the_journals_number(
    data: Path, chain: Chain
) -> None:
    codes = [chain.issue() for _ in range(2)]
    async with open_shop(data, chain.owner) as shop:
        await chain.lease(shop)
        await accepted(shop, codes[0], 1)
    async with open_shop(data, chain.owner) as again:
        again.standing.met = False
        unmet = await again.look("till-1", codes[1])
        again.standing.met = True
        assert isinstance(await again.look("till-1", codes[1]), Offered)
        spent = await again.look("till-1", codes[0])
    assert isinstance(unmet, Refused)
    assert unmet.verdict is Verdict.OFFLINE_REFUSED
    assert isinstance(spent, Refused)
    assert spent.verdict is Verdict.ALREADY_REDEEMED


async def test_a_restart_goes_on_uploading_and_tells_the_kiosk_that_asks(data: Path, chain: Chain) -> None:
    code = chain.issue()
    async with open_shop(data, chain.owner) as shop:
        await chain.lease(shop)
        offer = await shop.offered("till-1", code)
        intent = intent_of(offer, rid(1), code)
        shop.confirm("till-1", intent)
        first = await told(shop, 1)
    async with open_shop(data, chain.owner) as again:
        again.resolve("till-1", intent, "restarted")
        second = await told(again, 1)
        chain.owner.answer = redeemed
        again.clock.now += 5
        again.relays.tick()
        await again.ended("till-1", rid(1))
    assert first == second
    assert {ask.accepted for ask in uploads(chain)} == {first.accepted}


@pytest.mark.rule(11)
async def test_rule_11_a_repeat_of_a_req_to_another_run_ends_nothing_that_its_journal_has_lost(
    data: Path, chain: Chain
) -> None:
    code = chain.issue()
    async with open_shop(data, chain.owner) as shop:
        await chain.lease(shop)
        intent = intent_of(await shop.offered("till-1", code), rid(1), code)
        shop.confirm("till-1", intent)
        before = await told(shop, 1)
    asked = len(chain.owner.asked)
    intent = msgspec.structs.replace(intent, offer=f"before-{intent.offer}")  # the name of another run
    older = data / "older"
    older.mkdir()
    async with open_shop(older, chain.owner) as again:
        again.confirm("till-1", intent)
        said = again.outbox.to("till-1")[-1]
        assert isinstance(said, Notice)
        assert (said.verdict, said.rid, said.hint) == (Verdict.FAULT, rid(1), NO_OFFER)
        assert again.relays.known(rid(1)) is None
        again.receive("till-1", Resolve(intent=intent))  # sent before its kiosk was told
        assert again.outbox.to("till-1")[-1] == said
        assert not [ask for ask in chain.owner.asked[asked:] if isinstance(ask, AskResolve)]
        again.receive("till-1", Resolve(intent=intent, accepted=before.accepted))
        await again.journal.flush()
        assert again.relays.has_accepted(code), "what its kiosk says of it counts"


@pytest.mark.rule(11)
async def test_rule_11_what_another_run_began_is_ended_once_its_kiosk_has_forgone_it(data: Path, chain: Chain) -> None:
    async with open_shop(data, chain.owner) as shop:
        intent = intent_of(None, rid(1), chain.issue())
        intent = msgspec.structs.replace(intent, offer="before-this-run")
        shop.receive("till-1", Resolve(intent=intent, forgone=True))
        await chain.owner.until(lambda: bool(uploads(chain)))
    assert {(ask.intent.rid, ask.accepted) for ask in uploads(chain)} == {(rid(1), None)}


async def test_a_journal_that_was_put_back_and_a_machine_that_was_started_anew_hold_no_lease(
    data: Path, chain: Chain
) -> None:
    code = chain.issue()
    async with open_shop(data, chain.owner) as shop:
        await chain.lease(shop)
    async with open_shop(data, chain.owner) as rebooted:
        rebooted.leases._clock = lambda: Clock("boot-2", rebooted.machine.now)
        assert isinstance(await rebooted.look("till-1", code), Refused)
    restore(data / "journal.db")
    async with open_shop(data, chain.owner) as restored:
        assert isinstance(await restored.look("till-1", code), Refused)
        await chain.lease(restored)
        assert isinstance(await restored.look("till-1", code), Offered)


async def test_a_kiosk_that_was_moved_brings_what_was_accepted_elsewhere(data: Path, chain: Chain) -> None:
    code = chain.issue()
    intent = intent_of(None, rid(1), code)
    async with open_shop(data, chain.owner) as shop:
        shop.receive("till-1", Resolve(intent=intent, reason="restarted"))
        shop.receive("till-1", Resolve(intent=intent, reason="restarted", accepted=SAID))
        await shop.journal.flush()
        shop.receive("till-1", Resolve(intent=intent, reason="restarted", accepted=SAID))
        chain.owner.answer = redeemed
        await shop.relays.drain(0.2)
        shop.clock.now += 5
        shop.relays.tick()
        ended = await shop.ended("till-1", rid(1))
        claims = _claims(data)
    assert ended.verdict is Verdict.REDEEMED
    assert uploads(chain)[-1].accepted == SAID
    assert claims == []


@pytest.mark.rule(11)
async def test_a_request_under_way_gives_way_to_what_turns_out_to_have_been_accepted(data: Path, chain: Chain) -> None:
    code = chain.issue()

    def asked(kind: type[AskRedeem | AskResolve]) -> int:
        return sum(isinstance(ask, kind) and ask.intent.rid == rid(2) for ask in chain.owner.asked)

    async with open_shop(data, chain.owner) as shop:
        chain.owner.answer = lambda ask: Looked(verdict=Verdict.REDEEMABLE, voucher="x") if _is_look(ask) else None
        shop.confirm("till-1", intent_of(await shop.offered("till-1", code), rid(2), code))
        await shop.journal.flush()
        await chain.owner.until(lambda: asked(AskRedeem) == 1)
        shop.receive("till-2", Resolve(intent=intent_of(None, rid(1), code), reason="restarted", accepted=SAID))
        for _ in range(3):
            await shop.journal.flush()
            await shop.relays.drain(0.2)
            shop.clock.now += 1
            shop.relays.tick()
        await chain.owner.until(lambda: asked(AskResolve) > 0)
    assert asked(AskRedeem) == 1


async def test_a_lease_goes_back_once_its_time_is_over_and_everything_was_uploaded(data: Path, chain: Chain) -> None:
    codes = [chain.issue() for _ in range(2)]
    over = msgspec.structs.replace(LEASE, age_s=3700.0, left_s=0.0)
    async with open_shop(data, chain.owner) as shop:
        await chain.lease(shop)
        await accepted(shop, codes[0], 1)
        shop.machine.now += 3700
        await chain.lease(shop, over)
        still = shop.leases.returned
        chain.owner.answer = redeemed
        shop.clock.now += 5
        shop.relays.tick()
        await shop.ended("till-1", rid(1))
        await shop.journal.flush()
        returned = shop.leases.returned
    async with open_shop(data, chain.owner) as again:
        found = again.leases.returned
        await chain.lease(again, LEASE)
        closed = await again.look("till-1", codes[1])
        await again.leases.met(Met(keys=(chain.key,)), Clock("boot-1", again.machine.now), again.owner)
        dropped = again.leases.returned
    assert (still, returned, found, dropped) == ((), (LEASE.id,), (LEASE.id,), ())
    assert isinstance(closed, Refused)


async def test_a_lease_that_is_recalled_accepts_nothing_more(data: Path, chain: Chain) -> None:
    code = chain.issue()
    async with open_shop(data, chain.owner) as shop:
        await chain.lease(shop)
        await chain.lease(shop, msgspec.structs.replace(LEASE, recalled=True))
        assert isinstance(await shop.look("till-1", code), Refused)
        assert shop.leases.returned == (LEASE.id,)


async def test_a_conflict_ends_it_and_is_told(data: Path, chain: Chain) -> None:
    code = chain.issue()
    async with open_shop(data, chain.owner) as shop:
        await chain.lease(shop)
        await accepted(shop, code, 1)
        chain.owner.answer = lambda ask: Answer(rid=ask.intent.rid, verdict=Verdict.OFFLINE_CONFLICT, final=True)
        shop.clock.now += 5
        shop.relays.tick()
        ended = await shop.ended("till-1", rid(1))
        await shop.journal.flush()
        assert _claims(data) == []
    assert ended.verdict is Verdict.OFFLINE_CONFLICT
