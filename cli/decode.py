"""``hexiao decode``: the kiosk's way of reading codes, on pictures."""

from __future__ import annotations

import json
import re
import sys
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from device.scan.codes import Code
    from device.scan.pipeline import Pipeline

#: What JSON may hold as it is, but breaks a line for some programs, moves a terminal's cursor, or is no UTF-8.
_UNPRINTABLE = re.compile("[\x7f-\x9f\u2028\u2029\ud800-\udfff]")


def decode(files: list[Path], *, native: bool) -> None:
    """Print one JSON object a picture: ``file`` as given, ``codes``, ``ms`` of decoding, ``error`` where there is one.

    Pictures are fitted into the kiosk's frame, or with ``native`` left as they are, and get all the passes that a kiosk
    spreads over consecutive frames. Ends the command where no reader is installed.
    """
    from device.scan.errors import ReaderError  # noqa: PLC0415 - the readers are loaded only here
    from device.scan.pipeline import build_pipeline  # noqa: PLC0415

    try:
        pipeline = build_pipeline()
    except ReaderError as error:
        sys.exit(f"hexiao decode: {error}")
    for file in files:
        print(_as_line(_looked_at(file, pipeline, native=native)), flush=True)  # noqa: T201 - the result


def _looked_at(file: Path, pipeline: Pipeline, *, native: bool) -> dict[str, Any]:
    from device.scan.errors import PictureError  # noqa: PLC0415 - see above
    from device.scan.pictures import fit, luminance  # noqa: PLC0415

    answer: dict[str, Any] = {"file": str(file), "codes": [], "ms": 0.0}
    try:
        data = file.read_bytes()
        frame = luminance(data) if native else fit(data)
    except OSError as error:
        return {**answer, "error": f"cannot be read: {error.strerror}"}
    except PictureError as error:
        return {**answer, "error": str(error)}
    began = time.perf_counter()
    codes = pipeline.read_all(frame)
    answer["ms"] = round((time.perf_counter() - began) * 1e3, 2)
    answer["codes"] = [_shown(code) for code in codes]
    return answer


def _as_line(answer: dict[str, Any]) -> str:
    line = json.dumps(answer, ensure_ascii=False)
    return _UNPRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", line)


def _shown(code: Code) -> dict[str, str]:
    """Return a code as plain values; ``bytes`` is its payload in hex, where that is not the text in UTF-8.

    Bytes that are no text become a character each.
    """
    text = code.raw.decode("latin-1") if code.text is None else code.text
    shown = {"text": text, "format": code.format.value}
    return shown if text.encode(errors="replace") == code.raw else {**shown, "bytes": code.raw.hex()}
