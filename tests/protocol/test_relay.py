"""The gateway's rules: it keeps, passes on and repeats, and concludes nothing from its own ignorance."""

from __future__ import annotations

import msgspec
import pytest

from protocol import relay
from protocol.messages import Answer, Detail, Intent, Notice
from protocol.relay import Ask, Relay, Reply, Write
from protocol.upstream import AskRedeem, AskResolve
from protocol.values import replace
from protocol.vocabulary import Verdict

INTENT = Intent(rid="ab" * 16, code="600000000001", offer="sealed")
ASKED = Relay(requester="till-1", store="nanjing-lu", intent=INTENT, terms=3)
DONE = Answer(rid=INTENT.rid, verdict=Verdict.REDEEMED, final=True)
ABORTED = Answer(rid=INTENT.rid, verdict=Verdict.ABORTED, final=True)
COFFEE = msgspec.structs.replace(DONE, detail=Detail(title="咖啡"), uses=(1,))


def _asks(effects: object) -> list[type]:
    return [type(effect.message) for effect in effects if isinstance(effect, Ask)]  # type: ignore[attr-defined]


def _begun(now: float = 0.0) -> Relay:
    return relay.take_confirm(None, ASKED, None, now)[0]


@pytest.mark.rule(1)
def test_a_redemption_is_journalled_durably_before_it_goes_upstream() -> None:
    row, effects = relay.take_confirm(None, ASKED, None, 0.0)
    assert [type(effect) for effect in effects] == [Write, Ask]
    assert isinstance(effects[0], Write)
    assert effects[0].durable
    assert effects[1] == Ask(AskRedeem(requester="till-1", store="nanjing-lu", intent=INTENT, terms=3))
    assert row.flying


@pytest.mark.rule(4)
def test_what_the_gateway_would_refuse_goes_up_as_a_resolve_with_the_reason() -> None:
    row, effects = relay.take_confirm(None, ASKED, "the offer is older than 60 s", 0.0)
    assert _asks(effects) == [AskResolve]
    assert row.closed
    assert isinstance(effects[-1], Ask)
    assert isinstance(effects[-1].message, AskResolve)
    assert effects[-1].message.reason == "the offer is older than 60 s"


@pytest.mark.rule(2)
def test_an_objection_counts_only_for_a_rid_that_is_not_known_yet() -> None:
    refused = Answer(rid=INTENT.rid, verdict=Verdict.EXPIRED, final=True)
    row, _ = relay.heard(_begun(), refused, 0.1)
    again, effects = relay.take_confirm(replace(row, kept=True), ASKED, "the offer is of another boot", 5.0)
    assert effects == (Reply(refused),)
    assert again == replace(row, kept=True)


def test_rule_11_what_is_not_on_the_disk_yet_is_not_repeated_before_it_is() -> None:
    refused = Answer(rid=INTENT.rid, verdict=Verdict.EXPIRED, final=True)
    row, _ = relay.heard(_begun(), refused, 0.1)
    _, effects = relay.take_confirm(row, ASKED, None, 0.1)
    assert effects == (Write(row, durable=True), Reply(refused))


@pytest.mark.rule(2)
def test_a_redemption_may_have_been_undone_elsewhere_so_a_repeat_is_asked_of_the_owner() -> None:
    row, _ = relay.heard(_begun(), DONE, 0.1)
    row, effects = relay.take_confirm(row, ASKED, None, 5.0)
    assert [type(effect) for effect in effects] == [Ask], "nobody is told of a success from this gateway's memory"
    assert _asks(effects) == [AskResolve]
    assert not row.is_open
    assert relay.take_resolve(row, ASKED, None, 5.1)[1] == (), "one question at a time"


def test_the_owner_says_again_that_it_stands_and_that_is_passed_down() -> None:
    row, _ = relay.heard(_begun(), DONE, 0.1)
    row, _ = relay.take_resolve(replace(row, kept=True), ASKED, None, 5.0)
    row, effects = relay.heard(row, DONE, 5.1)
    assert effects == (Write(row, durable=False), Reply(DONE))
    assert not row.flying


def test_the_owner_says_that_it_was_undone_and_that_is_kept_and_passed_down() -> None:
    undone = Answer(rid=INTENT.rid, verdict=Verdict.REDEEMED, final=True, undone_by="cd" * 16)
    row, _ = relay.heard(_begun(), DONE, 0.1)
    row, _ = relay.take_resolve(row, ASKED, None, 5.0)
    row, effects = relay.heard(row, undone, 5.1)
    assert effects == (Write(row, durable=True), Reply(undone)), "rule 11: on disk before anybody is told"
    assert relay.take_resolve(replace(row, kept=True), ASKED, None, 6.0)[1] == (Reply(undone),)


