"""What a run of full length must have met, and the table of it for docs/certainty.md.

A shorter run may miss a rare situation; a full one that misses it has not shown what it says.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator.histories.coverage import why_unreachable
from simulator.histories.faults import Fault, State

if TYPE_CHECKING:
    from collections.abc import Iterator

    from simulator.histories.run import Report

#: A run is of full length where so many seeds, or so many redemptions, are asked of it: the rarest fault in the rarest
#: state is met once in some two thousand histories, and a seed is three of them.
FULL_SEEDS, FULL_REDEMPTIONS = 100_000, 1_000_000
#: How often each kind of fault is met in each state of a redemption in which it can be met, at the least.
LEAST_IN_A_CELL = 100
#: Which share of all requests meets a fault, at the least.
LEAST_HIT = 0.3


def is_full(seeds: int, redemptions: int) -> bool:
    """Whether a run that is asked for so many is of full length."""
    return seeds >= FULL_SEEDS or redemptions >= FULL_REDEMPTIONS


def shortfalls(report: Report) -> Iterator[str]:
    """Yield what a run of full length should have met and has not, and what it met though that cannot be."""
    for fault, state in _cells():
        count = report.faults[fault, state]
        if count < LEAST_IN_A_CELL:
            yield f"{fault}, {state}: met {count} times, {LEAST_IN_A_CELL} are the least"
    share = report.hit / max(1, report.rids)
    if share < LEAST_HIT:
        yield f"{share:.0%} of the requests met a fault, {LEAST_HIT:.0%} are the least"
    for fault, state in report.surprises():
        yield f"{fault}, {state}: met, though it cannot be ({why_unreachable(fault, state)})"


def markdown(report: Report) -> Iterator[str]:
    """Yield the faults by kind and state as a Markdown table, line by line; "-" where one cannot be met."""
    yield f"| fault | {' | '.join(State)} |"
    yield f"|---|{'---:|' * len(State)}"
    for fault in Fault:
        yield f"| {fault} | {' | '.join(_told(report, fault, state) for state in State)} |"


def _told(report: Report, fault: Fault, state: State) -> str:
    count = report.faults[fault, state]
    return "-" if count == 0 and why_unreachable(fault, state) is not None else f"{count:,}"


def _cells() -> list[tuple[Fault, State]]:
    return [(fault, state) for fault in Fault for state in State if why_unreachable(fault, state) is None]
