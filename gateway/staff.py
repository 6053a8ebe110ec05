"""Clerks as a store's manager sees and changes them: read here, changed at the head office, and fetched anew."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from gateway.duties import MOST_TRIES
from protocol.duty import AskCode, AskStaff, Staffed

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from gateway.journal import Journal
    from gateway.places import Clerk
    from gateway.ports import Owner
    from gateway.registry import Registry
    from protocol.duty import ClerkFacts

log = logging.getLogger(__name__)


class Staff:
    """The clerks of this gateway's stores."""

    def __init__(
        self, *, owner: Owner, registry: Registry, journal: Journal, refresh: Callable[[], Awaitable[bool]]
    ) -> None:
        """Keep the parts; ``refresh`` fetches the clerks anew."""
        self._owner = owner
        self._registry = registry
        self._journal = journal
        self._refresh = refresh

    @property
    def clerks(self) -> Sequence[Clerk]:
        """Every clerk, by number."""
        return self._registry.clerks

    def is_locked(self, clerk: Clerk) -> bool:
        """Whether wrong PINs have locked a clerk."""
        return self._journal.tries(clerk) >= MOST_TRIES

    async def put(self, wanted: Sequence[ClerkFacts]) -> Staffed | None:
        """Have clerks added or changed, all or none; None where nobody has said, so that it may have been done."""
        said = await self._asked(AskStaff(clerks=tuple(wanted)))
        log.info("clerks_put count=%s done=%s", len(wanted), said is not None and said.refused is None)
        return said

    async def code(self, number: str, *, badge: bool) -> Staffed | None:
        """Have a one-time code or a new badge made; None where nobody has said."""
        return await self._asked(AskCode(number=number, badge=badge))

    async def _asked(self, ask: AskStaff | AskCode) -> Staffed | None:
        answer = await self._owner.ask(ask)
        await self._refresh()
        return answer if isinstance(answer, Staffed) else None
