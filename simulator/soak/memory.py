"""How far a journal, or the books, have come, and how far the others remember them to have come (rule 11)."""

from __future__ import annotations

from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.schema import LEASES_ENDED
from gateway.standing import HEAD_OFFICE
from headoffice.database import open_database
from headoffice.redemptions.standing import peer_of
from protocol.marks import NEVER, Mark
from service.database import open_for_reading
from simulator.layout import GATEWAY as GATEWAY_ID
from simulator.soak.suffered import BOOKS, GATEWAY

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from headoffice.database import Database
    from simulator.layout import Layout


@dataclass(frozen=True, slots=True)
class Memory:
    """Where a party stands, and the highest mark of it that another one has on disk."""

    own: Mark
    remembered: Mark

    @property
    def is_behind(self) -> bool:
        """Whether it can find out that it works on an older copy."""
        return self.own.is_behind(self.remembered)


def memory_of(part: str, layout: Layout, database_url: str) -> Memory:
    """Return where a kiosk, the gateway or the books stand; raise DatabaseError where a file cannot be read."""
    own_of_gateway, seen_by_gateway = _gateway(layout.gateway_journal)
    if part not in {GATEWAY, BOOKS}:
        own, _, _ = _kiosk(layout.kiosk(part).journal)
        return Memory(own, seen_by_gateway.get(part, NEVER))
    with books_at(database_url) as books:
        peer = books.read(lambda connection: peer_of(connection, GATEWAY_ID))
    if part == BOOKS:
        return Memory(peer.own, seen_by_gateway.get(HEAD_OFFICE, NEVER))
    kiosks = [_kiosk(folder / "journal.db") for folder in layout.kiosks.iterdir() if (folder / "journal.db").exists()]
    return Memory(own_of_gateway, max(peer.heard, *(mark for _, gateway, mark in kiosks if gateway == GATEWAY_ID)))


@contextmanager
def books_at(url: str) -> Iterator[Database]:
    """Open the head office's books for as long as the block lasts."""
    with closing(open_database(url)) as database:
        yield database


def _gateway(journal: Path) -> tuple[Mark, dict[str, Mark]]:
    """Return a gateway's own mark, and those of its peers."""
    with closing(open_for_reading(journal)) as read:
        ((generation,),) = read.execute("SELECT value FROM meta WHERE name = 'generation'")
        ((newest,),) = read.execute("SELECT max(n) FROM relays")
        ((ended,),) = read.execute(LEASES_ENDED)
        peers = {peer: Mark(since, seq) for peer, since, seq in read.execute("SELECT peer, generation, seq FROM peers")}
    return Mark(generation, (newest or 0) + (ended or 0)), peers


def _kiosk(journal: Path) -> tuple[Mark, str | None, Mark]:
    """Return a kiosk's own mark, its gateway, and how far it has seen that come."""
    with closing(open_for_reading(journal)) as read:
        meta = dict(read.execute("SELECT name, value FROM meta"))
        ((newest,),) = read.execute("SELECT max(seq) FROM book")
    heard = Mark(int(meta.get("heard_gen", 0)), int(meta.get("heard_seq", 0)))
    return Mark(int(meta["generation"]), newest or 0), meta.get("gateway"), heard
