"""A kiosk in a history: the shipped counter conversation, over a journal at any of whose commits it may be killed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from device.counter.effects import Accept, Conclude, Forgo, Mint, Park, Send, Settle, Show
from device.counter.events import CameraReady, Gone, Heard, JournalBehind, LinkDown, LinkUp, MintFailed, Scanned, Tick
from device.counter.states import Idle, Kept, Looking, Offering, Question, Result, Setup
from device.counter.step import begin, deadline, step
from device.counter.style import Style
from device.counter.timing import Timing
from protocol.ids import code_tail
from protocol.marks import NEVER, Mark, mark_of, shown_in, stamped
from protocol.messages import Answer, Hello, Welcome
from protocol.values import replace
from simulator.histories.clerk import Clerk
from simulator.histories.faults import Fault, State
from simulator.histories.net import Line
from simulator.histories.party import Party

if TYPE_CHECKING:
    from collections.abc import Sequence

    from device.counter.effects import Effect
    from device.counter.events import Event
    from device.view import View
    from protocol.messages import GatewayMessage, Intent, KioskMessage
    from simulator.histories.gateway import Gateway
    from simulator.histories.party import Stage

#: As shipped, but for fewer greetings, and for kiosks that let their clerks give up sooner.
TIMINGS = tuple(Timing(hello_s=20.0, welcome_s=50.0, choice_s=choice_s) for choice_s in (10.0, 2.0, 2.0))
STYLE = Style()
#: How long it takes until a technician has come and says "restore", seconds.
RESTORED_S = (5.0, 20.0)
_NEVER = float("inf")


class Journal:
    """A kiosk's disk: the redemptions that are open or not seen, and how many it ever took."""

    def __init__(self) -> None:
        """Begin empty."""
        self.rows: dict[str, Kept] = {}
        self.sequence = 0
        self.generation = 1
        self.gateway: str | None = None
        self.heard = NEVER
        self.seal: str | None = None
        """The gateway's, on what was heard of it."""

    @property
    def mark(self) -> Mark:
        """How far it has come."""
        return Mark(self.generation, self.sequence)

    def copy(self) -> Journal:
        """Return a copy, to be put back later."""
        twin = Journal()
        twin.rows, twin.sequence, twin.generation = dict(self.rows), self.sequence, self.generation
        twin.gateway, twin.heard, twin.seal = self.gateway, self.heard, self.seal
        return twin


