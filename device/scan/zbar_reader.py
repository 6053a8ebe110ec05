"""The second decoder: zbar, through the library that pyzbar binds.

Not through ``pyzbar.decode``: that cannot set ZBAR_CFG_BINARY, without which zbar guesses character sets and changes
payloads, and it raises ValueError on a structured append symbol, whose orientation it does not know.
"""

from __future__ import annotations

from contextlib import contextmanager
from ctypes import byref, c_uint, c_void_p, string_at
from typing import TYPE_CHECKING, Any

import numpy as np

from device.scan.codes import Code, decode_text, quad_around
from device.scan.errors import ReaderError
from device.scan.readers import believable
from device.scan.symbologies import CHARSET_OF_BARS, UNCORRECTED, Symbology

try:
    from pyzbar import wrapper as zbar
except ImportError as error:
    msg = "pyzbar or libzbar is not installed (pip install pyzbar; apt install libzbar0, from Debian 13 on libzbar0t64)"
    raise ReaderError(msg) from error

if TYPE_CHECKING:
    from collections.abc import Iterator

    from device.scan.codes import Point
    from device.scan.readers import Frame, Trace

_SYMBOLS = {
    Symbology.QR_CODE: zbar.ZBarSymbol.QRCODE,
    Symbology.CODE_128: zbar.ZBarSymbol.CODE128,
    Symbology.CODE_39: zbar.ZBarSymbol.CODE39,
    Symbology.CODE_93: zbar.ZBarSymbol.CODE93,
    Symbology.CODABAR: zbar.ZBarSymbol.CODABAR,
    Symbology.ITF: zbar.ZBarSymbol.I25,
    Symbology.EAN_13: zbar.ZBarSymbol.EAN13,
    Symbology.EAN_8: zbar.ZBarSymbol.EAN8,
}
_ALL_SYMBOLOGIES = 0
_CFG_BINARY = 4  # ZBAR_CFG_BINARY of zbar.h since 0.23; pyzbar calls that number CFG_NUM
_Y800 = int.from_bytes(b"Y800", "little")
_OLDEST = (0, 23, 92)  # older ones abort the process on some codes
_QUAD = 4


class ZbarReader:
    """zbar with only the symbologies configured; it knows no Data Matrix, Aztec or PDF417."""

    compares_lines = False
    leaves_traces = False

    def __init__(self, symbologies: frozenset[Symbology]) -> None:
        """Keep what to look for; raise ReaderError where libzbar is too old."""
        version = _library_version()
        if version < _OLDEST:
            msg = f"libzbar {'.'.join(map(str, version))} crashes on some codes; 0.23.92 or newer is needed"
            raise ReaderError(msg)
        self.reads = symbologies & _SYMBOLS.keys()
        self._symbologies = {int(_SYMBOLS[symbology]): symbology for symbology in self.reads}

    def read(self, frame: Frame) -> list[Code]:
        """Return the codes found in a luminance frame."""
        if not self.reads:
            return []
        pixels = np.ascontiguousarray(frame)
        height, width = pixels.shape
        with self._scanner() as scanner, _image() as image:
            zbar.zbar_image_set_format(image, _Y800)
            zbar.zbar_image_set_size(image, width, height)
            zbar.zbar_image_set_data(image, pixels.ctypes.data_as(c_void_p), pixels.size, None)
            zbar.zbar_scan_image(scanner, image)
            # A symbol of another type is zbar's word for a part of one, or for what its parts were joined to.
            return believable(
                [
                    _code(symbol, self._symbologies[symbol.contents.type])
                    for symbol in _symbols(image)
                    if symbol.contents.type in self._symbologies
                ]
            )

    def glance(self, frame: Frame) -> tuple[list[Code], list[Trace]]:
        """Return the codes found in a frame; of what it could not read zbar says nothing."""
        return self.read(frame), []

    @contextmanager
    def _scanner(self) -> Iterator[Any]:
        """Yield a scanner of its own for one picture: a kept one grows with every code that it reads."""
        scanner = zbar.zbar_image_scanner_create()
        try:
            enable = zbar.ZBarConfig.CFG_ENABLE
            zbar.zbar_image_scanner_set_config(scanner, _ALL_SYMBOLOGIES, enable, 0)
            for symbology in self._symbologies:
                zbar.zbar_image_scanner_set_config(scanner, symbology, enable, 1)
            zbar.zbar_image_scanner_set_config(scanner, zbar.ZBarSymbol.QRCODE, _CFG_BINARY, 1)
            yield scanner
        finally:
            zbar.zbar_image_scanner_destroy(scanner)


@contextmanager
def _image() -> Iterator[Any]:
    image = zbar.zbar_image_create()
    try:
        yield image
    finally:
        zbar.zbar_image_destroy(image)


def _symbols(image: Any) -> Iterator[Any]:  # noqa: ANN401 - an opaque pointer of the C library
    symbol = zbar.zbar_image_first_symbol(image)
    while symbol:
        yield symbol
        symbol = zbar.zbar_symbol_next(symbol)


def _code(symbol: Any, symbology: Symbology) -> Code:  # noqa: ANN401 - an opaque pointer of the C library
    raw = string_at(zbar.zbar_symbol_get_data(symbol), zbar.zbar_symbol_get_data_length(symbol))
    points: list[Point] = [
        (zbar.zbar_symbol_get_loc_x(symbol, index), zbar.zbar_symbol_get_loc_y(symbol, index))
        for index in range(zbar.zbar_symbol_get_loc_size(symbol))
    ]
    if symbology in UNCORRECTED or len(points) != _QUAD:
        corners = quad_around(points or [(0, 0)])
    else:
        # zbar goes round a QR code anticlockwise from its top left corner.
        top_left, bottom_left, bottom_right, top_right = points
        corners = (top_left, top_right, bottom_right, bottom_left)
    return Code(decode_text(raw, CHARSET_OF_BARS if symbology in UNCORRECTED else None), raw, symbology, corners)


def _library_version() -> tuple[int, int, int]:
    major, minor, patch = c_uint(), c_uint(), c_uint()
    zbar.zbar_version(byref(major), byref(minor), byref(patch))
    return major.value, minor.value, patch.value
