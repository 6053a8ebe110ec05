"""Accepted offline at the counter: steady amber, goods go, and the kiosk holds on to it until its end is known."""

from __future__ import annotations

import pytest

from device.counter.effects import Accept, Conclude, Forgo, Mint, Park, Send, Settle, Show
from device.counter.events import AcceptFailed, ForgoFailed
from device.counter.states import Kept
from device.ports import Button
from device.view import Screen
from protocol.leasing import Accepted
from protocol.messages import Answer, Confirm, Detail, Intent, Notice, Resolve, Settled
from protocol.vocabulary import Colour, Pattern, Sound, Verdict

from .bench import BOOT, CODE, DONE, OTHER, Bench

SAID = Accepted(
    lease="1" * 32, gateway="gw-1", voucher="2" * 32, uses=(1,), elapsed_s=60.0, at="2026-05-01T12:00:05+08:00"
)


def accept(bench: Bench, rid: str | None = None) -> None:
    """Let the gateway say that it has accepted the redemption."""
    rid = rid or bench.rid
    bench.hear(Answer(rid=rid, verdict=Verdict.ACCEPTED_OFFLINE, final=False, detail=DONE, accepted=SAID))


@pytest.fixture
def bench() -> Bench:
    """Return a counter at rest."""
    return Bench().open_up()


def test_it_is_shown_steady_amber_with_a_level_pair_and_never_green(bench: Bench) -> None:
    bench.redeem()
    accept(bench)
    view = bench.view
    assert (view.screen, view.verdict) == (Screen.RESULT, Verdict.ACCEPTED_OFFLINE)
    assert (view.light.colour, view.light.pattern, view.sound) == (Colour.AMBER, Pattern.STEADY, Sound.LEVEL_PAIR)
    assert bench.lines[:3] == ["离线已受理", "可交付", "联网后上传"]


def test_it_is_on_disk_before_it_is_on_the_screen_and_its_code_is_kept(bench: Bench) -> None:
    bench.redeem()
    before = len(bench.effects)
    accept(bench)
    kinds = [type(effect) for effect in bench.effects[before:]]
    assert kinds == [Accept, Show]
    assert not bench.wanted(Conclude)


def test_from_then_on_every_resolve_says_so_and_no_confirm_leaves(bench: Bench) -> None:
    bench.redeem()
    accept(bench)
    confirms = len(bench.sent(Confirm))
    bench.wait(120)
    resolves = bench.sent(Resolve)
    assert len(bench.sent(Confirm)) == confirms
    assert 4 <= len(resolves) <= 6
    assert {resolve.accepted for resolve in resolves} == {SAID}
    assert {resolve.intent.code for resolve in resolves} == {CODE}


def test_the_next_customer_is_served_and_its_end_asks_nobody_anything(bench: Bench) -> None:
    rid = bench.redeem()
    accept(bench)
    bench.wait(20)
    bench.scan(OTHER)
    bench.offered()
    scenes = len([show for show in bench.wanted(Show) if show.announced])
    bench.answered(rid=rid)
    assert len([show for show in bench.wanted(Show) if show.announced]) == scenes
    assert bench.wanted(Settle) == [Settle(rid, handed_over=True)]
    assert bench.sent(Settled) == [Settled(rid=rid)]
    assert bench.counter.ticket(rid) is None
    bench.press(Button.CANCEL)
    bench.wait(60)
    assert bench.view.screen is Screen.IDLE


def test_an_end_that_comes_while_it_is_still_on_the_screen_turns_it_green(bench: Bench) -> None:
    bench.redeem()
    accept(bench)
    bench.wait(1)
    bench.answered()
    assert (bench.view.verdict, bench.view.light.colour) == (Verdict.REDEEMED, Colour.GREEN)


def test_the_next_customers_code_takes_it_off_the_screen_and_not_off_the_list(bench: Bench) -> None:
    rid = bench.redeem()
    accept(bench)
    bench.wait(1)
    bench.scan(OTHER)
    bench.wait(8)
    ticket = bench.counter.ticket(rid)
    assert ticket is not None
    assert ticket.request.is_open


def test_a_conflict_is_shown_red_at_rest_although_the_goods_are_gone(bench: Bench) -> None:
    rid = bench.redeem()
    accept(bench)
    bench.wait(60)
    bench.answered(Verdict.OFFLINE_CONFLICT, rid=rid, detail=Detail(title="生日蛋糕券", reason="key_revoked"))
    bench.wait(1)
    assert (bench.view.verdict, bench.view.light.colour) == (Verdict.OFFLINE_CONFLICT, Colour.RED)
    assert bench.wanted(Conclude)


