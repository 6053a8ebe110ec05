"""Which decoder stands behind a name in the configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING

from device.scan.symbologies import ReaderName, Symbology

if TYPE_CHECKING:
    from collections.abc import Iterable

    from device.scan.readers import Reader


def build_reader(name: ReaderName, symbologies: Iterable[Symbology]) -> Reader:
    """Return the named decoder; raise ReaderError where it is not installed or too old.

    The decoders' modules are imported here and not above, so that a kiosk with one of them needs not install the other.
    """
    wanted = frozenset(symbologies)
    match name:
        case ReaderName.ZXING:
            from device.scan.zxing_reader import ZxingReader  # noqa: PLC0415 - only where configured

            return ZxingReader(wanted)
        case ReaderName.PYZBAR:
            from device.scan.zbar_reader import ZbarReader  # noqa: PLC0415 - only where configured

            return ZbarReader(wanted)
