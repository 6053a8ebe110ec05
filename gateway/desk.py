"""The gateway's coordinator: takes what kiosks send, has it judged, and answers.

Everything runs on one event loop. Who sends is known from the topic, which the broker guards; it is judged first,
before the message is even read. A bad message is logged, answered where it can be, and changes nothing.
"""

from __future__ import annotations

import asyncio
import logging
import time
from datetime import datetime
from typing import TYPE_CHECKING, TypeAlias, assert_never

import msgspec

from gateway.binding import (
    NO_OFFER,
    Bound,
    bind,
    is_not_ours,
    objection_to_permit,
    objection_to_redeem,
    objection_to_undo,
)
from gateway.changes import Changes, Topic
from gateway.limits import FRUITLESS_A_MINUTE, Limit
from gateway.standing import HINT
from gateway.usage import PRIVATE, Usage
from protocol import codec
from protocol.comparing import Book
from protocol.duty import Activate, Approve, AskOwnDay, AskUndo, AskUndoable, SignIn
from protocol.lease import accepted_answer
from protocol.messages import Action, Confirm, Hello, Intent, Look, Notice, Refusal, Resolve, Settled, Welcome
from protocol.relay import Relay
from protocol.values import replace
from protocol.vocabulary import Verdict
from service.clock import since_boot_s

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.activations import Activations
    from gateway.approvals import Approvals
    from gateway.duties import Duties
    from gateway.journal import Journal
    from gateway.kioskbooks import KioskBooks
    from gateway.leases import Leases
    from gateway.looks import Looks
    from gateway.offers import Offer, Seal
    from gateway.ports import Outbox
    from gateway.registry import Registry
    from gateway.relays import Relays
    from gateway.standing import Standing
    from gateway.undos import Undos
    from protocol.messages import GatewayMessage, KioskMessage

log = logging.getLogger(__name__)

#: Looks under way at once, from one kiosk and from all: far above what honest ones need.
LOOKS_OF_ONE = 8
LOOKS_OF_ALL = 2_000
#: A minute's worth, for one kiosk: messages that are none, refusals of its own that it reports.
BAD_A_MINUTE = 60
REPORTED_A_MINUTE = 120
_HINT_LENGTH = 300


#: What a kiosk asks that spends nothing, so that it may be asked again.
Question: TypeAlias = Look | SignIn | Activate | Approve | AskUndoable | AskUndo | AskOwnDay


class _Echo(msgspec.Struct):
    """What can be told of a message that cannot be read, so that the answer finds its request."""

    look: int | None = None
    boot: str | None = None


