"""A store's day closed (日结): what it came to, and what has changed of it since somebody closed it.

Reads no journal and writes none: rows of the books in, sums out. A closing never changes; what comes later, or ends
later, is named beside it.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

import msgspec

from gateway.usage import Usage
from protocol.duty import Text
from protocol.ids import StoreId
from protocol.records import Counts, counts_as

if TYPE_CHECKING:
    from collections.abc import Iterable


class Sum(msgspec.Struct, frozen=True, kw_only=True):
    """How many redemptions, of how many uses, and what was received for them, fen."""

    count: int = 0
    uses: int = 0
    amount: int = 0

    def plus(self, usage: Usage) -> Sum:
        """Return the sum with one redemption more."""
        uses = self.uses + (usage.detail.quantity or 1)
        return Sum(count=self.count + 1, uses=uses, amount=self.amount + (usage.amount or 0))


_NOTHING = Sum()


class Totals(msgspec.Struct, frozen=True, kw_only=True):
    """A day in numbers. What was undone is in no sum; ``redeemed`` is that of each of the three lists, too."""

    redeemed: Sum = _NOTHING
    by_type: dict[str, Sum] = {}
    """By the voucher's title."""
    by_clerk: dict[str, Sum] = {}
    """By number; empty: nobody was signed in."""
    by_kiosk: dict[str, Sum] = {}
    """By identity; the gateway's own is its page."""
    refused: dict[str, int] = {}
    """By verdict, at a look or at a confirm."""
    given_back: tuple[str, ...] = ()
    """Rids that were redeemed and undone."""
    conflicts: tuple[str, ...] = ()
    """Rids that were accepted offline and that the head office could not hold."""
    open: tuple[Usage, ...] = ()
    """Requests without an end."""


class Closing(msgspec.Struct, frozen=True, kw_only=True):
    """A day as it was when somebody closed it."""

    store: StoreId
    day: date
    at: float
    """Seconds since 1970."""
    by: Text
    sequence: int
    """The newest request that it has seen, by its number in the journal."""
    totals: Totals


class Since(msgspec.Struct, frozen=True, kw_only=True):
    """What has become of a closed day since."""

    late: tuple[Usage, ...] = ()
    """Requests of that day that came after its closing."""
    ended: tuple[Usage, ...] = ()
    """Requests that were open then: their end."""
    given_back: tuple[Usage, ...] = ()
    """Redemptions that were undone since."""


@dataclass(slots=True)
class _Count:
    """A day while it is counted."""

    redeemed: Sum = _NOTHING
    by_type: dict[str, Sum] = field(default_factory=dict)
    by_clerk: dict[str, Sum] = field(default_factory=dict)
    by_kiosk: dict[str, Sum] = field(default_factory=dict)
    refused: Counter[str] = field(default_factory=Counter)
    given_back: list[str] = field(default_factory=list)
    conflicts: list[str] = field(default_factory=list)
    open: list[Usage] = field(default_factory=list)

    def redeem(self, usage: Usage) -> None:
        """Count a redemption in each of its sums."""
        self.redeemed = self.redeemed.plus(usage)
        keys = (usage.detail.title or "", usage.clerk or "", usage.kiosk)
        for sums, key in zip((self.by_type, self.by_clerk, self.by_kiosk), keys, strict=True):
            sums[key] = sums.get(key, _NOTHING).plus(usage)


def totals_of(rows: Iterable[Usage]) -> Totals:
    """Return a day's rows in numbers."""
    count = _Count()
    for usage in rows:
        match counts_as(usage.verdict, undone=usage.undone_by is not None):
            case Counts.REDEEMED:
                count.redeem(usage)
            case Counts.GIVEN_BACK:
                count.given_back.append(usage.rid or "")
            case Counts.REFUSED:
                count.refused[usage.verdict] += 1
            case Counts.CONFLICT:
                count.conflicts.append(usage.rid or "")
            case Counts.OPEN:
                count.open.append(usage)
            case Counts.UNDO | Counts.CANCELLED:
                pass  # an undo is counted with what it has undone; of a cancelled one nothing has happened
    return Totals(
        redeemed=count.redeemed,
        by_type=_largest_first(count.by_type),
        by_clerk=_largest_first(count.by_clerk),
        by_kiosk=_largest_first(count.by_kiosk),
        refused=dict(count.refused.most_common()),
        given_back=tuple(count.given_back),
        conflicts=tuple(count.conflicts),
        open=tuple(count.open),
    )


def since(closing: Closing, rows: Iterable[Usage]) -> Since:
    """Return what the rows of a closed day say that its closing does not."""
    were_open = {usage.rid for usage in closing.totals.open}
    were_undone = frozenset(closing.totals.given_back)
    late, ended, undone = [], [], []
    for usage in rows:
        if usage.rid is None:
            continue
        if usage.n > closing.sequence:
            late.append(usage)
        elif usage.rid in were_open:
            if usage.final:
                ended.append(usage)
        elif usage.undone_by is not None and usage.rid not in were_undone:
            undone.append(usage)
    return Since(late=tuple(late), ended=tuple(ended), given_back=tuple(undone))


def _largest_first(sums: dict[str, Sum]) -> dict[str, Sum]:
    return dict(sorted(sums.items(), key=lambda item: (-item[1].count, item[0])))