class Kiosk(Party):
    """One kiosk, the way to its gateway, and the clerk before it."""

    def __init__(self, stage: Stage, name: str, gateway: Gateway, rate: float) -> None:
        """Keep its gateway, and the rate of its clock."""
        super().__init__(stage, name, rate)
        self.gateway = gateway
        self.line = Line(stage)
        self.disk = Journal()
        self.connected = False
        self.timing = stage.world.random.choice(TIMINGS)
        self.clerk = Clerk(self)

    @property
    def store(self) -> str:
        """Where it stands."""
        return self.gateway.places[self.name].store

    @property
    def looking_at(self) -> str | None:
        """The code that is being looked at or offered."""
        phase = self.counter.phase
        return phase.code if self.up and isinstance(phase, Looking | Offering) else None

    # --- life -------------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Start on the journal, and connect a little later."""
        super().start()
        self.connected = self._welcomed = False
        self._heard, self._seal = self.disk.heard, self.disk.seal
        self._alarm = _NEVER
        setup = Setup(boot=f"{self.name}-{self.runs}", software="", timing=self.timing, style=STYLE)
        self.counter, effects = begin(setup, tuple(self.disk.rows.values()), self.clock.now())
        self.clerk.arrive()
        self._carry_out(effects)
        self.after(0.1, self.handle, CameraReady())
        self.after(self.world.random.uniform(0.1, 1.5), self.connect)

    def forget(self) -> None:
        """Lose the connection with the process."""
        self.gateway.ways.pop(self.name, None)
        self.connected = False

    def connect(self) -> None:
        """Connect, as soon as the way is open."""
        if self.line.cut:
            self.after(1.0, self.connect)
        elif not self.connected:
            self.connected = True
            self.gateway.ways[self.name] = self._send_down
            self.handle(LinkUp())

    def lose_link(self) -> None:
        """Notice that the connection is gone."""
        if self.up and self.connected:
            self.forget()
            self.handle(LinkDown())
            self.after(self.world.random.uniform(0.2, 2.0), self.connect)

    def put_back(self, older: Journal, down_s: float) -> None:
        """Put an older copy of the journal in its place, while the process is down."""
        self.crash(down_s)
        self.disk = older.copy()
        for trail in self.oracle.trails.values():
            trail.accepted_forgotten = trail.accepted_forgotten or (trail.accepted and trail.requester == self.name)

    def move(self, gateway: Gateway) -> None:
        """Enrol at another gateway, in the same store; the process starts anew there."""
        store = self.store
        self.crash(self.world.random.uniform(0.5, 3.0))
        self.gateway.places.pop(self.name)
        self.gateway = gateway
        gateway.place(self.name, store)

    # --- the conversation -------------------------------------------------------------------------------------------

    def present(self, code: str, quantity: int, tries: int = 5) -> None:
        """Let a customer hold up a code, and wait where the kiosk is not free; after some tries they go."""
        if self.up and isinstance(self.counter.phase, Idle | Result | Question):
            self.clerk.wanted[code] = quantity
            self.handle(Scanned(code))
            self.after(self.world.random.uniform(2.0, 8.0), self.handle, Gone())
        elif tries > 0:
            self.world.at(self.world.now + self.world.random.uniform(1.0, 4.0), self.present, code, quantity, tries - 1)

    def handle(self, event: Event) -> None:
        """Take an event as the firmware does: one step, its effects in order, a wake-up for the next."""
        self.counter, effects = step(self.counter, event, self.clock.now())
        for effect in effects:
            if isinstance(effect, Mint):
                self._confirmed(effect.intent)
        failed = self._carry_out(effects)
        if failed is not None and self.up:
            self.handle(MintFailed(failed))
        if self.up:
            self._set_alarm()
            self.clerk.look_up()

    def hear(self, gateway: Gateway, message: GatewayMessage) -> None:
        """Take a message from a gateway; what one sent where it stood before does not follow it to another's broker."""
        if not self.up or not self.connected or gateway is not self.gateway:
            return
        if isinstance(message, Welcome):
            own, shown = (self.disk.generation, self.disk.sequence), (message.heard_gen, message.heard_seq)
            self.oracle.showed(self.name, self.runs, own, shown)
            if self.disk.mark.is_behind(shown_in(message)):
                self.handle(JournalBehind())
                self.after(self.world.random.uniform(*RESTORED_S), self._restore)
                return
            if message.gateway != self.disk.gateway:
                self.disk.gateway = message.gateway
                self._heard, self._seal = NEVER, None
                self._keep_heard()
            self._welcomed = True
        if self._welcomed and mark_of(message) >= self._heard:
            self._heard, self._seal = mark_of(message), message.seal
        if isinstance(message, Answer):
            self.oracle.heard(message, self.runs)
        if self.up:
            self.handle(Heard(message))

    def _confirmed(self, intent: Intent) -> None:
        rivals = self.oracle.confirmed(intent, self.name, self.runs, self.gateway.name)
        self.faults.met_by_all(Fault.RIVAL, rivals)

    def _restore(self) -> None:
        """Let a technician declare the older journal the right one: a new generation begins."""
        self.disk.generation += 1
        self.crash(1.0)

    # --- effects ----------------------------------------------------------------------------------------------------

    def _carry_out(self, effects: Sequence[Effect]) -> str | None:
        """Carry effects out until the process dies of one; return the rid that the disk did not take, if one."""
        for effect in effects:
            if isinstance(effect, Mint):
                self.oracle.serves(self.name, self.runs)
            match effect:
                case Mint(intent=intent) if self.faults.fills_disk(intent.rid):
                    return intent.rid
                case Mint() | Accept() | Forgo() | Conclude() | Park() | Settle():
                    if not self._write(effect):
                        return None
                case Send(message=message):
                    self._send_up(message)
                case Show(view=view, announced=announced):
                    self._show(view, new=announced)
        return None

    def _write(self, effect: Mint | Accept | Forgo | Conclude | Park | Settle) -> bool:
        """Write to the journal; return whether the process has lived through it."""
        rows = self.disk.rows
        match effect:
            case Mint(intent=intent):
                kept = Kept(intent=intent, tail=code_tail(intent.code or ""))
                return self._commit(intent.rid, kept, minted=True)
            case Accept(answer=answer):
                known = rows.get(answer.rid)
                self._keep_heard()
                return known is None or self._commit(answer.rid, replace(known, answer=answer))
            case Conclude(answer=answer):
                self.oracle.advance(answer.rid, State.ANSWERED)
                known = rows.get(answer.rid)
                self._keep_heard()
                return known is None or self._commit(answer.rid, replace(known, answer=answer))
            case Forgo(rid=rid):
                return self._commit(rid, replace(rows[rid], forgone=True))
            case Park(rid=rid):
                self.faults.met(Fault.GIVEN_UP, rid)
                self.oracle.gave_up(rid)
                known = rows.get(rid)
                return known is None or self._commit(rid, replace(known, parked=True))
            case Settle(rid=rid):
                self.oracle.advance(rid, State.SETTLED)
                return self._commit(rid, None)

    def _keep_heard(self) -> None:
        self.disk.heard, self.disk.seal = self._heard, self._seal

    def _commit(self, rid: str, row: Kept | None, *, minted: bool = False) -> bool:
        dies = self.faults.kills_at_commit(Fault.KIOSK_COMMIT, [rid])
        if dies != "before":
            if row is None:
                self.disk.rows.pop(rid, None)
            else:
                self.disk.rows[rid] = row
            self.disk.sequence += minted
        if dies is not None:
            self.crash(self.world.random.uniform(0.5, 6.0), reboot=self.world.random.choice((True, False)))
        return dies is None

    def _show(self, view: View, *, new: bool) -> None:
        self.world.tell(self.name, "shows %s %s %s", view.screen, view.verdict or "", view.light.colour)
        if view.rid is not None and new:
            self.oracle.shown(view, self.counter.ticket(view.rid), self.runs)

    def _send_up(self, message: KioskMessage) -> None:
        rid = _rid_of(message)
        self.world.tell(self.name, "sends %s %s", type(message).__name__, rid and rid[:4])
        self.oracle.left(message, self.runs, on_disk=rid in self.disk.rows)
        if self.connected:
            greets = isinstance(message, Hello)
            if greets:
                message = msgspec.structs.replace(message, heard_of=self.disk.gateway, heard_seal=self._seal)
            marked = stamped(message, self.disk.mark, self._heard if greets else NEVER)
            self.line.carry(rid, self.gateway.take, self.name, marked)

    def _send_down(self, message: GatewayMessage) -> None:
        self.line.carry(_rid_of(message), self.hear, self.gateway, message)

    def _set_alarm(self) -> None:
        due = deadline(self.counter)
        when = _NEVER if due is None else self.clock.when(due)
        if when < self._alarm:
            self._alarm = when
            self.world.at(when, self._ring, self.runs, when)

    def _ring(self, run: int, when: float) -> None:
        if self.up and run == self.runs and when == self._alarm:
            self._alarm = _NEVER
            self.handle(Tick())


def _rid_of(message: KioskMessage | GatewayMessage) -> str | None:
    intent = getattr(message, "intent", None)
    return getattr(message, "rid", None) if intent is None else intent.rid
