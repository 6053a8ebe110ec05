"""What customers are told, in Chinese and English: one sentence each, short enough for a text message.

``{name}`` is filled in. A carrier of text messages wants the sentences beforehand, with the same names, and is then
sent the values alone; ``hexiao headoffice notices words`` prints them as it wants them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from headoffice.notices.kinds import Occasion

if TYPE_CHECKING:
    from datetime import datetime

SENTENCES = {
    "zh": {
        Occasion.ISSUED: "您收到{title},{valid}。查看:{page}",
        Occasion.REDEEMED: "您的{title}于{at}在{store}核销{uses}次,剩余{left}次。非本人操作请联系门店。",
        Occasion.UNDONE: "您的{title}在{store}的核销已撤销,退回{uses}次,剩余{left}次。",
        Occasion.POSTED: "您的{title}已由{carrier}寄出,单号{number}。",
        Occasion.REFUNDED: "您的{title}已退款,款项按原路退回。",
        Occasion.REFUND_REFUSED: "您的{title}退款申请未通过,仍可使用,{valid}。",
        Occasion.EXPIRING: "您的{title}即将到期,{valid},剩余{left}次。查看:{page}",
    },
    "en": {
        Occasion.ISSUED: "{title} is yours, {valid}: {page}",
        Occasion.REDEEMED: "{title}: {uses} used at {store}, {at}; {left} left. Not you? Ask the shop.",
        Occasion.UNDONE: "{title}: the redemption at {store} is undone, {uses} given back; {left} left.",
        Occasion.POSTED: "{title} was sent by {carrier}, number {number}.",
        Occasion.REFUNDED: "{title} is refunded; what was paid goes back the way it came.",
        Occasion.REFUND_REFUSED: "{title} is not refunded; it can still be used, {valid}.",
        Occasion.EXPIRING: "{title} is about to expire, {valid}; {left} left: {page}",
    },
}
#: Of a mail.
SUBJECTS = {
    "zh": {
        Occasion.ISSUED: "您收到{title}",
        Occasion.REDEEMED: "{title}已核销",
        Occasion.UNDONE: "{title}的核销已撤销",
        Occasion.POSTED: "{title}已寄出",
        Occasion.REFUNDED: "{title}已退款",
        Occasion.REFUND_REFUSED: "{title}退款申请未通过",
        Occasion.EXPIRING: "{title}即将到期",
    },
    "en": {
        Occasion.ISSUED: "{title} is yours",
        Occasion.REDEEMED: "{title} was redeemed",
        Occasion.UNDONE: "{title}: a redemption is undone",
        Occasion.POSTED: "{title} was sent",
        Occasion.REFUNDED: "{title} is refunded",
        Occasion.REFUND_REFUSED: "{title} is not refunded",
        Occasion.EXPIRING: "{title} is about to expire",
    },
}
#: Below a mail's sentence: the page, and how to hear no more.
FOOT = {
    "zh": "券页面:{page}\n不再接收通知:在券页面选择“退订通知”。",
    "en": "Its page: {page}\nTo hear no more: choose “No more notices” there.",
}
#: Of titles, stores (carriers too) and their numbers a text message has room for so much.
LONGEST_TITLE, LONGEST_STORE, LONGEST_NUMBER = 14, 10, 20
_NO_END = {"zh": "长期有效", "en": "without end"}
_UNTIL = {"zh": "有效期至{end}", "en": "valid until {end}"}


def valid(until: datetime | None, lang: str) -> str:
    """Return until when a voucher is valid, in the shop's time."""
    return _NO_END[lang] if until is None else _UNTIL[lang].format(end=f"{until:%Y-%m-%d %H:%M}")


def short(text: str, most: int) -> str:
    """Return as much of a text as there is room for."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def registered(lang: str, occasion: Occasion) -> str:
    """Return a sentence as a carrier wants it beforehand: ``${name}`` for what is filled in."""
    return SENTENCES[lang][occasion].replace("{", "${")
