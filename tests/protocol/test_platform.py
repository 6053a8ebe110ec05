"""The owner's rules at a platform that can be asked, cannot be undone, and knows no request key."""

from __future__ import annotations

import msgspec
import pytest

from protocol import platform
from protocol.messages import Answer, Detail, Intent, Notice
from protocol.platform import Case, Consume, Phase, Query, Reply, Seen, Write
from protocol.upstream import AskRedeem, AskResolve
from protocol.values import replace
from protocol.vocabulary import Verdict

INTENT = Intent(rid="ab" * 16, code="600000000001", offer="sealed")
REQ = AskRedeem(requester="till-1", store="nanjing-lu", intent=INTENT, terms=1)
RESOLVE = AskResolve(requester="till-1", store="nanjing-lu", intent=INTENT, reason="restarted")
GOOD = Seen(verdict=Verdict.REDEEMABLE, voucher="card-1")
CARD = replace(GOOD, uses=10)


def _claimed(now: float = 0.0) -> Case:
    return platform.take(None, REQ, now)[0]


def _sent(seen: Seen = GOOD, now: float = 0.1) -> Case:
    return platform.checked(_claimed(), seen, None, now, query=1, took_s=0.1)[0]


def _unanswered(now: float = 10.0) -> Case:
    """Return a case whose first consume was not answered, so that a second has left."""
    return platform.tick(_sent(), now)[0]


def _open() -> Case:
    """Return a case whose second consume was refused, after the first was not answered."""
    return platform.consumed(_unanswered(), 2, Verdict.ALREADY_REDEEMED)[0]


def _ended(step: platform.Step) -> Verdict:
    case, effects = step
    assert case.phase is Phase.ENDED
    assert case.answer is not None
    assert case.answer.final
    assert effects == (Write(case), Reply(case.answer)), "it is in the books before it is said"
    return case.answer.verdict


# --- before a consume has left --------------------------------------------------------------------------------------


@pytest.mark.rule(5)
def test_the_platform_is_asked_first_and_the_rid_is_in_the_books_before() -> None:
    case, effects = platform.take(None, REQ, 5.0)
    assert effects == (Write(case), Query(1))
    assert (case.phase, case.attempts, case.claims) == (Phase.CLAIMED, 0, False)


@pytest.mark.rule(5)
def test_the_claim_and_the_attempt_are_in_the_books_before_the_consume_leaves() -> None:
    case, effects = platform.checked(_claimed(), GOOD, None, 0.2, query=1, took_s=0.2)
    assert effects == (Write(case), Consume(1))
    assert (case.phase, case.attempts, case.voucher, case.claims) == (Phase.SENT, 1, "card-1", True)


def test_a_refusal_by_the_precheck_is_the_end_and_nothing_leaves() -> None:
    wrong_store = replace(GOOD, verdict=Verdict.WRONG_STORE)
    step = platform.checked(_claimed(), wrong_store, None, 0.2, query=1, took_s=0.2)
    assert _ended(step) is Verdict.WRONG_STORE
    assert not step[0].claims


@pytest.mark.rule(5)
@pytest.mark.parametrize(("query", "took_s"), [(0, 0.1), (2, 0.1), (1, platform.QUERY_S + 0.1)])
def test_an_answer_to_another_query_or_out_of_time_is_thrown_away(query: int, took_s: float) -> None:
    case = _claimed()
    assert platform.checked(case, GOOD, None, 1.0, query=query, took_s=took_s) == (case, ())


def test_a_precheck_that_comes_after_the_abort_or_after_the_consume_is_thrown_away() -> None:
    for case in (platform.take(_claimed(), RESOLVE, 0.5)[0], _sent(), _open()):
        assert platform.checked(case, GOOD, None, 1.0, query=1, took_s=0.1) == (case, ())


def test_a_platform_that_does_not_answer_is_asked_again_and_then_the_rid_ends_with_nothing_spent() -> None:
    case, effects = platform.tick(_claimed(), platform.QUERY_S)
    assert effects == (Write(case), Query(2))
    step = platform.tick(replace(case, left_at=platform.BEGIN_S), platform.BEGIN_S + platform.QUERY_S)
    assert _ended(step) is Verdict.UPSTREAM_UNAVAILABLE


def test_a_rid_that_nobody_has_driven_is_aborted_after_a_minute() -> None:
    assert platform.tick(_claimed(), 1.0) == (_claimed(), ())
    assert _ended(platform.tick(_claimed(), platform.ABORT_S)) is Verdict.ABORTED


