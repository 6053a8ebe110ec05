"""What the platform of cards has sold and consumed, and the troubles it has been told to make. No I/O in here."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta


class Word(StrEnum):
    """What the platform says of a code."""

    GOOD = "good"
    CONSUMED = "consumed"
    WITHDRAWN = "withdrawn"
    UNKNOWN = "unknown"
    FOREIGN = "foreign"
    """It is of another merchant."""
    BLOCKED = "blocked"
    """Its risk control wants no consume now."""


class Events(StrEnum):
    """What becomes of the events that tell who consumed a card."""

    SENT = "sent"
    HELD = "held"
    LOST = "lost"


class Sale(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A card to be sold. Further ``codes`` are other ways to write the first."""

    codes: Annotated[tuple[str, ...], Meta(min_length=1)]
    title: str = "卡券"
    value: str = ""
    uses: Annotated[int, Meta(ge=1, le=999)] = 1
    stores: dict[str, str] | None = None
    """The chain's stores where it is valid, names by ids; None: all."""
    foreign: bool = False
    """Whether another merchant has sold it."""


class Troubles(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the platform fails from now on."""

    lag_s: Annotated[float, Meta(ge=0)] = 0.0
    """Queries are answered from a replica that is so far behind."""
    silent: bool = False
    """Queries are not answered."""
    lose: Annotated[int, Meta(ge=0)] = 0
    """So many more consumes are carried out, and their answers are lost."""
    late_s: Annotated[float, Meta(ge=0)] = 0.0
    """Those are carried out only after this time."""
    blocked: bool = False
    """Every consume is refused."""
    events: Events = Events.SENT


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """An event: a card was consumed, by the chain's own access to the platform or in another way."""

    card: str
    ours: bool


@dataclass(slots=True)
class Card:
    """One card, and when its uses were consumed: monotonic seconds, and whether by the chain's access."""

    name: str
    sale: Sale
    consumed: list[tuple[float, bool]] = field(default_factory=list)
    withdrawn_at: float = float("inf")

    def left(self, at: float) -> int:
        """Return how many uses were left at a time."""
        return self.sale.uses - sum(moment <= at for moment, _ in self.consumed)


@dataclass(slots=True)
class Book:
    """All cards. ``now`` is monotonic seconds of whoever calls."""

    cards: dict[str, Card] = field(default_factory=dict)
    """By each of their codes."""
    troubles: Troubles = field(default_factory=Troubles)
    consumes: list[str] = field(default_factory=list)
    """Codes of every consume that was sent here, in order, whatever became of it."""

    def sell(self, sale: Sale) -> Card:
        """Sell a card."""
        card = Card(name=f"card-{len({card.name for card in self.cards.values()}) + 1}", sale=sale)
        for code in sale.codes:
            self.cards[code] = card
        return card

    def query(self, code: str, now: float) -> tuple[Word, Card | None, int]:
        """Return what a replica says of a code, and how many uses it believes to be left."""
        card = self.cards.get(code)
        if card is None:
            return Word.UNKNOWN, None, 0
        at = now - self.troubles.lag_s
        return _word(card, at), card, max(0, card.left(at))

    def consume(self, code: str, quantity: int, now: float, *, ours: bool) -> tuple[Word, Told | None]:
        """Consume uses for good; return what is answered, and the event where something was consumed."""
        card = self.cards.get(code)
        if card is None:
            return Word.UNKNOWN, None
        if ours and self.troubles.blocked:
            return Word.BLOCKED, None
        word = _word(card, now)
        if word is not Word.GOOD or card.left(now) < quantity:
            return Word.CONSUMED if word is Word.GOOD else word, None
        card.consumed.extend([(now, ours)] * quantity)
        return Word.GOOD, Told(card=card.name, ours=ours)

    def loses_this_answer(self) -> bool:
        """Whether the answer to the consume that has just come is to be lost; counts it."""
        if self.troubles.lose == 0:
            return False
        self.troubles = msgspec.structs.replace(self.troubles, lose=self.troubles.lose - 1)
        return True


def _word(card: Card, at: float) -> Word:
    if card.sale.foreign:
        return Word.FOREIGN
    if card.left(at) <= 0:
        return Word.CONSUMED
    return Word.WITHDRAWN if at >= card.withdrawn_at else Word.GOOD
