"""``hexiao device|gateway|headoffice restore``: a person's word that an older copy is the one to go on with (rule 11).

A party whose journal or books were put back finds that out from its peers, and stops. Nobody but a person can know
that nothing newer is to be had.
"""

from __future__ import annotations

import getpass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Callable

ConfigFiles = Annotated[list[Path], typer.Option("--config", "-c", help="TOML file; several are merged.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]

_MEANING = {
    "device": "What this kiosk wrote after the copy was made is lost to it; gateway and head office keep theirs.",
    "gateway": "What this gateway wrote after the copy was made is lost to it; kiosks and head office keep theirs.",
    "headoffice": "What was issued, given away or withdrawn after the copy was made is lost. Redemptions come back: "
    "those on customers' pages from the head office's own journal, the others from the gateways. No voucher is "
    "redeemed until every gateway that could have redeemed it has uploaded its journal, or was declared lost. "
    "Every lease is recalled: lend anew after that.",
}
_AGAIN = {"device": "hexiao-device", "gateway": "hexiao-gateway"}


def add_restore(room: typer.Typer, name: str, load: Callable[[str, list[Path]], Any]) -> None:
    """Add the verb to a room's commands; ``load`` reads its configuration."""
    default = [Path(f"/etc/hexiao/{name}.toml")]
    if name == "headoffice":
        _add_headoffice(room, load, default)
        return

    @room.command(help=f"Go on with an older copy of the journal that was put back. {_MEANING[name]}")
    def restore(config: ConfigFiles = default, *, yes: Yes = False) -> None:
        journal = _journal(name, load(name, config))
        _confirm(name, yes=yes)
        generation = _restored(name, journal)
        typer.echo(f"{journal}: generation {generation} begins. Start it anew: systemctl restart {_AGAIN[name]}")


def _add_headoffice(room: typer.Typer, load: Callable[[str, list[Path]], Any], default: list[Path]) -> None:
    @room.command(help=f"Go on with older books that were put back. {_MEANING['headoffice']}")
    def restore(  # noqa: PLR0913 - options of a command line
        config: ConfigFiles = default,
        *,
        by: Annotated[str, typer.Option(help="Whose word this is; it is kept.")] = "",
        lost: Annotated[str, typer.Option(metavar="GATEWAY", help="Declare that its journal will never come.")] = "",
        why: Annotated[str, typer.Option(help="Why it is lost; it is kept.")] = "",
        status: Annotated[bool, typer.Option("--status", help="Only say how things stand.")] = False,
        yes: Yes = False,
    ) -> None:
        from headoffice.database import open_database  # noqa: PLC0415
        from headoffice.errors import HeadOfficeError  # noqa: PLC0415
        from headoffice.redemptions import standing  # noqa: PLC0415 - a kiosk has no head office
        from headoffice.redemptions.own_journal import OwnJournal  # noqa: PLC0415
        from headoffice.redemptions.uploads import restore_with  # noqa: PLC0415

        who, at = by or getpass.getuser(), datetime.now(UTC)
        if lost and not why:
            msg = "say why it is lost: --why 'the disk is broken'"
            raise typer.BadParameter(msg)
        try:
            loaded = load("headoffice", config)
            database = open_database(loaded.database)
            try:
                if lost:
                    database.write(lambda connection: standing.declare_lost(connection, lost, who, why, at))
                elif not status:
                    _confirm("headoffice", yes=yes)
                    entries = OwnJournal(loaded.own_journal).entries()
                    differing = database.write(lambda connection: restore_with(connection, entries, who, at))
                    typer.echo(f"{len(entries)} rids are in {loaded.own_journal}")
                    for found in differing:
                        typer.secho(f"differs: {found}", fg="yellow")
                _tell(database.read(standing.status))
            finally:
                database.close()
        except HeadOfficeError as error:
            typer.secho(f"hexiao headoffice: {error}", fg="red", err=True)
            raise typer.Exit(1) from error


def _journal(name: str, config: Any) -> Path:  # noqa: ANN401 - each room has a Config of its own
    return Path(config.journal.path) if name == "device" else Path(config.data) / "journal.db"


def _restored(name: str, journal: Path) -> int:
    from service.database import DatabaseError  # noqa: PLC0415 - imported when called, as all the rest

    try:
        if name == "device":
            from device.errors import JournalError  # noqa: PLC0415
            from device.journal import restore as begin  # noqa: PLC0415

            try:
                return begin(journal)
            except JournalError as error:
                raise DatabaseError(error) from error
        from gateway.journal import restore as begin_at_gateway  # noqa: PLC0415

        return begin_at_gateway(journal)
    except DatabaseError as error:
        typer.secho(f"hexiao {name}: {error}", fg="red", err=True)
        raise typer.Exit(1) from error


def _confirm(name: str, *, yes: bool) -> None:
    if not yes:
        typer.echo(_MEANING[name])
        typer.confirm("Is there really nothing newer than this copy?", abort=True)


def _tell(status: dict[str, Any]) -> None:
    """Say how things stand, and what to do next."""
    typer.echo(f"generation {status['generation']}")
    if (stopped := status["stopped"]) is not None:
        typer.secho(f"stopped: {stopped['gateway']} remembers {stopped['shown']}; run this without --status", fg="red")
    for gateway in status["awaited"]:
        typer.secho(f"waits for the journal of {gateway}; is it lost? --lost {gateway} --why …", fg="yellow")
    for found in status["discrepancies"]:
        typer.secho(f"differs: {found['rid']} of {found['gateway']}: {found['what']}", fg="yellow")
    if stopped is None and not status["awaited"]:
        typer.secho("All journals are in.", fg="green")