def test_a_resolve_ends_a_rid_whose_consume_has_not_left() -> None:
    step = platform.take(_claimed(), RESOLVE, 1.0)
    assert _ended(step) is Verdict.ABORTED
    assert not step[0].claims


def test_a_resolve_of_an_unknown_rid_is_a_tombstone() -> None:
    case, effects = step = platform.take(None, RESOLVE, 1.0)
    assert _ended(step) is Verdict.ABORTED
    assert case.answer is not None
    assert case.answer.detail.reason == "restarted"
    assert platform.take(case, REQ, 2.0) == (case, effects[1:])


# --- one at a time --------------------------------------------------------------------------------------------------


@pytest.mark.rule(3)
def test_a_voucher_that_another_rid_is_at_is_busy() -> None:
    rival = replace(_sent(), intent=msgspec.structs.replace(INTENT, rid="cd" * 16))
    assert _ended(platform.checked(_claimed(), GOOD, rival, 0.2, query=1, took_s=0.1)) is Verdict.BUSY


def test_a_voucher_of_one_use_that_another_rid_has_spent_is_used_whatever_a_replica_says() -> None:
    other = replace(_sent(), intent=msgspec.structs.replace(INTENT, rid="cd" * 16))
    spent, _ = platform.consumed(other, 1, Verdict.REDEEMED)
    assert spent.claims
    step = platform.checked(_claimed(), GOOD, spent, 0.2, query=1, took_s=0.1)
    assert _ended(step) is Verdict.ALREADY_REDEEMED


def test_a_voucher_of_several_uses_is_free_again_once_its_rid_has_ended() -> None:
    assert _sent(CARD).claims
    assert not platform.consumed(_sent(CARD), 1, Verdict.REDEEMED)[0].claims


# --- once a consume has left ----------------------------------------------------------------------------------------


@pytest.mark.rule(6)
@pytest.mark.parametrize("verdict", [Verdict.REDEEMED, Verdict.ALREADY_REDEEMED, Verdict.RISK_CONTROL])
def test_a_definite_answer_to_the_only_consume_is_the_end(verdict: Verdict) -> None:
    step = platform.consumed(_sent(), 1, verdict)
    assert _ended(step) is verdict
    assert step[0].claims is (verdict is Verdict.REDEEMED)


def test_after_a_consume_that_was_not_answered_another_leaves_later_and_later() -> None:
    case, at = _sent(), 0.1
    pauses = []
    for _ in range(12):
        left_at, at = at, platform.due(case)
        assert platform.tick(case, at - 0.01) == (case, ())
        case, effects = platform.tick(case, at)
        assert effects == (Write(case), Consume(case.attempts))
        pauses.append(round(at - left_at, 6))
    assert pauses == sorted(pauses)
    assert pauses[0] >= platform.CONSUME_S
    assert pauses[-1] == platform.CONSUME_S + platform.LONGEST_PAUSE_S


@pytest.mark.rule(6)
@pytest.mark.parametrize("verdict", [Verdict.ALREADY_REDEEMED, Verdict.RISK_CONTROL, Verdict.EXPIRED])
def test_after_a_consume_that_was_not_answered_no_is_never_an_answer(verdict: Verdict) -> None:
    case, effects = platform.consumed(_unanswered(), 2, verdict)
    assert effects == (Write(case),)
    assert (case.phase, case.answer, case.claims) == (Phase.OPEN, None, True)
    assert platform.tick(case, 1e9) == (case, ()), "and nothing is sent any more"


@pytest.mark.rule(6)
def test_no_to_a_consume_that_the_books_do_not_know_is_no_answer_to_the_one_that_they_know() -> None:
    """They were put back to before it left: the one that they know was not answered."""
    case, effects = platform.consumed(_sent(), 2, Verdict.ALREADY_REDEEMED)
    assert effects == (Write(case),)
    assert (case.phase, case.answer, case.claims, case.attempts) == (Phase.OPEN, None, True, 2)
    assert platform.consumed(case, 1, Verdict.ALREADY_REDEEMED)[0].phase is Phase.OPEN


def test_a_late_no_after_the_next_consume_has_left_ends_nothing() -> None:
    assert platform.consumed(_unanswered(), 1, Verdict.ALREADY_REDEEMED)[0].phase is Phase.OPEN


