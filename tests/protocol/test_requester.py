"""The requester's rules: written first, asked for ten seconds, then only how it ended; only a final answer ends it."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol import requester
from protocol.leasing import Accepted
from protocol.messages import Answer, Confirm, Intent, Resolve
from protocol.requester import Forgo, Request, Send, Write
from protocol.vocabulary import Verdict

INTENT = Intent(rid="ab" * 16, code="600000000001", offer="sealed")
DONE = Answer(rid=INTENT.rid, verdict=Verdict.REDEEMED, final=True)
ACCEPTED = Answer(
    rid=INTENT.rid,
    verdict=Verdict.ACCEPTED_OFFLINE,
    final=False,
    accepted=Accepted(lease="1" * 32, gateway="gw-1", voucher="2" * 32, uses=(1,), elapsed_s=60.0, at="2026-05-01"),
)


def _messages(effects: object) -> list[type]:
    return [type(effect.message) for effect in effects if isinstance(effect, Send)]  # type: ignore[attr-defined]


@pytest.mark.rule(1)
def test_the_intent_is_on_disk_before_a_byte_of_it_leaves() -> None:
    request, effects = requester.confirm(INTENT, 100.0)
    assert [type(effect) for effect in effects] == [Write, Send]
    assert effects[0] == Write(request)
    assert effects[1] == Send(Confirm(intent=INTENT))


@pytest.mark.rule(8)
def test_it_repeats_the_redemption_for_ten_seconds_and_then_only_asks_how_it_ended() -> None:
    request, _ = requester.confirm(INTENT, 0.0)
    sent: list[tuple[float, type]] = []
    for tenths in range(200):
        now = tenths / 10
        request, effects = requester.tick(request, now)
        sent += [(now, kind) for kind in _messages(effects)]
    assert {kind for at, kind in sent if at < requester.ASKING_S} == {Confirm}
    assert {kind for at, kind in sent if at >= requester.ASKING_S} == {Resolve}
    assert max(b[0] - a[0] for a, b in itertools.pairwise(sent)) <= requester.RESOLVE_REPEAT_S + 0.1


@pytest.mark.rule(8)
def test_after_a_restart_it_never_asks_for_the_redemption_again() -> None:
    request, effects = requester.restart(INTENT, 0.0)
    assert _messages(effects) == [Resolve]
    for now in (1.0, 3.0, 6.0, 60.0):
        request, effects = requester.tick(request, now)
        assert set(_messages(effects)) <= {Resolve}
    _, effects = requester.reconnected(request, 61.0)
    assert _messages(effects) == [Resolve]


@pytest.mark.rule(8)
def test_giving_up_asks_for_the_end_and_keeps_the_request_open() -> None:
    request, _ = requester.confirm(INTENT, 0.0)
    request, effects = requester.give_up(request, 2.0, "cancelled at the kiosk")
    assert effects == (Send(Resolve(intent=INTENT, reason="cancelled at the kiosk")),)
    assert request.is_open
    request, effects = requester.heard(request, DONE)
    assert effects == (Write(request),)
    assert request.answer == DONE


@pytest.mark.rule(11)
def test_what_its_gateway_has_not_begun_is_forgone_on_disk_before_the_owner_is_asked_for_its_end() -> None:
    request, _ = requester.confirm(INTENT, 0.0)
    request, effects = requester.turned_away(request, 2.0, "not begun here")
    assert effects == (Forgo(request), Send(Resolve(intent=INTENT, reason="not begun here", forgone=True)))
    assert requester.turned_away(request, 2.1, "not begun here") == (request, ()), "said once, repeated by the clock"
    late, effects = requester.heard(request, ACCEPTED)
    assert (late, effects) == (request, ()), "its gateway has forgotten that"
    _, effects = requester.restart(INTENT, 9.0, forgone=True)
    assert effects == (Send(Resolve(intent=INTENT, reason="restarted", forgone=True)),)
    ended, effects = requester.heard(request, DONE)
    assert effects == (Write(ended),)


@pytest.mark.rule(11)
def test_what_was_accepted_is_not_forgone_any_more() -> None:
    request, _ = requester.confirm(INTENT, 0.0)
    accepted, _ = requester.heard(request, ACCEPTED)
    assert requester.turned_away(accepted, 2.0, "not begun here") == (accepted, ())


def test_a_pending_answer_ends_nothing_and_a_final_one_is_never_replaced() -> None:
    request, _ = requester.confirm(INTENT, 0.0)
    request, effects = requester.heard(request, Answer(rid=INTENT.rid, verdict=Verdict.PENDING, final=False))
    assert request.is_open
    assert effects == ()
    request, _ = requester.heard(request, DONE)
    later, effects = requester.heard(request, Answer(rid=INTENT.rid, verdict=Verdict.ABORTED, final=True))
    assert later == request
    assert effects == ()
    assert requester.tick(request, 1e6) == (request, ())
    assert requester.reconnected(request, 1e6) == (request, ())


def test_an_answer_to_another_rid_changes_nothing() -> None:
    request, _ = requester.confirm(INTENT, 0.0)
    assert requester.heard(request, Answer(rid="cd" * 16, verdict=Verdict.REDEEMED, final=True)) == (request, ())


@pytest.mark.rule(1)
@given(st.lists(st.sampled_from(["tick", "reconnect", "give up", "pending"]), max_size=30), st.randoms())
def test_whatever_happens_the_intent_stays_word_for_word_and_resolve_is_never_followed_by_req(
    happenings: list[str], random: object
) -> None:
    request, effects = requester.confirm(INTENT, 0.0)
    sent = [effect.message for effect in effects if isinstance(effect, Send)]
    now = 0.0
    for happening in happenings:
        now += random.uniform(0.0, 4.0)  # type: ignore[attr-defined]
        request, effects = _apply(happening, request, now)
        sent += [effect.message for effect in effects if isinstance(effect, Send)]
    assert {message.intent for message in sent} == {INTENT}
    kinds = [type(message) for message in sent]
    assert kinds == sorted(kinds, key=lambda kind: kind is Resolve)
    assert request.is_open


def _apply(happening: str, request: Request, now: float) -> requester.Step:
    match happening:
        case "tick":
            return requester.tick(request, now)
        case "reconnect":
            return requester.reconnected(request, now)
        case "give up":
            return requester.give_up(request, now, "cancelled")
        case _:
            return requester.heard(request, Answer(rid=INTENT.rid, verdict=Verdict.PENDING, final=False))
