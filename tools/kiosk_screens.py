"""What a technician meets on a kiosk's panel, one picture a screen, for the technician's guide."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PIL import Image

from device.counter.screens import view_of
from device.counter.states import CameraState, Counter, Idle, Outcome, OutOfService, Result, Setup, Starting
from device.counter.style import SIZES, Style
from device.counter.timing import Timing
from device.counter.words import Language
from device.display.draw import Painter
from device.display.fonts import load_face
from device.display.layout import HEIGHT, WIDTH
from device.view import LinkState
from protocol.messages import Detail
from protocol.values import replace
from protocol.vocabulary import Verdict
from tools.panel_sheet import example

if TYPE_CHECKING:
    from pathlib import Path

_PX = 16
_SUPPORT = "400-820-0000"
_STORE = {Language.ZH: "西湖店", Language.EN: "Hubin"}
_SHARPER = 2


def screens(language: Language) -> dict[str, Counter]:
    """Return a counter in each of the states that a technician is called for, by the name of its picture."""
    style = Style(language, *SIZES[_PX], support=_SUPPORT)
    setup = Setup(boot="1", software="", timing=Timing(), style=style)
    idle = Counter(setup=setup, phase=Idle(0.0), link=LinkState.UP, camera=CameraState.READY)
    idle = replace(idle, store_name=_STORE[language])
    fault = Result(Outcome(verdict=Verdict.FAULT, detail=example(Verdict.FAULT, language)), since=0, until=1)
    not_live = Outcome(verdict=Verdict.WRONG_STORE, detail=Detail(testing=True))
    return {
        "starting": replace(idle, phase=Starting(0.0)),
        "ready": idle,
        "testing": replace(idle, testing=True),
        "not-live": replace(idle, phase=Result(not_live, since=0, until=1)),
        "camera": replace(idle, camera=CameraState.FAULT),
        "network": replace(idle, link=LinkState.DOWN, offline_shown=True),
        "gateway": replace(idle, link=LinkState.BROKER_ONLY, offline_shown=True),
        "unbound": replace(idle, phase=OutOfService(Verdict.DEVICE_UNBOUND)),
        "revoked": replace(idle, phase=OutOfService(Verdict.DEVICE_REVOKED)),
        "fault": replace(idle, phase=fault),
    }


def save(folder: Path) -> None:
    """Draw them, as ``NAME.LANGUAGE.png``."""
    painter = Painter(load_face(_PX))
    for language in Language:
        for name, counter in screens(language).items():
            drawn = painter.draw(view_of(counter, seq=1), 0.0)
            larger = drawn.resize((WIDTH * _SHARPER, HEIGHT * _SHARPER), Image.Resampling.NEAREST)
            larger.save(folder / f"{name}.{language}.png", optimize=True)
