"""Usage records: the books as JSON, the day as a spreadsheet, by store and by the store's own day."""

from __future__ import annotations

import csv
import io
import re
import tracemalloc
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import openpyxl
from sqlalchemy import insert

from headoffice.redemptions import records
from headoffice.tables.schema import refusals
from protocol.messages import Action, Intent, Method
from protocol.upstream import AskLook, AskRedeem
from protocol.vocabulary import Verdict
from tests.headoffice.conftest import NOON
from tests.headoffice.counter import new_rid

if TYPE_CHECKING:
    from headoffice.database import Database
    from tests.headoffice.counter import Clock, Counter

BEGIN = ["时间", "券名", "核销方式", "门店", "核销员", "实收金额"]


def _csv(counter: Counter, query: str = "") -> list[dict[str, str]]:
    answer = counter.api.get(f"/api/v1/records.csv{query}").raise_for_status()
    assert answer.content.startswith(b"\xef\xbb\xbf")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))


def test_a_day_as_a_spreadsheet(counter: Counter, clock: Clock) -> None:
    counter.api.post("/api/v1/clerks", {"number": "1001", "name": "王小明", "stores": ["nanjing-lu"]})
    code = counter.issue(title="拿铁一杯", kind="multi_use", uses=5)
    intent = counter.intent(code, quantity=2, clerk="1001", method=Method.TYPED, amount=3250)
    counter.confirm(intent)
    clock.pass_by(timedelta(minutes=1))
    undone = counter.undo(intent.rid)
    clock.pass_by(timedelta(minutes=1))
    counter.look("UNKNOWN-0042")

    answer = counter.api.get("/api/v1/records.csv?store=nanjing-lu&day=2026-11-21")
    assert answer.headers["content-disposition"] == 'attachment; filename="records-nanjing-lu-2026-11-21.csv"'
    rows = _csv(counter, "?store=nanjing-lu&day=2026-11-21")
    assert list(rows[0])[:6] == BEGIN
    assert [list(row.values()) for row in rows] == [
        [
            *("2026-11-21 12:00:00", "拿铁一杯", "输码", "南京路店", "王小明", "32.50"),
            *("次卡", f"****{code[-4:]}", "till-1", "自有", "2", "redeemed", intent.rid, "", "核销后撤销", ""),
        ],
        [
            *("2026-11-21 12:01:00", "拿铁一杯", "扫码", "南京路店", "", ""),
            *("次卡", f"****{code[-4:]}", "till-1", "自有", "2", "undone", undone.rid, intent.rid, "撤销", ""),
        ],
        [
            *("2026-11-21 12:02:00", "", "扫码", "南京路店", "", ""),
            *("", "****0042", "till-1", "", "", "unknown_code", "", "", "拒绝", ""),
        ],
    ]


def test_a_day_as_a_workbook_by_clerk_and_kiosk(counter: Counter, clock: Clock) -> None:
    counter.api.post("/api/v1/clerks", {"number": "1001", "name": "王小明", "stores": ["nanjing-lu"]})
    mine = counter.intent(counter.issue(title="=1+1"), clerk="1001", amount=1205)
    counter.confirm(mine)
    other = counter.redeem(counter.issue())

    answer = counter.api.get("/api/v1/records.xlsx?store=nanjing-lu&day=2026-11-21&clerk=1001").raise_for_status()
    assert answer.headers["content-disposition"] == 'attachment; filename="records-nanjing-lu-2026-11-21.xlsx"'
    header, row = openpyxl.load_workbook(io.BytesIO(answer.content))["核销记录"].iter_rows(values_only=True)
    assert list(header)[:6] == BEGIN
    assert row[:7] == (datetime(2026, 11, 21, 12), "=1+1", "扫码", "南京路店", "王小明", 12.05, "优惠券")  # noqa: DTZ001
    assert {line["核销编号"] for line in _csv(counter, "?kiosk=till-1")} == {mine.rid, other.rid}
    assert _csv(counter, "?kiosk=till-9") == []


def test_a_day_ends_when_its_store_says(counter: Counter, clock: Clock) -> None:
    counter.api.put("/api/v1/stores/nanjing-lu", {"name": "南京路店", "day_ends": "04:00"}).raise_for_status()
    clock.pass_by(timedelta(hours=14))  # 02:00 on the 22nd
    night = counter.redeem(counter.issue())
    clock.pass_by(timedelta(hours=2))
    morning = counter.redeem(counter.issue())

    for query in ("?store=nanjing-lu&day=", "?day="):
        assert [row["核销编号"] for row in _csv(counter, f"{query}2026-11-21")] == [night.rid]
        assert [row["核销编号"] for row in _csv(counter, f"{query}2026-11-22")] == [morning.rid]
    assert counter.api.put("/api/v1/stores/nanjing-lu", {"name": "x", "day_ends": "12:00"}).status_code == 422
    assert counter.api.get("/api/v1/stores").json()[1]["day_ends"] == "04:00:00"


