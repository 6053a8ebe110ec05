"""One-time codes that clerks show to set their PINs: the head office decides, and hears of the PIN only a slow hash.

The PIN is hashed here, once for each time that it is asked for, so that a repeat upstream is the very same.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from typing import TYPE_CHECKING

import msgspec

from protocol.duty import Activated, AskActivate
from protocol.messages import Detail, Notice, Offered, Refused, Signed
from protocol.pins import hash_pin
from protocol.vocabulary import Verdict
from service.clock import since_boot_s

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from gateway.binding import Bound
    from gateway.duties import Duties
    from gateway.limits import Limit
    from gateway.ports import Owner
    from protocol.duty import Activate

log = logging.getLogger(__name__)

#: How often the head office is asked the same before it counts as away, and how long each time, seconds.
_TRIES = 3
_EACH_S = 2.5

Told = Offered | Signed | Refused | Notice


class Activations:
    """Says whose a one-time code is, and has its clerk's PIN set."""

    def __init__(
        self,
        *,
        owner: Owner,
        duties: Duties,
        refresh: Callable[[], Awaitable[bool]],
        guesses: Limit,
        clock: Callable[[], float] = since_boot_s,
    ) -> None:
        """Keep the parts; ``refresh`` fetches the clerks anew, ``guesses`` counts what is nobody's code."""
        self._owner = owner
        self._duties = duties
        self._refresh = refresh
        self._guesses = guesses
        self._clock = clock
        self._told: dict[str, tuple[int, str, Told]] = {}

    async def answer(self, bound: Bound, asked: Activate) -> Told:
        """Answer with the clerk's name, or with the sign-in that follows a PIN. A repeat is answered alike."""
        look, boot, told = self._told.get(bound.identity, (0, "", None))
        if told is None or (look, boot) != (asked.look, asked.boot):
            told = await self._asked(bound, asked)
            self._told[bound.identity] = (asked.look, asked.boot, told)
        return told

    async def _asked(self, bound: Bound, asked: Activate) -> Told:
        if self._guesses.reached(bound.identity, self._clock()):
            return Notice(verdict=Verdict.RATE_LIMITED, look=asked.look, boot=asked.boot)
        activated = await self._headoffice_on(bound, asked)
        if activated is None:
            return Notice(verdict=Verdict.UPSTREAM_UNAVAILABLE, look=asked.look, boot=asked.boot)
        log.info("activation kiosk=%s clerk=%s verdict=%s", bound.identity, activated.clerk, activated.verdict)
        if activated.clerk is None:
            verdict = activated.verdict or Verdict.FAULT
            if verdict is Verdict.BAD_CODE:
                self._guesses.count(bound.identity, self._clock())
            return Refused(look=asked.look, boot=asked.boot, verdict=verdict)
        if asked.pin is None:
            detail = Detail(title=activated.name)
            return Offered(look=asked.look, boot=asked.boot, offer="", detail=detail)
        await self._refresh()
        signed = await self._duties.admit(bound, activated.clerk)
        if signed is None:
            return Notice(verdict=Verdict.UPSTREAM_UNAVAILABLE, look=asked.look, boot=asked.boot)
        return msgspec.structs.replace(signed, look=asked.look, boot=asked.boot)

    async def _headoffice_on(self, bound: Bound, asked: Activate) -> Activated | None:
        ask = AskActivate(
            requester=bound.identity,
            store=bound.store.id,
            code=hashlib.sha256(asked.code.strip().encode()).hexdigest(),
            pin=None if asked.pin is None else await asyncio.to_thread(hash_pin, asked.pin),
        )
        for _ in range(_TRIES):
            answer = await self._owner.ask(ask, _EACH_S)
            if isinstance(answer, Activated):
                return answer
        return None
