"""``hexiao provision``: certificate authority, broker, gateway, stores and kiosks, from the technician's terminal.

Only words and options; what is done stands in ``provisioning.verbs``, which is imported when a verb is called: a kiosk
has none of it installed. Exit codes: 0 done, 1 refused or failed (standard error says what), 2 wrong usage.
"""

from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.provision.config import load_option_values
from cli.provision.counters import kiosk_app, store_app
from cli.provision.services import broker_app, ca_app, gateway_app, headoffice_app
from cli.provision.terminal import complain
from service.config import ConfigError

app = typer.Typer(
    help="Set up and look after stores, gateways and kiosks. Any verb may be given again: it keeps keys and renews.",
    no_args_is_help=True,
)
app.add_typer(ca_app, name="ca")
app.add_typer(broker_app, name="broker")
app.add_typer(gateway_app, name="gateway")
app.add_typer(headoffice_app, name="headoffice")
app.add_typer(store_app, name="store")
app.add_typer(kiosk_app, name="kiosk")


@app.callback()
def provision(
    context: typer.Context,
    config: Annotated[
        Path | None,
        typer.Option(
            "--config",
            "-c",
            envvar="HEXIAO_PROVISION",
            show_default="/etc/hexiao/provision.toml, where it is",
            help="TOML file with options for all verbs.",
        ),
    ] = None,
) -> None:
    """Take options that are not given from the file."""
    if find_spec("cryptography") is None:
        complain("this machine has a kiosk's packages only; provision from the gateway's machine")
        raise typer.Exit(1)
    try:
        values = load_option_values(config)
    except ConfigError as error:
        complain(error)
        raise typer.Exit(2) from error
    groups: dict[str, Any] = getattr(context.command, "commands", {})
    context.default_map = {name: dict.fromkeys(group.commands, values) for name, group in groups.items()}
