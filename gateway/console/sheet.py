"""A day's usage records as CSV, for the spreadsheet of whoever does the accounts."""

from __future__ import annotations

import csv
import io
from datetime import datetime
from typing import TYPE_CHECKING

from protocol.records import COLUMNS, TIME_FORMAT, harmless, masked, yuan
from protocol.vocabulary import METHODS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gateway.places import Store
    from gateway.usage import Usage


def sheet(rows: Iterable[tuple[Store, Usage]]) -> str:
    """Return rows as CSV, with the byte-order mark by which a spreadsheet knows UTF-8.

    The type of a voucher and its platform are the head office's to know: those columns are filled in its records.
    """
    text = io.StringIO()
    text.write("\ufeff")
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    writer.writerows([harmless(cell) for cell in _cells(store, usage)] for store, usage in rows)
    return text.getvalue()


def _cells(store: Store, usage: Usage) -> tuple[str, ...]:
    quantity = usage.detail.quantity
    return (
        datetime.fromtimestamp(usage.at, store.zone).strftime(TIME_FORMAT),
        usage.detail.title or "",
        METHODS[usage.method],
        store.name,
        usage.clerk or "",
        yuan(usage.amount),
        "",
        masked(usage.code_tail),
        usage.kiosk,
        "",
        "" if quantity is None else str(quantity),
        str(usage.verdict),
        usage.rid or "",
        usage.undoes or "",
    )
