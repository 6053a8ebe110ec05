"""Durable databases: whole migrations, refused downgrades, shipped pragmas; and readiness messages."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import apsw
import pytest

from service.database import DatabaseError, open_database, open_for_reading
from service.notify import notify, watchdog_period_s

if TYPE_CHECKING:
    from pathlib import Path

ONE = "CREATE TABLE book (rid TEXT PRIMARY KEY)"
TWO = "ALTER TABLE book ADD COLUMN verdict TEXT"


def _columns(connection: apsw.Connection) -> list[str]:
    return [str(row[1]) for row in connection.execute("PRAGMA table_info(book)")]


def test_migrations_run_once_each_and_keep_what_is_there(tmp_path: Path) -> None:
    file = tmp_path / "journal.db"
    with open_database(file, [ONE]) as first:
        first.execute("INSERT INTO book VALUES ('a')")
    first.close()
    second = open_database(file, [ONE, TWO])
    assert _columns(second) == ["rid", "verdict"]
    assert list(second.execute("SELECT rid FROM book")) == [("a",)]
    second.close()


def test_a_failed_migration_leaves_the_old_version_whole(tmp_path: Path) -> None:
    file = tmp_path / "journal.db"
    open_database(file, [ONE]).close()
    with pytest.raises(apsw.SQLError):
        open_database(file, [ONE, TWO + "; CREATE TABLE book (x)"])
    kept = open_database(file, [ONE])
    assert _columns(kept) == ["rid"]
    kept.close()


def test_a_file_of_a_newer_program_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "journal.db"
    open_database(file, [ONE, TWO]).close()
    with pytest.raises(DatabaseError, match="newer version"):
        open_database(file, [ONE])


@pytest.mark.rule(1)
def test_commits_are_full_and_write_ahead(tmp_path: Path) -> None:
    connection = open_database(tmp_path / "journal.db", [ONE])
    assert next(connection.execute("PRAGMA synchronous"))[0] == 2
    assert next(connection.execute("PRAGMA journal_mode"))[0] == "wal"
    connection.close()


def test_another_process_may_look_but_not_write(tmp_path: Path) -> None:
    file = tmp_path / "journal.db"
    writer = open_database(file, [ONE])
    reader = open_for_reading(file)
    writer.execute("INSERT INTO book VALUES ('a')")
    assert list(reader.execute("SELECT rid FROM book")) == [("a",)]
    with pytest.raises(apsw.ReadOnlyError):
        reader.execute("INSERT INTO book VALUES ('b')")
    reader.close()
    writer.close()


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(DatabaseError, match="absent"):
        open_database(tmp_path / "absent" / "journal.db", [ONE])


def test_readiness_reaches_the_service_manager(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(5)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        assert notify("READY=1")
        assert manager.recv(100) == b"READY=1"


def test_without_a_service_manager_nothing_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    assert not notify("READY=1")


def test_the_watchdog_is_fed_at_half_its_interval(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WATCHDOG_USEC", "10000000")
    assert watchdog_period_s() == 5.0
    monkeypatch.delenv("WATCHDOG_USEC")
    assert watchdog_period_s() is None
