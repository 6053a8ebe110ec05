"""Rule 11 at the head office: books that were put back to an older copy stop, and get back what the gateways know.

The older copy is played by what gateways show and upload: these books have never seen the rids that they tell of.
"""

from __future__ import annotations

import secrets
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import quote

import msgspec
import pytest
from sqlalchemy import insert

from headoffice.errors import NotAllowedError
from headoffice.redemptions import standing
from headoffice.tables.standing import uploaded_open
from protocol.marks import Mark, mark_of, shown_in, stamped
from protocol.messages import Action, Answer, Detail, Intent, Method, Notice
from protocol.owner import intent_digest
from protocol.upstream import AskHello, AskLook, AskResolve, AskUpload, Entry, Looked, Met
from protocol.vocabulary import Verdict
from tests.headoffice.counter import new_rid

if TYPE_CHECKING:
    from headoffice.database import Database
    from tests.headoffice.counter import Clock, Counter

HERE, THERE = "gw-nanjing-lu", "gw-jingan"


def greet(counter: Counter, gateway: str, heard: Mark | None = None) -> Met | Notice:
    """Let a gateway greet, remembering so much of these books."""
    hello = AskHello() if heard is None else stamped(AskHello(), Mark(1, 0), heard)
    answer = counter.ledger.answer(gateway, hello)
    assert isinstance(answer, Met | Notice)
    return answer


def upload(counter: Counter, gateway: str, *entries: Entry, last: bool = True) -> Met:
    """Let a gateway upload its journal, or a part of it."""
    answer = counter.ledger.answer(gateway, AskUpload(entries=entries, last=last))
    assert isinstance(answer, Met)
    return answer


def restored(counter: Counter, database: Database, clock: Clock) -> Counter:
    """Find these books behind, and restore them."""
    assert isinstance(greet(counter, HERE, Mark(1, 7)), Notice)
    database.write(lambda connection: standing.restore(connection, "Li Wei", clock()))
    return counter


def voucher_id(counter: Counter, code: str) -> str:
    return str(counter.api.get(f"/api/v1/vouchers/{quote(code, safe='')}").raise_for_status().json()["id"])


def kept(counter: Counter, intent: Intent, answer: Answer | None) -> Entry:
    """Return what a gateway has kept of a rid: without its code once it has ended."""
    erased = intent if answer is None else Intent(rid=intent.rid, action=intent.action, undoes=intent.undoes)
    return Entry(
        requester=counter.kiosk,
        store=counter.store,
        at=counter.clock().isoformat(),
        intent=erased,
        digest=intent_digest(intent).hex(),
        answer=answer,
    )


def redeemed(counter: Counter, code: str, *uses: int) -> tuple[Intent, Answer]:
    """Return a redemption of these uses that the books have lost, and its answer."""
    intent = counter.intent(code, quantity=len(uses))
    detail = Detail(title="t", code_tail=code[-4:], quantity=len(uses))
    voucher = voucher_id(counter, code)
    answer = Answer(
        rid=intent.rid, verdict=Verdict.REDEEMED, final=True, detail=detail, voucher=voucher, uses=tuple(uses)
    )
    return intent, answer


def undone(counter: Counter, rid: str) -> tuple[Intent, Answer]:
    """Return an undo that the books have lost, and its answer."""
    intent = Intent(rid=new_rid(), action=Action.UNDO, undoes=rid)
    return intent, Answer(rid=intent.rid, verdict=Verdict.UNDONE, final=True)


def differing(database: Database) -> list[str]:
    return [found["what"] for found in database.read(standing.status)["discrepancies"]]


# --- found out --------------------------------------------------------------------------------------------------------


def test_each_rid_of_a_gateway_raises_its_number_and_no_look_or_greeting_does(counter: Counter) -> None:
    code = counter.issue()
    intent = counter.intent(code)
    first = counter.ledger.answer(HERE, counter.ask(intent))
    again = counter.ledger.answer(HERE, counter.ask(intent))
    looked = counter.ledger.answer(HERE, AskLook(requester="till-1", store="nanjing-lu", code=code))
    other = greet(counter, THERE)
    assert [mark_of(one) for one in (first, again, looked, other)] == [Mark(1, 1), Mark(1, 1), Mark(1, 1), Mark(1, 0)]


def test_the_highest_mark_of_a_gateway_is_kept_and_shown_to_it(counter: Counter) -> None:
    counter.ledger.answer(HERE, stamped(AskHello(), Mark(1, 41)))
    counter.ledger.answer(HERE, stamped(AskHello(), Mark(1, 40)))
    assert shown_in(greet(counter, HERE)) == Mark(1, 41)