def test_a_success_is_one_whichever_attempt_it_answers() -> None:
    assert _ended(platform.consumed(_unanswered(), 2, Verdict.REDEEMED)) is Verdict.REDEEMED
    assert _ended(platform.consumed(_open(), 2, Verdict.REDEEMED)) is Verdict.REDEEMED


@pytest.mark.rule(6)
def test_several_uses_are_never_consumed_again_after_silence_since_both_could_land() -> None:
    case, effects = platform.tick(_sent(CARD), 60.0)
    assert effects == (Write(case),)
    assert case.phase is Phase.OPEN


@pytest.mark.rule(8)
@pytest.mark.parametrize("case", [_sent(), _unanswered(), _open()])
def test_a_resolve_aborts_nothing_that_has_left(case: Case) -> None:
    after, effects = platform.take(case, RESOLVE, 20.0)
    assert after == case
    assert effects == (Reply(Answer(rid=INTENT.rid, verdict=Verdict.PENDING, final=False)),)


def test_the_first_end_stays() -> None:
    done, _ = platform.consumed(_sent(), 1, Verdict.REDEEMED)
    for step in (
        platform.consumed(done, 1, Verdict.ALREADY_REDEEMED),
        platform.reported(done, ours=False),
        platform.decided(done, Verdict.ABORTED, "a person", 1e6),
        platform.tick(done, 1e6),
    ):
        assert step == (done, ())
    assert platform.take(done, RESOLVE, 1e6) == (done, (Reply(done.answer),))  # type: ignore[arg-type]


# --- whose it was ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", [_sent(), _unanswered(), _open()])
@pytest.mark.parametrize(("ours", "verdict"), [(True, Verdict.REDEEMED), (False, Verdict.ALREADY_REDEEMED)])
def test_the_platforms_event_says_whose_the_only_use_was(case: Case, ours: bool, verdict: Verdict) -> None:  # noqa: FBT001
    assert _ended(platform.reported(case, ours=ours)) is verdict


@pytest.mark.rule(7)
def test_an_event_says_nothing_before_a_consume_has_left_nor_about_one_of_several_uses() -> None:
    for case in (_claimed(), _sent(CARD), platform.tick(_sent(CARD), 60.0)[0]):
        assert platform.reported(case, ours=True) == (case, ())


def test_a_person_says_that_it_was_redeemed_at_any_time_and_the_record_names_the_reason() -> None:
    step = platform.decided(_open(), Verdict.REDEEMED, "li.lei: it is in the platform's list", 0.0)
    assert _ended(step) is Verdict.REDEEMED
    assert step[0].answer is not None
    assert step[0].answer.detail.reason == "li.lei: it is in the platform's list"


@pytest.mark.rule(7)
@pytest.mark.parametrize("verdict", [Verdict.ABORTED, Verdict.ALREADY_REDEEMED])
def test_that_nothing_was_spent_is_believed_only_once_no_consume_can_be_under_way(verdict: Verdict) -> None:
    assert platform.decided(_open(), verdict, "a person", platform.QUIET_S - 0.1) == (_open(), ())
    step = platform.decided(_open(), verdict, "a person", platform.QUIET_S)
    assert _ended(step) is verdict
    assert not step[0].claims


def test_nobody_decides_what_is_still_driven() -> None:
    assert platform.decided(_sent(), Verdict.ABORTED, "a person", 1e6) == (_sent(), ())


# --- what restored books have forgotten (rule 11) -------------------------------------------------------------------

FORGOTTEN = platform.presume("till-1", "nanjing-lu", INTENT, 0.0)


@pytest.mark.rule(11)
def test_what_restored_books_have_forgotten_is_asked_about_and_ended_by_nobodys_resolve_nor_by_time() -> None:
    assert platform.take(FORGOTTEN, RESOLVE, 1.0)[1] == (
        Reply(Answer(rid=INTENT.rid, verdict=Verdict.PENDING, final=False)),
    )
    case, waits = FORGOTTEN, []
    for number in range(1, 12):
        at = platform.due(case)
        waits.append(at - case.left_at)
        case, effects = platform.tick(case, at)
        assert effects == (Write(case), Query(number))
    assert waits == sorted(waits)
    assert waits[-1] == platform.QUERY_S + platform.LONGEST_ASKING_S
    assert case.left_at > platform.ABORT_S


