"""Clerks on duty: who is signed in at which kiosk, decided here, from the registry, with or without a head office.

A shift is on disk before its kiosk is told of it, so that a restart signs nobody out. Whether somebody still is on duty
is asked anew each time: a clerk who was disabled, or whose kiosk was moved, is not, whatever their shift says.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import secrets
import time
from typing import TYPE_CHECKING

import msgspec

from gateway.places import Shift
from gateway.usage import Usage
from protocol.duty import Approve, Did, OnDuty, OwnDay, SignIn
from protocol.messages import Detail, Notice, Refused, Signed
from protocol.pins import is_pin
from protocol.vocabulary import Verdict
from service.clock import since_boot_s

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from gateway.binding import Bound
    from gateway.journal import Journal
    from gateway.limits import Limit
    from gateway.places import Clerk
    from gateway.registry import Registry
    from protocol.duty import AskOwnDay, AskUndo

log = logging.getLogger(__name__)

_ID_BYTES = 16
#: Wrong PINs in a row that lock a clerk, badge and all, until the head office gives out a new PIN.
MOST_TRIES = 5
#: As many redemptions of a day as a clerk pages through; the totals are of all.
LISTED = 30


class Duties:
    """Signs clerks in and out."""

    def __init__(  # noqa: PLR0913 - the parts that a sign-in passes through, once each
        self,
        *,
        registry: Registry,
        journal: Journal,
        guesses: Limit,
        refresh: Callable[[], Awaitable[bool]],
        idle_s: float = 1_800.0,
        clock: Callable[[], float] = since_boot_s,
        wall: Callable[[], float] = time.time,
    ) -> None:
        """Keep the parts; ``refresh`` fetches the clerks anew, ``guesses`` counts what is nobody's badge or number."""
        self._registry = registry
        self._journal = journal
        self._guesses = guesses
        self._refresh = refresh
        self._idle_s = idle_s
        self._clock = clock
        self._wall = wall
        self._shifts: dict[str, Shift] = {}
        self._busy_at: dict[str, float] = {}
        self._told: dict[str, Signed] = {}
        self._trying = asyncio.Lock()

    def start(self) -> None:
        """Take up the shifts that a restart broke into."""
        self._shifts = {shift.kiosk: shift for shift in self._journal.open_shifts()}
        self._busy_at = dict.fromkeys(self._shifts, self._clock())

    def on_duty(self, bound: Bound) -> OnDuty | None:
        """Return who is signed in at a kiosk; None where nobody is, or no longer may be."""
        shift = self._shifts.get(bound.identity)
        if shift is None or shift.store != bound.store.id:
            return None
        clerk = self._registry.clerk(shift.clerk)
        if clerk is None or _objection(clerk, bound) is not None:
            return None
        return OnDuty(sign_in=shift.id, clerk=clerk.number, name=clerk.name)

    async def sign_in(self, bound: Bound, asked: SignIn) -> Signed | Notice:
        """Sign a clerk in or out; whatever is answered is on disk, and a repeat is answered alike."""
        told = self._told.get(bound.identity)
        if told is not None and (told.look, told.boot) == (asked.look, asked.boot):
            return told
        if self._guesses.reached(bound.identity, self._clock()):
            return Notice(verdict=Verdict.RATE_LIMITED, look=asked.look, boot=asked.boot)
        ending = self._shifts.get(bound.identity)
        verdict, clerk = await self._decide(bound, asked)
        await self._journal.flush()
        self.is_busy(bound.identity)
        log.info("%s kiosk=%s store=%s clerk=%s", verdict, bound.identity, bound.store.id, clerk and clerk.number)
        detail = Detail(title=clerk.name if clerk else None)
        if verdict is Verdict.CLERK_SIGNED_OUT and ending is not None:
            detail = self._handed_over(ending)
        answer = Signed(look=asked.look, boot=asked.boot, verdict=verdict, on_duty=self.on_duty(bound), detail=detail)
        self._told[bound.identity] = answer
        return answer

    async def own_day(self, bound: Bound, asked: AskOwnDay) -> OwnDay | Refused:
        """Return the business day so far of the clerk who is signed in, at all kiosks of the store."""
        on_duty = self.on_duty(bound)
        if on_duty is None:
            return Refused(look=asked.look, boot=asked.boot, verdict=Verdict.CLERK_REQUIRED)
        await self._journal.flush()
        begun, _ = bound.store.bounds(bound.store.day_of(self._wall()))
        done = self._journal.done_by(on_duty.clerk, bound.store.id, begun)
        kept = [usage for usage in done if usage.undone_by is None]
        return OwnDay(
            look=asked.look,
            boot=asked.boot,
            redeemed=len(kept),
            amount=sum(usage.amount or 0 for usage in kept),
            undone=len(done) - len(kept),
            done=tuple(_did(usage, bound) for usage in done[:LISTED]),
        )

    async def approver(self, bound: Bound, asked: Approve | AskUndo) -> Clerk | Verdict:
        """Return who approves: the clerk on duty by PIN, a manager by badge or by number and PIN; else why nobody does.

        The badge of a clerk who is no manager approves nothing: it may lie on the counter.
        """
        on_duty, named = self.on_duty(bound), asked.number if isinstance(asked, Approve) else None
        sign_in = SignIn(look=asked.look, boot=asked.boot, badge=asked.badge, number=named, pin=asked.pin)
        own = on_duty if asked.badge is None and named is None else None
        if own is not None:
            clerk = self._registry.clerk(own.clerk)
            objection = await self._objection_to(clerk, bound, sign_in)
        else:
            objection, clerk = await self._judge(bound, sign_in)
        if objection is not None or clerk is None:
            return self._refused(bound, objection or Verdict.CLERK_WRONG_STORE, clerk)[0]
        return clerk if own is not None or clerk.manager else Verdict.CLERK_REQUIRED

    async def admit(self, bound: Bound, number: str) -> Signed | None:
        """Sign in a clerk of whom the head office has just said that it is them; None where that is not known here."""
        clerk = self._registry.clerk(number)
        if clerk is None or _objection(clerk, bound) is not None:
            return None
        self._begin(clerk, bound)
        await self._journal.flush()
        detail = Detail(title=clerk.name)
        return Signed(verdict=Verdict.CLERK_SIGNED_IN, on_duty=self.on_duty(bound), detail=detail)

    def is_busy(self, kiosk: str) -> None:
        """Note that a kiosk has something to do."""
        self._busy_at[kiosk] = self._clock()

    def signed_out_when_idle(self) -> list[tuple[str, Signed]]:
        """End the shifts at kiosks that have had nothing to do for long; return what to tell them."""
        since = self._clock() - self._idle_s
        idle = [shift for kiosk, shift in self._shifts.items() if self._busy_at[kiosk] <= since]
        for shift in idle:
            log.info("clerk_idle kiosk=%s store=%s clerk=%s", shift.kiosk, shift.store, shift.clerk)
            self.end(shift.kiosk)
        return [
            (shift.kiosk, Signed(verdict=Verdict.CLERK_SIGNED_OUT, detail=self._handed_over(shift))) for shift in idle
        ]

    def end(self, kiosk: str) -> None:
        """End the shift at a kiosk, if there is one."""
        shift = self._shifts.pop(kiosk, None)
        if shift is not None:
            self._journal.write_shift(msgspec.structs.replace(shift, until=self._wall()))

    def _handed_over(self, shift: Shift) -> Detail:
        """Return what a clerk who goes hands over (交接班)."""
        redeemed, amount = self._journal.totals(shift)
        return Detail(title=shift.name, redeemed=redeemed, amount=amount)

    async def _decide(self, bound: Bound, asked: SignIn) -> tuple[Verdict, Clerk | None]:
        if asked.badge is None and asked.number is None:
            return self._leave(bound, asked.holds)
        objection, clerk = await self._judge(bound, asked)
        if clerk is None or objection is not None:
            return self._refused(bound, objection or Verdict.CLERK_WRONG_STORE, clerk)
        if asked.badge is not None and self._is_held(clerk, bound, asked.holds):
            self.end(bound.identity)
            return Verdict.CLERK_SIGNED_OUT, clerk
        self._begin(clerk, bound)
        return Verdict.CLERK_SIGNED_IN, clerk

    def _leave(self, bound: Bound, holds: str | None) -> tuple[Verdict, Clerk | None]:
        """Sign out whom the kiosk knows to be signed in; where that is over already, this is a repeat."""
        shift = self._shifts.get(bound.identity)
        if shift is not None and shift.id == holds:
            self.end(bound.identity)
        return Verdict.CLERK_SIGNED_OUT, self._registry.clerk(shift.clerk) if shift else None

    async def _judge(self, bound: Bound, asked: SignIn) -> tuple[Verdict | None, Clerk | None]:
        """Return why whom may not sign in, by the head office's newest word where the kept one says no."""
        clerk = self._known(asked)
        objection = await self._objection_to(clerk, bound, asked)
        if objection is not None and await self._refresh() and self._known(asked) != clerk:
            clerk = self._known(asked)
            objection = await self._objection_to(clerk, bound, asked)
        if clerk is None:
            self._guesses.count(bound.identity, self._clock())
        return objection, clerk

    def _known(self, asked: SignIn) -> Clerk | None:
        if asked.badge is None:
            return self._registry.clerk(asked.number or "")
        return self._registry.clerk_with(hashlib.sha256(asked.badge.strip().encode()).hexdigest())

    async def _objection_to(self, clerk: Clerk | None, bound: Bound, asked: SignIn) -> Verdict | None:
        if clerk is None:
            # Whom none of our stores knows works elsewhere, if anywhere; a number alone tells nobody whether it is one.
            return Verdict.CLERK_WRONG_PIN if asked.badge is None else Verdict.CLERK_WRONG_STORE
        if (objection := _objection(clerk, bound)) is not None:
            return objection
        async with self._trying:
            tries = self._journal.tries(clerk)
            if tries >= MOST_TRIES:
                return Verdict.CLERK_LOCKED
            return None if asked.badge is not None else await self._try(clerk, asked.pin or "", tries + 1)

    async def _try(self, clerk: Clerk, pin: str, tries: int) -> Verdict | None:
        """Check a PIN. The try is on disk before its outcome is known: no cut cable gives one back."""
        await self._journal.write_tries(clerk, tries)
        if await asyncio.to_thread(is_pin, pin, clerk.pin):
            await self._journal.write_tries(clerk, 0)
            return None
        log.warning("wrong_pin clerk=%s tries=%s", clerk.number, tries)
        return Verdict.CLERK_LOCKED if tries >= MOST_TRIES else Verdict.CLERK_WRONG_PIN

    def _is_held(self, clerk: Clerk, bound: Bound, holds: str | None) -> bool:
        """Whether the kiosk knows of this clerk's sign-in there, so that the badge was shown to end it.

        Also where it has ended already: then this is a repeat, whose first answer was lost.
        """
        shift = self._journal.shift(holds) if holds is not None else None
        return shift is not None and (shift.kiosk, shift.clerk) == (bound.identity, clerk.number)

    def _begin(self, clerk: Clerk, bound: Bound) -> None:
        """Begin a shift, and so end another clerk's at this kiosk; the same clerk's there goes on."""
        on_duty = self.on_duty(bound)
        if on_duty is not None and on_duty.clerk == clerk.number:
            return
        self.end(bound.identity)
        shift = Shift(
            id=secrets.token_hex(_ID_BYTES),
            kiosk=bound.identity,
            store=bound.store.id,
            clerk=clerk.number,
            name=clerk.name,
            since=self._wall(),
        )
        self._shifts[bound.identity] = shift
        self.is_busy(bound.identity)
        self._journal.write_shift(shift)

    def _refused(self, bound: Bound, verdict: Verdict, clerk: Clerk | None) -> tuple[Verdict, Clerk | None]:
        usage = Usage(
            at=self._wall(),
            kiosk=bound.identity,
            store=bound.store.id,
            verdict=verdict,
            clerk=clerk.number if clerk else None,
        )
        self._journal.refuse(usage)
        return verdict, clerk


def _did(usage: Usage, bound: Bound) -> Did:
    return Did(
        title=usage.detail.title or "",
        code_tail=usage.code_tail,
        at=usage.time(bound.store.zone),
        amount=usage.amount,
        undone=usage.undone_by is not None,
    )


def _objection(clerk: Clerk, bound: Bound) -> Verdict | None:
    """Return why this clerk may not be on duty there; None where they may."""
    if bound.store.id not in clerk.stores:
        return Verdict.CLERK_WRONG_STORE
    return Verdict.CLERK_DISABLED if clerk.disabled else None