@pytest.mark.rule(11)
def test_books_of_which_a_gateway_remembers_more_stop_for_everybody(counter: Counter) -> None:
    code = counter.issue()
    counter.redeem(counter.issue())
    assert isinstance(greet(counter, HERE, Mark(1, 1)), Met), "that much they hold"
    behind = greet(counter, HERE, Mark(1, 2))
    assert isinstance(behind, Notice)
    assert behind.hint == standing.HINT

    for gateway, ask in ((HERE, counter.ask(counter.intent(code))), (THERE, AskHello())):
        answer = counter.ledger.answer(gateway, ask)
        assert isinstance(answer, Notice)
        assert answer.verdict is Verdict.FAULT
    assert counter.spent(code) == 0
    refused = counter.api.post("/api/v1/vouchers", json={})
    assert (refused.status_code, refused.json()["error"]) == (503, "restoring")
    assert counter.step(code, "withdraw") == 503


def test_a_gateway_that_remembers_another_generation_finds_them_out_too(counter: Counter) -> None:
    assert isinstance(greet(counter, HERE, Mark(2, 0)), Notice)


# --- restored ---------------------------------------------------------------------------------------------------------


@pytest.mark.rule(11)
def test_rule_11_nothing_is_redeemed_changed_or_ended_before_every_journal_is_there(
    counter: Counter, database: Database, clock: Clock
) -> None:
    code = counter.issue()
    restored(counter, database, clock)
    assert counter.look(code).verdict is Verdict.UPSTREAM_UNAVAILABLE
    intent = counter.intent(code)
    resolve = AskResolve(requester="till-1", store="nanjing-lu", intent=counter.intent(code))
    for ask in (counter.ask(intent), resolve):
        answer = counter.ledger.answer(HERE, ask)
        assert isinstance(answer, Answer)
        assert (answer.verdict, answer.final) == (Verdict.PENDING, False)
    assert counter.step(code, "withdraw") == 503

    asked = greet(counter, HERE)
    assert isinstance(asked, Met)
    assert asked.upload
    upload(counter, HERE)
    assert counter.look(code).verdict is Verdict.UPSTREAM_UNAVAILABLE, "the other gateway could have redeemed it too"
    upload(counter, THERE)
    assert counter.redeem(code).verdict is Verdict.REDEEMED
    assert counter.resolve(intent).verdict is Verdict.ABORTED


def test_a_voucher_of_one_store_waits_for_the_gateways_of_that_store_alone(
    counter: Counter, database: Database, clock: Clock
) -> None:
    code = counter.issue(stores=["nanjing-lu"])
    restored(counter, database, clock)
    upload(counter, HERE)
    assert counter.redeem(code).verdict is Verdict.REDEEMED
    pending = counter.resolve(counter.intent(code))
    assert pending.verdict is Verdict.PENDING, "to end a rid for which nothing is found, everything must be known"


def test_what_was_redeemed_comes_back_and_is_repeated_word_for_word(
    counter: Counter, database: Database, clock: Clock
) -> None:
    code = counter.issue(kind="multi_use", uses=3)
    intent, answer = redeemed(counter, code, 2)
    restored(counter, database, clock)
    upload(counter, HERE, kept(counter, intent, answer), last=False)
    upload(counter, HERE, kept(counter, intent, answer))
    upload(counter, THERE)
    assert counter.confirm(intent) == answer
    assert counter.spent(code) == 1
    assert counter.redeem(code, quantity=2).uses == (1, 3)
    other = counter.ledger.answer(HERE, counter.ask(msgspec.structs.replace(intent, code="5555666677778888")))
    assert isinstance(other, Notice), "another intent under its rid is a contradiction still"


@pytest.mark.rule(11)
def test_a_rid_without_an_end_is_driven_forward_before_anybody_else_gets_its_use(
    counter: Counter, database: Database, clock: Clock
) -> None:
    code = counter.issue()
    intent = counter.intent(code)
    restored(counter, database, clock)
    upload(counter, HERE, kept(counter, intent, None))
    upload(counter, THERE)
    assert counter.redeem(code).verdict is Verdict.ALREADY_REDEEMED
    assert counter.resolve(intent).verdict is Verdict.REDEEMED
    assert counter.spent(code) == 1


