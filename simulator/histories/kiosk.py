"""A kiosk in a history: the shipped counter conversation, over a journal at any of whose commits it may be killed."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import msgspec

from device.actions import Actions, Ports
from device.counter.effects import Mint, Park
from device.counter.events import CameraReady, Gone, Heard, JournalBehind, LinkDown, LinkUp, Scanned, Tick
from device.counter.states import Idle, Looking, Offering, Question, Result, Setup
from device.counter.step import begin, deadline, step
from device.counter.style import Style
from device.counter.timing import Timing
from protocol.marks import NEVER, mark_of, shown_in, stamped
from protocol.messages import Answer, Hello, Resolve, Welcome
from protocol.vocabulary import Verdict
from simulator.histories.clerk import Clerk
from simulator.histories.faults import Fault
from simulator.histories.kiosk_disk import FULL_S, Died, Journal, KioskDisk
from simulator.histories.net import Line
from simulator.histories.party import Party

if TYPE_CHECKING:
    from collections.abc import Sequence

    import device.journal
    from device.clock import StoreClock
    from device.counter.effects import Effect
    from device.counter.events import Event, NotWritten
    from device.ports import Monitor, Panel
    from device.view import View
    from protocol.messages import GatewayMessage, Intent, KioskMessage
    from protocol.vocabulary import Light, Sound
    from simulator.histories.faults import State
    from simulator.histories.gateway import Gateway
    from simulator.histories.party import Stage

#: As shipped, but for fewer greetings, and for kiosks that let their clerks give up sooner.
TIMINGS = tuple(Timing(hello_s=20.0, welcome_s=50.0, choice_s=choice_s) for choice_s in (10.0, 2.0, 2.0))
STYLE = Style()
#: How long it takes until a technician has come and says "restore", seconds.
RESTORED_S = (5.0, 20.0)
_NEVER = float("inf")


class _Hands:
    """Screen, light, buzzer, speaker and link of a kiosk, as ``device.actions`` acts on them."""

    def __init__(self, kiosk: Kiosk) -> None:
        """Keep whose they are."""
        self._kiosk = kiosk

    def show(self, view: View) -> None:
        """Show this view."""
        kiosk = self._kiosk
        kiosk.world.tell(kiosk.name, "shows %s %s %s", view.screen, view.verdict or "", view.light.colour)

    def say(self, view: View) -> None:
        """Announce what is new; the oracle looks at it."""
        if view.rid is None:
            return
        kiosk, row = self._kiosk, self._kiosk.disk.rows.get(view.rid)
        if view.verdict is Verdict.ACCEPTED_OFFLINE and (row is None or row.answer is None):
            kiosk.oracle.violated("rule 11", view.rid, "is shown as accepted offline before that is on disk")
        kiosk.oracle.shown(view, kiosk.counter.ticket(view.rid), kiosk.runs)

    def send(self, message: KioskMessage) -> None:
        """Send a message."""
        self._kiosk.send_up(message)

    def light(self, light: Light) -> None:
        """Show a light, which every view has."""

    def play(self, sound: Sound | None) -> None:
        """Play a sound, which every view has."""

    def shown(self, view: View) -> None:
        """Note what was shown: ``say`` has it."""

    def learn(self, told: str | None) -> None:
        """Set no clock: nothing in a history hangs on it."""


class Kiosk(Party):
    """One kiosk, the way to its gateway, and the clerk before it."""

    def __init__(self, stage: Stage, name: str, gateway: Gateway, rate: float) -> None:
        """Keep its gateway, and the rate of its clock."""
        super().__init__(stage, name, rate)
        self.gateway = gateway
        self.line = Line(stage)
        self.disk = KioskDisk()
        self._full_until = 0.0
        self._refused: set[tuple[str, State]] = set()
        """Which rids the full disk has refused something of, in which states."""
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
        self._actions = self._hands()
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

    def put_back(self, older: KioskDisk, down_s: float) -> None:
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
            elif isinstance(effect, Park):
                self.faults.met(Fault.GIVEN_UP, effect.rid)
                self.oracle.gave_up(effect.rid)
        failed = self._carry_out(effects)
        if failed is not None:
            self.handle(failed)
        elif self.up:
            self._catch_up()
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
                self.keep_heard()
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

    def fill_disk(self) -> None:
        """Let the disk be full for a while; once it has room again, what it has refused is written."""
        for_s = self.world.random.uniform(*FULL_S)
        self._full_until = self.world.now + for_s
        self._refused.clear()
        self.after(for_s, self._catch_up)

    def disk_is_full(self, rid: str) -> bool:
        """Whether the disk takes nothing of this rid now; it may have filled up just now."""
        if self.world.now >= self._full_until and self.faults.fills_disk():
            self.fill_disk()
        if self.world.now >= self._full_until or self.faults.calm:
            return False
        refused = rid, self.oracle.state_of(rid)
        if refused not in self._refused:  # it is tried again and again
            self._refused.add(refused)
            self.faults.met(Fault.DISK_FULL, rid)
        return True

    def keep_heard(self) -> None:
        """Write down how far the gateway has been seen to come."""
        self.disk.heard, self.disk.seal = self._heard, self._seal

    def _hands(self) -> Actions:
        hands, journal = _Hands(self), Journal(self)
        ports = Ports(
            journal=cast("device.journal.Journal", journal),
            clock=cast("StoreClock", hands),
            link=hands,
            screen=hands,
            panel=cast("Panel", hands),
            monitor=cast("Monitor", hands),
            speaker=hands,
        )
        return Actions(ports, lambda: None)

    def _carry_out(self, effects: Sequence[Effect]) -> NotWritten | None:
        """Carry effects out as the firmware does, until the process dies of one."""
        try:
            return self._actions.carry_out(tuple(effects))
        except Died:
            return None

    def _catch_up(self) -> None:
        """Write what the disk has refused."""
        try:
            self._actions.catch_up()
        except Died:
            return

    def send_up(self, message: KioskMessage) -> None:
        """Send a message to the gateway; it is lost where there is no connection."""
        rid = _rid_of(message)
        self.world.tell(self.name, "sends %s %s", type(message).__name__, rid and rid[:4])
        row = self.disk.rows.get(rid or "")
        self.oracle.left(message, self.runs, on_disk=row is not None)
        if rid is not None and isinstance(message, Resolve) and message.forgone and not (row and row.forgone):
            self.oracle.violated("rule 11", rid, "a RESOLVE says that it is forgone before that is on disk")
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
