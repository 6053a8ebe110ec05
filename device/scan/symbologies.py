"""The kinds of code a kiosk can read: one vocabulary, whichever reader read the code."""

from __future__ import annotations

from enum import StrEnum


class Symbology(StrEnum):
    """A kind of code, as configuration, events and ``hexiao decode`` name it.

    UPC-A is EAN-13 with a leading zero, as GS1 defines it; UPC-E is not read, because readers disagree on its notation.
    """

    QR_CODE = "qr_code"
    MICRO_QR_CODE = "micro_qr_code"
    DATA_MATRIX = "data_matrix"
    AZTEC = "aztec"
    PDF417 = "pdf417"
    CODE_128 = "code_128"
    CODE_39 = "code_39"
    CODE_93 = "code_93"
    CODABAR = "codabar"
    ITF = "itf"
    EAN_13 = "ean_13"
    EAN_8 = "ean_8"


class ReaderName(StrEnum):
    """The decoders that can be configured; the first one looks at every frame."""

    ZXING = "zxing"
    PYZBAR = "pyzbar"


#: The fast one first; the other reads some of what it misses.
DEFAULT_READERS = (ReaderName.ZXING, ReaderName.PYZBAR)

#: What vouchers come as. Each further kind costs time on every frame without a code: zxing-cpp takes 1.2 ms with QR
#: alone, 5 ms with these three, 14 ms with Data Matrix as well (one thread of a PC, 1296x972).
DEFAULT_SYMBOLOGIES = (Symbology.QR_CODE, Symbology.CODE_128, Symbology.EAN_13)

#: Kinds that correct no errors: a check digit at best stands between a blurred frame and a wrong number.
UNCORRECTED = frozenset(
    {
        Symbology.CODE_128,
        Symbology.CODE_39,
        Symbology.CODE_93,
        Symbology.CODABAR,
        Symbology.ITF,
        Symbology.EAN_13,
        Symbology.EAN_8,
    }
)

#: The character set that the standards of these kinds prescribe.
CHARSET_OF_BARS = "latin-1"
