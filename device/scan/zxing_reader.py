"""The first decoder: zxing-cpp, fast where a code is and faster where none is."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from device.scan.codes import Code, decode_text
from device.scan.errors import ReaderError
from device.scan.readers import Kind, Trace, believable
from device.scan.symbologies import CHARSET_OF_BARS, UNCORRECTED, Symbology

try:
    import zxingcpp
except ImportError as error:
    msg = 'zxing-cpp is not installed (pip install zxing-cpp); or configure readers = ["pyzbar"]'
    raise ReaderError(msg) from error

if TYPE_CHECKING:
    from device.scan.codes import Quad
    from device.scan.readers import Frame

_QR = zxingcpp.BarcodeFormat.QRCode
_FORMATS = {
    Symbology.QR_CODE: (zxingcpp.BarcodeFormat.QRCodeModel1, zxingcpp.BarcodeFormat.QRCodeModel2),
    Symbology.MICRO_QR_CODE: (zxingcpp.BarcodeFormat.MicroQRCode,),
    Symbology.DATA_MATRIX: (zxingcpp.BarcodeFormat.DataMatrix,),
    Symbology.AZTEC: (zxingcpp.BarcodeFormat.Aztec,),
    Symbology.PDF417: (zxingcpp.BarcodeFormat.PDF417,),
    Symbology.CODE_128: (zxingcpp.BarcodeFormat.Code128,),
    Symbology.CODE_39: (zxingcpp.BarcodeFormat.Code39,),
    Symbology.CODE_93: (zxingcpp.BarcodeFormat.Code93,),
    Symbology.CODABAR: (zxingcpp.BarcodeFormat.Codabar,),
    Symbology.ITF: (zxingcpp.BarcodeFormat.ITF,),
    Symbology.EAN_13: (zxingcpp.BarcodeFormat.EAN13,),
    Symbology.EAN_8: (zxingcpp.BarcodeFormat.EAN8,),
}
#: What zxing-cpp sees where three corners of a QR code are damaged, too: kinds that one corner is enough for, and that
#: correct hardly anything.
_SMALL_KINDS = {zxingcpp.BarcodeFormat.MicroQRCode, zxingcpp.BarcodeFormat.RMQRCode}

#: Extended Channel Interpretations of AIM ITS/04-023 that name a character set, as Python calls it.
_CHARSETS = {
    **dict.fromkeys((0, 2), "cp437"),
    **dict.fromkeys((1, 3), "latin-1"),
    **{number: f"iso8859-{number - 2}" for number in (*range(4, 14), *range(15, 19))},
    20: "shift_jis",
    **{21 + step: f"cp{1250 + step}" for step in (0, 1, 2)},
    24: "cp1256",
    25: "utf-16-be",
    26: "utf-8",
    **dict.fromkeys((27, 170), "ascii"),
    28: "big5",
    **dict.fromkeys((29, 31, 32), "gb18030"),
    30: "euc_kr",
    33: "utf-16-le",
    34: "utf-32-be",
    35: "utf-32-le",
}
#: What zxing-cpp puts before the bytes of a character set, and what it makes of a backslash that is one.
_DESIGNATOR = re.compile(rb"\\(\d{6}|\\)")
_IDENTIFIER_LENGTH = 3


class ZxingReader:
    """zxing-cpp with only the symbologies configured: all formats would cost four times as much on every frame."""

    compares_lines = True
    leaves_traces = True

    def __init__(self, symbologies: frozenset[Symbology]) -> None:
        """Keep what to look for."""
        self.reads = symbologies & _FORMATS.keys()
        wanted = {kind: symbology for symbology in sorted(self.reads) for kind in _FORMATS[symbology]}
        self._formats = zxingcpp.BarcodeFormats(list(wanted))
        self._with_traces = zxingcpp.BarcodeFormats([*wanted, *([_QR] if Symbology.QR_CODE in self.reads else [])])
        self._symbologies = {kind.symbology: symbology for kind, symbology in wanted.items()} | wanted
        self._unwanted = _SMALL_KINDS - wanted.keys()

    def read(self, frame: Frame) -> list[Code]:
        """Return the codes found in a luminance frame."""
        return self._codes(self._found(frame, self._formats)) if self.reads else []

    def glance(self, frame: Frame) -> tuple[list[Code], list[Trace]]:
        """Return the codes found in a frame, and the traces of those that could not be read."""
        if not self.reads:
            return [], []
        read, traces = [], []
        for barcode in self._found(frame, self._with_traces, return_errors=True):
            if barcode.valid and barcode.format not in self._unwanted:
                read.append(barcode)
            else:
                traces.append(_trace(barcode))
        return self._codes(read), traces

    def _found(
        self, frame: Frame, formats: zxingcpp.BarcodeFormats, *, return_errors: bool = False
    ) -> list[zxingcpp.Barcode]:
        # HexECI shows which character set a symbol declares, which no other mode tells apart from zxing's guesses.
        mode = zxingcpp.TextMode.HexECI
        return zxingcpp.read_barcodes(frame, formats=formats, text_mode=mode, return_errors=return_errors)

    def _codes(self, barcodes: list[zxingcpp.Barcode]) -> list[Code]:
        return believable([self._code(barcode) for barcode in barcodes])

    def _code(self, barcode: zxingcpp.Barcode) -> Code:
        symbology = self._symbologies.get(barcode.format) or self._symbologies[barcode.symbology]
        raw = bytes(barcode.bytes)
        text = decode_text(raw, CHARSET_OF_BARS) if symbology in UNCORRECTED else _declared(barcode.text, raw)
        return Code(text, raw, symbology, _corners(barcode.position))


def _declared(hex_eci: str, raw: bytes) -> str | None:
    """Return the text of a payload by the character sets that its symbol declares, of which there may be several.

    Where it declares none, or an unknown one, the text is what the bytes look like.
    """
    if "5C" not in hex_eci:  # the backslash that begins a designator
        return decode_text(raw)
    first, *marked = _DESIGNATOR.split(bytes.fromhex(hex_eci)[_IDENTIFIER_LENGTH:])
    parts: list[tuple[str | None, bytes]] = [(None, first)]
    for mark, following in zip(marked[::2], marked[1::2], strict=True):
        if mark == b"\\":
            charset, part = parts.pop()
            parts.append((charset, part + mark + following))
        elif (charset := _CHARSETS.get(int(mark))) is not None:
            parts.append((charset, following))
        else:
            return decode_text(raw)
    if b"".join(part for _, part in parts) != raw:  # it declares nothing, and holds what looks like a designator
        return decode_text(raw)
    texts = [decode_text(part, charset) for charset, part in parts if part]
    return None if None in texts else "".join(filter(None, texts))


def _trace(barcode: zxingcpp.Barcode) -> Trace:
    said: Any = barcode.extra or {}
    corners, version = _corners(barcode.position), str(said.get("Version", ""))
    if barcode.format != _QR or not version.isdigit():  # the small kinds' versions have letters
        return Trace(corners, None)
    return Trace(corners, Kind(int(version), str(said["ECLevel"]), int(said["DataMask"])))


def _corners(position: zxingcpp.Position) -> Quad:
    corners = (position.top_left, position.top_right, position.bottom_right, position.bottom_left)
    first, second, third, fourth = ((corner.x, corner.y) for corner in corners)
    return first, second, third, fourth
