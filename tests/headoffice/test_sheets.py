"""Sheets: all of a file or nothing, the wrong line named, and nothing in one that goes out runs as a formula."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any

import pytest

from headoffice.errors import RefusedError
from headoffice.sheets.cells import meant, written
from headoffice.sheets.reading import BadLineError
from headoffice.sheets.taking import take
from protocol.classify import BADGE_PREFIX
from protocol.vocabulary import Verdict
from tests.headoffice.conftest import NOON

if TYPE_CHECKING:
    from headoffice.database import Database
    from tests.headoffice.counter import Counter

MANY = 2_500


@pytest.fixture
def shop(counter: Counter) -> Counter:
    """Return a counter where there is a type to issue of."""
    counter.put_type("latte", title="拿铁", valid_until="2030-01-01T00:00:00Z")
    counter.put_type("table", title="四人桌", kind="booking")
    return counter


def _take(counter: Counter, name: str, content: str | bytes) -> list[dict[str, Any]]:
    sent = content if isinstance(content, bytes) else content.encode()
    answer = counter.api.post(f"/api/v1/sheets/{name}", content=sent).raise_for_status()
    return [json.loads(line) for line in answer.text.splitlines()]


def _give(counter: Counter, name: str) -> list[dict[str, str]]:
    answer = counter.api.get(f"/api/v1/sheets/{name}.csv").raise_for_status()
    assert answer.content.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))


def test_a_sheet_of_codes_is_taken_in_and_each_is_a_voucher(shop: Counter) -> None:
    lines = [
        "\ufeffcode,type,valid_until,booked_for,paid",
        "600000000001,latte,,,",
        "优惠-2,latte,2026-12-01T00:00:00+08:00,,false",
        '"a,""b""",table,,2026-11-21T12:00:00+08:00,',
    ]
    assert _take(shop, "codes", "\r\n".join(lines)) == [{"done": 3}, {"taken": 3}]
    assert shop.redeem("600000000001").verdict is Verdict.REDEEMED
    assert shop.look("优惠-2").verdict is Verdict.UNPAID
    assert shop.redeem('a,"b"').verdict is Verdict.REDEEMED


def test_progress_is_told_and_nothing_is_there_where_the_last_line_is_wrong(shop: Counter) -> None:
    good = "code,type\n" + "".join(f"C{number:011},latte\n" for number in range(MANY))
    told = _take(shop, "codes", f"{good}C00000000007,latte\n")
    assert [line.get("done") for line in told[:-1]] == [1000, 2000]
    assert (told[-1]["error"], told[-1]["line"]) == ("refused", MANY + 2)
    assert "C00000000007" not in json.dumps(told)
    assert _give(shop, "codes") == []
    assert _take(shop, "codes", good)[-1] == {"taken": MANY}
    assert len(_give(shop, "codes")) == MANY


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("600000000001", "1 cells"),
        ("600000000001,latte,more", "3 cells"),
        (",latte", "code"),
        ("600000000001,nothing", "nothing"),
        ("134567890123456789,latte", "payment"),
        (f"{BADGE_PREFIX}ABCDEF,latte", "badge"),
        ("HEXIAO:SETUP:v1.abc,latte", "setup"),
        ("HX:ABC,latte", "signed"),
        ("600000000000,latte", "already"),
        ('"never closed,latte', "no CSV"),
        ("a" * 513 + ",latte", "code"),
    ],
)
def test_a_line_that_is_wrong_is_named_and_nothing_is_taken(shop: Counter, line: str, why: str) -> None:
    shop.issue(type="latte", code="600000000000")
    *_, ended = _take(shop, "codes", f"code,type\nGOOD-1,latte\n{line}")
    assert (ended["error"], ended["line"]) == ("refused", 3)
    assert why in ended["hint"]
    assert line.split(",", maxsplit=1)[0][:64] not in ended["hint"] or not line.split(",", maxsplit=1)[0]
    assert [row["code"] for row in _give(shop, "codes")] == ["600000000000"]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "code, type"),
        (b"code\n1", "type"),
        (b"code,type,state\n", "state"),
        (b"code,type,type\n", "twice"),
        ("code,type\n".encode("utf-16"), "UTF-8"),
    ],
)
def test_a_header_that_is_wrong_is_said(shop: Counter, content: bytes, why: str) -> None:
    (ended,) = _take(shop, "codes", content)
    assert ended["line"] == 1
    assert why in ended["hint"]


def test_a_line_in_another_encoding_is_named(shop: Counter) -> None:
    (ended,) = _take(shop, "codes", b"code,type\nA,latte\n" + "优惠,latte".encode("gbk"))
    assert ended["line"] == 3


def test_what_a_spreadsheet_would_run_is_harmless_and_comes_back_as_it_was(shop: Counter) -> None:
    codes = ["=1+1", "'=1+1", "-2", "@SUM(A1)", "+", "'", "plain"]
    shop.api.put("/api/v1/stores/a", {"name": "=cmd|'/c calc'!A0"}).raise_for_status()
    for code in codes:
        shop.issue(type="latte", code=code)
    for name in ("codes", "stores"):
        for row in _give(shop, name):
            assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in row.values())
    assert sorted(meant(row["code"]) for row in _give(shop, "codes")) == sorted(codes)
    assert all(meant(written(code)) == code for code in codes)


