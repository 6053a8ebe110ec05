"""Every answer that the life and the terms of an own voucher can bring: a picture in, the panel out, and the books."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from protocol.vocabulary import PHRASES, Verdict

if TYPE_CHECKING:
    from tests.scenarios.counter import Counter
    from tests.scenarios.headoffice import Headoffice

EMPTY_STORE = "jingan"


def _in(**time: float) -> str:
    return (datetime.now(UTC) + timedelta(**time)).isoformat()


@dataclass(frozen=True)
class Case:
    """What is issued, what becomes of it, and the answer."""

    verdict: Verdict
    wanted: dict[str, Any] = field(default_factory=dict)
    steps: tuple[str, ...] = ()
    of_type: dict[str, Any] | None = None


PAST = {"valid_from": "2020-01-01T00:00:00+08:00", "valid_until": "2020-02-01T00:00:00+08:00"}
CASES = {
    "expired": Case(Verdict.EXPIRED, PAST),
    "not valid yet": Case(Verdict.NOT_YET_VALID, {"valid_from": "2099-01-01T00:00:00+08:00"}),
    "another day": Case(Verdict.NOT_NOW, of_type={"weekdays": ["another"]}),
    "before a booking": Case(Verdict.BOOKING_EARLY, {"booked_for": _in(hours=3)}, of_type={"kind": "booking"}),
    "after a booking": Case(Verdict.BOOKING_LATE, {"booked_for": _in(hours=-3)}, of_type={"kind": "booking"}),
    "withdrawn": Case(Verdict.INVALIDATED, steps=("withdraw",)),
    "given away": Case(Verdict.GIFTING, steps=("gift",)),
    "deleted": Case(Verdict.DELETED, steps=("delete",)),
    "being refunded": Case(Verdict.REFUNDING, steps=("ask-refund",)),
    "refunded": Case(Verdict.REFUNDED, steps=("ask-refund", "grant-refund")),
    "unpaid": Case(Verdict.UNPAID, {"paid": False}),
    "being prepared": Case(Verdict.NOT_READY, {"kind": "pick_up", "stage": "placed"}, ("accept", "prepare")),
    "out of stock": Case(Verdict.OUT_OF_STOCK, of_type={"kind": "pick_up", "pieces": 0}),
    "online only": Case(Verdict.NOT_FOR_COUNTER, of_type={"channels": ["online"]}),
    "another store": Case(Verdict.WRONG_STORE, {"stores": [EMPTY_STORE]}),
    "taken back": Case(Verdict.REDEEMABLE, steps=("gift", "take-back")),
    "refund refused": Case(Verdict.REDEEMABLE, steps=("ask-refund", "refuse-refund")),
    "paid": Case(Verdict.REDEEMABLE, {"paid": False}, ("pay",)),
    "booked for now": Case(Verdict.REDEEMABLE, {"booked_for": _in(minutes=5)}, of_type={"kind": "booking"}),
    "ready": Case(Verdict.REDEEMABLE, {"kind": "pick_up", "stage": "placed"}, ("prepare", "ready")),
    **{kind: Case(Verdict.REDEEMABLE, {"kind": kind}) for kind in ("cash", "discount", "gift", "group_buy", "coupon")},
    "multi_use": Case(Verdict.REDEEMABLE, {"kind": "multi_use", "uses": 3}),
}


@pytest.mark.parametrize("name", list(CASES))
def test_a_code_is_answered_as_its_voucher_stands(counter: Counter, headoffice: Headoffice, name: str) -> None:
    case, wanted = CASES[name], dict(CASES[name].wanted)
    if case.of_type is not None:
        wanted["type"] = f"t-{name.replace(' ', '-')}"
        headoffice.put_type(wanted["type"], **case.of_type)
    voucher = counter.issue(**wanted)
    for step in case.steps:
        counter.good("POST", f"/api/vouchers/{voucher['code']}/{step}")
    kiosk = counter.kiosk()
    said = kiosk.looked(voucher["qr_text"])
    phrase = PHRASES[case.verdict]
    assert said["verdict"] == case.verdict
    assert said["light"] == {"colour": phrase.light.colour, "pattern": phrase.light.pattern}
    assert said["sound"] == phrase.sound
    if case.verdict is not Verdict.REDEEMABLE:
        assert said["lines"][: len(phrase.zh)] == list(phrase.zh)
        refused = [row for row in counter.books()["headoffice"] if row["code_tail"] == voucher["code"][-4:]]
        assert [row["verdict"] for row in refused] == [case.verdict]
        return
    kiosk.press("ok")
    assert kiosk.until_verdict("redeemed")["light"] == {"colour": "green", "pattern": "steady"}


def test_goods_that_are_picked_up_are_asked_for_in_words(counter: Counter) -> None:
    kiosk = counter.kiosk()
    kiosk.show(counter.issue(kind="pick_up", title="蛋糕")["qr_text"])
    assert kiosk.until_verdict("redeemable")["lines"][0] == "待自提"
    kiosk.press("ok")
    assert kiosk.until_verdict("redeemed")["lines"][:2] == ["核销成功", "请交付商品"]


def _opened(counter: Counter, page: str) -> str:
    """Tap 立即使用 on a customer's page and return the code that it shows."""
    shown: str = counter.good("POST", f"/v/{page.rpartition('/')[2]}/open")["code"]
    return shown


@pytest.mark.parametrize("wanted", [{"dynamic": True}, {"kind": "friend"}])
def test_a_code_that_changes_is_taken_from_its_page_and_from_nowhere_else(
    counter: Counter, wanted: dict[str, Any]
) -> None:
    voucher, kiosk = counter.issue(**wanted), counter.kiosk()
    assert voucher["qr_text"] is None
    stale = kiosk.looked(voucher["code"])
    assert (stale["verdict"], stale["light"]["colour"]) == ("stale_code", "amber")
    kiosk.clear()
    kiosk.tidy()
    code = _opened(counter, voucher["page"])
    green = kiosk.redeem(code)
    assert green["light"] == {"colour": "green", "pattern": "steady"}
    for party, (row,) in counter.rows(green["rid"]).items():
        assert (row["verdict"], row["code_tail"]) == ("redeemed", code[-4:]), party
