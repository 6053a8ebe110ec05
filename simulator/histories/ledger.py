"""The books of a history's head office: every transaction is one instant, and they can be put back to an older copy.

What they have lost then comes back from the gateways' journals, and from what the head office itself had done.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from protocol import owner
from protocol.messages import Answer
from protocol.owner import Known, Moment
from protocol.values import replace
from protocol.vocabulary import Verdict
from simulator.histories.books import Books, asked
from simulator.histories.party import Party

if TYPE_CHECKING:
    from protocol.owner import Ruling
    from protocol.upstream import AskRedeem, AskResolve, Entry
    from simulator.histories.books import Item
    from simulator.histories.party import Stage

DAWN = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)
#: More often than this no voucher's terms change in a history.
TERMS_LOST = 1_000


class Ledger(Party):
    """What the owner has on disk, at every instant: a transaction happens whole, or not at all."""

    def __init__(self, stage: Stage) -> None:
        """Begin with empty books."""
        super().__init__(stage, "office")
        self.disk = Books()
        self.wall = DAWN
        self._is_older = False
        """Whether the books are an older copy and nobody has said so: nobody comes from elsewhere then."""
        self._lost_acts: list[tuple[AskRedeem, Answer]] = []
        """What was done elsewhere: by other gateways, which will upload it, and by the head office itself."""

    @property
    def items(self) -> dict[str, Item]:
        """Vouchers by their codes."""
        return self.disk.items

    @property
    def known(self) -> dict[str, Known]:
        """What is recorded, by rid."""
        return self.disk.known

    def moment(self, store: str, requester: str) -> Moment:
        """Return where and when something is asked, by the wall clock of the office."""
        return Moment(store=store, store_name=store, kiosk=requester, at=self.wall + timedelta(seconds=self.world.now))

    def _commit(self, ask: AskRedeem | AskResolve, ruling: Ruling, *, driven: bool = False) -> None:
        answer = ruling.answer
        if not ruling.record or not isinstance(answer, Answer):
            return
        rid = ask.intent.rid
        item = self.items.get(ask.intent.code or "")
        voucher = item.voucher.id if item else None
        at = self.wall + timedelta(seconds=self.world.now)
        left = item.now().left if item else None
        self.known[rid] = Known(
            requester=ask.requester, store=ask.store, intent=ask.intent, answer=answer, at=at, voucher=voucher
        )
        if item is not None and ruling.claim:
            if not driven:  # what is driven forward was offered in another generation
                self.oracle.claimed(ask.requester, ask.store, ask.intent, item.voucher.stores, item.voucher.terms)
            for number in ruling.claim:
                self.oracle.spent(rid, item.voucher.id, number)
                item.uses[number] = rid
        if ruling.release is not None:
            self.give_back(ruling.release, rid)
        self.oracle.ruled(answer, left)

    def give_back(self, rid: str, by: str) -> None:
        """Give back the uses that a rid has spent or was told of; who was told of them before has them now."""
        for item in self.items.values():
            for number in [number for number, holder in item.uses.items() if holder == rid]:
                del item.uses[number]
        self.disk.unplaced.pop(rid, None)
        target = self.known[rid]
        self.known[rid] = replace(target, answer=msgspec.structs.replace(target.answer, undone_by=by))
        self.oracle.undone(by, rid)
        for item in self.items.values():
            self._place(item)

    # --- older copies -------------------------------------------------------------------------------------------

    def put_back(self, older: Books, down_s: float, *, says_so: bool) -> None:
        """Put an older copy of the books in their place, while the process is down.

        ``says_so``: whoever does it says "restore" before the start, as the manual has it. Else the books stop as soon
        as a gateway that remembers more has spoken.
        """
        self.crash(down_s)
        self.disk = older.copy()
        self._tell_oracle()
        self._is_older = True
        if says_so:
            self._begin_generation()

    def _tell_oracle(self) -> None:
        """Let the oracle know what the older books hold."""
        undone = {rid for rid, known in self.known.items() if known.answer.undone_by is not None}
        self.oracle.books_put_back(set(self.known), self.disk.holders, undone)

    def _restore(self) -> None:
        """Let a person say that nothing newer is to be had: a generation begins, and every journal is waited for."""
        if self.disk.stopped:
            self._begin_generation()

    def _begin_generation(self) -> None:
        disk = self.disk
        self._is_older = disk.stopped = False
        disk.generation += 1
        for item in disk.items.values():
            item.voucher = replace(item.voucher, terms=item.voucher.terms + TERMS_LOST)
        self.world.tell(self.name, "-- restored: generation %s --", disk.generation)
        for ask, answer in self._lost_acts:
            if ask.intent.rid not in self.known:
                self._record_again(ask, answer)

    def _record_again(self, ask: AskRedeem, answer: Answer) -> None:
        """Write down what was ruled before the books were put back; uses that others hold meanwhile stay theirs."""
        rid, intent = ask.intent.rid, ask.intent
        item = next((one for one in self.items.values() if one.voucher.id == answer.voucher), None)
        undone_by = answer.undone_by or next(
            (
                k
                for k, known in self.known.items()
                if known.intent.undoes == rid and known.answer.verdict is Verdict.UNDONE
            ),
            None,
        )
        at = self.wall + timedelta(seconds=self.world.now)
        said = msgspec.structs.replace(answer, undone_by=undone_by)
        self.known[rid] = Known(
            requester=ask.requester, store=ask.store, intent=intent, answer=said, at=at, voucher=answer.voucher
        )
        if answer.verdict is Verdict.REDEEMED and undone_by is None and item is not None:
            code = next(code for code, one in self.items.items() if one is item)
            self.disk.unplaced[rid] = (code, answer.uses)
            self._place(item)
        self.oracle.taken_up(said)
        target = self.known.get(intent.undoes or "")
        if answer.verdict is Verdict.UNDONE and target is not None and target.answer.undone_by is None:
            self.give_back(intent.undoes or "", rid)

    def _place(self, item: Item) -> None:
        """Give uses that are free to the rids that were told they have them."""
        for rid, (code, numbers) in list(self.disk.unplaced.items()):
            free = [number for number in numbers if number not in item.uses]
            if self.items[code] is not item or not free:
                continue
            for number in free:
                self.oracle.spent(rid, item.voucher.id, number)
                item.uses[number] = rid
            if all(item.uses[number] == rid for number in numbers):
                del self.disk.unplaced[rid]

    def _rule_driven(self, entry: Entry, item: Item, moment: Moment) -> Ruling:
        return owner.rule_driven(asked(entry), item.now(), moment)

    def _drive(self, item: Item) -> None:
        """Bring to their end the rids at a voucher that were uploaded without one.

        Undos come first, which give uses back, then what was accepted offline, whose goods have left.
        """
        for rid, (gateway, entry) in sorted(self.disk.open_entries.items(), key=lambda one: _in_turn(one[1][1])):
            target = self.known.get(entry.intent.undoes or "")
            of_item = target is not None and target.voucher == item.voucher.id
            if not of_item and self.items.get(entry.intent.code or "") is not item:
                continue
            del self.disk.open_entries[rid]
            if rid in self.known:
                continue
            ask = asked(entry)
            moment = self.moment(ask.store, ask.requester)
            if of_item:
                ruling = owner.rule_undo(ask, None, target, moment, timedelta.max)
            else:
                ruling = self._rule_driven(entry, item, moment)
            self._commit(ask, ruling, driven=True)
            self.disk.peers[gateway].sequence += 1


def _in_turn(entry: Entry) -> tuple[bool, bool]:
    return entry.intent.undoes is None, entry.answer is None or entry.answer.accepted is None
