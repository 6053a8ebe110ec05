"""The head office as the gateway's other parts ask it: greeted first, every message stamped, every answer's marks read.

While this gateway's journal is known to be an older copy nothing is asked, because nothing it could say can be relied
on. Where the head office's own books were put back, it says so in its greeting and gets this gateway's whole journal.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import TYPE_CHECKING

from gateway.leases import machine_clock
from gateway.standing import HEAD_OFFICE, Heard
from protocol.upstream import AskHello, AskUpload, Met

if TYPE_CHECKING:
    from gateway.journal import Journal
    from gateway.leases import Leases
    from gateway.places import Roster
    from gateway.ports import Owner
    from gateway.standing import Standing
    from protocol.upstream import UpstreamAnswer, UpstreamRequest

log = logging.getLogger(__name__)

#: How often a head office that has not answered yet is greeted again.
RETRY_S = 1.0
#: How often one message is sent: again where its first was meant for an earlier run of the books.
_TRIES = 2
#: How many rids one message carries: some 700 bytes each, and a message has 16 KiB.
UPLOADED_AT_ONCE = 16


class HeadOffice:
    """An owner that is asked by a gateway with a standing."""

    def __init__(self, upstream: Owner, standing: Standing, journal: Journal, every_s: float) -> None:
        """Keep the way to it; ``every_s`` is the time between two greetings."""
        self._upstream = upstream
        self._standing = standing
        self._journal = journal
        self._every_s = every_s
        self._restored = asyncio.Event()

    async def ask(self, message: UpstreamRequest, timeout_s: float | None = None) -> UpstreamAnswer | None:
        """Ask once; None where nothing is known, also because this gateway has found itself behind."""
        for _ in range(_TRIES):
            if self._standing.stopped:
                break
            asked = self._standing.stamped(HEAD_OFFICE, message)
            answer = await self._upstream.ask(asked, timeout_s)
            if answer is None:
                break
            if answer.gen > max(1, self._journal.heard_of(HEAD_OFFICE).generation):
                self._restored.set()
            heard = self._standing.hear_headoffice(answer, asked.run)
            if heard is not Heard.AGAIN:
                return answer if heard is Heard.COUNTS else None
        return None

    async def fetch_roster(self) -> Roster | None:
        """Return the stores that this gateway may speak for, with their clerks; None where nobody said."""
        return await self._upstream.fetch_roster()

    async def run(self, leases: Leases) -> None:
        """Greet the head office until it answers, then every so often; upload the journal where it is asked for.

        Leases come with its answer, and go back with the next greeting once they have ended.
        """
        while True:
            asked, returned = machine_clock(), leases.returned
            answer = await self.ask(AskHello(returned=returned))
            if isinstance(answer, Met):
                # Leases first: what restored books do not know of is accepted under no more once the journal is told.
                await leases.met(answer, asked, self)
                if answer.upload:
                    await self.upload()
            soon = answer is None or leases.returned != returned
            self._restored.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._restored.wait(), RETRY_S if soon else self._every_s)

    async def upload(self) -> None:
        """Give the head office every rid of the journal; broken off where it does not answer, and begun anew later."""
        await self._journal.flush()
        newest, after, count = self._journal.sequence, 0, 0
        while True:
            part = self._journal.entries(after, newest, UPLOADED_AT_ONCE)
            last = len(part) < UPLOADED_AT_ONCE
            answer = await self.ask(AskUpload(entries=tuple(entry for _, entry in part), last=last))
            if not isinstance(answer, Met):
                log.warning("upload_broken_off after=%s", count)
                return
            count += len(part)
            if last:
                log.warning("journal_uploaded rids=%s why=the_head_office_was_restored", count)
                return
            after = part[-1][0]
