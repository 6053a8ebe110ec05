"""The OLED's model behaves as the data sheets say, also where luma's drivers never go; the rehearsal's bus feeds it."""

from __future__ import annotations

import errno
import socket
from typing import TYPE_CHECKING

import pytest
from PIL import Image, ImageOps

from device.display.errors import DisplayError
from simulator.adapters.oled import I2C, RecordingBus, RehearsalOled
from simulator.adapters.wire import Unpacker
from simulator.panel_chip import CONTROL_COMMANDS, CONTROL_DATA, HEIGHT, WIDTH, PanelChip

if TYPE_CHECKING:
    from pathlib import Path

    from device.display.oled import ChipName

ADDRESS = 0x3C
WAIT_S = 20.0
PUMP_ON = (0x8D, 0x14)
UPRIGHT = (0xA1, 0xC8)
HORIZONTAL = (0x20, 0x00)
VERTICAL = (0x20, 0x01)
LIGHT_ON = 0xAF

#: A picture without any symmetry: each byte of the memory is another one than its mirror images.
DATA = bytes((7 * index + index // 128 * 31) % 256 for index in range(1024))


def command(chip: PanelChip, *codes: int) -> None:
    chip.write(ADDRESS, CONTROL_COMMANDS, bytes(codes))


def picture(chip: PanelChip) -> Image.Image:
    return Image.frombytes("1", (WIDTH, HEIGHT), chip.pixels())


def picture_of(memory: bytes | bytearray) -> Image.Image:
    """Return the picture of a memory by pages, the slow way: a byte is eight pixels downwards, lowest bit on top."""
    drawn = Image.new("1", (WIDTH, HEIGHT))
    for index, byte in enumerate(memory):
        for bit in range(8):
            drawn.putpixel((index % WIDTH, index // WIDTH * 8 + bit), byte >> bit & 1)
    return drawn


def same(one: Image.Image, other: Image.Image) -> bool:
    return one.convert("L").tobytes() == other.convert("L").tobytes()


@pytest.fixture
def chip() -> PanelChip:
    """Return an SSD1306 that is lit, upright, and shows DATA."""
    chip = PanelChip("ssd1306")
    command(chip, *PUMP_ON, *UPRIGHT, *HORIZONTAL, LIGHT_ON)
    chip.write(ADDRESS, CONTROL_DATA, DATA)
    return chip


def test_pages_of_eight_rows_make_the_picture(chip: PanelChip) -> None:
    assert same(picture(chip), picture_of(DATA))


def test_after_power_on_it_is_dark_whatever_its_memory_holds() -> None:
    chip = PanelChip("ssd1306")
    assert not chip.lit
    command(chip, LIGHT_ON)
    assert not chip.lit, "without its charge pump"
    assert not any(chip.pixels())
    command(chip, *PUMP_ON)
    assert any(chip.pixels()), "nobody has written anything: noise"


def test_an_ssd1309_is_powered_from_outside_and_has_no_pump() -> None:
    chip = PanelChip("ssd1309")
    command(chip, LIGHT_ON)
    assert chip.lit
    command(chip, *PUMP_ON)
    assert chip.unknown == [0x8D]


@pytest.mark.parametrize(
    ("codes", "expected"),
    [
        ((0xA7,), ImageOps.invert),
        ((0xA0,), ImageOps.mirror),
        ((0xC0,), ImageOps.flip),
        ((0xA5,), lambda drawn: drawn.point(lambda _: 255)),
        ((0xAE,), lambda drawn: drawn.point(lambda _: 0)),
        ((0xA7, 0xA6, 0xA5, 0xA4, 0xAE, 0xAF), lambda drawn: drawn),
    ],
    ids=["inverse", "segments the other way", "rows the other way", "all on", "off", "and back"],
)
def test_switches_change_the_whole_panel(chip: PanelChip, codes: tuple[int, ...], expected: object) -> None:
    command(chip, *codes)
    assert callable(expected)
    assert same(picture(chip), expected(picture_of(DATA).convert("L")))


@pytest.mark.parametrize("codes", [(0x40 | 5,), (0xD3, 5)], ids=["start line", "display offset"])
def test_the_picture_is_shifted_upwards_and_around(chip: PanelChip, codes: tuple[int, ...]) -> None:
    command(chip, *codes)
    plain = picture_of(DATA)
    shifted = Image.new("1", plain.size)
    shifted.paste(plain, (0, -5))
    shifted.paste(plain, (0, HEIGHT - 5))
    assert same(picture(chip), shifted)


def test_rows_beyond_the_multiplex_ratio_are_dark(chip: PanelChip) -> None:
    command(chip, 0xA8, 31)
    assert picture(chip).getbbox() == (0, 0, WIDTH, 32)


def test_horizontal_addressing_fills_a_window_row_by_row(chip: PanelChip) -> None:
    command(chip, 0x21, 10, 12, 0x22, 2, 3)
    chip.write(ADDRESS, CONTROL_DATA, bytes((1, 2, 3, 4, 5, 6, 99)))
    memory = bytearray(DATA)
    memory[2 * WIDTH + 10 : 2 * WIDTH + 13] = bytes((99, 2, 3))
    memory[3 * WIDTH + 10 : 3 * WIDTH + 13] = bytes((4, 5, 6))
    assert same(picture(chip), picture_of(memory))


def test_vertical_addressing_fills_a_window_column_by_column(chip: PanelChip) -> None:
    command(chip, *VERTICAL, 0x21, 10, 12, 0x22, 2, 3)
    chip.write(ADDRESS, CONTROL_DATA, bytes((1, 2, 3, 4, 5, 6)))
    memory = bytearray(DATA)
    memory[2 * WIDTH + 10 : 2 * WIDTH + 13] = bytes((1, 3, 5))
    memory[3 * WIDTH + 10 : 3 * WIDTH + 13] = bytes((2, 4, 6))
    assert same(picture(chip), picture_of(memory))


def test_page_addressing_stays_in_its_page() -> None:
    chip = PanelChip("ssd1306")
    command(chip, *PUMP_ON, *UPRIGHT, *HORIZONTAL, LIGHT_ON)
    chip.write(ADDRESS, CONTROL_DATA, DATA)
    command(chip, 0x20, 0x02, 0xB5, 0x0E, 0x17)  # page 5, column 7Eh
    chip.write(ADDRESS, CONTROL_DATA, bytes((1, 2, 3)))
    memory = bytearray(DATA)
    memory[5 * WIDTH + 0x7E : 6 * WIDTH] = bytes((1, 2))
    memory[5 * WIDTH] = 3
    assert same(picture(chip), picture_of(memory))


def test_an_sh1106_shows_the_middle_of_its_132_columns() -> None:
    chip = PanelChip("sh1106")
    command(chip, *UPRIGHT, LIGHT_ON)
    for page in range(8):
        command(chip, 0xB0 | page, 0x00, 0x10)
        chip.write(ADDRESS, CONTROL_DATA, bytes((0xFF, 0xFF, *DATA[page * WIDTH : (page + 1) * WIDTH], 0xFF, 0xFF)))
    assert same(picture(chip), picture_of(DATA))


@pytest.mark.parametrize(
    ("driver", "codes", "unknown"),
    [
        ("sh1106", (0x20, 0x21), [0x20, 0x21]),
        ("sh1106", (0xAD, 0x8A), []),
        ("ssd1306", (0xAD,), [0xAD]),
        ("ssd1306", (0xFF, 0x84), [0xFF, 0x84]),
        ("ssd1306", (0x26, 0, 0, 0, 0, 0, 0, 0x2F), [0x26, 0x2F]),
    ],
)
def test_what_had_no_effect_is_listed(driver: ChipName, codes: tuple[int, ...], unknown: list[int]) -> None:
    chip = PanelChip(driver)
    command(chip, *codes)
    assert chip.unknown == unknown


def test_a_command_may_come_in_pieces(chip: PanelChip) -> None:
    command(chip, 0x81)
    command(chip, 0x2A)
    assert (chip.contrast, chip.unknown) == (0x2A, [])


def test_a_control_byte_that_is_neither_is_listed(chip: PanelChip) -> None:
    chip.write(ADDRESS, 0x17, DATA)
    assert chip.unknown == [0x17]
    assert same(picture(chip), picture_of(DATA))


def test_bytes_and_whole_pictures_are_counted(chip: PanelChip) -> None:
    before = chip.bytes_received
    chip.write(ADDRESS, CONTROL_DATA, DATA[:-1])
    assert (chip.frames, chip.bytes_received - before) == (1, 2 + 1023)
    chip.write(ADDRESS, CONTROL_DATA, DATA[-1:])
    assert chip.frames == 2


def test_nobody_answers_where_no_module_is_plugged_in(chip: PanelChip) -> None:
    with pytest.raises(OSError, match="Remote I/O error") as refused:
        chip.write(0x3D, CONTROL_DATA, DATA)
    assert refused.value.errno == errno.EREMOTEIO
    chip.unplug()
    assert not any(chip.pixels())
    with pytest.raises(OSError, match="Remote I/O error"):
        command(chip, LIGHT_ON)


def test_a_module_put_back_has_forgotten_everything(chip: PanelChip) -> None:
    command(chip, 0x81)  # an argument is missing
    chip.unplug()
    chip.replug()
    assert not chip.lit
    command(chip, *PUMP_ON, *UPRIGHT, LIGHT_ON)
    assert not same(picture(chip), picture_of(DATA))


def test_a_block_is_no_longer_than_smbus_takes(chip: PanelChip) -> None:
    chip.write_i2c_block_data(ADDRESS, CONTROL_DATA, [0] * 32)
    with pytest.raises(ValueError, match="33 bytes"):
        chip.write_i2c_block_data(ADDRESS, CONTROL_DATA, [0] * 33)


def test_the_recording_bus_gives_each_write_away_whole() -> None:
    frames: list[bytes] = []
    RecordingBus(frames.append).write_i2c_block_data(0x3C, 0x40, [1, 2, 255])
    assert frames == [b"\x3c\x40\x01\x02\xff"]


def test_the_rehearsal_oled_shows_its_picture_to_the_counter(tmp_path: Path) -> None:
    chip, unpacker = PanelChip("sh1106"), Unpacker()
    oled = RehearsalOled(RehearsalOled.Options(driver="sh1106", socket=str(tmp_path / "wire")))
    drawn = picture_of(DATA)
    with pytest.raises(DisplayError):
        oled.show(drawn)
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(str(tmp_path / "wire"))
        door.listen()
        door.settimeout(WAIT_S)
        oled.start()
        oled.show(drawn)
        visitor, _ = door.accept()
        with visitor:
            visitor.settimeout(WAIT_S)
            while chip.frames < 2:  # the first lights the panel up, empty
                for kind, frame in unpacker.feed(visitor.recv(65536)):
                    assert kind == I2C
                    chip.write(frame[0], frame[1], frame[2:])
            assert same(picture(chip), drawn)
            oled.close()
            while data := visitor.recv(65536):
                for _, frame in unpacker.feed(data):
                    chip.write(frame[0], frame[1], frame[2:])
        assert not chip.lit
        oled.close()
