"""Waiting for a condition, with a bound, instead of for a time."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

WITHIN_S = 10.0


def until(true: Callable[[], object], within_s: float = WITHIN_S) -> None:
    """Return when the condition holds; fail the test when it does not come to hold in time."""
    end = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < end, "the condition did not come to hold in time"
        time.sleep(0.005)


async def soon(true: Callable[[], object], within_s: float = WITHIN_S) -> None:
    """Return when the condition holds, while the loop goes on."""
    end = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < end, "the condition did not come to hold in time"
        await asyncio.sleep(0.005)
