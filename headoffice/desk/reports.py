"""What was redeemed, to be looked at: by hour, type, store, clerk and source, counted by the database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from sqlalchemy import BigInteger, Integer, and_, cast, extract, func, select

from headoffice.desk import recent, shown
from headoffice.desk.places import options
from headoffice.desk.visit import Page, Shown, Visit
from headoffice.desk.words import LABELS
from headoffice.errors import RefusedError
from headoffice.staff.roles import Right
from headoffice.tables.pages import claims
from headoffice.tables.schema import clerks, redemptions, refusals, stores, voucher_types, vouchers
from protocol import days
from protocol.messages import Action
from protocol.vocabulary import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import time

    from sqlalchemy import ColumnElement, Connection, FromClause

MOST_BARS = 12
LONGEST_DAYS = 366
_FIRST_DAY, _LAST_DAY = date(1970, 1, 1), date(9000, 1, 1)
_FULL = 1000
_HOURS = range(24)


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: how long in thousandths of the longest, and what stands at it."""

    label: str
    count: int
    amount: int
    share: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """From the first day to the last, in the stores' own time, at these stores (None: all)."""

    begin: date
    end: date
    zone: ZoneInfo
    ends: time = days.MIDNIGHT
    scope: frozenset[str] | None

    def within(self, at: ColumnElement[datetime], store: ColumnElement[str]) -> ColumnElement[bool]:
        """Return the condition on a row's moment and store."""
        first = days.bounds(self.begin, self.zone, self.ends)[0]
        last = days.bounds(self.end, self.zone, self.ends)[1]
        during = and_(at >= first, at < last)
        return during if self.scope is None else and_(during, store.in_(self.scope))


def bars(counted: Iterable[tuple[str, int, int]]) -> list[Bar]:
    """Return the longest bars, of name, count and amount each."""
    rows = sorted(counted, key=lambda row: (-row[1], row[0]))[:MOST_BARS]
    longest = rows[0][1] if rows else 0
    return [Bar(label, count, amount, round(_FULL * count / longest)) for label, count, amount in rows if longest]


def hours(counts: Sequence[int]) -> list[Bar]:
    """Return a bar for each hour of a day."""
    most = max(1, *counts)
    return [Bar(str(hour), count, 0, round(_FULL * count / most)) for hour, count in enumerate(counts)]


def report(connection: Connection, span: Span, lang: str) -> dict[str, Any]:
    """Return totals and bars of a span; what was undone counts as undone, and nowhere else."""
    within = span.within(redemptions.c.at, redemptions.c.store)
    done = and_(within, redemptions.c.verdict == Verdict.REDEEMED, redemptions.c.action == Action.REDEEM)
    stands = and_(done, redemptions.c.undone_by.is_(None))
    count, amount = func.count(), func.coalesce(func.sum(redemptions.c.amount), 0)

    def by(*named: ColumnElement[Any], joined: FromClause) -> Sequence[Any]:
        counted = select(*named, count, cast(amount, BigInteger)).select_from(joined).where(stands)
        return connection.execute(counted.group_by(*named).order_by(count.desc())).all()

    type_of = redemptions.outerjoin(vouchers, vouchers.c.id == redemptions.c.voucher).outerjoin(
        voucher_types, voucher_types.c.id == vouchers.c.type
    )
    clerk_of = redemptions.outerjoin(clerks, clerks.c.number == redemptions.c.clerk)
    types = by(voucher_types.c.title, redemptions.c.platform, joined=type_of)
    places = by(stores.c.name, joined=redemptions.join(stores, stores.c.id == redemptions.c.store))
    people = by(clerks.c.name, redemptions.c.clerk, joined=clerk_of)
    methods = by(redemptions.c.method, joined=redemptions)
    claim_of = redemptions.outerjoin(claims, claims.c.voucher == redemptions.c.voucher)
    sources = by(claims.c.campaign, claims.c.source, redemptions.c.platform, joined=claim_of)
    undone = select(func.count()).where(done, redemptions.c.undone_by.is_not(None))
    refused = select(func.count()).where(span.within(refusals.c.at, refusals.c.store))
    return {
        "count": sum(row[1] for row in places),
        "amount": sum(row[2] for row in places),
        "undone": connection.execute(undone).scalar_one(),
        "refused": connection.execute(refused).scalar_one(),
        "types": bars((title or platform or "–", n, fen) for title, platform, n, fen in types),
        "stores": bars((name, n, fen) for name, n, fen in places),
        "clerks": bars((name or number or "–", n, fen) for name, number, n, fen in people),
        "sources": bars((_source(campaign, place, owner, lang), n, fen) for campaign, place, owner, n, fen in sources),
        "methods": bars((shown.method(method, lang), n, fen) for method, n, fen in methods),
    }