def test_what_was_forgotten_is_driven_forward_as_after_a_consume_that_was_not_answered() -> None:
    asked = platform.tick(FORGOTTEN, platform.due(FORGOTTEN))[0]
    case, effects = platform.checked(asked, GOOD, None, 5.0, query=1, took_s=0.1)
    assert effects == (Write(case), Consume(2))
    after, _ = platform.consumed(case, 2, Verdict.ALREADY_REDEEMED)
    assert (after.phase, after.answer) == (Phase.OPEN, None)
    assert _ended(platform.consumed(case, 2, Verdict.REDEEMED)) is Verdict.REDEEMED


@pytest.mark.parametrize("case", [_claimed(), FORGOTTEN])
def test_no_to_a_consume_that_the_books_have_forgotten_ends_nothing_and_is_remembered(case: Case) -> None:
    after, effects = platform.consumed(case, 1, Verdict.ALREADY_REDEEMED)
    assert effects == (Write(after),)
    assert (after.forgotten, after.attempts, after.answer) == (True, 1, None)
    assert _ended(platform.consumed(case, 1, Verdict.REDEEMED)) is Verdict.REDEEMED


@pytest.mark.parametrize(
    "seen", [CARD, replace(GOOD, verdict=Verdict.ALREADY_REDEEMED), Seen(verdict=Verdict.UNKNOWN_CODE, voucher="")]
)
def test_what_was_forgotten_is_left_to_others_where_no_second_consume_may_leave(seen: Seen) -> None:
    asked = platform.tick(FORGOTTEN, platform.due(FORGOTTEN))[0]
    case, effects = platform.checked(asked, seen, None, 5.0, query=1, took_s=0.1)
    assert effects == (Write(case),)
    assert (case.phase, case.answer, case.voucher) == (Phase.OPEN, None, seen.voucher or None)


def test_what_was_forgotten_waits_for_another_that_is_at_its_voucher_and_yields_to_one_that_has_it() -> None:
    asked = platform.tick(FORGOTTEN, platform.due(FORGOTTEN))[0]
    other = replace(_sent(), intent=msgspec.structs.replace(INTENT, rid="cd" * 16))
    assert platform.checked(asked, GOOD, other, 5.0, query=1, took_s=0.1) == (asked, ())
    spent = platform.consumed(other, 1, Verdict.REDEEMED)[0]
    step = platform.checked(asked, GOOD, spent, 5.0, query=1, took_s=0.1)
    assert _ended(step) is Verdict.ALREADY_REDEEMED


@pytest.mark.rule(11)
@pytest.mark.parametrize(("uses_left", "claims"), [(None, True), (0, False), (2, False)])
def test_the_only_use_stays_with_a_rid_that_had_ended_before_the_books_were_put_back(
    uses_left: int | None, *, claims: bool
) -> None:
    detail = Detail(uses_left=uses_left)
    answer = Answer(rid=INTENT.rid, verdict=Verdict.REDEEMED, final=True, voucher="card-1", detail=detail)
    case = platform.recalled(FORGOTTEN, answer)
    assert (case.phase, case.answer, case.claims) == (Phase.ENDED, answer, claims)
    other = replace(_open(), intent=msgspec.structs.replace(INTENT, rid="cd" * 16))
    assert _ended(platform.outdone(other, case)) is Verdict.ALREADY_REDEEMED


# --- rids and clocks ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "ask",
    [
        msgspec.structs.replace(REQ, requester="till-2"),
        msgspec.structs.replace(RESOLVE, intent=msgspec.structs.replace(INTENT, quantity=2)),
    ],
)
def test_a_known_rid_with_other_fields_is_a_fault_and_changes_nothing(ask: AskRedeem | AskResolve) -> None:
    case, effects = platform.take(_sent(), ask, 1.0)
    assert case == _sent()
    (reply,) = effects
    assert isinstance(reply, Reply)
    assert isinstance(reply.message, Notice)
    assert reply.message.verdict is Verdict.FAULT


def test_a_repeat_meets_what_is_recorded_and_starts_nothing() -> None:
    for case in (_claimed(), _sent(), _open()):
        after, effects = platform.take(case, REQ, 1.0)
        assert after == case
        assert [type(effect) for effect in effects] == [Reply]


def test_a_clock_that_is_set_back_delays_nothing_by_more_than_it_was_to_wait() -> None:
    case = _sent(now=1_000.0)
    case = replace(case, claimed_at=999.0)
    back, effects = platform.tick(case, 10.0)
    assert effects == (Write(back),)
    assert (back.claimed_at, back.left_at) == (9.0, 10.0)
    assert platform.due(back) - 10.0 == platform.due(case) - 1_000.0
