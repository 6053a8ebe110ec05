"""``hexiao``: run and check the processes, provision kiosks, decode pictures, rehearse the counter.

What a verb needs is imported when it is called: a kiosk has no head office installed, and should not load one to say
``--help``.
"""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.alarms import add_alarms
from cli.keys import add_keys
from cli.notices import add_notices
from cli.open_redemptions import add_open_redemptions
from cli.people import add_people
from cli.practice import add_practice
from cli.provision import app as provision_app
from cli.restore import add_restore
from cli.sheets import add_sheets
from cli.webhooks import add_webhooks
from service.config import ConfigError, load_config, shown

app = typer.Typer(
    name="hexiao",
    help="The counter kiosk that redeems vouchers, its gateway and its head office.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)

ConfigFiles = Annotated[
    list[Path],
    typer.Option("--config", "-c", help="TOML file; several are merged, later ones win.", show_default=True),
]

_ROOMS = {
    "device": "The kiosk on the counter.",
    "gateway": "The store's decider: who may redeem what where.",
    "headoffice": "The owner of vouchers, stores, clerks and the ledger.",
}


def main() -> None:
    """Entry point of the console script."""
    app()


def _room(name: str, what: str) -> typer.Typer:
    """Return ``hexiao NAME run|check``."""
    room = typer.Typer(help=what, no_args_is_help=True)
    default = [Path(f"/etc/hexiao/{name}.toml")]

    @room.command(help=f"Run it until SIGTERM. {what}")
    def run(config: ConfigFiles = default) -> None:
        from service.logs import start_logging  # noqa: PLC0415 - imported when called, as all the rest

        loaded = _load(name, config)
        start_logging(loaded.log.level)
        sys.exit(importlib.import_module(f"{name}.main").run(loaded))

    @room.command(help="Print the merged configuration, secrets masked, and what is wrong with it.")
    def check(config: ConfigFiles = default) -> None:
        loaded = _load(name, config)
        typer.echo(json.dumps(shown(loaded), indent=2, ensure_ascii=False))
        troubles = importlib.import_module(f"{name}.config").troubles(loaded)
        for trouble in troubles:
            typer.secho(f"! {trouble}", fg="red", err=True)
        if troubles:
            raise typer.Exit(1)
        typer.secho("The configuration can be used.", fg="green", err=True)

    add_restore(room, name, _load)
    if name == "headoffice":
        add_alarms(room, _load)
        add_keys(room, _load)
        add_notices(room, _load)
        add_open_redemptions(room, _load)
        add_people(room, _load)
        add_practice(room, _load)
        add_sheets(room, _load)
        add_webhooks(room, _load)
    return room


def _load(name: str, files: list[Path]) -> Any:  # noqa: ANN401 - each room has a Config of its own
    kind = importlib.import_module(f"{name}.config").Config
    try:
        return load_config(kind, *files)
    except ConfigError as error:
        typer.secho(f"hexiao {name}: {error}", fg="red", err=True)
        raise typer.Exit(2) from error


@app.command()
def decode(
    files: Annotated[list[Path], typer.Argument(help="Pictures: PNG, JPEG or WebP.")],
    *,
    native: Annotated[bool, typer.Option("--native", help="Leave the pixels as they are.")] = False,
) -> None:
    """Read the codes in pictures as a kiosk would; print one JSON object a line."""
    from cli.decode import decode as read  # noqa: PLC0415 - the readers are loaded only here

    read(files, native=native)


@app.command()
def demo(  # noqa: PLR0913 - options of a command line
    *,
    port: Annotated[int | None, typer.Option(help="Port of the counter's page; else the next free one.")] = None,
    data: Annotated[Path | None, typer.Option(help="Folder to keep; else a temporary one.")] = None,
    kiosks: Annotated[int, typer.Option(min=1, max=64, help="How many kiosks stand on counters.")] = 1,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open the counter's page.")] = True,
    database: Annotated[
        str | None, typer.Option(help="The head office's PostgreSQL: postgresql+psycopg://…; else a file in --data.")
    ] = None,
    platform: Annotated[
        bool,
        typer.Option("--platform", help="A platform of cards takes part: POST /api/platform/… tells it what to do."),
    ] = False,
) -> None:
    """Run the whole counter on this machine: broker, head office, gateway, kiosks, and a page to play with them."""
    from cli.demo import demo as rehearse  # noqa: PLC0415 - the simulator is loaded only here

    sys.exit(rehearse(port=port, data=data, kiosks=kiosks, browser=browser, database=database, platform=platform))


@app.command()
def version() -> None:
    """Print the version."""
    from importlib.metadata import version as installed  # noqa: PLC0415

    typer.echo(f"hexiao {installed('hexiao')}")


for _name, _what in _ROOMS.items():
    app.add_typer(_room(_name, _what), name=_name)
app.add_typer(provision_app, name="provision")

if __name__ == "__main__":
    main()
