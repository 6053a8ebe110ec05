"""Two that meet: at the same moment, or one while the other's transaction is still open."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor, wait
from threading import Barrier
from typing import TYPE_CHECKING, TypeVar

import pytest
from sqlalchemy import text

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

    from sqlalchemy import Connection

    from headoffice.database import Database

Result = TypeVar("Result")
WAIT_S = 30
#: SQLite has one writer at a time, so no two transactions overlap there.
WHERE_THEY_OVERLAP = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)

_KEEPS_SOMEBODY_WAITING = text(
    "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid)))"
)


def race(*runners: Callable[[], Result]) -> list[Result]:
    """Let all of them go at once, each in a thread of its own, and return what each came to."""
    start = Barrier(len(runners))

    def run(runner: Callable[[], Result]) -> Result:
        start.wait(WAIT_S)
        return runner()

    with ThreadPoolExecutor(len(runners)) as threads:
        return list(threads.map(run, runners))


def overlapping(
    database: Database,
    first: Callable[[Connection], object],
    second: Callable[[], Result],
    meanwhile: Callable[[Connection], object] | None = None,
) -> Result:
    """Return what ``second`` comes to while a transaction of ``first`` is open.

    That is committed once ``second`` waits for it, or has ended without; before, ``meanwhile`` goes on in it.
    """
    with ThreadPoolExecutor(1) as thread:
        with database.engine.begin() as connection:
            first(connection)
            later = thread.submit(second)
            _until_it_waits(connection, later)
            if meanwhile is not None:
                meanwhile(connection)
        return later.result(WAIT_S)


def _until_it_waits(connection: Connection, later: Future[Result]) -> None:
    until = time.monotonic() + WAIT_S
    while not wait([later], timeout=0.01).done and not connection.execute(_KEEPS_SOMEBODY_WAITING).scalar_one():
        assert time.monotonic() < until, "it neither waits for the first nor ends"
