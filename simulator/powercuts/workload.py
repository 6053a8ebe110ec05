"""What is done to a store while its disk is recorded, and what must be found on any disk that the power left behind.

A workload drives the shipped module by its own calls. Each call that has returned is acknowledged: from then on that
state of its key, or a later one, has to be on the disk.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Protocol

from service.database import open_database

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from random import Random

    import apsw

    from simulator.powercuts.disk import Event, Files


@dataclass(slots=True)
class Ledger:
    """The states that each key was given, in order, and when each was acknowledged."""

    events: list[Event]
    states: dict[str, list[object]] = field(default_factory=dict)
    acknowledged: list[tuple[int, str, int]] = field(default_factory=list)
    """Number of events then, key, and how many of its states are sure from then on."""
    phases: list[tuple[int, str]] = field(default_factory=list)
    """Number of events at which each phase began, and its name."""

    def phase(self, name: str) -> None:
        """Begin a phase."""
        self.phases.append((len(self.events), name))

    def will(self, key: str, state: object) -> None:
        """Note a state that a call is about to bring about."""
        self.states.setdefault(key, []).append(state)

    def did(self, *keys: str) -> None:
        """Note that the calls for these keys have returned."""
        for key in keys:
            self.did_as_far_as(key, len(self.states[key]))

    def did_as_far_as(self, key: str, count: int) -> None:
        """Note that the calls for a key's first states, so many, have returned; of later ones some may be under way."""
        self.acknowledged.append((len(self.events), key, count))

    def phase_at(self, place: int) -> str:
        """Return the phase in which the event of this number happened."""
        return [name for begun, name in self.phases if begun <= place][-1]

    def wrong(self, place: int, found: dict[str, object]) -> list[str]:
        """Return what is lost, or was never meant, on a disk as it may lie after so many events."""
        sure = {key: count for at, key, count in self.acknowledged if at <= place}
        lost = [
            f"{key}: {found.get(key)} is found, {self.states[key][count - 1]} was acknowledged"
            for key, count in sure.items()
            if found.get(key) not in self.states[key][count - 1 :]
        ]
        made_up = [
            f"{key}: {state} was never meant" for key, state in found.items() if state not in self.states.get(key, ())
        ]
        return lost + made_up


class Store(Protocol):
    """A shipped store under test."""

    name: str
    files: str
    """What its files' names begin with."""

    def play(self, folder: Path, vfs: str, ledger: Ledger, random: Random) -> None:
        """Open what lies in the folder through the file layer of this name, and work on it for a while."""

    def read(self, folder: Path) -> dict[str, object]:
        """Open what lies in the folder as it ships, check it, write once more; return the state of every key.

        Raises CorruptError where it cannot be used.
        """

    def older(self, random: Random) -> Files:
        """Return a folder as an older version of the program has left it; nothing: there is none."""


class CorruptError(RuntimeError):
    """A disk that the shipped module cannot use, or that contradicts itself."""


def rows(cursor: Any) -> list[tuple[Any, ...]]:  # noqa: ANN401 - apsw's cursor
    """Return every row."""
    return list(cursor)


def written_by_an_older_version(
    name: str, migrations: Sequence[str], fill: Callable[[apsw.Connection], None]
) -> dict[str, bytes]:
    """Return a database with these migrations alone, filled and cleanly closed, as the one file of a folder."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / name
        with closing(open_database(path, migrations)) as connection:
            fill(connection)
        return {name: path.read_bytes()}
