"""Frames with a QR code that is not all there, drawn: covered, under a lamp, smeared; and one that is no voucher.

Some of them can be read, most of them near the limit of what can be put right, where wrong texts would come from.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import cv2
import numpy as np

from benchmarks.frames import anything, pictured

if TYPE_CHECKING:
    from benchmarks.frames import Light, Shown
    from device.scan.readers import Frame

_LETTERS = list("ABCDEFGHJKLMNPQRSTUVWXYZ23456789")
_DIGITS = list("0123456789")
#: What stands on counters beside vouchers: codes to pay, to follow, to join.
_OTHER_PURPOSES = (
    "wxp://f2f0{}",
    "https://qr.alipay.com/fkx{}",
    "http://weixin.qq.com/r/{}",
    "https://u.wechat.com/{}",
    "https://work.weixin.qq.com/ca/cawcde{}",
)


def covered_code(rng: np.random.Generator) -> tuple[Frame, str]:
    """Return a frame with a code of which a thumb or paper covers a part, and its text."""
    text = _voucher(rng)
    return pictured(text, _held(rng), rng, lambda card: _covered(card, rng)), text


def code_under_a_lamp(rng: np.random.Generator) -> tuple[Frame, str]:
    """Return a frame with a code under a lamp's reflection of a tenth to a half of its size, and its text."""
    text = _voucher(rng)
    return pictured(text, replace(_held(rng), glare=float(rng.uniform(0.1, 0.5))), rng), text


def smeared_code(rng: np.random.Generator) -> tuple[Frame, str]:
    """Return a frame with a code out of focus or moved by more than half a module, and its text."""
    text, held = _voucher(rng), _held(rng)
    if rng.random() < 0.5:
        return pictured(text, replace(held, blur=held.module * float(rng.uniform(0.5, 1.2))), rng), text
    return pictured(text, replace(held, motion=held.module * float(rng.uniform(1, 3))), rng), text


def code_of_another_purpose(rng: np.random.Generator) -> tuple[Frame, str]:
    """Return a frame with nothing in it but a code to pay, to follow or to join, and its text."""
    link = _OTHER_PURPOSES[rng.integers(len(_OTHER_PURPOSES))]
    text = link.format("".join(rng.choice(_LETTERS, int(rng.integers(12, 40)))))
    return pictured(text, anything(rng, hard=bool(rng.integers(2))), rng), text


def _voucher(rng: np.random.Generator) -> str:
    """Return a voucher's text: digits, letters, or a link of up to 78 characters."""
    kind = rng.integers(3)
    if kind == 0:
        return "".join(rng.choice(_DIGITS, int(rng.integers(8, 21))))
    letters = "".join(rng.choice(_LETTERS, int(rng.integers(6, 57))))
    return letters if kind == 1 else f"https://example.com/v/{letters}"


def _held(rng: np.random.Generator) -> Shown:
    """Return a phone held well enough that its code could be read, were it all there."""
    return replace(anything(rng, hard=False), module=float(rng.uniform(3, 8)))


def _covered(card: Light, rng: np.random.Generator) -> Light:
    """Return a card with a thumb's end on it, or the edge of a sheet across it; both have a soft edge this near."""
    side = card.shape[0]
    cover = np.zeros_like(card)
    if rng.random() < 0.5:
        middle = tuple(int(part * side) for part in rng.uniform(0.1, 0.9, 2))
        axes = tuple(int(part * side) for part in rng.uniform(0.08, 0.3, 2))
        cv2.ellipse(cover, middle, axes, float(rng.uniform(0, 180)), 0, 360, 1.0, -1)
        shade = float(rng.uniform(0.15, 0.5))
    else:
        slope, reach = float(rng.normal(0, 0.2)), float(rng.uniform(0.12, 0.5))
        down, right = np.mgrid[:side, :side] / side
        cover[right + slope * down < reach] = 1
        cover = np.rot90(cover, int(rng.integers(4))).copy()
        shade = float(rng.choice((0.02, 0.5, 0.9)))
    soft = cv2.GaussianBlur(cover, (0, 0), side / 150)
    return np.asarray(card * (1 - soft) + shade * soft, np.float32)
