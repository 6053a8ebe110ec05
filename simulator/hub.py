"""One kiosk as the counter sees it: what it shows, what is on its screen's bus, which presses it has dealt with.

The kiosk's adapters connect here over a Unix socket that exists while the kiosk has power. What a run of the kiosk said
is forgotten with it; the numbers of views go on rising, so that nobody mistakes an old one for a new one.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from itertools import count
from typing import TYPE_CHECKING, Any

import msgspec

from device.view import Screen, View
from simulator.adapters import messages
from simulator.adapters.messages import Driven, Pins, Press
from simulator.adapters.oled import I2C
from simulator.adapters.wire import FENCE
from simulator.line import listen
from simulator.panel_chip import HEIGHT, WIDTH, PanelChip
from simulator.watchers import Watchers

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from device.display.oled import ChipName
    from device.ports import Button
    from simulator.line import Line

log = logging.getLogger(__name__)

OFF: dict[str, Any] = {"screen": "off", "verdict": None}
DARK = bytes(WIDTH * HEIGHT // 8)
ANSWER_WITHIN_S = 10.0
DRAWN_WITHIN_S = 2.0
#: Address and control byte.
_SHORTEST_WRITE = 2
#: Writes on the bus that are kept before somebody asks for the picture: two dozen whole ones.
_MOST_WRITES = 1000


class KioskOffError(RuntimeError):
    """The kiosk has no power, or lost it meanwhile."""


class KioskSilentError(TimeoutError):
    """The kiosk runs but does not answer."""


class KioskHub:
    """The counter's end of one kiosk's wires."""

    def __init__(self, path: Path, chip: ChipName = "ssd1309") -> None:
        self.path = path
        self.watchers = Watchers()
        self._chip_kind = chip
        self._server: asyncio.Server | None = None
        self._lines: set[Line] = set()
        self._waiters: list[asyncio.Future[None]] = []
        self._numbers = count(1)
        self._newest = -1
        self._begin()

    def _begin(self) -> None:
        """Forget everything but how far the numbers of views have come."""
        self._base = self._newest = self._newest + 1
        self._view: View | None = None
        self._drawn = 0
        self._handled = 0
        self._driven: dict[int, int] = {}
        self._pins = Pins()
        self._panel: Line | None = None
        self._chip = PanelChip(self._chip_kind)
        self._writes: list[bytes] = []

    # --- power

    @property
    def is_on(self) -> bool:
        """Whether the kiosk has power."""
        return self._server is not None

    async def power_on(self) -> None:
        """Open the socket for a run of the kiosk that is about to begin."""
        if self._server is None:
            self._server = await listen(self.path, self)
            self._tell_state()

    def power_off(self) -> None:
        """Forget the run that has ended."""
        server, self._server = self._server, None
        if server is None:
            return
        server.close()
        self.path.unlink(missing_ok=True)
        for line in list(self._lines):
            line.hang_up()
        self._begin()
        self._tell_state()
        self.watchers.tell("pins", msgspec.to_builtins(self._pins))
        self.watchers.tell_changed("panel")
        self._wake()

    # --- what can be seen

    def state(self) -> dict[str, Any]:
        """Return what the kiosk shows; everything in it belongs together."""
        if not self.is_on:
            return OFF
        return _shown(self._view or View(seq=0, screen=Screen.STARTING, lines=()), self._base)

    @property
    def pins(self) -> dict[str, Any]:
        """Light and buzzer as their pins stand now."""
        return msgspec.to_builtins(self._pins)  # type: ignore[no-any-return]

    def pixels(self) -> bytes:
        """Return what the panel shows now: 64 rows of 16 bytes, the leftmost pixel in the highest bit."""
        for write in self._writes:
            self._chip.write(write[0], write[1], write[2:])
        self._writes.clear()
        return self._chip.pixels() if self.is_on else DARK

    @property
    def contrast(self) -> float:
        """How bright the panel is, 0 (dark) to 1."""
        self.pixels()
        return self._chip.contrast / 255 if self.is_on and self._chip.lit else 0.0

    async def picture(self) -> bytes:
        """Return ``pixels`` once the newest view has been drawn, or after a while without that."""
        target = self._view.seq if self._view is not None else 0
        with contextlib.suppress(KioskOffError, KioskSilentError):
            await self._until(lambda: self._drawn >= target, DRAWN_WITHIN_S)
            await self._fence()
        return self.pixels()

    async def until_view(self, wanted: Callable[[View], bool], within_s: float) -> View:
        """Return the newest view as soon as it is as wanted; raise KioskOffError or KioskSilentError."""
        await self._until(lambda: self._view is not None and wanted(self._view), within_s)
        assert self._view is not None  # noqa: S101 - just seen
        return self._view

    # --- what can be done

    async def press(self, button: Button, held_s: float) -> None:
        """Press a button; return when it is released again and the kiosk has dealt with it, journal included.

        Raises KioskOffError or KioskSilentError.
        """
        await self._until(lambda: self._panel is not None, ANSWER_WITHIN_S)
        assert self._panel is not None  # noqa: S101 - just seen
        number = next(self._numbers)
        self._panel.say(messages.PRESS, msgspec.json.encode(Press(number=number, button=button, held_s=held_s)))
        await self._until(lambda: number in self._driven, held_s + ANSWER_WITHIN_S)
        edges = self._driven.pop(number)
        await self._until(lambda: self._handled >= edges, ANSWER_WITHIN_S)

    async def _fence(self) -> None:
        """Return when everything that the kiosk has sent until now is here, by whichever of its wires."""
        number = next(self._numbers)
        lines = list(self._lines)
        for line in lines:
            line.say(FENCE, b"%d" % number)
        await self._until(lambda: all(line.fence >= number or line.is_down for line in lines), DRAWN_WITHIN_S)

    async def _until(self, true: Callable[[], bool], within_s: float) -> None:
        try:
            async with asyncio.timeout(within_s):
                while not true():
                    if not self.is_on:
                        msg = "the kiosk has no power"
                        raise KioskOffError(msg)
                    waiter = asyncio.get_running_loop().create_future()
                    self._waiters.append(waiter)
                    await waiter
        except TimeoutError as error:
            msg = f"the kiosk did not answer within {within_s:.0f} s"
            raise KioskSilentError(msg) from error

    def _wake(self) -> None:
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)

    # --- what the kiosk says

    def joined(self, line: Line) -> None:
        """Note a new wire."""
        self._lines.add(line)

    def left(self, line: Line) -> None:
        """Note that a wire is gone."""
        self._lines.discard(line)
        if self._panel is line:
            self._panel = None
        self._wake()

    def heard(self, line: Line, kind: str, body: bytes) -> None:
        """Take one message of the kiosk; raise msgspec.DecodeError or ValueError for what is none."""
        if kind == I2C:  # hundreds a second, and nobody waits for one
            if len(body) >= _SHORTEST_WRITE:
                self._writes.append(body)
            if len(self._writes) > _MOST_WRITES:
                self.pixels()
            self.watchers.tell_changed("panel")
            return
        match kind:
            case messages.VIEW:
                self._take_view(msgspec.json.decode(body, type=View))
            case messages.DRAWN:
                self._drawn = max(self._drawn, int(body))
            case messages.HANDLED:
                self._handled = max(self._handled, int(body))
            case messages.DRIVEN:
                driven = msgspec.json.decode(body, type=Driven)
                self._driven[driven.number] = driven.edges
            case messages.PINS:
                self._panel = line
                self._pins = msgspec.json.decode(body, type=Pins)
                self.watchers.tell("pins", self.pins)
            case _ if kind == FENCE:
                line.fence = int(body)
            case _:
                log.warning("wire_unknown_kind kind=%s", kind)
        self._wake()

    def _take_view(self, view: View) -> None:
        if self._view is None or view.seq > self._view.seq:
            self._view = view
            self._newest = self._base + view.seq
            self._tell_state()

    def _tell_state(self) -> None:
        self.watchers.tell("state", self.state())


def _shown(view: View, base: int) -> dict[str, Any]:
    """Return a view as scripts and browsers read it."""
    return {
        "seq": base + view.seq,
        "screen": view.screen.value,
        "verdict": view.verdict.value if view.verdict else None,
        "lines": [line.text for line in view.lines],
        "light": {"colour": view.light.colour.value, "pattern": view.light.pattern.value},
        "sound": view.sound.value if view.sound else None,
        "rid": view.rid,
        "clerk": view.clerk,
        "link": view.link.value,
        "countdown": view.countdown,
    }
