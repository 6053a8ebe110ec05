"""The kiosk's own book: every redemption that was confirmed here, every refusal, and what was seen of either.

A redemption is on disk before a byte of it leaves. Its raw code is there only as long as it may have to be repeated:
with the final answer the row is overwritten, and ``tidy`` clears what SQLite's log still holds. One thread uses a
journal; another process may read it along (``read_books``).
"""

from __future__ import annotations

import logging
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypedDict

import msgspec

from device.counter.states import Kept
from device.errors import JournalError
from protocol.comparing import Book, Recorded
from protocol.ids import code_tail
from protocol.marks import NEVER, Mark, mark_of, stamped
from protocol.messages import Answer, Hello, Intent
from protocol.vocabulary import Verdict
from service.database import DatabaseError, StatementError, open_database, open_for_reading

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from apsw import Connection

    from device.clock import StoreClock
    from protocol.messages import GatewayMessage, KioskMessage

log = logging.getLogger(__name__)

KEPT_DAYS = 400
BUSY_MS = 200
_PRUNED_AT_ONCE = 500
#: Of some 110 bytes each; a message has 16 KiB.
READ_OUT_AT_ONCE = 120

MIGRATIONS = (
    """
    CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
    INSERT INTO meta VALUES ('generation', '1'), ('boot', '0');
    CREATE TABLE book (
        seq INTEGER PRIMARY KEY,        -- the order of this kiosk's redemptions and refusals; never used twice
        rid TEXT,                       -- null: a refusal, which spent nothing
        intent BLOB,                    -- JSON; without code and offer once the redemption has ended
        answer BLOB,                    -- JSON, the final one only, or that it was accepted offline
        verdict TEXT NOT NULL,
        code_tail TEXT,
        store TEXT,
        clerk TEXT,
        boot INTEGER NOT NULL,
        at TEXT NOT NULL,
        parked INTEGER NOT NULL DEFAULT 0,
        forgone INTEGER NOT NULL DEFAULT 0,
        settled_at TEXT,
        handed_over INTEGER
    );
    CREATE INDEX unsettled ON book (seq) WHERE rid IS NOT NULL AND settled_at IS NULL;
    """,
)


class BookRow(TypedDict):
    """One row of the books as other programs read it; ``verdict`` is ``pending`` while a redemption is open."""

    rid: str | None
    code_tail: str | None
    verdict: str
    store: str | None
    kiosk: str | None
    clerk: str | None
    at: str


