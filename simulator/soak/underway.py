"""Who has confirmed a redemption, or its undo, and was not told its end yet: what a kill can meet."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


class Underway:
    """The redemptions that people wait for now."""

    def __init__(self) -> None:
        """Begin without any."""
        self._count = 0
        self._some = asyncio.Event()

    def __len__(self) -> int:
        """Return how many there are."""
        return self._count

    @contextlib.contextmanager
    def one(self) -> Iterator[None]:
        """Count one for as long as the block lasts."""
        self._count += 1
        self._some.set()
        try:
            yield
        finally:
            self._count -= 1
            if not self._count:
                self._some.clear()

    async def some(self, within_s: float) -> None:
        """Return as soon as there is one, or once so many seconds have passed without any."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._some.wait(), within_s)
