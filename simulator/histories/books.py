"""What a head office in a history has on disk, and can be put back to: vouchers, rids, the marks of its gateways."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from protocol.marks import NEVER, Mark
from protocol.owner import Voucher
from protocol.upstream import AskRedeem
from protocol.values import replace

if TYPE_CHECKING:
    from random import Random

    from protocol.owner import Known
    from protocol.platform import Case
    from protocol.upstream import Entry


@dataclass(slots=True)
class Item:
    """A voucher in the books, and which rid has spent which of its uses."""

    voucher: Voucher
    uses: dict[int, str] = field(default_factory=dict)

    def now(self) -> Voucher:
        """Return the voucher as it stands at this moment."""
        return replace(self.voucher, taken=frozenset(self.uses)) if self.uses else self.voucher


@dataclass(slots=True)
class Peer:
    """A gateway as the books know it."""

    name: str
    sequence: int = 0
    """Rids of it that were recorded."""
    heard: Mark = NEVER
    uploaded: int = 1
    """The newest generation of the books that has its whole journal."""


@dataclass(slots=True)
class Loan:
    """A lease in the books: to whom, for which voucher, and until when it runs in truth."""

    id: str
    granted_in: int
    """The generation of the books, which the id of a lease says in truth (``headoffice.redemptions.seals``)."""
    gateway: str
    generation: int
    """The gateway's own."""
    store: str
    code: str
    at: float
    until: float
    most_uses: int
    most_value: int | None
    terms: int
    recalled: bool = False
    ended: bool = False
    lost: bool = False


@dataclass(slots=True)
class Books:
    """The whole of it."""

    items: dict[str, Item] = field(default_factory=dict)
    """Vouchers by their codes."""
    known: dict[str, Known] = field(default_factory=dict)
    peers: dict[str, Peer] = field(default_factory=dict)
    generation: int = 1
    stopped: bool = False
    open_entries: dict[str, tuple[str, Entry]] = field(default_factory=dict)
    """What was uploaded without an end, by rid."""
    cases: dict[str, Case] = field(default_factory=dict)
    """Rids at a platform's vouchers."""
    came_by: dict[str, str] = field(default_factory=dict)
    """By which gateway each of those came."""
    loans: dict[str, Loan] = field(default_factory=dict)
    unplaced: dict[str, tuple[str, tuple[int, ...]]] = field(default_factory=dict)
    """Rids that were told they have spent uses of the voucher with this code, which others hold in the books."""

    def copy(self) -> Books:
        """Return a copy, to be put back later."""
        return Books(
            items={code: Item(item.voucher, dict(item.uses)) for code, item in self.items.items()},
            known=dict(self.known),
            peers={name: copy(peer) for name, peer in self.peers.items()},
            generation=self.generation,
            stopped=self.stopped,
            open_entries=dict(self.open_entries),
            cases=dict(self.cases),
            came_by=dict(self.came_by),
            loans={name: copy(loan) for name, loan in self.loans.items()},
            unplaced=dict(self.unplaced),
        )

    @property
    def holders(self) -> dict[tuple[str, int], str]:
        """Which use of which voucher is spent by which rid."""
        return {(item.voucher.id, number): rid for item in self.items.values() for number, rid in item.uses.items()}

    def mark(self, gateway: str) -> Mark:
        """Return how far the books have come, towards a gateway."""
        return Mark(self.generation, self.peers[gateway].sequence)

    @property
    def missing(self) -> list[str]:
        """The gateways whose journals this generation waits for; each may speak for every store."""
        return [name for name, peer in self.peers.items() if peer.uploaded < self.generation]


def asked(entry: Entry) -> AskRedeem:
    """Return what an entry of a gateway's journal once asked for."""
    return AskRedeem(requester=entry.requester, store=entry.store, intent=entry.intent)


def drawn_items(random: Random) -> dict[str, Item]:
    """Draw the vouchers of a history, by their codes."""
    items = {}
    for number in range(random.choice((1, 2, 3, 5))):
        uses = random.choice((1, 1, 2, 3, 3, 5))
        stores = random.choice((None, None, None, ("s-1",), ("s-2",), ("s-1", "s-2")))
        items[f"60000000000{number}"] = _item(number, uses, stores)
    return items


def spare_item() -> Item:
    """Return a voucher that only one customer has."""
    return _item(9, 1, None)


def _item(number: int, uses: int, stores: tuple[str, ...] | None) -> Item:
    tail = f"000{number}"
    return Item(Voucher(id=f"v{number}", code_tail=tail, title="coffee", value="", terms=1, uses=uses, stores=stores))
