"""A CSV file read line by line, each checked by itself; what is wrong names the line, and never repeats a code.

UTF-8, with or without a byte order mark, the columns named in the first line. An empty cell is one that is left out.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from pydantic import BaseModel, ValidationError

from headoffice.errors import RefusedError
from headoffice.sheets.cells import meant

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

Line = TypeVar("Line", bound=BaseModel)
#: No line that a sheet here has is so long; one that is was never a line.
LONGEST_LINE = 65_536


class BadLineError(RefusedError):
    """A line that cannot be: its number (the first is the header's) and why."""

    def __init__(self, number: int, why: str) -> None:
        """Keep both."""
        super().__init__(f"line {number}: {why}; nothing of the file was taken")
        self.number = number


@dataclass(frozen=True, slots=True)
class Numbered(Generic[Line]):
    """A line, and where it stands in the file."""

    number: int
    line: Line


def read(file: BinaryIO, kind: type[Line]) -> Iterator[Numbered[Line]]:
    """Yield the lines of a file from its beginning; raise BadLineError at the first that is wrong."""
    file.seek(0)
    reader = csv.reader(_text(file), strict=True)
    try:
        names = _header(next(reader, []), kind)
        for cells in reader:
            if cells:
                yield Numbered(reader.line_num, _line(reader.line_num, names, cells, kind))
    except csv.Error as error:
        raise BadLineError(reader.line_num, f"is no CSV ({error})") from error


def _text(file: BinaryIO) -> Iterator[str]:
    number = 0
    while content := file.readline(LONGEST_LINE):
        number += 1
        try:
            yield content.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError as error:
            raise BadLineError(number, "is not UTF-8; save the file as CSV UTF-8") from error


def _header(cells: list[str], kind: type[Line]) -> list[str]:
    names = [cell.strip() for cell in cells]
    known = list(kind.model_fields)
    if unknown := [name for name in names if name not in known]:
        raise BadLineError(1, f"there is no column {', '.join(unknown)}; there is {', '.join(known)}")
    needed = [name for name, field in kind.model_fields.items() if field.is_required()]
    if missing := [name for name in needed if name not in names]:
        raise BadLineError(1, f"the column {', '.join(missing)} is missing")
    if len(set(names)) < len(names):
        raise BadLineError(1, "a column is there twice")
    return names


def _line(number: int, names: list[str], cells: list[str], kind: type[Line]) -> Line:
    if len(cells) != len(names):
        raise BadLineError(number, f"has {len(cells)} cells where the header has {len(names)}")
    given = {name: meant(cell) for name, cell in zip(names, cells, strict=True) if cell}
    try:
        return kind.model_validate(given)
    except ValidationError as error:
        faults = (f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors())
        raise BadLineError(number, "; ".join(faults)) from error
