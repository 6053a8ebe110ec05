"""Ways between parties: a line that may be cut, and a question over it that is answered once or not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from simulator.histories.party import Stage


class Line:
    """Carries messages, which the weather loses, doubles and delays. Cut, it lets nothing arrive."""

    def __init__(self, stage: Stage) -> None:
        """Keep the world and its weather."""
        self._world = stage.world
        self._faults = stage.faults
        self.cut = False

    def carry(self, rid: str | None, arrive: Callable[..., None], *args: Any, once: bool = False) -> None:  # noqa: ANN401
        """Carry a message that concerns a rid, or a look (None); ``once``: what carries it never doubles it."""
        for journey in self._faults.journeys(rid, once=once):
            self._world.at(self._world.now + journey, self._arrive, arrive, args)

    def _arrive(self, arrive: Callable[..., None], args: tuple[Any, ...]) -> None:
        if not self.cut:
            arrive(*args)


class Question:
    """One question over HTTP. The asker hears one answer, or after its patience that there was none (None)."""

    def __init__(self, line: Line, rid: str | None, hear: Callable[[Any], None]) -> None:
        """Keep who hears the answer; it is called once."""
        self._line = line
        self._rid = rid
        self._hear = hear
        self._waiting = True

    def answer(self, answer: object) -> None:
        """Send an answer back, from the other end."""
        self._line.carry(self._rid, self._end, answer, once=True)

    def give_up(self) -> None:
        """Stop waiting."""
        self._end(None)

    def _end(self, answer: object) -> None:
        if self._waiting:
            self._waiting = False
            self._hear(answer)
