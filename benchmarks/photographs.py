"""Photographs of codes, where they are laid, and what is written beside each: what a read of it is held to."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TypeAlias

#: What a picture holds: a text, or bytes, or any of several.
Held: TypeAlias = "str | bytes | tuple[str | bytes, ...]"

FOLDER = Path(os.environ.get("HEXIAO_PHOTOGRAPHS") or Path(__file__).resolve().parents[2] / "shared/data/qr")
#: The folder of photographs in which nothing is to be read.
EMPTY = "falsepositives-1"

#: Texts that no text of ours is: control characters are none, and more than two accents in a row look like Chinese
#: where no character set is declared. Of these the bytes are compared, in the character set that the symbol uses.
CHARSET_OF = {"33.png": "gb2312", "HistoricoLong.png": "latin-1", "padding_bs.png": "latin-1"}
#: Photographs of a code within a code, and what the outer one says: beside them only the inner one is written.
_OUTER = {"qrcode-2/16.webp": "[外側QRコード]\r\n \r\n*ﾀﾞﾌﾞﾙQR*\r\nhttp://d-qr.net/ex/"}

_PICTURES = {".webp", ".png", ".jpg"}


def pictures(*folders: str, within: Path = FOLDER) -> list[Path]:
    """Return the pictures in these folders, in the order of their names; none where they are not there."""
    found = [path for folder in folders for path in sorted(within.glob(f"{folder}/*"))]
    return [path for path in found if path.suffix in _PICTURES]


def written_beside(picture: Path) -> Held | None:
    """Return the payload of a picture: its bytes where these are kept, else its text; None where nothing is."""
    raw, text = picture.with_suffix(".bin"), picture.with_suffix(".txt")
    if raw.exists():
        return raw.read_bytes()
    if not text.exists():
        return None
    written = text.read_bytes().decode()  # not read_text: the end of a line may be a part of it
    if (outer := _OUTER.get(f"{picture.parent.name}/{picture.name}")) is not None:
        return written, outer
    charset = CHARSET_OF.get(picture.name)
    return written if charset is None else written.encode(charset)
