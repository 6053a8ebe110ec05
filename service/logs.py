"""Logging of every process: stdlib, ``event key=value``, to standard error; journald adds the time."""

from __future__ import annotations

import logging
import sys


def start_logging(level: str = "INFO", *, times: bool | None = None) -> None:
    """Send logs to standard error; with times where nobody behind it adds them (a terminal, or as told)."""
    with_times = sys.stderr.isatty() if times is None else times
    line = "%(levelname)s %(name)s: %(message)s"
    logging.basicConfig(level=level.upper(), format=f"%(asctime)s {line}" if with_times else line, force=True)
    logging.captureWarnings(capture=True)
