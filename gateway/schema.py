"""The tables of the gateway's journal, and what its rows mean.

Both tables hold what the books show. A request's row also holds what the gateway needs to answer a repeat or to go on
after a restart: the intent word for word while it is open, and its digest for good.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec

from gateway.places import Shift
from gateway.usage import Usage
from protocol.classify import is_practice
from protocol.ids import code_tail
from protocol.messages import Action, Answer, Detail, Intent, Method
from protocol.relay import Relay
from protocol.upstream import Entry
from protocol.vocabulary import Verdict

#: ``stage``: the owner has not ended it; redeemed, and nobody has said that it was handed over; nothing left to do.
OPEN, UNSETTLED, DONE = range(3)

MIGRATIONS = (
    """
    CREATE TABLE relays (
        n INTEGER PRIMARY KEY,
        rid TEXT NOT NULL UNIQUE,
        at REAL NOT NULL,
        requester TEXT NOT NULL,
        store TEXT NOT NULL,
        intent TEXT NOT NULL,
        digest BLOB NOT NULL,
        terms INTEGER NOT NULL,
        voucher TEXT,
        closed INTEGER NOT NULL,
        reason TEXT,
        verdict TEXT NOT NULL,
        answer TEXT,
        undone_by TEXT,
        stage INTEGER NOT NULL,
        settled_at REAL,
        handed_over INTEGER
    );
    CREATE INDEX relays_by_day ON relays (store, at);
    CREATE INDEX relays_unfinished ON relays (stage, n) WHERE stage < 2;
    CREATE TABLE refusals (
        n INTEGER PRIMARY KEY,
        at REAL NOT NULL,
        kiosk TEXT NOT NULL,
        store TEXT NOT NULL,
        verdict TEXT NOT NULL,
        code_tail TEXT,
        method TEXT NOT NULL,
        clerk TEXT,
        detail TEXT NOT NULL
    );
    CREATE INDEX refusals_by_day ON refusals (store, at);
    CREATE TABLE peers (peer TEXT PRIMARY KEY, generation INTEGER NOT NULL, seq INTEGER NOT NULL) WITHOUT ROWID;
    CREATE TABLE meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
    INSERT INTO meta VALUES ('generation', 1);
    """,
    """
    CREATE TABLE shifts (
        id TEXT PRIMARY KEY,
        kiosk TEXT NOT NULL,
        store TEXT NOT NULL,
        clerk TEXT NOT NULL,
        name TEXT NOT NULL,
        since REAL NOT NULL,
        until REAL
    ) WITHOUT ROWID;
    CREATE INDEX shifts_open ON shifts (kiosk) WHERE until IS NULL;
    """,
    """
    CREATE INDEX relays_by_voucher ON relays (voucher) WHERE voucher IS NOT NULL;
    CREATE TABLE keys (id TEXT PRIMARY KEY, public TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE leases (lease TEXT PRIMARY KEY, held TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE leased (voucher TEXT PRIMARY KEY, lease TEXT NOT NULL, facts TEXT NOT NULL) WITHOUT ROWID;
    CREATE INDEX leased_by_lease ON leased (lease);
    CREATE TABLE claims (
        voucher TEXT NOT NULL,
        number INTEGER NOT NULL,
        rid TEXT NOT NULL,
        PRIMARY KEY (voucher, number)
    ) WITHOUT ROWID;
    CREATE INDEX claims_by_rid ON claims (rid);
    """,
    """
    CREATE TABLE tries (clerk TEXT PRIMARY KEY, pin TEXT NOT NULL, count INTEGER NOT NULL) WITHOUT ROWID;
    """,
    """
    CREATE TABLE closings (
        store TEXT NOT NULL,
        day TEXT NOT NULL,
        closing TEXT NOT NULL,
        PRIMARY KEY (store, day)
    ) WITHOUT ROWID;
    """,
    """
    CREATE TABLE names (n INTEGER PRIMARY KEY, identity TEXT NOT NULL);
    """,
)

WRITE_RELAY = """
    INSERT INTO relays
        (rid, at, requester, store, intent, digest, terms, voucher, closed, reason, verdict, answer, undone_by,
        stage)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (rid) DO UPDATE SET
        intent = excluded.intent, closed = excluded.closed, reason = excluded.reason, verdict = excluded.verdict,
        answer = excluded.answer, undone_by = excluded.undone_by, voucher = coalesce(excluded.voucher, voucher),
        stage = CASE WHEN excluded.stage = 1 AND handed_over THEN 2 ELSE max(stage, excluded.stage) END
"""
# Where the customer went without the goods, the row stays on the list until it is undone or somebody says otherwise.
WRITE_SETTLED = """
    UPDATE relays SET settled_at = ?1, handed_over = ?2, stage = CASE WHEN stage = 1 AND ?2 THEN 2 ELSE stage END
    WHERE rid = ?3
"""
WRITE_REFUSAL = """
    INSERT INTO refusals (at, kiosk, store, verdict, code_tail, method, clerk, detail) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
"""
WRITE_SHIFT = """
    INSERT INTO shifts (id, kiosk, store, clerk, name, since, until) VALUES (?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (id) DO UPDATE SET until = excluded.until
"""
# A day is closed once: who closes it again gets what is kept.
WRITE_CLOSING = "INSERT OR IGNORE INTO closings VALUES (?, ?, ?)"
CLOSING = "SELECT closing FROM closings WHERE store = ? AND day = ?"
WRITE_TRIES = "INSERT OR REPLACE INTO tries VALUES (?, ?, ?)"
TRIES = "SELECT count FROM tries WHERE clerk = ? AND pin = ?"
WRITE_BEHIND = "INSERT OR REPLACE INTO meta VALUES ('behind', ?)"
WRITE_PEER = "INSERT OR REPLACE INTO peers VALUES (?, ?, ?)"
FORGET_PEER = "DELETE FROM peers WHERE peer = ?"
# Under which identities a gateway has worked on this journal, the newest last.
NAMES = "SELECT identity FROM names ORDER BY n"
WRITE_NAME = "INSERT INTO names (identity) VALUES (?)"

# A use that another rid has claimed is an error that ends the process, whatever led to it: rid is never null.
WRITE_CLAIM = """
    INSERT INTO claims VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET rid = CASE WHEN rid = excluded.rid THEN rid END
"""
RELEASE_CLAIMS = "DELETE FROM claims WHERE rid = ?"
WRITE_LEASE = "INSERT OR REPLACE INTO leases VALUES (?, ?)"
WRITE_LEASED = "INSERT OR REPLACE INTO leased VALUES (?, ?, ?)"
DROP_LEASE = "DELETE FROM leases WHERE lease = ?"
DROP_LEASED = "DELETE FROM leased WHERE lease = ?"
COUNT_ENDING = "INSERT INTO meta VALUES ('leases_ended', 1) ON CONFLICT (name) DO UPDATE SET value = value + 1"
LEASES_ENDED = "SELECT max(value) FROM meta WHERE name = 'leases_ended'"

RELAYS = "SELECT requester, store, intent, digest, terms, closed, reason, answer FROM relays "
ENTRIES = """
    SELECT n, requester, store, at, intent, digest, voucher, answer FROM relays
    WHERE n > ? AND n <= ? AND at >= ? ORDER BY n LIMIT ?
"""
USAGES = "SELECT n, rid, at, requester, store, verdict, intent, answer, settled_at, handed_over FROM relays "
REFUSALS = "SELECT n, at, kiosk, store, verdict, code_tail, method, clerk, detail FROM refusals "
SHIFTS = "SELECT id, kiosk, store, clerk, name, since, until FROM shifts "
# Practice is in the journal as everything is, so that it is answered, and in no sum.
COUNTED = "json_extract(answer, '$.detail.practice') IS NULL "
COUNTED_REFUSAL = "json_extract(detail, '$.practice') IS NULL "
TOTALS = """
    SELECT count(*), coalesce(sum(json_extract(intent, '$.amount')), 0) FROM relays
    WHERE store = ? AND at >= ? AND at <= ? AND requester = ? AND json_extract(intent, '$.clerk') = ?
        AND verdict IN ('redeemed', 'accepted_offline') AND undone_by IS NULL AND """

_INTENT = msgspec.json.Decoder(Intent)
_ANSWER = msgspec.json.Decoder(Answer)
_DETAIL = msgspec.json.Decoder(Detail)


def text_of(message: msgspec.Struct) -> str:
    """Return a message as the JSON text that a row holds."""
    return msgspec.json.encode(message).decode()


def stage_of(intent: Intent, answer: Answer | None) -> int:
    """Return the stage of a request with this answer, before anybody has settled it."""
    if answer is None or not answer.final:
        return OPEN
    redeemed = answer.verdict is Verdict.REDEEMED and intent.action is Action.REDEEM
    return UNSETTLED if redeemed and answer.undone_by is None else DONE


def relay_in(row: tuple[Any, ...]) -> tuple[Relay, bytes]:
    """Return a request and its intent's digest from a row of RELAYS."""
    requester, store, intent, known_as, terms, closed, reason, answer = row
    relay = Relay(
        requester=requester,
        store=store,
        intent=_INTENT.decode(intent),
        terms=terms,
        closed=bool(closed),
        reason=reason,
        answer=None if answer is None else _ANSWER.decode(answer),
        kept=True,
    )
    return relay, known_as


def entry_in(row: tuple[Any, ...]) -> tuple[int, Entry]:
    """Return a request's number and what is uploaded of it, from a row of ENTRIES."""
    n, requester, store, at, intent, digest, voucher, answer = row
    entry = Entry(
        requester=requester,
        store=store,
        at=datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds"),
        intent=_INTENT.decode(intent),
        digest=digest.hex(),
        voucher=voucher,
        answer=None if answer is None else _ANSWER.decode(answer),
    )
    return n, entry


def usage_in_relay(row: tuple[Any, ...]) -> Usage:
    """Return a row of the books from a row of USAGES."""
    n, rid, at, requester, store, verdict, intent_text, answer_text, settled_at, handed_over = row
    intent = _INTENT.decode(intent_text)
    answer = None if answer_text is None else _ANSWER.decode(answer_text)
    detail = answer.detail if answer else Detail(quantity=intent.quantity)
    return Usage(
        n=n,
        rid=rid,
        at=at,
        kiosk=requester,
        store=store,
        verdict=Verdict(verdict),
        final=answer is not None and answer.final,
        code_tail=code_tail(intent.code) if intent.code else detail.code_tail,
        action=intent.action,
        method=intent.method,
        clerk=intent.clerk,
        approver=intent.approver,
        amount=intent.amount,
        undoes=intent.undoes,
        undone_by=answer.undone_by if answer else None,
        settled=settled_at is not None,
        handed_over=None if handed_over is None else bool(handed_over),
        detail=detail,
        practice=detail.practice or is_practice(intent.code),
    )


def usage_in_refusal(row: tuple[Any, ...]) -> Usage:
    """Return a row of the books from a row of REFUSALS."""
    n, at, kiosk, store, verdict, tail, method, clerk, detail_text = row
    detail = _DETAIL.decode(detail_text)
    return Usage(
        n=n,
        at=at,
        kiosk=kiosk,
        store=store,
        verdict=Verdict(verdict),
        code_tail=tail,
        method=Method(method),
        clerk=clerk,
        detail=detail,
        practice=detail.practice,
    )


def shift_in(row: tuple[Any, ...]) -> Shift:
    """Return a shift from a row of SHIFTS."""
    number, kiosk, store, clerk, name, since, until = row
    return Shift(id=number, kiosk=kiosk, store=store, clerk=clerk, name=name, since=since, until=until)
