"""Draws the curves of docs/scanning.md: ``python -m benchmarks.curves``, after ``make bench ONLY=decode``."""

from __future__ import annotations

import json
from pathlib import Path

from benchmarks.frames import CONDITIONS
from benchmarks.peers import OPENCV, OURS, PYZBAR, ZXING

PICTURE = Path("docs/pictures/scanning.svg")
RESULTS = Path("build/bench.json")
COLOURS = {OURS: "#0a7d3e", ZXING: "#1f5fbf", PYZBAR: "#c46a00", OPENCV: "#8a8a8a"}
_ACROSS = 3
_WIDTH, _HEIGHT, _GAP_X, _GAP_Y = 250, 120, 50, 66
_LEFT, _TOP = 44, 62


def main() -> None:
    """Draw one small chart a condition: percent read, by level."""
    figures = _read()
    charts = [_chart(index, condition, figures) for index, condition in enumerate(CONDITIONS)]
    rows = -(-len(CONDITIONS) // _ACROSS)
    width, height = _LEFT + _ACROSS * (_WIDTH + _GAP_X), _TOP + rows * (_HEIGHT + _GAP_Y)
    PICTURE.write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        f'font-family="sans-serif" font-size="11" fill="#222"><rect width="100%" height="100%" fill="white"/>\n'
        f"{_legend()}\n" + "\n".join(charts) + "\n</svg>\n"
    )


def _read() -> dict[str, float]:
    """Return the percentage that was read, by subject."""
    rows = json.loads(RESULTS.read_text())["benchmarks"]["decode"]
    return {row["subject"]: float(row["value"]) for row in rows if row["measure"] == "read"}


def _legend() -> str:
    words = ['<text x="44" y="22" font-size="14">Percent of the frames that were read</text>']
    for place, (way, colour) in enumerate(COLOURS.items()):
        x = _LEFT + place * 150
        words.append(
            f'<path d="M{x} 38h22" stroke="{colour}" stroke-width="2.5"/><text x="{x + 28}" y="42">{way}</text>'
        )
    return "\n".join(words)


def _chart(index: int, condition: str, figures: dict[str, float]) -> str:
    """Return one chart: its title, its axes, and a line for each way of reading."""
    left = _LEFT + index % _ACROSS * (_WIDTH + _GAP_X)
    top = _TOP + index // _ACROSS * (_HEIGHT + _GAP_Y) + 18
    levels = list(CONDITIONS[condition])
    step = _WIDTH / max(len(levels) - 1, 1)
    parts = [
        f'<text x="{left}" y="{top - 8}" font-weight="bold">{condition}</text>',
        f'<path d="M{left} {top}v{_HEIGHT}h{_WIDTH}" stroke="#999" fill="none"/>',
    ]
    for percent in (0, 50, 100):
        y = top + _HEIGHT * (1 - percent / 100)
        parts.append(f'<text x="{left - 6}" y="{y + 4}" text-anchor="end" fill="#666">{percent}</text>')
    for place, level in enumerate(levels):
        x = left + place * step
        parts.append(f'<text x="{x:.0f}" y="{top + _HEIGHT + 15}" text-anchor="middle" fill="#666">{level}</text>')
    for way, colour in reversed(COLOURS.items()):
        heights = (_HEIGHT * (1 - figures[f"{condition} {level}: {way}"] / 100) for level in levels)
        points = (f"{left + place * step:.1f},{top + height:.1f}" for place, height in enumerate(heights))
        parts.append(f'<polyline points="{" ".join(points)}" stroke="{colour}" stroke-width="2.5" fill="none"/>')
    return "\n".join(parts)


if __name__ == "__main__":
    main()