def test_the_rows_of_payment_codes_hold_no_tail(counter: Counter) -> None:
    counter.look("134567890123456789")
    (row,) = _csv(counter)
    assert (row["券码"], row["结果"]) == ("", "payment_code")


def test_cells_that_a_spreadsheet_would_run_are_made_harmless(counter: Counter, clock: Clock) -> None:
    counter.api.put("/api/v1/stores/nanjing-lu", {"name": "@SUM(1)"}).raise_for_status()
    counter.redeem(counter.issue(title='=HYPERLINK("http://evil.example")'))
    clock.pass_by(timedelta(minutes=1))
    counter.confirm(counter.intent("A+B", clerk="-1+1"))
    first, second = _csv(counter)
    assert first["券名"] == '\'=HYPERLINK("http://evil.example")'
    assert first["门店"] == "'@SUM(1)"
    assert second["核销员"] == "'-1+1"


def test_a_day_is_the_stores_own(counter: Counter, clock: Clock) -> None:
    counter.api.put("/api/v1/stores/jingan", {"name": "静安店", "timezone": "America/New_York"}).raise_for_status()
    here, there = counter.redeem(counter.issue()), counter.in_store("jingan").redeem(counter.issue())
    clock.pass_by(timedelta(hours=12))  # Sunday 00:00 in Shanghai, Saturday 11:00 in New York
    late_here, late_there = counter.redeem(counter.issue()), counter.in_store("jingan").redeem(counter.issue())

    def rids(query: str) -> list[str]:
        return [row["核销编号"] for row in _csv(counter, query)]

    assert rids("?store=nanjing-lu&day=2026-11-21") == [here.rid]
    assert rids("?store=nanjing-lu&day=2026-11-22") == [late_here.rid]
    assert rids("?store=jingan&day=2026-11-20") == [there.rid]
    assert rids("?store=jingan&day=2026-11-21") == [late_there.rid]
    assert rids("?day=2026-11-21") == [here.rid, late_there.rid]
    assert sorted(rids("")) == sorted([here.rid, there.rid, late_here.rid, late_there.rid])


def test_an_unknown_store_is_named_and_a_wrong_day_refused(counter: Counter) -> None:
    assert counter.api.get("/api/v1/records.csv?store=nowhere").status_code == 404
    assert counter.api.get("/api/v1/books?day=yesterday").status_code == 422


def test_the_books_have_every_field_that_compares_them_with_others(counter: Counter) -> None:
    code = counter.issue()
    ask = AskRedeem(
        requester="till-1", store="nanjing-lu", intent=Intent(rid=new_rid(), code=code, clerk="1001"), terms=1
    )
    counter.ledger.answer(counter.gateway, ask)
    undo = counter.undo(ask.intent.rid)
    counter.ledger.answer(
        counter.gateway, AskLook(requester="till-1", store="nanjing-lu", code="UNKNOWN", clerk="1001")
    )
    rows = {row["rid"]: row for row in counter.books()}
    redeemed = rows[ask.intent.rid]
    assert {name: redeemed[name] for name in ("verdict", "store", "kiosk", "clerk", "at", "code_tail")} == {
        "verdict": "redeemed",
        "store": "nanjing-lu",
        "kiosk": "till-1",
        "clerk": "1001",
        "at": "2026-11-21T12:00:00+08:00",
        "code_tail": code[-4:],
    }
    assert (redeemed["undone_by"], rows[undo.rid]["undoes"]) == (undo.rid, ask.intent.rid)
    assert rows[undo.rid]["action"] == Action.UNDO
    assert (rows[None]["verdict"], rows[None]["code_tail"]) == (Verdict.UNKNOWN_CODE, "NOWN")


def test_a_day_of_any_size_is_read_in_the_same_memory_and_whole(counter: Counter, database: Database) -> None:
    """Every row once, in order, also where many stand at one moment at the edge of a page."""
    many = 6 * records.PAGE + 7
    row = {
        "requester": "till-1",
        "gateway": "gw-nanjing-lu",
        "store": "nanjing-lu",
        "method": Method.SCAN,
        "verdict": Verdict.EXPIRED,
    }
    rows = [{**row, "code_tail": f"{n:04}", "at": NOON + timedelta(seconds=n // 700)} for n in range(many)]
    database.write(lambda connection: connection.execute(insert(refusals), rows))

    def read_all() -> tuple[list[str], int]:
        tracemalloc.start()
        tails = []
        for page in records.as_sheet(records.books(database)):
            tails += re.findall(r"\*{4}(\d{4})", page)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return tails, peak

    read_all()  # statements are compiled by now
    tails, peak = read_all()
    assert tails == [f"{n:04}" for n in range(many)]
    a_row = 1_500  # bytes, as generous as a dictionary of twenty-odd columns is
    assert peak < a_row * records.PAGE * 3