class Journal:
    """The book of one kiosk, over SQLite with every commit durable."""

    def __init__(self, path: Path, kiosk: str, clock: StoreClock, *, vfs: str | None = None) -> None:
        """Keep where the book lies, whose it is, the clock for its times, and SQLite's file layer (for power cuts)."""
        self._path = path
        self._vfs = vfs
        self._kiosk = kiosk
        self._clock = clock
        self._connection: Connection | None = None
        self._rows: dict[str, int] = {}
        """Row of each redemption that is not settled: there is no index of rids to keep up with every write."""
        self._store: str | None = None
        self.store_name: str | None = None
        """The store's name as the gateway last said it; None before it ever did."""
        self.generation = 1
        self.boot = 0
        """Which run of the kiosk this is."""
        self.seq = 0
        """The newest row's number."""
        self._gateway: str | None = None
        self._heard = NEVER
        self._heard_seal: str | None = None
        self._placed = False
        """Whether a gateway has welcomed this run: before that nobody knows whose marks these are."""

    def open(self) -> None:
        """Open the book, or begin one where there is none; raise JournalError."""
        try:
            connection = open_database(self._path, MIGRATIONS, vfs=self._vfs)
            connection.execute("PRAGMA secure_delete=ON")  # what is overwritten is gone from the file
            # Nobody else writes here; only tidying can meet a reader, and the counter does not wait for one.
            connection.set_busy_timeout(BUSY_MS)
            meta = dict(connection.execute("SELECT name, value FROM meta"))
            newest, at = next(connection.execute("SELECT max(seq), at FROM book"))
            unsettled = dict(connection.execute("SELECT rid, seq FROM book WHERE rid NOTNULL AND settled_at ISNULL"))
        except (DatabaseError, StatementError) as error:
            msg = f"{self._path}: the journal cannot be opened ({error}); check the disk, or restore the journal"
            raise JournalError(msg) from error
        self._connection, self._rows, self.seq = connection, unsettled, newest or 0
        self.generation, self.boot = int(meta["generation"]), int(meta["boot"]) + 1
        self._store, self.store_name = meta.get("store"), meta.get("store_name")
        self._gateway = meta.get("gateway")
        self._heard = Mark(int(meta.get("heard_gen", 0)), int(meta.get("heard_seq", 0)))
        self._heard_seal = meta.get("heard_seal") or None
        self._clock.never_before(at)
        try:
            self._note(boot=str(self.boot), kiosk=self._kiosk)
        except JournalError as error:  # what may still be read is worth more than the count of boots
            log.error("journal_unwritable error=%s", error)  # noqa: TRY400 - the message says it all

    @property
    def mark(self) -> Mark:
        """How far this journal has come, on disk."""
        return Mark(self.generation, self.seq)

    def stamped(self, message: KioskMessage) -> KioskMessage:
        """Return a message as it leaves; a greeting says how far the gateway has been seen to come."""
        if isinstance(message, Hello):
            message = msgspec.structs.replace(message, heard_of=self._gateway, heard_seal=self._heard_seal)
            return stamped(message, self.mark, self._heard)
        return stamped(message, self.mark)

    def heard(self, message: GatewayMessage) -> None:
        """Keep the highest mark that the gateway has shown; it is written down with the next answer."""
        if self._placed and mark_of(message) >= self._heard:
            self._heard, self._heard_seal = mark_of(message), message.seal

    def mint(self, intent: Intent) -> None:
        """Write down a new redemption; return when it is on disk, or raise JournalError, and then it is not there."""
        tail = code_tail(intent.code) if intent.code else None
        seq = self._add(rid=intent.rid, intent=intent, verdict=Verdict.PENDING, tail=tail, clerk=intent.clerk)
        self._rows[intent.rid] = seq

    def refuse(self, verdict: Verdict, tail: str | None, clerk: str | None) -> None:
        """Write down a refusal, which spent nothing."""
        self._add(rid=None, intent=None, verdict=verdict, tail=tail, clerk=clerk)

    def accept(self, answer: Answer) -> None:
        """Write down that a redemption was accepted offline; its code stays, because it is still to be brought in."""
        seq, said = self._rows[answer.rid], msgspec.json.encode(answer)
        with self._transaction():
            self._run("UPDATE book SET answer=?, verdict=? WHERE seq=?", said, answer.verdict, seq)
            self._note_heard()

    def forgo(self, rid: str) -> None:
        """Note that no word that this redemption was accepted offline counts any more."""
        self._run("UPDATE book SET forgone=1 WHERE seq=?", self._rows[rid])

    def conclude(self, answer: Answer) -> None:
        """Write down a redemption's final answer, and erase its raw code."""
        seq = self._rows[answer.rid]
        ((intent,),) = self._run("SELECT intent FROM book WHERE seq=?", seq)
        erased = msgspec.structs.replace(_INTENT.decode(intent), code=None, offer=None)
        with self._transaction():
            self._run(
                "UPDATE book SET intent=?, answer=?, verdict=? WHERE seq=?",
                msgspec.json.encode(erased),
                msgspec.json.encode(answer),
                answer.verdict,
                seq,
            )
            self._note_heard()

    def park(self, rid: str) -> None:
        """Note that a redemption was given up at the counter before its end was known."""
        self._run("UPDATE book SET parked=1 WHERE seq=?", self._rows[rid])

    def settle(self, rid: str, *, handed_over: bool) -> None:
        """Note that a redemption's answer was seen, and whether what it redeemed was handed over."""
        self._run(
            "UPDATE book SET settled_at=?, handed_over=? WHERE seq=?", self._clock.stamp(), handed_over, self._rows[rid]
        )
        del self._rows[rid]

    def place(self, gateway: str, store: str, store_name: str) -> None:
        """Note which store which gateway says that this kiosk stands in, for the next start and for the books."""
        self._placed = True
        if gateway != self._gateway:  # what was seen of another one says nothing of this one
            self._gateway, self._heard, self._heard_seal = gateway, NEVER, None
            self._note_heard()
        if (store, store_name) != (self._store, self.store_name):
            self._store, self.store_name = store, store_name
            self._note(store=store, store_name=store_name)

    def kept(self) -> tuple[Kept, ...]:
        """Return every redemption that is open, or ended and not seen, oldest first."""
        rows = self._run(
            "SELECT intent, answer, code_tail, parked, forgone FROM book"
            " WHERE rid NOTNULL AND settled_at ISNULL ORDER BY seq"
        )
        return tuple(
            Kept(
                intent=_INTENT.decode(intent),
                tail=tail or "",
                answer=_ANSWER.decode(answer) if answer else None,
                parked=bool(parked),
                forgone=bool(forgone),
            )
            for intent, answer, tail, parked, forgone in rows
        )

    def book(self, before: int | None) -> Book:
        """Return how the newest redemptions before a row stand, as the gateway compares them with its own."""
        rows = self._run(
            "SELECT seq, rid, verdict, answer, at FROM book WHERE seq < ? ORDER BY seq DESC LIMIT ?",
            self.seq + 1 if before is None else before,
            READ_OUT_AT_ONCE,
        )
        records = tuple(_recorded(rid, verdict, answer) for _, rid, verdict, answer, _ in rows if rid is not None)
        oldest, since = (rows[-1][0], rows[-1][4]) if rows else (0, self._clock.stamp())
        return Book(before=before, through=oldest, since=since, records=records, last=len(rows) < READ_OUT_AT_ONCE)

    def tidy(self) -> None:
        """Clear SQLite's log, which holds raw codes that were erased since, and forget what is older than 400 days.

        A journal that cannot be tidied now is tidied another time.
        """
        try:
            if self._clock.trusted:
                self._prune()
            ((busy, _, _),) = self._run("PRAGMA wal_checkpoint(TRUNCATE)")
        except JournalError as error:
            log.warning("journal_untidy error=%s", error)
            return
        if busy:
            log.info("journal_untidy reason=somebody reads it")

    def close(self) -> None:
        """Close the book; it may never have been opened."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _add(
        self, *, rid: str | None, intent: Intent | None, verdict: Verdict, tail: str | None, clerk: str | None
    ) -> int:
        self._run(
            "INSERT INTO book (seq, rid, intent, verdict, code_tail, store, clerk, boot, at)"
            " VALUES (?,?,?,?,?,?,?,?,?)",
            self.seq + 1,
            rid,
            msgspec.json.encode(intent) if intent else None,
            verdict,
            tail,
            self._store,
            clerk,
            self.boot,
            self._clock.stamp(),
        )
        self.seq += 1
        return self.seq

    def _prune(self) -> None:
        """Forget the oldest rows, some at a time; never the newest, whose number is the journal's."""
        oldest_kept = (self._clock.now() - timedelta(days=KEPT_DAYS)).isoformat()
        oldest = self._run(
            "SELECT seq, at FROM book WHERE seq < ? AND (rid ISNULL OR settled_at NOTNULL) ORDER BY seq LIMIT ?",
            self.seq,
            _PRUNED_AT_ONCE,
        )
        gone = [seq for seq, at in oldest if at < oldest_kept]
        if gone:
            self._run(f"DELETE FROM book WHERE seq IN ({','.join('?' * len(gone))})", *gone)  # noqa: S608 - only marks
            log.info("journal_pruned rows=%s", len(gone))

    def _note_heard(self) -> None:
        """Note what was seen, and of whom: a full disk may have refused to take that there is another gateway."""
        if self._gateway is None:
            return
        heard, seal = self._heard, self._heard_seal or ""
        marks = {"heard_gen": str(heard.generation), "heard_seq": str(heard.sequence), "heard_seal": seal}
        self._note(gateway=self._gateway, **marks)

    def _note(self, **values: str) -> None:
        marks = ",".join(["(?,?)"] * len(values))
        pairs = [part for pair in values.items() for part in pair]
        self._run(f"INSERT OR REPLACE INTO meta VALUES {marks}", *pairs)  # noqa: S608 - only marks

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """Make several statements one commit; raise JournalError where the file cannot take it."""
        self._run("BEGIN IMMEDIATE")
        try:
            yield
            self._run("COMMIT")
        except JournalError:
            with suppress(JournalError):  # SQLite may have rolled it back by itself
                self._run("ROLLBACK")
            raise

    def _run(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """Run one statement, which is one transaction; raise JournalError where the file cannot take it."""
        if self._connection is None:
            msg = f"{self._path}: the journal is not open"
            raise JournalError(msg)
        try:
            return list(self._connection.execute(sql, values))
        except StatementError as error:
            msg = f"{self._path}: {type(error).__name__}: {error}; free some space on the disk, or replace it"
            raise JournalError(msg) from error


def restore(path: Path, *, vfs: str | None = None) -> int:
    """Declare a journal that was put back the right one: begin a generation, and return it; raise JournalError.

    ``vfs`` as for ``Journal``.
    """
    if not path.exists():
        msg = f"{path}: there is no journal here; the kiosk begins one at its start"
        raise JournalError(msg)
    try:
        connection = open_database(path, MIGRATIONS, vfs=vfs)
        try:
            connection.execute("UPDATE meta SET value = CAST(value AS INTEGER) + 1 WHERE name = 'generation'")
            ((generation,),) = connection.execute("SELECT value FROM meta WHERE name = 'generation'")
        finally:
            connection.close()
    except (DatabaseError, StatementError) as error:
        msg = f"{path}: the journal cannot be opened ({error}); check the disk"
        raise JournalError(msg) from error
    return int(generation)


def read_books(path: Path, limit: int = 1000) -> list[BookRow]:
    """Return the newest rows of a kiosk's journal, newest last, without touching it; none where there is no journal."""
    if not path.exists():
        return []
    connection = open_for_reading(path)
    try:
        kiosk = dict(connection.execute("SELECT name, value FROM meta")).get("kiosk")
        rows = connection.execute(
            "SELECT rid, code_tail, verdict, store, clerk, at FROM book ORDER BY seq DESC LIMIT ?", (limit,)
        )
        return list(reversed(list(_book_rows(rows, kiosk))))
    finally:
        connection.close()


def _book_rows(rows: Iterator[tuple[Any, ...]], kiosk: str | None) -> Iterator[BookRow]:
    for rid, tail, verdict, store, clerk, at in rows:
        yield BookRow(rid=rid, code_tail=tail, verdict=verdict, store=store, kiosk=kiosk, clerk=clerk, at=at)


def _recorded(rid: str, verdict: str, answer: bytes | None) -> Recorded:
    return Recorded(rid=rid, verdict=Verdict(verdict), undone_by=_ANSWER.decode(answer).undone_by if answer else None)


_INTENT = msgspec.json.Decoder(Intent)
_ANSWER = msgspec.json.Decoder(Answer)
