"""Where the lines of a screen stand at a moment: pure arithmetic over widths in pixels, no font and no picture.

Nothing is ever clipped. A line wider than the panel scrolls: it holds so that its start can be read, runs through
once and begins again. More lines than fit are shown as pages in turn, each under the first line, because that one says
what the matter is. A large line takes twice the size where width and rows allow it, else the size of the others.

Time is counted in ticks, so that what is shown and when it changes next are two views of the same whole numbers.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

WIDTH = 128
HEIGHT = 64

#: A scrolling line moves once a tick. Twenty steps of two pixels a second run as evenly to the eye as forty of one,
#: for half the work: each new picture costs a Pi Zero 25 to 90 ms of its I2C bus.
TICKS_PER_S = 20
STEP_PX = 2
HOLD_TICKS = 24
#: At least this much dark between the end of a scrolling line and its next beginning.
GAP_PX = 32
#: How long a page stands, when nothing on it scrolls.
PAGE_TICKS = 50


@dataclass(frozen=True, slots=True)
class Grid:
    """How lines of one size fill the panel."""

    pitch_px: int
    """From one line to the next."""
    hang_px: int
    """How far descenders reach below that."""
    rows: int


GRIDS = {16: Grid(pitch_px=16, hang_px=0, rows=4), 12: Grid(pitch_px=12, hang_px=1, rows=5)}


@dataclass(frozen=True, slots=True)
class Extent:
    """A line as the layout needs to know it."""

    width_px: int
    centred: bool = False
    large: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """Where a line's strip goes: left edges (of this round and the next, where it scrolls), top edge, and size."""

    index: int
    xs: tuple[int, ...]
    y: int
    scale: int = 1


@dataclass(frozen=True, slots=True)
class _Page:
    lines: tuple[int, ...]
    ticks: int


def tick_at(elapsed_s: float) -> int:
    """Return the tick in which the moment lies; the small term takes ``seconds_at`` back to its own tick."""
    return math.floor(elapsed_s * TICKS_PER_S + 1e-6)


def seconds_at(tick: int) -> float:
    """Return when a tick begins, in seconds since the lines were first shown."""
    return tick / TICKS_PER_S


def place(lines: Sequence[Extent], grid: Grid, tick: int) -> tuple[Place, ...]:
    """Return where each visible line stands in this tick."""
    page, since = _page_at(lines, grid, tick)
    doubled = _doubled(lines, grid)
    scales = [2 if index in doubled else 1 for index in page.lines]
    spare_px = HEIGHT - sum(scales) * grid.pitch_px - grid.hang_px * max(scales, default=1)
    gap_px = spare_px // (len(scales) + 1)
    places = []
    y = gap_px
    for index, scale in zip(page.lines, scales, strict=True):
        places.append(Place(index, _left_edges(lines[index], scale, since), y, scale))
        y += grid.pitch_px * scale + gap_px
    return tuple(places)


def next_change(lines: Sequence[Extent], grid: Grid, tick: int) -> int | None:
    """Return the tick at which the picture changes next; None where it stands still."""
    page, since = _page_at(lines, grid, tick)
    waits = [_scroll_wait(lines[index], since) for index in page.lines if lines[index].width_px > WIDTH]
    if len(lines) > grid.rows:
        waits.append(page.ticks - since)
    return tick + min(waits) if waits else None


def _page_at(lines: Sequence[Extent], grid: Grid, tick: int) -> tuple[_Page, int]:
    """Return the page that stands in this tick, and for how many ticks it has."""
    pages = _pages(lines, grid)
    if len(pages) == 1:
        return pages[0], tick
    since = tick % sum(page.ticks for page in pages)
    for page in pages:
        if since < page.ticks:
            return page, since
        since -= page.ticks
    raise AssertionError  # the remainder of a sum lies inside one of its terms


def _pages(lines: Sequence[Extent], grid: Grid) -> list[_Page]:
    everything = tuple(range(len(lines)))
    if len(lines) <= grid.rows:
        return [_Page(everything, PAGE_TICKS)]
    title, rest, room = everything[:1], everything[1:], grid.rows - 1
    return [_page(lines, title + rest[start : start + room]) for start in range(0, len(rest), room)]


def _page(lines: Sequence[Extent], shown: tuple[int, ...]) -> _Page:
    """Make a page that stands until its slowest line has run through."""
    rounds = (_round_ticks(lines[index]) for index in shown if lines[index].width_px > WIDTH)
    return _Page(shown, max((PAGE_TICKS, *rounds)))


def _doubled(lines: Sequence[Extent], grid: Grid) -> list[int]:
    """Return the large lines that get twice their size, the upper ones first."""
    fitting = [index for index, line in enumerate(lines) if line.large and 0 < line.width_px <= WIDTH // 2]
    return fitting[: max(0, grid.rows - len(lines))]


def _left_edges(line: Extent, scale: int, since: int) -> tuple[int, ...]:
    if line.width_px > WIDTH:
        start = -_scrolled_px(line, since)
        return (start, start + _loop_px(line))
    return ((WIDTH - line.width_px * scale) // 2 if line.centred else 0,)


def _loop_px(line: Extent) -> int:
    """Return how far a line moves until it stands where it began: a whole number of steps."""
    return math.ceil((line.width_px + GAP_PX) / STEP_PX) * STEP_PX


def _round_ticks(line: Extent) -> int:
    return HOLD_TICKS + _loop_px(line) // STEP_PX - 1


def _scrolled_px(line: Extent, since: int) -> int:
    moved = since % _round_ticks(line) - HOLD_TICKS + 1
    return max(0, moved) * STEP_PX


def _scroll_wait(line: Extent, since: int) -> int:
    """Return the ticks until a scrolling line moves next."""
    return max(1, HOLD_TICKS - since % _round_ticks(line))
