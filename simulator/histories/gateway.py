"""A gateway in a history: the shipped binding, offers and relay machine, over a journal that commits in groups."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, assert_never

from gateway import binding
from gateway.binding import Bound
from gateway.offers import VALID_S, Offer, Seal
from gateway.places import Kiosk as Place
from gateway.places import Store
from gateway.standing import HINT
from protocol import relay as machine
from protocol.comparing import Book
from protocol.duty import Activate, Approve, AskOwnDay, AskUndo, AskUndoable, SignIn
from protocol.lease import accepted_answer
from protocol.messages import (
    Action,
    Answer,
    Confirm,
    Detail,
    Hello,
    Intent,
    Look,
    Notice,
    Offered,
    Refusal,
    Refused,
    Resolve,
    Settled,
    Welcome,
)
from protocol.relay import Ask, Relay, Reply, Write
from protocol.upstream import AskLook, AskRedeem, AskResolve, AskSettled, Looked
from protocol.values import replace
from protocol.vocabulary import Verdict
from simulator.histories.caller import PATIENCE_S, Caller
from simulator.histories.group_commit import NOON
from simulator.histories.web_counter import WebCounter

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from protocol.messages import GatewayMessage, KioskMessage
    from protocol.relay import Effect, Step
    from protocol.upstream import UpstreamAnswer
    from simulator.histories.net import Question
    from simulator.histories.office import Office
    from simulator.histories.party import Stage

#: The two stores of every history; each gateway may speak for both.
STORES = {name: Store(id=name, name=name, timezone="UTC") for name in ("s-1", "s-2")}


class Gateway(Caller):
    """One gateway: what it knows of kiosks and stores, its journal, and the requests that it relays."""

    def __init__(self, stage: Stage, name: str, office: Office, rate: float) -> None:
        """Keep the office, and the rate of its clock."""
        super().__init__(stage, name, office, rate)
        self.places: dict[str, Place] = {}
        self.ways: dict[str, Callable[[GatewayMessage], None]] = {}
        """How each device that is connected here is reached."""

    # --- where everybody stands ---------------------------------------------------------------------------------

    def place(self, identity: str, store: str) -> None:
        """Put a device into a store."""
        self.places[identity] = Place(id=identity, name=identity, store=store)

    def kiosk(self, identity: str) -> Place | None:
        """Return where a device stands, for the binding rules."""
        return self.places.get(identity)

    def store(self, store_id: str) -> Store | None:
        """Return a store that this gateway may speak for, for the binding rules."""
        return STORES.get(store_id)

    # --- life ---------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Start on the journal: only the ends of open requests are asked for."""
        super().start()
        self.seal = Seal(f"{self.name}-{self.runs}", self.world.random.randbytes(32))
        self._looking: dict[tuple[str, str, int], None] = {}
        self.counter = WebCounter(self)
        for kept in list(self.disk.rows.values()):
            if kept.is_open:
                self.follow(machine.restart(kept, self.clock.now()))
        self._greet()
        if self.standing.stopped:
            self._stop()

    def take(self, identity: str, message: KioskMessage) -> None:
        """Take a message from a device; who sends it the broker knows."""
        if not self.up:
            return
        bound = binding.bind(identity, self)
        if isinstance(bound, Verdict):
            self._say(identity, Notice(verdict=bound))
            return
        if self._may_take(identity, message):
            self._take(bound, message)

    def call(self, identity: str, message: Confirm | Resolve, call: Question) -> None:
        """Take a call of a page, over HTTP; one that is down answers nothing."""
        bound = binding.bind(identity, self)
        if self.up and isinstance(bound, Bound):
            self.counter.take(bound, message, call)

    def _may_take(self, identity: str, message: KioskMessage) -> bool:
        """Look at its marks; nothing new is taken before somebody has shown how far the journal had come."""
        if isinstance(message, Hello) and message.heard_of == self.name:
            self._shown((message.heard_gen, message.heard_seq))
        self.standing.hear_kiosk(identity, message)
        if self.standing.stopped:
            self._stop()
            self._say(identity, Notice(verdict=Verdict.FAULT, hint=HINT))
            return False
        new = isinstance(message, Confirm | Resolve) and self.known(message.intent.rid) is None
        return self.standing.met or not new

    def _take(self, bound: Bound, message: KioskMessage) -> None:
        match message:
            case Hello():
                self._welcome(bound)
            case Look():
                self._look(bound, message)
            case Confirm():
                self._confirm(bound, message)
            case Resolve():
                self._resolve(bound, message)
            case Settled(rid=rid, handed_over=handed_over):
                settled = AskSettled(requester=bound.identity, rid=rid, handed_over=handed_over)
                self.upstream.carry(rid, self._office.settle, settled)
            case Refusal() | SignIn() | Activate() | Approve() | AskUndoable() | AskUndo() | AskOwnDay() | Book():
                pass  # a line in the books, what stores ask for that want clerks, journals; nothing hangs on these here
            case _:
                assert_never(message)

    def open(self) -> list[str]:
        """Return the rids that the owner has not ended, as far as this gateway knows."""
        return [rid for rid, relay in (self.disk.rows | self.relays).items() if relay.is_open]

    def known(self, rid: str) -> Relay | None:
        """Return what is recorded under a rid."""
        return self.relays.get(rid) or self.disk.rows.get(rid)

    # --- looks --------------------------------------------------------------------------------------------------

    def _welcome(self, bound: Bound) -> None:
        message = Welcome(
            store=bound.store.id,
            store_name=bound.store.name,
            time=NOON,
            gateway=self.name,
            gateway_boot=self.seal.boot,
        )
        self._say(bound.identity, message)

    def _look(self, bound: Bound, look: Look) -> None:
        key = (bound.identity, look.boot, look.look)
        if key in self._looking or binding.refusal_before_asking(bound, look.clerk) is not None:
            return
        self._looking[key] = None
        ask = AskLook(requester=bound.identity, store=bound.store.id, code=look.code, method=look.method)
        self._ask_office(None, ask, self._patience_s(bound, look.code), partial(self._looked, bound, look))

    def _patience_s(self, _bound: Bound, _code: str) -> float:
        """Return how long a look waits for the office."""
        return PATIENCE_S

    def _looked(self, bound: Bound, look: Look, looked: UpstreamAnswer | None) -> None:
        self._looking.pop((bound.identity, look.boot, look.look), None)
        if not isinstance(looked, Looked):
            verdict, detail = Verdict.UPSTREAM_UNAVAILABLE, Detail()
        else:
            verdict, detail = binding.verdict_here(looked, bound), looked.detail
        if not isinstance(looked, Looked) or verdict is not Verdict.REDEEMABLE:
            self._say(bound.identity, Refused(look=look.look, boot=look.boot, verdict=verdict, detail=detail))
            return
        offer = self.seal.close(
            Offer(
                made_at=self.clock.now(),
                kiosk=bound.identity,
                store=bound.store.id,
                clerk=look.clerk,
                voucher=looked.voucher,
                terms=looked.terms,
                code=self.seal.hash(look.code),
            )
        )
        self.oracle.offered(offer, bound.store.id, looked.terms)
        most = looked.max_quantity
        message = Offered(
            look=look.look, boot=look.boot, offer=offer, detail=detail, max_quantity=most, valid_s=VALID_S
        )
        self._say(bound.identity, message)

    # --- requests -----------------------------------------------------------------------------------------------

    def _confirm(self, bound: Bound, message: Confirm) -> None:
        intent = message.intent
        offer, known = self._offer(intent), self.known(intent.rid)
        if binding.is_not_ours(message, offer, known):
            self._say(bound.identity, Notice(verdict=Verdict.FAULT, rid=intent.rid, hint=binding.NO_OFFER))
            return
        if intent.action is Action.UNDO:
            objection = binding.objection_to_undo(intent, self.known(intent.undoes or ""), bound)
        else:
            objection = binding.objection_to_redeem(intent, offer, bound, self.seal, self.clock.now())
        asked = self._asked(bound, intent, offer)
        asked, objection = (asked, objection) if known else self._may_begin(bound, asked, objection)
        self._step(bound, known, machine.take_confirm(known, asked, objection, self.clock.now()))

    def _may_begin(self, _bound: Bound, asked: Relay, objection: str | None) -> tuple[Relay, str | None]:
        """Have a last look at a confirm of a new rid: a gateway with leases may accept it."""
        return asked, objection

    def promised(self, _intent: Intent) -> str | None:
        """Return why a redemption may not begin because its voucher was accepted here: a gateway with leases knows."""
        return None

    def _resolve(self, bound: Bound, message: Resolve) -> None:
        known, offer = self.known(message.intent.rid), self._offer(message.intent)
        if binding.is_not_ours(message, offer, known):
            self._say(bound.identity, Notice(verdict=Verdict.FAULT, rid=message.intent.rid, hint=binding.NO_OFFER))
            return
        self.oracle.resolving(self.name, self.runs, message.intent.rid)
        asked = self._asked(bound, message.intent, offer)
        if message.accepted is not None:
            asked = replace(asked, answer=accepted_answer(message.intent.rid, message.accepted))
        self._step(bound, known, machine.take_resolve(known, asked, message.reason, self.clock.now()))

    def _offer(self, intent: Intent) -> Offer | None:
        return self.seal.open(intent.offer) if intent.offer else None

    @staticmethod
    def _asked(bound: Bound, intent: Intent, offer: Offer | None) -> Relay:
        return Relay(requester=bound.identity, store=bound.store.id, intent=intent, terms=offer.terms if offer else 0)

    def _step(self, bound: Bound, known: Relay | None, step: Step) -> None:
        """Carry a step out; what can be said at once is said to whoever asked, even where the rid is none of theirs."""
        match step[1]:
            case (Reply(message=message),):
                self._hand(bound.identity, message)
                return
        self.follow(step)
        accepted = step[0].accepted is not None or (known is not None and known.accepted is not None)
        if known is not None and known.is_open and not accepted:
            rid = known.intent.rid
            self._hand(bound.identity, known.answer or Answer(rid=rid, verdict=Verdict.PENDING, final=False))

    def follow(self, step: Step) -> None:
        """Carry a step of a relay out."""
        relay, effects = step
        rid = relay.intent.rid
        self.relays[rid] = relay
        self._carry_out(rid, effects)
        if relay.retry_at is not None:
            self.when(relay.retry_at, self._tick, rid)
        if relay.tell_at is not None:
            self.when(relay.tell_at, self._tick, rid)

    def _tick(self, rid: str) -> None:
        stepped, effects = machine.tick(self.relays[rid], self.clock.now())
        if effects:
            self.follow((stepped, effects))

    def _carry_out(self, rid: str, effects: Sequence[Effect]) -> None:
        for place, effect in enumerate(effects, start=1):
            if isinstance(effect, Write) and effect.relay.is_open and not self.relays[rid].is_open:
                continue  # its end came meanwhile, and is on its way to the disk
            match effect:
                case Write(relay=relay, durable=True):
                    self.journal.write(relay, partial(self._carry_out, rid, effects[place:]))
                    return
                case Write(relay=relay):
                    self.journal.write(relay)
                case Ask(message=message):
                    self._ask(rid, message)
                case Reply(message=reply):
                    self._reply(rid, reply)
                case _:
                    assert_never(effect)

    def _ask(self, rid: str, message: AskRedeem | AskResolve) -> None:
        left = machine.time_left(self.relays[rid], message, self.clock.now())
        if left is not None and left <= 0:
            self._answered(rid, None)
            return
        self._leaves(rid, message)
        patience = PATIENCE_S if left is None else min(left, PATIENCE_S)
        self._ask_office(rid, message, patience, partial(self._answered, rid))

    def _leaves(self, rid: str, message: AskRedeem | AskResolve) -> None:
        """Look at a message that leaves for the office."""
        self.oracle.relayed(self.name, self.runs, message, self.disk.rows.get(rid))

    def _answered(self, rid: str, answer: UpstreamAnswer | None) -> None:
        relay, now = self.relays[rid], self.clock.now()
        if isinstance(answer, Answer | Notice):
            self.world.tell(self.name, "%s: the office says %s", rid[:4], answer.verdict)
            self.follow(machine.heard(relay, answer, now))
        else:
            self.follow(machine.unheard(relay, now))

    def _reply(self, rid: str, message: Answer | Notice) -> None:
        relay = self.relays[rid]
        if isinstance(message, Answer) and message.final:
            self.oracle.tells(rid, self.disk.rows.get(rid))
        if message.verdict is Verdict.UNDONE and relay.intent.undoes is not None:
            target = self.known(relay.intent.undoes)
            if target is not None:
                self.follow(machine.undone(target, by=rid))
        self._hand(relay.requester, message)

    def _hand(self, identity: str, message: Answer | Notice) -> None:
        if isinstance(message, Answer):
            self.oracle.handed(message)
        self._say(identity, message)

    def _say(self, identity: str, message: GatewayMessage) -> None:
        way = self.ways.get(identity)
        if way is not None:
            way(self.standing.stamped(identity, message))
