"""The head office in a history: the shipped owner's rules over books in which every transaction is one instant."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, assert_never

import msgspec

from protocol import owner
from protocol.messages import Action, Answer, AskLook, AskRedeem, AskResolve, Intent, Looked, Method, Notice
from protocol.owner import Known, Moment, Ruling, Voucher, VoucherState
from protocol.vocabulary import Verdict
from simulator.histories.faults import Fault, State
from simulator.histories.oracle import ELSEWHERE
from simulator.histories.party import Party

if TYPE_CHECKING:
    from protocol.messages import AskSettled
    from simulator.histories.net import Question
    from simulator.histories.party import Stage

DAWN = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)
UNDO_WINDOW = timedelta(minutes=15)


@dataclass(slots=True)
class Item:
    """A voucher in the books, and which rid has spent which of its uses."""

    voucher: Voucher
    uses: dict[int, str] = field(default_factory=dict)

    def now(self) -> Voucher:
        """Return the voucher as it stands at this moment."""
        return replace(self.voucher, taken=frozenset(self.uses)) if self.uses else self.voucher


class Office(Party):
    """The owner of the vouchers. The books are on disk at every instant: a transaction happens whole, or not at all."""

    def __init__(self, stage: Stage) -> None:
        """Begin with empty books."""
        super().__init__(stage, "office")
        self.items: dict[str, Item] = {}
        """Vouchers by their codes."""
        self.known: dict[str, Known] = {}
        self.wall = DAWN
        self._said = 0

    def moment(self, store: str, requester: str) -> Moment:
        """Return where and when something is asked, by the wall clock of the office."""
        return Moment(store=store, store_name=store, kiosk=requester, at=self.wall + timedelta(seconds=self.world.now))

    def take(self, ask: AskLook | AskRedeem | AskResolve, question: Question) -> None:
        """Answer a gateway; what is answered is in the books."""
        if not self.up:
            return
        match ask:
            case AskLook():
                question.answer(self.look(ask))
            case AskRedeem() | AskResolve():
                rid = ask.intent.rid
                if self.faults.complains(rid):
                    question.answer(self.complaint(rid))
                elif (answer := self.decide(ask)) is not None:
                    question.answer(answer)
            case _:
                assert_never(ask)

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

    def decide(self, ask: AskRedeem | AskResolve) -> Answer | Notice | None:
        """Rule on a rid in one transaction; None where the process died of it."""
        rid = ask.intent.rid
        known = self.known.get(rid)
        ruling = self._rule_undo(ask, known) if ask.intent.action is Action.UNDO else self._rule_redeem(ask, known)
        self.world.tell("office", "%s %s: %s %s", type(ask).__name__, rid[:4], ruling.answer.verdict, ruling.claim)
        dies = self.faults.kills_at_commit(Fault.OFFICE_COMMIT, [rid]) if ruling.record else None
        if dies != "before":
            self._commit(ask, ruling)
        if dies is not None:
            self.crash(self.world.random.uniform(0.2, 5.0))
            return None
        return self.stamped(ruling.answer) if isinstance(ruling.answer, Answer) else ruling.answer

    def stamped(self, answer: Answer) -> Answer:
        """Return an answer as it leaves, with a number of its own."""
        self._said += 1
        answer = msgspec.structs.replace(answer, seq=self._said)
        self.oracle.said(answer)
        return answer

    def redeem_elsewhere(self, code: str, rid: str) -> None:
        """Redeem a voucher outside the counters of this history, as another gateway's kiosk would."""
        item = self.items[code]
        intent = Intent(rid=rid, code=code, method=Method.API)
        self.oracle.confirmed(intent, ELSEWHERE, 0, ELSEWHERE)
        self.oracle.advance(rid, State.TAKEN)
        self.decide(AskRedeem(requester=ELSEWHERE, store="s-1", intent=intent, terms=item.voucher.terms))

    def undo(self, rid: str, undoes: str) -> None:
        """Undo a redemption on the head office's own word."""
        target = self.known[undoes]
        intent = Intent(rid=rid, action=Action.UNDO, undoes=undoes, method=Method.API)
        self.oracle.confirmed(intent, ELSEWHERE, 0, ELSEWHERE)
        self.oracle.advance(rid, State.TAKEN)
        self.decide(AskRedeem(requester=ELSEWHERE, store=target.store, intent=intent))

    def change(self, code: str) -> None:
        """Change what a voucher promises, or withdraw it."""
        item = self.items[code]
        if self.world.random.choice((True, True, False)):
            item.voucher = replace(item.voucher, terms=item.voucher.terms + 1)
        else:
            item.voucher = replace(item.voucher, state=VoucherState.WITHDRAWN)

    def sell(self) -> list[str]:
        """Put vouchers into the books and return their codes."""
        random = self.world.random
        for number in range(random.choice((1, 2, 3, 5))):
            code = f"60000000000{number}"
            self.items[code] = Item(
                Voucher(
                    id=f"v{number}",
                    code_tail=code[-4:],
                    title="coffee",
                    value="",
                    terms=1,
                    uses=random.choice((1, 1, 2, 3, 5)),
                    stores=random.choice((None, None, None, None, ("s-1",), ("s-1", "s-2"))),
                )
            )
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
        return {((item.voucher.id, number), rid) for item in self.items.values() for number, rid in item.uses.items()}

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

    def _commit(self, ask: AskRedeem | AskResolve, ruling: Ruling) -> None:
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
