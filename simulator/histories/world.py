"""A world made from one seed: time that only events move, and clocks that disagree about it."""

from __future__ import annotations

import heapq
import random
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

#: A wake-up comes this much after its moment, so that a clock of another rate has surely passed it.
_AFTER_S = 1e-6


class World:
    """What happens, in order. Everything random is drawn from ``random``, so a seed is a whole history."""

    def __init__(self, seed: int, *, told: bool = False) -> None:
        """Begin at time 0; ``told``: keep the story for people to read."""
        self.random = random.Random(seed)  # noqa: S311 - must give the same history again
        self.now = 0.0
        self.story: list[tuple[float, str, str]] | None = [] if told else None
        self._queue: list[tuple[float, int, Callable[..., None], tuple[Any, ...]]] = []
        self._count = 0

    def at(self, when: float, action: Callable[..., None], *args: Any) -> None:  # noqa: ANN401 - passed on as they are
        """Let something happen at a time, seconds; what is due at once happens in the order in which it was said."""
        self._count += 1
        heapq.heappush(self._queue, (when, self._count, action, args))

    def run(self, until: float) -> None:
        """Let everything happen that is due before ``until``, seconds."""
        queue = self._queue
        while queue and queue[0][0] < until:
            self.now, _, action, args = heapq.heappop(queue)
            action(*args)
        self.now = until

    def tell(self, who: str, text: str, *args: object) -> None:
        """Add a line to the story, if anybody listens; ``args`` are put into ``text`` only then."""
        if self.story is not None:
            self.story.append((self.now, who, text % args))


class Clock:
    """The monotonic clock of one computer: it has a rate of its own, and begins anew when the computer does."""

    def __init__(self, world: World, rate: float) -> None:
        """Keep the rate: seconds that this clock counts in one second."""
        self._world = world
        self._rate = rate
        self._booted_at = 0.0

    def now(self) -> float:
        """Return what it shows, seconds."""
        return (self._world.now - self._booted_at) * self._rate

    @property
    def boot(self) -> str:
        """Which start of the computer it counts from."""
        return f"{self._booted_at}"

    def when(self, shown: float) -> float:
        """Return when in the world it will surely show ``shown``; never before now."""
        return max(self._world.now, self._booted_at + shown / self._rate) + _AFTER_S

    def reboot(self) -> None:
        """Begin anew."""
        self._booted_at = self._world.now
