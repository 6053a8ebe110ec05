"""A day's usage records as CSV, for the spreadsheet of whoever does the accounts."""

from __future__ import annotations

import csv
import io
from datetime import datetime
from typing import TYPE_CHECKING

from gateway.usage import MASK
from protocol.vocabulary import METHODS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gateway.places import Store
    from gateway.usage import Usage

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
)
#: What a spreadsheet would run as a formula.
_DANGEROUS = ("=", "+", "-", "@", "\t", "\r")


def sheet(rows: Iterable[tuple[Store, Usage]]) -> str:
    """Return rows as CSV, with the byte-order mark by which a spreadsheet knows UTF-8.

    The type of a voucher and its platform are the head office's to know: those columns are filled in its records.
    """
    text = io.StringIO()
    text.write("\ufeff")
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    writer.writerows([_harmless(cell) for cell in _cells(store, usage)] for store, usage in rows)
    return text.getvalue()


def _cells(store: Store, usage: Usage) -> tuple[str, ...]:
    amount, quantity = usage.amount, usage.detail.quantity
    return (
        datetime.fromtimestamp(usage.at, store.zone).strftime("%Y-%m-%d %H:%M:%S"),
        usage.detail.title or "",
        METHODS[usage.method],
        store.name,
        usage.clerk or "",
        "" if amount is None else f"{amount // 100}.{amount % 100:02}",
        "",
        MASK + usage.code_tail if usage.code_tail else "",
        usage.kiosk,
        "",
        "" if quantity is None else str(quantity),
        str(usage.verdict),
        usage.rid or "",
        usage.undoes or "",
    )


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_DANGEROUS) else cell
