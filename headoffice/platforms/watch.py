"""What one process has heard and waited for by itself, over one run of the books (``database.run_of``).

Where they were put back under it, or a standby has taken over, another run begins, and what is in it may be older than
anything that was heard before. So whatever is known here ends with its run. Nothing is asked or decided here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from protocol.platform import QUIET_S

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from protocol.platform import Case

#: How often the platform's record is read of a rid that waits for others.
RECORD_S = 60.0
#: A gateway that has said nothing for so long after the start may be gone for good: its cases are driven all the same.
UNHEARD_S = 3600.0


class Watch:
    """One run of the books, as long as this process has known it."""

    def __init__(self, run: str, clock: Callable[[], float]) -> None:
        """Begin with nothing heard; ``clock`` counts seconds, and nobody sets it."""
        self.run = run
        self.heard: set[str] = set()
        """Gateways that have spoken."""
        self._clock = clock
        self._since = clock()
        self._open_since: dict[str, float] = {}
        """Since when each case is known to be open: no other's word nor a clock that may be set counts."""
        self._record_at: dict[str, float] = {}

    @property
    def is_long(self) -> bool:
        """Whether whoever has not spoken yet may be gone for good."""
        return self._clock() - self._since >= UNHEARD_S

    def note_open(self, doubtful: Sequence[Case]) -> None:
        """Note which cases are open now."""
        now = self._clock()
        self._open_since = {case.rid: self._open_since.get(case.rid, now) for case in doubtful}
        self._record_at = {rid: at for rid, at in self._record_at.items() if rid in self._open_since}

    def records_due(self, doubtful: Sequence[Case]) -> list[Case]:
        """Return those that have been open for so long that the platform's record is to be read, each now and then."""
        now = self._clock()
        due = [
            case
            for case in doubtful
            if case.single and now >= self._record_at.get(case.rid, self._open_since[case.rid] + QUIET_S)
        ]
        self._record_at |= {case.rid: now + RECORD_S for case in due}
        return due

    def open_for_s(self, rid: str) -> float:
        """Return for how long a case has been known to be open."""
        now = self._clock()
        return now - self._open_since.get(rid, now)
