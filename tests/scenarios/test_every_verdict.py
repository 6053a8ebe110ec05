"""Every answer of the vocabulary, met at a rehearsal counter: a picture in; panel, light, sound and books out.

Most are brought about here. What needs a counter set up in another way is shown by a scenario of that counter, which
``WHERE`` names; the last test holds that none is missing.
"""

from __future__ import annotations

import io
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import segno

from protocol.records import Counts, masked
from protocol.vocabulary import Verdict
from simulator.layout import Layout
from tests.scenarios.answers import assert_ended_in_books, assert_refused_in_books, assert_says
from tests.scenarios.counter import Counter, tail
from tests.simulator.waiting import until

if TYPE_CHECKING:
    from tests.scenarios.counter import State
    from tests.scenarios.headoffice import Headoffice

EMPTY_STORE = "jingan"
ELSEWHERE = "till-2"
"""The kiosk of another store, behind the same gateway."""

#: Which scenarios show what is not shown here.
WHERE = {
    "test_buttons": {Verdict.BELOW_MINIMUM},
    "test_clerks": {
        Verdict.CLERK_SIGNED_IN,
        Verdict.CLERK_SIGNED_OUT,
        Verdict.CLERK_REQUIRED,
        Verdict.CLERK_WRONG_STORE,
        Verdict.CLERK_WRONG_PIN,
        Verdict.CLERK_LOCKED,
        Verdict.CLERK_DISABLED,
    },
    "test_faults": {Verdict.OFFLINE_REFUSED, Verdict.UPSTREAM_UNAVAILABLE, Verdict.DEVICE_REVOKED},
    "test_offline": {Verdict.ACCEPTED_OFFLINE, Verdict.OFFLINE_CONFLICT},
    "test_older_copies": {Verdict.FAULT},
    "test_platform": {Verdict.WRONG_MERCHANT, Verdict.RISK_CONTROL},
}


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


#: What is no voucher, and what a kiosk says to it alone.
NO_VOUCHER = {
    Verdict.PAYMENT_CODE: "134567890123456789",
    Verdict.SETUP_CODE: "HEXIAO:SETUP:1:abcdef",
    Verdict.FOLLOW_CODE: "http://weixin.qq.com/r/abc",
    Verdict.CLAIM_CODE: "https://mp.weixin.qq.com/s/abc",
    Verdict.BAD_CODE: "x" * 1500,
}
#: Of these nothing may be kept.
PRIVATE = {Verdict.PAYMENT_CODE, Verdict.SETUP_CODE, Verdict.BAD_CODE}


@pytest.mark.parametrize("name", list(CASES))
def test_a_code_is_answered_as_its_voucher_stands(rehearsal: Counter, headoffice: Headoffice, name: str) -> None:
    counter = rehearsal  # as the one before has left it: the next customer's code takes the place of its answer
    case, wanted = CASES[name], dict(CASES[name].wanted)
    if case.of_type is not None:
        wanted["type"] = f"t-{name.replace(' ', '-')}"
        headoffice.put_type(wanted["type"], **case.of_type)
    voucher = counter.issue(**wanted)
    for step in case.steps:
        counter.good("POST", f"/api/vouchers/{voucher['code']}/{step}")
    kiosk = counter.kiosk()
    said = kiosk.looked(voucher["qr_text"])
    if case.verdict is not Verdict.REDEEMABLE:
        assert_says(said, case.verdict)
        assert_refused_in_books(counter, case.verdict, tail(voucher["code"]))
        (row,) = (row for row in headoffice.records() if row["券码"] == masked(tail(voucher["code"])))
        told = (row["核销方式"], row["门店"], row["结果"], row["记录类型"], row["核销编号"])
        assert told == ("扫码", "南京路店", case.verdict, Counts.REFUSED, "")
        return
    head = {"pick_up": ("待自提",), "multi_use": ("待核销 1/3 ▲▼",)}.get(wanted.get("kind", ""), ())
    assert_says(said, Verdict.REDEEMABLE, *head)
    kiosk.press("ok")
    green = kiosk.until_verdict("redeemed")
    assert_says(green, Verdict.REDEEMED)
    kiosk.press("ok")  # seen: no restart asks about it
    assert_ended_in_books(counter, green["rid"], Verdict.REDEEMED)


