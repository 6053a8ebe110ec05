"""The work of a gateway on its journal, several writes of it at once."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta
from typing import TYPE_CHECKING

import msgspec

from gateway.places import Clerk
from gateway.usage import Usage
from protocol.leasing import PublicKey
from protocol.marks import Mark
from protocol.messages import Answer
from protocol.relay import Relay
from protocol.vocabulary import Verdict
from simulator.powercuts import gateway_rows as rows

if TYPE_CHECKING:
    from collections.abc import Awaitable
    from random import Random

    from gateway.journal import Journal
    from simulator.powercuts.workload import Ledger

_ENDS = (Verdict.REDEEMED, Verdict.ABORTED, Verdict.ALREADY_REDEEMED)
_BROUGHT_IN = (Verdict.REDEEMED, Verdict.OFFLINE_CONFLICT)
_FIRST_DAY = date(2026, 1, 1)


class Work:
    """What one run of the gateway has open, and the steps that go on with it."""

    def __init__(self, journal: Journal, ledger: Ledger, random: Random) -> None:
        """Begin with what is open in the journal."""
        self._journal = journal
        self._ledger = ledger
        self._random = random
        self._open = {relay.intent.rid: relay for relay in journal.open()}
        self._ended: list[str] = []
        self._shifts = journal.open_shifts()
        self._leases = [held.lease.id for held in journal.leases() if held.complete]
        self._tries, self._days = 0, 0
        self._leases_ended = journal.mark.sequence - journal.sequence
        self._peer = journal.heard_of(rows.KIOSK).sequence

    async def together(self, count: int) -> None:
        """Take so many steps at once; what a peer has shown before them is written along with the first of them."""
        self._peer += 1
        peer = f"peer {rows.KIOSK}"
        self._ledger.will(peer, self._peer)
        self._journal.heard(rows.KIOSK, Mark(1, self._peer))
        await asyncio.gather(*(self._step() for _ in range(count)))
        self._ledger.did(peer)

    def _step(self) -> Awaitable[None]:
        """Take one step; each begins with what none of the others has in hand."""
        likely = [self._begin, self._end, self._begin, self._end, self._accept, self._settle]
        seldom = [self._refuse, self._sign_in, self._sign_out, self._type, self._close_day]
        leasing = [self._take_lease, self._drop_lease, self._keep_keys]
        step = self._random.choice([*likely, *likely, *seldom, *leasing, self._stop])
        return step()

    async def _begin(self) -> None:
        relay = Relay(requester=rows.KIOSK, store=rows.STORE, intent=rows.asked(self._random))
        self._ledger.will(relay.intent.rid, ("pending", 0, None))
        await self._journal.write(relay)
        self._ledger.did(relay.intent.rid)
        self._open[relay.intent.rid] = relay

    async def _accept(self) -> None:
        """Accept as the owner under a lease: no other party holds a record of it."""
        intent = rows.asked(self._random)
        answer = rows.acceptance(intent.rid, self._random)
        relay = Relay(requester=rows.KIOSK, store=rows.STORE, intent=intent, answer=answer)
        self._ledger.will(intent.rid, ("accepted_offline", 0, None))
        await self._journal.write(relay, claim=True)
        self._ledger.did(intent.rid)
        self._open[intent.rid] = relay

    async def _end(self) -> None:
        if not self._open:
            return await self._begin()
        rid, relay = self._open.popitem()
        verdict = self._random.choice(_ENDS if relay.accepted is None else _BROUGHT_IN)
        answer = Answer(rid=rid, verdict=verdict, final=True)
        self._ledger.will(rid, (str(verdict), 1, None))
        await self._journal.write(
            Relay(requester=relay.requester, store=relay.store, intent=relay.intent, answer=answer, closed=True)
        )
        self._ledger.did(rid)
        self._ended.append(rid)
        return None

    async def _settle(self) -> None:
        if not self._ended:
            return await self._begin()
        rid = self._ended.pop()
        stands: tuple[object, ...] = self._ledger.states[rid][-1]  # type: ignore[assignment]
        handed_over = self._random.random() < 0.8  # noqa: PLR2004 - most are
        self._ledger.will(rid, (*stands[:2], int(handed_over)))
        await self._written(self._journal.settle(rid, handed_over=handed_over))
        self._ledger.did(rid)
        return None

    async def _refuse(self) -> None:
        key = f"refusal {rows.new_id(self._random)}"
        self._ledger.will(key, "expired")
        usage = Usage(at=1.0, kiosk=key, store=rows.STORE, verdict=Verdict.EXPIRED, code_tail="0001")
        await self._written(self._journal.refuse(usage))
        self._ledger.did(key)

    async def _sign_in(self) -> None:
        shift = rows.shift(rows.new_id(self._random))
        self._ledger.will(f"shift {shift.id}", None)
        await self._journal.write_shift(shift)
        self._ledger.did(f"shift {shift.id}")
        self._shifts.append(shift)

    async def _sign_out(self) -> None:
        if not self._shifts:
            return await self._sign_in()
        shift = self._shifts.pop()
        self._ledger.will(f"shift {shift.id}", 3.0)
        await self._journal.write_shift(msgspec.structs.replace(shift, until=3.0))
        self._ledger.did(f"shift {shift.id}")
        return None

    async def _type(self) -> None:
        """Type a wrong PIN at a keypad of one clerk's own."""
        number = f"02{self._random.randrange(100):02}"
        clerk = Clerk(number=number, name="韩梅梅", stores=(rows.STORE,), badge="0c" * 32, pin="pin")
        key = f"tries {clerk.number}"
        if self._ledger.states.get(key):
            return await self._begin()
        self._ledger.will(key, 1)
        await self._journal.write_tries(clerk, 1)
        self._ledger.did(key)
        return None

    async def _close_day(self) -> None:
        """Close a day, and close it once more: what was kept first stays."""
        day = _FIRST_DAY + timedelta(days=self._random.randrange(10_000))
        key = f"day {day.isoformat()}"
        if self._ledger.states.get(key):
            return await self._begin()
        self._ledger.will(key, "first")
        await self._journal.close_day(rows.closing(day, "first"))
        self._ledger.did(key)
        await self._journal.close_day(rows.closing(day, "second"))
        return None

    async def _take_lease(self) -> None:
        """Take a lease: first that it is held, then its vouchers, at last that all of them are here."""
        lease = rows.new_id(self._random)
        key = f"lease {lease}"
        self._ledger.will(key, 0)
        await self._journal.keep_lease(rows.lease(lease, complete=False))
        self._ledger.did(key)
        self._journal.keep_leased(lease, rows.leased(self._random))
        self._ledger.will(key, 1)
        await self._journal.keep_lease(rows.lease(lease, complete=True))
        self._ledger.did(key)
        self._leases.append(lease)

    async def _drop_lease(self) -> None:
        if not self._leases:
            return await self._take_lease()
        key = f"lease {self._leases[-1]}"
        self._leases_ended += 1
        self._ledger.will(key, None)
        self._ledger.will("leases_ended", self._leases_ended)
        place = len(self._ledger.states["leases_ended"])
        self._journal.drop_lease(self._leases.pop())
        await self._journal.flush()
        self._ledger.did(key)
        self._ledger.did_as_far_as("leases_ended", place)
        return None

    async def _keep_keys(self) -> None:
        """Learn which keys sign vouchers, instead of those that did."""
        keys = sorted(self._random.randbytes(4).hex() for _ in range(self._random.choice((1, 2))))
        self._ledger.will("keys", " ".join(keys))
        place = len(self._ledger.states["keys"])
        self._journal.keep_keys([PublicKey(id=key, public="0b" * 32) for key in keys])
        await self._journal.flush()
        self._ledger.did_as_far_as("keys", place)

    async def _stop(self) -> None:
        """Find out that the journal is an older copy."""
        self._ledger.will("behind", self._journal.generation)
        place = len(self._ledger.states["behind"])
        self._journal.stop()
        await self._journal.flush()
        self._ledger.did_as_far_as("behind", place)

    async def _written(self, write: asyncio.Future[None]) -> None:
        """Wait for a write that nothing else makes hurry."""
        await self._journal.flush()
        await write
