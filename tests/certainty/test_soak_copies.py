"""A soak's copies: each is put back once, whole, and goes on as the journal of a new generation."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from gateway.journal import Journal
from simulator.layout import Layout
from simulator.soak.copies import Copies
from simulator.soak.suffered import GATEWAY

if TYPE_CHECKING:
    from pathlib import Path


def generation(path: Path) -> int:
    """Open a gateway's journal, as its gateway does, and return its generation."""

    async def opened() -> int:
        journal = Journal(path)
        journal.start()
        try:
            return journal.generation
        finally:
            await journal.close()

    return asyncio.run(opened())


def test_a_copy_is_put_back_once_and_begins_a_generation(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "shop")
    journal = layout.gateway_journal
    journal.parent.mkdir(parents=True)
    assert generation(journal) == 1
    copies = Copies(layout, tmp_path / "copies", lambda: 0.0)
    assert not copies.meddle(GATEWAY), "the first time a copy is made"
    (journal.parent / f"{journal.name}-wal").write_bytes(b"written since")
    back = copies.meddle(GATEWAY)
    assert back is not None, "the second time it is put back"
    assert (back.part, back.age_s > 0) == (GATEWAY, True)
    assert generation(journal) == 2
    assert not copies.meddle(GATEWAY), "a copy is used once: the next one is of the new generation"
