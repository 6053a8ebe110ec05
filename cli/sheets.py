"""``hexiao headoffice import`` and ``export``: codes, stores and the stores of clerks as CSV files."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.keys import ConfigFiles, open_books

if TYPE_CHECKING:
    from collections.abc import Callable

_DEFAULT = [Path("/etc/hexiao/headoffice.toml")]
_WHAT = "codes; stores; clerks; bindings: which clerk works in which store."


class Sheet(StrEnum):
    """What a sheet is of."""

    CODES = "codes"
    STORES = "stores"
    CLERKS = "clerks"
    BINDINGS = "bindings"


WhichSheet = Annotated[Sheet, typer.Argument(help=_WHAT)]


def add_sheets(room: typer.Typer, load: Callable[[str, list[Path]], Any]) -> None:
    """Add the verbs to the head office's commands; ``load`` reads its configuration."""

    @room.command("import", help="Take a CSV file into the books, all of it or nothing; a line that is wrong is named.")
    def take_in(
        sheet: WhichSheet,
        file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="UTF-8, columns in the first line.")],
        config: ConfigFiles = _DEFAULT,
    ) -> None:
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn  # noqa: PLC0415

        from headoffice.sheets.taking import take  # noqa: PLC0415 - a kiosk has no head office

        columns = TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[lines]} lines")
        shown = Progress(*columns, TimeRemainingColumn(), transient=True)
        loaded = load("headoffice", config)
        with open_books(loaded) as database, file.open("rb") as content, shown:
            task = shown.add_task(file.name, total=file.stat().st_size, lines=0)

            def progress(lines: int) -> None:
                shown.update(task, completed=content.tell(), lines=lines)

            at = datetime.now(UTC)
            done = take(database, sheet, content, at, progress, at if loaded.stores.begin == "testing" else None)
        typer.echo(f"{file}: {done} lines are in the books")

    @room.command("export", help="Write a sheet as CSV to the standard output; no cell of it runs as a formula.")
    def give_out(sheet: WhichSheet, config: ConfigFiles = _DEFAULT) -> None:
        from headoffice.sheets.giving import give  # noqa: PLC0415

        with open_books(load("headoffice", config)) as database:
            for part in give(database, sheet):
                sys.stdout.buffer.write(part.encode())
