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
    restored: Counter[str] = field(default_factory=Counter)
    """How often ``restore`` was said, by part."""
    found_out: int = 0
    """How often a party that was started on an older copy has found out by itself."""
    unknowable: int = 0
    """How often nobody remembered more of it than it did: nothing was lost, or it has written as much again."""
    never_found_out: list[str] = field(default_factory=list)
    """Who did not find out although another remembered more."""
    disks: int = 0
    """How many disks can be filled."""
    disks_filled: int = 0
    clock_set: int = 0

    @property
    def oldest_copy_s(self) -> float:
        """How old the oldest copy was that was put back; 0 where none was."""
        return max((one.age_s for one in self.put_back), default=0.0)
