"""The head office in a history: the shipped owner's rules over books in which every transaction is one instant."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, TypeAlias, assert_never

import msgspec

from protocol import owner
from protocol.marks import mark_of, shown_in, stamped
from protocol.messages import (
    Action,
    Answer,
    AskHello,
    AskLook,
    AskRedeem,
    AskResolve,
    AskUpload,
    Intent,
    Looked,
    Met,
    Method,
    Notice,
)
from protocol.owner import Known, Moment, Ruling, VoucherState
from protocol.vocabulary import Verdict
from simulator.histories.books import Books, Item, Peer, asked, drawn_items
from simulator.histories.faults import Fault, State
from simulator.histories.oracle import ELSEWHERE
from simulator.histories.party import Party

if TYPE_CHECKING:
    from protocol.messages import AskSettled, Entry, UpstreamAnswer
    from simulator.histories.net import Question
    from simulator.histories.party import Stage

Asked: TypeAlias = "AskHello | AskLook | AskRedeem | AskResolve | AskUpload"

DAWN = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)
UNDO_WINDOW = timedelta(minutes=15)
#: How long it takes until somebody at the head office says "restore", seconds.
RESTORED_S = (3.0, 15.0)
#: More often than this no voucher's terms change in a history.
TERMS_LOST = 1_000


class Office(Party):
    """The owner of the vouchers. The books are on disk at every instant: a transaction happens whole, or not at all."""

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

    def arrive(self, run: int, gateway: str, ask: Asked, question: Question) -> None:
        """Take what was sent to one run of the office: a connection ends with the process that has accepted it."""
        if run == self.runs:
            self.take(gateway, ask, question)

    def take(self, gateway: str, ask: Asked, question: Question) -> None:
        """Answer a gateway; what is answered is in the books."""
        if not self.up:
            return
        peer = self._meet(gateway, ask)
        if self.disk.stopped:
            rid = ask.intent.rid if isinstance(ask, AskRedeem | AskResolve) else None
            question.answer(self.marked(gateway, Notice(verdict=Verdict.FAULT, rid=rid)))
            return
        match ask:
            case AskLook():
                question.answer(self.marked(gateway, self.look(ask)))
            case AskHello():
                question.answer(self.marked(gateway, Met(upload=self._wants_upload(peer))))
            case AskUpload():
                question.answer(self.marked(gateway, self._take_up(peer, ask)))
            case AskRedeem() | AskResolve():
                rid = ask.intent.rid
                if self.faults.complains(rid):
                    question.answer(self.marked(gateway, self.complaint(rid)))
                elif (answer := self.decide(ask, peer)) is not None:
                    question.answer(self.marked(gateway, answer))
            case _:
                assert_never(ask)

    def marked(self, gateway: str, answer: UpstreamAnswer) -> UpstreamAnswer:
        """Return an answer as it leaves for a gateway."""
        return stamped(answer, self.disk.mark(gateway), self.disk.peers[gateway].heard)

    def _meet(self, gateway: str, ask: Asked) -> Peer:
        """Look at the marks of what a gateway asks; where it remembers more than the books hold, they stop."""
        peer = self.disk.peers[gateway]
        peer.heard = max(peer.heard, mark_of(ask))
        own = (self.disk.generation, peer.sequence)
        self.oracle.showed(self.name, self.disk.generation, own, (ask.heard_gen, ask.heard_seq))
        if not self.disk.stopped and self.disk.mark(gateway).is_behind(shown_in(ask)):
            self.world.tell(self.name, "the books are an older copy: %s remembers more", gateway)
            self.disk.stopped = True
            self.world.at(self.world.now + self.world.random.uniform(*RESTORED_S), self._restore)
        return peer

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

    def _wants_upload(self, peer: Peer) -> bool:
        return peer.uploaded < self.disk.generation

    def _take_up(self, peer: Peer, ask: AskUpload) -> Met:
        """Take back what a gateway's journal knows and the books have lost."""
        if not self._wants_upload(peer):
            return Met()
        for entry in ask.entries:
            self._take_up_entry(peer, entry)
        if ask.last:
            peer.uploaded = self.disk.generation
        return Met(upload=not ask.last)

    def _take_up_entry(self, peer: Peer, entry: Entry) -> None:
        rid, answer = entry.intent.rid, entry.answer
        known = self.known.get(rid)
        if answer is None or not answer.final:
            if known is None:
                self.disk.open_entries.setdefault(rid, entry)
        elif known is None:
            peer.sequence += 1
            self.disk.open_entries.pop(rid, None)
            self._record_again(asked(entry), answer)
        elif answer.undone_by is not None and known.answer.undone_by is None:
            self._take_back(rid, answer.undone_by)

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
            self._take_back(intent.undoes or "", rid)

    def _take_back(self, rid: str, by: str) -> None:
        """Undo again what was undone before the books were put back; who had the uses since then gets them again."""
        self.give_back(rid)
        self.disk.unplaced.pop(rid, None)
        self._mark_undone(rid, by)
        for item in self.items.values():
            self._place(item)

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

    def _drive(self, item: Item) -> None:
        """Bring to their end the rids at a voucher that were uploaded without one."""
        waiting = list(self.disk.open_entries.items())
        for rid, entry in sorted(waiting, key=lambda one: one[1].intent.undoes is None):
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
                ruling = owner.rule_driven(ask, item.now(), moment)
            self._commit(ask, ruling, driven=True)
            self._place(item)

    @staticmethod
    def complaint(rid: str) -> Notice:
        """Return what the office says about a message that it does not take."""
        return Notice(verdict=Verdict.RATE_LIMITED, rid=rid)

    def look(self, ask: AskLook) -> Looked:
        """Say what a code is worth; that writes nothing."""
        item = self.items.get(ask.code)
        return owner.rule_look(ask.code, item.now() if item else None, self.moment(ask.store, ask.requester))

    def settle(self, ask: AskSettled) -> None:
        """Take a requester's word that its answer was seen; it only is a line in the books."""

    def decide(self, ask: AskRedeem | AskResolve, peer: Peer | None = None) -> Answer | Notice | None:
        """Rule on a rid in one transaction; None where the process died of it."""
        rid = ask.intent.rid
        item = self.items.get(ask.intent.code or "")
        if rid not in self.known and peer is not None and self.disk.generation > 1:
            missing = bool(self.disk.missing)
            if owner.must_wait(ask, item.now() if item else None, missing=missing, missing_of_voucher=missing):
                return Answer(rid=rid, verdict=Verdict.PENDING, final=False)
            undone = self.known.get(ask.intent.undoes or "")
            for one in self.items.values():
                if one is item or (undone is not None and undone.voucher == one.voucher.id):
                    self._drive(one)
        known = self.known.get(rid)
        ruling = self._rule_undo(ask, known) if ask.intent.action is Action.UNDO else self._rule_redeem(ask, known)
        self.world.tell("office", "%s %s: %s %s", type(ask).__name__, rid[:4], ruling.answer.verdict, ruling.claim)
        dies = self.faults.kills_at_commit(Fault.OFFICE_COMMIT, [rid]) if ruling.record else None
        if peer is not None and ruling.record:
            self.oracle.rules(rid, self.disk.missing)
            self.oracle.serves(self.name, self.disk.generation)
        if dies != "before":
            self._commit(ask, ruling)
            if peer is not None and ruling.record:
                peer.sequence += 1
        if dies is not None:
            self.crash(self.world.random.uniform(0.2, 5.0))
            return None
        if isinstance(ruling.answer, Answer):
            self.oracle.said(ruling.answer)
        return ruling.answer

    def redeem_elsewhere(self, code: str, rid: str) -> None:
        """Redeem a voucher outside the counters of this history, as another gateway's kiosk would."""
        item = self.items[code]
        intent = Intent(rid=rid, code=code, method=Method.API)
        self.oracle.confirmed(intent, ELSEWHERE, 0, ELSEWHERE)
        self.oracle.advance(rid, State.TAKEN)
        self._act(AskRedeem(requester=ELSEWHERE, store="s-1", intent=intent, terms=item.voucher.terms))

    def undo(self, rid: str, undoes: str) -> None:
        """Undo a redemption on the head office's own word."""
        target = self.known[undoes]
        intent = Intent(rid=rid, action=Action.UNDO, undoes=undoes, method=Method.API)
        self.oracle.confirmed(intent, ELSEWHERE, 0, ELSEWHERE)
        self.oracle.advance(rid, State.TAKEN)
        self._act(AskRedeem(requester=ELSEWHERE, store=target.store, intent=intent))

    def _act(self, ask: AskRedeem) -> None:
        """Decide what somebody else asks; who would upload it, or do it again, is not played."""
        if self._is_older or self.disk.missing:
            return
        answer = self.decide(ask)
        known = self.known.get(ask.intent.rid)
        if answer is not None or known is not None:
            said = answer if isinstance(answer, Answer) else known.answer if known else None
            if said is not None:
                self._lost_acts.append((ask, said))

    def change(self, code: str) -> None:
        """Change what a voucher promises, or withdraw it."""
        item = self.items[code]
        if self.world.random.choice((True, True, False)):
            item.voucher = replace(item.voucher, terms=item.voucher.terms + 1)
        else:
            item.voucher = replace(item.voucher, state=VoucherState.WITHDRAWN)

    def sell(self) -> list[str]:
        """Put vouchers into the books and return their codes."""
        self.items.update(drawn_items(self.world.random))
        return list(self.items)

    def names(self, code: str) -> list[str]:
        """Return every code that the voucher with this code has."""
        return [code] if code in self.items else []

    def fresh(self) -> list[str]:
        """Return the codes of vouchers that have uses left."""
        return [code for code, item in self.items.items() if item.now().left > 0]

    def redeemed(self) -> list[str]:
        """Return the rids that stand in the books as redeemed, undone or not."""
        return [
            rid
            for rid, known in self.known.items()
            if known.intent.action is Action.REDEEM and known.answer.verdict is Verdict.REDEEMED
        ]

    def books(self) -> set[tuple[tuple[str, int], str]]:
        """Return which use of which voucher is spent by which rid."""
        return set(self.disk.holders.items())

    def unresolved(self) -> list[str]:
        """Return the rids that have no end in the books: none, where recording and ruling are one."""
        return []

    def _rule_redeem(self, ask: AskRedeem | AskResolve, known: Known | None) -> Ruling:
        item = self.items.get(ask.intent.code or "")
        voucher = item.now() if item else None
        return owner.rule_redeem(ask, known, voucher, self.moment(ask.store, ask.requester))

    def _rule_undo(self, ask: AskRedeem | AskResolve, known: Known | None) -> Ruling:
        target = self.known.get(ask.intent.undoes or "")
        if target is not None and target.store != ask.store:
            target = None  # another store's redemption is none of this store's
        return owner.rule_undo(ask, known, target, self.moment(ask.store, ask.requester), UNDO_WINDOW)

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
            self.give_back(ruling.release)
            self._mark_undone(ruling.release, rid)
        self.oracle.ruled(answer, left)

    def give_back(self, rid: str) -> None:
        """Give back the uses that a rid has spent."""
        for item in self.items.values():
            for number in [number for number, holder in item.uses.items() if holder == rid]:
                del item.uses[number]

    def _mark_undone(self, rid: str, by: str) -> None:
        target = self.known[rid]
        self.known[rid] = replace(target, answer=msgspec.structs.replace(target.answer, undone_by=by))
        self.oracle.undone(by, rid)
