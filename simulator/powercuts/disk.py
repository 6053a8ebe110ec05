"""What a disk may hold after a power cut: of all that was not synced, sectors that survived by chance.

A file's bytes are sure once it was synced, its name once its folder was. Until then each sector of each write has
reached the disk or not, whatever the order; a new length, a new name and a removed name likewise.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, TypeAlias, assert_never

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from random import Random


@dataclass(frozen=True, slots=True)
class Made:
    """A name appeared in the folder."""

    name: str


@dataclass(frozen=True, slots=True)
class Wrote:
    """Bytes were written at an offset."""

    name: str
    offset: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Cut:
    """A file was given this length."""

    name: str
    length: int


@dataclass(frozen=True, slots=True)
class Synced:
    """A file's bytes and length are on the disk."""

    name: str


@dataclass(frozen=True, slots=True)
class Renamed:
    """A name took another one's place."""

    name: str
    to: str


@dataclass(frozen=True, slots=True)
class Removed:
    """A name is gone."""

    name: str


@dataclass(frozen=True, slots=True)
class FolderSynced:
    """Every name that appeared or is gone is on the disk."""


Event: TypeAlias = Made | Wrote | Cut | Synced | Renamed | Removed | FolderSynced
Files: TypeAlias = dict[str, bytes]


class Luck(Enum):
    """What becomes of what was not synced."""

    ALL = "all of it survives"
    NONE = "none of it survives"
    SOME = "each sector by chance"
    LATE = "what was written last survives, the rest by chance"


@dataclass(slots=True)
class _File:
    """A file's bytes on the disk, and what was done to it since."""

    sure: bytearray = field(default_factory=bytearray)
    since: list[Wrote | Cut] = field(default_factory=list)


class Disk:
    """A folder on a disk, driven forward event by event."""

    def __init__(self, files: Files) -> None:
        """Begin with what lies there."""
        self._nodes = [_File(bytearray(data)) for data in files.values()]
        self._names = {name: node for node, name in enumerate(files)}
        self._sure_names = dict(self._names)
        self._since: list[dict[str, int | None]] = []
        """Changes of names since the folder was synced: each whole or not at all. None: the name is gone."""

    def play(self, events: Iterable[Event]) -> None:
        """Let events happen."""
        for event in events:
            self._happen(event)

    def image(self, random: Random, luck: Luck, sector: int) -> Files:
        """Return what may lie there if the power is cut now."""
        names: dict[str, int | None] = dict(self._sure_names)
        for change in self._since:
            if _survives(random, luck):
                names |= change
        return {
            name: _bytes_of(self._nodes[node], random, luck, sector)
            for name, node in sorted(names.items())
            if node is not None
        }

    def _happen(self, event: Event) -> None:
        match event:
            case Made(name=name):
                self._nodes.append(_File())
                self._change({name: len(self._nodes) - 1})
            case Wrote(name=name) | Cut(name=name):
                self._nodes[self._names[name]].since.append(event)
            case Synced(name=name):
                node = self._nodes[self._names[name]]
                _apply(node.sure, node.since)
                node.since.clear()
            case Renamed(name=name, to=to):
                self._change({to: self._names[name], name: None})
            case Removed(name=name):
                self._change({name: None})
            case FolderSynced():
                self._sure_names = dict(self._names)
                self._since.clear()
            case _:
                assert_never(event)

    def _change(self, names: dict[str, int | None]) -> None:
        self._since.append(names)
        for name, node in names.items():
            if node is None:
                self._names.pop(name, None)
            else:
                self._names[name] = node


def _apply(data: bytearray, changes: Sequence[Wrote | Cut]) -> None:
    for change in changes:
        match change:
            case Wrote(offset=offset, data=written):
                if len(data) < offset:
                    data.extend(bytes(offset - len(data)))
                data[offset : offset + len(written)] = written
            case Cut(length=length):
                if length < len(data):
                    del data[length:]
                else:
                    data.extend(bytes(length - len(data)))


def _bytes_of(node: _File, random: Random, luck: Luck, sector: int) -> bytes:
    data = bytearray(node.sure)
    for place, change in enumerate(node.since, start=1):
        last = luck is Luck.LATE and place == len(node.since)
        if isinstance(change, Cut):
            if last or _survives(random, luck):
                _apply(data, [change])
            continue
        for part in _sectors(change, sector):
            if last or _survives(random, luck):
                _apply(data, [part])
    return bytes(data)


def _sectors(write: Wrote, sector: int) -> Iterable[Wrote]:
    """Return a write in parts that each lie in one sector."""
    start, end = write.offset, write.offset + len(write.data)
    while start < end:
        until = min(end, (start // sector + 1) * sector)
        yield Wrote(write.name, start, write.data[start - write.offset : until - write.offset])
        start = until


def _survives(random: Random, luck: Luck) -> bool:
    match luck:
        case Luck.ALL:
            return True
        case Luck.NONE:
            return False
        case Luck.SOME | Luck.LATE:
            return random.random() < 0.5  # noqa: PLR2004 - by chance
