"""What a text from a camera, a scanner gun or a keypad can be, before anyone is asked: a voucher perhaps, or not.

Shapes only, as far as the platforms tell them: WeChat Pay's payment codes are 18 digits from 10 to 15, Alipay's 16 to
24 digits from 25 to 30 (both in their documents of the barcode payment), UnionPay's 19 digits from 62; WeChat's claim,
follow and contact codes are links on its own hosts. A shape is a reason to say what is held up; it never is a reason
to believe a voucher.
"""

from __future__ import annotations

import re

from protocol.ids import code_tail
from protocol.messages import LONGEST_CODE
from protocol.values import Value
from protocol.vocabulary import Verdict

SETUP_PREFIX = "HEXIAO:SETUP:"
BADGE_PREFIX = "HEXIAO:CLERK:"
#: In the address of every claim code (领券二维码) of a chain's own; behind it the campaign and where the code hangs.
CLAIM_PATH = "/lingquan/"
ACTIVATION_PREFIX = "HEXIAO:START:"
#: Of practice vouchers (练习券), which go the whole way of a voucher and are counted by no book.
PRACTICE_PREFIX = "HEXIAO:PRACTICE:"
#: What people type in its place: no wheel of buttons has a colon.
PRACTICE_TYPED = "PPPP"
_TYPED_PRACTICE = re.compile(PRACTICE_TYPED + "([0-9A-HJKMNP-TV-Z]{8})")
_BETWEEN = re.compile(r"[\s-]")


class Kind(Value, frozen=True):
    """What a text is. ``verdict`` None: it may be a voucher, ask the gateway."""

    verdict: Verdict | None
    private: bool = False
    """A payment or setup code: never stored, hashed, sent or logged, not even its tail."""


VOUCHER = Kind(None)
_PAYMENT = Kind(Verdict.PAYMENT_CODE, private=True)
_SETUP = Kind(Verdict.SETUP_CODE, private=True)
_FOLLOW = Kind(Verdict.FOLLOW_CODE)
_CLAIM = Kind(Verdict.CLAIM_CODE)
_BAD = Kind(Verdict.BAD_CODE)

_LINE_CONTROLS = {ord(control): None for control in "\t\n\r"}
#: How people and phones group a long number; a code that pays is one with them, too.
_GROUPING = re.compile(r"[\s\-\u2010-\u2015\u00b7]+")

_NUMBERS_THAT_PAY = re.compile(
    r"1[0-5][0-9]{16}"  # WeChat Pay
    r"|(?:2[5-9]|30)[0-9]{14,22}"  # Alipay
    r"|62[0-9]{17}"  # UnionPay QuickPass
)
_LINKS: tuple[tuple[str, Kind], ...] = (
    # What a customer shows, and what hangs on a shop's wall, to pay or to be paid.
    (r"(?:wxp://|weixin://wxpay).*", _PAYMENT),
    (r"https?://(?:wx\.tenpay|qr\.alipay|payapp\.weixin\.qq|qr\.95516|qr\.chinaums)\.com/.*", _PAYMENT),
    (r"alipays?://.*", _PAYMENT),
    (re.escape(SETUP_PREFIX) + r".*", _SETUP),
    (r"WIFI:.*", _SETUP),
    # The chain's own account, a person's, a group's, a colleague's at work.
    (r"https?://weixin\.qq\.com/[rqg]/.*", _FOLLOW),
    (r"https?://u\.wechat\.com/.*", _FOLLOW),
    (r"https?://work\.weixin\.qq\.com/(?:ca|kfid|gm|u)/.*", _FOLLOW),
    # The chain's own, on posters and receipts: the head office's page that gives a voucher away.
    (rf"https?://[^/\s]+{re.escape(CLAIM_PATH)}[^/\s]+/[^/\s]+", _CLAIM),
    # Pages of official accounts: posters, articles, card packages.
    (r"https?://mp\.weixin\.qq\.com/.*", _CLAIM),
)
_SHAPES = tuple((re.compile(shape, re.IGNORECASE | re.DOTALL), kind) for shape, kind in _LINKS)


def is_badge(text: str | None) -> bool:
    """Whether this text is a clerk's badge: it signs in, and is never looked up as a voucher."""
    return text is not None and text.strip().startswith(BADGE_PREFIX)


def is_activation(text: str | None) -> bool:
    """Whether this text is the one-time code by which a clerk sets a PIN; it is never looked up as a voucher either."""
    return text is not None and text.strip().startswith(ACTIVATION_PREFIX)


def is_practice(text: str | None) -> bool:
    """Whether this text is the code of a practice voucher: for training and for trying a store out."""
    return text is not None and text.strip().startswith(PRACTICE_PREFIX)


def as_typed(text: str) -> str:
    """Return the code that was meant by what was typed: of a practice voucher its whole one, else the text as it is."""
    found = _TYPED_PRACTICE.fullmatch(_BETWEEN.sub("", text).upper())
    return PRACTICE_PREFIX + found[1] if found else text


def classify(text: str | None) -> Kind:
    """Return what this text is; None stands for bytes that are no text.

    White space around a text says nothing: scanner guns and keyboards end with a line break. Control characters, an
    empty text and one longer than any voucher's code make it one that cannot be used; line breaks and tabs are common
    in codes that other systems print, and harmless.
    """
    bare = text.strip() if text else ""
    if not text or not bare:
        return _BAD
    if _NUMBERS_THAT_PAY.fullmatch(_GROUPING.sub("", bare)):
        return _PAYMENT
    for shape, kind in _SHAPES:
        if shape.fullmatch(bare):
            return kind
    if len(text) > LONGEST_CODE or not text.translate(_LINE_CONTROLS).isprintable():
        return _BAD
    return VOUCHER


def no_voucher(code: str | None) -> Verdict:
    """Name a code that no voucher has: what it is by its shape, else an unknown one."""
    return classify(code).verdict or Verdict.UNKNOWN_CODE


def shown_tail(code: str | None) -> str | None:
    """Return as much of a code as may be shown and kept; None of one that is private."""
    return None if code is None or classify(code).private else code_tail(code)
