"""The head office in a history: the shipped owner's rules over books in which every transaction is one instant."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, TypeAlias, assert_never

from protocol import owner
from protocol.marks import mark_of, shown_in, stamped
from protocol.messages import Action, Answer, Intent, Method, Notice
from protocol.owner import Known, Ruling, VoucherState
from protocol.upstream import AskHello, AskLook, AskRedeem, AskResolve, AskUpload, Looked, Met
from protocol.values import replace
from protocol.vocabulary import Verdict
from simulator.histories.books import Peer, asked, drawn_items, spare_item
from simulator.histories.faults import Fault, State
from simulator.histories.ledger import Ledger
from simulator.histories.oracle import ELSEWHERE

if TYPE_CHECKING:
    from protocol.upstream import AskSettled, Entry, UpstreamAnswer
    from simulator.histories.net import Question

Asked: TypeAlias = "AskHello | AskLook | AskRedeem | AskResolve | AskUpload"

UNDO_WINDOW = timedelta(minutes=15)
#: The code of the voucher that only one customer has.
SPARE = "600000000009"
#: How long it takes until somebody at the head office says "restore", seconds.
RESTORED_S = (3.0, 15.0)


class Office(Ledger):
    """The owner of the vouchers, as the gateways know it."""

    @property
    def run(self) -> str:
        """The run of the books, as the gateways hear of it."""
        return str(self.runs)

    def arrive(self, run: int, gateway: str, ask: Asked, question: Question) -> None:
        """Take what was sent to one run of the office: a connection ends with the process that has accepted it."""
        if run == self.runs:
            self.take(gateway, ask, question)

    def take(self, gateway: str, ask: Asked, question: Question) -> None:
        """Answer a gateway; what is answered is in the books."""
        if not self.up:
            return
        peer = self._meet(gateway, ask)
        if self.disk.stopped or ask.run not in {"", self.run}:
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
        return stamped(answer, self.disk.mark(gateway), self.disk.peers[gateway].heard, self.run)

    def _meet(self, gateway: str, ask: Asked) -> Peer:
        """Look at the marks of what a gateway asks; where it remembers more than the books hold, they stop."""
        peer = self.disk.peers[gateway]
        peer.heard = max(peer.heard, mark_of(ask))
        own = (self.disk.generation, peer.sequence)
        self.oracle.showed(self.name, self.disk.generation, own, (ask.heard_gen, ask.heard_seq))
        self._is_shown_more(self.disk.mark(gateway).is_behind(shown_in(ask)), gateway)
        return peer

    def _is_shown_more(self, more: bool, gateway: str) -> None:  # noqa: FBT001 - as it is said
        """Stop where a gateway has shown more of these books than they hold, until somebody says "restore"."""
        if more and not self.disk.stopped:
            self.world.tell(self.name, "the books are an older copy: %s remembers more", gateway)
            self.disk.stopped = True
            self.world.at(self.world.now + self.world.random.uniform(*RESTORED_S), self._restore)

    # --- older copies -------------------------------------------------------------------------------------------

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
                self.disk.open_entries.setdefault(rid, (peer.name, entry))
        elif known is None:
            peer.sequence += 1
            self.disk.open_entries.pop(rid, None)
            self._record_again(asked(entry), answer)
        elif answer.undone_by is not None and known.answer.undone_by is None:
            self.give_back(rid, answer.undone_by)

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
        if rid not in self.known and self.disk.generation > 1:
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

    def sell_one_more(self) -> str:
        """Put a voucher into the books that only one customer has, and return its code."""
        self.items[SPARE] = spare_item()
        return SPARE

    def names(self, code: str) -> list[str]:
        """Return every code that the voucher with this code has."""
        return [code] if code in self.items else []

    def fresh(self) -> list[str]:
        """Return the codes of vouchers that have uses left."""
        return [code for code, item in self.items.items() if item.now().left > 0]

    def home(self, code: str) -> tuple[str, str] | None:
        """Return the gateway and the store where alone this code can be redeemed; None: everywhere."""
        del code
        return None

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
        return owner.rule_undo(ask, known, target, self.moment(ask.store, ask.requester), UNDO_WINDOW)
