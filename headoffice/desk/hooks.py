"""Webhooks: who is told what, what has not arrived and why, telling it again; added, paused and removed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from headoffice.api.webhooks import WebhookIn
from headoffice.desk import recent
from headoffice.desk.deeds import Deed
from headoffice.desk.moments import moment
from headoffice.desk.problems import told
from headoffice.desk.shown import said
from headoffice.desk.visit import Gone, Outcome, Page, Shown, Visit
from headoffice.errors import RefusedError
from headoffice.outbox import hooks, queue
from headoffice.outbox.hooks import Form, Wanted
from headoffice.outbox.queue import Again
from headoffice.outbox.signature import key_of
from headoffice.outbox.telling import tell_test
from headoffice.outbox.types import ALARM, ALL, TYPES
from headoffice.staff.roles import Right

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from sqlalchemy import Connection

MOST_SHOWN = 50


def show(visit: Visit) -> Shown:
    """Show every webhook, and how much has not arrived."""

    def read(connection: Connection) -> list[dict[str, Any]]:
        zone = recent.zone_of(connection, None)
        return [_local(row, zone) for row in hooks.shown(connection)]

    return Shown(template="hooks.html", values={"hooks": visit.office.database.read(read)})


def show_one(visit: Visit) -> Shown:
    """Show a webhook and its newest deliveries; of a new one the form."""
    if visit.path["hook"] == "new":
        typed = {name: visit.form(name) for name in ("url", "form", "secret")}
        chosen = visit.form.every("events")
        forms = [(form.value, said(f"form_{form}", visit.lang)) for form in Form]
        values = {"it": {**typed, "events": chosen}, "forms": forms, "events": _events(visit.lang)}
        return Shown(template="new_hook.html", values=values)

    def read(connection: Connection) -> dict[str, Any]:
        zone = recent.zone_of(connection, None)
        (found,) = hooks.shown(connection, visit.path["hook"])
        rows = queue.listed(connection, found["id"], None, None, MOST_SHOWN)
        deliveries = [_local({**row, "error": told(row["error"], visit.lang)}, zone) for row in reversed(rows)]
        return {"it": _local(found, zone), "deliveries": deliveries}

    return Shown(template="hook.html", values={**visit.office.database.read(read), "events": _events(visit.lang)})


def act(visit: Visit) -> Outcome:
    """Add a webhook, change what it is told, try it, tell it again, give it a new secret, or remove it."""
    name, do = visit.path["hook"], visit.form("do")
    if name == "new":
        return _add(visit)

    def write(connection: Connection) -> str:
        (found,) = hooks.shown(connection, name)
        secret = _done(connection, visit, found)
        visit.note(connection, Deed.CHANGE_WEBHOOK, f"{name} {do or 'events'} {found['url']}")
        return secret

    if secret := visit.office.database.write(write):
        return _secret(name, secret)
    return Gone(to="/webhooks" if do == "remove" else f"/webhooks/{name}", done="saved")


def _done(connection: Connection, visit: Visit, found: dict[str, Any]) -> str:
    """Do what was asked for with a webhook; return its new secret, empty where it keeps the one that it has."""
    name, do = found["id"], visit.form("do")
    if (again := _replayed(connection, visit, do)) is not None:
        queue.replay(connection, name, again, visit.now)
        return ""
    match do:
        case "test":
            tell_test(connection, name, visit.now)
        case "rotate":
            return hooks.rotate(connection, name, visit.now)
        case "remove":
            hooks.remove(connection, name)
        case "pause" | "resume":
            hooks.change(connection, name, found["events"], paused=do == "pause")
        case _:
            hooks.change(connection, name, visit.form.every("events"), paused=found["paused"])
    return ""


def _replayed(connection: Connection, visit: Visit, do: str) -> Again | None:
    """Return what is to be told again; None where something else was asked for."""
    match do:
        case "again":
            return Again(event=visit.form("event"))
        case "parked":
            return Again(parked=True)
        case "since":
            since = moment(visit.form("since"), recent.zone_of(connection, None))
            if since is None:
                msg = "say from when on"
                raise RefusedError(msg)
            return Again(since=since)
        case _:
            return None


def _add(visit: Visit) -> Outcome:
    typed = {name: visit.form(name) for name in ("url", "form", "secret") if visit.form(name)}
    wanted = WebhookIn.model_validate({**typed, "events": visit.form.every("events")})
    visit.office.reach.check(wanted.url)
    if wanted.secret is not None and wanted.form is Form.EVENT:
        key_of(wanted.secret)
    given = Wanted(url=wanted.url, types=wanted.events, form=wanted.form, secret=wanted.secret)

    def write(connection: Connection) -> tuple[str, str]:
        name, secret = hooks.add(connection, given, visit.now)
        visit.note(connection, Deed.ADD_WEBHOOK, f"{name} {hooks.without_key(wanted.url)}")
        return name, secret

    name, secret = visit.office.database.write(write)
    # A bot's secret was given out by whoever made the bot.
    return _secret(name, secret) if wanted.form is Form.EVENT else Gone(to=f"/webhooks/{name}", done="saved")


def _secret(name: str, secret: str) -> Shown:
    return Shown(template="hook_secret.html", values={"id": name, "secret": secret})


def _events(lang: str) -> list[tuple[str, str]]:
    """Return what there is to be told, alarms at the end, with its name and a program's word for it."""
    names = [ALL, *sorted(TYPES, key=lambda name: name.startswith(ALARM))]
    return [(name, name if name == said(name, lang) else f"{said(name, lang)} {name}") for name in names]


def _local(row: dict[str, Any], zone: ZoneInfo) -> dict[str, Any]:
    moments = ("added_at", "waiting_since", "at", "due", "delivered_at")
    return {**row, **{name: row[name].astimezone(zone) for name in moments if row.get(name)}}


PAGES = (
    Page(path="/webhooks", right=Right.CHANGE_WEBHOOKS, show=show, name="webhooks"),
    Page(
        path="/webhooks/{hook}",
        right=Right.CHANGE_WEBHOOKS,
        show=show_one,
        do=act,
        do_right=Right.CHANGE_WEBHOOKS,
        under="webhooks",
    ),
)
