"""Whenever the power is cut: a journal can be used again, and holds every commit that it has acknowledged.

The shipped modules on recorded disks. What finds nothing stands beside what breaks the journal, and is found.
"""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Any

import apsw
import pytest
from tinydb.storages import JSONStorage

import service.database
from gateway import store as registry
from gateway.errors import RegistryError
from gateway.group_commit import GroupCommit
from headoffice.redemptions import own_journal
from simulator.powercuts.__main__ import main
from simulator.powercuts.disk import Cut, Disk, FolderSynced, Luck, Made, Removed, Renamed, Synced, Wrote
from simulator.powercuts.run import IMAGES_OF_A_LIFE, LIVES, STORES, Report, play, run

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

FOUND_OUT = 10
SEEDS = {"kiosk": 6, "gateway": 8, "headoffice": 3, "ownjournal": 6, "registry": 6}


def images(disk: Disk, luck: Luck, sector: int = 512) -> list[dict[str, bytes]]:
    return [disk.image(Random(seed), luck, sector) for seed in range(40)]


# --- the disk itself --------------------------------------------------------------------------------------------------


def test_what_was_synced_survives_and_what_was_not_may_not() -> None:
    disk = Disk({"a": b"old"})
    disk.play([Wrote("a", 0, b"new"), Synced("a"), Wrote("a", 3, b"er")])
    found = {image["a"] for image in images(disk, Luck.SOME)}
    assert found == {b"new", b"newer"}
    assert images(disk, Luck.NONE)[0]["a"] == b"new"
    assert images(disk, Luck.ALL)[0]["a"] == b"newer"


def test_sectors_of_one_write_survive_one_by_one() -> None:
    disk = Disk({"a": bytes(1024)})
    disk.play([Wrote("a", 256, b"x" * 512)])
    torn = {(image["a"][256:257], image["a"][600:601]) for image in images(disk, Luck.SOME)}
    assert torn == {(first, second) for first in (b"x", b"\0") for second in (b"x", b"\0")}


def test_a_new_name_is_sure_once_the_folder_was_synced_and_a_renamed_file_is_never_half() -> None:
    disk = Disk({"a": b"old"})
    disk.play([Made("a.new"), Wrote("a.new", 0, b"new"), Synced("a.new"), Renamed("a.new", "a")])
    assert {image["a"] for image in images(disk, Luck.SOME)} == {b"old", b"new"}
    disk.play([FolderSynced(), Cut("a", 1), Removed("a")])
    assert {image.get("a") for image in images(disk, Luck.SOME)} == {None, b"n", b"new"}


# --- the shipped journals ---------------------------------------------------------------------------------------------


def played(name: str) -> Report:
    report = Report()
    for seed in range(SEEDS[name]):
        report.join(play(name, seed))
    return report


def played_until_found_out(name: str, **how: bool) -> Report:
    """Play until it has come out, more often than by a mistake, that a store loses what it acknowledged."""
    report = Report()
    for seed in range(SEEDS[name]):
        report.join(play(name, seed, **how))
        if report.lost > FOUND_OUT:
            break
    return report


@pytest.mark.parametrize("name", STORES)
def test_no_power_cut_corrupts_a_store_or_loses_what_it_acknowledged(name: str) -> None:
    report = played(name)
    assert report.told == []
    assert (report.corrupt, report.lost) == (0, 0)
    assert report.images.total() >= 300
    assert len({phase for _, phase in report.images}) >= (1 if name in {"ownjournal", "registry"} else 2)


def opened_with(pragma: str) -> Callable[..., apsw.Connection]:
    """Return the shipped way to open a database, with one setting undone."""
    shipped = service.database.open_database

    def open_database(path: Path, migrations: Sequence[str], *, vfs: str | None = None) -> apsw.Connection:
        connection = shipped(path, migrations, vfs=vfs)
        connection.execute(pragma)
        return connection

    return open_database


