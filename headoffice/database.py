"""The database: SQLite for one shop, PostgreSQL for a chain; transactions as the rest of the room sees them.

``read`` and ``write`` take the work as a function of a connection. A lost race for a unique key has one cure, which is
here and nowhere else: the whole transaction again, reading anew.
"""

from __future__ import annotations

import logging
import secrets
import threading
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import (
    DBAPIError,
    IntegrityError,
    InterfaceError,
    OperationalError,
    SQLAlchemyError,
    TimeoutError,  # noqa: A004 - of the pool
)

from headoffice.errors import DatabaseError, MigrationError
from headoffice.migrations import migrate
from headoffice.sqlite import ApswDialect

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from sqlalchemy.pool import ConnectionPoolEntry

_log = logging.getLogger(__name__)

Result = TypeVar("Result")

#: Under this name a connection's ``info`` holds the run of the books behind it.
_RUN = "run"

BUSY_S = 5
TRIES = 5
#: Of each process. Fifty head offices at one PostgreSQL need 50 * 16 of its connections.
CONNECTIONS = 16
#: Pages of SQLite that a connection apart keeps in memory.
APART_KIB = 65_536

#: PostgreSQL's words for "the others won, try again": serialization failure, deadlock.
_TRY_AGAIN = frozenset({"40001", "40P01"})
#: No answer, no connection, no connection in time. Anything else is a mistake of ours, and says so.
_DOWN = (OperationalError, InterfaceError, TimeoutError)


class Database:
    """A database that is open. Every method may be called from any thread."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.is_sqlite = engine.dialect.name == "sqlite"
        self._reading: Engine = engine
        self._writing: Engine = engine
        self._turn: AbstractContextManager[object] = nullcontext()
        if self.is_sqlite:
            self._writing = engine.execution_options(writing=True)
            # SQLite has one writer; those of this process queue here instead of polling for the file's lock.
            self._turn = threading.Lock()
        else:
            self._reading = engine.execution_options(isolation_level="AUTOCOMMIT")

    def read(self, work: Callable[[Connection], Result]) -> Result:
        """Return what ``work`` reads; each of its statements sees what was committed by then."""
        try:
            with self._reading.connect() as connection:
                return work(connection)
        except _DOWN as error:
            raise _unavailable(error) from error

    @contextmanager
    def apart(self) -> Iterator[Connection]:
        """Yield a connection of one's own with nothing begun; it is closed afterwards, temporary tables go with it."""
        try:
            with self.engine.connect() as connection:
                connection.detach()
                if self.is_sqlite:
                    # Much is written here at once, and others wait: half the time where the pages stay in memory.
                    with connection.begin():
                        connection.exec_driver_sql(f"PRAGMA cache_size=-{APART_KIB}")
                yield connection
        except _DOWN as error:
            raise _unavailable(error) from error

    def write(self, work: Callable[[Connection], Result], apart: Connection | None = None) -> Result:
        """Return what ``work`` returns once its transaction is durably committed.

        Where another transaction was first, ``work`` is called again and must read anew, so it keeps nothing between
        calls. What it raises rolls everything back and is passed on; a database that fails is a DatabaseError, after
        which nobody knows whether the commit happened: ask again with the same key. ``apart``: over this connection.
        """
        lost: DBAPIError | None = None
        for _ in range(TRIES):
            try:
                with self._turn, self._begun(apart) as connection:
                    return work(connection)
            except IntegrityError as error:
                lost = error
            except OperationalError as error:  # of which a deadlock is one
                if getattr(error.orig, "sqlstate", None) not in _TRY_AGAIN:
                    raise _unavailable(error) from error
                lost = error
            except _DOWN as error:
                raise _unavailable(error) from error
            _log.debug("event=lost_race error=%s", type(lost).__name__)
        # Not the error's own words: PostgreSQL's name the key, which may be a code.
        msg = f"gave up after {TRIES} lost races ({type(lost.orig if lost else lost).__name__})"
        raise DatabaseError(msg) from lost

    @contextmanager
    def _begun(self, apart: Connection | None) -> Iterator[Connection]:
        if apart is None:
            with self._writing.begin() as connection:
                yield connection
            return
        with apart.execution_options(writing=True).begin():
            yield apart

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()


def open_database(url: str, *, vfs: str | None = None) -> Database:
    """Open a database by its URL and bring its schema to this program's version; raise DatabaseError if that fails.

    ``vfs`` names SQLite's file layer, for tests that cut the power.
    """
    engine = sqlite_engine(url, vfs) if url.startswith("sqlite") else _postgresql(url)
    database = Database(engine)
    try:
        database.write(migrate)
    except (MigrationError, DatabaseError, SQLAlchemyError) as error:
        database.close()
        msg = f"{engine.url.render_as_string(hide_password=True)}: {error}"
        raise DatabaseError(msg) from error
    return database


def run_of(connection: Connection) -> str:
    """Return the run of the books behind a connection: another one where they may have been put back meanwhile.

    SQLite's end with the process, PostgreSQL's with its server, or where another server takes over.
    """
    return str(connection.info[_RUN])


def sqlite_engine(url: str, vfs: str | None = None) -> Engine:
    """Return an engine whose acknowledged commits survive a power cut: WAL with synchronous=FULL."""
    engine = create_engine(
        make_url(url).set(drivername=f"sqlite+{ApswDialect.driver}"),
        hide_parameters=True,  # they hold codes, and errors are logged
        connect_args={"timeout": BUSY_S, "vfs": vfs},
        pool_size=CONNECTIONS,
        max_overflow=0,
    )

    run = secrets.token_hex(8)

    @event.listens_for(engine, "connect")
    def set_up(connection: Any, entry: ConnectionPoolEntry) -> None:  # noqa: ANN401 - the driver's own
        entry.info[_RUN] = run
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # A transaction that reads first and locks later can lose its snapshot half-way; one that writes locks at once.
        if connection.get_execution_options().get("writing"):
            connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def _postgresql(url: str) -> Engine:
    scheme, _, rest = url.partition("://")
    engine = create_engine(
        f"postgresql+psycopg://{rest}" if scheme in {"postgresql", "postgres"} else url,
        hide_parameters=True,
        isolation_level="READ COMMITTED",
        connect_args={
            "connect_timeout": BUSY_S,
            # An answer is given only for what is on disk, also where the server's own default is laxer.
            "options": f"-c timezone=UTC -c synchronous_commit=on -c lock_timeout={BUSY_S}s",
        },
        pool_size=CONNECTIONS,
        max_overflow=0,
    )

    @event.listens_for(engine, "connect")
    def set_up(connection: Any, entry: ConnectionPoolEntry) -> None:  # noqa: ANN401 - the driver's own
        with connection.cursor() as cursor:
            cursor.execute("SELECT extract(epoch FROM pg_postmaster_start_time())::text")
            entry.info[_RUN] = cursor.fetchone()[0]
        connection.rollback()

    return engine


def _unavailable(error: Exception) -> DatabaseError:
    why = error.orig if isinstance(error, DBAPIError) else error
    return DatabaseError(f"the database cannot be used now: {why}")
