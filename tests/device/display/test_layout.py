"""Lines stand where they can be read, whatever their width and number."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from device.display import layout
from device.display.fonts import SOURCES
from device.display.layout import GRIDS, HEIGHT, WIDTH, Extent, Place, next_change, place, seconds_at, tick_at

if TYPE_CHECKING:
    from collections.abc import Sequence

    from device.display.layout import Grid

STRIP_PX = {px: source.line_px for px, source in SOURCES.items()}

extents = st.builds(Extent, width_px=st.integers(0, 400), centred=st.booleans(), large=st.booleans())
screens = st.lists(extents, max_size=12)
sizes = st.sampled_from(sorted(GRIDS))


def states(lines: Sequence[Extent], grid: Grid, ticks: range) -> list[tuple[Place, ...]]:
    return [place(lines, grid, tick) for tick in ticks]


def test_a_line_stands_at_the_left_edge_or_centred() -> None:
    grid = GRIDS[16]
    assert place([Extent(100)], grid, 0)[0].xs == (0,)
    assert place([Extent(100, centred=True)], grid, 0)[0].xs == (14,)


def test_four_lines_of_16_px_fill_the_panel() -> None:
    assert [spot.y for spot in place([Extent(128)] * 4, GRIDS[16], 0)] == [0, 16, 32, 48]


def test_five_lines_of_12_px_leave_three_rows_for_the_countdown() -> None:
    ys = [spot.y for spot in place([Extent(120)] * 5, GRIDS[12], 0)]
    assert ys == [0, 12, 24, 36, 48]
    assert HEIGHT - (ys[-1] + STRIP_PX[12]) == 3


def test_fewer_lines_are_spread_evenly() -> None:
    assert [spot.y for spot in place([Extent(100)] * 3, GRIDS[16], 0)] == [4, 24, 44]


def test_a_large_line_is_doubled_where_there_is_room() -> None:
    title, name, left = place([Extent(64, centred=True, large=True), Extent(40), Extent(60)], GRIDS[16], 0)
    assert (title.scale, title.xs, title.y) == (2, (0,), 0)
    assert [spot.scale for spot in (name, left)] == [1, 1]
    assert [spot.y for spot in (name, left)] == [32, 48]


@pytest.mark.parametrize(
    "lines", [[Extent(65, large=True)], [Extent(64, large=True)] * 4, [Extent(64, large=True)] * 7]
)
def test_a_large_line_that_is_long_or_has_company_keeps_its_size(lines: list[Extent]) -> None:
    assert {spot.scale for spot in place(lines, GRIDS[16], 0)} == {1}


def test_of_many_large_lines_the_upper_ones_are_doubled() -> None:
    assert [spot.scale for spot in place([Extent(50, large=True)] * 3, GRIDS[12], 0)] == [2, 2, 1]


def test_a_wide_line_holds_then_moves_two_pixels_a_tick_and_begins_again() -> None:
    lines, grid = [Extent(200), Extent(128)], GRIDS[16]
    loop = 200 + layout.GAP_PX
    assert loop % layout.STEP_PX == 0
    starts = [place(lines, grid, tick)[0].xs for tick in range(layout.HOLD_TICKS + loop // layout.STEP_PX)]
    held = layout.HOLD_TICKS
    assert set(starts[:held]) == {(0, loop)}
    assert starts[held : held + 3] == [(-2, loop - 2), (-4, loop - 4), (-6, loop - 6)]
    assert starts[-2:] == [(2 - loop, 2), (0, loop)]
    assert {place(lines, grid, tick)[1].xs for tick in range(500)} == {(0,)}


def test_too_many_lines_are_paged_in_turn_under_the_first() -> None:
    lines, grid = [Extent(100)] * 8, GRIDS[16]
    pages = states(lines, grid, range(0, 4 * layout.PAGE_TICKS, layout.PAGE_TICKS))
    shown = [tuple(spot.index for spot in page) for page in pages]
    assert shown == [(0, 1, 2, 3), (0, 4, 5, 6), (0, 7), (0, 1, 2, 3)]
    assert next_change(lines, grid, 0) == layout.PAGE_TICKS
    assert next_change(lines, grid, layout.PAGE_TICKS + 1) == 2 * layout.PAGE_TICKS


def test_a_page_stands_until_its_longest_line_has_run_through() -> None:
    lines, grid = [Extent(100), Extent(1000), *[Extent(100)] * 4], GRIDS[16]
    turned = next(tick for tick in range(5000) if place(lines, grid, tick)[-1].index != 3)
    ends_seen = [tick for tick in range(turned) if any(x + 1000 <= WIDTH for x in place(lines, grid, tick)[1].xs[:1])]
    assert ends_seen
    assert place(lines, grid, turned - 1)[1].xs[0] == -(1000 + layout.GAP_PX - layout.STEP_PX)


def test_a_strip_is_as_high_as_the_grid_takes_it_for() -> None:
    assert {px: grid.pitch_px + grid.hang_px for px, grid in GRIDS.items()} == STRIP_PX


@given(screens, sizes, st.integers(0, 100_000))
@example([Extent(9), Extent(9, large=True), Extent(9, large=True)], 12, 0)
def test_every_line_lies_inside_the_panel(lines: list[Extent], px: int, tick: int) -> None:
    spots = place(lines, GRIDS[px], tick)
    for spot in spots:
        assert spot.y >= 0
        assert spot.y + STRIP_PX[px] * spot.scale <= HEIGHT
        if lines[spot.index].width_px <= WIDTH:
            (x,) = spot.xs
            assert x >= 0
            assert x + lines[spot.index].width_px * spot.scale <= WIDTH
    for upper, lower in pairwise(spots):
        assert upper.y + px * upper.scale <= lower.y


@given(screens, sizes)
def test_every_column_of_every_line_is_shown_at_some_time(lines: list[Extent], px: int) -> None:
    unseen = {(index, column) for index, line in enumerate(lines) for column in range(line.width_px)}
    tick: int | None = 0
    while tick is not None and unseen:
        for spot in place(lines, GRIDS[px], tick):
            width = lines[spot.index].width_px * spot.scale
            for x in spot.xs:
                on_panel = range(max(0, -x), min(width, WIDTH - x))
                unseen -= {(spot.index, column // spot.scale) for column in on_panel}
        tick = next_change(lines, GRIDS[px], tick)
        assert tick is None or tick < 10_000
    assert not unseen


@given(screens, sizes, st.integers(0, 100_000))
def test_nothing_moves_before_the_next_change_and_something_does_then(lines: list[Extent], px: int, tick: int) -> None:
    grid = GRIDS[px]
    change = next_change(lines, grid, tick)
    now = place(lines, grid, tick)
    until = tick + 200 if change is None else change
    assert set(states(lines, grid, range(tick, until))) == {now}
    if change is not None:
        assert change > tick
        assert place(lines, grid, change) != now


@given(st.integers(0, 10**9))
def test_a_tick_begins_in_itself(tick: int) -> None:
    assert tick_at(seconds_at(tick)) == tick
