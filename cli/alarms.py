"""``hexiao headoffice alarms``: what is wrong in the chain now, and what was lately."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.running import call

if TYPE_CHECKING:
    from collections.abc import Callable

ConfigFiles = Annotated[list[Path], typer.Option("--config", "-c", help="TOML file; several are merged.")]


def add_alarms(room: typer.Typer, load: Callable[[str, list[Path]], Any]) -> None:
    """Add the verb to the head office's commands; ``load`` reads its configuration."""
    default = [Path("/etc/hexiao/headoffice.toml")]

    @room.command(help="Say what is wrong now, the newest first; exit with 1 where anything is.")
    def alarms(
        *,
        ended: Annotated[bool, typer.Option("--ended", help="Also what has ended in the last seven days.")] = False,
        chinese: Annotated[bool, typer.Option("--zh", help="In Chinese.")] = False,
        config: ConfigFiles = default,
    ) -> None:
        rows = call(load("headoffice", config), "GET", "/api/v1/alarms")
        lasting = [row for row in rows if row["ended_at"] is None]
        for row in rows if ended else lasting:
            until = f" - {row['ended_at']}" if row["ended_at"] else ""
            typer.echo(f"{row['since']}{until}  {row['kind']}  {row['zh' if chinese else 'en']}")
        if lasting:
            raise typer.Exit(1)
        typer.secho("Nothing is wrong.", fg="green", err=True)
