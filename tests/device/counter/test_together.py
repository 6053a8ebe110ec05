"""Several vouchers of one order under one confirm: a rid each, and one answer on the screen once all have ended."""

from __future__ import annotations

import pytest

from device.counter.effects import Mint, Park, Settle
from device.counter.events import MintFailed
from device.ports import Button
from device.view import Screen
from protocol.bundle import Also
from protocol.messages import Detail
from protocol.vocabulary import Colour, Verdict
from tests.device.counter.bench import CODE, DONE, Bench

OTHERS = tuple(Also(code=f"9900 1122 334{number}", offer=f"sealed-{number}") for number in range(3))
TICKETS = Detail(title="动物园门票", code_tail="7733")


@pytest.fixture
def bench() -> Bench:
    """Return a counter that offers a ticket and three more of its order."""
    bench = Bench().open_up()
    bench.scan()
    bench.offered(detail=TICKETS, others=OTHERS)
    return bench


def confirm(bench: Bench, count: int) -> list[str]:
    """Choose so many, press OK, and return their rids."""
    for _ in range(count - 1):
        bench.press(Button.UP)
    bench.press()
    return [effect.intent.rid for effect in bench.wanted(Mint)]


def test_the_offer_counts_the_order_and_ok_alone_redeems_the_one_that_is_shown(bench: Bench) -> None:
    assert bench.lines[:2] == ["待核销 1/4 ▲▼", "动物园门票"]
    (rid,) = confirm(bench, 1)
    assert [(one.intent.code, one.intent.quantity) for one in bench.confirms()] == [(CODE, 1)]
    bench.answered(rid=rid)
    assert bench.lines[0] == "核销成功"


def test_each_chosen_one_is_redeemed_under_a_rid_of_its_own_on_disk_before_it_leaves(bench: Bench) -> None:
    rids = confirm(bench, 3)
    assert len(set(rids)) == 3
    sent = [(one.intent.rid, one.intent.code, one.intent.offer, one.intent.quantity) for one in bench.confirms()]
    offers = [(CODE, "sealed"), *((other.code, other.offer) for other in OTHERS[:2])]
    assert sent == [(rid, code, offer, 1) for rid, (code, offer) in zip(rids, offers, strict=True)]
    for rid in rids:
        minted = next(
            at for at, effect in enumerate(bench.effects) if effect in bench.wanted(Mint) and rid in str(effect)
        )
        left = next(at for at, effect in enumerate(bench.effects) if "Confirm" in str(effect) and rid in str(effect))
        assert minted < left


def test_no_more_can_be_chosen_than_there_are(bench: Bench) -> None:
    assert len(confirm(bench, 9)) == 4


def test_it_is_green_once_all_are_redeemed_and_not_before(bench: Bench) -> None:
    rids = confirm(bench, 3)
    for rid in (rids[2], rids[0]):
        bench.answered(rid=rid)
        assert (bench.view.screen, bench.view.light.colour) == (Screen.PENDING, Colour.AMBER)
    bench.answered(rid=rids[1])
    assert (bench.lines[0], bench.view.light.colour) == ("核销成功 ×3", Colour.GREEN)
    bench.wait(3.1)
    assert [effect.rid for effect in bench.wanted(Settle)] == rids
    assert bench.counter.tickets == ()


def test_where_some_are_refused_it_is_not_green_and_each_that_was_redeemed_is_asked_about(bench: Bench) -> None:
    rids = confirm(bench, 3)
    bench.answered(rid=rids[0])
    bench.answered(Verdict.ALREADY_REDEEMED, rid=rids[1])
    bench.answered(rid=rids[2])
    assert bench.view.light.colour is Colour.RED
    assert bench.lines[0] == "已使用"
    assert "成功2张 共3张" in bench.lines
    bench.press()
    bench.wait(3.1)
    asked = []
    while bench.view.screen is Screen.HANDED_OVER:
        asked.append(bench.view.rid)
        bench.press()
    assert asked == [rids[0], rids[2]]
    assert bench.counter.tickets == ()


def test_all_that_are_open_are_parked_at_once_and_their_ends_come_to_the_list(bench: Bench) -> None:
    rids = confirm(bench, 2)
    bench.answered(rid=rids[0])
    bench.wait(10.1)
    bench.press(Button.CANCEL)
    assert [effect.rid for effect in bench.wanted(Park)] == [rids[1]]
    assert bench.view.rid == rids[1]
    bench.wait(10)
    assert (bench.view.screen, bench.view.rid) == (Screen.HANDED_OVER, rids[0])
    bench.press()
    bench.answered(rid=rids[1])
    assert (bench.view.screen, bench.view.rid) == (Screen.HANDED_OVER, rids[1])


def test_a_journal_that_fails_half_way_is_no_success_and_what_had_left_is_awaited(bench: Bench) -> None:
    rids = confirm(bench, 3)
    bench.do(MintFailed(rids[1]))
    assert bench.view.verdict is Verdict.FAULT
    assert "结果确认中" in bench.lines
    assert [ticket.rid for ticket in bench.counter.tickets] == rids[:1]
    bench.answered(rid=rids[0])
    bench.wait(10)
    assert (bench.view.screen, bench.view.rid) == (Screen.HANDED_OVER, rids[0])


def test_a_journal_that_fails_at_the_first_has_let_none_of_them_go(bench: Bench) -> None:
    rids = confirm(bench, 3)
    bench.do(MintFailed(rids[0]))
    assert bench.lines[1] == "未核销"
    assert bench.counter.tickets == ()


def test_one_of_them_that_is_undone_while_the_green_stands_ends_the_green(bench: Bench) -> None:
    rids = confirm(bench, 2)
    for rid in rids:
        bench.answered(rid=rid)
    assert bench.view.light.colour is Colour.GREEN
    bench.answered(rid=rids[1], undone_by="ab" * 16, detail=DONE)
    assert bench.view.verdict is Verdict.UNDONE
