"""The service manager's watchdog, fed only while the kiosk is of use: its loop turns, and its eyes are looked after.

Frames that come are the best sign. A camera that is absent or being restarted is reported by the eyes again and again,
and the kiosk goes on without it; one that hangs in the kernel is reported by nobody (picamera2 #1275, #1323), and only
a restart of the machine helps there. So the watchdog starves when neither frames nor reports come.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.notify import notify

if TYPE_CHECKING:
    from collections.abc import Callable

FRESH_S = 10.0
#: Longer than the eyes take from one report of a camera that will not work to the next, a slow start included.
REPORTED_S = 90.0
_AGAIN_S = 1.0


class Watchdog:
    """Feeds the service manager's watchdog every ``period_s`` seconds; None: there is none."""

    def __init__(
        self,
        period_s: float | None,
        fresh: Callable[[float, float], bool],
        feed: Callable[[str], object] = notify,
    ) -> None:
        """Keep the pace; ``fresh(now, max_age_s)`` tells whether frames have come lately."""
        self._period_s = period_s
        self._fresh = fresh
        self._feed = feed
        self._reported_at = float("-inf")
        self.due_at: float | None = None if period_s is None else 0.0
        """When ``turn`` is to be called next."""

    def camera_reported(self, now: float) -> None:
        """Take note that the eyes know of a fault and see to it."""
        self._reported_at = now

    def turn(self, now: float) -> None:
        """Feed the watchdog if that is due and deserved."""
        if self._period_s is None or self.due_at is None or now < self.due_at:
            return
        deserved = self._fresh(now, FRESH_S) or now - self._reported_at <= REPORTED_S
        if deserved:
            self._feed("WATCHDOG=1")
        self.due_at = now + (self._period_s if deserved else min(_AGAIN_S, self._period_s))
