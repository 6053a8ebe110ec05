"""Keeps the lists of stores and clerks as the head office has them, and tells kiosks whose store has changed."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from gateway.changes import Changes, Topic

if TYPE_CHECKING:
    from gateway.desk import Desk
    from gateway.ports import Owner
    from gateway.registry import Registry

log = logging.getLogger(__name__)

#: Pause before another try where the head office did not answer.
RETRY_S = 5.0


class StoreList:
    """Fetches the stores that this gateway may speak for, and who works there."""

    def __init__(self, owner: Owner, registry: Registry, desk: Desk, changes: Changes, every_s: float) -> None:
        """Keep the parts; ``every_s`` is the time between two fetches."""
        self._owner = owner
        self._registry = registry
        self._desk = desk
        self._changes = changes
        self._every_s = every_s

    async def refresh(self) -> bool:
        """Fetch them now; return False where the head office did not say, and then the old ones stay."""
        roster = await self._owner.fetch_roster()
        if roster is None:
            return False
        changed = await self._registry.set_roster(roster)
        if changed:
            log.info("stores_changed ids=%s", ",".join(sorted(changed)))
            self._changes.tell(Topic.KIOSKS)
            for kiosk in self._registry.kiosks:
                if kiosk.store in changed:
                    self._desk.welcome(kiosk.id)
        return True

    async def run(self) -> None:
        """Fetch them again and again."""
        while True:
            fetched = await self.refresh()
            await asyncio.sleep(self._every_s if fetched else min(RETRY_S, self._every_s))