@pytest.mark.rule(10)
@pytest.mark.parametrize("kept", [True, False])
def test_a_late_word_that_it_stands_is_not_passed_down_where_it_is_known_to_be_undone(*, kept: bool) -> None:
    row, _ = relay.heard(_begun(), DONE, 0.1)
    row, _ = relay.take_resolve(replace(row, kept=True), ASKED, None, 5.0)
    row, _ = relay.undone(row, "cd" * 16)
    row, effects = relay.heard(replace(row, kept=kept), DONE, 5.1)
    (said,) = [effect.message for effect in effects if isinstance(effect, Reply)]
    assert isinstance(said, Answer)
    assert said.undone_by == "cd" * 16
    assert row.answer == said


def test_where_the_owner_does_not_say_it_again_nothing_is_said_and_the_record_stays() -> None:
    row, _ = relay.heard(_begun(), DONE, 0.1)
    for after in (
        relay.unheard(relay.take_resolve(row, ASKED, None, 5.0)[0], 6.0),
        relay.heard(relay.take_resolve(row, ASKED, None, 5.0)[0], Notice(verdict=Verdict.FAULT, rid=INTENT.rid), 6.0),
    ):
        again, effects = after
        assert [type(effect) for effect in effects] == [Write]
        assert (again.answer, again.flying, again.retry_at) == (DONE, False, None)


@pytest.mark.parametrize(
    ("closed", "now", "left"), [(False, 4.0, 6.0), (False, 10.0, 0.0), (False, 11.0, 0.0), (True, 4.0, 0.0)]
)
def test_a_req_may_leave_only_while_its_time_lasts_and_no_resolve_has_come(
    closed: bool,  # noqa: FBT001 - a case of the table
    now: float,
    left: float,
) -> None:
    row, effects = relay.take_confirm(None, ASKED, None, 0.0)
    if closed:
        row, _ = relay.take_resolve(row, ASKED, "restarted", 1.0)
    assert isinstance(effects[-1], Ask)
    assert relay.time_left(row, effects[-1].message, now) == left


def test_a_resolve_may_always_leave() -> None:
    row, effects = relay.take_resolve(None, ASKED, "restarted", 0.0)
    assert isinstance(effects[-1], Ask)
    assert relay.time_left(row, effects[-1].message, 1e6) is None


def test_a_repeat_while_the_request_is_upstream_sends_nothing_twice() -> None:
    row, effects = relay.take_confirm(_begun(), ASKED, None, 1.0)
    assert effects == ()
    assert row.flying


@pytest.mark.rule(2)
@pytest.mark.parametrize(
    "other",
    [
        msgspec.structs.replace(INTENT, quantity=2),
        msgspec.structs.replace(INTENT, code="600000000002"),
        msgspec.structs.replace(INTENT, offer="another"),
    ],
)
def test_a_repeat_with_other_fields_is_a_fault_and_changes_nothing(other: Intent) -> None:
    row = _begun()
    after, effects = relay.take_confirm(row, Relay(requester="till-1", store="nanjing-lu", intent=other), None, 1.0)
    assert after == row
    assert [type(effect) for effect in effects] == [Reply]
    assert isinstance(effects[0], Reply)
    assert effects[0].message.verdict is Verdict.FAULT


@pytest.mark.rule(12)
def test_a_rid_keeps_the_store_in_which_it_was_first_journalled() -> None:
    moved = replace(ASKED, store="pudong")
    row, effects = relay.take_resolve(relay.unheard(_begun(), 1.0)[0], moved, None, 2.0)
    assert row.store == "nanjing-lu"
    assert [effect.message.store for effect in effects if isinstance(effect, Ask)] == ["nanjing-lu"]


@pytest.mark.rule(2)
def test_another_kiosk_with_this_rid_learns_nothing_and_changes_nothing() -> None:
    row, _ = relay.heard(_begun(), DONE, 0.1)
    thief = Relay(requester="till-9", store="nanjing-lu", intent=INTENT)
    after, effects = relay.take_resolve(row, thief, None, 1.0)
    assert isinstance(effects[0], Reply)
    assert isinstance(effects[0].message, Notice)
    assert after.answer == DONE
    assert not after.closed


@pytest.mark.rule(8)
def test_ten_seconds_after_it_was_journalled_only_resolve_leaves() -> None:
    row = relay.unheard(_begun(), 9.0)[0]
    row, effects = relay.tick(row, 9.6)
    assert _asks(effects) == [AskRedeem]
    row = relay.unheard(row, 9.9)[0]
    _, effects = relay.tick(row, 11.0)
    assert _asks(effects) == [AskResolve]


@pytest.mark.rule(8)
def test_a_resolve_closes_the_rid_durably_before_it_is_passed_on() -> None:
    row = relay.unheard(_begun(), 1.0)[0]
    row, effects = relay.take_resolve(row, ASKED, "restarted", 2.0)
    assert [type(effect) for effect in effects] == [Write, Ask]
    assert isinstance(effects[0], Write)
    assert effects[0].durable
    assert effects[0].relay.closed
    row = relay.unheard(row, 3.0)[0]
    _, effects = relay.take_confirm(row, ASKED, None, 4.0)
    assert _asks(effects) == [AskResolve], "a REQ after the RESOLVE must not start anything"


