"""A workbook as a spreadsheet program reads it: kinds of cells, text that stays text, many rows in the same memory."""

from __future__ import annotations

import io
import tracemalloc
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

import openpyxl
import pytest

from service import xlsx

if TYPE_CHECKING:
    from collections.abc import Iterable

    from service.xlsx import Cell

HEADER, WIDTHS = ("时间", "名称", "金额", "次数"), (20, 30, 10, 6)
AT = datetime(2026, 3, 29, 2, 30, 59)  # noqa: DTZ001 - a sheet knows no zones


def book(rows: Iterable[Iterable[Cell]]) -> openpyxl.Workbook:
    """Return a workbook read back."""
    return openpyxl.load_workbook(io.BytesIO(b"".join(xlsx.workbook("核销记录", HEADER, rows, WIDTHS))))


def test_times_and_amounts_are_numbers_and_text_is_text() -> None:
    sheet = book([(AT, "拿铁 & <大杯>", Decimal("12.50"), 3), (AT, None, None, None)])["核销记录"]
    header, first, second = sheet.iter_rows()

    assert [cell.value for cell in header] == list(HEADER)
    assert [cell.value for cell in first] == [AT, "拿铁 & <大杯>", 12.5, 3]
    assert [first[0].number_format, first[2].number_format] == ["yyyy\\-mm\\-dd\\ hh:mm:ss", "0.00"]
    assert [cell.value for cell in second] == [AT, None, None, None]
    assert (sheet.freeze_panes, sheet.column_dimensions["B"].width) == ("A2", 30)


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@x", '=HYPERLINK("http://evil.example")', "00012345678901234567"]
)
def test_text_is_never_a_formula_nor_a_number_also_when_it_is_edited(text: str) -> None:
    cell = book([(AT, text)])["核销记录"]["B2"]
    assert (cell.value, cell.data_type, cell.number_format, cell.quotePrefix) == (text, "s", "@", True)


@pytest.mark.parametrize(
    ("text", "read"), [("a\x00b\x1fc", "abc"), ("_x0041_", "_x0041_"), ("  两端  ", "  两端  "), ("a\nb", "a\nb")]
)
def test_what_the_format_cannot_hold_does_not_break_it(text: str, read: str) -> None:
    found = book([(AT, text)])["核销记录"]["B2"].value
    assert openpyxl.utils.escape.unescape(found) == read


def test_a_workbook_without_rows_has_its_header() -> None:
    assert [[cell.value for cell in row] for row in book([])["核销记录"].iter_rows()] == [list(HEADER)]


@pytest.mark.parametrize(("count", "sheets"), [(3, [4]), (4, [4, 2]), (7, [4, 4, 2])])
def test_what_a_sheet_cannot_hold_goes_into_the_next(
    monkeypatch: pytest.MonkeyPatch, count: int, sheets: list[int]
) -> None:
    monkeypatch.setattr("service.xlsx.MOST_ROWS", 4)
    found = book((AT, str(number)) for number in range(count))

    assert [sheet.max_row for sheet in found] == sheets
    assert found.sheetnames == ["核销记录", "核销记录 2", "核销记录 3"][: len(sheets)]
    names = [row[1].value for sheet in found for row in sheet.iter_rows(min_row=2)]
    assert names == [str(number) for number in range(count)]


def test_memory_does_not_grow_with_the_rows() -> None:
    def peak(count: int) -> int:
        tracemalloc.reset_peak()
        rows = ((AT, f"券 {number}", Decimal(number).scaleb(-2), 1) for number in range(count))
        assert sum(len(part) for part in xlsx.workbook("核销记录", HEADER, rows, WIDTHS)) > count
        return tracemalloc.get_traced_memory()[1]

    tracemalloc.start()
    few, many = peak(2_000), peak(20_000)
    tracemalloc.stop()
    assert many < few + (1 << 18)