def test_a_sheet_of_codes_that_goes_out_says_what_each_is_now(shop: Counter) -> None:
    used, gone = shop.issue(type="latte"), shop.issue(type="latte")
    shop.redeem(used)
    shop.step(gone, "withdraw")
    rows = {row["code"]: row for row in _give(shop, "codes")}
    assert (rows[used]["state"], rows[used]["uses_left"]) == ("active", "0")
    assert (rows[gone]["state"], rows[gone]["uses_left"]) == ("withdrawn", "1")


def test_stores_go_out_and_come_in_again(shop: Counter) -> None:
    before = shop.api.get("/api/v1/stores").json()
    sheet = shop.api.get("/api/v1/sheets/stores.csv").content
    assert _take(shop, "stores", sheet) == [{"taken": 2}]
    assert shop.api.get("/api/v1/stores").json() == before
    *_, ended = _take(shop, "stores", "id,name,timezone\na,甲,Asia/Shanghai\nb,乙,Mars/Olympus\n")
    assert (ended["line"], "Mars" in ended["hint"]) == (3, True)
    assert shop.api.get("/api/v1/stores").json() == before


def test_clerks_go_out_and_come_in_and_set_their_pins_themselves(shop: Counter) -> None:
    shop.api.post("/api/v1/clerks", {"number": "1", "name": "王小明", "stores": ["jingan"]}).raise_for_status()
    sheet = "number,name,role,disabled\n1,王大明,manager,\n2,李红,,true\n"
    assert _take(shop, "clerks", sheet) == [{"taken": 2}]
    assert _give(shop, "clerks") == [
        {"number": "1", "name": "王大明", "role": "manager", "disabled": "False"},
        {"number": "2", "name": "李红", "role": "clerk", "disabled": "True"},
    ]
    assert [clerk["stores"] for clerk in shop.api.get("/api/v1/clerks").json()] == [["jingan"], []]
    for wrong in ("x,赵六,clerk,", "3,赵六,boss,", "3,,clerk,"):
        *_, ended = _take(shop, "clerks", f"number,name,role,disabled\n4,孙七,clerk,\n{wrong}\n")
        assert ended["line"] == 3
    assert len(_give(shop, "clerks")) == 2


def test_clerks_are_bound_to_the_stores_that_a_sheet_says(shop: Counter) -> None:
    for number, stores in (("1", ["jingan"]), ("2", ["jingan"])):
        shop.api.post("/api/v1/clerks", {"number": number, "stores": stores}).raise_for_status()
    assert _take(shop, "bindings", "clerk,store\n1,nanjing-lu\n1,nanjing-lu\n") == [{"taken": 2}]
    assert [clerk["stores"] for clerk in shop.api.get("/api/v1/clerks").json()] == [["nanjing-lu"], ["jingan"]]
    for wrong in ("3,jingan", "2,nowhere"):
        *_, ended = _take(shop, "bindings", f"clerk,store\n2,nanjing-lu\n{wrong}\n")
        assert ended["line"] == 3
    assert _give(shop, "bindings") == [{"clerk": "1", "store": "nanjing-lu"}, {"clerk": "2", "store": "jingan"}]


def test_a_stranger_neither_gives_nor_takes(shop: Counter) -> None:
    for call in (("GET", "codes.csv"), ("POST", "codes")):
        assert shop.api.request(call[0], f"/api/v1/sheets/{call[1]}", headers={"authorization": ""}).status_code == 401


def test_redemptions_go_on_while_a_sheet_of_codes_is_read(shop: Counter, database: Database) -> None:
    """Each time when some lines are drawn up, the books are free, and have nothing of the file."""
    waiting = shop.issue()
    ended: list[Verdict] = []

    def meanwhile(_: int) -> None:
        ended.append(shop.redeem(waiting if not ended else shop.issue()).verdict)
        assert shop.look("C00000000000").verdict is Verdict.UNKNOWN_CODE

    taken = take(database, "codes", _codes("C", MANY), NOON, meanwhile)

    assert (taken, ended) == (MANY, [Verdict.REDEEMED] * 3)
    assert shop.look("C00000000000").verdict is Verdict.REDEEMABLE


def test_a_code_that_somebody_issues_meanwhile_is_named_and_nothing_is_taken(shop: Counter, database: Database) -> None:
    def meanwhile(done: int) -> None:
        if done == MANY:
            shop.issue(code="C00000000009")

    with pytest.raises(BadLineError, match="line 11: a voucher has this code already"):
        take(database, "codes", _codes("C", MANY), NOON, meanwhile)
    assert [row["code"] for row in _give(shop, "codes")] == ["C00000000009"]


def test_a_type_that_changes_meanwhile_is_not_issued_as_it_was(shop: Counter, database: Database) -> None:
    def meanwhile(_: int) -> None:
        shop.put_type("latte", title="拿铁", uses=2)

    with pytest.raises(RefusedError, match="the type latte was changed meanwhile"):
        take(database, "codes", _codes("C", 3), NOON, meanwhile)
    assert _give(shop, "codes") == []


def _codes(name: str, count: int) -> io.BytesIO:
    return io.BytesIO(("code,type\n" + "".join(f"{name}{number:011},latte\n" for number in range(count))).encode())
