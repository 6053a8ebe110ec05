"""What the verbs share on the terminal: sentences, tables, and the parties that options name."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from provisioning.authority import Authority
    from provisioning.broker import Broker
    from provisioning.clients import GatewayClient, HeadOfficeClient

PIPE_WIDTH = 1000


@contextmanager
def told() -> Iterator[None]:
    """Turn what went wrong into one sentence and exit code 1."""
    from provisioning.errors import ProvisioningError  # noqa: PLC0415

    try:
        yield
    except ProvisioningError as error:
        complain(error)
        raise typer.Exit(1) from error


def complain(error: object) -> None:
    """Print an error, or a sentence, for people."""
    typer.secho(f"hexiao provision: {error}", fg="red", err=True)


def open_authority(folder: Path) -> Authority:
    """Return the certificate authority that an option names."""
    from provisioning.authority import Authority  # noqa: PLC0415

    return Authority.load(folder)


def open_broker(folder: Path) -> Broker:
    """Return the broker that an option names."""
    from provisioning.broker import Broker  # noqa: PLC0415

    return Broker(folder)


def gateway_at(url: str, token_file: Path) -> GatewayClient:
    """Return the gateway that two options name."""
    from provisioning.clients import Door, GatewayClient, read_token  # noqa: PLC0415

    return GatewayClient(Door("gateway", url, read_token(token_file)))


def headoffice_at(url: str, token_file: Path) -> HeadOfficeClient:
    """Return the head office that two options name."""
    from provisioning.clients import Door, HeadOfficeClient, read_token  # noqa: PLC0415

    return HeadOfficeClient(Door("head office", url, read_token(token_file)))


def show_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table in which nothing is cut off; one that goes into a pipe has a line a row."""
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415

    table = Table()
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*row)
    console = Console(width=None if sys.stdout.isatty() else PIPE_WIDTH)
    console.print(table, crop=False)