@pytest.mark.rule(8)
def test_a_resolve_of_an_unknown_rid_is_closed_durably_and_passed_to_the_owner_not_decided_here() -> None:
    row, effects = relay.take_resolve(None, ASKED, "restarted", 0.0)
    assert effects[0] == Write(replace(row, flying=False), durable=True)
    assert _asks(effects) == [AskResolve]
    assert row.closed
    assert row.is_open


@pytest.mark.rule(8)
def test_after_its_own_restart_every_open_rid_is_only_resolved() -> None:
    row, effects = relay.restart(_begun(), 1.0)
    assert _asks(effects) == [AskResolve]
    row = relay.unheard(row, 2.0)[0]
    _, effects = relay.take_confirm(row, ASKED, None, 3.0)
    assert _asks(effects) == [AskResolve]


@pytest.mark.rule(8)
def test_silence_and_notices_end_nothing() -> None:
    row, effects = relay.unheard(_begun(), 1.0)
    assert effects == ()
    assert row.is_open
    assert row.retry_at is not None
    row, effects = relay.heard(row, Notice(verdict=Verdict.FAULT, rid=INTENT.rid), 2.0)
    assert effects == ()
    assert row.is_open


def test_a_pending_answer_is_passed_down_and_asked_again() -> None:
    pending = Answer(rid=INTENT.rid, verdict=Verdict.PENDING, final=False)
    row, effects = relay.heard(_begun(), pending, 1.0)
    assert effects == (Reply(pending),)
    assert row.retry_at is not None
    _, effects = relay.tick(row, row.retry_at)
    assert _asks(effects) == [AskRedeem]


@pytest.mark.rule(11)
def test_the_owners_final_word_is_kept_and_no_later_word_replaces_it() -> None:
    row, effects = relay.heard(_begun(), DONE, 1.0)
    assert effects == (Write(row, durable=True), Reply(DONE)), "rule 11: on disk before anybody is told"
    after, effects = relay.heard(row, ABORTED, 2.0)
    assert [effect.message.verdict for effect in effects if isinstance(effect, Reply)] == [Verdict.FAULT]
    assert after.answer == DONE


@pytest.mark.rule(9)
@pytest.mark.parametrize("kept", [True, False])
def test_rule_9_who_asks_about_a_rid_with_two_ends_is_told_so_and_never_that_it_succeeded(*, kept: bool) -> None:
    row = replace(relay.heard(_begun(), COFFEE, 1.0)[0], kept=kept)
    row, _ = relay.take_resolve(row, ASKED, None, 5.0)
    row, effects = relay.heard(row, ABORTED, 5.1)
    write, reply = effects
    assert write == Write(row, durable=not kept), "rule 11: the end that was told first is on disk before"
    assert isinstance(reply, Reply)
    assert isinstance(reply.message, Answer)
    said = reply.message
    assert (said.rid, said.verdict, said.final, said.undone_by) == (INTENT.rid, Verdict.FAULT, True, None)
    assert (said.detail.case, said.detail.title) == (INTENT.rid[:4].upper(), "咖啡")
    assert not said.uses
    assert row.answer == COFFEE, "nobody's record is changed"
    assert not row.flying


def test_what_is_known_to_be_undone_is_told_so_though_the_owner_has_another_end() -> None:
    row, _ = relay.heard(_begun(), DONE, 0.1)
    row, _ = relay.take_resolve(replace(row, kept=True), ASKED, None, 5.0)
    row, _ = relay.undone(row, "cd" * 16)
    row, effects = relay.heard(row, ABORTED, 5.1)
    assert [effect.message for effect in effects if isinstance(effect, Reply)] == [row.answer]
    assert row.answer is not None
    assert (row.answer.verdict, row.answer.undone_by) == (Verdict.REDEEMED, "cd" * 16)


def test_an_undone_redemption_is_repeated_as_undone() -> None:
    row, _ = relay.heard(_begun(), DONE, 1.0)
    row, _ = relay.undone(row, "cd" * 16)
    _, effects = relay.take_resolve(replace(row, kept=True), ASKED, None, 2.0)
    assert isinstance(effects[0], Reply)
    assert isinstance(effects[0].message, Answer)
    assert effects[0].message.undone_by == "cd" * 16


def test_pauses_between_tries_grow_but_stay_short_enough_for_an_answer_within_five_seconds() -> None:
    row = _begun()
    pauses = []
    for now in range(0, 100, 10):
        row = relay.unheard(row, float(now))[0]
        assert row.retry_at is not None
        pauses.append(row.retry_at - now)
    assert pauses == sorted(pauses)
    assert pauses[-1] <= relay.LONGEST_RETRY_S
