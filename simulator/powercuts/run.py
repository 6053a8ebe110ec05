"""Many power cuts, and the table of what they have left behind."""

from __future__ import annotations

import logging
import shutil
import tempfile
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import apsw

from simulator.powercuts.disk import Disk, Files, Luck
from simulator.powercuts.gateway import GatewayStore
from simulator.powercuts.headoffice import HeadOfficeStore
from simulator.powercuts.kiosk import KioskStore
from simulator.powercuts.own_journal import OwnJournalStore
from simulator.powercuts.recorder import Recorder
from simulator.powercuts.registry import RegistryStore
from simulator.powercuts.workload import CorruptError, Ledger

if TYPE_CHECKING:
    from collections.abc import Iterator

    from simulator.powercuts.workload import Store

#: Each store, and its share of all images: opening the head office's books takes ten times as long as a journal.
STORES: dict[str, tuple[Store, float]] = {
    "kiosk": (KioskStore(), 0.3),
    "gateway": (GatewayStore(), 0.35),
    "headoffice": (HeadOfficeStore(), 0.1),
    "ownjournal": (OwnJournalStore(), 0.1),
    "registry": (RegistryStore(), 0.15),
}
#: A store is worked on, cut, recovered, worked on again, so often; with so many images of each life.
LIVES, IMAGES_OF_A_LIFE = 3, 40
OLDER = 0.3
SECTORS = (512, 4096)
_TOLD = 5


@dataclass(slots=True)
class Report:
    """What came of many power cuts."""

    images: Counter[tuple[str, str]] = field(default_factory=Counter)
    """By store and phase."""
    corrupt: int = 0
    lost: int = 0
    told: list[str] = field(default_factory=list)
    """The first failures, with the command that brings about the like again."""

    def join(self, other: Report) -> None:
        """Count what another report has counted."""
        self.images.update(other.images)
        self.corrupt += other.corrupt
        self.lost += other.lost
        self.told = (self.told + other.told)[:_TOLD]


def run(images: int, first: int = 0, workers: int = 1, only: str | None = None) -> Report:
    """Make at least so many images, from seeds beginning with ``first``."""
    tasks = []
    for name, (_, share) in STORES.items():
        if only in {None, name}:
            wanted = images if only else images * share
            seeds = max(1, round(wanted / (LIVES * IMAGES_OF_A_LIFE) + 0.5))
            tasks += [(name, seed) for seed in range(first, first + seeds)]
    report = Report()
    if workers == 1:
        for task in tasks:
            report.join(play(*task))
        return report
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        for part in pool.map(play, *zip(*tasks, strict=True), chunksize=4):
            report.join(part)
    return report


def play(name: str, seed: int, *, deaf: bool = False) -> Report:
    """Work on one store through several lives, and look at what a cut may leave of each; ``deaf``: its disk lies."""
    with _quiet(), tempfile.TemporaryDirectory(dir=_memory()) as folder:
        run_of_one = _Run(name, seed, Path(folder), deaf=deaf)
        for _ in range(LIVES):
            run_of_one.live()
    return run_of_one.report


class _Run:
    """One store from one seed: each life begins with a disk that the one before has left."""

    def __init__(self, name: str, seed: int, folder: Path, *, deaf: bool) -> None:
        self.report = Report()
        self._store = STORES[name][0]
        self._random = Random(f"{name} {seed}")  # noqa: S311 - must be made again from its seed
        self._folder = folder
        self._deaf = deaf
        self._again = f"python -m simulator.powercuts --store {name} --first {seed} --images 1"
        self._files = self._store.older(self._random) if self._random.random() < OLDER else {}

    def live(self) -> None:
        """Play a life, look at its images, and begin the next one with one of them."""
        random, ledger = self._random, self._work()
        disk, played = Disk(self._files), 0
        next_life = random.randrange(IMAGES_OF_A_LIFE)
        for number, at in enumerate(sorted(random.randrange(len(ledger.events) + 1) for _ in range(IMAGES_OF_A_LIFE))):
            disk.play(ledger.events[played:at])
            played = at
            luck, sector = random.choice(list(Luck)), random.choice(SECTORS)
            image = disk.image(random, luck, sector)
            self.report.images[self._store.name, ledger.phase_at(at)] += 1
            wrong = self._wrong(image, ledger, at)
            if wrong is not None:
                where = f"{self._store.name}, event {at}, {luck.value}, sectors of {sector}"
                self.report.told = [*self.report.told, f"{where}: {wrong}; again: {self._again}"][:_TOLD]
            elif number == next_life:
                self._files = image

    def _work(self) -> Ledger:
        """Let the shipped module work on the disk, and return what it did and was told."""
        recorder = Recorder(deaf=self._deaf)
        recorder.known |= set(self._files)
        ledger = Ledger(recorder.events)
        for key, state in (self._store.read(self._laid(self._files)) if self._files else {}).items():
            ledger.will(key, state)
            ledger.did(key)
        try:
            self._store.play(self._laid(self._files), recorder.name, ledger, self._random)
        finally:
            recorder.close()
        return ledger

    def _wrong(self, image: Files, ledger: Ledger, at: int) -> str | None:
        """Return what is wrong with a disk, if anything is."""
        try:
            found = self._store.read(self._laid(image))
        except CorruptError as error:
            self.report.corrupt += 1
            return str(error)
        wrong = ledger.wrong(at, found)
        self.report.lost += bool(wrong)
        return wrong[0] if wrong else None

    def _laid(self, files: Files) -> Path:
        """Lay files into an empty folder, and return it."""
        folder = self._folder / "disk"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        for name, data in files.items():
            (folder / name).write_bytes(data)
        return folder


@contextmanager
def _quiet() -> Iterator[None]:
    """Let the shipped code log nothing: what it warns of is what is played."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(before)


def table(report: Report) -> Iterator[str]:
    """Yield the table, line by line."""
    yield f"images             {report.images.total()} (sectors of {' and '.join(map(str, SECTORS))} bytes)"
    yield f"corrupt            {report.corrupt}"
    yield f"acknowledged, lost {report.lost}"
    yield f"SQLite             {apsw.sqlite_lib_version()} (apsw {apsw.apsw_version()})"
    for (store, phase), count in sorted(report.images.items()):
        yield f"  {store:<12} {phase:<8} {count:>8}"
    yield from report.told


def _memory() -> str | None:
    """Return a folder in memory, where there is one: what a disk loses is played, not waited for."""
    return "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 - a temporary folder is made in it
