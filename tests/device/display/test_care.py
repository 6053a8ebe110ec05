"""What is asked of the OLED, on luma's real driver over a modelled chip: brightness, dimming, darkness, small moves."""

from __future__ import annotations

import pytest
from PIL import Image, ImageChops

from device.display.care import Care, CareSettings
from device.display.draw import Painter
from device.display.fonts import load_face
from device.display.oled import LumaOled
from device.display.screen import ScreenKeeper
from device.view import Line, Screen, View
from simulator.panel_chip import PanelChip

PAINTER = Painter(load_face(16))
CONTRAST = 200
IDLE = View(1, Screen.IDLE, (Line("请出示券码", centred=True), Line("Show your code", centred=True)))
OFFER = View(2, Screen.OFFER, (Line("待核销", centred=True),))
CARE = CareSettings(brightness=80, dim_after_s=120, dim_to=25, dark_after_s=600, shift_s=300)


@pytest.fixture
def chip() -> PanelChip:
    return PanelChip("ssd1309")


@pytest.fixture
def keeper(chip: PanelChip) -> ScreenKeeper:
    return ScreenKeeper(LumaOled(LumaOled.Options(contrast=CONTRAST), chip), PAINTER, restart_s=1e6, care=CARE)


def test_at_rest_it_is_dimmed_then_dark_and_bright_again_for_whoever_comes(
    chip: PanelChip, keeper: ScreenKeeper
) -> None:
    assert keeper.turn(IDLE, now=1000.0).next_at == 1120.0
    assert (chip.contrast, chip.lit) == (160, True)
    assert keeper.turn(IDLE, now=1120.0).next_at == 1300.0
    assert (chip.contrast, chip.lit) == (40, True)
    keeper.turn(IDLE, now=1600.0)
    assert not chip.lit
    keeper.turn(OFFER, now=1700.0)
    assert (chip.contrast, chip.lit) == (160, True)
    assert chip.pixels() == PAINTER.draw(OFFER, 0.0).tobytes()
    keeper.turn(IDLE, now=1710.0)
    assert chip.contrast == 160


def test_a_restart_and_a_panel_that_was_put_back_keep_the_brightness(chip: PanelChip) -> None:
    keeper = ScreenKeeper(LumaOled(LumaOled.Options(contrast=CONTRAST), chip), PAINTER, restart_s=60, care=CARE)
    for now in (1000.0, 1120.0, 1200.0):
        keeper.turn(IDLE, now)
    assert chip.contrast == 40
    chip.unplug()
    failed = keeper.turn(OFFER, now=1210.0)
    chip.replug()
    keeper.turn(OFFER, now=failed.next_at)
    assert (chip.contrast, chip.lit) == (160, True)
    keeper.turn(IDLE, now=1300.0)
    keeper.turn(IDLE, now=1900.0)
    keeper.turn(IDLE, now=1961.0)  # started anew in the dark, it stays dark
    assert not chip.lit


def test_only_rest_dims(chip: PanelChip, keeper: ScreenKeeper) -> None:
    for now in (1000.0, 9000.0):
        keeper.turn(OFFER, now)
    assert (chip.contrast, chip.lit) == (160, True)


def test_what_stands_is_moved_round_and_nothing_of_it_is_lost(chip: PanelChip, keeper: ScreenKeeper) -> None:
    still = PAINTER.draw(OFFER, 0.0)
    seen = set()
    for step in range(18):
        keeper.turn(OFFER, now=1000.0 + 300 * step)
        picture = Image.frombytes("1", (128, 64), chip.pixels())
        box = picture.getbbox()
        assert picture.crop(box).tobytes() == still.crop(still.getbbox()).tobytes()
        seen.add(box)
    assert len(seen) == 9


def test_a_picture_without_room_stays_where_it_is() -> None:
    full = Image.new("1", (128, 64), 1)
    for step in range(9):
        assert ImageChops.difference(Care(CARE).moved(full, 300.0 * step), full).getbbox() is None


def test_nothing_is_asked_where_all_of_it_is_off(chip: PanelChip) -> None:
    care = CareSettings(dim_after_s=0, shift_s=0)
    keeper = ScreenKeeper(LumaOled(LumaOled.Options(contrast=CONTRAST), chip), PAINTER, restart_s=1e6, care=care)
    assert keeper.turn(IDLE, now=1000.0).next_at == 1000.0 + 1e6
    sent = chip.bytes_received
    keeper.turn(IDLE, now=90_000.0)
    assert (chip.contrast, chip.bytes_received) == (CONTRAST, sent)
