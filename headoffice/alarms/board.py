"""The alarms in the books: each is told when it is raised, once a day while it lasts, and when it is over.

Who reports names everything that is wrong as he sees it. What was open of his and is not named any more has ended.
Several head offices take reports at once: the reporter's row is held meanwhile.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from sqlalchemy import delete, or_, select, update

from headoffice.alarms import words
from headoffice.alarms.words import Said
from headoffice.outbox.telling import Event, tell
from headoffice.outbox.types import ALARM_ENDED, ALARM_RAISED, ALARM_REMINDED
from headoffice.registry import put
from headoffice.tables.alarms import alarm_reporters, alarms
from headoffice.tables.schema import gateway_stores, gateways, stores
from protocol.alarms import Alarm, AlarmKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

REMINDED = timedelta(days=1)
#: A report that says nothing new is written down after so long only: it says that its reporter is there.
NOTED = timedelta(minutes=3)
#: A gateway that was heard and has said nothing for so long is silent.
SILENT = timedelta(minutes=10)
#: Who finds what only the head office can: the same whichever of its processes does.
HEAD_OFFICE = "headoffice"
#: What has ended is listed for so long.
LISTED = timedelta(days=7)

Key = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    alarm: Alarm
    told_at: datetime

    @property
    def key(self) -> Key:
        return self.alarm.kind, self.alarm.about


def report(connection: Connection, reporter: str, found: Sequence[Alarm], at: datetime) -> None:
    """Take a report: raise what is new, remind of what lasts, end what is not named any more."""
    held = select(alarm_reporters.c.heard_at).where(alarm_reporters.c.reporter == reporter).with_for_update()
    heard_at = connection.execute(held).scalar()
    if heard_at is None or at - heard_at >= NOTED:
        put(connection, alarm_reporters, {"reporter": reporter}, {"heard_at": at})
    known = {one.key: one for one in _open(connection, reporter)}
    named = {(alarm.kind.value, alarm.about): alarm for alarm in found}
    for key, alarm in named.items():
        before = known.get(key)
        if before is None:
            _write(connection, reporter, alarm, at)
            _tell(connection, ALARM_RAISED, reporter, alarm, at)
        elif at - before.told_at >= REMINDED:
            _write(connection, reporter, alarm, at)
            _tell(connection, ALARM_REMINDED, reporter, alarm, at)
    for key, before in known.items():
        if key not in named:
            ended = update(alarms).where(
                alarms.c.reporter == reporter, alarms.c.kind == key[0], alarms.c.about == key[1]
            )
            connection.execute(ended.values(ended_at=at))
            _tell(connection, ALARM_ENDED, reporter, before.alarm, at)


def changes_nothing(connection: Connection, reporter: str, found: Sequence[Alarm], at: datetime) -> bool:
    """Whether a report needs no write; what most of them are."""
    heard_at = connection.execute(
        select(alarm_reporters.c.heard_at).where(alarm_reporters.c.reporter == reporter)
    ).scalar()
    if heard_at is None or at - heard_at >= NOTED:
        return False
    known = _open(connection, reporter)
    if any(at - one.told_at >= REMINDED for one in known):
        return False
    return {one.key for one in known} == {(alarm.kind.value, alarm.about) for alarm in found}


def silent_gateways(connection: Connection, at: datetime) -> list[Alarm]:
    """Return the gateways that have told of themselves before and do not any more."""
    found = connection.execute(
        select(gateways.c.id, alarm_reporters.c.heard_at)
        .join(alarm_reporters, alarm_reporters.c.reporter == gateways.c.id)
        .where(alarm_reporters.c.heard_at <= at - SILENT)
        .order_by(gateways.c.id)
    ).all()
    return [
        Alarm(
            kind=AlarmKind.GATEWAY_SILENT,
            about=row.id,
            store=_store_of(connection, row.id),
            since=row.heard_at.timestamp(),
        )
        for row in found
    ]


def end_gone(connection: Connection, at: datetime) -> None:
    """End what machines have reported that are head offices no more."""
    gone = select(alarm_reporters.c.reporter).where(
        alarm_reporters.c.reporter.startswith(f"{HEAD_OFFICE} "), alarm_reporters.c.heard_at <= at - REMINDED
    )
    for reporter in connection.execute(gone).scalars().all():
        report(connection, reporter, (), at)
        connection.execute(delete(alarm_reporters).where(alarm_reporters.c.reporter == reporter))


def listed(connection: Connection, at: datetime) -> list[dict[str, Any]]:
    """Return the alarms that are open, and those that ended lately, in words too; the newest first."""
    lately = or_(alarms.c.ended_at.is_(None), alarms.c.ended_at > at - LISTED)
    found = connection.execute(select(alarms).where(lately).order_by(alarms.c.since.desc(), alarms.c.about)).mappings()
    return [
        {
            **{name: row[name] for name in ("reporter", "kind", "about", "store", "number", "since", "ended_at")},
            **_in_words(connection, _alarm(row), row["ended_at"]),
        }
        for row in found.all()
    ]


def _open(connection: Connection, reporter: str) -> list[_Known]:
    found = select(alarms).where(alarms.c.reporter == reporter, alarms.c.ended_at.is_(None))
    return [_Known(alarm=_alarm(row), told_at=row["told_at"]) for row in connection.execute(found).mappings()]


def _write(connection: Connection, reporter: str, alarm: Alarm, at: datetime) -> None:
    key = {"reporter": reporter, "kind": alarm.kind.value, "about": alarm.about}
    since = datetime.fromtimestamp(alarm.since, UTC)
    values = {"store": alarm.store, "since": since, "number": alarm.number, "told_at": at, "ended_at": None}
    put(connection, alarms, key, values)


def _tell(connection: Connection, type_: str, reporter: str, alarm: Alarm, at: datetime) -> None:
    facts = {
        "alarm": alarm.kind,
        "about": alarm.about,
        "since": datetime.fromtimestamp(alarm.since, UTC).isoformat(timespec="seconds"),
        "number": alarm.number,
        "reporter": reporter,
        **_in_words(connection, alarm, at if type_ == ALARM_ENDED else None),
    }
    subject = f"alarm {reporter} {alarm.kind} {alarm.about}"
    tell(connection, Event(type=type_, at=at, subject=subject, store=alarm.store, facts=facts))


def _in_words(connection: Connection, alarm: Alarm, ended_at: datetime | None) -> dict[str, str]:
    store = connection.execute(select(stores.c.name, stores.c.timezone).where(stores.c.id == alarm.store)).first()
    zone = ZoneInfo(store.timezone) if store else UTC
    said = Said(
        kind=alarm.kind,
        about=alarm.about,
        where=store.name if store else alarm.about,
        since=datetime.fromtimestamp(alarm.since, zone),
        number=alarm.number,
    )
    return {"zh": words.zh(said, ended_at), "en": words.en(said, ended_at)}


def _alarm(row: Any) -> Alarm:  # noqa: ANN401 - a row of the table
    return Alarm(
        kind=AlarmKind(row["kind"]),
        about=row["about"],
        store=row["store"],
        since=row["since"].timestamp(),
        number=row["number"],
    )


def _store_of(connection: Connection, gateway: str) -> str | None:
    """Return a store that a gateway speaks for, so that people know where it stands."""
    found = select(gateway_stores.c.store).where(gateway_stores.c.gateway == gateway).order_by(gateway_stores.c.store)
    return connection.execute(found.limit(1)).scalar()
