"""What clerks set with the four buttons: a code that no camera can read, what was received, how many of an order."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

from device.counter.digits import END, Digits
from protocol.values import replace
from protocol.vocabulary import Verdict
from tests.scenarios.answers import assert_says

if TYPE_CHECKING:
    from tests.scenarios.counter import Counter, Kiosk
    from tests.scenarios.headoffice import Headoffice


CODE = Digits(fewest=4, most=24, letters=True)
SUM = Digits(fewest=1, most=10, money=True)


def type_code(kiosk: Kiosk, code: str) -> None:
    """Type digits at a kiosk at rest."""
    kiosk.press("down")
    set_on(kiosk, CODE, code)


def set_on(kiosk: Kiosk, entry: Digits, text: str) -> None:
    """Set a text on an entry that has been begun, to its end."""
    taken = ""
    for place in text:
        while taken_last(kiosk, replace(entry, typed=taken).wheel_places, place) != place:
            kiosk.press("cancel")  # the wheel had moved on before it was taken
        taken += place
    turn_to(kiosk, replace(entry, typed=taken).wheel_places, END)
    kiosk.press("ok")


def taken_last(kiosk: Kiosk, places: tuple[str, ...], place: str) -> str:
    """Turn the wheel to a place and take it; return what was taken."""
    turn_to(kiosk, places, place)
    kiosk.press("ok")
    (line,) = (line for line in kiosk.state()["lines"] if "[" in line)
    return str(line.partition("[")[0].rstrip()[-1:])


def turn_to(kiosk: Kiosk, places: tuple[str, ...], place: str) -> None:
    """Turn the wheel as a person does, who looks at it: where the machine is busy a tap may last as long as a hold."""
    for _ in range(10 * len(places)):
        (line,) = (line for line in kiosk.state()["lines"] if "[" in line)
        up = (places.index(place) - places.index(line.partition("[")[2].partition("]")[0])) % len(places)
        if up == 0:
            return
        kiosk.press("up" if 2 * up <= len(places) else "down")
    msg = f"the wheel does not come to {place}"
    raise AssertionError(msg)


def at_the_gateway(counter: Counter, rid: str) -> Any:
    """Return what the gateway's books say of a redemption."""
    return counter.at_gateway("GET", f"/api/redemptions/{rid}")


def test_a_typed_code_turns_green_and_the_books_say_that_it_was_typed(counter: Counter) -> None:
    kiosk = counter.kiosk()
    code = "".join(random.choice("0123456789") for _ in range(12))
    counter.issue(code=code, title="生日蛋糕券")
    assert kiosk.state()["lines"][-1] == "▲撤销 ▼输码"
    type_code(kiosk, code)
    offer = kiosk.until_verdict("redeemable")
    assert "生日蛋糕券" in offer["lines"]
    kiosk.press("ok")
    green = kiosk.until_verdict("redeemed")
    assert green["light"] == {"colour": "green", "pattern": "steady"}
    rows = counter.rows(green["rid"])
    assert {row["code_tail"] for (row,) in rows.values()} == {code[-4:]}
    assert at_the_gateway(counter, green["rid"])["method"] == "typed"


def test_a_bill_that_is_too_small_is_refused_and_the_right_one_stands_in_the_records(
    counter: Counter, headoffice: Headoffice
) -> None:
    kiosk = counter.kiosk()
    headoffice.put_type("over-100", title="满百减二十", kind="cash", value=2000, minimum=10000, asks_amount=True)
    voucher = counter.issue(type="over-100")
    assert "满¥100可用" in " ".join(kiosk.looked(voucher["qr_text"])["lines"])
    kiosk.press("ok")
    set_on(kiosk, SUM, "79.9")
    refused = kiosk.until_verdict("below_minimum")
    assert_says(refused, Verdict.BELOW_MINIMUM, "未达使用门槛", "请加购后再用", "满¥100可用")
    kiosk.take_away()
    kiosk.tidy()
    kiosk.looked(voucher["qr_text"])
    kiosk.press("ok")
    set_on(kiosk, SUM, "108.5")
    green = kiosk.until_verdict("redeemed")
    assert at_the_gateway(counter, green["rid"])["amount"] == 10850
    (row,) = (row for row in headoffice.records() if row["核销编号"] == green["rid"])
    assert row["实收金额"] == "108.50"


def test_tickets_of_one_order_are_redeemed_at_one_press_under_a_rid_each(counter: Counter) -> None:
    kiosk = counter.kiosk()
    order = f"order-{random.randrange(10**9)}"
    codes = [counter.issue(title="动物园门票", bundle=order)["qr_text"] for _ in range(4)]
    assert kiosk.looked(codes[0])["lines"][0] == "待核销 1/4 ▲▼"
    kiosk.press("up")
    kiosk.press("up")
    kiosk.press("ok")
    green = kiosk.until_verdict("redeemed")
    assert (green["lines"][0], green["light"]["colour"]) == ("核销成功 ×3", "green")
    redeemed = [row for row in counter.books()["headoffice"] if row["code_tail"] in {code[-4:] for code in codes}]
    assert len({row["rid"] for row in redeemed}) == 3
    assert {row["verdict"] for row in redeemed} == {"redeemed"}
    kiosk.take_away()
    kiosk.tidy()
    left = next(code for code in codes if code[-4:] not in {row["code_tail"] for row in redeemed})
    assert kiosk.looked(left)["lines"][0] == "待核销"