@pytest.mark.parametrize("verdict", list(NO_VOUCHER))
def test_what_is_no_voucher_is_refused_by_name_and_written_down_by_whoever_saw_it(
    rehearsal: Counter, verdict: Verdict
) -> None:
    text = NO_VOUCHER[verdict]
    assert_says(rehearsal.kiosk().looked(text), verdict)
    assert_refused_in_books(rehearsal, verdict, None if verdict in PRIVATE else tail(text), ("till-1", "gateway"))


def test_two_codes_are_asked_to_be_shown_one_by_one(counter: Counter) -> None:
    kiosk = counter.kiosk()
    kiosk.show(counter.issue()["qr_text"], counter.issue()["qr_text"])
    assert_says(kiosk.until_verdict("many_codes"), Verdict.MANY_CODES)
    assert_refused_in_books(counter, Verdict.MANY_CODES, None, ("till-1", "gateway"))


def test_bytes_that_are_no_text_cannot_be_used(counter: Counter) -> None:
    kiosk, file = counter.kiosk(), io.BytesIO()
    segno.make_qr(bytes(range(128, 200)), mode="byte").save(file, kind="png", scale=8, border=4)
    kiosk.hold(file.getvalue())
    assert_says(kiosk.until_verdict("bad_code"), Verdict.BAD_CODE)


def test_a_number_that_is_nobodys_is_no_voucher_and_whoever_guesses_is_held_up(counter: Counter) -> None:
    kiosk = counter.kiosk(ELSEWHERE)
    assert_says(kiosk.looked("NOSUCH-100"), Verdict.UNKNOWN_CODE)
    assert_refused_in_books(counter, Verdict.UNKNOWN_CODE, "-100", (ELSEWHERE, "gateway", "headoffice"))
    said: State = {}
    for number in range(101, 140):
        seq = kiosk.state()["seq"]
        kiosk.show(f"NOSUCH-{number}")
        said = kiosk.until(partial(_answered_since, seq))
        if said["verdict"] == "rate_limited":
            break
    assert_says(said, Verdict.RATE_LIMITED)
    assert_refused_in_books(counter, Verdict.RATE_LIMITED, f"-{number}", (ELSEWHERE,))
    counter.part("gateway", "kill")  # it begins to count anew
    counter.part("gateway", "start")


def _answered_since(seq: int, state: State) -> bool:
    return bool(state["screen"] == "result" and state["seq"] > seq)


def test_used_up_uses_and_uses_that_somebody_else_takes_meanwhile(counter: Counter) -> None:
    kiosk, other = counter.kiosk(), counter.kiosk(ELSEWHERE)
    card = counter.issue(title="洗车次卡", kind="multi_use", uses=3)["qr_text"]
    assert_says(kiosk.looked(card), Verdict.REDEEMABLE, "待核销 1/3 ▲▼", "洗车次卡")
    kiosk.press("up")
    kiosk.press("up")
    assert_says(other.redeem(card), Verdict.REDEEMED)
    kiosk.press("ok")
    wanting = kiosk.until_verdict("not_enough_uses")
    assert_says(wanting, Verdict.NOT_ENOUGH_USES)
    assert_ended_in_books(counter, wanting["rid"], Verdict.NOT_ENOUGH_USES)
    kiosk.take_away()
    assert_says(kiosk.looked(card), Verdict.REDEEMABLE, "待核销 1/2 ▲▼")
    kiosk.press("up")
    kiosk.press("ok")
    assert_says(kiosk.until_verdict("redeemed"), Verdict.REDEEMED, "核销成功 ×2", "洗车次卡", "剩余0次")
    kiosk.take_away()
    assert_says(kiosk.looked(card), Verdict.USES_EXHAUSTED)
    assert_refused_in_books(counter, Verdict.USES_EXHAUSTED, tail(card))


def test_green_is_in_the_records_and_the_same_code_again_is_red(counter: Counter, headoffice: Headoffice) -> None:
    kiosk = counter.kiosk()
    voucher = counter.issue(title="第一次是绿的", kind="coupon")["qr_text"]
    green = kiosk.redeem(voucher)
    assert_says(green, Verdict.REDEEMED, "核销成功", "第一次是绿的")
    assert_ended_in_books(counter, green["rid"], Verdict.REDEEMED)
    (row,) = (row for row in headoffice.records() if row["核销编号"] == green["rid"])
    assert (row["券名"], row["核销方式"], row["门店"]) == ("第一次是绿的", "扫码", "南京路店")
    kiosk.take_away()
    again = kiosk.looked(voucher)
    assert_says(again, Verdict.ALREADY_REDEEMED, "已使用", "请出示其他券")
    assert_refused_in_books(counter, Verdict.ALREADY_REDEEMED, tail(voucher))


