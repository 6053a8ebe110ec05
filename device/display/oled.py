"""The OLED on the Pi's I2C bus, through luma's driver of its chip.

Luma's driver objects start the chip in their constructor, blank it, and register an exit handler for the life of the
process, so that making one at each restart of the screen flickers and leaks. Here the driver is made once, while
nothing is connected, and what it says to start the chip is kept: each ``start`` says it again, over a bus opened anew.
"""

from __future__ import annotations

import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Literal, Protocol

import msgspec
from PIL import Image

from device.display.errors import DisplayError
from device.display.layout import HEIGHT, WIDTH
from service.config import Section

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

log = logging.getLogger(__name__)

ChipName = Literal["ssd1309", "ssd1306", "sh1106"]

_DISPLAY_OFF = 0xAE


class Bus(Protocol):
    """What luma uses of smbus2 over a bus that was given to it: at most 32 data bytes a call."""

    def write_i2c_block_data(self, i2c_addr: int, register: int, data: list[int]) -> None:
        """Write a control byte and data to the chip at an address; raise OSError where nobody answers."""


class LumaOled:
    """A 128x64 OLED with one of three controllers."""

    class Options(Section, frozen=True, kw_only=True):
        """Which controller, where it is found, which way up it hangs and how bright it is."""

        driver: ChipName = "ssd1309"
        i2c_port: Annotated[int, msgspec.Meta(ge=0)] = 1
        i2c_address: Annotated[int, msgspec.Meta(ge=0x03, le=0x77)] = 0x3C
        rotate: Literal[0, 180] = 0
        contrast: Annotated[int, msgspec.Meta(ge=0, le=255)] = 0xCF

    def __init__(self, options: Options, bus: Bus | None = None) -> None:
        """Keep the options; the screen is reached over ``bus`` where one is given, else over the Pi's own."""
        self._options = options
        self._bus = bus
        self._line = _Line(_Recorder())
        self._startup: tuple[tuple[int, ...], ...] = ()
        self._driver: _Driver | None = None
        self._i2c: _End | None = None
        self._picture = Image.new("1", (WIDTH, HEIGHT))
        self._level = 1.0

    def start(self) -> None:
        """Initialise the controller; raise DisplayError where it does not answer.

        Called again it revives a panel that was unplugged, and nobody sees it on one that works: nothing turns the
        light off, and it is turned on when the newest picture stands in the chip's memory.
        """
        if self._driver is None:
            self._driver, self._startup = _make_driver(self._options, self._line)
        self._disconnect()
        with self._translated():
            self._i2c = self._line.end = _open_i2c(self._options, self._bus)
            for command in self._startup:
                self._i2c.command(*command)
            self._driver.contrast(self._contrast)
            self._driver.display(self._picture)
            if self._level:
                self._driver.show()

    def show(self, picture: Image.Image) -> None:
        """Send a 128x64 picture of mode "1"; raise DisplayError where the bus fails."""
        self._picture = picture
        if self._driver is None or self._i2c is None:
            msg = "the OLED is not started: call start first, also after a DisplayError"
            raise DisplayError(msg)
        with self._translated():
            self._driver.display(picture)

    def brighten(self, level: float) -> None:
        """Be this bright from now on, also after a start: 0 (dark) to 1; raise DisplayError where the bus fails."""
        was, self._level = self._level, level
        if self._driver is None or self._i2c is None:
            return  # the next start sees to it
        with self._translated():
            self._driver.contrast(self._contrast)
            if bool(level) is not bool(was):
                (self._driver.show if level else self._driver.hide)()

    @property
    def _contrast(self) -> int:
        return round(self._options.contrast * self._level)

    def close(self) -> None:
        """Turn the light off and let the bus go; a panel that is not there is no error."""
        if self._driver is None or self._i2c is None:
            return
        try:
            with self._translated():
                self._driver.hide()
        except DisplayError as error:
            log.info("oled_not_blanked reason=%s", error)
        self._disconnect()
        self._picture = Image.new("1", (WIDTH, HEIGHT))

    def _disconnect(self) -> None:
        if self._i2c is not None:
            self._i2c.cleanup()
            self._i2c = None

    @contextmanager
    def _translated(self) -> Iterator[None]:
        from luma.core.error import Error as LumaError  # noqa: PLC0415 - luma is loaded where there is a panel

        try:
            yield
        except (LumaError, OSError) as error:
            self._disconnect()
            options = self._options
            msg = (
                f"the OLED ({options.driver}) does not answer at address 0x{options.i2c_address:02X} of I2C bus "
                f"{options.i2c_port} ({error}): check its wires, that I2C is on (raspi-config, Interface Options), "
                f"that the user is in the group i2c, and the address (i2cdetect -y {options.i2c_port})"
            )
            raise DisplayError(msg) from error


class _End(Protocol):
    """One end that luma's driver speaks to: its ``i2c``, or the recorder."""

    def command(self, *command: int) -> None: ...

    def data(self, data: Sequence[int]) -> None: ...

    def cleanup(self) -> None: ...


class _Driver(Protocol):
    """What the room uses of luma's driver of a chip."""

    persist: bool

    def display(self, image: Image.Image) -> None: ...

    def contrast(self, level: int) -> None: ...

    def show(self) -> None: ...

    def hide(self) -> None: ...


class _Line:
    """The serial interface that luma's driver keeps for life, whose other end is another one after each start."""

    def __init__(self, end: _End) -> None:
        self.end = end

    def command(self, *command: int) -> None:
        self.end.command(*command)

    def data(self, data: Sequence[int]) -> None:
        self.end.data(data)

    def cleanup(self) -> None:
        """Do nothing: luma's exit handler calls this, but the bus is closed by whoever opened it."""


class _Recorder:
    """Keeps the commands that start a chip: all that its driver says before it sends the first, blank picture."""

    def __init__(self) -> None:
        self.commands: list[tuple[int, ...]] = []
        self._complete = False

    def command(self, *command: int) -> None:
        # A chip is dark after power-on, so that "off" only ever darkens one that shows something.
        lit = command[1:] if command[0] == _DISPLAY_OFF else command
        if lit and not self._complete:
            self.commands.append(lit)

    def data(self, data: Sequence[int]) -> None:
        self._complete = self._complete or bool(data)

    def cleanup(self) -> None:
        """Do nothing: there is nothing to close."""


def _make_driver(options: LumaOled.Options, line: _Line) -> tuple[_Driver, tuple[tuple[int, ...], ...]]:
    """Return luma's driver of the chip and the commands that start the chip; nothing is sent to anybody."""
    from luma.oled import device as chips  # noqa: PLC0415 - luma is loaded where there is a panel

    line.end = recorder = _Recorder()
    driver: _Driver = getattr(chips, options.driver)(line, rotate=options.rotate // 90)
    driver.persist = True  # luma's exit handler would else speak to a bus that is closed by then
    return driver, tuple(recorder.commands)


def _open_i2c(options: LumaOled.Options, bus: Bus | None) -> _End:
    from luma.core.interface.serial import i2c  # noqa: PLC0415 - luma is loaded where there is a panel

    end: _End = i2c(bus=bus, port=options.i2c_port, address=options.i2c_address)
    return end
