"""A view's picture: lines, highlight and countdown where they belong, and the vocabulary's phrases standing still."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageChops

from device.display.double import double
from device.display.draw import Painter
from device.display.fonts import SOURCES, load_face
from device.display.layout import GRIDS, HEIGHT, WIDTH
from device.view import Line, Screen, View
from protocol.vocabulary import PHRASES, Verdict

FACES = {px: load_face(px) for px in SOURCES}
PAINTERS = {px: Painter(face) for px, face in FACES.items()}

sizes = pytest.mark.parametrize("px", sorted(SOURCES))
LONG_NAME = "星巴克大杯拿铁咖啡兑换券"

#: Letters of every kind that a voucher's name may hold, and some that no name should.
names = st.text(
    st.one_of(
        st.characters(),
        st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF),
        st.characters(min_codepoint=0x1F300, max_codepoint=0x1FAFF),
        st.characters(categories=["Cn", "Co", "Cc", "Mn"]),
    ),
    max_size=30,
)
flags = st.booleans()
lines = st.builds(Line, text=names, centred=flags, inverted=flags, large=flags)


def view_of(*shown: str | Line, countdown: float | None = None) -> View:
    set_lines = tuple(line if isinstance(line, Line) else Line(line) for line in shown)
    return View(seq=1, screen=Screen.RESULT, lines=set_lines, countdown=countdown)


def rows(picture: Image.Image, top: int, bottom: int) -> Image.Image:
    return picture.crop((0, top, WIDTH, bottom))


@sizes
@pytest.mark.parametrize("verdict", list(Verdict))
@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_phrase_stands_still_on_one_screen(px: int, verdict: Verdict, language: str) -> None:
    phrase: tuple[str, ...] = getattr(PHRASES[verdict], language)
    assert len(phrase) <= GRIDS[px].rows
    for text in phrase:
        assert FACES[px].render(text).width <= WIDTH, text
    assert PAINTERS[px].next_change(view_of(*phrase), 0) is None


@given(st.lists(lines, max_size=9), st.sampled_from(sorted(SOURCES)), st.floats(0, 1e6), st.none() | st.floats(0, 1))
def test_any_view_makes_a_picture(shown: list[Line], px: int, elapsed_s: float, countdown: float | None) -> None:
    picture = PAINTERS[px].draw(view_of(*shown, countdown=countdown), elapsed_s)
    assert (picture.mode, picture.size) == ("1", (WIDTH, HEIGHT))


@sizes
def test_a_line_is_drawn_whole(px: int) -> None:
    picture = PAINTERS[px].draw(view_of("当前门店不适用"), 0)
    strip = FACES[px].render("当前门店不适用")
    top = (HEIGHT - strip.height) // 2
    assert picture.crop((0, top, strip.width, top + strip.height)).tobytes() == strip.tobytes()


def test_a_descender_and_the_quotes_under_it_share_their_row_at_12_px() -> None:
    upper, lower = "yyyy", "“““"
    picture = PAINTERS[12].draw(view_of(upper, lower, "三", "四", "五"), 0)
    shared = Image.new("1", (WIDTH, 1))
    for text, row in ((upper, 12), (lower, 0)):
        strip = FACES[12].render(text)
        line = Image.new("1", (WIDTH, 1))
        line.paste(strip.crop((0, row, strip.width, row + 1)), (0, 0))
        assert line.getbbox()
        shared = ImageChops.logical_or(shared, line)
    assert ImageChops.logical_xor(rows(picture, 12, 13), shared).getbbox() is None


def test_a_scrolling_line_passes_whole_while_the_others_stand() -> None:
    view = view_of("待核销", LONG_NAME, "满100可用", "OK核销")
    strip = FACES[16].render(LONG_NAME)
    first = PAINTERS[16].draw(view, 0)
    at, seen = 0.0, [rows(first, 16, 32).crop((0, 0, 2, 16))]
    while len(seen) < strip.width // 2:
        at = PAINTERS[16].next_change(view, at) or pytest.fail("the name does not move")
        picture = PAINTERS[16].draw(view, at)
        assert rows(picture, 0, 16).tobytes() == rows(first, 0, 16).tobytes()
        assert rows(picture, 32, 64).tobytes() == rows(first, 32, 64).tobytes()
        seen.append(rows(picture, 16, 32).crop((0, 0, 2, 16)))
    passed = Image.new("1", strip.size)
    for index, columns in enumerate(seen):
        passed.paste(columns, (2 * index, 0))
    assert passed.tobytes() == strip.tobytes()


def test_a_highlighted_line_is_the_same_with_light_and_dark_changed() -> None:
    plain = PAINTERS[16].draw(view_of("一", "二", "三", "四"), 0)
    lifted = PAINTERS[16].draw(view_of("一", "二", Line("三", inverted=True), "四"), 0)
    difference = ImageChops.logical_xor(plain, lifted)
    assert difference.getbbox() == (0, 32, 128, 48)
    assert difference.histogram()[255] == 16 * WIDTH


@pytest.mark.parametrize(
    ("px", "shown", "box"),
    [
        (16, 3, (0, 62, 32, 64)),
        (16, 4, (0, 63, 32, 64)),
        (12, 5, (0, 62, 32, 64)),
        (12, 1, (0, 62, 32, 64)),
    ],
)
def test_the_countdown_is_a_bar_under_the_text(px: int, shown: int, box: tuple[int, int, int, int]) -> None:
    texts = ["请出示您的卡券"] * shown
    bare = PAINTERS[px].draw(view_of(*texts), 0)
    counting = PAINTERS[px].draw(view_of(*texts, countdown=0.25), 0)
    difference = ImageChops.logical_xor(bare, counting)
    assert difference.getbbox() == box
    assert difference.histogram()[255] == 32 * (box[3] - box[1])


def test_the_countdown_ends_with_nothing_and_never_leaves_the_panel() -> None:
    bare = PAINTERS[16].draw(view_of("已过期"), 0)
    assert PAINTERS[16].draw(view_of("已过期", countdown=0.0), 0).tobytes() == bare.tobytes()
    assert PAINTERS[16].draw(view_of("已过期", countdown=-1.0), 0).tobytes() == bare.tobytes()
    full = PAINTERS[16].draw(view_of("已过期", countdown=1.0), 0)
    assert PAINTERS[16].draw(view_of("已过期", countdown=2.0), 0).tobytes() == full.tobytes()


def test_doubling_keeps_straight_strokes_and_rounds_stairs() -> None:
    stroke = Image.new("1", (4, 1), 1)
    assert double(stroke).size == (8, 2)
    assert double(stroke).histogram()[255] == 8 * 2
    stair = Image.new("1", (2, 2))
    stair.putpixel((0, 0), 1)
    stair.putpixel((1, 1), 1)
    big = double(stair)
    # The two dark corners give way on the inside, so that the diagonal is closed.
    assert [[bool(big.getpixel((x, y))) for x in range(4)] for y in range(4)] == [
        [True, True, False, False],
        [True, True, True, False],
        [False, True, True, True],
        [False, False, True, True],
    ]


def test_a_large_line_is_drawn_over_two_rows() -> None:
    picture = PAINTERS[16].draw(view_of(Line("核销成功", large=True), "甲", "乙"), 0)
    assert rows(picture, 0, 32).tobytes() == double(FACES[16].render("核销成功")).tobytes()
