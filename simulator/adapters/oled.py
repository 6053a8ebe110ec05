"""The OLED at a rehearsal: the driver of production, over a bus that passes every byte to the counter."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from device.display.errors import DisplayError
from device.display.oled import ChipName, LumaOled
from simulator.adapters.wire import WireOptions, connect

if TYPE_CHECKING:
    from collections.abc import Callable

    from PIL import Image

    from simulator.adapters.wire import Wire

#: What the wire calls a write on the bus.
I2C = "i2c"


class RecordingBus:
    """An I2C bus, as luma uses smbus2's, that gives each write away: address, control byte, data."""

    def __init__(self, sink: Callable[[bytes], None]) -> None:
        """Keep where writes go."""
        self._sink = sink

    def write_i2c_block_data(self, i2c_addr: int, register: int, data: list[int]) -> None:
        """Give one write away; ``PanelChip.write(frame[0], frame[1], frame[2:])`` takes it in."""
        self._sink(bytes((i2c_addr, register, *data)))


class RehearsalOled:
    """A kiosk's OLED whose picture the counter decodes from the bytes on its bus."""

    class Options(WireOptions, frozen=True, kw_only=True):
        """Which controller the simulated module has, and where the counter listens."""

        driver: ChipName = "ssd1309"

    def __init__(self, options: Options) -> None:
        """Keep the options."""
        self._options = options
        self._oled: LumaOled | None = None
        self._wire: Wire | None = None

    def start(self) -> None:
        """Connect to the counter at the first call, and initialise the controller; nothing here can fail to answer."""
        if self._oled is None:
            self._wire = connect(Path(self._options.socket))
            bus = RecordingBus(partial(self._wire.send, I2C))
            self._oled = LumaOled(LumaOled.Options(driver=self._options.driver), bus)
        self._oled.start()

    def show(self, picture: Image.Image) -> None:
        """Send a 128x64 picture of mode "1"; raise DisplayError before start."""
        if self._oled is None:
            msg = "the OLED is not started: call start first"
            raise DisplayError(msg)
        self._oled.show(picture)

    def brighten(self, level: float) -> None:
        """Be this bright from now on."""
        if self._oled is not None:
            self._oled.brighten(level)

    def close(self) -> None:
        """Blank the screen and hang up."""
        if self._oled is not None:
            self._oled.close()
            self._oled = None
        if self._wire is not None:
            self._wire.close()
            self._wire = None
