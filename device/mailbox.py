"""What edge threads may post to the deciding thread, and nothing else they do."""

from __future__ import annotations

import queue
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from device.counter.events import Heard, LinkDown, LinkUp
    from device.ports import Button
    from device.scan.events import ScanEvent


@dataclass(frozen=True, slots=True)
class Edge:
    """A raw edge of a button, at ``at`` monotonic seconds."""

    button: Button
    pressed: bool
    at: float


@dataclass(frozen=True, slots=True)
class GunRead:
    """A scanner gun has read a code; it is not known to be held up any longer."""

    text: str


@dataclass(frozen=True, slots=True)
class Died:
    """A thread has ended that should not have; the process ends with it."""

    part: str
    error: BaseException


@dataclass(frozen=True, slots=True)
class Stop:
    """Somebody wants the process to end in good order."""


Item: TypeAlias = "Heard | LinkUp | LinkDown | ScanEvent | GunRead | Edge | Died | Stop"


class Mailbox:
    """The one way in. Posting never blocks and never fails, not even in a signal handler."""

    def __init__(self) -> None:
        """Begin empty."""
        self._items: queue.SimpleQueue[Item] = queue.SimpleQueue()

    def post(self, item: Item) -> None:
        """Put an item at the end."""
        self._items.put(item)

    @property
    def is_empty(self) -> bool:
        """Whether nothing waits at this moment."""
        return self._items.empty()

    def take(self, timeout_s: float | None) -> Item | None:
        """Return the oldest item, waiting at most so long for one (None: for ever); None where none came."""
        try:
            return self._items.get(timeout=timeout_s)
        except queue.Empty:
            return None
