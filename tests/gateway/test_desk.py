"""A kiosk at the desk, with a head office behind real HTTPS: looks, redemptions, and what becomes of bad messages."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from protocol.bundle import Beside
from protocol.marks import Mark, shown_in
from protocol.messages import Action, Answer, Hello, Intent, Look, Notice, Offered, Refusal, Refused, Settled, Welcome
from protocol.upstream import AskLook, AskRedeem, AskResolve, Looked
from protocol.vocabulary import Verdict
from tests.gateway.shop import SilentOwner, intent_of, open_shop, rid, shop_and_headoffice

if TYPE_CHECKING:
    from pathlib import Path

    from tests.gateway.certificates import Authority

CODE = "4006123456781234"


async def test_a_look_then_a_confirm_redeems_and_both_books_hold_it(data: Path, authority: Authority) -> None:
    async with shop_and_headoffice(data, authority) as (shop, headoffice):
        headoffice.add(CODE)
        offer = await shop.offered("till-1", CODE)
        assert offer.detail.title == "咖啡兑换券"
        shop.confirm("till-1", intent_of(offer, rid(1)))
        answer = await shop.ended("till-1", rid(1))
        await shop.journal.flush()
        usage = shop.journal.usage(rid(1))

    assert answer.verdict is Verdict.REDEEMED
    assert answer.detail.store == "南京路店"
    assert usage is not None
    assert (usage.verdict, usage.store, usage.kiosk, usage.code_tail) == (
        Verdict.REDEEMED,
        "nanjing-lu",
        "till-1",
        "1234",
    )
    assert headoffice.vouchers[CODE].left == 0
    assert headoffice.known[rid(1)].requester == "till-1"


async def test_the_others_of_an_order_are_offered_each_under_a_seal_of_its_own(data: Path) -> None:
    owner = SilentOwner()
    beside = tuple(Beside(code=f"other-{number}", voucher=f"v-{number}", terms=number) for number in (2, 3))
    looked = Looked(verdict=Verdict.REDEEMABLE, voucher="v-1", terms=1, others=beside)
    owner.answer = lambda message: looked if isinstance(message, AskLook) else None
    async with open_shop(data, owner) as shop:
        offer = await shop.offered("till-1", CODE)
        second, third = offer.others
        shop.confirm("till-1", intent_of(offer, rid(1)))
        shop.confirm("till-1", msgspec.structs.replace(intent_of(offer, rid(2), code=second.code), offer=second.offer))
        shop.confirm("till-1", intent_of(offer, rid(3), code=third.code))
        await shop.relays.drain(5)
        asked = {one.intent.rid: one for one in owner.asked if isinstance(one, AskRedeem | AskResolve)}

    assert (second.code, third.code) == ("other-2", "other-3")
    assert [type(asked[rid(number)]) for number in (1, 2, 3)] == [AskRedeem, AskRedeem, AskResolve]
    assert (asked[rid(1)].terms, asked[rid(2)].terms) == (1, 2)


async def test_a_repeat_gets_the_same_answer_once_the_owner_has_said_it_again(data: Path, authority: Authority) -> None:
    async with shop_and_headoffice(data, authority) as (shop, headoffice):
        headoffice.add(CODE)
        intent = intent_of(await shop.offered("till-1", CODE), rid(1))
        shop.confirm("till-1", intent)
        first = await shop.ended("till-1", rid(1))
        await shop.journal.flush()
        shop.confirm("till-1", intent)
        shop.resolve("till-1", intent, "restarted")
        await shop.relays.drain(5)
        await shop.journal.flush()
        shop.resolve("till-1", intent, "restarted")
        await shop.relays.drain(5)

    assert shop.answers("till-1", rid(1)) == [first] * 3
    assert headoffice.kinds() == {"AskLook": 1, "AskRedeem": 1, "AskResolve": 2}
    assert headoffice.vouchers[CODE].left == 0


async def test_another_kiosks_rid_is_a_fault_and_changes_nothing(data: Path, authority: Authority) -> None:
    async with shop_and_headoffice(data, authority) as (shop, headoffice):
        await shop.registry.bind("till-3", "nanjing-lu", "three")
        headoffice.add(CODE)
        intent = intent_of(await shop.offered("till-1", CODE), rid(1))
        shop.confirm("till-1", intent)
        await shop.ended("till-1", rid(1))
        shop.confirm("till-3", intent)
        shop.resolve("till-3", intent, "mine now")
        await shop.journal.flush()
        shop.confirm("till-3", intent)
        usage = shop.journal.usage(rid(1))

    assert [m.verdict for m in shop.answers("till-3", rid(1))] == [Verdict.FAULT] * 3
    assert usage is not None
    assert usage.kiosk == "till-1"
    assert usage.verdict is Verdict.REDEEMED


async def test_other_fields_under_a_known_rid_are_a_fault_even_once_the_code_is_erased(
    data: Path, authority: Authority
) -> None:
    async with shop_and_headoffice(data, authority) as (shop, headoffice):
        headoffice.add(CODE)
        offer = await shop.offered("till-1", CODE)
        shop.confirm("till-1", intent_of(offer, rid(1)))
        await shop.ended("till-1", rid(1))
        await shop.journal.flush()
        shop.confirm("till-1", intent_of(offer, rid(1), code="9996123456781234"))
        shop.confirm("till-1", intent_of(offer, rid(1), quantity=2))

    assert [m.verdict for m in shop.answers("till-1", rid(1))] == [Verdict.REDEEMED, Verdict.FAULT, Verdict.FAULT]


async def test_a_voucher_of_other_stores_is_refused_even_where_the_head_office_forgot(
    data: Path, authority: Authority
) -> None:
    async with shop_and_headoffice(data, authority) as (shop, headoffice):
        headoffice.add(CODE, stores=("hongqiao",))
        headoffice.forgets_stores = True
        found = await shop.look("till-1", CODE)

    assert isinstance(found, Refused)
    assert found.verdict is Verdict.WRONG_STORE


async def test_the_same_is_refused_by_the_head_office_alone(data: Path, authority: Authority) -> None:
    async with shop_and_headoffice(data, authority) as (shop, headoffice):
        headoffice.add(CODE, stores=("hongqiao",), store_names=("虹桥店",))
        found = await shop.look("till-1", CODE)

    assert isinstance(found, Refused)
    assert (found.verdict, found.detail.stores) == (Verdict.WRONG_STORE, ("虹桥店",))


async def test_a_store_that_wants_a_clerk_refuses_a_look_without_one_and_asks_nobody(
    data: Path, authority: Authority
) -> None:
    async with shop_and_headoffice(data, authority) as (shop, headoffice):
        headoffice.add(CODE)
        refused = await shop.look("till-2", CODE)
        claimed = await shop.look("till-2", CODE, clerk="1001")
        asked = len(headoffice.asked)
        await shop.badge("till-2", "1001")
        offered = await shop.look("till-2", CODE, clerk="1001")

    assert isinstance(refused, Refused)
    assert refused.verdict is Verdict.CLERK_REQUIRED
    assert isinstance(claimed, Refused)
    assert claimed.verdict is Verdict.CLERK_REQUIRED  # a kiosk's word alone signs nobody in
    assert asked == 0
    assert isinstance(offered, Offered)


async def test_a_refused_look_is_one_row_of_the_books_however_often_it_is_repeated(
    data: Path, authority: Authority
) -> None:
    async with shop_and_headoffice(data, authority) as (shop, _):
        await shop.look("till-1", "no-such-code-77")
        shop.receive("till-1", Look(look=1, boot="kiosk-boot", code="no-such-code-77"))
        await shop.outbox.until(lambda: len(shop.outbox.to("till-1")) == 2)
        await shop.journal.flush()
        rows = _refusals(data)

    assert rows == [("till-1", "nanjing-lu", "unknown_code", "e-77")]


async def test_a_payment_code_goes_nowhere_and_leaves_no_tail(data: Path, authority: Authority) -> None:
    async with shop_and_headoffice(data, authority) as (shop, headoffice):
        found = await shop.look("till-1", "134567890123456789")
        shop.receive("till-1", Refusal(verdict=Verdict.PAYMENT_CODE, code_tail="6789"))
        shop.receive("till-1", Refusal(verdict=Verdict.MANY_CODES))
        await shop.journal.flush()

    assert isinstance(found, Refused)
    assert found.verdict is Verdict.PAYMENT_CODE
    assert headoffice.asked == []
    assert [row[2:] for row in _refusals(data)] == [
        ("payment_code", None),
        ("payment_code", None),
        ("many_codes", None),
    ]


@pytest.mark.rule(2)
async def test_a_revoked_kiosk_is_told_so_and_nothing_of_it_is_relayed(data: Path, authority: Authority) -> None:
    async with shop_and_headoffice(data, authority) as (shop, headoffice):
        headoffice.add(CODE)
        intent = intent_of(await shop.offered("till-1", CODE), rid(1))
        await shop.registry.revoke("till-1")
        shop.desk.welcome("till-1")
        before = len(headoffice.asked)
        shop.receive("till-1", Hello(boot="kiosk-boot"))
        shop.receive("till-1", Look(look=99, boot="kiosk-boot", code=CODE))
        shop.confirm("till-1", intent)
        shop.desk.handle("till-1", b"not even a message")
        journalled = shop.journal.find(rid(1))

    told = shop.outbox.to("till-1")[1:]
    assert [m.verdict for m in told if isinstance(m, Notice)] == [Verdict.DEVICE_REVOKED] * 5
    assert [m.look for m in told if isinstance(m, Notice)] == [None, None, 99, None, None]
    assert len(headoffice.asked) == before
    assert journalled is None


async def test_what_a_kiosk_had_open_when_it_was_revoked_is_still_brought_to_its_end(
    data: Path, authority: Authority
) -> None:
    async with shop_and_headoffice(data, authority) as (shop, headoffice):
        headoffice.add(CODE)
        intent = intent_of(await shop.offered("till-1", CODE), rid(1))
        headoffice.answering.clear()
        shop.confirm("till-1", intent)
        await headoffice.until_asked(AskRedeem)
        await shop.registry.revoke("till-1")
        headoffice.answering.set()
        ended = await shop.relays.ended(rid(1), 5)
        told = [m for m in shop.outbox.to("till-1") if isinstance(m, Answer)]

    assert ended is not None
    assert ended.verdict is Verdict.REDEEMED
    assert told == []


async def test_a_moved_kiosk_is_welcomed_in_its_new_store_and_its_offers_are_void(
    data: Path, authority: Authority
) -> None:
    async with shop_and_headoffice(data, authority) as (shop, headoffice):
        headoffice.add(CODE)
        offer = await shop.offered("till-1", CODE)
        await shop.registry.bind("till-1", "hongqiao", "moved")
        shop.desk.welcome("till-1")
        shop.confirm("till-1", intent_of(offer, rid(1)))
        answer = await shop.ended("till-1", rid(1))
        welcome = shop.outbox.to("till-1")[1]

    assert isinstance(welcome, Welcome)
    assert (welcome.store, welcome.store_name) == ("hongqiao", "虹桥店")
    assert answer.verdict is Verdict.ABORTED
    assert answer.detail.reason == "the kiosk was moved since the offer"
    assert headoffice.kinds()["AskRedeem"] == 0
    assert headoffice.vouchers[CODE].left == 1


async def test_a_rid_keeps_its_store_when_the_kiosk_moves(data: Path, authority: Authority) -> None:
    async with shop_and_headoffice(data, authority) as (shop, headoffice):
        headoffice.add(CODE)
        intent = intent_of(await shop.offered("till-1", CODE), rid(1))
        headoffice.drops = 1
        shop.confirm("till-1", intent)
        await shop.relays.drain(5)
        await shop.registry.bind("till-1", "hongqiao", "moved")
        shop.resolve("till-1", intent, "moved")
        answer = await shop.ended("till-1", rid(1))

    assert answer.verdict is Verdict.ABORTED
    assert headoffice.known[rid(1)].store == "nanjing-lu"


async def test_an_old_offer_becomes_a_resolve_with_its_reason(data: Path, authority: Authority) -> None:
    async with shop_and_headoffice(data, authority) as (shop, headoffice):
        headoffice.add(CODE)
        offer = await shop.offered("till-1", CODE)
        shop.clock.now += 60.5
        shop.confirm("till-1", intent_of(offer, rid(1)))
        answer = await shop.ended("till-1", rid(1))

    assert answer.verdict is Verdict.ABORTED
    assert answer.detail.reason == "the offer is older than 60 s"
    assert headoffice.kinds() == {"AskLook": 1, "AskResolve": 1}


async def test_an_undo_gives_the_use_back_and_marks_what_it_undid(data: Path, authority: Authority) -> None:
    async with shop_and_headoffice(data, authority) as (shop, headoffice):
        headoffice.add(CODE)
        intent = intent_of(await shop.offered("till-1", CODE), rid(1))
        shop.confirm("till-1", intent)
        await shop.ended("till-1", rid(1))
        undo = Intent(rid=rid(2), action=Action.UNDO, undoes=rid(1), reason="wrong order")
        shop.confirm("till-1", undo)
        undone = await shop.ended("till-1", rid(2))
        await shop.journal.flush()
        shop.confirm("till-1", intent)
        repeat = await shop.ended("till-1", rid(1))

    assert undone.verdict is Verdict.UNDONE
    assert headoffice.vouchers[CODE].left == 1
    assert (repeat.verdict, repeat.undone_by) == (Verdict.REDEEMED, rid(2))


async def test_an_undo_from_another_store_does_not_begin(data: Path, authority: Authority) -> None:
    async with shop_and_headoffice(data, authority) as (shop, headoffice):
        headoffice.add(CODE)
        shop.confirm("till-1", intent_of(await shop.offered("till-1", CODE), rid(1)))
        await shop.ended("till-1", rid(1))
        shop.confirm("till-2", Intent(rid=rid(2), action=Action.UNDO, undoes=rid(1)))
        other = await shop.ended("till-2", rid(2))
        shop.confirm("till-1", Intent(rid=rid(3), action=Action.UNDO, undoes=rid(77)))
        unknown = await shop.ended("till-1", rid(3))

    assert (other.verdict, other.detail.reason) == (Verdict.ABORTED, "the redemption is another store's")
    assert (unknown.verdict, unknown.detail.reason) == (Verdict.ABORTED, "this gateway knows no such redemption")
    assert headoffice.vouchers[CODE].left == 0


async def test_settled_is_recorded_and_passed_on_and_only_by_its_requester(data: Path, authority: Authority) -> None:
    async with shop_and_headoffice(data, authority) as (shop, headoffice):
        headoffice.add(CODE)
        shop.confirm("till-1", intent_of(await shop.offered("till-1", CODE), rid(1)))
        await shop.ended("till-1", rid(1))
        shop.receive("till-2", Settled(rid=rid(1)))
        await shop.journal.flush()
        before = shop.journal.usage(rid(1))
        shop.receive("till-1", Settled(rid=rid(1)))
        await shop.relays.drain(5)
        await shop.journal.flush()
        after = shop.journal.usage(rid(1))

    assert before is not None
    assert after is not None
    assert (before.settled, after.settled, after.handed_over) == (False, True, True)
    assert [message.requester for message in headoffice.settled] == ["till-1"]


@pytest.mark.parametrize(
    ("payload", "hint"),
    [
        (b"\xff\xfe not json", "not a message"),
        (b'{"type":"conquer"}', "not a message"),
        (b'{"type":"look","look":"three"}', "not a message"),
        (b'{"type":"hello","boot":"b","v":2}', "update it"),
        (b'{"type":"look","look":1,"boot":"b","code":"' + b"x" * 20_000 + b'"}', "a message of"),
        (b'{"type":"look","look":1,"boot":"b","code":"' + b"x" * 513 + b'"}', "not a message"),
        (b"", "not a message"),
    ],
)
async def test_a_bad_message_is_answered_with_a_hint_and_changes_nothing(data: Path, payload: bytes, hint: str) -> None:
    async with open_shop(data) as shop:
        shop.desk.handle("till-1", payload)
        told = shop.outbox.to("till-1")
        shop.receive("till-1", Hello(boot="b"))

    assert len(told) == 1
    assert isinstance(told[0], Notice)
    assert told[0].verdict is Verdict.FAULT
    assert hint in (told[0].hint or "")
    assert isinstance(shop.outbox.to("till-1")[1], Welcome)


async def test_a_newer_kiosks_message_is_answered_under_its_own_look(data: Path) -> None:
    async with open_shop(data) as shop:
        shop.desk.handle("till-1", b'{"type":"look","v":9,"look":41,"boot":"b-7","gaze":"deep"}')
        told = shop.outbox.to("till-1")[0]

    assert isinstance(told, Notice)
    assert (told.verdict, told.look, told.boot) == (Verdict.FAULT, 41, "b-7")


async def test_bad_messages_in_masses_are_not_all_answered(data: Path) -> None:
    async with open_shop(data) as shop:
        for _ in range(500):
            shop.desk.handle("till-1", b"{")
        at_first = len(shop.outbox.sent)
        shop.clock.now += 61
        shop.desk.handle("till-1", b"{")

    assert at_first == 60
    assert len(shop.outbox.sent) == 61


async def test_an_unknown_device_is_told_that_it_is_unbound(data: Path) -> None:
    async with open_shop(data) as shop:
        shop.receive("stranger", Hello(boot="b"))

    assert [(i, m.verdict) for i, m in shop.outbox.sent if isinstance(m, Notice)] == [
        ("stranger", Verdict.DEVICE_UNBOUND)
    ]


async def test_hello_is_answered_with_the_store_its_time_and_the_kiosks_own_sequence(data: Path) -> None:
    async with open_shop(data) as shop:
        shop.receive("till-2", Hello(boot="b", gen=1, seq=41))
        shop.receive("till-2", Hello(boot="b", gen=1, seq=40))
        first, second = shop.outbox.to("till-2")

    assert isinstance(first, Welcome)
    assert isinstance(second, Welcome)
    assert first.time.endswith("+08:00")
    assert (first.store, first.clerk_required, first.gateway_boot) == ("pudong", True, "b00t")
    assert [shown_in(one) for one in (first, second)] == [Mark(1, 41), Mark(1, 41)]


async def test_guessing_codes_is_held_up_and_honest_refusals_are_not(data: Path, authority: Authority) -> None:
    async with shop_and_headoffice(data, authority) as (shop, headoffice):
        headoffice.add(CODE, stores=())
        for _ in range(40):
            await shop.look("till-1", CODE)
        for number in range(30):
            assert isinstance(await shop.look("till-1", f"guess-{number}"), Refused)
        held = await shop.look("till-1", "guess-31")
        other_kiosk = await shop.look("till-2", CODE, clerk="8001")
        shop.clock.now += 61
        later = await shop.look("till-1", "guess-32")

    assert isinstance(held, Notice)
    assert held.verdict is Verdict.RATE_LIMITED
    assert isinstance(other_kiosk, Refused)
    assert isinstance(later, Refused)


async def test_requests_that_can_begin_nothing_are_held_up_before_they_fill_the_books(data: Path) -> None:
    async with open_shop(data) as shop:
        for number in range(200):
            shop.confirm("till-1", intent_of(None, rid(number)))
        told = [m for m in shop.outbox.to("till-1") if isinstance(m, Notice)]

    assert told
    assert {m.verdict for m in told} == {Verdict.RATE_LIMITED}


def _refusals(data: Path) -> list[tuple[object, ...]]:
    import apsw  # noqa: PLC0415 - the books are read as a stranger would

    connection = apsw.Connection(str(data / "journal.db"))
    rows = list(connection.execute("SELECT kiosk, store, verdict, code_tail FROM refusals ORDER BY n"))
    connection.close()
    return rows
