"""A console in a history: a page in a browser, with the shipped requester's machine and no disk under it.

A page can lie open for long with an offer on it, and be closed with a request under way: then its gateway ends that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from protocol import requester
from protocol.messages import Action, Answer, Confirm, Intent, Look, Method, Notice, Offered
from protocol.vocabulary import Verdict
from simulator.histories.faults import Fault, State
from simulator.histories.net import Line
from simulator.histories.party import Party

if TYPE_CHECKING:
    from collections.abc import Sequence

    from protocol.messages import GatewayMessage, Resolve
    from protocol.requester import Request
    from simulator.histories.gateway import Gateway
    from simulator.histories.party import Stage

#: How often the page asks again what a code is worth, and how often it does.
LOOK_S = 2.0
LOOKS = 4
#: How long an offer lies on the page before it is confirmed, seconds: mostly a moment, sometimes over lunch.
MOMENT_S = (0.3, 3.0)
LUNCH_S = (45.0, 80.0)
LUNCHES = 0.2
#: How many give up what does not end, and how soon.
GIVE_UP = 0.3
GIVE_UP_S = (0.5, 9.0)
GIVEN_UP = "cancelled on the page"


class Page(Party):
    """One page, and the person before it."""

    def __init__(self, stage: Stage, name: str, gateway: Gateway, rate: float) -> None:
        """Keep its gateway, and the rate of its clock."""
        super().__init__(stage, name, rate)
        self.gateway = gateway
        self.line = Line(stage)

    def start(self) -> None:
        """Open the page anew; nothing of the last one is left."""
        super().start()
        self.gateway.ways[self.name] = self._send_down
        self.requests: dict[str, Request] = {}
        self._look = 0
        self.busy_until = 0.0
        """When whoever looks at an offer will have made up their mind."""
        self._quantity = 1
        self._code: str | None = None
        self._lingers = False

    @property
    def store(self) -> str:
        """Where whoever sits before it is."""
        return self.gateway.places[self.name].store

    @property
    def looking_at(self) -> str | None:
        """The code that is being looked at."""
        return self._code

    def present(self, code: str, quantity: int) -> None:
        """Type a code in."""
        if self.up:
            self._look += 1
            self._code, self._quantity = code, quantity
            self._ask(self._look, LOOKS)

    def linger(self, code: str) -> None:
        """Type a code in, and go to lunch before it is confirmed."""
        self._lingers = self.up
        self.present(code, 1)

    def undo(self, rid: str) -> None:
        """Ask for a redemption to be undone."""
        if self.up:
            entropy = self.world.random.randbytes(16).hex()
            self._begin(Intent(rid=entropy, action=Action.UNDO, undoes=rid, method=Method.WEB))

    def give_up(self) -> None:
        """Press "cancel" on everything that is open."""
        for rid, request in list(self.requests.items()):
            if self.up and request.is_open:
                self.faults.met(Fault.GIVEN_UP, rid)
                self.oracle.gave_up(rid)
                self._follow(requester.give_up(request, self.clock.now(), GIVEN_UP))

    def hear(self, run: int, message: GatewayMessage) -> None:
        """Take a message from the gateway."""
        if not self.up or run != self.runs:
            return
        if isinstance(message, Offered) and message.look == self._look and self._code is not None:
            code, self._code = self._code, None
            lunch, self._lingers = self._lingers or self.world.random.random() < LUNCHES, False
            thinking_s = self.world.random.uniform(*LUNCH_S if lunch else MOMENT_S)
            self.busy_until = self.world.now + thinking_s
            self.after(thinking_s, self._confirm, code, message)
        elif isinstance(message, Answer) and message.rid in self.requests:
            self.oracle.heard(message, self.runs)
            before = self.requests[message.rid]
            given_up = before.reason == GIVEN_UP
            self._follow(requester.heard(before, message))
            if before.is_open and message.final:
                self._end(message, given_up=given_up)
        elif isinstance(message, Notice) and message.verdict is Verdict.FAULT and message.rid in self.requests:
            turned = requester.turned_away(self.requests[message.rid], self.clock.now(), message.hint or "")
            if turned[1]:
                self._follow(turned)

    def _ask(self, look: int, times: int) -> None:
        if look == self._look and self._code is not None and times > 0:
            message = Look(look=look, boot=f"{self.name}-{self.runs}", code=self._code, method=Method.WEB)
            self.line.carry(None, self.gateway.take, self.name, message)
            self.after(LOOK_S, self._ask, look, times - 1)

    def _confirm(self, code: str, message: Offered) -> None:
        rid = self.world.random.randbytes(16).hex()
        quantity = min(self._quantity, message.max_quantity)
        self._begin(Intent(rid=rid, code=code, quantity=quantity, offer=message.offer, method=Method.WEB))

    def _begin(self, intent: Intent) -> None:
        if self.world.random.random() < GIVE_UP:
            self.after(self.world.random.uniform(*GIVE_UP_S), self.give_up)
        rivals = self.oracle.confirmed(intent, self.name, self.runs, self.gateway.name)
        self.faults.met_by_all(Fault.RIVAL, rivals)
        self._follow(requester.confirm(intent, self.clock.now()))

    def _follow(self, step: requester.Step) -> None:
        request, effects = step
        self.requests[request.rid] = request
        self._carry_out(effects)
        if request.is_open:
            self.when(request.send_at, self._tick, request.rid)

    def _tick(self, rid: str) -> None:
        stepped, effects = requester.tick(self.requests[rid], self.clock.now())
        if effects:
            self._follow((stepped, effects))

    def _carry_out(self, effects: Sequence[requester.Effect]) -> None:
        for effect in effects:
            if isinstance(effect, requester.Send):
                self._send_up(effect.message)

    def _send_up(self, message: Confirm | Resolve) -> None:
        rid = message.intent.rid
        self.world.tell(self.name, "sends %s %s", type(message).__name__, rid[:4])
        self.oracle.left(message, self.runs, on_disk=True)
        self.line.carry(rid, self.gateway.take, self.name, message)

    def _send_down(self, message: GatewayMessage) -> None:
        self.line.carry(getattr(message, "rid", None), self.hear, self.runs, message)

    def _end(self, answer: Answer, *, given_up: bool) -> None:
        self.oracle.advance(answer.rid, State.ANSWERED)
        self.world.tell(self.name, "shows %s %s", answer.rid[:4], answer.verdict)
        if answer.verdict is Verdict.REDEEMED and answer.undone_by is None and not given_up:
            self.oracle.green(answer.rid, answer, self.runs)
        self.oracle.advance(answer.rid, State.SETTLED)