def test_cancelled_is_dark_and_low_and_no_row(counter: Counter) -> None:
    kiosk, voucher = counter.kiosk(), counter.issue()["qr_text"]
    assert_says(kiosk.looked(voucher), Verdict.REDEEMABLE)
    kiosk.press("cancel")
    assert_says(kiosk.state(), Verdict.ABORTED)
    assert all(row["code_tail"] != tail(voucher) for row in counter.books()["gateway"])


def test_a_look_that_takes_long_says_why(counter: Counter) -> None:
    kiosk = counter.kiosk()
    counter.link("gateway-headoffice", "stall")
    kiosk.show(counter.issue()["qr_text"])
    assert_says(kiosk.until(lambda state: state["verdict"] == "looking"), Verdict.LOOKING)
    assert_says(kiosk.until(lambda state: len(state["lines"]) > 1), Verdict.LOOKING, "正在查询", "网络较慢", "正在重试")
    counter.link("gateway-headoffice", "restore")
    assert_says(kiosk.until_verdict("redeemable"), Verdict.REDEEMABLE)


def test_what_is_under_way_is_amber_and_busy_everywhere_else(counter: Counter) -> None:
    kiosk, other, voucher = counter.kiosk(), counter.kiosk(ELSEWHERE), counter.issue()["qr_text"]
    assert_says(kiosk.looked(voucher), Verdict.REDEEMABLE)
    counter.link("gateway-headoffice", "cut")
    kiosk.press("ok")
    assert_says(kiosk.state(), Verdict.PENDING)
    assert_says(other.looked(voucher), Verdict.BUSY)
    assert_refused_in_books(counter, Verdict.BUSY, tail(voucher), (ELSEWHERE, "gateway"))
    slow = kiosk.until(lambda state: state["lines"] != ["正在核销"])
    assert_says(slow, Verdict.PENDING, "结果确认中", "请勿重复核销", "请勿交付")
    # Given up at the counter it is amber still, under a number; what becomes of it is told later, never in green.
    kiosk.clear()
    rid = kiosk.until(lambda state: state["lines"][-1] == "OK等待 ×放弃")["rid"]
    kiosk.press("cancel")
    parked = kiosk.state()
    assert (parked["verdict"], parked["light"]) == (Verdict.PENDING, {"colour": "amber", "pattern": "pulse"})
    assert parked["lines"] == ["结果确认中", f"编号 {rid[:4].upper()}", "请勿交付", "可接待下一位"]
    counter.link("gateway-headoffice", "restore")
    ended = kiosk.until(lambda state: state["verdict"] in {Verdict.REDEEMED, Verdict.ABORTED})
    assert (ended["rid"], ended["light"]["colour"] == "green") == (rid, False)


def test_what_was_redeemed_while_the_power_was_out_is_a_question_and_never_green(counter: Counter) -> None:
    kiosk, voucher = counter.kiosk(), counter.issue()["qr_text"]
    assert_says(kiosk.looked(voucher), Verdict.REDEEMABLE)
    counter.link("gateway-headoffice", "stall")
    kiosk.press("ok")
    rid = kiosk.state()["rid"]
    kiosk.clear()
    kiosk.power("cut")
    counter.link("gateway-headoffice", "restore")
    until(lambda: [row["verdict"] for row in counter.rows(rid).get("gateway", ())] == ["redeemed"])
    kiosk.power("restore")
    asked = kiosk.asked_about(rid)
    assert asked["verdict"] == Verdict.REDEEMED
    assert (asked["light"], asked["sound"]) == ({"colour": "amber", "pattern": "blink"}, "two_short")
    assert (asked["lines"][0], asked["lines"][2]) == (f"已核销 尾号{tail(voucher)}", "是否已交付?")
    kiosk.press("ok")
    assert kiosk.state()["rid"] != rid, "it is not asked about again"


def begun_to_undo(counter: Counter) -> str:
    """Redeem something at till-1 and choose it there to be undone; return its rid."""
    kiosk = counter.kiosk()
    rid: str = kiosk.redeem(counter.issue()["qr_text"])["rid"]
    kiosk.clear()
    kiosk.tidy()
    kiosk.press("up")
    kiosk.until(lambda state: state["screen"] == "choosing")
    kiosk.press("ok")
    return rid