@pytest.mark.parametrize("name", ["kiosk", "gateway"])
def test_a_laxer_setting_loses_what_it_acknowledged(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    module = {"kiosk": "device.journal", "gateway": "gateway.group_commit"}[name]
    monkeypatch.setattr(f"{module}.open_database", opened_with("PRAGMA synchronous=NORMAL"))
    assert played_until_found_out(name).lost > FOUND_OUT, "a commit under NORMAL is not on the disk when it returns"


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", ["kiosk", "gateway", "headoffice"])
def test_a_disk_that_lies_about_its_syncs_is_found_out(name: str) -> None:
    report = played_until_found_out(name, deaf=True)
    assert report.lost + report.corrupt > FOUND_OUT


def test_a_migration_that_is_no_transaction_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def open_database(path: Path, migrations: Sequence[str], *, vfs: str | None = None) -> apsw.Connection:
        """As shipped, but each statement of a migration is on disk before the next one."""
        begun = shipped(path, (), vfs=vfs) if not path.exists() else apsw.Connection(str(path), vfs=vfs)
        version = int(next(begun.execute("PRAGMA user_version"))[0])
        begun.execute("PRAGMA synchronous=FULL")
        for number, script in enumerate(migrations[version:], start=version + 1):
            begun.execute(script)
            begun.execute(f"PRAGMA user_version={number}")
        begun.close()
        return shipped(path, migrations, vfs=vfs)

    shipped = service.database.open_database
    monkeypatch.setattr("gateway.group_commit.open_database", open_database)
    report = played_until_found_out("gateway")
    assert report.corrupt > 0, "a table is there whose migration has not been counted"


def test_what_belongs_into_one_commit_and_is_in_several_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def commit(self: GroupCommit, batch: list[Any], riding: list[Any]) -> int:
        """As shipped, but a claim is in a commit of its own, ahead of what has accepted it."""
        assert self.writer is not None
        for sql, values in [*((sql, values) for sql, values, _ in batch), *riding]:
            self.writer.execute(sql, values)
        return 0

    monkeypatch.setattr(GroupCommit, "_commit", commit)
    report = played_until_found_out("gateway")
    assert report.corrupt > 0
    assert any("has a claim, and has accepted nothing" in told for told in report.told)


def test_an_own_journal_whose_lines_have_no_end_of_their_own_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    line_of = own_journal.line_of
    monkeypatch.setattr(own_journal, "line_of", lambda *what: line_of(*what).rstrip(b"\n"))
    assert played_until_found_out("ownjournal").lost > FOUND_OUT, "what is torn takes the line before it along"


def test_a_registry_that_is_written_in_its_place_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    class Plain(JSONStorage):
        """As TinyDB's own: the file is written over, where the old one stood."""

        def __init__(self, path: Any) -> None:
            path.touch()
            super().__init__(path)
            self._path = path

        def write(self, data: Any) -> None:
            super().write(data)
            with self._path.open("rb") as file:
                text = file.read()
            with self._path.open("wb") as again:
                again.write(text)

        def read(self) -> Any:
            try:
                return super().read()
            except ValueError as error:
                raise RegistryError(str(error)) from error

    monkeypatch.setattr(registry, "AtomicJSONStorage", Plain)
    report = played_until_found_out("registry")
    assert report.lost + report.corrupt > FOUND_OUT


def test_the_command_prints_the_table_with_the_version_of_sqlite(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--images", "1", "--store", "kiosk"]) == 0
    said = capsys.readouterr().out
    assert f"SQLite             {apsw.sqlite_lib_version()}" in said
    assert "acknowledged, lost 0" in said


def test_several_processes_count_what_one_counts() -> None:
    of_two_seeds = LIVES * IMAGES_OF_A_LIFE + 1
    assert run(of_two_seeds, workers=2, only="kiosk") == run(of_two_seeds, only="kiosk")
