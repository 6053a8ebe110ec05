"""A gateway under a lease when a database was put back: the head office's books, which forget it, or its journal."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import msgspec
import pytest

from gateway.standing import HINT
from protocol.lease import Clock
from protocol.messages import Hello, Notice
from protocol.upstream import AskHello, AskUpload, Met
from tests.gateway.leasing import LEASE, Chain
from tests.gateway.shop import WAIT_S, SilentOwner, intent_of, open_shop, rid

if TYPE_CHECKING:
    from pathlib import Path

    from protocol.leasing import Lease
    from protocol.upstream import UpstreamAnswer, UpstreamRequest


class RestoredOwner(SilentOwner):
    """A head office whose books were put back: it knows of no lease, wants the journal, and is slow to take it."""

    def __init__(self) -> None:
        super().__init__()
        self.uploading = asyncio.Event()
        self.taken = asyncio.Event()

    async def ask(self, message: UpstreamRequest, timeout_s: float | None = None) -> UpstreamAnswer | None:
        answer = await super().ask(message, timeout_s)
        if isinstance(message, AskUpload):
            self.uploading.set()
            await self.taken.wait()
        return Met(upload=True) if isinstance(message, AskHello) else answer


@pytest.mark.rule(11)
async def test_rule_11_a_lease_that_restored_books_have_forgotten_accepts_nothing_while_the_journal_is_uploaded(
    data: Path,
) -> None:
    owner = RestoredOwner()
    chain = Chain(owner)
    codes = [chain.issue() for _ in range(2)]
    async with open_shop(data, owner) as shop:
        await chain.lease(shop)
        offers = [await shop.offered("till-1", code) for code in codes]
        shop.confirm("till-1", intent_of(offers[0], rid(1), codes[0]))
        greeting = asyncio.create_task(shop.owner.run(shop.leases))
        async with asyncio.timeout(WAIT_S):
            await owner.uploading.wait()
        shop.confirm("till-1", intent_of(offers[1], rid(2), codes[1]))
        late = shop.relays.known(rid(2))
        greeting.cancel()
    (upload,) = (ask for ask in owner.asked if isinstance(ask, AskUpload))
    assert late is not None
    assert late.accepted is None, "it is in no upload, and others get its use once this journal is there"
    assert [entry.intent.rid for entry in upload.entries if entry.answer and entry.answer.accepted] == [rid(1)]


@pytest.mark.rule(11)
@pytest.mark.parametrize("named", [(msgspec.structs.replace(LEASE, recalled=True),), ()], ids=["recalled", "forgotten"])
async def test_rule_11_a_journal_of_before_a_lease_has_ended_is_found_out_by_a_kiosk_that_has_heard_from_it_since(
    data: Path, named: tuple[Lease, ...]
) -> None:
    chain, journal = Chain(), data / "journal.db"
    code = chain.issue()
    async with open_shop(data, chain.owner) as shop:
        await chain.lease(shop)
    older = journal.read_bytes()
    async with open_shop(data, chain.owner) as shop:
        await shop.leases.met(Met(leases=named, keys=(chain.key,)), Clock("boot-1", shop.machine.now), shop.owner)
        await shop.journal.flush()
        assert shop.journal.sequence == 0, "no redemption has raised it"
        shop.receive("till-1", Hello(boot="kiosk-boot"))
        said = shop.outbox.to("till-1")[-1]
    journal.write_bytes(older)
    heard = Hello(boot="kiosk-boot", heard_of="gw-1", heard_gen=said.gen, heard_seq=said.seq, heard_seal=said.seal)
    async with open_shop(data, chain.owner) as again:
        again.receive("till-1", heard)
        refused = await again.look("till-1", code)
    assert isinstance(refused, Notice), "others may have been given the use since"
    assert refused.hint == HINT
