"""Practice vouchers (练习券): made for one store, redeemed at its kiosks the whole real way, counted by no book.

They and what becomes of them stand in tables of their own, so whatever reads the books cannot meet them. Anybody who
works with the store may make one at any time, in a store that is live too: it is how a new clerk learns.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy import bindparam, insert, or_, select

from headoffice.errors import RefusedError
from headoffice.registry import known_stores
from headoffice.tables.practice import practice_redemptions, practice_vouchers
from headoffice.tables.schema import clerks, stores
from headoffice.vouchers.codes import GROUP, mint_half
from protocol.classify import PRACTICE_PREFIX, PRACTICE_TYPED, as_typed
from protocol.ids import code_tail
from protocol.last_use import LastUse
from protocol.messages import Action, Intent
from protocol.owner import Voucher
from protocol.vocabulary import Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection, Row, RowMapping

#: What every screen and record calls one, in both languages: the kiosk's own is not known where it is written.
TITLE = "练习券 PRACTICE"
#: A sheet that somebody has left on a counter is worth nothing on the next day.
VALID = timedelta(hours=24)
MOST_LISTED = 20
#: Of what is offered; a practice voucher never changes.
_TERMS = 1

_FOUND = (
    select(practice_vouchers, stores.c.name.label("store_name"), stores.c.timezone)
    .join(stores, stores.c.id == practice_vouchers.c.store)
    .where(practice_vouchers.c.code == bindparam("code"))
)
_FOUND_LOCKED = _FOUND.with_for_update(of=practice_vouchers)
_SPENT = select(practice_redemptions.c.at, practice_redemptions.c.requester).where(
    practice_redemptions.c.voucher == bindparam("voucher"),
    practice_redemptions.c.verdict == Verdict.REDEEMED,
    practice_redemptions.c.undone_by.is_(None),
)
_INTENT = msgspec.json.Decoder(Intent)


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A practice voucher as it was made."""

    id: str
    code: str
    """What its QR holds."""
    store: str
    until: datetime
    """From then on it is expired."""


def make(connection: Connection, store: str, by: str, at: datetime) -> Made:
    """Make a practice voucher for one store; raise RefusedError where there is no such store."""
    known_stores(connection, [store])
    if not by:
        msg = "say who makes it"
        raise RefusedError(msg)
    made = Made(id=secrets.token_hex(16), code=PRACTICE_PREFIX + mint_half(), store=store, until=at + VALID)
    row = {"id": made.id, "code": made.code, "store": store, "by": by, "at": at, "until": made.until}
    connection.execute(insert(practice_vouchers), row)
    return made


def typed(code: str) -> str:
    """Return what is typed for a practice voucher where no camera reads it."""
    tail = code.removeprefix(PRACTICE_PREFIX)
    return " ".join([PRACTICE_TYPED, *(tail[at : at + GROUP] for at in range(0, len(tail), GROUP))])


def by_code(connection: Connection, code: str, *, lock: bool = False) -> Voucher | None:
    """Return a practice voucher as the owner's rules want it; None where there is none.

    ``lock`` holds it until the transaction ends.
    """
    statement = _FOUND_LOCKED if lock else _FOUND
    row = connection.execute(statement, {"code": code.strip()}).first()
    if row is None:
        return None
    zone = ZoneInfo(row.timezone)
    spent = connection.execute(_SPENT, {"voucher": row.id}).first()
    last = spent and LastUse(
        at=spent.at.astimezone(zone).isoformat(timespec="seconds"), store=row.store_name, kiosk=spent.requester
    )
    return Voucher(
        id=row.id,
        code_tail=code_tail(row.code),
        title=TITLE,
        value="",
        terms=_TERMS,
        taken=frozenset({1}) if spent else frozenset(),
        last=last,
        stores=(row.store,),
        store_names=(row.store_name,),
        valid_until=row.until.astimezone(zone),
    )


def meant(connection: Connection, asked: str) -> Sequence[RowMapping]:
    """Return the practice vouchers that somebody means by a code, held up or typed, or a redemption's rid."""
    code = as_typed(asked)
    by_rid = select(practice_redemptions.c.voucher).where(practice_redemptions.c.rid == asked)
    found = select(practice_vouchers).where(
        or_(practice_vouchers.c.code == code, practice_vouchers.c.id == asked, practice_vouchers.c.id.in_(by_rid))
    )
    return connection.execute(found).mappings().all()


def newest(connection: Connection, store: str) -> list[dict[str, Any]]:
    """Return a store's newest practice vouchers, the newest first: each with its ``history``, the oldest first.

    An entry of a history has ``at``, ``action``, ``verdict``, ``kiosk``, ``clerk``, ``clerk_name``, ``undone``,
    ``seen``; a voucher has what is ``typed`` for it, too.
    """
    found = select(practice_vouchers).where(practice_vouchers.c.store == store)
    newest_first = found.order_by(practice_vouchers.c.at.desc(), practice_vouchers.c.id).limit(MOST_LISTED)
    made = [dict(row) for row in connection.execute(newest_first).mappings()]
    histories: dict[str, list[dict[str, Any]]] = {row["id"]: [] for row in made}
    of_these = select(practice_redemptions).where(practice_redemptions.c.voucher.in_(histories))
    rows = connection.execute(of_these.order_by(practice_redemptions.c.at, practice_redemptions.c.rid)).all()
    names = _names(connection, rows)
    for row in rows:
        histories[row.voucher].append(_told(row, names))
    return [
        {**row, "typed": typed(row["code"]), "history": (history := histories[row["id"]]), "spent": _is_spent(history)}
        for row in made
    ]


def _told(row: Row[*tuple[Any, ...]], names: dict[str, str]) -> dict[str, Any]:
    intent = _INTENT.decode(row.intent)
    return {
        "at": row.at,
        "rid": row.rid,
        "action": intent.action,
        "verdict": row.verdict,
        "kiosk": row.requester,
        "clerk": intent.clerk,
        "clerk_name": names.get(intent.clerk or ""),
        "undone": row.undone_by is not None,
        "seen": row.settled_at is not None,
    }


def _names(connection: Connection, rows: Sequence[Row[*tuple[Any, ...]]]) -> dict[str, str]:
    numbers = {number for row in rows if (number := _INTENT.decode(row.intent).clerk) is not None}
    found = select(clerks.c.number, clerks.c.name).where(clerks.c.number.in_(numbers))
    return {row.number: row.name for row in connection.execute(found)} if numbers else {}


def _is_spent(history: list[dict[str, Any]]) -> bool:
    return any(
        entry["action"] is Action.REDEEM and entry["verdict"] == Verdict.REDEEMED and not entry["undone"]
        for entry in history
    )
