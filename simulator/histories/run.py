"""Many histories, one after the other or in several processes, and the table of what came of them."""

from __future__ import annotations

import gc
import logging
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from multiprocessing import get_context
from typing import TYPE_CHECKING

from simulator.histories.coverage import why_unreachable
from simulator.histories.faults import Fault, State
from simulator.histories.history import Outcome, play

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from simulator.histories.kinds import Kind

#: How many seeds one process takes at a time.
_BATCH = 200
#: How many objects a process may make before it looks for those that nobody holds any more; the default is 700.
_GARBAGE = 100_000
_FAULT_WIDTH, _CELL_WIDTH = 31, 9


@dataclass(slots=True)
class Report:
    """What came of many histories."""

    histories: Counter[Kind] = field(default_factory=Counter)
    rids: int = 0
    redeemed: int = 0
    raced: int = 0
    """Histories in which two requests for one voucher were under way at once."""
    by_person: int = 0
    hit: int = 0
    faults: Counter[tuple[Fault, State]] = field(default_factory=Counter)
    conflicts: Counter[str] = field(default_factory=Counter)
    failed: list[Outcome] = field(default_factory=list)

    def add(self, outcome: Outcome) -> None:
        """Count a history."""
        self.histories[outcome.kind] += 1
        self.rids += outcome.rids
        self.redeemed += outcome.redeemed
        self.raced += any(fault is Fault.RIVAL for fault, _ in outcome.faults)
        self.by_person += outcome.by_person
        self.hit += outcome.hit
        self.faults.update(outcome.faults)
        self.conflicts.update(outcome.conflicts)
        if outcome.violations or outcome.unresolved:
            self.failed.append(outcome)

    def join(self, other: Report) -> None:
        """Count what another report has counted."""
        self.histories.update(other.histories)
        self.rids += other.rids
        self.redeemed += other.redeemed
        self.raced += other.raced
        self.by_person += other.by_person
        self.hit += other.hit
        self.faults.update(other.faults)
        self.conflicts.update(other.conflicts)
        self.failed += other.failed

    def empty_cells(self) -> list[tuple[Fault, State]]:
        """Return which faults were never met in which states, though they can be."""
        cells = ((fault, state) for fault in Fault for state in State)
        return [cell for cell in cells if not self.faults[cell] and why_unreachable(*cell) is None]

    def surprises(self) -> list[tuple[Fault, State]]:
        """Return which faults were met where they cannot be."""
        return [cell for cell in self.faults if why_unreachable(*cell) is not None]


def run(kinds: Sequence[Kind], seeds: range, workers: int = 1) -> Report:
    """Play the histories of these seeds, each in every kind, in so many processes."""
    batches = [(kind, seeds[start : start + _BATCH]) for kind in kinds for start in range(0, len(seeds), _BATCH)]
    report = Report()
    if workers == 1:
        with _garbage_looked_for_seldom():
            for batch in batches:
                report.join(_play_batch(batch))
        return report
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=_settle_in) as pool:
        for part in pool.map(_play_batch, batches):
            report.join(part)
    return report


def keep_quiet() -> None:
    """Let the shipped code log nothing: in a history everything goes wrong, and the story tells it."""
    logging.basicConfig(handlers=[logging.NullHandler()], force=True)


def _settle_in() -> None:
    """Prepare a process that only plays histories."""
    keep_quiet()
    _look_for_garbage_seldom()


def _look_for_garbage_seldom() -> None:
    """Take what is loaded for something that stays: looking for garbage takes a fifteenth of a history's time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_GARBAGE)


@contextmanager
def _garbage_looked_for_seldom() -> Iterator[None]:
    before = gc.get_threshold()
    _look_for_garbage_seldom()
    try:
        yield
    finally:
        gc.unfreeze()
        gc.set_threshold(*before)


def table(report: Report) -> Iterator[str]:
    """Yield the table, line by line."""
    violations = sum(len(outcome.violations) for outcome in report.failed)
    unresolved = sum(len(outcome.unresolved) for outcome in report.failed)
    histories = ", ".join(f"{kind} {count}" for kind, count in sorted(report.histories.items()))
    yield f"histories          {report.histories.total()} ({histories})"
    yield f"requests           {report.rids}"
    yield f"redemptions        {report.redeemed}"
    yield f"raced              {report.raced / max(1, report.histories.total()):.0%} of the histories"
    yield f"met a fault        {report.hit / max(1, report.rids):.0%} of the requests"
    yield f"ended by a person  {report.by_person}"
    yield f"offline conflicts  {', '.join(f'{cause} {count}' for cause, count in sorted(report.conflicts.items()))}"
    yield f"violations         {violations}"
    yield f"unresolved         {unresolved}"
    yield ""
    yield _line("faults met", *State)
    for fault in Fault:
        yield _line(fault, *(_cell(report, fault, state) for state in State))
    yield ""
    yield "-: cannot be met there, for these reasons:"
    for reason, cells in _reasons():
        yield f"  {reason}: {cells}"


def story(outcome: Outcome) -> Iterator[str]:
    """Yield the history of a seed as a table for people, what was wrong with it, and how to see it again."""
    yield f"{'seconds':>9}  {'party':<12}  what"
    for at, party, what in play(outcome.kind, outcome.seed, told=True).story:
        yield f"{at:9.3f}  {party:<12}  {what}"
    for violation in outcome.violations:
        yield f"VIOLATION of {violation}"
    for one in outcome.unresolved:
        yield f"UNRESOLVED {one}"
    yield f"again: python -m simulator.histories --kind {outcome.kind} --first {outcome.seed} --seeds 1 --story"


def _play_batch(batch: tuple[Kind, range]) -> Report:
    kind, seeds = batch
    report = Report()
    for outcome in map(partial(play, kind), seeds):
        report.add(outcome)
    return report


def _cell(report: Report, fault: Fault, state: State) -> str:
    count = report.faults[fault, state]
    return "-" if count == 0 and why_unreachable(fault, state) is not None else str(count)


def _line(head: str, *cells: str) -> str:
    return f"{head:<{_FAULT_WIDTH}}" + "".join(f"{cell:>{_CELL_WIDTH}}" for cell in cells)


def _reasons() -> Iterable[tuple[str, str]]:
    by_reason: dict[str, dict[State, None]] = {}
    for state in State:
        for fault in Fault:
            reason = why_unreachable(fault, state)
            if reason is not None:
                by_reason.setdefault(reason, {})[state] = None
    return [(reason, ", ".join(states)) for reason, states in by_reason.items()]
