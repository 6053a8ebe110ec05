"""``hexiao headoffice open|decide``: redemptions without an end, and a person's word where nothing else ends one.

The running head office is asked, by its own API: only a process that has itself waited long enough can know that no
consume is under way any more.
"""

from __future__ import annotations

import getpass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.running import call

if TYPE_CHECKING:
    from collections.abc import Callable

ConfigFiles = Annotated[list[Path], typer.Option("--config", "-c", help="TOML file; several are merged.")]


class Spent(StrEnum):
    """Whose use it was."""

    OURS = "ours"
    OTHERS = "others"
    NOBODY = "nobody"


def add_open_redemptions(room: typer.Typer, load: Callable[[str, list[Path]], Any]) -> None:
    """Add both verbs to the head office's commands; ``load`` reads its configuration."""
    default = [Path("/etc/hexiao/headoffice.toml")]

    @room.command("open", help="List the redemptions that have no end yet, the oldest first.")
    def list_open(config: ConfigFiles = default) -> None:
        rows = call(load("headoffice", config), "GET", "/api/v1/redemptions/open")
        for row in rows:
            typer.echo(_line(row))
        if not rows:
            typer.secho("Every redemption has its end.", fg="green")

    @room.command(help="Say how a redemption ended that only a person can end; who and why are kept with it.")
    def decide(
        rid: Annotated[str, typer.Argument(help="Its id, as `hexiao headoffice open` lists it.")],
        spent: Annotated[
            Spent, typer.Option(help="By whom the voucher was used, as the platform's own records have it.")
        ],
        why: Annotated[str, typer.Option(help="What that is founded on.")],
        by: Annotated[str, typer.Option(help="Whose word this is.")] = "",
        config: ConfigFiles = default,
    ) -> None:
        word = {"spent": spent.value, "by": by or getpass.getuser(), "why": why}
        decided = call(load("headoffice", config), "POST", f"/api/v1/redemptions/{rid}/decide", word)
        typer.echo(f"{rid} has ended: {decided['verdict']}")


def _line(row: dict[str, Any]) -> str:
    voucher = f"{row['platform']} {row['voucher']}" if row["platform"] else "-"
    do = ""
    if row["decidable"]:
        wait_s = row["nothing_spent_in_s"] or 0
        do = "  decide: ours" + (f"; others, nobody in {wait_s:.0f} s" if wait_s else ", others, nobody")
    where = f"{row['store_name']} ({row['kiosk']})"
    return f"{row['rid']}  {row['since']}  {where}  {voucher}  …{row['code_tail'] or ''}  {row['phase']}{do}"
