"""A code as a QR that phones' screens show and cameras read."""

from __future__ import annotations

import segno

#: Modules of white around the symbol, as ISO/IEC 18004 asks; in a dark theme too.
QUIET = 4
#: Size of a module where nothing else sets the picture's size.
PIXELS = 8


def symbol_of(text: str) -> segno.QRCode:
    """Return the QR of a text: never a Micro QR, which some readers do not know; error correction M, for scratches."""
    encoding = None if text.isascii() else "utf-8"
    return segno.make_qr(text, error="m", boost_error=False, encoding=encoding)


def qr_svg(text: str, label: str, width_mm: int | None = None) -> str:
    """Return the QR of a text as an SVG element of class ``qr``: one path, edges on whole modules."""
    symbol = symbol_of(text)
    side = len(symbol.matrix) + 2 * QUIET
    width = f"{width_mm}mm" if width_mm else side * PIXELS
    path = "".join(
        f"M{begin + QUIET} {y + QUIET}h{length}v1h-{length}z"
        for y, row in enumerate(symbol.matrix)
        for begin, length in _runs(row)
    )
    return (
        f'<svg class="qr" xmlns="http://www.w3.org/2000/svg" width="{width}" height="{width}" '
        f'viewBox="0 0 {side} {side}" role="img" aria-label="{label}" shape-rendering="crispEdges">'
        f'<path fill="#fff" d="M0 0h{side}v{side}h-{side}z"/><path fill="#000" d="{path}"/></svg>'
    )


def _runs(row: bytes | bytearray) -> list[tuple[int, int]]:
    """Return begin and length of each run of dark modules."""
    runs: list[tuple[int, int]] = []
    for x, dark in enumerate(row):
        if not dark:
            continue
        if runs and sum(runs[-1]) == x:
            runs[-1] = (runs[-1][0], runs[-1][1] + 1)
        else:
            runs.append((x, 1))
    return runs
