"""A soak's copies: each is put back once, whole, and some only when they are old."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from gateway.journal import Journal
from simulator.layout import Layout
from simulator.soak import copies as copies_module
from simulator.soak.copies import Copies
from simulator.soak.suffered import GATEWAY, Suffered

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


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


def test_a_copy_is_put_back_once_and_as_it_was(tmp_path: Path) -> None:
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
    assert list(journal.parent.glob("*-wal")) == [], "what was written since is gone"
    assert generation(journal) == 1, "nobody has said restore"
    assert not copies.meddle(GATEWAY), "a copy is used once"


def test_a_copy_is_kept_for_a_while_and_its_age_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    layout, kept_s = Layout(tmp_path / "shop"), 0.2
    layout.gateway.mkdir(parents=True)
    generation(layout.gateway_journal)
    monkeypatch.setattr(copies_module, "KEPT_S", (kept_s,))
    copies = Copies(layout, tmp_path / "copies", lambda: 0.0)
    copies.meddle(GATEWAY)
    begun = time.monotonic()
    while (back := copies.meddle(GATEWAY)) is None:
        assert time.monotonic() < begun + 20
    assert back.age_s >= kept_s
    assert Suffered(put_back=[back]).oldest_copy_s == back.age_s
