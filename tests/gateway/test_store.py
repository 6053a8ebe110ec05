"""The registry's file under power cuts, bit rot and other programs' versions."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.errors import RegistryError
from gateway.store import AtomicJSONStorage, RegistryFile

ROOT = Path(__file__).resolve().parent.parent.parent
WRITER = """
import sys
from pathlib import Path
from gateway.store import AtomicJSONStorage
storage = AtomicJSONStorage(Path(sys.argv[1]))
number = 0
while True:
    number += 1
    storage.write({"kiosks": {"1": {"number": number, "padding": "x" * 20_000}}})
    print(number, flush=True)
"""


def number_in(path: Path) -> int:
    """Return the number that the writer's file holds."""
    content = AtomicJSONStorage(path).read()
    assert content is not None
    return int(content["kiosks"]["1"]["number"])


@pytest.mark.parametrize("written", [1, 7, 20])
def test_a_writer_killed_at_any_point_leaves_a_whole_file_and_nothing_acknowledged_is_lost(
    tmp_path: Path, written: int
) -> None:
    path = tmp_path / "registry.json"
    process = subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert process.stdout is not None
    acknowledged = 0
    for _ in range(written):
        acknowledged = int(process.stdout.readline())
    os.kill(process.pid, signal.SIGKILL)
    acknowledged = int((process.stdout.read().split() or [str(acknowledged)])[-1])
    process.wait()
    process.stdout.close()

    assert number_in(path) in {acknowledged, acknowledged + 1}


def test_there_is_nothing_to_read_at_the_first_start(tmp_path: Path) -> None:
    assert AtomicJSONStorage(tmp_path / "registry.json").read() is None


@pytest.mark.parametrize(
    "rot", [b"", b"\x00" * 400, b'{"version": 1, "tables": {"kiosks"', b"[]", b'{"version":"one"}']
)
def test_a_corrupt_file_is_kept_aside_and_the_last_good_copy_is_used(
    tmp_path: Path, rot: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "registry.json"
    storage = AtomicJSONStorage(path)
    storage.write({"kiosks": {"1": {"state": "active"}}})
    storage.write({"kiosks": {"1": {"state": "revoked"}}})
    path.write_bytes(rot)

    assert AtomicJSONStorage(path).read() == {"kiosks": {"1": {"state": "revoked"}}}
    assert "registry_corrupt" in caplog.text
    assert [aside.read_bytes() for aside in tmp_path.glob("registry.json.corrupt.*")] == [rot]
    assert json.loads(path.read_bytes())["tables"] == {"kiosks": {"1": {"state": "revoked"}}}


def test_a_lost_file_is_put_back_from_the_copy(tmp_path: Path) -> None:
    path = tmp_path / "registry.json"
    AtomicJSONStorage(path).write({"kiosks": {"1": {"state": "revoked"}}})
    path.unlink()

    assert AtomicJSONStorage(path).read() == {"kiosks": {"1": {"state": "revoked"}}}
    assert path.exists()


def test_where_both_are_corrupt_it_does_not_start_empty(tmp_path: Path) -> None:
    path = tmp_path / "registry.json"
    AtomicJSONStorage(path).write({"kiosks": {"1": {"state": "revoked"}}})
    for file in tmp_path.iterdir():
        file.write_bytes(b"rot")

    for _ in range(2):
        with pytest.raises(RegistryError, match="put a backup in its place"):
            AtomicJSONStorage(path).read()


def test_a_file_of_a_newer_program_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "registry.json"
    path.write_text('{"version": 2, "tables": {}}')

    with pytest.raises(RegistryError, match="newer version"):
        AtomicJSONStorage(path).read()
    assert path.read_text() == '{"version": 2, "tables": {}}'


def test_a_write_that_fails_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "registry.json"
    storage = AtomicJSONStorage(path)
    storage.write({"kiosks": {"1": {"n": 1}}})

    def no_space(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", no_space)
    with pytest.raises(RegistryError, match="No space left"):
        storage.write({"kiosks": {"1": {"n": 2}}})
    assert storage.read() == {"kiosks": {"1": {"n": 1}}}
    assert sorted(file.name for file in tmp_path.iterdir()) == ["registry.json", "registry.json.last-good"]


def test_documents_are_replaced_by_their_id_and_stores_as_a_whole(tmp_path: Path) -> None:
    file = RegistryFile(tmp_path / "registry.json")
    file.open()
    file.put_kiosk({"id": "till-1", "store": "a"})
    file.put_kiosk({"id": "till-2", "store": "a"})
    file.put_kiosk({"id": "till-1", "store": "b"})
    file.put_stores([{"id": "a"}, {"id": "b"}])
    file.put_stores([{"id": "b"}])
    file.close()
    file.close()
    again = RegistryFile(tmp_path / "registry.json")
    again.open()

    assert again.kiosks() == [{"id": "till-1", "store": "b"}, {"id": "till-2", "store": "a"}]
    assert again.stores() == [{"id": "b"}]


def test_the_file_can_be_read_by_a_person(tmp_path: Path) -> None:
    file = RegistryFile(tmp_path / "registry.json")
    file.open()
    file.put_kiosk({"id": "till-1", "name": "收银台", "store": "a"})

    text = (tmp_path / "registry.json").read_text(encoding="utf-8")
    assert "收银台" in text
    assert text.count("\n") > 5


def test_a_closed_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(RegistryError, match="not open"):
        RegistryFile(tmp_path / "registry.json").kiosks()
