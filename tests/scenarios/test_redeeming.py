"""A code held up to a kiosk is redeemed, once, and everybody's books say so."""

from __future__ import annotations

import csv
import io
import re

from PIL import Image

from tests.scenarios.counter import Counter, tail
from tests.simulator.waiting import until


def test_a_voucher_turns_green_at_one_press_and_all_books_agree(counter: Counter) -> None:
    kiosk = counter.kiosk()
    voucher = counter.issue(title="拿铁一杯", kind="gift")
    kiosk.show(voucher["qr_text"])
    offer = kiosk.until_verdict("redeemable")
    assert offer["screen"] == "offer"
    assert any("拿铁一杯" in line for line in offer["lines"])
    assert offer["light"]["colour"] == "blue"
    kiosk.press("ok")
    green = kiosk.until_verdict("redeemed")
    assert green["light"] == {"colour": "green", "pattern": "steady"}
    assert green["sound"] == "rising_pair"
    rows = counter.rows(green["rid"])
    assert set(rows) == {"till-1", "gateway", "headoffice"}
    for party, (row,) in rows.items():
        assert row["verdict"] == "redeemed", party
        assert row["store"] == "nanjing-lu"
        assert row["kiosk"] == "till-1"
        assert row["code_tail"] == tail(voucher["qr_text"])
        assert re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d.*([+-]\d\d:\d\d|Z)$", row["at"]), row["at"]


def test_the_same_code_again_says_when_and_where(counter: Counter) -> None:
    kiosk = counter.kiosk()
    voucher = counter.issue(title="一次就好", kind="coupon")
    kiosk.redeem(voucher["qr_text"])
    kiosk.clear()
    kiosk.tidy()
    refused = kiosk.looked(voucher["qr_text"])
    assert refused["verdict"] == "already_redeemed"
    assert refused["light"]["colour"] == "red"
    words = " ".join(refused["lines"])
    assert "已使用" in words
    assert "南京路店" in words
    assert re.search(r"\d\d:\d\d", words)


def test_another_code_replaces_a_result_at_once(counter: Counter) -> None:
    kiosk = counter.kiosk()
    first, second = (counter.issue(title=title)["qr_text"] for title in ("甲", "乙"))
    kiosk.redeem(first)
    kiosk.show(second)
    offer = kiosk.until(lambda state: state["verdict"] == "redeemable")
    assert any("乙" in line for line in offer["lines"])


def test_a_wrong_store_is_refused_at_the_look_and_nothing_is_spent(counter: Counter) -> None:
    voucher = counter.issue(title="只在南京路", stores=["nanjing-lu"])
    refused = counter.kiosk("till-2").looked(voucher["qr_text"])
    assert refused["verdict"] == "wrong_store"
    assert "当前门店不适用" in "".join(refused["lines"])
    assert any("南京路店" in line for line in refused["lines"])
    assert counter.kiosk("till-1").redeem(voucher["qr_text"])["light"]["colour"] == "green"


def test_stores_that_nobody_knows_become_empty_ones(counter: Counter) -> None:
    voucher = counter.issue(title="虹桥专享", stores=["hong-qiao"])
    assert counter.kiosk().looked(voucher["qr_text"])["verdict"] == "wrong_store"


def test_dates_are_judged_at_the_look(counter: Counter) -> None:
    kiosk = counter.kiosk()
    over = counter.issue(valid_from="2020-01-01T00:00:00+08:00", valid_until="2020-02-01T00:00:00+08:00")
    assert kiosk.looked(over["qr_text"])["verdict"] == "expired"
    early = counter.issue(valid_from="2099-01-01T00:00:00+08:00")
    assert kiosk.looked(early["qr_text"])["verdict"] == "not_yet_valid"


def test_a_card_with_uses_is_redeemed_in_the_quantity_that_is_chosen(counter: Counter) -> None:
    kiosk = counter.kiosk()
    card = counter.issue(title="洗车次卡", kind="multi_use", uses=5)
    kiosk.show(card["qr_text"])
    kiosk.until_verdict("redeemable")
    kiosk.press("up")
    kiosk.press("ok")
    green = kiosk.until_verdict("redeemed")
    assert any("剩余3次" in line for line in green["lines"]), green["lines"]


def test_a_given_code_is_the_text_of_the_qr(counter: Counter) -> None:
    code = "NJ/2026 第1号"
    voucher = counter.issue(code=code, title="指定码")
    assert voucher["code"] == voucher["qr_text"] == code
    assert counter.kiosk().redeem(code)["light"]["colour"] == "green"


def test_a_refused_look_is_a_row_without_rid(counter: Counter) -> None:
    kiosk = counter.kiosk()
    code = "NOSUCHVOUCHER7788"
    assert kiosk.looked(code)["verdict"] == "unknown_code"

    def rows() -> list[tuple[str | None, str, str]]:
        books = counter.books()
        last = [books["kiosks"]["till-1"][-1], books["gateway"][-1]]
        return [(row["rid"], row["verdict"], row["code_tail"]) for row in last]

    until(lambda: rows() == [(None, "unknown_code", "7788")] * 2)  # it is written after it is shown


def test_the_panel_shows_what_the_state_says_pixel_for_pixel(counter: Counter) -> None:
    kiosk = counter.kiosk()
    said = counter.call("GET", f"{kiosk.path}/panel.png")
    picture = Image.open(io.BytesIO(said.body))
    assert (picture.size, picture.mode, picture.format) == ((128, 64), "1", "PNG")
    idle = picture.tobytes()
    assert any(idle)
    kiosk.looked(counter.issue(title="看得见")["qr_text"])
    assert Image.open(io.BytesIO(counter.call("GET", f"{kiosk.path}/panel.png").body)).tobytes() != idle


def test_every_change_is_told_to_whoever_listens(counter: Counter) -> None:
    kiosk = counter.kiosk()
    text = counter.issue(title="逐一播报")["qr_text"]
    with kiosk.events() as events:
        assert next(events)["screen"] == "idle"
        kiosk.redeem(text)
        seen = []
        while "redeemed" not in seen:
            state = next(events)
            seen.append(state["verdict"])
    assert [verdict for verdict in seen if verdict in {"redeemable", "redeemed"}].index("redeemable") == 0


def test_a_redemption_is_undone_from_the_console_and_can_be_spent_again(counter: Counter) -> None:
    kiosk = counter.kiosk()
    voucher = counter.issue(title="可以撤销")
    rid = kiosk.redeem(voucher["qr_text"])["rid"]
    undone = counter.good("POST", f"/api/redemptions/{rid}/undo")
    assert undone["verdict"] == "undone"
    (row,) = counter.rows(rid)["headoffice"]
    assert row["undone_by"] == undone["rid"]
    kiosk.tidy()
    assert kiosk.redeem(voucher["qr_text"])["light"]["colour"] == "green"


def test_the_head_office_lists_it_in_its_csv(counter: Counter) -> None:
    voucher = counter.issue(title="账上有名")
    counter.kiosk().redeem(voucher["qr_text"])
    headoffice = counter.good("GET", "/api/rehearsal")["headoffice"]
    bearer = {"Authorization": f"Bearer {headoffice['token']}"}
    text = Counter(headoffice["url"]).call("GET", "/api/v1/records.csv", headers=bearer).body.decode()
    assert text.startswith("\ufeff时间,券名,核销方式,门店,核销员,实收金额")
    rows = [row for row in csv.reader(io.StringIO(text)) if row[1] == "账上有名"]
    assert [(row[2], row[3]) for row in rows] == [("扫码", "南京路店")]
