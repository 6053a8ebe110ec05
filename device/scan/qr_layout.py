"""How a QR code is laid out (ISO/IEC 18004): what is the same in every code of its size, and where its codewords lie.

Modules are 1 where dark, 0 where light.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Modules: TypeAlias = NDArray[np.int8]


#: What a module is that holds data.
OPEN = -1
#: Check bytes of a block and number of blocks, by level and version, up to what a phone's screen is seen sharply with.
_CHECKS = {
    "L": (7, 10, 15, 20, 26, 18, 20, 24, 30, 18, 20, 24, 26, 30, 22, 24, 28, 30, 28, 28),
    "M": (10, 16, 26, 18, 24, 16, 18, 22, 22, 26, 30, 22, 22, 24, 24, 28, 28, 26, 26, 26),
    "Q": (13, 22, 18, 26, 18, 24, 18, 22, 20, 24, 28, 26, 24, 20, 30, 24, 28, 28, 26, 30),
    "H": (17, 28, 22, 16, 22, 28, 26, 26, 24, 28, 24, 28, 22, 24, 24, 30, 28, 28, 26, 28),
}
_BLOCKS = {
    "L": (1, 1, 1, 1, 1, 2, 2, 2, 2, 4, 4, 4, 4, 4, 6, 6, 6, 6, 7, 8),
    "M": (1, 1, 1, 2, 2, 4, 4, 4, 5, 5, 5, 8, 9, 9, 10, 10, 11, 13, 14, 16),
    "Q": (1, 1, 2, 2, 4, 4, 6, 6, 8, 8, 8, 10, 12, 16, 12, 17, 16, 18, 21, 20),
    "H": (1, 1, 2, 4, 4, 4, 5, 6, 8, 8, 11, 11, 16, 16, 18, 16, 19, 21, 25, 25),
}
VERSIONS = range(1, len(_CHECKS["L"]) + 1)
_TIMING = 6  # row and column of modules that alternate
_LEVELS = {"L": 1, "M": 0, "Q": 3, "H": 2}
_FORMAT_POLYNOMIAL, _FORMAT_MASK = 0x537, 0x5412
_VERSION_POLYNOMIAL, _FIRST_WITH_VERSION = 0x1F25, 7


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """A size of code: its fixed modules, and rows and columns of the others in the order of their bits."""

    fixed: Modules
    """n x n; OPEN where data is, 0 where the kind of a code is written."""
    rows: NDArray[np.intp]
    columns: NDArray[np.intp]

    def masked(self, mask: int) -> Modules:
        """Return for each bit whether a mask turns it over."""
        down, right = self.rows, self.columns
        product = down * right
        pattern = (
            (down + right) % 2,
            down % 2,
            right % 3,
            (down + right) % 3,
            (right // 3 + down // 2) % 2,
            product % 2 + product % 3,
            (product % 2 + product % 3) % 2,
            ((down + right) % 2 + product % 3) % 2,
        )[mask]
        turned: Modules = (pattern == 0).astype(np.int8)
        return turned

    def drawn(self, bits: NDArray[np.int8], level: str, mask: int) -> Modules:
        """Return the code whose codewords are these bits."""
        modules = self.fixed.copy()
        _write_kind(modules, _LEVELS[level] << 3 | mask)
        modules[self.rows, self.columns] = 0
        count = len(bits)
        modules[self.rows[:count], self.columns[:count]] = bits
        modules[self.rows, self.columns] ^= self.masked(mask)
        return modules


def blocks(version: int, level: str) -> tuple[int, list[NDArray[np.intp]]]:
    """Return how many check bytes each block of a code has, and which of its codewords each block is made of."""
    checks, count = _CHECKS[level][version - 1], _BLOCKS[level][version - 1]
    words = len(layout(version).rows) // 8
    short = words // count - checks  # data bytes of the first blocks; the last words % count have one more
    longer = words % count
    data = words - checks * count
    order = np.arange(data)
    whole, rest = order[: short * count].reshape(short, count), order[short * count :]
    ends = np.arange(data, words).reshape(checks, count)
    return checks, [
        np.concatenate(
            [whole[:, block], rest[max(block - count + longer, 0) :][: block >= count - longer], ends[:, block]]
        )
        for block in range(count)
    ]


@lru_cache(maxsize=4)
def layout(version: int) -> Layout:
    """Return the layout of a version's codes."""
    side = 17 + 4 * version
    fixed = np.full((side, side), OPEN, np.int8)
    fixed[_TIMING, :] = fixed[:, _TIMING] = np.arange(side) % 2 == 0
    middles = _alignments(version)
    for row in middles:
        for column in middles:
            if (row, column) not in {(_TIMING, _TIMING), (_TIMING, middles[-1]), (middles[-1], _TIMING)}:
                fixed[row - 2 : row + 3, column - 2 : column + 3] = _rings(2)
    corner = np.pad(_rings(3), 1)
    fixed[:8, :8], fixed[:8, -8:], fixed[-8:, :8] = corner[1:, 1:], corner[1:, :-1], corner[:-1, 1:]
    _write_kind(fixed, None)
    if version >= _FIRST_WITH_VERSION:
        bits = version << 12 | _remainder(version, _VERSION_POLYNOMIAL, 12)
        field = np.array([bits >> place & 1 for place in range(18)], np.int8).reshape(6, 3)
        fixed[:6, -11:-8], fixed[-11:-8, :6] = field, field.T
    rows, columns = _order(side)
    is_open = fixed[rows, columns] == OPEN
    return Layout(fixed, rows[is_open], columns[is_open])


