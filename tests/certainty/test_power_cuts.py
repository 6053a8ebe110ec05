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
from simulator.powercuts.__main__ import main
from simulator.powercuts.disk import Cut, Disk, FolderSynced, Luck, Made, Removed, Renamed, Synced, Wrote
from simulator.powercuts.run import IMAGES_OF_A_LIFE, LIVES, STORES, Report, play, run

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

FOUND_OUT = 10
SEEDS = {"kiosk": 6, "gateway": 6, "headoffice": 3, "registry": 6}


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
    assert len({phase for _, phase in report.images}) >= (1 if name == "registry" else 2)


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
