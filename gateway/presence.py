"""Which kiosks are there, from births and deaths that carry their session's name.

A death counts only for the session that was born last: an old will that comes late cannot mark a new session dead.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from protocol.messages import Presence


@dataclass(frozen=True, slots=True)
class Here:
    """What is known of one device: whether it is connected, in which session, and since when (seconds since 1970)."""

    online: bool
    session: str
    since: float


class Attendance:
    """Who is there."""

    def __init__(self) -> None:
        """Begin knowing of nobody."""
        self._here: dict[str, Here] = {}

    def heard(self, identity: str, presence: Presence, now: float) -> bool:
        """Take a birth or death at wall time ``now``; return whether it changed anything."""
        known = self._here.get(identity)
        if known is not None and not presence.online and known.session != presence.session:
            return False
        if known is not None and (known.online, known.session) == (presence.online, presence.session):
            return False
        self._here[identity] = Here(presence.online, presence.session, now)
        return True

    def of(self, identity: str) -> Here | None:
        """Return what is known of a device."""
        return self._here.get(identity)

    def forget(self) -> None:
        """Forget everyone: the broker was lost, and tells anew who is there."""
        self._here.clear()
