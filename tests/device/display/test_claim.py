"""The claim QR: read back from the panel's own pixels at every size that fits, and never in the way of what matters."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest
import zxingcpp
from PIL import Image

from device.config import ScreenSettings
from device.counter.events import CameraFault, LinkDown
from device.counter.style import SIZES, Style
from device.counter.words import WORDS, Language
from device.display.claim import MOST_MODULES, modules_of
from device.display.draw import TURN_S, Painter
from device.display.fonts import load_face
from device.display.oled import LumaOled
from device.display.screen import ScreenKeeper
from device.view import Claim, Line, Screen, View
from protocol.messages import LONGEST_CLAIM
from simulator.panel_chip import PanelChip
from tests.device.counter.bench import WELCOME, Bench

#: The smallest size, the next, and the largest that fits.
TEXTS = ("HTTPS://Q.CN/AB", "https://q.example.cn/c/7K2P9X", "https://vouchers.example.com.cn/claim/nanjing-lu/7K2P")


def read(pixels: bytes) -> str:
    """Read a panel as a phone sees it that is held before it: dots that are not quite square, a dark frame around."""
    picture = Image.frombytes("1", (128, 64), pixels).convert("L")
    seen = Image.new("L", (192, 128), 0)
    seen.paste(picture, (32, 32))
    (code,) = zxingcpp.read_barcodes(np.asarray(seen.resize((1150, 760), Image.Resampling.BILINEAR)))
    return str(code.text)


@pytest.mark.parametrize("px", sorted(SIZES))
@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("text", TEXTS)
def test_the_code_on_the_panel_is_read_and_the_words_beside_it_are_whole(
    text: str, language: Language, px: int
) -> None:
    face, chip = load_face(px), PanelChip("ssd1309")
    assert modules_of(text) <= MOST_MODULES
    assert len(TEXTS[-1]) == LONGEST_CLAIM
    for words in WORDS[language].claim:
        assert face.render(words).width <= 64
    keeper = ScreenKeeper(LumaOled(LumaOled.Options(), chip), Painter(face), restart_s=1e6)
    lines = (Line("南京路店", centred=True), Line("请出示券码", centred=True))
    bare = View(1, Screen.IDLE, lines)
    view = View(2, Screen.IDLE, lines, claim=Claim(text, WORDS[language].claim))
    keeper.turn(bare, now=0.0)
    idle = chip.pixels()
    assert keeper.turn(view, now=0.0).next_at == TURN_S
    assert chip.pixels() == idle
    assert keeper.turn(view, now=TURN_S).next_at == 2 * TURN_S
    assert read(chip.pixels()) == text
    keeper.turn(view, now=2 * TURN_S)
    assert chip.pixels() == idle


def shown(bench: Bench) -> Claim | None:
    return bench.view.claim


def test_what_matters_more_takes_the_codes_place() -> None:
    style = Style(claim_qr=TEXTS[0])
    bench = Bench(style=style).open_up()
    assert shown(bench) == Claim(TEXTS[0], ("扫码领券", "Scan for", "vouchers"))
    bench.scan()
    assert shown(bench) is None
    offline = Bench(style=style).open_up()
    offline.do(LinkDown())
    offline.wait(4)
    assert shown(offline) is None
    blind = Bench(style=style).open_up()
    blind.do(CameraFault())
    assert shown(blind) is None
    assert shown(Bench().open_up()) is None


def test_the_stores_code_comes_and_goes_while_the_kiosk_runs_and_gives_way_to_its_own() -> None:
    bench, own = Bench().open_up(), Bench(style=Style(claim_qr=TEXTS[1])).open_up()
    for text in (TEXTS[0], TEXTS[2], ""):
        for one in (bench, own):
            one.hear(msgspec.structs.replace(WELCOME, claim_qr=text))
        assert shown(bench) == (Claim(text, ("扫码领券", "Scan for", "vouchers")) if text else None)
        assert shown(own) == Claim(TEXTS[1], ("扫码领券", "Scan for", "vouchers"))
    bench.hear(msgspec.structs.replace(WELCOME, claim_qr="x" * (LONGEST_CLAIM + 1)))
    assert shown(bench) is None


def test_a_code_that_does_not_fit_is_left_out() -> None:
    assert ScreenSettings(claim_qr=TEXTS[2]).style.claim_qr == TEXTS[2]
    assert ScreenSettings(claim_qr=TEXTS[2] + "/XYZ").style.claim_qr == ""
