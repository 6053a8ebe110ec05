"""``hexiao headoffice notices``: what customers were told or are to be, the words of it, and trying the ways."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlencode

import typer

from cli.running import call

if TYPE_CHECKING:
    from collections.abc import Callable

_API = "/api/v1/notices"
_DEFAULT = [Path("/etc/hexiao/headoffice.toml")]

ConfigFiles = Annotated[list[Path], typer.Option("--config", "-c", help="TOML file; several are merged.")]


class Way(StrEnum):
    """A channel, as the command line has it."""

    SMS = "sms"
    WECHAT = "wechat"
    EMAIL = "email"


class Lang(StrEnum):
    """A language."""

    ZH = "zh"
    EN = "en"


def add_notices(room: typer.Typer, load: Callable[[str, list[Path]], Any]) -> None:
    """Add the verbs to the head office's commands; ``load`` reads its configuration."""
    verbs = typer.Typer(help="Notices to customers: what waits, its words, trying the ways.", no_args_is_help=True)
    room.add_typer(verbs, name="notices")

    @verbs.command("list", help="Show the newest notices, one JSON object a line; none says to whom it goes.")
    def list_notices(
        *,
        state: Annotated[str, typer.Option(help="waiting, delivered or dropped.")] = "",
        channel: Annotated[Way | None, typer.Option(help="One way alone.")] = None,
        most: Annotated[int, typer.Option(min=1, max=1000, help="How many.")] = 20,
        config: ConfigFiles = _DEFAULT,
    ) -> None:
        chosen = urlencode({"most": most, **({"state": state} if state else {}), **_of(channel)})
        for row in call(load("headoffice", config), "GET", f"{_API}?{chosen}"):
            typer.echo(json.dumps(row, ensure_ascii=False))

    @verbs.command(help="Have one tried again at once that waits or was dropped, where it is still true.")
    def again(
        notice: Annotated[str, typer.Argument(help="Its id, as `list` shows it.")], config: ConfigFiles = _DEFAULT
    ) -> None:
        call(load("headoffice", config), "POST", f"{_API}/again", {"id": notice})
        typer.echo(f"{notice} is tried again")

    @verbs.command(help="Print each sentence as a carrier of text messages wants it registered.")
    def words(lang: Annotated[Lang, typer.Option(help="In which language.")] = Lang.ZH) -> None:
        from headoffice.notices.kinds import Occasion  # noqa: PLC0415 - loaded when called, as all the rest
        from headoffice.notices.words import registered  # noqa: PLC0415

        for occasion in Occasion:
            typer.echo(f"{occasion:16}{registered(lang, occasion)}")

    @verbs.command(help="Send an example to yourself, and say what the carrier has answered.")
    def test(
        way: Way,
        to: Annotated[str, typer.Argument(help="Your telephone number, openid or address.")],
        *,
        lang: Annotated[Lang, typer.Option(help="In which language.")] = Lang.ZH,
        config: ConfigFiles = _DEFAULT,
    ) -> None:
        from headoffice.errors import StartError  # noqa: PLC0415
        from headoffice.notices.ports import Unsent  # noqa: PLC0415
        from headoffice.notices.trial import try_out  # noqa: PLC0415

        loaded = load("headoffice", config)
        try:
            said = try_out(loaded.notices, way, to, lang, loaded.public_url)
        except StartError as error:
            typer.secho(f"hexiao headoffice: {error}", fg="red", err=True)
            raise typer.Exit(1) from error
        if isinstance(said, Unsent):
            typer.secho(f"It was not taken: {said.why}", fg="red", err=True)
            raise typer.Exit(1)
        typer.secho(f"It was taken, as {said.number}.", fg="green")


def _of(channel: Way | None) -> dict[str, str]:
    return {} if channel is None else {"channel": channel.value}
