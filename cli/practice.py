"""``hexiao headoffice practice|live``: practice vouchers, and a store set live, by the running head office."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import quote

import typer

from cli.running import call

if TYPE_CHECKING:
    from collections.abc import Callable

ConfigFiles = Annotated[list[Path], typer.Option("--config", "-c", help="TOML file; several are merged.")]
Store = Annotated[str, typer.Argument(help="The store's id.")]
By = Annotated[str, typer.Option(help="Whose deed this is.")]


def add_practice(room: typer.Typer, load: Callable[[str, list[Path]], Any]) -> None:
    """Add both verbs to the head office's commands; ``load`` reads its configuration."""
    default = [Path("/etc/hexiao/headoffice.toml")]

    @room.command(help="Make a practice voucher (练习券) for one store and print its QR; no book counts it.")
    def practice(store: Store, by: By = "", config: ConfigFiles = default) -> None:
        from headoffice.pages.qr import symbol_of  # noqa: PLC0415 - a kiosk has no head office

        made = call(load("headoffice", config), "POST", _path(store, "practice"), _who(by))
        symbol_of(made["code"]).terminal(compact=True)
        typer.echo(f"PRACTICE 练习 · {store} · {made['typed']} · until {made['until']}")

    @room.command(help="Set a store live (上线); what of its check has not passed is named.")
    def live(store: Store, by: By = "", config: ConfigFiles = default) -> None:
        call(load("headoffice", config), "POST", _path(store, "live"), _who(by))
        typer.secho(f"{store} is live.", fg="green")


def _who(by: str) -> dict[str, str]:
    return {"by": by or getpass.getuser()}


def _path(store: str, what: str) -> str:
    return f"/api/v1/stores/{quote(store, safe='')}/{what}"
