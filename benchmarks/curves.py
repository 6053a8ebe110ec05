"""Draws the curves of docs/scanning.md: ``python -m benchmarks.curves``, after ``make bench ONLY=decode``.

What was read of the frames of each condition, and what a frame cost.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from benchmarks.frames import CONDITIONS
from benchmarks.peers import OPENCV, OURS, PYZBAR, ZXING

PICTURES = Path("docs/pictures")
RESULTS = Path("build/bench.json")
COLOURS = {OURS: "#0a7d3e", ZXING: "#1f5fbf", PYZBAR: "#c46a00", OPENCV: "#8a8a8a"}
_ACROSS = 3
_WIDTH, _HEIGHT, _GAP_X, _GAP_Y = 250, 120, 50, 66
_LEFT, _TOP = 44, 62


@dataclass(frozen=True, slots=True)
class Curves:
    """One picture: a chart for each condition."""

    name: str
    title: str
    measure: str
    """Which of the benchmark's measures it shows."""
    marks: tuple[int, ...]
    """Values at the left edge, the last of them at the top; what is greater is drawn there."""


ALL_CURVES = (
    Curves("scanning.svg", "Percent of the frames that were read", "read", (0, 50, 100)),
    Curves("scanning-time.svg", "Processor time of a frame, median, in ms", "CPU, median", (0, 25, 50, 100)),
)


def main() -> None:
    """Draw one small chart a condition, by level, for each of the pictures."""
    for curves in ALL_CURVES:
        figures = _read(curves.measure)
        charts = [_chart(index, condition, curves, figures) for index, condition in enumerate(CONDITIONS)]
        rows = -(-len(CONDITIONS) // _ACROSS)
        width, height = _LEFT + _ACROSS * (_WIDTH + _GAP_X), _TOP + rows * (_HEIGHT + _GAP_Y)
        (PICTURES / curves.name).write_text(
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
            f'viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="11" fill="#222">'
            f'<rect width="100%" height="100%" fill="white"/>\n'
            f"{_legend(curves.title)}\n" + "\n".join(charts) + "\n</svg>\n"
        )


def _read(measure: str) -> dict[str, float]:
    """Return a measure's figures, by subject."""
    rows = json.loads(RESULTS.read_text())["benchmarks"]["decode"]
    return {row["subject"]: float(row["value"]) for row in rows if row["measure"] == measure}


def _legend(title: str) -> str:
    words = [f'<text x="44" y="22" font-size="14">{title}</text>']
    for place, (way, colour) in enumerate(COLOURS.items()):
        x = _LEFT + place * 150
        words.append(
            f'<path d="M{x} 38h22" stroke="{colour}" stroke-width="2.5"/><text x="{x + 28}" y="42">{way}</text>'
        )
    return "\n".join(words)


def _chart(index: int, condition: str, curves: Curves, figures: dict[str, float]) -> str:
    """Return one chart: its title, its axes, and a line for each way of reading."""
    left = _LEFT + index % _ACROSS * (_WIDTH + _GAP_X)
    top = _TOP + index // _ACROSS * (_HEIGHT + _GAP_Y) + 18
    levels, most = list(CONDITIONS[condition]), curves.marks[-1]
    step = _WIDTH / max(len(levels) - 1, 1)
    parts = [
        f'<text x="{left}" y="{top - 8}" font-weight="bold">{condition}</text>',
        f'<path d="M{left} {top}v{_HEIGHT}h{_WIDTH}" stroke="#999" fill="none"/>',
    ]
    for mark in curves.marks:
        y = top + _HEIGHT * (1 - mark / most)
        parts.append(f'<text x="{left - 6}" y="{y + 4}" text-anchor="end" fill="#666">{mark}</text>')
    for place, level in enumerate(levels):
        x = left + place * step
        parts.append(f'<text x="{x:.0f}" y="{top + _HEIGHT + 15}" text-anchor="middle" fill="#666">{level}</text>')
    for way, colour in reversed(COLOURS.items()):
        values = (min(figures[f"{condition} {level}: {way}"], most) for level in levels)
        heights = (_HEIGHT * (1 - value / most) for value in values)
        points = (f"{left + place * step:.1f},{top + height:.1f}" for place, height in enumerate(heights))
        parts.append(f'<polyline points="{" ".join(points)}" stroke="{colour}" stroke-width="2.5" fill="none"/>')
    return "\n".join(parts)


if __name__ == "__main__":
    main()
