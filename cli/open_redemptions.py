"""``hexiao headoffice open|decide``: redemptions without an end, and a person's word where nothing else ends one.

The running head office is asked, by its own API: only a process that has itself waited long enough can know that no
consume is under way any more.
"""

from __future__ import annotations

import getpass
import json
import urllib.error
import urllib.request
from enum import StrEnum
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Callable

ANSWER_S = 10
_ANYWHERE = {"", "0.0.0.0", "::"}  # noqa: S104 - asked about, not bound

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
        rows = _call(load("headoffice", config), "GET", "/api/v1/redemptions/open")
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
        decided = _call(load("headoffice", config), "POST", f"/api/v1/redemptions/{rid}/decide", word)
        typer.echo(f"{rid} has ended: {decided['verdict']}")


def _line(row: dict[str, Any]) -> str:
    voucher = f"{row['platform']} {row['voucher']}" if row["platform"] else "-"
    do = ""
    if row["decidable"]:
        wait_s = row["nothing_spent_in_s"] or 0
        do = "  decide: ours" + (f"; others, nobody in {wait_s:.0f} s" if wait_s else ", others, nobody")
    where = f"{row['store_name']} ({row['kiosk']})"
    return f"{row['rid']}  {row['since']}  {where}  {voucher}  …{row['code_tail'] or ''}  {row['phase']}{do}"


def _call(config: Any, method: str, path: str, body: Any = None) -> Any:  # noqa: ANN401 - plain values
    """Return what the running head office answers; end the command with its words where it refuses."""
    host = "127.0.0.1" if config.public.host in _ANYWHERE else config.public.host
    url = f"http://{f'[{host}]' if ':' in host else host}:{config.public.port}{path}"
    try:
        token = config.token_file.read_text(encoding="utf-8").strip()
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(url, data, headers, method=method)
        with urllib.request.urlopen(request, timeout=ANSWER_S) as answer:  # noqa: S310 - always http, just built
            return json.load(answer)
    except urllib.error.HTTPError as error:
        raise _refused(_hint(error)) from error
    except OSError as error:
        hint = f"{url}: {error}; does the head office run?"
        raise _refused(hint) from error


def _hint(error: urllib.error.HTTPError) -> str:
    try:
        return str(json.load(error)["hint"])
    except (ValueError, KeyError, TypeError):
        return f"{error.code} {HTTPStatus(error.code).phrase}"


def _refused(why: str) -> typer.Exit:
    typer.secho(f"hexiao headoffice: {why}", fg="red", err=True)
    return typer.Exit(1)
