"""Luma's real drivers over a modelled chip: what they write becomes the picture, failures say what to check."""

from __future__ import annotations

import atexit
import random
import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest
from PIL import Image

from device.display.errors import DisplayError
from device.display.oled import ChipName, LumaOled
from service.config import ConfigError, convert_config
from simulator.panel_chip import PanelChip

ROOT = Path(__file__).resolve().parents[3]

drivers = pytest.mark.parametrize("driver", get_args(ChipName))


def snow(seed: int) -> Image.Image:
    return Image.frombytes("1", (128, 64), random.Random(seed).randbytes(1024))


@drivers
@pytest.mark.parametrize("turned", [False, True])
def test_the_panel_shows_the_picture(driver: ChipName, *, turned: bool) -> None:
    chip = PanelChip(driver)
    oled = LumaOled(LumaOled.Options(driver=driver, rotate=180 if turned else 0), chip)
    oled.start()
    oled.show(snow(1))
    hangs = snow(1).rotate(180) if turned else snow(1)
    assert chip.pixels() == hangs.tobytes()


@drivers
def test_the_panel_lights_up_empty(driver: ChipName) -> None:
    chip = PanelChip(driver)
    LumaOled(LumaOled.Options(driver=driver, contrast=17), chip).start()
    assert chip.lit
    assert not any(chip.pixels())
    assert chip.contrast == 17


@drivers
def test_a_start_while_it_shows_something_is_not_seen(driver: ChipName) -> None:
    watched = WatchedChip(driver)
    oled = LumaOled(LumaOled.Options(driver=driver), watched)
    oled.start()
    oled.show(snow(2))
    watched.seen.clear()
    oled.start()
    assert watched.seen == {snow(2).tobytes()}


class WatchedChip(PanelChip):
    """A chip whose panel is looked at after every write."""

    def __init__(self, driver: ChipName) -> None:
        super().__init__(driver)
        self.seen: set[bytes] = set()

    def write(self, address: int, control: int, data: bytes) -> None:
        super().write(address, control, data)
        self.seen.add(self.pixels())


@drivers
def test_a_panel_that_was_pulled_out_and_put_back_shows_its_picture_after_a_start(driver: ChipName) -> None:
    chip = WatchedChip(driver)
    oled = LumaOled(LumaOled.Options(driver=driver), chip)
    oled.start()
    oled.show(snow(3))
    chip.unplug()
    with pytest.raises(DisplayError):
        oled.show(snow(4))
    with pytest.raises(DisplayError):
        oled.start()
    chip.replug()
    chip.seen.clear()
    oled.start()
    assert chip.pixels() == snow(4).tobytes()
    assert chip.seen == {bytes(1024), snow(4).tobytes()}, "noise of the memory was seen"


def test_a_failure_names_the_place_and_what_to_check() -> None:
    oled = LumaOled(LumaOled.Options(driver="ssd1306", i2c_address=0x3D), PanelChip("ssd1306", address=0x3C))
    with pytest.raises(DisplayError, match=r"ssd1306.*0x3D.*bus 1.*wires.*raspi-config.*i2cdetect -y 1"):
        oled.start()


def test_a_machine_without_the_bus_is_a_display_error() -> None:
    with pytest.raises(DisplayError, match="/dev/i2c-97"):
        LumaOled(LumaOled.Options(i2c_port=97)).start()


def test_a_picture_before_the_start_is_a_display_error() -> None:
    with pytest.raises(DisplayError, match="not started"):
        LumaOled(LumaOled.Options(), PanelChip("ssd1309")).show(snow(5))


def test_a_panel_that_failed_wants_a_start_before_it_gets_pictures() -> None:
    chip = PanelChip("ssd1309")
    oled = LumaOled(LumaOled.Options(), chip)
    oled.start()
    chip.unplug()
    with pytest.raises(DisplayError, match="does not answer"):
        oled.show(snow(5))
    chip.replug()
    sent = chip.bytes_received
    with pytest.raises(DisplayError, match="not started"):
        oled.show(snow(5))
    assert chip.bytes_received == sent


@drivers
def test_close_turns_the_light_off_at_any_time(driver: ChipName) -> None:
    chip = PanelChip(driver)
    oled = LumaOled(LumaOled.Options(driver=driver), chip)
    oled.close()
    oled.start()
    oled.show(snow(6))
    oled.close()
    assert not chip.lit
    oled.close()


def test_a_start_after_the_close_lights_an_empty_panel() -> None:
    chip = PanelChip("ssd1309")
    oled = LumaOled(LumaOled.Options(), chip)
    oled.start()
    oled.show(snow(6))
    oled.close()
    oled.start()
    assert chip.lit
    assert not any(chip.pixels()), "the old picture came back"


def test_close_after_the_panel_was_pulled_out_is_no_error() -> None:
    chip = PanelChip("ssd1309")
    oled = LumaOled(LumaOled.Options(), chip)
    oled.start()
    chip.unplug()
    oled.close()


def test_starting_again_and_again_leaves_nothing_behind() -> None:
    chip = PanelChip("ssd1309")
    oled = LumaOled(LumaOled.Options(), chip)
    oled.start()
    handlers = atexit._ncallbacks()
    chip.unplug()
    for _ in range(5):
        with pytest.raises(DisplayError):
            oled.start()
    chip.replug()
    for _ in range(5):
        oled.start()
    assert atexit._ncallbacks() == handlers


def test_luma_writes_nothing_when_the_process_ends() -> None:
    script = """
import sys
from device.display.oled import LumaOled

class Bus:
    said = False

    def write_i2c_block_data(self, i2c_addr, register, data):
        if self.said:
            print("written at exit", file=sys.stderr)

bus = Bus()
oled = LumaOled(LumaOled.Options(), bus)
oled.start()
bus.said = True
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stderr == ""


@pytest.mark.parametrize(
    ("options", "path"),
    [
        ({"driver": "ssd1307"}, "driver"),
        ({"rotate": 90}, "rotate"),
        ({"contrast": 256}, "contrast"),
        ({"i2c_adress": 60}, "i2c_address"),
    ],
)
def test_options_that_make_no_sense_are_refused_by_name(options: dict[str, object], path: str) -> None:
    with pytest.raises(ConfigError, match=path):
        convert_config(options, LumaOled.Options, where="$.oled.options")
