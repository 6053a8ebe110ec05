"""When and where a voucher was last used, as whoever shows it again is told."""

from __future__ import annotations

from datetime import datetime, timedelta

from protocol.values import Value

#: After so long without a word that its answer was seen it is asked whether anything was handed over (rule 9).
UNSETTLED = timedelta(seconds=60)


class LastUse(Value, frozen=True, kw_only=True):
    """One use; ``at`` is ISO 8601."""

    at: str
    store: str
    kiosk: str
    seen: bool = True
    """Whether anybody has said that its answer was seen: else nobody knows whether anything was handed over."""

    def is_unsettled(self, now: datetime) -> bool:
        """Whether it is to be asked by now if anything was handed over."""
        return not self.seen and now - datetime.fromisoformat(self.at) >= UNSETTLED