@lru_cache(maxsize=4)
def kinds_drawn(version: int) -> dict[tuple[str, int], Modules]:
    """Return for each level and mask how a code of a version says so: 1 where dark, -1 where light, 0 elsewhere."""
    drawn = {}
    for level, number in _LEVELS.items():
        for mask in range(8):
            written, turned = (np.zeros_like(layout(version).fixed) for _ in range(2))
            bits = _kind_bits(number << 3 | mask)
            _write_bits(written, bits)
            _write_bits(turned, 1 - bits)
            drawn[level, mask] = written - turned
    return drawn


def _rings(reach: int) -> Modules:
    """Return rings around a dark middle, the outermost dark; the middle of the larger ones is three modules wide."""
    from_middle = np.maximum(*np.abs(np.mgrid[-reach : reach + 1, -reach : reach + 1]))
    rings: Modules = (from_middle != reach - 1).astype(np.int8)
    return rings


def _alignments(version: int) -> list[int]:
    """Return the rows, and columns, in which alignment patterns have their middles."""
    if version == 1:
        return []
    count = version // 7 + 2
    step = (version * 4 + count * 2 + 1) // (count * 2 - 2) * 2
    return [_TIMING, *sorted(10 + 4 * version - step * place for place in range(count - 1))]


def _write_kind(modules: Modules, kind: int | None) -> None:
    """Write level and mask beside the corners, twice, or zeroes for None; and the module that is always dark."""
    _write_bits(modules, np.zeros(15, np.int8) if kind is None else _kind_bits(kind))
    modules[-8, 8] = 1


def _kind_bits(kind: int) -> Modules:
    bits = (kind << 10 | _remainder(kind, _FORMAT_POLYNOMIAL, 10)) ^ _FORMAT_MASK
    return np.array([bits >> place & 1 for place in range(15)], np.int8)


def _write_bits(modules: Modules, written: Modules) -> None:
    modules[[0, 1, 2, 3, 4, 5, 7, 8], 8] = written[:8]
    modules[8, [7, 5, 4, 3, 2, 1, 0]] = written[8:]
    modules[8, -1:-9:-1] = written[:8]
    modules[-7:, 8] = written[8:]


def _remainder(value: int, polynomial: int, degree: int) -> int:
    """Return the check bits that a BCH code adds to a value."""
    rest = value
    for _ in range(degree):
        rest = rest << 1 ^ (rest >> (degree - 1)) * polynomial
    return rest


def _order(side: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return all rows and columns in the order of bits: pairs of columns, up and down in turn, from the right."""
    rights = [right if right > _TIMING else right - 1 for right in range(side - 1, 0, -2)]
    rows, columns = [], []
    for turn, right in enumerate(rights):
        down = np.arange(side) if turn % 2 else np.arange(side)[::-1]
        rows.append(np.repeat(down, 2))
        columns.append(np.tile([right, right - 1], side))
    return np.concatenate(rows), np.concatenate(columns)
