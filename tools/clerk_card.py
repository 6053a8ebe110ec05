"""The clerk's card: one printed page that hangs beside the kiosk, in Chinese and in English.

Lights, sounds and words are the product's own tables, the pictures its own screens; this module adds what to do.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import jinja2
from PIL import Image

from device.counter.style import SIZES, Style
from device.counter.words import Language
from device.display.draw import Painter
from device.display.fonts import load_face
from device.display.layout import HEIGHT, WIDTH
from device.panel import MELODIES
from protocol.vocabulary import PHRASES, Colour, Light, Pattern, Sound, Verdict
from tools.panel_sheet import example, verdict_view

if TYPE_CHECKING:
    from playwright.sync_api import Browser

_PX = 16
_SHARPER = 4
"""So many times larger the screens are set into the page, so that a printer keeps their pixels square."""
#: How long a second of sound is on paper, and how far apart high and low tones are, in the drawing's units.
_UNITS_A_SECOND = 60.0
_UNITS_A_TONE = 6.0


@dataclass(frozen=True, slots=True)
class Row:
    """What a clerk does at one light and sound; ``verdict`` is the screen that stands for all that look like it."""

    verdict: Verdict
    zh: str
    en: str

    @property
    def light(self) -> Light:
        """How the light shines."""
        return PHRASES[self.verdict].light

    @property
    def sound(self) -> Sound | None:
        """What is heard."""
        return PHRASES[self.verdict].sound


ROWS = (
    Row(Verdict.REDEEMABLE, "核对券名,按 OK 核销,按 ✕ 取消", "Check the name. OK redeems, ✕ cancels"),
    Row(Verdict.PENDING, "结果还没到:商品留在柜台,不要再扫", "No result yet: keep the goods, do not scan again"),
    Row(Verdict.REDEEMED, "已核销:可以交付", "Redeemed: hand over"),
    Row(Verdict.ACCEPTED_OFFLINE, "断网已受理:可以交付,联网后上传", "Taken offline: hand over, it uploads later"),
    Row(Verdict.ALREADY_REDEEMED, "不能用:不交付,原因看屏幕", "Refused: do not hand over; the screen says why"),
    Row(Verdict.STALE_CODE, "有问题:照屏幕做,再出示一次", "A question: do what the screen says, show again"),
    Row(Verdict.UNDONE, "已撤销:收回商品,券可再用", "Undone: take the goods back"),
    Row(Verdict.ABORTED, "已取消:没有核销", "Cancelled: nothing was spent"),
    Row(Verdict.FAULT, "故障:停用,拨屏幕上的电话", "Fault: stop using it, call the number on the screen"),
)

_COLOURS = {
    Language.ZH: {
        Colour.OFF: "不亮",
        Colour.BLUE: "蓝",
        Colour.GREEN: "绿",
        Colour.AMBER: "黄",
        Colour.RED: "红",
    },
    Language.EN: {colour: str(colour) for colour in Colour},
}
_PATTERNS = {
    Language.ZH: {Pattern.STEADY: "常亮", Pattern.PULSE: "渐明渐暗", Pattern.BLINK: "闪烁"},
    Language.EN: {Pattern.STEADY: "steady", Pattern.PULSE: "pulsing", Pattern.BLINK: "blinking"},
}
_SOUNDS = {
    Sound.ONE_SHORT: ("一短声", "one short"),
    Sound.TWO_SHORT: ("两短声", "two short"),
    Sound.RISING_PAIR: ("短、长,后高", "short, then long and high"),
    Sound.FALLING_PAIR: ("长、短,后低", "long, then short and low"),
    Sound.LEVEL_PAIR: ("两声一样", "two alike"),
    Sound.ONE_LOW: ("一低声", "one low"),
    Sound.LONG_LOW: ("一长低声", "one long and low"),
    Sound.SLOW_TICK: ("每秒一嗒", "a tick a second"),
}


def card(language: Language) -> str:
    """Return the card as a page of HTML that needs nothing else."""
    folder = Path(__file__).parent
    environment = jinja2.Environment(loader=jinja2.FileSystemLoader(folder), autoescape=True, trim_blocks=True)
    painter, style = Painter(load_face(_PX)), Style(language, *SIZES[_PX])
    rows = [
        {
            "light": _light_name(row.light, language),
            "colour": row.light.colour,
            "pattern": row.light.pattern,
            "notes": notes(row.sound),
            "sound": "" if row.sound is None else _SOUNDS[row.sound][language is Language.EN],
            "screen": _data_uri(painter, row.verdict, style),
            "todo": row.zh if language is Language.ZH else row.en,
        }
        for row in ROWS
    ]
    return environment.get_template("clerk_card.html").render(zh=language is Language.ZH, rows=rows)


def notes(sound: Sound | None) -> list[dict[str, float]]:
    """Return the tones of a sound as bars: where each begins, how long it is, how high it lies."""
    if sound is None:
        return []
    heights = sorted({note.hertz for melody in MELODIES.values() for note in melody if note.hertz is not None})
    bars, at = [], 0.0
    for note in MELODIES[sound]:
        if note.hertz is not None:
            depth = len(heights) - 1 - heights.index(note.hertz)
            bars.append(
                {"x": at * _UNITS_A_SECOND, "y": depth * _UNITS_A_TONE, "width": note.seconds * _UNITS_A_SECOND}
            )
        at += note.seconds
    return bars


def print_card(browser: Browser, language: Language, folder: Path) -> None:
    """Print the card on A5 as ``clerk-card.LANGUAGE.pdf``."""
    name = "zh-CN" if language is Language.ZH else "en"
    page = browser.new_page()
    page.set_content(card(language))
    page.pdf(path=folder / f"clerk-card.{name}.pdf", prefer_css_page_size=True, print_background=True)
    page.close()


def _light_name(light: Light, language: Language) -> str:
    colour = _COLOURS[language][light.colour]
    if light.colour is Colour.OFF:
        return colour
    return f"{colour} · {_PATTERNS[language][light.pattern]}"


def _data_uri(painter: Painter, verdict: Verdict, style: Style) -> str:
    drawn, picture = painter.draw(verdict_view(verdict, style, example(verdict, style.language)), 0.0), BytesIO()
    drawn.resize((WIDTH * _SHARPER, HEIGHT * _SHARPER), Image.Resampling.NEAREST).save(picture, "PNG")
    return f"data:image/png;base64,{base64.b64encode(picture.getvalue()).decode()}"
