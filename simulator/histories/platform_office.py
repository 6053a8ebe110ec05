"""The head office in a history whose vouchers are a platform's: the shipped cases, a transaction each, and a person."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, assert_never

from protocol import owner
from protocol import platform as machine
from protocol.messages import Action, Answer
from protocol.platform import Case, Consume, Phase, Query, Reply, Seen, Write
from protocol.upstream import AskHello, AskLook, AskRedeem, AskResolve, AskUpload, Looked
from protocol.values import replace
from protocol.vocabulary import Verdict
from simulator.histories.faults import Fault, State
from simulator.histories.ledger import DAWN
from simulator.histories.office import Asked, Office
from simulator.histories.platform import Card, Platform

if TYPE_CHECKING:
    from collections.abc import Callable

    from protocol.messages import Notice
    from protocol.upstream import Entry
    from simulator.histories.books import Peer
    from simulator.histories.net import Question
    from simulator.histories.party import Stage

#: A gateway's question is held for so long before it is told that the rid is pending.
HOLD_S = 2.0
#: How often a case is looked at whose time has not come: its clock may have been set back.
ROUND_S = 10.0
SOON_S = 0.001
#: How soon a case is looked at again whose gateway has not spoken.
UNHEARD_AGAIN_S = 1.0
_STATES = {Phase.CLAIMED: State.CLAIMED, Phase.SENT: State.SENT, Phase.OPEN: State.OPEN, Phase.ENDED: State.RULED}


class PlatformOffice(Office):
    """The owner of the rids, while a platform owns the vouchers."""

    def __init__(self, stage: Stage) -> None:
        """Begin with empty books and a platform without cards."""
        super().__init__(stage)
        self.platform = Platform(stage)
        self.platform.report = self._reported
        self.taken_back: set[str] = set()
        """Rids that were uploaded without an end: what is driven forward was offered in another generation."""
        self.by_person: dict[str, None] = {}
        """Rids whose end was said by the platform's record or a person."""

    @property
    def cases(self) -> dict[str, Case]:
        """The rids at the platform's vouchers."""
        return self.disk.cases

    def start(self) -> None:
        """Start on the books: every open case is driven on, once its gateway has spoken."""
        super().start()
        self._waiting: dict[str, list[tuple[str, Question]]] = {}
        self._open_since: dict[str, float] = {}
        self._spoken: set[str] = set()
        for rid, case in self.cases.items():
            if case.phase is not Phase.ENDED:
                self.after(self.world.random.uniform(0.0, 1.0), self._tick, rid)

    def sell(self) -> list[str]:
        """Put cards into the world, some with two codes, and return the codes."""
        random = self.world.random
        for number in range(random.choice((2, 4, 7))):
            uses = random.choice((1, 1, 3))
            stores = random.choice((None, None, None, ("s-1",)))
            card = Card(f"card-{number}", uses, stores)
            for code in (f"60000000000{number}", f"CARD-{number}")[: random.choice((1, 2))]:
                self.platform.cards[code] = card
        return list(self.platform.cards)

    def names(self, code: str) -> list[str]:
        """Return every code that the card with this code has."""
        return [other for other, card in self.platform.cards.items() if card is self.platform.cards[code]]

    def fresh(self) -> list[str]:
        """Return the codes of cards that have uses left."""
        return [code for code, card in self.platform.cards.items() if card.left(self.world.now) > 0]

    def redeemed(self) -> list[str]:
        """Return the rids that stand in the books as redeemed."""
        return [rid for rid, case in self.cases.items() if case.answer and case.answer.verdict is Verdict.REDEEMED]

    def unresolved(self) -> list[str]:
        """Return the rids that have no end in the books."""
        return [rid for rid, case in self.cases.items() if case.phase is not Phase.ENDED]

    def take(self, gateway: str, ask: Asked, question: Question) -> None:
        """Answer a gateway, now or as soon as the platform has answered."""
        if not self.up:
            return
        self._meet(gateway, ask)
        if not self.disk.stopped:
            self._spoken.add(gateway)
        if self.disk.stopped or isinstance(ask, AskHello | AskUpload):
            super().take(gateway, ask, question)
        elif isinstance(ask, AskLook):
            self._look(gateway, ask, question)
        elif ask.intent.action is Action.UNDO:
            super().take(gateway, ask, question)
        elif self.faults.complains(ask.intent.rid):
            question.answer(self.marked(gateway, self.complaint(ask.intent.rid)))
        else:
            self._take(gateway, ask, question)

    def redeem_elsewhere(self, code: str, rid: str) -> None:
        """Let somebody else consume the card."""
        del rid
        self.platform.consume_elsewhere(code)

    def undo(self, rid: str, undoes: str) -> None:
        """Do nothing: what a platform has consumed cannot be undone."""

    def change(self, code: str) -> None:
        """Let the platform withdraw a card."""
        self.platform.cards[code].withdrawn_at = self.world.now

    def refuse_all(self, for_s: float) -> None:
        """Let the platform refuse every consume for a while."""
        self.platform.refuses_until = self.world.now + for_s

    # --- asks ---------------------------------------------------------------------------------------------------

    def _look(self, gateway: str, ask: AskLook, question: Question) -> None:
        def answer(seen: Seen | None) -> None:
            verdict = Verdict.UNKNOWN_CODE if seen is None else seen.verdict
            voucher = None if seen is None else seen.voucher
            uses = 1 if seen is None else seen.uses
            looked = Looked(verdict=verdict, voucher=voucher, terms=1, max_quantity=uses)
            question.answer(self.marked(gateway, looked))

        self._call(None, partial(self.platform.seen, ask.code, ask.store, 1, None), answer)

    def _take(self, gateway: str, ask: AskRedeem | AskResolve, question: Question) -> None:
        rid = ask.intent.rid
        known = self.cases.get(rid)
        if known is None and self._must_wait(ask):
            question.answer(self.marked(gateway, Answer(rid=rid, verdict=Verdict.PENDING, final=False)))
            return
        if known is None:
            self.oracle.rules(rid, self.disk.missing)
            self.oracle.serves(self.name, self.disk.generation)
        self.world.tell("office", "%s %s: %s", type(ask).__name__, rid[:4], known and known.phase)
        self.disk.came_by.setdefault(rid, gateway)
        waiting = (gateway, question)
        self._waiting.setdefault(rid, []).append(waiting)
        self.after(HOLD_S, self._hold_no_longer, rid, waiting)
        self._apply(rid, machine.take(known, ask, self._now()))

    def _hold_no_longer(self, rid: str, waiting: tuple[str, Question]) -> None:
        if waiting in self._waiting.get(rid, ()):
            self._waiting[rid].remove(waiting)
            gateway, question = waiting
            question.answer(self.marked(gateway, Answer(rid=rid, verdict=Verdict.PENDING, final=False)))

    # --- older copies -------------------------------------------------------------------------------------------

    def _tell_oracle(self) -> None:
        ended = {rid for rid, case in self.cases.items() if case.answer is not None}
        self.oracle.cases_put_back(ended | set(self.known))

    def _begin_generation(self) -> None:
        super()._begin_generation()
        for rid, case in self.cases.items():
            if case.phase is Phase.CLAIMED and case.attempts == 0:
                self.cases[rid] = replace(case, attempts=1)

    def _take_up_entry(self, peer: Peer, entry: Entry) -> None:
        rid, answer, case = entry.intent.rid, entry.answer, self.cases.get(entry.intent.rid)
        if entry.intent.action is Action.UNDO:
            super()._take_up_entry(peer, entry)
        elif case is None or case.answer is None:
            kept = case or machine.presume(entry.requester, entry.store, entry.intent, self._now())
            self.disk.came_by.setdefault(rid, peer.name)
            if answer is not None and answer.final:
                peer.sequence += 1
                self._recall(machine.recalled(kept, answer))
                self.oracle.taken_up(answer)
            elif case is None:
                self.taken_back.add(rid)
                self.cases[rid] = kept
                self._come_back(kept)

    def _recall(self, case: Case) -> None:
        """Take up the end of a case; what these books have at its only use since ends, too."""
        for rid, rival in self.cases.items():
            if case.claims and rival.claims and rival.voucher == case.voucher and rid != case.rid:
                if rival.answer is not None:
                    self.oracle.violated("rule 3", rid, f"the only use is {case.rid[:4]}'s, too")
                self.disk.peers[self.disk.came_by[rid]].sequence += 1
                self.cases[rid], _ = machine.outdone(rival, case)
        self.cases[case.rid] = case

    def _must_wait(self, ask: AskRedeem | AskResolve) -> bool:
        """Whether nothing may be begun or ended yet: journals are missing, or a lost rid may have its voucher."""
        missing = bool(self.disk.missing)
        if owner.must_wait(ask, None, missing=missing, missing_of_voucher=missing):
            return True
        lost = (case for case in self.cases.values() if case.forgotten)
        return isinstance(ask, AskRedeem) and any(case.intent.code == ask.intent.code for case in lost)

    def _may_drive(self, rid: str) -> bool:
        """Whether the books cannot be behind of what has become of a rid."""
        return self._is_current and self.disk.came_by.get(rid) in self._spoken

    @property
    def _is_current(self) -> bool:
        return not (self.disk.stopped or self.disk.missing)

    @property
    def _is_attributable(self) -> bool:
        return not any(case.forgotten for case in self.cases.values())

    # --- transactions -------------------------------------------------------------------------------------------

    def _apply(self, rid: str, step: machine.Step) -> None:
        """Carry a step out on the books; what follows a commit only follows where the process has lived through it."""
        _, effects = step
        for effect in effects:
            match effect:
                case Write(case=case):
                    if not self._commit_case(case):
                        return
                case Query(number=number):
                    self._query(rid, number)
                case Consume(attempt=attempt):
                    self._consume(rid, attempt)
                case Reply(message=message):
                    self._reply(rid, message)
                case _:
                    assert_never(effect)

    def _commit_case(self, case: Case) -> bool:
        dies = self.faults.kills_at_commit(Fault.OFFICE_COMMIT, [case.rid])
        if dies != "before":
            self.cases[case.rid] = case
            self.disk.peers[self.disk.came_by[case.rid]].sequence += 1
            self.world.tell("office", "%s is %s, attempt %s", case.rid[:4], case.phase, case.attempts)
            self._check(case)
        if dies is not None:
            self.crash(self.world.random.uniform(0.2, 5.0))
            return False
        self._watch(case)
        if case.phase is not Phase.ENDED:
            self._come_back(case)
        return True

    def _watch(self, case: Case) -> None:
        """Note since when this process knows a case to be open."""
        if case.phase is Phase.OPEN:
            self._open_since.setdefault(case.rid, self.clock.now())

    def _come_back(self, case: Case) -> None:
        """Look at a case again when it is due, and now and then in between."""
        wait_s = min(max(machine.due(case) - self._now(), 0.0), ROUND_S)
        self.after(wait_s + SOON_S, self._tick, case.rid)

    def _check(self, case: Case) -> None:
        """Let the oracle know what is in the books now, and hold it against what the platform knows."""
        card = self.platform.cards[case.intent.code or ""]
        rivals = [
            one
            for one in self.cases.values()
            if one.rid != case.rid
            and one.phase is not Phase.ENDED
            and self.platform.cards[one.intent.code or ""] is card
        ]
        self.oracle.advance(case.rid, _STATES[case.phase])
        if case.phase is Phase.SENT and any(one.phase is not Phase.CLAIMED for one in rivals):
            self.oracle.violated("rule 3", case.rid, "two rids at one voucher that are both unresolved")
        if case.answer is None:
            return
        self.oracle.ruled(case.answer, card.left(self.world.now))
        if case.answer.verdict is Verdict.BUSY and not rivals:
            self.oracle.violated("rule 3", case.rid, "busy, but nobody else is at it")

    def _reply(self, rid: str, message: Answer | Notice) -> None:
        if isinstance(message, Answer):
            self.oracle.said(message)
        for gateway, question in self._waiting.pop(rid, ()):
            question.answer(self.marked(gateway, message))

    def _tick(self, rid: str) -> None:
        case = self.cases[rid]
        if case.phase is Phase.ENDED:
            return
        if not self._may_drive(rid):
            self.after(UNHEARD_AGAIN_S, self._tick, rid)
            return
        self._watch(case)
        _, effects = step = machine.tick(case, self._now())
        if effects:
            self._apply(rid, step)
        elif machine.due(case) > self._now():
            self._come_back(case)
        else:  # as no shipped machine leaves what is due
            self.after(ROUND_S, self._tick, rid)

    # --- the platform -------------------------------------------------------------------------------------------

    def _query(self, rid: str, number: int) -> None:
        case = self.cases[rid]
        self.oracle.prechecking(rid, number)
        seen = partial(self.platform.seen, case.intent.code or "", case.store, case.intent.quantity, rid)
        self._call(rid, seen, partial(self._checked, rid, number, self.clock.now()))

    def _checked(self, rid: str, number: int, asked_at: float, seen: Seen | None) -> None:
        seen = seen or Seen(verdict=Verdict.UNKNOWN_CODE, voucher="")
        holder = next((case for case in self.cases.values() if case.claims and case.voucher == seen.voucher), None)
        self.oracle.prechecked(rid, number)
        took_s = self.clock.now() - asked_at
        self._apply(rid, machine.checked(self.cases[rid], seen, holder, self._now(), query=number, took_s=took_s))

    def _consume(self, rid: str, attempt: int) -> None:
        case = self.cases[rid]
        self.oracle.consuming(rid, attempt, on_disk=case.attempts)
        serve = partial(self.platform.consume, case, driven=rid in self.taken_back)
        self._call(rid, serve, partial(self._consumed, rid, attempt))

    def _consumed(self, rid: str, attempt: int, verdict: Verdict) -> None:
        self.world.tell("office", "%s: the platform says %s to attempt %s", rid[:4], verdict, attempt)
        self._apply(rid, machine.consumed(self.cases[rid], attempt, verdict))

    def _call(self, rid: str | None, serve: Callable[[], Any], hear: Callable[[Any], None]) -> None:
        """Call the platform once; an answer reaches the process that has called, or nobody."""
        there_s, back_s = self.faults.call(rid)
        if there_s is not None:
            self.world.at(self.world.now + there_s, self._serve, self.runs, serve, back_s, hear)

    def _serve(self, run: int, serve: Callable[[], Any], back_s: float | None, hear: Callable[[Any], None]) -> None:
        answer = serve()
        if back_s is not None:
            self.world.at(self.world.now + back_s, self.do, run, hear, (answer,))

    def _reported(self, card: str, ours: bool) -> bool:  # noqa: FBT001 - as the platform says it
        """Take an event; it concerns the case that claims the card, if one does, or a rid that the books have lost."""
        if not (self.up and self._is_current and self._is_attributable):
            return False
        case = next((case for case in self.cases.values() if case.claims and case.voucher == card), None)
        if case is not None and case.phase is not Phase.ENDED:
            if not self._may_drive(case.rid):
                return False
            self._apply(case.rid, machine.reported(case, ours=ours))
        return True

    # --- people -------------------------------------------------------------------------------------------------

    def decide_by_person(self) -> None:
        """Let a person read the platform's record about every open attribution, and say whose it was."""
        for rid in self.unresolved():
            case = self.cases[rid]
            if not self.up or case.phase is not Phase.OPEN or rid not in self._open_since or not self._may_drive(rid):
                continue
            ours = bool(self.oracle.trails[rid].spent)
            card = self.platform.cards[case.intent.code or ""]
            used_up = card.left(self.world.now) <= 0
            verdict = Verdict.REDEEMED if ours else Verdict.ALREADY_REDEEMED if used_up else Verdict.ABORTED
            watched_s = self.clock.now() - self._open_since[rid]
            _, effects = step = machine.decided(case, verdict, "the platform's record", watched_s)
            if effects:
                self.by_person[rid] = None
                self._apply(rid, step)

    def _now(self) -> float:
        return (self.wall - DAWN + timedelta(seconds=self.world.now)).total_seconds()
