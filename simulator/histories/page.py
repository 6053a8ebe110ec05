"""A console in a history: a page in a browser, with the shipped requester's machine and one call at a time for a rid.

A page can lie open for long with an offer on it. Reloaded, it still has what it asked for (rule 9); closed with a
request under way, it leaves that to its gateway. ``gateway/console/static/requester.js`` is the one that ships.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.console.pages import REQUESTER
from protocol import requester
from protocol.messages import Action, Answer, Confirm, Intent, Look, Method, Offered
from protocol.vocabulary import Verdict
from simulator.histories.faults import Fault, State
from simulator.histories.net import Line, Question
from simulator.histories.party import Party

if TYPE_CHECKING:
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
#: How many of the pages that go away were only reloaded.
RELOADED = 0.6
#: How long a page waits for the answer to a RESOLVE, seconds.
PATIENCE_S = REQUESTER["patience_s"]


class Page(Party):
    """One page, and the person before it."""

    def __init__(self, stage: Stage, name: str, gateway: Gateway, rate: float) -> None:
        """Keep its gateway, and the rate of its clock."""
        super().__init__(stage, name, rate)
        self.gateway = gateway
        self.line = Line(stage)
        self.requests: dict[str, Request] = {}

    def start(self) -> None:
        """Open the page anew; where it was only reloaded, the ends of what was open are asked for."""
        super().start()
        self.gateway.ways[self.name] = self._send_down
        kept = [request for request in self.requests.values() if request.is_open]
        if self.world.random.random() >= RELOADED:
            kept = []  # the tab was closed
        self.requests = {}
        self._here: set[str] = set()
        """What was begun on this page, and not given up: whoever it was for still stands there."""
        self._calls: dict[str, Question] = {}
        self._look = 0
        self.busy_until = 0.0
        """When whoever looks at an offer will have made up their mind."""
        self._quantity = 1
        self._code: str | None = None
        self._lingers = False
        for request in kept:
            self._follow(requester.restart(request.intent, self.clock.now()))

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
                self._here.discard(rid)
                self._follow(requester.give_up(request, self.clock.now(), GIVEN_UP))

    def hear(self, run: int, message: GatewayMessage) -> None:
        """Take what the gateway says of a look."""
        if not self.up or run != self.runs:
            return
        if isinstance(message, Offered) and message.look == self._look and self._code is not None:
            code, self._code = self._code, None
            lunch, self._lingers = self._lingers or self.world.random.random() < LUNCHES, False
            thinking_s = self.world.random.uniform(*LUNCH_S if lunch else MOMENT_S)
            self.busy_until = self.world.now + thinking_s
            self.after(thinking_s, self._confirm, code, message)

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
        self._here.add(intent.rid)
        self._follow(requester.confirm(intent, self.clock.now()))

    # --- calls ------------------------------------------------------------------------------------------------------

    def _follow(self, step: requester.Step) -> None:
        request, effects = step
        self.requests[request.rid] = request
        for effect in effects:
            if isinstance(effect, requester.Send):
                self._call(request, effect.message)

    def _call(self, request: Request, message: Confirm | Resolve) -> None:
        """Ask, and ask no more while an answer is waited for; what was asked before is not listened to any more."""
        rid = request.rid
        self.world.tell(self.name, "sends %s %s", type(message).__name__, rid[:4])
        self.oracle.left(message, self.runs, on_disk=True)
        run = self.runs
        call = Question(self.line, rid, lambda said: self.do(run, self._answered, (rid, call, said)))
        self._calls[rid] = call
        self.line.carry(rid, self.gateway.call, self.name, message, call)
        asking_until = request.asking_until if isinstance(message, Confirm) else None
        self.when(self.clock.now() + PATIENCE_S if asking_until is None else asking_until, call.give_up)

    def _answered(self, rid: str, call: Question, said: object) -> None:
        """Take what a call has brought: only the owner's answer counts, everything else is asked again."""
        if self._calls.get(rid) is not call:
            return
        del self._calls[rid]
        request = self.requests[rid]
        if isinstance(said, Answer):
            self.oracle.heard(said, self.runs)
            self._follow(requester.heard(request, said))
            if request.is_open and said.final and said.rid == rid:
                self._end(said)
                return
        self.when(max(self.clock.now(), request.send_at), self._tick, rid)

    def _tick(self, rid: str) -> None:
        if rid not in self._calls:
            self._follow(requester.tick(self.requests[rid], self.clock.now()))

    def _send_down(self, message: GatewayMessage) -> None:
        """Carry what the gateway says of this page: of a look, or, to the calls that wait for it, of a redemption."""
        if isinstance(message, Answer):
            self.gateway.counter.ended(message)
        else:
            self.line.carry(None, self.hear, self.runs, message)

    def _end(self, answer: Answer) -> None:
        self.oracle.advance(answer.rid, State.ANSWERED)
        self.world.tell(self.name, "shows %s %s", answer.rid[:4], answer.verdict)
        if answer.verdict is Verdict.REDEEMED and answer.undone_by is None and answer.rid in self._here:
            self.oracle.green(answer.rid, answer, self.runs)
        self.oracle.advance(answer.rid, State.SETTLED)
