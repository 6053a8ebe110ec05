"""Offers that are worth much: whoever approves one is sealed into it, and only then can it be confirmed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from gateway.offers import VALID_S, Offer, Seal
from protocol.messages import Detail, Offered, Refused
from protocol.vocabulary import Verdict
from service.clock import since_boot_s

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.binding import Bound
    from gateway.duties import Duties
    from protocol.duty import Approve


class Approvals:
    """Has offers approved: by the clerk on duty, who types the PIN, or by a manager."""

    def __init__(self, *, duties: Duties, seal: Seal, clock: Callable[[], float] = since_boot_s) -> None:
        """Keep the parts; ``clock`` gives seconds since boot."""
        self._duties = duties
        self._seal = seal
        self._clock = clock
        self._told: dict[str, Offered | Refused] = {}

    async def answer(self, bound: Bound, asked: Approve) -> Offered | Refused:
        """Return the offer as it may be confirmed; or why nobody approves it. A repeat is answered alike."""
        told = self._told.get(bound.identity)
        if told is None or (told.look, told.boot) != (asked.look, asked.boot):
            told = self._told[bound.identity] = await self._ruled(bound, asked)
        return told

    async def _ruled(self, bound: Bound, asked: Approve) -> Offered | Refused:
        offer, left_s = self._open(bound, asked.offer)
        if offer is None:
            return Refused(look=asked.look, boot=asked.boot, verdict=Verdict.ABORTED)
        by = await self._duties.approver(bound, asked)
        if isinstance(by, Verdict):
            return Refused(look=asked.look, boot=asked.boot, verdict=by)
        approver = None if by.number == offer.clerk else by.number
        approved = msgspec.structs.replace(offer, approval=False, approver=approver)
        return Offered(
            look=asked.look,
            boot=asked.boot,
            offer=self._seal.close(approved),
            detail=Detail(),
            valid_s=left_s,
            approver=approver,
        )

    def _open(self, bound: Bound, sealed: str) -> tuple[Offer | None, float]:
        """Return an offer of ours to this kiosk, and for how much longer it can be confirmed; None where it cannot."""
        offer = self._seal.open(sealed)
        left_s = 0.0 if offer is None else offer.made_at + VALID_S - self._clock()
        return (offer if offer is not None and offer.kiosk == bound.identity and left_s > 0 else None), left_s
