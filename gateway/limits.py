"""How often is too often: a window over the last minute for each kiosk, without a clock of its own."""

from __future__ import annotations

from collections import defaultdict, deque

WINDOW_S = 60.0
#: A minute's worth of requests that can begin nothing and only end: far above what honest requesters need.
FRUITLESS_A_MINUTE = 120


class Limit:
    """At most so many events of one name in any minute."""

    def __init__(self, most: int) -> None:
        """Keep the number."""
        self._most = most
        self._seen: dict[str, deque[float]] = defaultdict(lambda: deque(maxlen=most))
        self._reached_at: dict[str, float] = {}

    def count(self, name: str, now: float) -> bool:
        """Note an event at ``now`` by the gateway's clock; return whether it is the one that reaches the limit."""
        seen = self._seen[name]
        self._forget(seen, now)
        reaches = len(seen) == self._most - 1
        seen.append(now)
        if reaches:
            self._reached_at[name] = now
        return reaches

    def reached(self, name: str, now: float) -> bool:
        """Whether the limit is reached at ``now`` by the gateway's clock."""
        seen = self._seen.get(name)
        if not seen:
            return False
        self._forget(seen, now)
        return len(seen) >= self._most

    def lately(self, now: float, within_s: float) -> dict[str, float]:
        """Return who has come to the limit within the last so many seconds, and when the latest time was."""
        self._reached_at = {name: at for name, at in self._reached_at.items() if now - at < within_s}
        return self._reached_at.copy()

    @staticmethod
    def _forget(seen: deque[float], now: float) -> None:
        while seen and now - seen[0] >= WINDOW_S:
            seen.popleft()
