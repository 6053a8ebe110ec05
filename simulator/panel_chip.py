"""A model of the OLED's controller: takes what a driver writes over I2C, gives the picture that a person sees.

Three controllers: SSD1306 (sections are those of its data sheet, revision 1.1), SSD1309 (the same without a charge
pump: powered from outside) and SH1106 (page addressing only; 132 columns, of which the panel shows 2 to 129).
A module is wired so that segment re-map A1h and scan direction C8h stand upright, as drivers expect of those on sale.

Not modelled: hardware scrolling, the COM pins' arrangement (DAh), timing, brightness. A command that the controller
does not have, or whose effect is not modelled, is listed in ``unknown``.
"""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass
from enum import Enum, IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from device.display.oled import ChipName

WIDTH = 128
HEIGHT = 64
PAGES = HEIGHT // 8

#: The byte after the address says what follows (section 8.1.5.2): bit 6 is D/C#.
CONTROL_COMMANDS = 0x00
CONTROL_DATA = 0x40

#: The most data bytes of one block write, as SMBus has it.
SMBUS_BLOCK = 32


class Command(Enum):
    """What a controller can be told: first code, last code, bytes of argument that follow."""

    COLUMN_LOW = (0x00, 0x0F, 0)  # 10.1.1
    COLUMN_HIGH = (0x10, 0x1F, 0)  # 10.1.2
    ADDRESSING_MODE = (0x20, 0x20, 1)  # 10.1.3
    COLUMN_WINDOW = (0x21, 0x21, 2)  # 10.1.4
    PAGE_WINDOW = (0x22, 0x22, 2)  # 10.1.5
    SCROLL_ALONG = (0x26, 0x27, 6)  # 10.2.1
    SCROLL_ASLANT = (0x29, 0x2A, 5)  # 10.2.2
    SCROLL_STOP = (0x2E, 0x2E, 0)  # 10.2.3
    SCROLL_START = (0x2F, 0x2F, 0)  # 10.2.4
    PUMP_VOLTAGE = (0x30, 0x33, 0)  # SH1106
    START_LINE = (0x40, 0x7F, 0)  # 10.1.6
    CONTRAST = (0x81, 0x81, 1)  # 10.1.7
    CHARGE_PUMP = (0x8D, 0x8D, 1)  # SSD1306, application note, section 2
    SEGMENT_REMAP = (0xA0, 0xA1, 0)  # 10.1.8
    SCROLL_AREA = (0xA3, 0xA3, 2)  # 10.2.5
    ALL_ON = (0xA4, 0xA5, 0)  # 10.1.9
    INVERSE = (0xA6, 0xA7, 0)  # 10.1.10
    MULTIPLEX_RATIO = (0xA8, 0xA8, 1)  # 10.1.11
    CONVERTER = (0xAD, 0xAD, 1)  # SH1106
    DISPLAY_ON = (0xAE, 0xAF, 0)  # 10.1.12
    PAGE = (0xB0, 0xB7, 0)  # 10.1.13
    SCAN_DIRECTION = (0xC0, 0xCF, 0)  # 10.1.14
    DISPLAY_OFFSET = (0xD3, 0xD3, 1)  # 10.1.15
    CLOCK = (0xD5, 0xD5, 1)  # 10.1.16
    PRE_CHARGE = (0xD9, 0xD9, 1)  # 10.1.17
    COM_PINS = (0xDA, 0xDA, 1)  # 10.1.18
    VCOMH = (0xDB, 0xDB, 1)  # 10.1.19
    NOTHING = (0xE3, 0xE3, 0)  # 10.1.20

    def __init__(self, first: int, last: int, arguments: int) -> None:
        self.first = first
        self.last = last
        self.arguments = arguments


_UNMODELLED = {
    Command.SCROLL_ALONG,
    Command.SCROLL_ASLANT,
    Command.SCROLL_STOP,
    Command.SCROLL_START,
    Command.SCROLL_AREA,
}
_WINDOWED_ONLY = {Command.ADDRESSING_MODE, Command.COLUMN_WINDOW, Command.PAGE_WINDOW, *_UNMODELLED}
_SH1106_ONLY = {Command.PUMP_VOLTAGE, Command.CONVERTER}


@dataclass(frozen=True, slots=True)
class _Controller:
    """What tells one controller from another."""

    lacks: frozenset[Command]
    columns: int = WIDTH
    first_shown: int = 0
    powered_at_reset: bool = True


