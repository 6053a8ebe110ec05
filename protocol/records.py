"""What a usage record is for a spreadsheet: its columns, what it counts as, and cells that no spreadsheet runs.

Gateway and head office write the same sheet: whoever does the accounts may take either.
"""

from __future__ import annotations

import csv
import io
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING

from protocol.kinds import ZH, Kind
from protocol.values import Value
from protocol.vocabulary import METHODS, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable

#: The first six are what bookkeepers know from the platforms' own exports; the order is part of the product.
COLUMNS = (
    "时间",
    "券名",
    "核销方式",
    "门店",
    "核销员",
    "实收金额",
    "券类型",
    "券码",
    "核销终端",
    "平台",
    "次数",
    "结果",
    "核销编号",
    "撤销的核销编号",
    "记录类型",
    "授权人",
)
#: Of the columns, in characters.
WIDTHS = (20, 24, 9, 16, 12, 11, 10, 10, 16, 10, 6, 18, 34, 34, 12, 12)
TITLE = "核销记录"
BYTE_ORDER_MARK = "\ufeff"
TIME_FORMAT = "%Y-%m-%d %H:%M:%S"
#: What stands for all of a code but its tail.
MASK = "****"
#: The platform of the chain's own vouchers.
OWN = "自有"
#: What a spreadsheet would run as a formula; some take the full-width signs for the narrow ones.
_DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")

#: What a cell holds; a Decimal is an amount in yuan.
Cell = datetime | Decimal | int | str | None


class Counts(StrEnum):
    """What a record counts as, in the words of the sheet: only 核销 has been used and stays so."""

    REDEEMED = "核销"
    GIVEN_BACK = "核销后撤销"
    UNDO = "撤销"
    REFUSED = "拒绝"
    CANCELLED = "取消"
    CONFLICT = "离线冲突"
    OPEN = "未完成"


_COUNTS = {
    Verdict.REDEEMED: Counts.REDEEMED,
    Verdict.UNDONE: Counts.UNDO,
    Verdict.ABORTED: Counts.CANCELLED,
    Verdict.OFFLINE_CONFLICT: Counts.CONFLICT,
    Verdict.PENDING: Counts.OPEN,
    Verdict.ACCEPTED_OFFLINE: Counts.OPEN,
}


def counts_as(verdict: str, *, undone: bool = False) -> Counts:
    """Return what a record with this verdict counts as; ``undone``: an undo of it has succeeded."""
    found = _COUNTS.get(Verdict(verdict), Counts.REFUSED)
    return Counts.GIVEN_BACK if undone and found is Counts.REDEEMED else found


class Row(Value, frozen=True, kw_only=True):
    """One usage record, for a sheet."""

    at: datetime
    """In the store's own time."""
    title: str | None
    method: str
    store: str
    """By name, as the clerk is where it is known."""
    clerk: str | None
    amount: int | None
    """Amount received, fen."""
    kind: str | None
    code_tail: str | None
    kiosk: str
    platform: str | None
    quantity: int | None
    verdict: str
    rid: str | None
    undoes: str | None
    undone: bool = False
    approver: str | None = None
    """The manager who has approved it."""

    def cells(self) -> tuple[Cell, ...]:
        """Return its cells, in the order of COLUMNS."""
        return (
            self.at,
            self.title,
            METHODS[self.method],
            self.store,
            self.clerk,
            yuan(self.amount),
            ZH[Kind(self.kind)] if self.kind in ZH else self.kind,
            masked(self.code_tail),
            self.kiosk,
            self.platform,
            self.quantity,
            self.verdict,
            self.rid,
            self.undoes,
            counts_as(self.verdict, undone=self.undone),
            self.approver,
        )


def as_csv(rows: Iterable[Iterable[Cell]]) -> str:
    """Return rows as lines of CSV in which nothing can be run."""
    text = io.StringIO()
    csv.writer(text).writerows([harmless(_text(cell)) for cell in row] for row in rows)
    return text.getvalue()


def harmless(cell: str) -> str:
    """Return a cell that no spreadsheet runs as a formula."""
    return f"'{cell}" if cell.startswith(_DANGEROUS) else cell


def yuan(fen: int | None) -> Decimal | None:
    """Return an amount of fen in yuan, such as ``12.50``, with two decimals always; None where none was recorded."""
    return None if fen is None else Decimal(fen).scaleb(-2)


def masked(code_tail: str | None) -> str | None:
    """Return a code as records show it; None where not even its tail is kept."""
    return MASK + code_tail if code_tail else None


def _text(cell: Cell) -> str:
    if cell is None:
        return ""
    return cell.strftime(TIME_FORMAT) if isinstance(cell, datetime) else str(cell)
