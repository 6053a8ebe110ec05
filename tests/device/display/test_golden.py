"""The screens that customers and clerks see most, pixel for pixel, one sheet per language and size.

``HEXIAO_REGEN=1 pytest tests/device/display/test_golden.py`` draws the sheets anew: look at them before keeping them.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest
from PIL import Image, ImageChops

from device.counter.words import WORDS, Language
from device.display.draw import Painter
from device.display.fonts import SOURCES, load_face
from device.display.layout import HEIGHT, WIDTH
from device.view import Line, Screen, View
from protocol.vocabulary import PHRASES, Verdict

GOLDEN = Path(__file__).parent / "golden"
COLUMNS = 4
GAP = 4


def centred(*texts: str) -> tuple[Line, ...]:
    return tuple(Line(text, centred=True) for text in texts)


def result(verdict: str, *texts: str) -> tuple[Line, ...]:
    return (Line(verdict, centred=True, large=True), *centred(*texts))


def offer(verdict: str, name: Line, worth: str, keys: str) -> tuple[Line, ...]:
    return (*centred(verdict), name, *centred(worth), Line(keys, centred=True, inverted=True))


def keys(text: str) -> Line:
    return Line(text, centred=True, inverted=True)


LONG_OFFERS = {
    "zh": offer("待核销", Line("星巴克大杯拿铁咖啡兑换券"), "满100可用", "OK确认 ×取消"),
    "en": offer("Ready to redeem", Line("Caffe latte, large, any branch"), "From 100 yuan", "OK yes   × no"),
}
SHORT_OFFERS = {
    "zh": offer("待核销", Line("50元代金券", centred=True), "剩余3次", "OK确认 ×取消"),
    "en": offer("Ready to redeem", Line("50 yuan off", centred=True), "3 uses left", "OK yes   × no"),
}
SCREENS = {
    "zh": {
        "idle": centred("西湖文化广场店", "请出示券码", "Show your code", WORDS[Language.ZH].by_buttons),
        "pending": centred("结果确认中", "请勿重复核销", "请勿交付"),
        "redeemed": result(*PHRASES[Verdict.REDEEMED].zh, "50元代金券", "剩余2次"),
        "already_redeemed": result(*PHRASES[Verdict.ALREADY_REDEEMED].zh, "2026-05-01 14:03", "西湖文化广场店"),
        "wrong_store": centred(*PHRASES[Verdict.WRONG_STORE].zh, "湖滨银泰店"),
        "stale_code": centred(*PHRASES[Verdict.STALE_CODE].zh),
        "clerk_required": centred("西湖文化广场店", "请出示券码", "Show your code", WORDS[Language.ZH].sign_in),
        "code": (
            *centred(WORDS[Language.ZH].type_code.format(count=12), "556120487733[OK]"),
            keys(WORDS[Language.ZH].take_or_back),
        ),
        "amount": (
            *centred(WORDS[Language.ZH].type_amount, "¥128.5[0]", WORDS[Language.ZH].minimum.format(yuan=100)),
            keys(WORDS[Language.ZH].take_or_back),
        ),
        "number": (*centred(WORDS[Language.ZH].type_number, "1001[OK]"), keys(WORDS[Language.ZH].take_or_back)),
        "pin": (*centred(WORDS[Language.ZH].type_pin, "***[7]__"), keys(WORDS[Language.ZH].take_or_back)),
        "leaving": (*centred("店员 王小明", WORDS[Language.ZH].sign_out), keys(WORDS[Language.ZH].leave_or_day)),
        "day": (*centred("今日核销 17", "实收¥1234.50", "撤销 2"), keys(WORDS[Language.ZH].browse)),
        "done": (*centred("12/17 14:03", "生日蛋糕券", "尾号7733 ¥128.50"), keys(WORDS[Language.ZH].browse)),
        "clerk_signed_in": result(*PHRASES[Verdict.CLERK_SIGNED_IN].zh, "王小明"),
        "clerk_signed_out": result(*PHRASES[Verdict.CLERK_SIGNED_OUT].zh, "王小明", "本班核销 17"),
        "choosing": (*centred("撤销1/2 限12分", "生日蛋糕券", "尾号7733 12:00"), keys(WORDS[Language.ZH].choose)),
        "why": (*centred(WORDS[Language.ZH].why, WORDS[Language.ZH].reasons[1]), keys(WORDS[Language.ZH].choose)),
    },
    "en": {
        "idle": centred("West Lake Plaza", "Show your code", "请出示券码", WORDS[Language.EN].by_buttons),
        "pending": centred(*PHRASES[Verdict.PENDING].en),
        "redeemed": result(*PHRASES[Verdict.REDEEMED].en, "50 yuan off", "2 uses left"),
        "already_redeemed": result(*PHRASES[Verdict.ALREADY_REDEEMED].en, "2026-05-01 14:03", "West Lake Plaza"),
        "wrong_store": centred(*PHRASES[Verdict.WRONG_STORE].en, "Hubin Intime"),
        "stale_code": centred(*PHRASES[Verdict.STALE_CODE].en),
        "clerk_required": centred("West Lake Plaza", "Show your code", "请出示券码", WORDS[Language.EN].sign_in),
        "code": (
            *centred(WORDS[Language.EN].type_code.format(count=12), "556120487733[OK]"),
            keys(WORDS[Language.EN].take_or_back),
        ),
        "amount": (
            *centred(WORDS[Language.EN].type_amount, "¥128.5[0]", WORDS[Language.EN].minimum.format(yuan=100)),
            keys(WORDS[Language.EN].take_or_back),
        ),
        "number": (*centred(WORDS[Language.EN].type_number, "1001[OK]"), keys(WORDS[Language.EN].take_or_back)),
        "pin": (*centred(WORDS[Language.EN].type_pin, "***[7]__"), keys(WORDS[Language.EN].take_or_back)),
        "leaving": (*centred("Clerk Wang", WORDS[Language.EN].sign_out), keys(WORDS[Language.EN].leave_or_day)),
        "day": (*centred("Today: 17", "Paid ¥1234.50", "Undone: 2"), keys(WORDS[Language.EN].browse)),
        "done": (*centred("12/17 14:03", "Birthday cake", "*7733 undone"), keys(WORDS[Language.EN].browse)),
        "clerk_signed_in": result(*PHRASES[Verdict.CLERK_SIGNED_IN].en, "Wang"),
        "clerk_signed_out": centred(*PHRASES[Verdict.CLERK_SIGNED_OUT].en, "Wang", "Redeemed: 17"),
        "choosing": (*centred("Undo 1/2 12 min", "Birthday cake", "Code *7733 12:00"), keys(WORDS[Language.EN].choose)),
        "why": (*centred(WORDS[Language.EN].why, WORDS[Language.EN].reasons[1]), keys(WORDS[Language.EN].choose)),
    },
}


def moments(language: str) -> list[tuple[str, View, float]]:
    """Return what a sheet shows: a name, a view, and the seconds since it was first shown."""
    long = View(1, Screen.OFFER, LONG_OFFERS[language], countdown=0.7)
    short = View(1, Screen.OFFER, SHORT_OFFERS[language], countdown=0.3)
    still = [(name, View(1, Screen.RESULT, lines), 0.0) for name, lines in SCREENS[language].items()]
    return [*still, ("offer", short, 0.0), *((f"offer after {at} s", long, at) for at in (0.0, 1.15, 2.0, 4.0, 6.5))]


def sheet_of(pictures: list[Image.Image]) -> Image.Image:
    """Set pictures side by side, with grey between them."""
    rows = -(-len(pictures) // COLUMNS)
    sheet = Image.new("L", (COLUMNS * (WIDTH + GAP) + GAP, rows * (HEIGHT + GAP) + GAP), 96)
    for index, picture in enumerate(pictures):
        sheet.paste(picture, corner_of(index))
    return sheet


def corner_of(index: int) -> tuple[int, int]:
    return GAP + index % COLUMNS * (WIDTH + GAP), GAP + index // COLUMNS * (HEIGHT + GAP)


def fonts_of(px: int) -> str:
    """Return what tells the installed fonts from other versions of them."""
    found = [next(place for place in places if Path(place).exists()) for places in SOURCES[px].files]
    return "".join(f"{hashlib.sha256(Path(file).read_bytes()).hexdigest()}  {Path(file).name}\n" for file in found)


@pytest.mark.parametrize("px", sorted(SOURCES))
@pytest.mark.parametrize("language", sorted(SCREENS))
def test_screens_look_as_they_were_approved(language: str, px: int) -> None:
    painter = Painter(load_face(px))
    sheet = sheet_of([painter.draw(view, at) for _, view, at in moments(language)])
    file, fonts = GOLDEN / f"{language}_{px}.png", GOLDEN / f"fonts_{px}.txt"
    if os.environ.get("HEXIAO_REGEN"):
        sheet.save(file, optimize=True)
        fonts.write_text(fonts_of(px), encoding="ascii")
    difference = ImageChops.difference(sheet, Image.open(file))
    changed = [
        name
        for index, (name, _, _) in enumerate(moments(language))
        if difference.crop((*corner_of(index), corner_of(index)[0] + WIDTH, corner_of(index)[1] + HEIGHT)).getbbox()
    ]
    if changed and fonts.read_text(encoding="ascii") != fonts_of(px):
        pytest.skip(f"the golden pictures were drawn with another version of {SOURCES[px].package}")
    assert not changed
    assert difference.getbbox() is None
