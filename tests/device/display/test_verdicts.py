"""Every verdict on the panel: as it was approved, whole whatever the voucher is called, and told apart without colour.

``HEXIAO_REGEN=1 pytest tests/device/display/test_verdicts.py`` draws the sheets anew: look at them before keeping them.
"""

from __future__ import annotations

import os
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PIL import Image, ImageChops

from device.counter.style import SIZES, Style
from device.counter.words import Language
from device.display.draw import Painter
from device.display.fonts import SOURCES, load_face
from device.display.layout import HEIGHT, WIDTH
from device.panel import MELODIES
from protocol.messages import Detail
from protocol.vocabulary import PHRASES, Colour, Pattern, Phrase, Sound, Verdict
from tests.device.display.test_golden import fonts_of
from tools.panel_sheet import contact_sheet, corner_of, example, rest_sheet, sheet_of, verdict_view

if TYPE_CHECKING:
    from collections.abc import Callable

GOLDEN = Path(__file__).parent / "golden"
PICTURES = Path(__file__).resolve().parents[3] / "docs" / "pictures"
COLUMNS = 4
FACES = {px: load_face(px) for px in SOURCES}
PAINTERS = {px: Painter(face) for px, face in FACES.items()}
LONG = Detail(
    title="一张名字特别特别长的生日蛋糕代金券",
    value="¥1,234,567.50",
    code_tail="7733",
    at="2026-05-01T12:00:05+08:00",
    store="南京西路第一百货商店二楼西北角",
    stores=("南京西路第一百货商店", "湖滨银泰店", "西湖文化广场店"),
    uses_left=99,
    quantity=99,
    case="20260501-4711-0815",
)

sizes = pytest.mark.parametrize("px", sorted(SIZES))
languages = pytest.mark.parametrize("language", list(Language))
verdicts = pytest.mark.parametrize("verdict", list(Verdict))


def skip_other_fonts(px: int) -> None:
    if (GOLDEN / f"fonts_{px}.txt").read_text(encoding="ascii") != fonts_of(px):
        pytest.skip(f"the golden pictures were drawn with another version of {SOURCES[px].package}")


@sizes
@languages
def test_every_verdict_looks_as_it_was_approved(language: Language, px: int) -> None:
    style = Style(language, *SIZES[px])
    pictures = [PAINTERS[px].draw(verdict_view(verdict, style, example(verdict, language)), 0.0) for verdict in Verdict]
    sheet, file = sheet_of(pictures, COLUMNS), GOLDEN / f"verdicts_{language}_{px}.png"
    if os.environ.get("HEXIAO_REGEN"):
        sheet.save(file, optimize=True)
    approved = Image.open(file)
    assert approved.size == sheet.size
    changed = []
    for index, verdict in enumerate(Verdict):
        left, top = corner_of(index, COLUMNS)
        box = (left, top, left + WIDTH, top + HEIGHT)
        if ImageChops.difference(sheet.crop(box), approved.crop(box)).getbbox():
            changed.append(verdict)
    if changed:
        skip_other_fonts(px)
    assert not changed


@pytest.mark.parametrize(("name", "draw"), [("verdicts", contact_sheet), ("rest", rest_sheet)])
def test_the_documentation_shows_the_screens_as_they_are(name: str, draw: Callable[[], Image.Image]) -> None:
    approved, sheet = Image.open(PICTURES / f"{name}.png"), draw()
    if approved.size == sheet.size and ImageChops.difference(approved, sheet).getbbox():
        for px in SIZES:
            skip_other_fonts(px)
    assert approved.size == sheet.size
    assert ImageChops.difference(approved, sheet).getbbox() is None, "make pictures"


@sizes
@languages
@verdicts
def test_only_what_is_particular_scrolls_and_never_the_words(verdict: Verdict, language: Language, px: int) -> None:
    style = Style(language, *SIZES[px], support="400-820-8820")
    view = verdict_view(verdict, style, LONG, most=99)
    names = {
        LONG.title,
        LONG.store,
        LONG.case,
        "、".join(LONG.stores),
        f"{LONG.value} {style.words.uses_left.format(left=99)}",
    }
    assert len(view.lines) <= style.rows
    for line in view.lines:
        fits = FACES[px].render(line.text).width <= WIDTH
        assert fits or line.text in names, line.text
        assert line.centred == fits, line.text
    shown = [line.text for line in view.lines]
    if verdict not in {Verdict.REDEEMABLE, Verdict.REDEEMED}:  # there the number of uses takes the phrase's place
        phrase = style.phrase(verdict)
        assert tuple(shown[: len(phrase)]) == phrase


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_refusal_and_question_says_in_a_second_line_what_to_do_or_what_the_matter_is(language: str) -> None:
    for verdict, phrase in PHRASES.items():
        if answer_class(verdict, phrase) in {"refusal", "question"}:
            assert len(getattr(phrase, language)) > 1, verdict


def rhythm(sound: Sound) -> tuple[float, ...]:
    """Return how long the buzzer sounds and rests by turns: what is left of a melody without its pitch."""
    return tuple(-note.seconds if note.hertz is None else note.seconds for note in MELODIES[sound])


def alike(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    """Tell whether no note of two rhythms differs by half: then an ear takes the one for the other."""
    return len(one) == len(other) and all(2 / 3 < a / b < 3 / 2 for a, b in zip(one, other, strict=True))


def answer_class(verdict: Verdict, phrase: Phrase) -> str | None:
    """Return what a verdict asks of the clerk; None where it asks nothing."""
    match verdict, phrase.light.colour:
        case ((Verdict.REDEEMED | Verdict.ACCEPTED_OFFLINE | Verdict.PENDING), _):
            return verdict.value
        case ((Verdict.FAULT | Verdict.DEVICE_UNBOUND | Verdict.DEVICE_REVOKED), _):
            return "fault"
        case _, Colour.RED:
            return "refusal"
        case _, Colour.AMBER:
            return "question"
        case _:
            return None


def test_what_the_clerk_does_is_told_without_seeing_colours_and_without_hearing_pitch() -> None:
    classes: dict[str, set[tuple[Pattern, Sound]]] = {}
    for verdict, phrase in PHRASES.items():
        if name := answer_class(verdict, phrase):
            assert phrase.sound is not None, verdict
            classes.setdefault(name, set()).add((phrase.light.pattern, phrase.sound))
    assert set(classes) == {"redeemed", "accepted_offline", "refusal", "question", "pending", "fault"}
    for (one, ones), (other, others) in combinations(classes.items(), 2):
        for pattern, sound in ones:
            for pattern_2, sound_2 in others:
                assert pattern is not pattern_2 or not alike(rhythm(sound), rhythm(sound_2)), (one, other)
