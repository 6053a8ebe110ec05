"""The clock that says how long ago something was: nobody can set it, and it goes on while the machine sleeps.

``time.monotonic`` stands still while a Linux machine is suspended: ten seconds by it can be an hour at the counter.
Time-outs of a network, of tasks and of a watchdog are no such judgement and stay with it.
"""

from __future__ import annotations

import time


def since_boot_s() -> float:
    """Return the seconds since this machine was started, those in which it slept included."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)
