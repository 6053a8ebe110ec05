"""How the desk writes moments, money, codes and verdicts; the templates' filters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headoffice.desk import words
from protocol.kinds import EN, ZH, Kind
from protocol.records import masked, yuan
from protocol.vocabulary import METHODS, PHRASES, Verdict

if TYPE_CHECKING:
    from datetime import datetime

_METHODS_EN = {"scan": "Scanned", "typed": "Typed", "web": "Web page", "api": "Interface", "push": "Platform"}


def verdict(word: str, lang: str) -> str:
    """Return a verdict's name."""
    return PHRASES[Verdict(word)].zh_name if lang == "zh" else word.replace("_", " ").capitalize()


def colour(word: str) -> str:
    """Return the colour of a verdict's light, which is a class of the style sheet."""
    return str(PHRASES[Verdict(word)].light.colour)


def method(word: str, lang: str) -> str:
    """Return how a code came in."""
    return METHODS[word] if lang == "zh" else _METHODS_EN[word]


def kind(word: str, lang: str) -> str:
    """Return the name of a kind of voucher."""
    return (ZH if lang == "zh" else EN)[Kind(word)]


def money(fen: int | None) -> str:
    """Return a sum of fen in yuan, as ``¥12.50``; nothing where there is none."""
    return "" if fen is None else f"¥{yuan(fen)}"


def clock(at: datetime) -> str:
    """Return a time of day."""
    return f"{at:%H:%M:%S}"


def moment(at: datetime | None) -> str:
    """Return day and time."""
    return "" if at is None else f"{at:%Y-%m-%d %H:%M}"


def hidden(code_tail: str | None) -> str:
    """Return a code as people are shown it: its tail alone."""
    return masked(code_tail) or ""


def said(word: str, lang: str) -> str:
    """Return what the desk calls a word of the office: a state, a step, a role, a deed; the word where it has none."""
    return words.NAMES.get(word, (word, word))[words.LANGUAGES.index(lang)]


FILTERS = {
    "verdict": verdict,
    "colour": colour,
    "method": method,
    "kind": kind,
    "money": money,
    "clock": clock,
    "moment": moment,
    "said": said,
    "masked": hidden,
}