class Desk:
    """Takes every message of every kiosk."""

    def __init__(  # noqa: PLR0913 - the parts that it coordinates
        self,
        *,
        registry: Registry,
        journal: Journal,
        standing: Standing,
        relays: Relays,
        looks: Looks,
        duties: Duties,
        undos: Undos,
        activations: Activations,
        approvals: Approvals,
        leases: Leases,
        kiosk_books: KioskBooks,
        seal: Seal,
        outbox: Outbox,
        changes: Changes,
        open_per_kiosk: int = 64,
        clock: Callable[[], float] = since_boot_s,
        wall: Callable[[], float] = time.time,
    ) -> None:
        """Keep the parts; ``clock`` gives seconds since boot, ``wall`` seconds since 1970."""
        self._registry = registry
        self._journal = journal
        self._standing = standing
        self._relays = relays
        self._looks = looks
        self._duties = duties
        self._undos = undos
        self._activations = activations
        self._approvals = approvals
        self._leases = leases
        self._kiosk_books = kiosk_books
        self._seal = seal
        self._outbox = outbox
        self._changes = changes
        self._open_per_kiosk = open_per_kiosk
        self._clock = clock
        self._wall = wall
        self._looking: dict[str, set[tuple[str, int]]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._bad = Limit(BAD_A_MINUTE)
        self._reported = Limit(REPORTED_A_MINUTE)
        self._fruitless = Limit(FRUITLESS_A_MINUTE)
        self.hellos: dict[str, tuple[float, Hello]] = {}
        """When each kiosk last said hello (seconds since 1970), and what."""

    def handle(self, identity: str, payload: bytes) -> None:
        """Take one message from the device that the broker knows by this identity."""
        try:
            self._handle(identity, payload)
        except Exception:  # one bad message must not take the others down
            log.exception("message_failed kiosk=%s bytes=%s", identity, len(payload))
            self.say(identity, Notice(verdict=Verdict.FAULT, hint="the gateway could not handle this message"))

    def say(self, identity: str, message: GatewayMessage) -> None:
        """Send a message to a device; one that is revoked is told nothing but that."""
        bound = bind(identity, self._registry)
        silent = bound is Verdict.DEVICE_REVOKED and not (isinstance(message, Notice) and message.verdict is bound)
        if not silent:
            self._outbox.send(identity, self._standing.stamped(identity, message))

    def welcome(self, identity: str) -> None:
        """Tell a device where it stands now: after its hello, and after somebody moved or revoked it."""
        bound = bind(identity, self._registry)
        if isinstance(bound, Verdict):
            self.say(identity, Notice(verdict=bound))
            return
        message = Welcome(
            store=bound.store.id,
            store_name=bound.store.name,
            time=datetime.fromtimestamp(self._wall(), bound.store.zone).isoformat(timespec="milliseconds"),
            gateway=self._standing.identity,
            gateway_boot=self._seal.boot,
            clerk_required=bound.store.clerk_required,
            clerk_each=bound.store.clerk_each,
            testing=bound.store.testing,
            claim_qr=bound.store.claim_qr,
            on_duty=self._duties.on_duty(bound),
        )
        self.say(identity, message)

    def tick(self) -> None:
        """Sign clerks out whose kiosks have had nothing to do for long, and say so there."""
        for kiosk, signed in self._duties.signed_out_when_idle():
            self.say(kiosk, signed)

    async def drain(self, timeout_s: float) -> None:
        """Let looks under way end, for so long at most."""
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=timeout_s)
            for task in late:
                task.cancel()

    def _handle(self, identity: str, payload: bytes) -> None:
        bound = bind(identity, self._registry)
        if isinstance(bound, Verdict):
            self._turn_away(identity, bound, payload)
            return
        try:
            message = codec.from_kiosk(payload)
        except codec.MessageError as error:
            self._complain(identity, str(error), payload)
            return
        self._standing.hear_kiosk(identity, message)
        if self._standing.stopped:
            self._answer_unread(identity, Notice(verdict=Verdict.FAULT, hint=HINT), payload)
            return
        self._take(bound, message)

    def _take(self, bound: Bound, message: KioskMessage) -> None:
        match message:
            case Hello():
                self._greeted(bound, message)
            case Look() | SignIn() | Activate() | Approve() | AskUndoable() | AskUndo() | AskOwnDay():
                self._look(bound, message)
            case Confirm():
                self._confirm(bound, message)
            case Resolve():
                self._resolve(bound, message)
            case Settled(rid=rid, handed_over=handed_over):
                if not self._relays.settle(bound.identity, rid, handed_over=handed_over):
                    log.warning("settled_unknown kiosk=%s rid=%s", bound.identity, rid)
            case Refusal():
                self._record(bound, message)
            case Book():
                self._kiosk_books.heard(bound.identity, message)
            case _:
                assert_never(message)

    def _greeted(self, bound: Bound, hello: Hello) -> None:
        _, before = self.hellos.get(bound.identity, (0.0, None))
        self.hellos[bound.identity] = (self._wall(), hello)
        if before is None or (before.camera, before.software) != (hello.camera, hello.software):
            self._changes.tell(Topic.KIOSKS)
        self.welcome(bound.identity)

    def _look(self, bound: Bound, look: Question) -> None:
        """Begin to answer, unless the very same one is under way: its answer will serve the repeat."""
        key, of_kiosk = (look.boot, look.look), self._looking.setdefault(bound.identity, set())
        if key in of_kiosk:
            return
        if len(of_kiosk) >= LOOKS_OF_ONE or len(self._tasks) >= LOOKS_OF_ALL:
            self.say(bound.identity, Notice(verdict=Verdict.RATE_LIMITED, look=look.look, boot=look.boot))
            return
        of_kiosk.add(key)
        task = asyncio.get_running_loop().create_task(self._answer_look(bound, look))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _answer_look(self, bound: Bound, look: Question) -> None:
        answer: GatewayMessage
        try:
            answer = await self._answered(bound, look)
        except Exception:  # one look must not take the others down
            log.exception("look_failed kiosk=%s look=%s", bound.identity, look.look)
            answer = Notice(verdict=Verdict.FAULT, look=look.look, boot=look.boot, hint="the gateway could not look")
        finally:
            self._looking[bound.identity].discard((look.boot, look.look))
        self.say(bound.identity, answer)

    async def _answered(self, bound: Bound, asked: Question) -> GatewayMessage:
        self._duties.is_busy(bound.identity)
        match asked:
            case Look():
                return await self._looked(bound, asked)
            case SignIn():
                return await self._duties.sign_in(bound, asked)
            case Activate():
                return await self._activations.answer(bound, asked)
            case Approve():
                return await self._approvals.answer(bound, asked)
            case AskOwnDay():
                return await self._duties.own_day(bound, asked)
            case AskUndoable():
                return await self._undos.undoable(bound, asked)
            case AskUndo():
                return await self._undos.permit(bound, asked)
            case _:
                assert_never(asked)

    async def _looked(self, bound: Bound, look: Look) -> GatewayMessage:
        """Look on behalf of who is on duty; a kiosk that believes otherwise is told first, so that its confirm fits."""
        on_duty = self._duties.on_duty(bound)
        clerk, sign_in = (on_duty.clerk, on_duty.sign_in) if on_duty else (None, None)
        if look.clerk != clerk:
            self.welcome(bound.identity)
        return await self._looks.answer(bound, msgspec.structs.replace(look, clerk=clerk), sign_in)

    def _confirm(self, bound: Bound, message: Confirm) -> None:
        intent = message.intent
        offer, on_duty = self._offer(intent), self._duties.on_duty(bound)
        sign_in = on_duty.sign_in if on_duty else None
        if is_not_ours(message, offer, self._relays.known(intent.rid)):
            self.say(bound.identity, Notice(verdict=Verdict.FAULT, rid=intent.rid, hint=NO_OFFER))
            return
        if intent.action is Action.UNDO:
            target = self._relays.known(intent.undoes) if intent.undoes else None
            permit = objection_to_permit(intent, offer, bound, self._seal, self._clock(), sign_in)
            objection = objection_to_undo(intent, target, bound) or permit
        else:
            objection = objection_to_redeem(intent, offer, bound, self._seal, self._clock(), sign_in)
        if self._held_up(bound, intent.rid, fruitless=objection is not None):
            return
        fresh = objection is None and self._relays.known(intent.rid) is None
        asked = _asked(bound, intent, offer)
        if fresh:
            asked = replace(asked, answer=self._leases.accept(bound, asked))
        said = self._relays.confirm(asked, objection, offer.voucher if offer else None)
        self._duties.is_busy(bound.identity)
        if bound.store.clerk_each and fresh and intent.action is Action.REDEEM:
            self._duties.end(bound.identity)
        if said is not None:
            self.say(bound.identity, said)

    def _resolve(self, bound: Bound, message: Resolve) -> None:
        intent, accepted, offer = message.intent, message.accepted, self._offer(message.intent)
        if is_not_ours(message, offer, self._relays.known(intent.rid)):
            self.say(bound.identity, Notice(verdict=Verdict.FAULT, rid=intent.rid, hint=NO_OFFER))
            return
        if self._held_up(bound, intent.rid, fruitless=True):
            return
        asked = _asked(bound, intent, offer)
        if accepted is not None and intent.action is Action.REDEEM:
            asked = replace(asked, answer=accepted_answer(intent.rid, accepted))
        said = self._relays.resolve(asked, message.reason)
        if said is not None:
            self.say(bound.identity, said)

    def _offer(self, intent: Intent) -> Offer | None:
        return self._seal.open(intent.offer) if intent.offer else None

    def _held_up(self, bound: Bound, rid: str, *, fruitless: bool) -> bool:
        """Hold a kiosk up that fills the journals: too much open at once, or too much that cannot begin anything.

        Only for a rid that is not known yet; what has begun is always brought to its end. Before anybody has shown how
        far the journal had come, nothing new is taken: a kiosk repeats what it asks.
        """
        if not self._standing.met and self._relays.known(rid) is None:
            return True
        kiosk, now = bound.identity, self._clock()
        too_much = self._relays.open_of(kiosk) >= self._open_per_kiosk or (
            fruitless and self._fruitless.reached(kiosk, now)
        )
        if (not too_much and not fruitless) or self._relays.known(rid) is not None:
            return False
        if not too_much:
            self._fruitless.count(kiosk, now)
            return False
        log.error("kiosk_held_up kiosk=%s store=%s open=%s", kiosk, bound.store.id, self._relays.open_of(kiosk))
        self.say(kiosk, Notice(verdict=Verdict.RATE_LIMITED, rid=rid, hint="too many requests are open"))
        return True

    def _record(self, bound: Bound, refusal: Refusal) -> None:
        """Write down what a kiosk refused by itself, by the shape of the code."""
        if self._reported.reached(bound.identity, self._clock()):
            return
        self._reported.count(bound.identity, self._clock())
        tail = None if refusal.verdict in PRIVATE else refusal.code_tail
        usage = Usage(
            at=self._wall(), kiosk=bound.identity, store=bound.store.id, verdict=refusal.verdict, code_tail=tail
        )
        self._journal.refuse(usage)

    def _turn_away(self, identity: str, verdict: Verdict, payload: bytes) -> None:
        if not self._bad.reached(identity, self._clock()):
            self._bad.count(identity, self._clock())
            log.warning("turned_away kiosk=%s verdict=%s", identity, verdict)
        self._answer_unread(identity, Notice(verdict=verdict), payload)

    def _complain(self, identity: str, error: str, payload: bytes) -> None:
        if self._bad.reached(identity, self._clock()):
            return
        if self._bad.count(identity, self._clock()):
            log.error("bad_messages_ignored kiosk=%s after=%s in=60s", identity, BAD_A_MINUTE)
        log.warning("bad_message kiosk=%s bytes=%s error=%s", identity, len(payload), error[:_HINT_LENGTH])
        self._answer_unread(identity, Notice(verdict=Verdict.FAULT, hint=error[:_HINT_LENGTH]), payload)

    def _answer_unread(self, identity: str, notice: Notice, payload: bytes) -> None:
        try:
            echo = msgspec.json.decode(payload[: codec.LARGEST_MESSAGE], type=_Echo)
        except (msgspec.DecodeError, UnicodeDecodeError):
            echo = _Echo()
        self.say(identity, msgspec.structs.replace(notice, look=echo.look, boot=echo.boot))


def _asked(bound: Bound, intent: Intent, offer: Offer | None) -> Relay:
    """Return the request as it would be journalled: who asks and where they stand is ours to say, not theirs."""
    return Relay(requester=bound.identity, store=bound.store.id, intent=intent, terms=offer.terms if offer else 0)
