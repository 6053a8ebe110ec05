"""What the screens are set for: size and language."""

from __future__ import annotations

from typing import TYPE_CHECKING

from device.counter.words import WORDS, Language
from protocol.values import Value
from protocol.vocabulary import PHRASES

if TYPE_CHECKING:
    from device.counter.words import Words
    from protocol.vocabulary import Verdict

#: Lines and Latin cells of the panel, by the height of its font in pixels.
SIZES = {16: (4, 16), 12: (5, 21)}


class Style(Value, frozen=True):
    """What the screens are set for: how many lines of how many cells, in which language."""

    language: Language = Language.ZH
    rows: int = 4
    cells: int = 16
    support: str = ""
    """Whom to call about a fault."""
    claim_qr: str = ""
    """What a QR says that the idle screen shows by turns, so that customers can claim vouchers; empty: none."""

    @property
    def words(self) -> Words:
        """The fixed words of the language."""
        return WORDS[self.language]

    def phrase(self, verdict: Verdict) -> tuple[str, ...]:
        """Return the verdict's own lines."""
        phrase = PHRASES[verdict]
        return phrase.zh if self.language is Language.ZH else phrase.en