@pytest.mark.rule(11)
@pytest.mark.parametrize("step", ["gift", "ask-refund", "withdraw", "delete"])
def test_rule_11_a_rid_without_an_end_has_its_use_before_its_voucher_is_changed(
    counter: Counter, database: Database, clock: Clock, step: str
) -> None:
    used, half = counter.issue(), counter.issue(kind="multi_use", uses=2)
    intents = [counter.intent(code) for code in (used, half)]
    restored(counter, database, clock)
    upload(counter, HERE, *(kept(counter, intent, None) for intent in intents))
    upload(counter, THERE)
    assert (counter.step(used, step), counter.step(half, step)) == (409, 200)
    assert counter.spent(half) == 1, "whoever has it next gets what is left"
    assert [counter.resolve(intent).verdict for intent in intents] == [Verdict.REDEEMED] * 2
    assert (counter.spent(used), counter.spent(half)) == (1, 1)


def test_a_rid_without_an_end_in_a_store_that_the_copy_has_not_is_driven_forward_too(
    counter: Counter, database: Database, clock: Clock
) -> None:
    code = counter.issue()
    intent = counter.intent(code)
    restored(counter, database, clock)
    upload(counter, HERE, msgspec.structs.replace(kept(counter, intent, None), store="new-here"))
    upload(counter, THERE)
    assert differing(database) == ["store new-here was not in the books; it has no name yet"]
    assert counter.step(code, "gift") == 409
    assert counter.redeem(code).verdict is Verdict.ALREADY_REDEEMED
    assert counter.resolve(intent).verdict is Verdict.REDEEMED


def test_a_rid_that_an_earlier_build_has_kept_without_its_store_is_driven_forward_too(
    counter: Counter, database: Database, clock: Clock
) -> None:
    code = counter.issue()
    intent = counter.intent(code)
    restored(counter, database, clock)
    entry = msgspec.json.encode(msgspec.structs.replace(kept(counter, intent, None), store="new-here")).decode()
    row = {"rid": intent.rid, "gateway": HERE, "voucher": voucher_id(counter, code), "entry": entry}
    database.write(lambda connection: connection.execute(insert(uploaded_open), row))
    for gateway in (HERE, THERE):
        upload(counter, gateway)
    assert counter.redeem(code).verdict is Verdict.ALREADY_REDEEMED
    assert differing(database) == ["store new-here was not in the books; it has no name yet"]
    assert counter.resolve(intent).verdict is Verdict.REDEEMED


@pytest.mark.rule(11)
@pytest.mark.parametrize("asked_first", [True, False])
def test_a_rid_that_is_driven_forward_raises_the_number_of_its_gateway(
    counter: Counter, database: Database, clock: Clock, *, asked_first: bool
) -> None:
    """Else books that are put back once more to before that end would not be found out."""
    code = counter.issue()
    intent = counter.intent(code)
    restored(counter, database, clock)
    upload(counter, HERE, kept(counter, intent, None))
    upload(counter, THERE)
    if not asked_first:
        assert counter.redeem(code).verdict is Verdict.ALREADY_REDEEMED
    number = 1 if asked_first else 2
    told = counter.ledger.answer(HERE, AskResolve(requester=counter.kiosk, store=counter.store, intent=intent))
    assert mark_of(told) == Mark(2, number)
    assert mark_of(greet(counter, HERE)) == Mark(2, number)


@pytest.mark.parametrize("asked_first", [True, False])
def test_a_rid_by_a_code_whose_page_the_copy_has_forgotten_is_driven_forward_too(
    counter: Counter, database: Database, clock: Clock, *, asked_first: bool
) -> None:
    number = counter.issue(dynamic=True)
    intent = counter.intent("A" * 16)  # what a page showed, of which these books know nothing any more
    restored(counter, database, clock)
    entry = msgspec.structs.replace(kept(counter, intent, None), voucher=voucher_id(counter, number))
    upload(counter, HERE, entry)
    upload(counter, THERE)
    if asked_first:
        assert counter.resolve(intent).verdict is Verdict.REDEEMED
    manager = counter.intent(number, method=Method.WEB)
    assert counter.confirm(manager, counter.look(number).terms).verdict is Verdict.ALREADY_REDEEMED
    assert counter.resolve(intent).verdict is Verdict.REDEEMED
    assert counter.spent(number) == 1


def test_a_rid_without_an_end_whose_use_somebody_has_was_never_that_ones(
    counter: Counter, database: Database, clock: Clock
) -> None:
    code = counter.issue()
    intent = counter.intent(code)
    restored(counter, database, clock)
    upload(counter, HERE, kept(counter, intent, None), kept(counter, *redeemed(counter, code, 1)))
    upload(counter, THERE)
    assert counter.resolve(intent).verdict is Verdict.ALREADY_REDEEMED


