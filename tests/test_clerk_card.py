"""The clerk's card that hangs beside the kiosk: it explains every light with its sound, and is one page."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from device.counter.words import Language
from device.panel import MELODIES
from protocol.vocabulary import PHRASES, Sound, Verdict
from tools.clerk_card import ROWS, card, notes

if TYPE_CHECKING:
    from playwright.sync_api import Browser

SHEET_OF_A5_PX = (560, 794)


def test_every_answer_looks_and_sounds_like_one_on_the_card() -> None:
    explained = {(row.light, row.sound) for row in ROWS}
    told = {(phrase.light, phrase.sound) for verdict, phrase in PHRASES.items() if verdict is not Verdict.LOOKING}
    assert explained == told


@pytest.mark.parametrize("sound", list(Sound))
def test_a_sound_is_drawn_as_it_is_played(sound: Sound) -> None:
    played = [(note.hertz, note.seconds) for note in MELODIES[sound] if note.hertz is not None]
    bars = notes(sound)
    assert [bar["width"] / bars[0]["width"] for bar in bars] == pytest.approx(
        [seconds / played[0][1] for _, seconds in played]
    )
    drawn = list(zip(bars, played, strict=True))
    for (bar, (hertz, _)), (after, (hertz_after, _)) in pairwise(drawn):
        assert (bar["y"] > after["y"]) == (hertz < hertz_after)
        assert bar["x"] + bar["width"] <= after["x"] + 1e-9


@pytest.mark.parametrize("language", list(Language))
def test_the_card_is_one_page_and_shows_every_row_whole(browser: Browser, language: Language) -> None:
    width, height = SHEET_OF_A5_PX
    page = browser.new_page(viewport={"width": width, "height": height})
    page.set_content(card(language))
    body = page.locator("body")
    assert body.evaluate("body => [body.scrollWidth <= body.clientWidth, body.scrollHeight <= body.clientHeight]") == [
        True,
        True,
    ]
    last = page.locator(".call").bounding_box()
    assert last is not None
    assert last["y"] + last["height"] <= height
    assert page.locator("tr").count() == len(ROWS)
    assert page.locator("td.screen img").evaluate_all("pictures => pictures.every(one => one.naturalWidth === 512)")
    page.close()


@pytest.mark.parametrize("language", list(Language))
def test_what_must_never_be_forgotten_stands_on_top(language: Language) -> None:
    page = card(language)
    rules = page[page.index('<ol class="rules">') : page.index("</ol>")]
    assert rules.count("<li>") == 3
    for word in ("手机", "柜台", "绿灯") if language is Language.ZH else ("phone", "counter", "Green"):
        assert word in rules
