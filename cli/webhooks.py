"""``hexiao headoffice webhooks``: who is told of events, trying that, and telling again."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlencode

import typer

from cli.running import call

if TYPE_CHECKING:
    from collections.abc import Callable

#: A test gets so long to arrive, and is looked after so often.
TEST_S, LOOK_S = 30.0, 0.5
_API = "/api/v1/webhooks"

ConfigFiles = Annotated[list[Path], typer.Option("--config", "-c", help="TOML file; several are merged.")]
Name = Annotated[str, typer.Argument(metavar="WEBHOOK", help="Its id, as `list` shows it.")]
Events = Annotated[list[str], typer.Option("--event", "-e", help="An event, again for each; `*` for all of them.")]
_DEFAULT = [Path("/etc/hexiao/headoffice.toml")]


def add_webhooks(room: typer.Typer, load: Callable[[str, list[Path]], Any]) -> None:
    """Add the verbs to the head office's commands; ``load`` reads its configuration."""
    verbs = typer.Typer(help="Webhooks: who is told of events, trying that, telling again.", no_args_is_help=True)
    room.add_typer(verbs, name="webhooks")

    def ask(config: list[Path], method: str, path: str = "", body: Any = None) -> Any:  # noqa: ANN401 - plain values
        return call(load("headoffice", config), method, _API + path, body)

    _add_looking(verbs, ask)
    _add_changing(verbs, ask)


def _add_looking(verbs: typer.Typer, ask: Callable[..., Any]) -> None:
    @verbs.command("list", help="List them, with how many deliveries wait and are parked.")
    def list_webhooks(config: ConfigFiles = _DEFAULT) -> None:
        rows = ask(config, "GET")
        for row in rows:
            typer.echo(_line(row))
        if not rows:
            typer.secho("There is no webhook: nobody is told of anything.", err=True)

    @verbs.command(help="List the events that there are.")
    def events(config: ConfigFiles = _DEFAULT) -> None:
        for name, what in ask(config, "GET", "/events").items():
            typer.echo(f"{name:24}{what}")

    @verbs.command(help="Show a webhook's newest deliveries, one JSON object a line.")
    def show(
        name: Name,
        *,
        state: Annotated[str, typer.Option(help="waiting, delivered or parked.")] = "",
        event: Annotated[str, typer.Option(help="Id of one event.")] = "",
        most: Annotated[int, typer.Option(min=1, max=1000, help="How many.")] = 20,
        config: ConfigFiles = _DEFAULT,
    ) -> None:
        chosen = urlencode({"most": most, **{key: word for key, word in (("state", state), ("event", event)) if word}})
        for row in ask(config, "GET", f"/{name}/deliveries?{chosen}"):
            typer.echo(json.dumps(row, ensure_ascii=False))

    @verbs.command(help="Have an event delivered that only tries the way, and say what came of it.")
    def test(name: Name, config: ConfigFiles = _DEFAULT) -> None:
        event = ask(config, "POST", f"/{name}/test")["event"]
        row = _tried(lambda: ask(config, "GET", f"/{name}/deliveries?event={event}")[0])
        if row["state"] != "delivered":
            typer.secho(f"{event} has not arrived: {row['error'] or 'not tried yet'}", fg="red", err=True)
            raise typer.Exit(1)
        typer.secho(f"{event} has arrived.", fg="green")


def _add_changing(verbs: typer.Typer, ask: Callable[..., Any]) -> None:
    @verbs.command(help="Add one; its secret is printed here only.")
    def add(
        url: Annotated[str, typer.Argument(help="Where events are posted to: https://…")],
        event: Events,
        *,
        form: Annotated[str, typer.Option(help="event, or of a group's bot wecom or dingtalk.")] = "event",
        secret_file: Annotated[
            Path | None, typer.Option(help="Holds its secret, such as the one of a dingtalk bot; else one is drawn.")
        ] = None,
        config: ConfigFiles = _DEFAULT,
    ) -> None:
        secret = None if secret_file is None else secret_file.read_text(encoding="utf-8").strip()
        added = ask(config, "POST", "", {"url": url, "events": event, "form": form, "secret": secret})
        typer.echo(f"webhook {added['id']}")
        if secret is None and added["secret"]:
            typer.echo(f"secret  {added['secret']}")

    @verbs.command(help="Give one a new secret, printed here only; for two days the old one signs too.")
    def rotate(name: Name, config: ConfigFiles = _DEFAULT) -> None:
        typer.echo(f"secret  {ask(config, 'POST', f'/{name}/rotate')['secret']}")

    @verbs.command(help="Say what one is told from now on, or pause it: then it is told later.")
    def change(name: Name, event: Events, *, paused: bool = False, config: ConfigFiles = _DEFAULT) -> None:
        typer.echo(_line(ask(config, "PUT", f"/{name}", {"events": event, "paused": paused})))

    @verbs.command(help="Remove one, with what it was not told yet.")
    def remove(name: Name, config: ConfigFiles = _DEFAULT) -> None:
        ask(config, "DELETE", f"/{name}")
        typer.echo(f"{name} is removed")

    @verbs.command(help="Deliver again: what is parked, one event, or what happened from a moment on.")
    def replay(
        name: Name,
        *,
        parked: Annotated[bool, typer.Option("--parked", help="What was tried for days.")] = False,
        event: Annotated[str, typer.Option(help="Id of one event.")] = "",
        since: Annotated[str, typer.Option(help="From this moment on, such as 2026-11-21T12:00:00+08:00.")] = "",
        config: ConfigFiles = _DEFAULT,
    ) -> None:
        chosen = {"event": event or None, "parked": parked, "since": since or None}
        typer.echo(f"{ask(config, 'POST', f'/{name}/replay', chosen)['deliveries']} deliveries are made again")


def _tried(look: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Return a delivery once it was tried, or as it is after a while."""
    until = time.monotonic() + TEST_S
    while True:
        row = look()
        if row["state"] == "delivered" or row["error"] or time.monotonic() > until:
            return row
        time.sleep(LOOK_S)


def _line(row: dict[str, Any]) -> str:
    behind = f"  {row['waiting']} waiting since {row['waiting_since']}" if row["waiting"] else ""
    parked = f"  {row['parked']} parked" if row["parked"] else ""
    paused = "  paused" if row["paused"] else ""
    return f"{row['id']}  {row['url']}  {row['form']}  {','.join(row['events'])}{paused}{behind}{parked}"
