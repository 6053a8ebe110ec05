"""``hexiao demo``: the whole counter on this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def demo(  # noqa: PLR0913 - options of a command line
    *,
    port: int | None,
    data: Path | None,
    kiosks: int,
    browser: bool,
    database: str | None = None,
    platform: bool = False,
) -> int:
    """Run the rehearsal counter until it is told to stop; return the exit code."""
    from service.logs import start_logging  # noqa: PLC0415
    from simulator.demo import Wishes, run  # noqa: PLC0415 - imported when called, as in every verb

    start_logging("WARNING")
    wishes = Wishes(port=port, data=data, kiosks=kiosks, browser=browser, database=database, platform=platform)
    return run(wishes)
