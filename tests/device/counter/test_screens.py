"""Words on the panel: both languages, both sizes, whatever the voucher is called."""

from __future__ import annotations

import msgspec
import pytest

from device.counter.effects import Show
from device.counter.style import SIZES, Style
from device.counter.words import Language
from device.ports import Button
from device.view import Screen
from protocol.duty import OnDuty
from protocol.messages import Detail
from protocol.vocabulary import PHRASES, Verdict
from tests.device.counter.bench import WELCOME, Bench

EVERY_STYLE = [
    Style(language=language, rows=rows, cells=cells) for language in Language for rows, cells in SIZES.values()
]
BY_BUTTONS = {Screen.TYPING, Screen.LEAVING, Screen.REVIEWING, Screen.CHOOSING, Screen.UNDOING}
LONG = Detail(
    title="一张名字特别特别长的生日蛋糕代金券",
    value="¥1,234.50",
    code_tail="7733",
    at="2026-05-01T12:00:05+08:00",
    store="南京西路第一百货商店二楼",
    stores=("甲店", "乙店", "丙店", "丁店", "戊店"),
    uses_left=12,
    quantity=3,
)


@pytest.mark.parametrize("style", EVERY_STYLE, ids=lambda style: f"{style.language}-{style.rows}")
@pytest.mark.parametrize("verdict", sorted(set(Verdict) - {Verdict.REDEEMED, Verdict.LOOKING}))
def test_every_refusal_fits_the_panel_and_begins_with_its_name(style: Style, verdict: Verdict) -> None:
    bench = Bench(style=style).open_up()
    bench.scan()
    bench.refused(verdict, LONG)
    phrase = PHRASES[bench.view.verdict or Verdict.FAULT]
    assert bench.lines[0] == (phrase.zh if style.language is Language.ZH else phrase.en)[0]
    assert len(bench.lines) <= style.rows
    assert (bench.view.light, bench.view.sound) == (phrase.light, phrase.sound)


@pytest.mark.parametrize("style", EVERY_STYLE, ids=lambda style: f"{style.language}-{style.rows}")
def test_every_screen_of_a_redemption_fits_the_panel(style: Style) -> None:
    bench = Bench(style=style).open_up()
    bench.scan()
    bench.offered(detail=LONG, most=3)
    bench.press(Button.UP)
    bench.press()
    bench.wait(11)
    bench.press(Button.CANCEL)
    bench.wait(9)
    bench.answered(detail=LONG)
    bench.press()
    shows = bench.wanted(Show)
    assert {show.view.screen for show in shows} == set(Screen) - BY_BUTTONS - {Screen.OUT_OF_SERVICE}
    for show in shows:
        assert 1 <= len(show.view.lines) <= style.rows
        assert all(line.text for line in show.view.lines)


@pytest.mark.parametrize("style", EVERY_STYLE, ids=lambda style: f"{style.language}-{style.rows}")
def test_every_screen_of_a_clerk_fits_the_panel(style: Style) -> None:
    bench = Bench(style=style).open_up()
    bench.hear(msgspec.structs.replace(WELCOME, clerk_required=True))
    bench.press(Button.CANCEL)
    bench.press()
    bench.press(Button.DOWN)
    bench.press()
    on_duty = OnDuty(sign_in="a" * 32, clerk="1001", name="阿卜杜拉·买买提")
    bench.wait(40)
    bench.hear(msgspec.structs.replace(WELCOME, clerk_required=True, on_duty=on_duty))
    bench.press(Button.CANCEL)
    shows = bench.wanted(Show)
    assert {show.view.screen for show in shows} >= {Screen.IDLE, Screen.TYPING, Screen.LEAVING}
    for show in shows:
        assert 1 <= len(show.view.lines) <= style.rows
        assert all(line.centred for line in show.view.lines if "阿" not in line.text)


def test_a_line_that_fits_is_centred_and_a_longer_one_is_left_to_scroll() -> None:
    bench = Bench().open_up()
    bench.scan()
    bench.offered(detail=LONG)
    head, title, *_ = bench.view.lines
    assert (head.centred, title.centred) == (True, False)


def test_what_the_buttons_do_is_set_apart() -> None:
    bench = Bench().open_up()
    bench.scan()
    bench.offered()
    assert [line.text for line in bench.view.lines if line.inverted] == ["OK确认 ×取消"]


def test_several_uses_are_counted_on_the_result() -> None:
    bench = Bench().open_up()
    bench.redeem()
    bench.answered(detail=LONG)
    assert bench.lines == ["核销成功 ×3", LONG.title, "剩余12次", "尾号7733"]


@pytest.mark.parametrize(
    ("support", "line"), [("6241-8888", "电话 6241-8888"), ("400-820-8820", "400-820-8820"), ("", None)]
)
def test_a_fault_gives_its_number_and_whom_to_call_on_a_line_that_does_not_scroll(
    support: str, line: str | None
) -> None:
    bench = Bench(style=Style(support=support)).open_up()
    bench.scan()
    bench.refused(Verdict.FAULT, Detail(case="4711"))
    assert bench.lines == ["系统故障 4711", "未核销", *([line] if line else [])]


def test_a_fault_of_a_redemption_does_not_claim_that_nothing_was_spent() -> None:
    bench = Bench().open_up()
    bench.redeem()
    bench.answered(Verdict.FAULT, detail=Detail(case="4711"))
    assert bench.lines == ["系统故障 4711", "各方记录不一致", "请勿交付", "请联系店长"]


def test_english_is_english() -> None:
    bench = Bench(style=Style(language=Language.EN)).open_up()
    assert bench.lines == ["南京路店", "Show your code", "请出示券码", "▲undo ▼type code"]
    bench.scan()
    bench.offered()
    assert bench.lines == ["Ready to redeem", "生日蛋糕券", "¥50", "OK yes ×cancel"]


def test_a_time_that_is_none_is_shown_as_it_came() -> None:
    bench = Bench().open_up()
    bench.scan()
    bench.refused(Verdict.EXPIRED, Detail(at="last week"))
    assert "last week" in bench.lines
