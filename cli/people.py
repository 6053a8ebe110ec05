"""``hexiao headoffice invite``: a link for the first administrator, or for somebody who cannot come in any more."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.keys import open_books

if TYPE_CHECKING:
    from collections.abc import Callable


def add_people(room: typer.Typer, load: Callable[[str, list[Path]], Any]) -> None:
    """Add the verb to the head office's commands; ``load`` reads its configuration."""

    @room.command(help="Print a link that lets somebody in at the desk: it sets a password, once, within 48 hours.")
    def invite(
        login: Annotated[str, typer.Argument(help="Who; left out: the first administrator, while there is none.")] = "",
        config: Annotated[list[Path], typer.Option("--config", "-c", help="TOML file.")] = _DEFAULT,
    ) -> None:
        from headoffice.desk.links import join_address  # noqa: PLC0415
        from headoffice.staff import people  # noqa: PLC0415 - a kiosk has no head office

        loaded = load("headoffice", config)
        with open_books(loaded) as database:
            at = datetime.now(UTC)
            token = database.write(lambda connection: people.make_link(connection, login or None, at))
        typer.echo(join_address(loaded.public_url, token))


_DEFAULT = [Path("/etc/hexiao/headoffice.toml")]
