"""The gateway's registry under power cuts: TinyDB over whole files that take one another's place."""

from __future__ import annotations

from contextlib import closing, contextmanager
from pathlib import Path, PosixPath
from typing import IO, TYPE_CHECKING, Any, Self

from gateway import store as shipped
from gateway.errors import RegistryError
from gateway.store import RegistryFile
from simulator.powercuts.disk import Made, Renamed, Wrote
from simulator.powercuts.system import RecordedSystem, recorded
from simulator.powercuts.workload import CorruptError, Ledger

if TYPE_CHECKING:
    from collections.abc import Iterator
    from random import Random

    from simulator.powercuts.disk import Event, Files

FILE = "registry.json"
_STEPS = 8
_KIOSKS = 4


class RegistryStore:
    """``gateway.store.RegistryFile``: kiosks bound and revoked, the list of stores replaced."""

    name = "registry"
    files = FILE

    def play(self, folder: Path, vfs: str, ledger: Ledger, random: Random) -> None:
        """Bind, move and revoke kiosks."""
        del vfs  # it is SQLite's
        ledger.phase("start")
        with _recorded(ledger.events), closing(RegistryFile(_RecordedPath(folder / FILE))) as registry:
            registry.open()
            ledger.phase("work")
            for step in range(_STEPS):
                kiosk = f"till-{random.randrange(_KIOSKS)}"
                if ledger.states.get(kiosk, [""])[-1] == "revoked":
                    continue
                state = "revoked" if random.random() < 0.2 else f"store-{step}"  # noqa: PLR2004 - now and then
                ledger.will(kiosk, state)
                registry.put_kiosk({"id": kiosk, "state": state})
                ledger.did(kiosk)

    def read(self, folder: Path) -> dict[str, object]:
        """Open it as the gateway does, and write once more."""
        try:
            with closing(RegistryFile(folder / FILE)) as registry:
                registry.open()
                found: dict[str, object] = {row["id"]: row["state"] for row in registry.kiosks()}
                registry.put_stores([{"id": "s"}])
                return found
        except RegistryError as error:
            raise CorruptError(str(error)) from error

    def older(self, random: Random) -> Files:
        """Return nothing: this is the first version."""
        del random
        return {}


class _RecordedPath(PosixPath):
    """A path whose writing and renaming is noted by whoever records now."""

    def open(self, mode: str = "r", *args: Any, **kwargs: Any) -> IO[Any]:  # type: ignore[override]  # noqa: ANN401
        """Open; a file that is opened to be written is a new one."""
        file: IO[Any] = super().open(mode, *args, **kwargs)
        return _RecordedFile(file, self.name) if "w" in mode else file  # type: ignore[return-value]

    def replace(self, target: Any) -> Any:  # noqa: ANN401 - as Path has it
        """Take another file's place."""
        moved = super().replace(target)
        _events.append(Renamed(self.name, Path(target).name))
        return moved


class _RecordedFile:
    """A file that is being written, and what reaches the operating system of it."""

    def __init__(self, file: IO[bytes], name: str) -> None:
        self._file = file
        self._name = name
        self._offset = 0
        _system.names[file.fileno()] = name
        _events.append(Made(name))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        _system.names.pop(self._file.fileno(), None)
        self._file.close()

    def write(self, data: bytes) -> None:
        self._file.write(data)
        _events.append(Wrote(self._name, self._offset, data))
        self._offset += len(data)

    def flush(self) -> None:
        self._file.flush()

    def fileno(self) -> int:
        return self._file.fileno()


_events: list[Event] = []
_system = RecordedSystem(_events)


@contextmanager
def _recorded(events: list[Event]) -> Iterator[None]:
    """Let the shipped module's writes be noted in these events."""
    global _events, _system  # paths are made by the module itself, and must find them
    before = _events, _system
    _events, _system = events, RecordedSystem(events)
    try:
        with recorded(shipped, _system):
            yield
    finally:
        _events, _system = before