def test_one_that_was_given_up_before_is_kept_and_asked_about_at_its_end(bench: Bench) -> None:
    rid = bench.redeem()
    bench.wait(12)
    bench.press(Button.CANCEL)
    accept(bench, rid)
    assert bench.view.verdict is not Verdict.ACCEPTED_OFFLINE
    bench.wait(30)
    assert {resolve.accepted for resolve in bench.sent(Resolve)[-1:]} == {SAID}
    bench.answered(rid=rid)
    bench.wait(10)
    assert bench.view.screen is Screen.HANDED_OVER


def test_after_a_restart_it_still_says_so_to_whichever_gateway_and_is_never_green() -> None:
    intent = Intent(rid="a" * 32, code=CODE)
    kept = Answer(rid=intent.rid, verdict=Verdict.ACCEPTED_OFFLINE, final=False, detail=DONE, accepted=SAID)
    bench = Bench(kept=[Kept(intent=intent, tail="7733", answer=kept)]).open_up()
    assert [resolve.accepted for resolve in bench.sent(Resolve)][:1] == [SAID]
    assert not bench.wanted(Mint)
    bench.answered(rid=intent.rid)
    bench.wait(10)
    assert bench.view.screen is Screen.HANDED_OVER
    assert bench.counter.setup.boot == BOOT


def test_a_repeat_of_it_changes_nothing(bench: Bench) -> None:
    rid = bench.redeem()
    accept(bench)
    accept(bench)
    bench.answered(Verdict.PENDING, rid=rid, final=False)
    assert len(bench.wanted(Accept)) == 1
    assert bench.view.verdict is Verdict.ACCEPTED_OFFLINE


@pytest.mark.rule(11)
def test_its_word_that_comes_after_the_gateway_has_forgotten_it_is_not_shown(bench: Bench) -> None:
    rid = bench.redeem()
    effects = bench.hear(Notice(verdict=Verdict.FAULT, rid=rid, hint="no offer of this gateway since its start"))
    forgone = Resolve(
        intent=bench.sent(Confirm)[0].intent, reason="no offer of this gateway since its start", forgone=True
    )
    assert effects[:2] == (Forgo(rid), Send(forgone)), "on disk first"
    accept(bench)
    assert bench.view.screen is Screen.PENDING
    assert not bench.wanted(Accept)
    bench.answered(Verdict.ABORTED)
    assert bench.view.verdict is Verdict.ABORTED


@pytest.mark.rule(11)
def test_nor_is_it_after_a_restart(bench: Bench) -> None:
    intent = Intent(rid="a" * 32, code=CODE)
    bench = Bench(kept=[Kept(intent=intent, tail="7733", forgone=True)]).open_up()
    assert {resolve.forgone for resolve in bench.sent(Resolve)} == {True}
    accept(bench, intent.rid)
    assert bench.view.screen is Screen.PENDING


@pytest.mark.rule(11)
def test_what_the_journal_could_not_take_as_forgone_is_not(bench: Bench) -> None:
    rid = bench.redeem()
    bench.hear(Notice(verdict=Verdict.FAULT, rid=rid, hint="no offer of this gateway since its start"))
    bench.do(ForgoFailed(rid))
    sent = len(bench.sent(Resolve))
    bench.wait(4)
    assert [resolve.forgone for resolve in bench.sent(Resolve)[sent:]] == [False]
    accept(bench)
    assert bench.view.verdict is Verdict.ACCEPTED_OFFLINE


@pytest.mark.rule(11)
def test_what_the_journal_could_not_take_as_accepted_is_waited_for_and_said_again(bench: Bench) -> None:
    rid = bench.redeem()
    accept(bench)
    bench.do(AcceptFailed(rid))
    assert (bench.view.screen, bench.view.verdict) == (Screen.PENDING, Verdict.PENDING)
    assert not bench.wanted(Show)[-1].announced, "the screen has not turned"
    bench.wait(3)
    assert bench.sent(Resolve)[-1].accepted is None
    accept(bench)
    assert bench.view.verdict is Verdict.ACCEPTED_OFFLINE
    assert bench.wanted(Show)[-1].announced
    assert bench.wanted(Accept)[-1].answer.rid == rid


@pytest.mark.rule(11)
def test_while_the_disk_takes_no_acceptance_the_clerk_may_wait_on_or_give_up(bench: Bench) -> None:
    rid = bench.redeem()
    accept(bench)
    bench.do(AcceptFailed(rid))
    bench.press(Button.CANCEL)
    assert bench.view.verdict is Verdict.PENDING
    assert [park.rid for park in bench.wanted(Park)] == [rid]
    accept(bench)
    bench.do(AcceptFailed(rid))
    assert bench.view.verdict is Verdict.PENDING, "what was given up shows no acceptance"
    bench.answered(Verdict.REDEEMED)
    bench.wait(20)
    assert bench.view.screen is Screen.HANDED_OVER