@pytest.mark.parametrize("undo_first", [True, False])
def test_an_undo_gives_its_uses_to_whoever_had_them_next_in_whatever_order_it_is_uploaded(
    counter: Counter, database: Database, clock: Clock, *, undo_first: bool
) -> None:
    code = counter.issue()
    first, second = redeemed(counter, code, 1), redeemed(counter, code, 1)
    undo = undone(counter, first[0].rid)
    restored(counter, database, clock)
    both = [kept(counter, *first), kept(counter, *undo)]
    upload(counter, HERE, *(both if undo_first else both[:1]), last=undo_first)
    upload(counter, THERE, kept(counter.in_store("jingan"), *second))
    if not undo_first:
        upload(counter, HERE, both[1])
    assert differing(database) == []
    assert counter.spent(code) == 1
    assert counter.resolve(first[0]).undone_by == undo[0].rid
    assert counter.redeem(code).verdict is Verdict.ALREADY_REDEEMED


def test_two_who_were_told_of_the_same_use_are_both_kept_and_listed(
    counter: Counter, database: Database, clock: Clock
) -> None:
    code = counter.issue()
    first, second = redeemed(counter, code, 1), redeemed(counter, code, 1)
    restored(counter, database, clock)
    upload(counter, HERE, kept(counter, *first), kept(counter, *second))
    upload(counter, THERE)
    assert [counter.confirm(intent).verdict for intent, _ in (first, second)] == [Verdict.REDEEMED] * 2
    assert len(differing(database)) == 1
    assert "is held by" in differing(database)[0]


def test_a_redemption_whose_voucher_the_copy_does_not_hold_is_kept_and_listed(
    counter: Counter, database: Database, clock: Clock
) -> None:
    intent, answer = redeemed(counter, counter.issue(), 1)
    lost = secrets.token_hex(16)
    restored(counter, database, clock)
    upload(counter, HERE, kept(counter, intent, msgspec.structs.replace(answer, voucher=lost)))
    assert any(lost in what for what in differing(database))
    assert [row["rid"] for row in counter.books() if row["verdict"] == "redeemed"] == [intent.rid]


def test_a_gateway_that_will_never_upload_is_declared_lost_by_a_named_person(
    counter: Counter, database: Database, clock: Clock
) -> None:
    code = counter.issue()
    restored(counter, database, clock)
    upload(counter, HERE)
    assert database.read(standing.status)["awaited"] == [THERE]
    database.write(lambda connection: standing.declare_lost(connection, THERE, "Li Wei", "burnt", clock()))
    assert database.read(standing.status)["awaited"] == []
    assert counter.redeem(code).verdict is Verdict.REDEEMED
    with pytest.raises(NotAllowedError, match="nobody waits"):
        database.write(lambda connection: standing.declare_lost(connection, THERE, "Li Wei", "again", clock()))


@pytest.mark.rule(11)
def test_rule_11_a_gateway_that_was_declared_lost_and_comes_back_uploads_before_its_rids_are_ruled_on(
    counter: Counter, database: Database, clock: Clock
) -> None:
    code = counter.issue()
    back = counter.in_store("jingan")
    intent, answer = redeemed(back, code, 1)
    restored(counter, database, clock)
    upload(counter, HERE)
    database.write(lambda connection: standing.declare_lost(connection, THERE, "Li Wei", "burnt", clock()))

    assert back.look(code).verdict is Verdict.UPSTREAM_UNAVAILABLE
    undo = Intent(rid=new_rid(), action=Action.UNDO, undoes=intent.rid)
    asked = [back.resolve(intent), back.redeem(code), back.confirm(undo)]
    assert [(said.verdict, said.final) for said in asked] == [(Verdict.PENDING, False)] * 3
    upload(back, THERE, kept(back, intent, answer))
    assert back.resolve(intent) == answer
    assert back.redeem(code).verdict is Verdict.ALREADY_REDEEMED
    assert back.confirm(undo).verdict is Verdict.UNDONE
    assert differing(database) == []


def test_an_offer_of_before_the_restore_fits_no_terms_any_more(
    counter: Counter, database: Database, clock: Clock
) -> None:
    code = counter.issue()
    before = counter.look(code)
    restored(counter, database, clock)
    upload(counter, HERE)
    upload(counter, THERE)
    assert counter.confirm(counter.intent(code), before.terms).verdict is Verdict.ABORTED
    assert counter.redeem(code).verdict is Verdict.REDEEMED


