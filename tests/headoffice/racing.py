"""Two that meet at the same moment."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

Result = TypeVar("Result")
WAIT_S = 30


def race(*runners: Callable[[], Result]) -> list[Result]:
    """Let all of them go at once, each in a thread of its own, and return what each came to."""
    start = Barrier(len(runners))

    def run(runner: Callable[[], Result]) -> Result:
        start.wait(WAIT_S)
        return runner()

    with ThreadPoolExecutor(len(runners)) as threads:
        return list(threads.map(run, runners))
