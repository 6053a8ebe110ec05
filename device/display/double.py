"""Text at twice its size without stairs: the Scale2x rule (scale2x.it/algorithm) on one-bit pictures.

Each pixel becomes four. A corner takes the colour of its two outer neighbours where they agree and the stroke turns
there, so that diagonals come out as diagonals; strokes that run straight stay as they were.
"""

from __future__ import annotations

from PIL import Image


def double(strip: Image.Image) -> Image.Image:
    """Return the picture of mode "1" at twice its width and height."""
    width, height = strip.size
    # A dark frame of one pixel, so that every pixel has four neighbours.
    framed = Image.new("1", (width + 2, height + 2))
    framed.paste(strip, (1, 1))
    rows = [bytes(framed.crop((0, y, width + 2, y + 1)).convert("L").tobytes()) for y in range(height + 2)]
    big = bytearray()
    for above, row, below in zip(rows, rows[1:], rows[2:], strict=False):
        upper, lower = bytearray(), bytearray()
        for x in range(1, width + 1):
            here, up, down, left, right = (
                row[x],
                above[x],
                below[x],
                row[x - 1],
                row[x + 1],
            )
            turns = up != down and left != right
            upper.append(up if turns and up == left else here)
            upper.append(up if turns and up == right else here)
            lower.append(down if turns and down == left else here)
            lower.append(down if turns and down == right else here)
        big += upper + lower
    return Image.frombytes("L", (2 * width, 2 * height), bytes(big)).convert("1", dither=Image.Dither.NONE)
