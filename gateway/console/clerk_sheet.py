"""Clerks as a CSV file, out and in again: number, name, role, stores (several behind semicolons), disabled.

An empty number is a new clerk's. What is wrong names its line, and then nothing of the file is taken.
"""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import msgspec

from protocol.duty import ClerkFacts
from protocol.records import as_csv

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gateway.places import Clerk

_BYTE_ORDER_MARK = "\ufeff"
_COLUMNS = ("number", "name", "role", "stores", "disabled")
_ROLES = {"clerk": False, "manager": True, "": False}
_YES_OR_NO = {"no": False, "yes": True, "": False, "false": False, "true": True}
#: One change at the head office; a larger file is the head office's own to import.
MOST = 50


class SheetError(ValueError):
    """A file that is none, and in which line."""


def sheet_of(clerks: Iterable[Clerk]) -> str:
    """Return clerks as UTF-8 CSV with a byte order mark; no cell is one that a spreadsheet runs."""
    rows = (
        (
            clerk.number,
            clerk.name,
            "manager" if clerk.manager else "clerk",
            ";".join(clerk.stores),
            "yes" if clerk.disabled else "no",
        )
        for clerk in clerks
    )
    return _BYTE_ORDER_MARK + as_csv([_COLUMNS, *rows])


def clerks_in(content: bytes) -> tuple[ClerkFacts, ...]:
    """Return the clerks of a file; raise SheetError."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        msg = "the file is not UTF-8; save it as CSV UTF-8"
        raise SheetError(msg) from error
    found = tuple(_lines(text))
    if not 0 < len(found) <= MOST:
        msg = f"the file has {len(found)} clerks; here it takes 1 to {MOST}, the head office takes more"
        raise SheetError(msg)
    return found


def _lines(text: str) -> Iterator[ClerkFacts]:
    reader = csv.DictReader(io.StringIO(text), strict=True)
    try:
        if sorted(reader.fieldnames or ()) != sorted(_COLUMNS):
            msg = f"line 1: the columns are {', '.join(_COLUMNS)}"
            raise SheetError(msg)
        for row in reader:
            yield _clerk(reader.line_num, row)
    except csv.Error as error:
        msg = f"line {reader.reader.line_num}: is no CSV ({error})"
        raise SheetError(msg) from error


def _clerk(line: int, row: dict[str, str | None]) -> ClerkFacts:
    cells = {name: (row.get(name) or "").strip().removeprefix("'") for name in _COLUMNS}
    role, disabled = _ROLES.get(cells["role"].lower()), _YES_OR_NO.get(cells["disabled"].lower())
    if role is None or disabled is None or None in row:
        msg = f"line {line}: role is clerk or manager, disabled is yes or no, and there are {len(_COLUMNS)} cells"
        raise SheetError(msg)
    facts = {
        "number": cells["number"] or None,
        "name": cells["name"],
        "manager": role,
        "stores": [store.strip() for store in cells["stores"].split(";") if store.strip()],
        "disabled": disabled,
    }
    try:
        return msgspec.convert(facts, ClerkFacts)
    except msgspec.ValidationError as error:
        msg = f"line {line}: {error}"
        raise SheetError(msg) from error