def test_an_undo_is_blue_and_every_book_has_it(counter: Counter) -> None:
    kiosk = counter.kiosk()
    redeemed = begun_to_undo(counter)
    kiosk.press("ok")
    kiosk.until(lambda state: state["screen"] == "undoing")
    kiosk.press("ok")
    undone = kiosk.until_verdict("undone")
    assert_says(undone, Verdict.UNDONE)
    assert_ended_in_books(counter, undone["rid"], Verdict.UNDONE)

    def undone_by() -> set[str | None]:
        return {row["undone_by"] for (row,) in counter.rows(redeemed).values() if "undone_by" in row}

    # The gateway writes it into the redemption's row after it has told the kiosk.
    until(lambda: undone["rid"] in undone_by())


def test_what_was_undone_meanwhile_cannot_be_undone_again(counter: Counter) -> None:
    kiosk = counter.kiosk()
    counter.good("POST", f"/api/redemptions/{begun_to_undo(counter)}/undo")
    kiosk.press("ok")
    assert_says(kiosk.until_verdict("undo_unsupported"), Verdict.UNDO_UNSUPPORTED)


def test_an_undo_whose_time_is_over_is_refused(counter: Counter) -> None:
    kiosk, layout = counter.kiosk(), Layout(Path(counter.good("GET", "/api/rehearsal")["provision"]["config"]).parent)
    file = layout.headoffice / "headoffice.toml"
    before = file.read_text(encoding="utf-8")
    begun_to_undo(counter)
    try:
        file.write_text(f"{before}\n[redemptions]\nundo_window_s = 0.0\n", encoding="utf-8")
        counter.part("headoffice", "kill")
        counter.part("headoffice", "start")
        counter.refresh_stores()
        kiosk.press("ok")
        assert_says(kiosk.until_verdict("undo_too_late"), Verdict.UNDO_TOO_LATE)
    finally:
        file.write_text(before, encoding="utf-8")
        counter.part("headoffice", "kill")
        counter.part("headoffice", "start")
        counter.refresh_stores()


def test_a_kiosk_in_a_store_that_its_gateway_no_longer_speaks_for_is_out_of_service(
    counter: Counter, headoffice: Headoffice
) -> None:
    kiosk = counter.kiosk(ELSEWHERE)
    (gateway,) = headoffice.good("GET", "gateways")
    path, named = f"gateways/{gateway['id']}", {"name": gateway["name"]}
    try:
        headoffice.good("PUT", path, {**named, "stores": ["nanjing-lu"]})
        counter.refresh_stores()
        assert_says(kiosk.until_verdict("device_unbound"), Verdict.DEVICE_UNBOUND)
    finally:
        headoffice.good("PUT", path, {**named, "stores": gateway["stores"]})
        counter.refresh_stores()
    kiosk.until(lambda state: state["screen"] == "idle")


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
    assert_says(stale, Verdict.STALE_CODE)
    assert_refused_in_books(counter, Verdict.STALE_CODE, tail(voucher["code"]))
    kiosk.clear()
    kiosk.tidy()
    code = _opened(counter, voucher["page"])
    green = kiosk.redeem(code)
    assert green["light"] == {"colour": "green", "pattern": "steady"}
    for party, (row,) in counter.rows(green["rid"]).items():
        assert (row["verdict"], row["code_tail"]) == ("redeemed", code[-4:]), party


def test_every_verdict_is_met_at_a_counter() -> None:
    text = Path(__file__).read_text(encoding="utf-8").partition("def test_what_is_no_voucher")[2]
    here = {case.verdict for case in CASES.values()} | set(NO_VOUCHER) | _asserted_in(text)
    elsewhere = {verdict for verdicts in WHERE.values() for verdict in verdicts}
    assert here.isdisjoint(elsewhere)
    assert here | elsewhere == set(Verdict)
    for module, verdicts in WHERE.items():
        assert verdicts <= _asserted_in(Path(__file__).with_name(f"{module}.py").read_text(encoding="utf-8")), module


def _asserted_in(text: str) -> set[Verdict]:
    """Return the verdicts of which a scenario says that panel, light and sound are theirs."""
    return {Verdict[name] for name in re.findall(r"assert_says\([^\n]*?\bVerdict\.([A-Z_]+)", text)}
