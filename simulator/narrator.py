"""What a rehearsal says on the terminal: each step in plain words, with how long it took."""

from __future__ import annotations

import contextlib
import os
import sys
from time import monotonic
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from collections.abc import Iterator

    from simulator.processes import PartError

_GREEN, _RED, _FAINT, _PLAIN = "\x1b[32m", "\x1b[31m", "\x1b[2m", "\x1b[0m"


class Narrator:
    """Writes lines that arrive at once, on a terminal and through a pipe, whatever the terminal can show."""

    def __init__(self, out: TextIO | None = None) -> None:
        self._out = out or sys.stdout
        self._colours = self._out.isatty()

    def say(self, text: str) -> None:
        """Write a line."""
        line = text.encode(self._out.encoding or "utf-8", errors="replace").decode(self._out.encoding or "utf-8")
        try:
            print(line, file=self._out, flush=True)
        except BrokenPipeError:
            # Nobody reads any more what a rehearsal says; that is no reason to end it, nor to complain at its end.
            with open(os.devnull, "wb") as nowhere:  # noqa: PTH123 - a device, not a path to anything
                os.dup2(nowhere.fileno(), self._out.fileno())

    @contextlib.contextmanager
    def step(self, what: str) -> Iterator[list[str]]:
        """Tell a step when it is done, and how long it took; what is appended to the list is told with it."""
        begun = monotonic()
        more: list[str] = []
        yield more
        took = self._dressed(f"({monotonic() - begun:.1f} s)", _FAINT)
        self.say(f"{self._dressed('✓', _GREEN)} {' '.join([what, *more])} {took}")

    def trouble(self, what: str, lines: list[str]) -> None:
        """Tell what went wrong, and the last lines of the log that say why."""
        self.say(f"{self._dressed('✗', _RED)} {what}")
        for line in lines:
            self.say(self._dressed(f"    {line}", _FAINT))

    def part_ended(self, error: PartError) -> None:
        """Tell that a part has ended by itself."""
        self.trouble(str(error), error.lines)

    def _dressed(self, text: str, colour: str) -> str:
        return f"{colour}{text}{_PLAIN}" if self._colours else text
