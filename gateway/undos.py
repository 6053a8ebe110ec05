"""Undos that begin at a kiosk: what can still be undone there, and the permit under which one may begin.

A permit is a sealed offer like any other, so it lapses with the clerk's sign-in, after a minute, and with this run. The
owner has the last word: what is said here only keeps a clerk from asking for nothing.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from gateway.offers import VALID_S, Offer, Seal
from protocol.duty import Done
from protocol.messages import Detail, Offered, Refused, Undoable
from protocol.vocabulary import Verdict
from service.clock import since_boot_s

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.binding import Bound
    from gateway.duties import Duties
    from gateway.journal import Journal
    from gateway.usage import Usage
    from protocol.duty import AskUndo, AskUndoable

#: As many as a clerk pages through.
LISTED = 8


class Undos:
    """Says what can be undone at a kiosk, and permits it."""

    def __init__(
        self,
        *,
        journal: Journal,
        duties: Duties,
        seal: Seal,
        clock: Callable[[], float] = since_boot_s,
        wall: Callable[[], float] = time.time,
    ) -> None:
        """Keep the parts; ``clock`` gives seconds since boot, ``wall`` seconds since 1970."""
        self._journal = journal
        self._duties = duties
        self._seal = seal
        self._clock = clock
        self._wall = wall
        self._told: dict[str, Offered | Refused] = {}

    async def undoable(self, bound: Bound, asked: AskUndoable) -> Undoable:
        """Return this kiosk's newest redemptions that the owner would still undo, newest first."""
        await self._journal.flush()
        found = self._journal.redeemed_at(bound.identity, bound.store.id, self._wall() - bound.store.undo_s, LISTED)
        return Undoable(look=asked.look, boot=asked.boot, done=tuple(self._done(usage, bound) for usage in found))

    async def permit(self, bound: Bound, asked: AskUndo) -> Offered | Refused:
        """Return what a confirm of this undo must carry; or why it may not begin. A repeat is answered alike."""
        told = self._told.get(bound.identity)
        if told is None or (told.look, told.boot) != (asked.look, asked.boot):
            told = self._told[bound.identity] = await self._ruled(bound, asked)
        return told

    async def _ruled(self, bound: Bound, asked: AskUndo) -> Offered | Refused:
        await self._journal.flush()  # what was undone a moment ago is not permitted again
        usage = self._journal.usage(asked.undoes)
        verdict = self._objection(bound, usage)
        if verdict is not None or usage is None:
            return Refused(look=asked.look, boot=asked.boot, verdict=verdict or Verdict.UNDO_UNSUPPORTED)
        on_duty = self._duties.on_duty(bound)
        by = await self._duties.approver(bound, asked) if on_duty else None
        if isinstance(by, Verdict):
            return Refused(look=asked.look, boot=asked.boot, verdict=by)
        approver = by.number if by and on_duty and by.number != on_duty.clerk else None
        offer = Offer(
            made_at=self._clock(),
            kiosk=bound.identity,
            store=bound.store.id,
            clerk=on_duty.clerk if on_duty else None,
            voucher=None,
            terms=0,
            code=self._seal.hash(asked.undoes),
            sign_in=on_duty.sign_in if on_duty else None,
            approver=approver,
        )
        done = self._done(usage, bound)
        return Offered(
            look=asked.look,
            boot=asked.boot,
            offer=self._seal.close(offer),
            detail=Detail(title=done.title, code_tail=done.code_tail, at=done.at),
            valid_s=min(VALID_S, done.left_s),
            approver=approver,
        )

    def _objection(self, bound: Bound, usage: Usage | None) -> Verdict | None:
        if usage is None or usage.store != bound.store.id or usage.verdict is not Verdict.REDEEMED or usage.undone_by:
            return Verdict.UNDO_UNSUPPORTED
        if self._wall() - usage.at >= bound.store.undo_s:
            return Verdict.UNDO_TOO_LATE
        if bound.store.clerk_required and self._duties.on_duty(bound) is None:
            return Verdict.CLERK_REQUIRED
        return None

    def _done(self, usage: Usage, bound: Bound) -> Done:
        return Done(
            rid=usage.rid or "",
            title=usage.detail.title or "",
            code_tail=usage.code_tail,
            at=usage.time(bound.store.zone),
            left_s=max(0.0, usage.at + bound.store.undo_s - self._wall()),
        )
