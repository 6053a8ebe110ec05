# ruff: noqa: INP001 - Python finds it by its name in a folder of its path
"""Read by every Python that a soak starts: sleeps without ``clock_nanosleep``.

libfaketime 0.9.10 (Debian 12) counts the absolute monotonic end of a sleep as wall-clock time, so that each
``time.sleep`` since Python 3.11 fails with EINVAL. ``select`` sleeps relatively, and is left alone by it.
"""

import select
import time


def _sleep(seconds: float, /) -> None:
    select.select((), (), (), seconds)


time.sleep = _sleep  # type: ignore[assignment]  # whole numbers come as int, which a float takes