def by_hour(connection: Connection, span: Span) -> list[int]:
    """Return the redemptions of each hour of the day, in each store's own time."""
    at, parts = redemptions.c.at, ("year", "month", "day", "hour")
    # Zones lie whole quarters of an hour apart, so a quarter lies in one hour everywhere.
    slots = [*(cast(extract(part, at), Integer) for part in parts), cast(extract("minute", at), Integer) // 15]
    counted = (
        select(stores.c.timezone, *slots, func.count())
        .join(stores, stores.c.id == redemptions.c.store)
        .where(span.within(at, redemptions.c.store), redemptions.c.verdict == Verdict.REDEEMED)
        .where(redemptions.c.action == Action.REDEEM, redemptions.c.undone_by.is_(None))
        .group_by(stores.c.timezone, *slots)
    )
    found = [0] * len(_HOURS)
    for row in connection.execute(counted).all():
        zone, year, month, day, hour, part, count = row
        begin = datetime(year, month, day, hour, part * 15, tzinfo=UTC)
        found[begin.astimezone(ZoneInfo(zone)).hour] += count
    return found


def _source(campaign: str | None, place: str | None, platform: str | None, lang: str) -> str:
    """Return where a voucher came from: the place of a campaign's code, a platform, or the head office itself."""
    return f"{campaign} · {place}" if campaign else platform or LABELS[lang]["issued_plainly"]


def reports(visit: Visit) -> Shown:
    """Show a span's redemptions; today's where none is asked for."""
    store = visit.query("store")
    scope = visit.person.stores
    if store:
        scope = frozenset({store}) & scope if scope is not None else frozenset({store})

    def read(connection: Connection) -> dict[str, object]:
        zone, ends = recent.zone_of(connection, scope), recent.day_ends(connection, scope)
        begin, end = _asked_for(visit, days.day_of(visit.now, zone, ends))
        span = Span(begin=begin, end=end, zone=zone, ends=ends, scope=scope)
        return {
            "report": report(connection, span, visit.lang),
            "hours": hours(by_hour(connection, span)),
            "begin": span.begin.isoformat(),
            "end": span.end.isoformat(),
            "stores": options(connection, visit, every=True),
            "store": store,
        }

    return Shown(template="reports.html", values=visit.office.database.read(read))


def _asked_for(visit: Visit, today: date) -> tuple[date, date]:
    """Return the first and the last day that are asked for; raise RefusedError."""
    try:
        most = int(visit.query("days", "1"))
        end = date.fromisoformat(visit.query("until", today.isoformat()))
        begin = date.fromisoformat(visit.query("from", (end - timedelta(days=most - 1)).isoformat()))
    except (ValueError, OverflowError) as error:
        msg = "a day is written as 2026-11-30"
        raise RefusedError(msg) from error
    if not (_FIRST_DAY <= begin <= end <= _LAST_DAY and end - begin < timedelta(days=LONGEST_DAYS)):
        msg = f"the last day is not before the first, and at most {LONGEST_DAYS} days are shown"
        raise RefusedError(msg)
    return begin, end


PAGE = Page(path="/reports", right=Right.SEE_SALES, show=reports, name="reports")
