"""A workbook of one table, written while its rows come: memory does not grow with it, and nothing lies on a disk.

Text is text here, by its type and its format, so that no spreadsheet runs it, also where somebody edits the cell.
Times are the table's own, without a zone; a Decimal is an amount with two decimals.
"""

from __future__ import annotations

import io
import re
import zipfile
from datetime import datetime
from decimal import Decimal
from itertools import chain, islice
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape, quoteattr

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Cell = datetime | Decimal | int | str | None

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
#: Rows of one sheet with the header; the format's own limit is a little higher. What is more goes into the next sheet.
MOST_ROWS = 1_000_000
#: Rows that are turned into bytes together.
PAGE = 500
#: Days are counted from here; the format has a 29th of February 1900, which never was.
_FIRST_DAY = datetime(1899, 12, 30)  # noqa: DTZ001 - the format knows no zones
_DAY_S = 86_400
_DECIMALS = 9  # of a day: 0.1 ms

_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_KINDS = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_HEADER, _WORDS, _TIME, _MONEY = 1, 2, 3, 4
# 49 is the format's own "text"; quotePrefix keeps a cell text that somebody edits.
_STYLES = (
    f'{_XML}<styleSheet xmlns="{_MAIN}"><numFmts count="1">'
    r'<numFmt numFmtId="164" formatCode="yyyy\-mm\-dd\ hh:mm:ss"/></numFmts>'
    '<fonts count="2"><font><sz val="11"/></font><font><b/><sz val="11"/></font></fonts><fills count="2">'
    '<fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills>'
    '<borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs><cellXfs count="5">'
    '<xf xfId="0"/><xf fontId="1" applyFont="1" xfId="0"/>'
    '<xf numFmtId="49" applyNumberFormat="1" quotePrefix="1" xfId="0"/>'
    '<xf numFmtId="164" applyNumberFormat="1" xfId="0"/><xf numFmtId="2" applyNumberFormat="1" xfId="0"/>'
    '</cellXfs><cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
)
#: What XML cannot hold, and what the format would read as one of its own escapes.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_ESCAPED = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")


def workbook(
    title: str, header: Iterable[str], rows: Iterable[Iterable[Cell]], widths: Iterable[int]
) -> Iterator[bytes]:
    """Yield a workbook, a part at a time; ``widths`` of the columns are in characters."""
    begin, left, written, sheets = _begin(header, widths), iter(rows), _Written(), 0
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as book:
        first: list[Iterable[Cell]] = []
        while sheets == 0 or (first := list(islice(left, 1))):
            sheets += 1
            with book.open(f"xl/worksheets/sheet{sheets}.xml", "w") as sheet:
                sheet.write(begin)
                for page in _pages(chain(first, islice(left, MOST_ROWS - 1 - len(first)))):
                    sheet.write(page)
                    yield written.taken()
                sheet.write(b"</sheetData></worksheet>")
        for name, content in _parts(title, sheets).items():
            book.writestr(name, content)
    yield written.taken()


def _begin(header: Iterable[str], widths: Iterable[int]) -> bytes:
    """Return what each sheet begins with; its first row stays in view."""
    columns = "".join(
        f'<col min="{place}" max="{place}" width="{width}" customWidth="1"/>' for place, width in enumerate(widths, 1)
    )
    frozen = '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>'
    view = f'<sheetViews><sheetView workbookViewId="0">{frozen}</sheetView></sheetViews>'
    names = "".join(_inline(name, _HEADER) for name in header)
    return f'{_XML}<worksheet xmlns="{_MAIN}">{view}<cols>{columns}</cols><sheetData><row>{names}</row>'.encode()


def _pages(rows: Iterator[Iterable[Cell]]) -> Iterator[bytes]:
    while page := list(islice(rows, PAGE)):
        yield "".join(f"<row>{''.join(map(_cell, row))}</row>" for row in page).encode("utf-8", "replace")


def _cell(cell: Cell) -> str:
    if cell is None:
        return "<c/>"
    if isinstance(cell, datetime):
        since = cell.replace(tzinfo=None) - _FIRST_DAY
        return f'<c s="{_TIME}"><v>{round(since.total_seconds() / _DAY_S, _DECIMALS)}</v></c>'
    if isinstance(cell, Decimal):
        return f'<c s="{_MONEY}"><v>{cell}</v></c>'
    return f"<c><v>{cell}</v></c>" if isinstance(cell, int) else _inline(cell, _WORDS)


def _inline(text: str, style: int) -> str:
    said = escape(_ESCAPED.sub("_x005F_", _FORBIDDEN.sub("", text)))
    return f'<c s="{style}" t="inlineStr"><is><t xml:space="preserve">{said}</t></is></c>'


def _parts(title: str, sheets: int) -> dict[str, str]:
    """Return everything but the sheets; they may come last, because a zip is read from its end."""
    numbers = range(1, sheets + 1)
    names = [title if number == 1 else f"{title} {number}" for number in numbers]
    return {
        "xl/workbook.xml": f'{_XML}<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>'
        + "".join(
            f'<sheet name={quoteattr(name)} sheetId="{number}" r:id="r{number}"/>'
            for name, number in zip(names, numbers, strict=True)
        )
        + "</sheets></workbook>",
        "xl/styles.xml": _STYLES,
        "xl/_rels/workbook.xml.rels": _relations(
            *((f"r{number}", f"{_OFFICE}/worksheet", f"worksheets/sheet{number}.xml") for number in numbers),
            ("styles", f"{_OFFICE}/styles", "styles.xml"),
        ),
        "_rels/.rels": _relations(("book", f"{_OFFICE}/officeDocument", "xl/workbook.xml")),
        "[Content_Types].xml": f'{_XML}<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_KINDS}.sheet.main+xml"/>'
        f'<Override PartName="/xl/styles.xml" ContentType="{_KINDS}.styles+xml"/>'
        + "".join(
            f'<Override PartName="/xl/worksheets/sheet{number}.xml" ContentType="{_KINDS}.worksheet+xml"/>'
            for number in numbers
        )
        + "</Types>",
    }


def _relations(*relations: tuple[str, str, str]) -> str:
    inner = "".join(f'<Relationship Id="{id_}" Type="{kind}" Target="{target}"/>' for id_, kind, target in relations)
    return f'{_XML}<Relationships xmlns="{_PACKAGE}/relationships">{inner}</Relationships>'


class _Written(io.RawIOBase):
    """What a zip is written to: it cannot go back, and what was taken is gone."""

    def __init__(self) -> None:
        super().__init__()
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, part: object) -> int:
        content = bytes(part)  # type: ignore[call-overload]
        self._parts.append(content)
        return len(content)

    def taken(self) -> bytes:
        """Return what was written since the last time."""
        content, self._parts = b"".join(self._parts), []
        return content
