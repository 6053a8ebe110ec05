"""A wall clock that is set: everything that a rehearsal starts reads it through libfaketime; time goes on as it was."""

from __future__ import annotations

import glob
from pathlib import Path

_LIBRARY = "/usr/lib/*/faketime/libfaketimeMT.so.1"


class ClockMissingError(RuntimeError):
    """libfaketime is not installed."""


class WallClock:
    """So many seconds before or after the truth, for every process with its ``environment``."""

    def __init__(self, file: Path) -> None:
        """Write the truth into a new file; raise ClockMissingError."""
        found = glob.glob(_LIBRARY)  # noqa: PTH207 - a pattern over the whole system
        if not found:
            msg = f"no libfaketime is installed (no {_LIBRARY}): make setup"
            raise ClockMissingError(msg)
        self._file = file
        self.set(0)
        self.environment = {
            "LD_PRELOAD": found[0],
            "FAKETIME_TIMESTAMP_FILE": str(file),
            "FAKETIME_CACHE_DURATION": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "PYTHONPATH": str(Path(__file__).with_name("startup")),
        }

    def set(self, ahead_s: int) -> None:
        """Set it so many seconds ahead of the truth, or behind; everybody follows within a second."""
        written = self._file.with_suffix(".new")
        written.write_text(f"{ahead_s:+d}\n", encoding="ascii")
        written.replace(self._file)
