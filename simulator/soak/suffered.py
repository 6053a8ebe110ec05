"""What was done to a rehearsal in a soak, counted: troubles note it, the judge and the report read it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

GATEWAY, BOOKS = "gateway", "books"


@dataclass(frozen=True, slots=True, kw_only=True)
class PutBack:
    """An older copy that came in the place of a journal, or of the books; monotonic seconds."""

    part: str
    copied_at: float
    at: float

    @property
    def age_s(self) -> float:
        """How old the copy was."""
        return self.at - self.copied_at


@dataclass(slots=True)
class Suffered:
    """How often what was done."""

    kills: Counter[str] = field(default_factory=Counter)
    """Processes that were alive before and gone after, by what they were."""
    met: int = 0
    """How many of these kills came while somebody waited for the end of a redemption."""
    cables: Counter[str] = field(default_factory=Counter)
    put_back: list[PutBack] = field(default_factory=list)
    disks: int = 0
    """How many disks can be filled."""
    disks_filled: int = 0
    clock_set: int = 0

    def times_put_back(self, part: str) -> int:
        """Return how often a copy of this part was put back."""
        return sum(one.part == part for one in self.put_back)
