"""Voucher types: those in force, drafts and the decision about them by somebody else than their author (审核)."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter
from sqlalchemy import select

from headoffice.api.fields import Id
from headoffice.api.voucher_types import Channel, TypeIn, TypeOut, Weekday
from headoffice.desk import recent, shown
from headoffice.desk.deeds import Deed
from headoffice.desk.places import options
from headoffice.desk.typeform import as_fields, changes, read_type
from headoffice.desk.visit import Gone, Page, Shown, Visit
from headoffice.errors import NotAllowedError, RefusedError, TakenError
from headoffice.notices.kinds import Channel as Way
from headoffice.staff.roles import Right
from headoffice.tables.schema import type_drafts
from headoffice.vouchers import drafts
from headoffice.vouchers import types as voucher_types
from headoffice.vouchers.drafts import Decision
from protocol.kinds import Kind

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from sqlalchemy import Connection

_ID: TypeAdapter[str] = TypeAdapter(Id)


def show_types(visit: Visit) -> Shown:
    """Show drafts and types."""

    def read(connection: Connection) -> dict[str, object]:
        in_force = {row["id"]: TypeOut.of(row) for row in voucher_types.all_types(connection)}
        zone = recent.zone_of(connection, None)
        waiting = [_draft(row, in_force.get(row["type"]), zone, visit.lang) for row in drafts.all_drafts(connection)]
        named = [made for made in in_force.values() if not made.id.startswith(voucher_types.UNNAMED)]
        return {"types": named, "drafts": waiting, "in_force": set(in_force)}

    return Shown(template="types.html", values=visit.office.database.read(read))


def named_types(connection: Connection) -> dict[str, str]:
    """Return the titles of the types in force that somebody has drawn up, by their ids."""
    rows = voucher_types.all_types(connection)
    return {row["id"]: row["title"] for row in rows if not row["id"].startswith(voucher_types.UNNAMED)}


def _draft(row: dict[str, Any], before: TypeOut | None, zone: ZoneInfo, lang: str) -> dict[str, Any]:
    wanted = TypeIn.model_validate_json(row["body"])
    told = {name: row[name] for name in ("state", "author", "reason", "decided_by")}
    return {
        **told,
        "id": row["type"],
        "at": row["at"].astimezone(zone),
        "type": wanted,
        "seen": _seal(row["body"]),
        "changes": [] if before is None else changes(before, wanted, lang),
    }


def decide(visit: Visit) -> Gone:
    """Put a draft in force, or send it back to its author."""
    type_id, why, at = visit.form("type"), visit.form("why"), visit.now
    approves = visit.form("decision") == "approve"
    decision = Decision(by=visit.person.login, at=at, reason=None if approves else why)
    if not approves and not why:
        msg = "say what has to change"
        raise RefusedError(msg)

    def write(connection: Connection) -> None:
        if approves:
            body = drafts.approve(connection, type_id, decision)
            if _seal(body) != visit.form("seen"):
                msg = f"{type_id} was drawn up anew meanwhile; look at it again"
                raise NotAllowedError(msg)
            wanted = TypeIn.model_validate_json(body)
            voucher_types.put_type(connection, type_id, wanted.columns(), wanted.stores)
        else:
            drafts.reject(connection, type_id, decision)
        visit.note(connection, Deed.APPROVE if approves else Deed.REJECT, type_id, why)

    visit.office.database.write(write)
    return Gone(to="/types", done="approve" if approves else "reject")


def show_type(visit: Visit) -> Shown:
    """Show the form of a type: as it was drawn up last, else as it is in force, else empty."""
    fresh = visit.path["type"] == "new"

    def read(connection: Connection) -> dict[str, object]:
        zone = recent.zone_of(connection, None)
        if visit.problem:
            it: dict[str, Any] = {name: visit.form(name) for name in as_fields("", None, zone)}
            it |= {name: visit.form.every(name) for name in ("weekdays", "channels", "notices", "stores")}
            it["id"] = visit.form("id") or visit.path["type"]
        else:
            it = as_fields("" if fresh else visit.path["type"], None if fresh else _latest(connection, visit), zone)
        # Those that are chosen first, in their order, which is the order in which they are tried.
        ways = list(dict.fromkeys([*it["notices"], *Way]))
        told = [(way, shown.said(way, visit.lang)) for way in ways]
        return {"it": it, "stores": options(connection, visit), "ways": told}

    lists = {
        "kinds": [(kind.value, shown.kind(kind, visit.lang)) for kind in Kind],
        "weekdays": [(day.value, shown.said(day, visit.lang)) for day in Weekday],
        "channels": [(channel.value, shown.said(channel, visit.lang)) for channel in Channel],
    }
    return Shown(template="type.html", values={"fresh": fresh, **lists, **visit.office.database.read(read)})


def _latest(connection: Connection, visit: Visit) -> TypeIn:
    type_id = visit.path["type"]
    body = connection.execute(select(type_drafts.c.body).where(type_drafts.c.type == type_id)).scalar()
    if body is not None:
        return TypeIn.model_validate_json(body)
    voucher_types.find_type(connection, type_id)
    return next(TypeOut.of(row) for row in voucher_types.all_types(connection) if row["id"] == type_id)


def draw_up(visit: Visit) -> Gone:
    """Draw up a type, a change of one, or a rejected draft again."""
    fresh = visit.path["type"] == "new"
    type_id = _ID.validate_python(visit.form("id") if fresh else visit.path["type"])

    def write(connection: Connection) -> None:
        if fresh and _is_there(connection, type_id):
            msg = f"there is a type {type_id} already"
            raise TakenError(msg)
        wanted = read_type(visit.form, recent.zone_of(connection, None))
        voucher_types.check_type(connection, wanted.columns(), wanted.stores)
        body = wanted.model_dump_json(by_alias=True)
        drafts.submit(connection, type_id, body, visit.person.login, visit.now)
        visit.note(connection, Deed.DRAW_UP, f"{type_id} {wanted.title}")

    visit.office.database.write(write)
    return Gone(to="/types", done="submit")


def _is_there(connection: Connection, type_id: str) -> bool:
    drawn = connection.execute(select(type_drafts.c.type).where(type_drafts.c.type == type_id)).first()
    return drawn is not None or any(row["id"] == type_id for row in voucher_types.all_types(connection))


def _seal(body: str) -> str:
    return hashlib.sha256(body.encode()).hexdigest()[:16]


PAGES = (
    Page(path="/types", right=Right.SEE_SALES, show=show_types, name="types", do=decide, do_right=Right.DRAW_UP),
    Page(
        path="/types/{type}",
        right=Right.DRAW_UP,
        show=show_type,
        do=draw_up,
        do_right=Right.DRAW_UP,
        under="types",
    ),
)
