"""A counter on a bench: events go in at chosen times, and what it shows and wants done is kept to look at."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from device.counter.effects import Effect, Mint, Send, Show
from device.counter.events import CameraReady, Event, Heard, LinkUp, Pressed, Scanned, Tick
from device.counter.states import Kept, Setup
from device.counter.step import begin, deadline, step
from device.counter.style import Style
from device.counter.timing import Timing
from device.ports import Button
from protocol.messages import (
    Answer,
    Confirm,
    Detail,
    GatewayMessage,
    KioskMessage,
    Look,
    Offered,
    Refused,
    Welcome,
)
from protocol.vocabulary import Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from device.view import View
    from protocol.bundle import Also

MessageT = TypeVar("MessageT", bound=KioskMessage)
EffectT = TypeVar("EffectT", bound=Effect)

BOOT = "7-abc"
CODE = "5561 2048 7733"
OTHER = "9900 1122 3344"
WELCOME = Welcome(
    store="nanjing-lu", store_name="南京路店", time="2026-05-01T12:00:00+08:00", gateway="gw-1", gateway_boot="g1"
)
CAKE = Detail(title="生日蛋糕券", value="¥50", code_tail="7733")
DONE = Detail(title="生日蛋糕券", code_tail="7733", at="2026-05-01T12:00:05+08:00", store="南京路店", kiosk="till-1")


class Bench:
    """One counter; ``now`` is its clock, which ``wait`` moves as a runner would: from deadline to deadline."""

    def __init__(self, *, kept: Sequence[Kept] = (), timing: Timing | None = None, style: Style | None = None) -> None:
        self.now = 1000.0
        self.effects: list[Effect] = []
        self.rids = 0
        setup = Setup(boot=BOOT, software="test", timing=timing or Timing(), style=style or Style())
        self.counter, effects = begin(setup, kept, self.now, "南京路店")
        self.effects += effects

    # --- what happens

    def do(self, event: Event) -> tuple[Effect, ...]:
        self.counter, effects = step(self.counter, event, self.now)
        self.effects += effects
        return effects

    def wait(self, seconds: float) -> None:
        """Let time pass, with a Tick whenever the counter has asked for one."""
        until = self.now + seconds
        for _ in range(10_000):
            due = deadline(self.counter)
            if due is None or due > until:
                break
            self.now = max(self.now, due)
            self.do(Tick())
        else:
            raise AssertionError("the counter asks for ticks without end")  # noqa: EM101, TRY003
        self.now = until

    def open_up(self) -> Bench:
        """Bring the counter to rest, with camera and gateway there."""
        self.do(CameraReady())
        self.do(LinkUp())
        self.hear(WELCOME)
        return self

    def scan(self, text: str | None = CODE) -> tuple[Effect, ...]:
        return self.do(Scanned(text))

    def press(self, button: Button = Button.OK) -> tuple[Effect, ...]:
        self.rids += 1
        return self.do(Pressed(button, self.rids.to_bytes(16, "big")))

    def hear(self, message: GatewayMessage) -> tuple[Effect, ...]:
        return self.do(Heard(message))

    def offered(
        self,
        *,
        detail: Detail = CAKE,
        most: int = 1,
        valid_s: float = 60.0,
        asks_amount: bool = False,
        others: tuple[Also, ...] = (),
    ) -> tuple[Effect, ...]:
        offered = Offered(
            look=self.sent(Look)[-1].look,
            boot=BOOT,
            offer="sealed",
            detail=detail,
            max_quantity=most,
            valid_s=valid_s,
            asks_amount=asks_amount,
            others=others,
        )
        return self.hear(offered)

    def refused(self, verdict: Verdict, detail: Detail | None = None) -> tuple[Effect, ...]:
        return self.hear(Refused(look=self.sent(Look)[-1].look, boot=BOOT, verdict=verdict, detail=detail or Detail()))

    def answered(
        self,
        verdict: Verdict = Verdict.REDEEMED,
        *,
        rid: str | None = None,
        undone_by: str | None = None,
        detail: Detail = DONE,
        final: bool = True,
    ) -> tuple[Effect, ...]:
        rid = rid or self.rid
        return self.hear(Answer(rid=rid, verdict=verdict, final=final, detail=detail, undone_by=undone_by))

    def redeem(self, code: str = CODE) -> str:
        """Bring the counter from rest to a redemption that waits for its answer; return its rid."""
        self.scan(code)
        self.offered()
        self.press()
        return self.rid

    # --- what came of it

    @property
    def view(self) -> View:
        """What is shown now."""
        return self.wanted(Show)[-1].view

    @property
    def lines(self) -> list[str]:
        """The words of it."""
        return [line.text for line in self.view.lines]

    @property
    def rid(self) -> str:
        """The newest redemption."""
        return self.wanted(Mint)[-1].intent.rid

    def sent(self, kind: type[MessageT]) -> list[MessageT]:
        return [effect.message for effect in self.wanted(Send) if isinstance(effect.message, kind)]

    def wanted(self, kind: type[EffectT]) -> list[EffectT]:
        return [effect for effect in self.effects if isinstance(effect, kind)]

    def confirms(self) -> list[Confirm]:
        return self.sent(Confirm)
