"""What holds whatever happens, in whatever order: random events against the rules of the counter."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from device.counter.effects import Conclude, Effect, Mint, Send, Settle, Show
from device.counter.events import (
    CameraFault,
    CameraReady,
    Event,
    Gone,
    Heard,
    LinkDown,
    LinkUp,
    MintFailed,
    Pressed,
    Scanned,
    SeveralCodes,
    Tick,
)
from device.counter.states import Idle, Kept, OutOfService, Pending, Question, Setup
from device.counter.step import begin, deadline, step
from device.counter.style import Style
from device.counter.timing import Timing
from device.ports import Button
from device.view import Screen, View
from protocol.bundle import Also
from protocol.messages import Answer, Confirm, Detail, Intent, Notice, Offered, Refused, Resolve, Settled
from protocol.vocabulary import UNDECIDED, Colour, Verdict
from tests.device.counter.bench import BOOT, WELCOME

TEXTS = st.sampled_from([None, "", "5561", "9900", "7788", "134567890123456789", "http://weixin.qq.com/r/A", "x" * 900])
FINAL = st.sampled_from(sorted(set(Verdict) - UNDECIDED))
STEPS = st.sampled_from([0.0, 0.01, 0.2, 1.0, 1.6, 3.1, 8.2, 10.5, 31.0, 90.0])


class CounterLife(RuleBasedStateMachine):
    """A counter, a clock, and everybody who can do something to it."""

    @initialize(kept=st.lists(st.tuples(st.booleans(), st.booleans()), max_size=3))
    def start(self, kept: list[tuple[bool, bool]]) -> None:
        self.now = 50.0
        self.minted: list[str] = []
        self.owed: set[str] = set()
        """Redemptions that must not be lost: minted or kept, and not settled."""
        self.asked: dict[str, str] = {}
        """What the machine knows of each rid's final answer."""
        self.confirmed_here: set[str] = set()
        self.last_seq = 0
        self.left_screen: set[str] = set()
        rows = []
        for number, (ended, parked) in enumerate(kept):
            rid = f"{200 + number:032x}"
            answer = Answer(rid=rid, verdict=Verdict.REDEEMED, final=True) if ended else None
            code = None if ended else f"kept-{number}"
            rows.append(Kept(intent=Intent(rid=rid, code=code), tail="kept", answer=answer, parked=parked))
            self.owed.add(rid)
        setup = Setup(boot=BOOT, software="", timing=Timing(), style=Style())
        self.counter, effects = begin(setup, rows, self.now)
        self._watch(effects)

    # --- what can happen

    @rule(text=TEXTS)
    def scan(self, text: str | None) -> None:
        self._do(Scanned(text))

    @rule(
        event=st.sampled_from(
            [SeveralCodes(), Gone(), CameraReady(), CameraFault(), LinkUp(), LinkDown(), Heard(WELCOME)]
        )
    )
    def something_else(self, event: Event) -> None:
        self._do(event)

    @rule(button=st.sampled_from(Button))
    def press(self, button: Button) -> None:
        self._do(Pressed(button, (len(self.minted) + 1).to_bytes(16, "big")))

    @rule(button=st.just(Button.OK))
    def confirm(self, button: Button) -> None:
        self.press(button)

    @rule(
        most=st.integers(1, 3),
        behind=st.integers(0, 1),
        valid_s=st.sampled_from([4.0, 60.0]),
        asks=st.booleans(),
        others=st.integers(0, 2),
    )
    def offer(self, most: int, behind: int, valid_s: float, asks: bool, others: int) -> None:  # noqa: FBT001
        offered = Offered(
            look=self.counter.looks - behind,
            boot=BOOT,
            offer="s",
            detail=Detail(),
            max_quantity=1 if others else most,
            valid_s=valid_s,
            asks_amount=asks and not others,
            others=tuple(Also(code=f"beside-{number}", offer="s") for number in range(others)),
        )
        self._do(Heard(offered))

    @rule(count=st.integers(1, 2))
    def redeem_several(self, count: int) -> None:
        for button in [*[Button.UP] * count, Button.OK]:
            self.press(button)

    @rule(verdict=st.sampled_from(Verdict))
    def refuse(self, verdict: Verdict) -> None:
        self._do(Heard(Refused(look=self.counter.looks, boot=BOOT, verdict=verdict)))

    @rule(verdict=st.sampled_from([Verdict.DEVICE_REVOKED, Verdict.FAULT, Verdict.RATE_LIMITED]), at_look=st.booleans())
    def notice(self, verdict: Verdict, at_look: bool) -> None:  # noqa: FBT001
        look = self.counter.looks if at_look else None
        self._do(Heard(Notice(verdict=verdict, look=look, boot=BOOT)))

    @precondition(lambda self: self.counter.tickets)
    @rule(data=st.data(), verdict=FINAL, undone=st.booleans())
    def answer(self, data: st.DataObject, verdict: Verdict, undone: bool) -> None:  # noqa: FBT001
        rid = data.draw(st.sampled_from([ticket.rid for ticket in self.counter.tickets]))
        # One rid has one final answer; only that it was undone may be added.
        verdict = Verdict(self.asked.setdefault(rid, verdict))
        self._do(Heard(Answer(rid=rid, verdict=verdict, final=True, undone_by="ee" * 16 if undone else None)))

    @precondition(lambda self: self.counter.tickets)
    @rule(data=st.data(), verdict=st.sampled_from(sorted(UNDECIDED)))
    def not_yet(self, data: st.DataObject, verdict: Verdict) -> None:
        rid = data.draw(st.sampled_from([ticket.rid for ticket in self.counter.tickets]))
        self._do(Heard(Answer(rid=rid, verdict=verdict, final=False)))

    @rule(seconds=STEPS)
    def wait(self, seconds: float) -> None:
        self._wait(seconds)

    # --- what must hold

    @invariant()
    def a_deadline_that_has_passed_is_met_by_one_tick(self) -> None:
        due = deadline(self.counter)
        if due is not None and due <= self.now:
            self._do(Tick())
            due = deadline(self.counter)
            assert due is None or due > self.now

    @invariant()
    def nothing_owed_is_ever_dropped(self) -> None:
        assert self.owed == {ticket.rid for ticket in self.counter.tickets}

    @invariant()
    def what_is_open_goes_on_being_asked_about(self) -> None:
        for ticket in self.counter.still_open:
            assert ticket.request.send_at <= self.now + 3.0

    def teardown(self) -> None:
        """Without a word from anybody it comes to rest, or waits for the network or a person, and says so."""
        if not hasattr(self, "counter"):
            return
        self._wait(120.0)
        phase = self.counter.phase
        assert isinstance(phase, Idle | Pending | Question | OutOfService)
        if isinstance(phase, Pending):
            assert phase.choice
            assert deadline(self.counter) is not None

    # --- how it is watched

    def _wait(self, seconds: float) -> None:
        until = self.now + seconds
        for _ in range(5_000):
            due = deadline(self.counter)
            if due is None or due > until:
                break
            self.now = max(self.now, due)
            self._do(Tick())
        else:
            raise AssertionError("ticks without end")  # noqa: EM101, TRY003
        self.now = until

    def _do(self, event: Event) -> None:
        on_screen = self.counter.view.rid if self.counter.view is not None else None
        pending = isinstance(self.counter.phase, Pending)
        self.counter, effects = step(self.counter, event, self.now)
        self._watch(effects)
        shown = self.counter.view
        assert shown is not None
        if shown.light.colour is Colour.GREEN and shown.screen is Screen.RESULT and pending:
            assert isinstance(event, Heard)
            assert isinstance(event.message, Answer)
            assert event.message.rid == on_screen == shown.rid
            assert event.message.undone_by is None
        if on_screen is not None and shown.rid != on_screen:
            self.left_screen.add(on_screen)

    def _is_true(self, green: View) -> None:
        """Everything that was confirmed at one press with what is shown as redeemed is redeemed, here and now."""
        assert green.verdict is Verdict.REDEEMED
        ticket = self.counter.ticket(green.rid or "")
        assert ticket is not None
        assert green.rid in self.confirmed_here - self.left_screen
        for one in self.counter.confirmed_with(ticket):
            assert self.asked[one.rid] is Verdict.REDEEMED

    def _watch(self, effects: tuple[Effect, ...]) -> None:
        for effect in effects:
            match effect:
                case Mint(intent=intent):
                    assert intent.rid not in self.minted
                    self.minted.append(intent.rid)
                    self.owed.add(intent.rid)
                    self.confirmed_here.add(intent.rid)
                case Send(message=Confirm(intent=intent)):
                    assert intent.rid in self.minted
                case Send(message=Resolve(intent=intent)):
                    assert intent.rid in self.owed
                case Conclude(answer=answer):
                    assert answer.rid in self.owed
                case Settle(rid=rid):
                    self.owed.remove(rid)
                case Send(message=Settled(rid=rid)):
                    assert rid in self.asked or int(rid, 16) >= 200
                case Show(view=view):
                    assert view.seq > self.last_seq
                    self.last_seq = view.seq
                    if view.light.colour is Colour.GREEN:
                        self._is_true(view)
                case _:
                    pass


class CounterLifeWithABadDisk(CounterLife):
    """The same where the journal now and then refuses a redemption."""

    def _watch(self, effects: tuple[Effect, ...]) -> None:
        for index, effect in enumerate(effects):
            if isinstance(effect, Mint) and len(self.minted) % 2:
                super()._watch(effects[:index])
                self.minted.append(effect.intent.rid)
                self.counter, effects = step(self.counter, MintFailed(effect.intent.rid), self.now)
                break
        super()._watch(effects)


TestCounterLife = CounterLife.TestCase
TestCounterLife.settings = settings(max_examples=120, stateful_step_count=40)
TestCounterLifeWithABadDisk = CounterLifeWithABadDisk.TestCase
TestCounterLifeWithABadDisk.settings = settings(max_examples=60, stateful_step_count=30)
