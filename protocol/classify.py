"""What a text from a camera or a keypad can be, before anyone is asked: a voucher perhaps, or something else by name.

Sources of the shapes: the platforms' own documents as far as they say (WeChat and Alipay payment codes are 18 and 16
to 24 digits with fixed first digits; WeChat's claim, follow and contact codes are links on its own hosts). A shape is
a reason to say what is held up; it never is a reason to believe a voucher.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from protocol.messages import LONGEST_CODE
from protocol.vocabulary import Verdict

SETUP_PREFIX = "HEXIAO:SETUP:"
BADGE_PREFIX = "HEXIAO:CLERK:"


@dataclass(frozen=True, slots=True)
class Kind:
    """What a text is. ``verdict`` None: it may be a voucher, ask the gateway."""

    verdict: Verdict | None
    private: bool = False
    """A payment or setup code: never stored, hashed, sent or logged, not even its tail."""


VOUCHER = Kind(None)

_LINE_CONTROLS = {ord(control): None for control in "\t\n\r"}

_SHAPES: tuple[tuple[re.Pattern[str], Kind], ...] = (
    # WeChat Pay codes: 18 digits from 10 to 15; Alipay: 16 to 24 digits from 25 to 30.
    (re.compile(r"1[0-5]\d{16}"), Kind(Verdict.PAYMENT_CODE, private=True)),
    (re.compile(r"(?:2[5-9]|30)\d{14,22}"), Kind(Verdict.PAYMENT_CODE, private=True)),
    (
        re.compile(r"(?:https?|wxp|alipays)://(?:wx\.tenpay\.com|qr\.alipay\.com|f2f)\S*", re.IGNORECASE),
        Kind(Verdict.PAYMENT_CODE, private=True),
    ),
    (re.compile(re.escape(SETUP_PREFIX) + r".*", re.DOTALL), Kind(Verdict.SETUP_CODE, private=True)),
    (re.compile(r"WIFI:.*", re.DOTALL), Kind(Verdict.SETUP_CODE, private=True)),
    (re.compile(r"https?://weixin\.qq\.com/r/\S*", re.IGNORECASE), Kind(Verdict.FOLLOW_CODE)),
    (re.compile(r"https?://u\.wechat\.com/\S*", re.IGNORECASE), Kind(Verdict.FOLLOW_CODE)),
    (re.compile(r"https?://mp\.weixin\.qq\.com/\S*", re.IGNORECASE), Kind(Verdict.CLAIM_CODE)),
)


def classify(text: str | None) -> Kind:
    """Return what this text is; None stands for bytes that are no text.

    Control characters, an empty text and one longer than any voucher's code make it one that cannot be used; line
    breaks and tabs are common in codes that other systems print, and harmless.
    """
    if not text or not text.strip():
        return Kind(Verdict.BAD_CODE)
    for shape, kind in _SHAPES:
        if shape.fullmatch(text):
            return kind
    if len(text) > LONGEST_CODE or not text.translate(_LINE_CONTROLS).isprintable():
        return Kind(Verdict.BAD_CODE)
    return VOUCHER