_CONTROLLERS: dict[ChipName, _Controller] = {
    "ssd1306": _Controller(frozenset(_SH1106_ONLY), powered_at_reset=False),
    "ssd1309": _Controller(frozenset({*_SH1106_ONLY, Command.CHARGE_PUMP})),
    "sh1106": _Controller(frozenset({*_WINDOWED_ONLY, Command.CHARGE_PUMP}), columns=132, first_shown=2),
}


class _Addressing(IntEnum):
    """Where the next data byte goes (10.1.3)."""

    HORIZONTAL = 0
    VERTICAL = 1
    PAGE = 2


@dataclass(slots=True)
class _Registers:
    """What a controller remembers besides its picture memory, as a reset leaves it (8.9)."""

    powered: bool
    last_column: int
    display_on: bool = False
    all_on: bool = False
    inverse: bool = False
    remapped: bool = False
    scan_reversed: bool = False
    contrast: int = 0x7F
    start_line: int = 0
    offset: int = 0
    rows: int = HEIGHT
    addressing: _Addressing = _Addressing.PAGE
    column: int = 0
    page: int = 0
    first_column: int = 0
    first_page: int = 0
    last_page: int = PAGES - 1

    def next_column(self) -> bool:
        """Move right; return whether that went back to the first column."""
        wraps = self.column == self.last_column
        self.column = self.first_column if wraps else self.column + 1
        return wraps

    def next_page(self) -> bool:
        """Move down; return whether that went back to the first page."""
        wraps = self.page == self.last_page
        self.page = self.first_page if wraps else (self.page + 1) % PAGES
        return wraps


