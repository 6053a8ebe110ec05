"""Every verdict as the kiosk's panel shows it, on one sheet: what a counter can answer, seen at once.

The views come from the shipped screens and the pictures from the shipped painter; nothing here has words of its own
but the names of a voucher and a store.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import msgspec
from PIL import Image

from device.counter.screens import view_of
from device.counter.states import (
    Counter,
    Idle,
    Looking,
    Offering,
    Outcome,
    OutOfService,
    Pending,
    Result,
    Reviewing,
    Setup,
)
from device.counter.style import SIZES, Style
from device.counter.timing import Timing
from device.counter.words import Language
from device.display.draw import TURN_S, Painter
from device.display.fonts import load_face
from device.display.layout import HEIGHT, WIDTH
from protocol.duty import Did, OwnDay
from protocol.last_use import LastUse
from protocol.messages import Detail, Method, Offered
from protocol.owner import Voucher, describe
from protocol.vocabulary import Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from device.counter.states import Phase
    from device.view import View

GAP = 4
_GREY = 96
_PER_ROW = 2
#: Answers of which no voucher is known: to a code that is none, about a clerk, or for want of an answer.
_NO_VOUCHER = frozenset(
    {
        Verdict.WRONG_MERCHANT,
        Verdict.CLAIM_CODE,
        Verdict.FOLLOW_CODE,
        Verdict.PAYMENT_CODE,
        Verdict.SETUP_CODE,
        Verdict.MANY_CODES,
        Verdict.BAD_CODE,
        Verdict.UNKNOWN_CODE,
        Verdict.BUSY,
        Verdict.CLERK_SIGNED_IN,
        Verdict.CLERK_SIGNED_OUT,
        Verdict.CLERK_REQUIRED,
        Verdict.CLERK_WRONG_PIN,
        Verdict.CLERK_LOCKED,
        Verdict.CLERK_WRONG_STORE,
        Verdict.CLERK_DISABLED,
        Verdict.UPSTREAM_UNAVAILABLE,
        Verdict.OFFLINE_REFUSED,
        Verdict.RATE_LIMITED,
        Verdict.ABORTED,
    }
)
_AT = datetime.fromisoformat("2026-05-01T14:03:00+08:00")
_NAMES = {Language.ZH: ("50元代金券", "西湖店"), Language.EN: ("50 yuan off", "Hubin")}


def example(verdict: Verdict, language: Language) -> Detail:
    """Return what an answer tells beside a verdict, as the owner of a voucher would put it."""
    title, store = _NAMES[language]
    if verdict is Verdict.FAULT:
        return Detail(case="4711")
    if verdict in _NO_VOUCHER:
        return Detail(code_tail="7733")
    voucher = Voucher(
        id="1",
        code_tail="7733",
        title=title,
        value="",
        terms=1,
        last=LastUse(at=_AT.isoformat(), store=store, kiosk=""),
        store_names=(store,),
        valid_from=_AT,
        valid_until=_AT,
    )
    detail = describe(voucher, verdict)
    return msgspec.structs.replace(detail, at=_AT.isoformat()) if verdict is Verdict.REDEEMED else detail


def verdict_view(verdict: Verdict, style: Style, detail: Detail, *, most: int = 1) -> View:
    """Return what a counter of this style shows for a verdict; ``most`` is how many uses an offer may take."""
    setup = Setup(boot="1", software="", timing=Timing(), style=style)
    return view_of(Counter(setup=setup, phase=_phase(verdict, detail, most)), seq=1)


def contact_sheet() -> Image.Image:
    """Return the verdicts in the vocabulary's order, two in a row: each in both languages at 16 px, then at 12 px."""
    painters = {px: Painter(load_face(px)) for px in SIZES}
    pictures = [
        painter.draw(verdict_view(verdict, Style(language, *SIZES[px]), example(verdict, language)), 0.0)
        for verdict in Verdict
        for px, painter in painters.items()
        for language in Language
    ]
    return sheet_of(pictures, _PER_ROW * len(SIZES) * len(Language))


def rest_sheet() -> Image.Image:
    """Return what else stands at rest, in both languages at both sizes: the claim QR, and a clerk's own day."""
    pictures = []
    for px in SIZES:
        painter = Painter(load_face(px))
        for language in Language:
            title, store = _NAMES[language]
            style = Style(language, *SIZES[px], claim_qr="https://q.example.cn/7K2P")
            setup = Setup(boot="1", software="", timing=Timing(), style=style)
            idle = view_of(Counter(setup=setup, phase=Idle(question_at=0), store_name=store), seq=1)
            pictures += [painter.draw(idle, 0.0), painter.draw(idle, TURN_S)]
            done = (Did(title=title, code_tail="7733", at=_AT.isoformat(), amount=12_850),)
            day = OwnDay(look=1, boot="1", redeemed=17, amount=123_450, undone=2, done=done)
            for at in (0, 1):
                phase = Reviewing(day, until=1, at=at)
                pictures.append(painter.draw(view_of(Counter(setup=setup, phase=phase), seq=1), 0.0))
    return sheet_of(pictures, _PER_ROW * _PER_ROW)


def sheet_of(pictures: Sequence[Image.Image], columns: int) -> Image.Image:
    """Set pictures side by side, with grey between them."""
    rows = -(-len(pictures) // columns)
    sheet = Image.new("L", (columns * (WIDTH + GAP) + GAP, rows * (HEIGHT + GAP) + GAP), _GREY)
    for index, picture in enumerate(pictures):
        sheet.paste(picture, corner_of(index, columns))
    return sheet


def corner_of(index: int, columns: int) -> tuple[int, int]:
    """Return where the picture of this index has its upper left corner."""
    return GAP + index % columns * (WIDTH + GAP), GAP + index // columns * (HEIGHT + GAP)


def _phase(verdict: Verdict, detail: Detail, most: int) -> Phase:
    match verdict:
        case Verdict.LOOKING:
            return Looking(look=1, code="", method=Method.SCAN, asked_at=0, send_at=0, until=1)
        case Verdict.REDEEMABLE:
            offer = Offered(look=1, boot="1", offer="", detail=detail, max_quantity=most, valid_s=60)
            return Offering("", Method.SCAN, offer, since=0, until=10, seconds_left=7, quantity=most)
        case Verdict.PENDING:
            return Pending("", slow_at=1, choice_at=2)
        case Verdict.DEVICE_UNBOUND | Verdict.DEVICE_REVOKED:
            return OutOfService(verdict)
        case _:
            return Result(Outcome(verdict=verdict, detail=detail), since=0, until=1)
