"""Cells that no spreadsheet runs as a formula, and that come back as they were."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from protocol.records import harmless

if TYPE_CHECKING:
    from collections.abc import Iterable

BYTE_ORDER_MARK = "\ufeff"
_QUOTE = "'"


def written(cell: str) -> str:
    """Return a cell as it stands in a file: behind one apostrophe more where it could be run, or had one for that."""
    return _QUOTE + cell if _would_run(cell) else cell


def meant(cell: str) -> str:
    """Return what a cell of a file says."""
    return cell.removeprefix(_QUOTE) if _would_run(cell) else cell


def as_csv(rows: Iterable[Iterable[str]]) -> str:
    """Return rows as lines of CSV, harmless."""
    text = io.StringIO()
    csv.writer(text).writerows([written(cell) for cell in row] for row in rows)
    return text.getvalue()


def _would_run(cell: str) -> bool:
    core = cell.lstrip(_QUOTE)
    return harmless(core) != core
