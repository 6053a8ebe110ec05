"""The display thread: keeps the OLED showing the newest view, and nothing waits for it.

``show`` leaves a view and returns. The thread draws the newest one only, sleeps while its picture stands still, and
treats a screen that does not answer as weather: it tries again, less and less often, and counts. A panel that was
pulled out and put back is dark and does not say so; therefore the OLED is initialised anew every minute.
"""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal, Protocol

import msgspec

from device.display.care import Care, CareSettings
from device.display.errors import DisplayError
from device.view import Screen

if TYPE_CHECKING:
    from collections.abc import Callable

    from PIL import Image

    from device.ports import Oled
    from device.view import Line, View

log = logging.getLogger(__name__)

_RETRY_S = 0.5
_RETRY_MAX_S = 8.0
_CLOSE_S = 2.0


class DisplaySettings(CareSettings, frozen=True, kw_only=True):
    """How screens are set and kept alive."""

    font_px: Literal[16, 12] = 16
    """16: four lines of eight hanzi; 12: five of ten, for a panel of 2.42 inches."""
    restart_s: Annotated[float, msgspec.Meta(ge=1)] = 60.0
    """How often the OLED is initialised anew though nothing failed."""


class Drawing(Protocol):
    """Turns a view into pictures: a ``draw.Painter``."""

    def draw(self, view: View, elapsed_s: float) -> Image.Image:
        """Return the picture after so many seconds."""

    def next_change(self, view: View, elapsed_s: float) -> float | None:
        """Return at how many seconds the picture changes next; None where it stands still."""


@dataclass(frozen=True, slots=True)
class Turn:
    """What came of a turn: whether the OLED has the picture, and when to come again at the latest."""

    drawn: bool
    next_at: float


class ScreenKeeper:
    """What the display thread does at each turn: given the view and the time, bring the OLED up to date.

    It knows no thread and no clock, so that its rules can be tried without waiting.
    """

    def __init__(self, oled: Oled, drawing: Drawing, restart_s: float = 60.0, care: CareSettings | None = None) -> None:
        """Keep the parts; the OLED is started at the first turn, and anew every ``restart_s`` seconds.

        Without ``care`` it is as bright as it can be at all times, and nothing is moved.
        """
        self.faults = 0
        """How many times the screen did not answer."""
        self._oled = oled
        self._drawing = drawing
        self._restart_s = restart_s
        self._care = Care(care or CareSettings(dim_after_s=0, shift_s=0))
        self._restart_at: float | None = None
        self._retry_at: float | None = None
        self._retry_s = _RETRY_S
        self._sent: bytes | None = None
        self._lines: tuple[Line, ...] | None = None
        self._lines_since = 0.0
        self._rested_since: float | None = None
        self._level = 1.0

    def turn(self, view: View, now: float) -> Turn:
        """Show the view as it is at ``now``, in seconds of a clock that never goes back."""
        if view.lines != self._lines:  # a view that only counts down lets its lines scroll on
            self._lines, self._lines_since = view.lines, now
        if view.screen is not Screen.IDLE:
            self._rested_since = None
        elif self._rested_since is None:
            self._rested_since = now
        if self._retry_at is not None and now < self._retry_at:
            return Turn(drawn=False, next_at=self._retry_at)
        elapsed_s = now - self._lines_since
        rested_s = 0.0 if self._rested_since is None else now - self._rested_since
        try:
            picture = self._care.moved(self._drawing.draw(view, elapsed_s), elapsed_s)
            restart_at = self._send(picture, self._care.level(view, rested_s), now)
        except DisplayError as error:
            return Turn(drawn=False, next_at=self._failed(error, now))
        change_s = self._drawing.next_change(view, elapsed_s)
        due = [restart_at, *(now + wait for wait in self._care.changes(view, rested_s, elapsed_s))]
        if change_s is not None:
            due.append(self._lines_since + change_s)
        return Turn(drawn=True, next_at=min(due))

    def close(self) -> None:
        """Blank the OLED and let it go."""
        self._oled.close()

    def _send(self, picture: Image.Image, level: float, now: float) -> float:
        """Bring the picture to the OLED, which may have to be started; return when to start it anew."""
        restart_at = self._restart_at
        if restart_at is None or now >= restart_at:
            self._oled.start()
            self._sent = None
            restart_at = now + self._restart_s
        pixels = picture.tobytes()
        if pixels != self._sent:
            self._oled.show(picture)
            self._sent = pixels
        if level != self._level:  # behind the picture: what was dimmed does not light up with an old one
            self._oled.brighten(level)
            self._level = level
        if self._retry_at is not None:
            log.info("display_back faults=%s", self.faults)
        self._retry_at, self._retry_s, self._restart_at = None, _RETRY_S, restart_at
        return restart_at

    def _failed(self, error: DisplayError, now: float) -> float:
        """Count a fault; return when to try again."""
        self.faults += 1
        if self._retry_at is None:
            log.warning("display_lost error=%s", error)
        self._restart_at = None
        self._retry_at = now + self._retry_s
        self._retry_s = min(2 * self._retry_s, _RETRY_MAX_S)
        return self._retry_at