def test_a_lost_undo_is_done_again_where_the_gateway_knows_of_it(
    counter: Counter, database: Database, clock: Clock
) -> None:
    code = counter.issue()
    answer = counter.redeem(code)
    intent = Intent(rid=answer.rid)
    restored(counter, database, clock)
    upload(counter, HERE, kept(counter, intent, msgspec.structs.replace(answer, undone_by=new_rid())))
    upload(counter, THERE)
    assert counter.spent(code) == 0


def test_looks_of_a_code_that_nobody_knows_wait_too(counter: Counter, database: Database, clock: Clock) -> None:
    restored(counter, database, clock)
    looked = counter.ledger.answer(HERE, AskLook(requester="till-1", store="nanjing-lu", code="100200300400"))
    assert isinstance(looked, Looked)
    assert looked.verdict is Verdict.UPSTREAM_UNAVAILABLE


def test_an_undo_without_an_end_is_driven_forward_too_because_its_uses_may_have_been_sold_again(
    counter: Counter, database: Database, clock: Clock
) -> None:
    code = counter.issue()
    first, second = redeemed(counter, code, 1), redeemed(counter, code, 1)
    undo = Intent(rid=new_rid(), action=Action.UNDO, undoes=first[0].rid)
    restored(counter, database, clock)
    upload(counter, HERE, kept(counter, *first), kept(counter, undo, None))
    upload(counter, THERE, kept(counter.in_store("jingan"), *second))
    assert counter.resolve(undo).verdict is Verdict.UNDONE
    assert differing(database) == []
    assert counter.spent(code) == 1
    assert counter.resolve(first[0]).undone_by == undo.rid


@pytest.mark.rule(11)
def test_what_was_undone_gets_no_use_that_becomes_free_later(
    counter: Counter, database: Database, clock: Clock
) -> None:
    code = counter.issue()
    first, second = redeemed(counter, code, 1), redeemed(counter, code, 1)
    undo = Intent(rid=new_rid(), action=Action.UNDO, undoes=second[0].rid)
    restored(counter, database, clock)
    upload(counter, HERE, kept(counter, *first), kept(counter, *second), kept(counter, undo, None))
    upload(counter, THERE)
    assert counter.resolve(undo).verdict is Verdict.UNDONE
    assert counter.spent(code) == 1
    assert counter.undo(first[0].rid).verdict is Verdict.UNDONE
    assert counter.spent(code) == 0
    assert counter.redeem(code).verdict is Verdict.REDEEMED


@pytest.mark.rule(11)
def test_a_use_that_is_given_back_today_goes_to_whoever_was_told_of_it_before(
    counter: Counter, database: Database, clock: Clock
) -> None:
    code = counter.issue()
    first, second = redeemed(counter, code, 1), redeemed(counter, code, 1)
    restored(counter, database, clock)
    upload(counter, HERE, kept(counter, *first), kept(counter, *second))
    upload(counter, THERE)
    assert counter.undo(first[0].rid).verdict is Verdict.UNDONE
    assert differing(database) == []
    assert counter.spent(code) == 1
    assert counter.redeem(code).verdict is Verdict.ALREADY_REDEEMED


@pytest.mark.rule(11)
def test_rule_11_books_rule_on_nothing_that_was_asked_of_an_earlier_run_of_them(counter: Counter) -> None:
    code = counter.issue()
    run = greet(counter, HERE).run
    assert run
    ask = msgspec.structs.replace(counter.ask(counter.intent(code), counter.look(code).terms), run="an earlier one")
    refused = counter.ledger.answer(HERE, ask)
    assert isinstance(refused, Notice)
    assert (refused.verdict, refused.run, refused.rid) == (Verdict.FAULT, run, ask.intent.rid)
    assert counter.spent(code) == 0
    ruled = counter.ledger.answer(HERE, msgspec.structs.replace(ask, run=run))
    assert isinstance(ruled, Answer)
    assert (ruled.verdict, ruled.run) == (Verdict.REDEEMED, run)


@pytest.mark.rule(12)
def test_rule_12_what_is_driven_for_the_gateway_that_asks_is_told_to_it_though_another_had_begun_it(
    counter: Counter, database: Database, clock: Clock
) -> None:
    restored(counter, database, clock)
    old, code = replace(counter, kiosk=HERE), counter.issue()
    intent = old.intent(code)
    upload(old, HERE, kept(old, intent, None))
    upload(counter, THERE)
    counter.api.put("/api/v1/gateways/gw-new", {"name": "新网关", "stores": [counter.store]}).raise_for_status()
    upload(counter, "gw-new")
    assert replace(counter, gateway="gw-new", kiosk="gw-new").resolve(intent).verdict is Verdict.REDEEMED