class PanelChip:
    """One OLED module, alone on its bus."""

    def __init__(self, driver: ChipName, address: int = 0x3C) -> None:
        """Plug a module in: it is dark, and its memory holds noise."""
        self.bytes_received = 0
        """Bytes on the bus so far: address, control byte and what follows."""
        self.frames = 0
        """Pictures that were written to their last byte."""
        self.unknown: list[int] = []
        """Codes that had no effect because the controller lacks them or the model does, in the order they came."""
        self._controller = _CONTROLLERS[driver]
        self._address = address
        self._plugged = True
        self._reset()

    @property
    def contrast(self) -> int:
        """Brightness, 0 to 255."""
        return self._registers.contrast

    @property
    def lit(self) -> bool:
        """Whether the panel shows anything at all."""
        return self._plugged and self._registers.powered and self._registers.display_on

    def unplug(self) -> None:
        """Pull the module out: nobody answers at its address."""
        self._plugged = False

    def replug(self) -> None:
        """Put the module back: it has forgotten everything, and is dark until it is initialised."""
        self._plugged = True
        self._reset()

    def write_i2c_block_data(self, i2c_addr: int, register: int, data: Iterable[int]) -> None:
        """Take one write as smbus2's SMBus makes it, so that the module itself can be a driver's bus."""
        block = bytes(data)
        if len(block) > SMBUS_BLOCK:
            msg = f"a block of {len(block)} bytes; SMBus takes at most {SMBUS_BLOCK}"
            raise ValueError(msg)
        self.write(i2c_addr, register, block)

    def write(self, address: int, control: int, data: bytes) -> None:
        """Take one I2C write; raise OSError, as Linux does, where no module answers at the address."""
        if not self._plugged or address != self._address:
            raise OSError(errno.EREMOTEIO, os.strerror(errno.EREMOTEIO))
        self.bytes_received += 2 + len(data)
        if control not in (CONTROL_COMMANDS, CONTROL_DATA):
            self.unknown.append(control)
            return
        accept = self._take if control == CONTROL_COMMANDS else self._store
        for byte in data:
            accept(byte)

    def pixels(self) -> bytes:
        """Return what a person sees: 64 rows of 16 bytes, the leftmost pixel in the highest bit, 1 where it shines.

        ``PIL.Image.frombytes("1", (128, 64), pixels)`` makes a picture of it.
        """
        return b"".join(self._row(y).to_bytes(WIDTH // 8, "big") for y in range(HEIGHT))

    def _reset(self) -> None:
        columns = self._controller.columns
        self._registers = _Registers(powered=self._controller.powered_at_reset, last_column=columns - 1)
        self._memory = [bytearray(column ^ 0xA5 for column in range(columns)) for _ in range(PAGES)]
        self._pending = bytearray()

    def _row(self, y: int) -> int:
        """Return one row of the upright panel as a number of 128 bits."""
        chip = self._registers
        if not self.lit or y >= chip.rows:
            return 0
        if chip.all_on:
            return (1 << WIDTH) - 1
        common = y if chip.scan_reversed else HEIGHT - 1 - y
        line = (common + chip.start_line + chip.offset) % HEIGHT
        first = self._controller.first_shown
        shown = self._memory[line // 8][first : first + WIDTH]
        row = 0
        for byte in shown if chip.remapped else reversed(shown):
            row = row << 1 | (byte >> line % 8 & 1)
        return row ^ (1 << WIDTH) - 1 if chip.inverse else row

    def _store(self, byte: int) -> None:
        """Put a data byte into the picture memory and move on (10.1.3, figures 10-1 to 10-4)."""
        chip = self._registers
        self._memory[chip.page][chip.column] = byte
        if chip.page == PAGES - 1 and chip.column == self._controller.first_shown + WIDTH - 1:
            self.frames += 1
        match chip.addressing:
            case _Addressing.HORIZONTAL:
                if chip.next_column():
                    chip.next_page()
            case _Addressing.VERTICAL:
                if chip.next_page():
                    chip.next_column()
            case _Addressing.PAGE:
                chip.next_column()

    def _take(self, byte: int) -> None:
        """Take a byte of a command; carry the command out when its arguments are there."""
        self._pending.append(byte)
        code, *arguments = self._pending
        command = next((one for one in Command if one.first <= code <= one.last), None)
        if command is None or command in self._controller.lacks:
            self.unknown.append(code)
        elif len(arguments) < command.arguments:
            return
        elif command in _UNMODELLED:
            self.unknown.append(code)
        else:
            self._execute(command, code, arguments)
        self._pending.clear()

    def _execute(self, command: Command, code: int, arguments: list[int]) -> None:
        match arguments:
            case []:
                self._switch(command, code)
            case [value]:
                self._set(command, value)
            case [first, last]:
                self._set_window(command, first, last)

    def _switch(self, command: Command, code: int) -> None:
        """Carry out a command that holds its value in its code."""
        chip = self._registers
        match command:
            case Command.COLUMN_LOW:
                chip.column = min(chip.column & 0xF0 | code & 0x0F, self._controller.columns - 1)
            case Command.COLUMN_HIGH:
                chip.column = min(chip.column & 0x0F | (code & 0x0F) << 4, self._controller.columns - 1)
            case Command.PAGE:
                chip.page = code & 0x07
            case Command.START_LINE:
                chip.start_line = code & 0x3F
            case Command.SEGMENT_REMAP:
                chip.remapped = bool(code & 0x01)
            case Command.SCAN_DIRECTION:
                chip.scan_reversed = bool(code & 0x08)
            case Command.ALL_ON:
                chip.all_on = bool(code & 0x01)
            case Command.INVERSE:
                chip.inverse = bool(code & 0x01)
            case Command.DISPLAY_ON:
                chip.display_on = bool(code & 0x01)

    def _set(self, command: Command, value: int) -> None:
        """Carry out a command with one byte of argument; the analogue settings among them change no pixel."""
        chip = self._registers
        match command:
            case Command.ADDRESSING_MODE:
                chip.addressing = _Addressing(min(value & 0x03, _Addressing.PAGE))
            case Command.DISPLAY_OFFSET:
                chip.offset = value & 0x3F
            case Command.MULTIPLEX_RATIO:
                chip.rows = (value & 0x3F) + 1
            case Command.CONTRAST:
                chip.contrast = value
            case Command.CHARGE_PUMP:
                chip.powered = bool(value & 0x04)
            case Command.CONVERTER:
                chip.powered = bool(value & 0x01)

    def _set_window(self, command: Command, first: int, last: int) -> None:
        """Set the window that data goes to, and point to its begin."""
        chip = self._registers
        if command is Command.COLUMN_WINDOW:
            chip.column = chip.first_column = first & 0x7F
            chip.last_column = last & 0x7F
        elif command is Command.PAGE_WINDOW:
            chip.page = chip.first_page = first & 0x07
            chip.last_page = last & 0x07