class DisplayThread:
    """Keeps an OLED showing the newest view; a fault of the screen is never anybody else's."""

    def __init__(
        self,
        keeper: ScreenKeeper,
        *,
        on_death: Callable[[Exception], None],
        on_drawn: Callable[[int], None] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Keep the parts.

        ``on_drawn`` gets a view's sequence number when its first picture has reached the OLED, ``on_death`` the bug
        that ended the thread; both are called in the display thread.
        """
        self._keeper = keeper
        self._on_death = on_death
        self._on_drawn = on_drawn
        self._clock = clock
        self._changed = threading.Condition()
        self._view: View | None = None
        self._drawn: View | None = None
        self._closing = False
        self._thread: threading.Thread | None = None

    @property
    def faults(self) -> int:
        """How many times the screen did not answer."""
        return self._keeper.faults

    @property
    def drawn_seq(self) -> int | None:
        """The sequence number of the newest view that has reached the OLED; None before the first."""
        drawn = self._drawn
        return None if drawn is None else drawn.seq

    def start(self) -> None:
        """Start the thread; the screen stays dark until the first view."""
        self._thread = threading.Thread(target=self._run, name="display", daemon=True)
        self._thread.start()

    def show(self, view: View) -> None:
        """Show this view from now on; never waits for the screen, and may overtake a view not drawn yet."""
        with self._changed:
            self._view = view
            self._changed.notify()

    def close(self) -> None:
        """Blank the screen and end the thread; one that a hung bus holds is left behind, for the process to end."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        if self._thread is not None:
            self._thread.join(_CLOSE_S)
            if self._thread.is_alive():
                log.warning("display_not_closed reason=the bus hangs")
                return
        self._keeper.close()

    def _run(self) -> None:
        try:
            self._serve()
        except Exception as error:  # a dead thread ends the process, and on_death sees to that
            log.exception("display_died")
            self._on_death(error)

    def _serve(self) -> None:
        tried: View | None = None
        next_at: float | None = None
        while (view := self._await_work(tried, next_at)) is not None:
            turn = self._keeper.turn(view, self._clock())
            tried, next_at = view, turn.next_at
            if turn.drawn and view is not self._drawn:
                self._drawn = view
                if self._on_drawn is not None:
                    self._on_drawn(view.seq)

    def _await_work(self, tried: View | None, next_at: float | None) -> View | None:
        """Return the view to see to, when there is another one or its time has come; None when closing."""
        with self._changed:
            patience_s = None if next_at is None else max(0.0, next_at - self._clock())
            self._changed.wait_for(lambda: self._closing or self._view is not tried, patience_s)
            return None if self._closing else self._view
