"""The owner's rules for the chain's own vouchers."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import msgspec
import pytest

from protocol import owner
from protocol.last_use import LastUse
from protocol.messages import Action, Answer, Intent, Notice
from protocol.owner import Known, Moment, Voucher, VoucherState
from protocol.upstream import AskRedeem, AskResolve
from protocol.values import replace
from protocol.vocabulary import Verdict

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)  # a Saturday
HERE = Moment(store="nanjing-lu", store_name="南京路店", kiosk="till-1", at=NOON)
COFFEE = Voucher(id="v1", code_tail="0001", title="咖啡券", value="¥12.50", terms=3)
INTENT = Intent(rid="ab" * 16, code="600000000001", offer="sealed")
ASK = AskRedeem(requester="till-1", store="nanjing-lu", intent=INTENT, terms=3)
WINDOW = timedelta(minutes=15)


def _final(ruling: owner.Ruling) -> Answer:
    assert isinstance(ruling.answer, Answer)
    assert ruling.answer.final
    return ruling.answer


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({}, Verdict.REDEEMABLE),
        ({"state": VoucherState.UNPAID}, Verdict.UNPAID),
        ({"state": VoucherState.GIFTING}, Verdict.GIFTING),
        ({"state": VoucherState.DELETED}, Verdict.DELETED),
        ({"state": VoucherState.WITHDRAWN}, Verdict.INVALIDATED),
        ({"state": VoucherState.REFUNDING}, Verdict.REFUNDING),
        ({"state": VoucherState.REFUNDED}, Verdict.REFUNDED),
        ({"taken": frozenset({1})}, Verdict.ALREADY_REDEEMED),
        ({"uses": 2, "taken": frozenset({1, 2})}, Verdict.USES_EXHAUSTED),
        ({"offline": False}, Verdict.NOT_FOR_COUNTER),
        ({"stores": ("jingan",)}, Verdict.WRONG_STORE),
        ({"stores": ("jingan", "nanjing-lu")}, Verdict.REDEEMABLE),
        ({"valid_until": NOON}, Verdict.EXPIRED),
        ({"valid_until": NOON + timedelta(seconds=1)}, Verdict.REDEEMABLE),
        ({"valid_from": NOON + timedelta(seconds=1)}, Verdict.NOT_YET_VALID),
        ({"valid_from": NOON}, Verdict.REDEEMABLE),
        ({"weekdays": frozenset(range(5))}, Verdict.NOT_NOW),
        ({"hours": (time(14), time(18))}, Verdict.NOT_NOW),
        ({"hours": (time(9), time(12))}, Verdict.NOT_NOW),
        ({"hours": (time(12), time(14))}, Verdict.REDEEMABLE),
        ({"hours": (time(22), time(2))}, Verdict.NOT_NOW),
        ({"hours": (time(22), time(13))}, Verdict.REDEEMABLE),
    ],
)
def test_what_a_voucher_is_worth_here_and_now(changes: dict[str, object], verdict: Verdict) -> None:
    assert owner.judge(replace(COFFEE, **changes), HERE) is verdict  # type: ignore[arg-type]


def test_a_spent_voucher_says_so_before_it_says_that_it_has_expired() -> None:
    spent = replace(COFFEE, taken=frozenset({1}), valid_until=NOON - timedelta(days=1))
    assert owner.judge(spent, HERE) is Verdict.ALREADY_REDEEMED


def test_a_redemption_claims_its_uses_and_says_what_is_left() -> None:
    card = replace(COFFEE, uses=10, taken=frozenset({1, 3}))
    ask = AskRedeem(requester="till-1", store="nanjing-lu", intent=msgspec.structs.replace(INTENT, quantity=3), terms=3)
    ruling = owner.rule_redeem(ask, None, card, HERE)
    assert ruling.claim == (2, 4, 5)
    assert ruling.record
    answer = _final(ruling)
    assert answer.verdict is Verdict.REDEEMED
    assert answer.detail.uses_left == 5
    assert answer.detail.store == "南京路店"


@pytest.mark.rule(3)
def test_more_than_is_left_claims_nothing() -> None:
    card = replace(COFFEE, uses=3, taken=frozenset({1, 2}))
    ask = AskRedeem(requester="till-1", store="nanjing-lu", intent=msgspec.structs.replace(INTENT, quantity=2), terms=3)
    ruling = owner.rule_redeem(ask, None, card, HERE)
    assert _final(ruling).verdict is Verdict.NOT_ENOUGH_USES
    assert ruling.claim == ()


@pytest.mark.rule(2)
def test_the_rid_is_looked_up_before_any_business_check() -> None:
    recorded = Answer(rid=INTENT.rid, verdict=Verdict.REDEEMED, final=True)
    known = Known(requester="till-1", store="nanjing-lu", intent=INTENT, answer=recorded, at=NOON, voucher="v1")
    spent_and_withdrawn = replace(COFFEE, state=VoucherState.WITHDRAWN, taken=frozenset({1}))
    for ask in (ASK, AskResolve(requester="till-1", store="nanjing-lu", intent=INTENT)):
        ruling = owner.rule_redeem(ask, known, spent_and_withdrawn, HERE)
        assert ruling.answer == recorded
        assert not ruling.record
        assert ruling.claim == ()


@pytest.mark.rule(2)
@pytest.mark.parametrize(
    "ask",
    [
        AskRedeem(requester="till-2", store="nanjing-lu", intent=INTENT, terms=3),
        AskRedeem(requester="till-1", store="nanjing-lu", intent=msgspec.structs.replace(INTENT, code="x"), terms=3),
    ],
)
def test_a_known_rid_with_other_fields_is_a_fault_and_changes_nothing(ask: AskRedeem) -> None:
    recorded = Answer(rid=INTENT.rid, verdict=Verdict.REDEEMED, final=True)
    known = Known(requester="till-1", store="nanjing-lu", intent=INTENT, answer=recorded, at=NOON, voucher="v1")
    ruling = owner.rule_redeem(ask, known, COFFEE, HERE)
    assert isinstance(ruling.answer, Notice)
    assert ruling.answer.verdict is Verdict.FAULT
    assert not ruling.record


@pytest.mark.rule(8)
def test_a_resolve_of_an_unknown_rid_is_a_tombstone_that_spends_nothing() -> None:
    ask = AskResolve(requester="till-1", store="nanjing-lu", intent=INTENT, terms=3, reason="restarted")
    ruling = owner.rule_redeem(ask, None, COFFEE, HERE)
    answer = _final(ruling)
    assert answer.verdict is Verdict.ABORTED
    assert answer.detail.reason == "restarted"
    assert ruling.record
    assert ruling.claim == ()


@pytest.mark.rule(4)
def test_terms_that_changed_since_the_offer_end_the_rid_unspent() -> None:
    ruling = owner.rule_redeem(ASK, None, replace(COFFEE, terms=4), HERE)
    assert _final(ruling).verdict is Verdict.ABORTED
    assert ruling.claim == ()


@pytest.mark.rule(11)
@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({"state": VoucherState.WITHDRAWN}, Verdict.REDEEMED),
        ({"state": VoucherState.GIFTING}, Verdict.REDEEMED),
        ({"state": VoucherState.GIVEN}, Verdict.GIFTING),
        ({"state": VoucherState.GIVEN, "uses": 3, "taken": frozenset({1})}, Verdict.GIFTING),
        ({"taken": frozenset({1})}, Verdict.ALREADY_REDEEMED),
        ({"uses": 2, "taken": frozenset({1, 2})}, Verdict.NOT_ENOUGH_USES),
    ],
)
def test_rule_11_what_is_driven_forward_gets_its_uses_unless_others_have_them(
    changes: dict[str, object], verdict: Verdict
) -> None:
    ruling = owner.rule_driven(ASK, replace(COFFEE, **changes), HERE)  # type: ignore[arg-type]
    assert (_final(ruling).verdict, ruling.record) == (verdict, True)
    assert bool(ruling.claim) is (verdict is Verdict.REDEEMED)


def test_a_code_that_nobody_issued_is_unknown() -> None:
    assert _final(owner.rule_redeem(ASK, None, None, HERE)).verdict is Verdict.UNKNOWN_CODE


def test_already_used_says_when_and_where() -> None:
    last = LastUse(at="2026-11-20T18:00:00+08:00", store="静安店", kiosk="till-7")
    detail = owner.describe(replace(COFFEE, taken=frozenset({1}), last=last), Verdict.ALREADY_REDEEMED)
    assert (detail.at, detail.store, detail.kiosk) == (last.at, "静安店", "till-7")


UNDO = AskRedeem(
    requester="till-1",
    store="nanjing-lu",
    intent=Intent(rid="cd" * 16, action=Action.UNDO, undoes=INTENT.rid, reason="wrong voucher"),
)


def _redeemed(undone_by: str | None = None, at: datetime = NOON) -> Known:
    answer = Answer(rid=INTENT.rid, verdict=Verdict.REDEEMED, final=True, undone_by=undone_by)
    return Known(requester="till-1", store="nanjing-lu", intent=INTENT, answer=answer, at=at, voucher="v1")


@pytest.mark.rule(10)
def test_an_undo_gives_back_the_uses_of_the_rid_that_it_names() -> None:
    ruling = owner.rule_undo(UNDO, None, _redeemed(), HERE, WINDOW)
    assert _final(ruling).verdict is Verdict.UNDONE
    assert ruling.release == INTENT.rid


@pytest.mark.rule(10)
@pytest.mark.parametrize(
    ("target", "verdict"),
    [
        (None, Verdict.BUSY),
        (replace(_redeemed(), store="jingan"), Verdict.UNDO_UNSUPPORTED),
        (_redeemed(undone_by="ef" * 16), Verdict.ABORTED),
        (_redeemed(at=NOON - WINDOW - timedelta(seconds=1)), Verdict.UNDO_TOO_LATE),
        (
            replace(_redeemed(), answer=Answer(rid=INTENT.rid, verdict=Verdict.EXPIRED, final=True)),
            Verdict.UNDO_UNSUPPORTED,
        ),
    ],
)
def test_an_undo_that_cannot_be_releases_nothing(target: Known | None, verdict: Verdict) -> None:
    ruling = owner.rule_undo(UNDO, None, target, HERE, WINDOW)
    assert _final(ruling).verdict is verdict
    assert ruling.release is None


@pytest.mark.rule(10)
@pytest.mark.parametrize("ask", [UNDO, AskResolve(requester="till-1", store="nanjing-lu", intent=UNDO.intent, terms=1)])
def test_rule_10_an_undo_that_its_redemption_remembers_has_been_made(ask: AskRedeem | AskResolve) -> None:
    ruling = owner.rule_undo(ask, None, _redeemed(undone_by=UNDO.intent.rid, at=NOON - 2 * WINDOW), HERE, WINDOW)
    assert _final(ruling).verdict is Verdict.UNDONE
    assert ruling.record
    assert ruling.release is None, "nothing is given back twice"


def test_a_repeated_undo_gets_its_recorded_answer() -> None:
    recorded = Answer(rid=UNDO.intent.rid, verdict=Verdict.UNDONE, final=True)
    known = Known(requester="till-1", store="nanjing-lu", intent=UNDO.intent, answer=recorded, at=NOON)
    ruling = owner.rule_undo(UNDO, known, _redeemed(undone_by=UNDO.intent.rid), HERE, WINDOW)
    assert ruling.answer == recorded
    assert ruling.release is None
