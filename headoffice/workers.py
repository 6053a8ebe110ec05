"""The threads in which the database is asked, so that the loop that answers the network never waits for a disk."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, ParamSpec, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

P = ParamSpec("P")
Result = TypeVar("Result")


class Workers:
    """Two bounded groups of threads: a look never queues behind commits that wait for the disk.

    More requests than threads wait in order, which is what keeps a database quick.
    """

    def __init__(self, readers: int, writers: int) -> None:
        self._readers = ThreadPoolExecutor(readers, thread_name_prefix="reader")
        self._writers = ThreadPoolExecutor(writers, thread_name_prefix="writer")

    async def read(self, work: Callable[P, Result], /, *args: P.args, **kwargs: P.kwargs) -> Result:
        """Return what ``work`` returns, which mostly reads."""
        return await asyncio.get_running_loop().run_in_executor(self._readers, lambda: work(*args, **kwargs))

    async def write(self, work: Callable[P, Result], /, *args: P.args, **kwargs: P.kwargs) -> Result:
        """Return what ``work`` returns, which commits."""
        return await asyncio.get_running_loop().run_in_executor(self._writers, lambda: work(*args, **kwargs))

    def close(self) -> None:
        """Wait for what is under way and end the threads."""
        self._readers.shutdown(wait=True)
        self._writers.shutdown(wait=True)
