"""``hexiao headoffice key``: the keys that sign vouchers, so that a store can know them without a network."""

from __future__ import annotations

import getpass
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from headoffice.database import Database

ConfigFiles = Annotated[list[Path], typer.Option("--config", "-c", help="TOML file; several are merged.")]
_DEFAULT = [Path("/etc/hexiao/headoffice.toml")]


def add_keys(room: typer.Typer, load: Callable[[str, list[Path]], Any]) -> None:
    """Add the verbs to the head office's commands; ``load`` reads its configuration."""
    key = typer.Typer(help="Keys that sign vouchers.", no_args_is_help=True)
    room.add_typer(key, name="key")

    @key.command(help="Make a key and sign with it from now on; what older keys have signed stays good.")
    def make(config: ConfigFiles = _DEFAULT) -> None:
        from headoffice.vouchers.signing import make_signer, register_key  # noqa: PLC0415 - a kiosk has no head office

        loaded = load("headoffice", config)
        with open_books(loaded) as database:
            public = make_signer(loaded.signing_key).public
            database.write(lambda connection: register_key(connection, public, datetime.now(UTC)))
        typer.echo(f"{loaded.signing_key}: key {public.id}. Copy the file to every process of this head office, keep")
        typer.echo("a copy apart from the database's, and start them anew: systemctl restart hexiao-headoffice")

    @key.command("list", help="List the keys.")
    def list_keys(config: ConfigFiles = _DEFAULT) -> None:
        from headoffice.vouchers.signing import all_keys  # noqa: PLC0415

        with open_books(load("headoffice", config)) as database:
            for row in database.read(all_keys):
                at = row["revoked_at"]
                standing = f"revoked {at:%F} by {row['revoked_by']}: {row['why']}" if at else "good"
                typer.echo(f"{row['id']}  {row['added_at']:%F}  {standing}")

    @key.command(help="Revoke a key: what it has signed is not accepted any more where there is no network.")
    def revoke(
        name: Annotated[str, typer.Argument(metavar="KEY")],
        *,
        why: Annotated[str, typer.Option(help="Why; it is kept.")],
        by: Annotated[str, typer.Option(help="Whose word this is; it is kept.")] = "",
        config: ConfigFiles = _DEFAULT,
    ) -> None:
        from headoffice.vouchers.signing import revoke_key  # noqa: PLC0415

        who, at = by or getpass.getuser(), datetime.now(UTC)
        with open_books(load("headoffice", config)) as database:
            database.write(lambda connection: revoke_key(connection, name, who, why, at))
        typer.echo(f"{name} is revoked; gateways that reach the head office know it within a minute")


@contextmanager
def open_books(config: Any) -> Iterator[Database]:  # noqa: ANN401 - the head office's own
    """Open the books until the block ends; what goes wrong is told, and ends the program."""
    from headoffice.database import open_database  # noqa: PLC0415
    from headoffice.errors import HeadOfficeError  # noqa: PLC0415

    try:
        database = open_database(config.database)
        try:
            yield database
        finally:
            database.close()
    except HeadOfficeError as error:
        typer.secho(f"hexiao headoffice: {error}", fg="red", err=True)
        raise typer.Exit(1) from error
