"""Where a counter stands: one phase that the screen shows, and what goes on beside it.

Values only. A redemption lives in ``Counter.tickets`` from its OK until its answer has been seen, whatever the screen
shows meanwhile: no phase can lose it.
"""

from __future__ import annotations

import math
from enum import StrEnum
from typing import TYPE_CHECKING, TypeAlias

from device.view import LinkState
from protocol.messages import Detail, Method
from protocol.values import Value, replace

if TYPE_CHECKING:
    from device.counter.digits import Digits
    from device.counter.effects import Effect
    from device.counter.purposes import Purpose
    from device.counter.style import Style
    from device.counter.timing import Timing
    from device.view import View
    from protocol.duty import Done, OnDuty, OwnDay
    from protocol.messages import Answer, ClerkMessage, Intent, Offered, Settled
    from protocol.requester import Request
    from protocol.vocabulary import Verdict


class CameraState(StrEnum):
    """What is known of the camera."""

    STARTING = "starting"
    READY = "ready"
    FAULT = "fault"


NO_DETAIL = Detail()


class Manner(StrEnum):
    """What a result says beyond its verdict."""

    PLAIN = "plain"
    CANCELLED = "cancelled"
    LAPSED = "lapsed"
    PARKED = "parked"
    DISPUTED = "disputed"
    NOTHING_SPENT = "nothing_spent"
    NOT_SIGNED_IN = "not_signed_in"
    NOT_UNDONE = "not_undone"
    NOTHING_TO_UNDO = "nothing_to_undo"
    NOT_TOLD = "not_told"
    CODE_SPENT = "code_spent"
    PIN_SET = "pin_set"
    PIN_UNSURE = "pin_unsure"
    NO_MANAGER = "no_manager"


# --- what the screen is about ---------------------------------------------------------------------------------------


class Starting(Value, frozen=True):
    """Until the camera has said whether it works."""

    until: float


class Idle(Value, frozen=True):
    """At rest: show a code. A question that waits comes up at ``question_at``."""

    question_at: float


class Looking(Value, frozen=True):
    """The gateway is asked what a code is worth."""

    look: int
    code: str
    method: Method
    asked_at: float
    send_at: float
    until: float
    slow: bool = False
    asks: ClerkMessage | None = None
    """What is asked instead, where it is not about a code."""
    approves: Offering | None = None
    """What is to be approved."""


class Offering(Value, frozen=True):
    """What the code is worth is on the screen; OK redeems it."""

    code: str
    method: Method
    offer: Offered
    since: float
    until: float
    seconds_left: int
    quantity: int = 1

    @property
    def most(self) -> int:
        """How many can be redeemed at one press: uses of the one voucher, or vouchers of one order."""
        return max(self.offer.max_quantity, 1 + len(self.offer.others))


class Pending(Value, frozen=True):
    """A redemption's end is not known yet; the goods stay on the counter."""

    rid: str
    """The redemption; of several at one press the first."""
    slow_at: float
    choice_at: float
    slow: bool = False
    choice: bool = False
    """Whether the clerk may choose between waiting on and giving up."""


class Outcome(Value, frozen=True, kw_only=True):
    """An answer to show. With a rid it is that redemption's final answer (PARKED: its number)."""

    verdict: Verdict
    detail: Detail = NO_DETAIL
    manner: Manner = Manner.PLAIN
    rid: str | None = None
    code: str | None = None
    """The code that was answered; None where it is not kept."""
    together: tuple[int, int] | None = None
    """How many of how many were redeemed, where not all of those that were confirmed at one press."""


class Result(Value, frozen=True):
    """An answer stands on the screen."""

    outcome: Outcome
    since: float
    until: float
    unseen: bool = False
    """Whether it still has to be shown for its time, or acknowledged, before it counts as seen."""


class Question(Value, frozen=True):
    """It is asked whether what this rid redeemed was handed over."""

    rid: str


class Typing(Value, frozen=True):
    """A clerk sets number or PIN with the buttons; given up at ``until``."""

    entry: Digits
    until: float
    purpose: Purpose


class Choosing(Value, frozen=True):
    """A clerk chooses what to undo, then why; given up at ``until``."""

    done: tuple[Done, ...]
    since: float
    until: float
    shown_at: float
    at: int = 0
    reason: int | None = None
    """Which of the fixed reasons; None while the redemption is chosen."""

    @property
    def minutes_left(self) -> int:
        """For how many minutes more the one that is shown can be undone, begun ones counted."""
        return max(0, math.ceil((self.done[self.at].left_s - (self.shown_at - self.since)) / 60))


class Undoing(Value, frozen=True):
    """What is about to be undone is on the screen; OK undoes it."""

    undoes: str
    reason: str
    offer: Offered
    since: float
    until: float
    seconds_left: int


class Leaving(Value, frozen=True):
    """It is asked whether the clerk who is signed in goes."""

    until: float


class Reviewing(Value, frozen=True):
    """A clerk pages through the day's own redemptions; given up at ``until``."""

    day: OwnDay
    until: float
    at: int = 0
    """Which of them is shown, counted from 1; 0: the totals."""


class OutOfService(Value, frozen=True):
    """The kiosk may not serve, or must not. ``lasting``: a welcome does not end it."""

    verdict: Verdict
    hint: str | None = None
    lasting: bool = False


class EnteringCode(Value, frozen=True):
    """A voucher's code is set with the buttons; given up at ``until``."""

    entry: Digits
    until: float


class EnteringAmount(Value, frozen=True):
    """What was received is set with the buttons, for an offer that is confirmed with it."""

    entry: Digits
    offering: Offering

    @property
    def until(self) -> float:
        """When the offer lapses."""
        return self.offering.until


#: Where something is set with a wheel.
AtWheel: TypeAlias = Typing | EnteringCode | EnteringAmount
ByButtons: TypeAlias = AtWheel | Leaving | Reviewing | Choosing | Undoing
Phase: TypeAlias = Starting | Idle | Looking | Offering | Pending | Result | Question | ByButtons | OutOfService


# --- what goes on beside it -------------------------------------------------------------------------------------------


class Ticket(Value, frozen=True, kw_only=True):
    """A redemption from its OK until its answer has been seen."""

    request: Request
    tail: str
    group: str | None = None
    """The first rid of those that were confirmed at the same press; None where it was the only one."""
    confirmed_here: bool
    """OK was pressed in this run of the kiosk; only then, and while it stays on the screen, can it turn green."""
    parked: bool = False
    green: bool = False
    """Its success was shown to the customer in this run, if only for a moment: then nobody is asked about it here."""
    handed_over: bool = False
    """That it was accepted offline was seen in this run, and the goods were handed over on that word."""

    @property
    def rid(self) -> str:
        """The redemption id."""
        return self.request.rid


class Kept(Value, frozen=True, kw_only=True):
    """A redemption as the journal kept it over a restart: open, or ended and not seen."""

    intent: Intent
    tail: str
    answer: Answer | None = None
    parked: bool = False
    forgone: bool = False


class Report(Value, frozen=True):
    """A SETTLED that the gateway may not have got."""

    message: Settled
    sent_at: float


class Setup(Value, frozen=True, kw_only=True):
    """What stays the same for one run of a kiosk."""

    boot: str
    """Names this run; an answer to a look of another run is none of ours."""
    software: str
    timing: Timing
    style: Style


class Counter(Value, frozen=True, kw_only=True):
    """The whole state of a counter."""

    setup: Setup
    phase: Phase
    scene: int = 0
    """Rises whenever the screen turns to something new, even where that looks the same."""
    tickets: tuple[Ticket, ...] = ()
    waiting: str | None = None
    """A code still in view that came while the counter was busy with another."""
    looks: int = 0
    camera: CameraState = CameraState.STARTING
    on_duty: OnDuty | None = None
    """Who is signed in, as the gateway said last."""
    clerk_required: bool = False
    clerk_each: bool = False
    """Whether a sign-in is used up by one redemption."""
    testing: bool = False  # whether the store is not live yet
    claim_qr: str = ""  # the store's, where its kiosks show one
    store_name: str | None = None

    link: LinkState = LinkState.DOWN
    link_lost_at: float | None = 0.0
    """Since when the gateway is out of reach; None while it answers."""
    offline_shown: bool = False
    hello_at: float | None = None
    greeted_at: float = 0.0
    welcome_until: float = 0.0
    reports: tuple[Report, ...] = ()

    tidy_at: float | None = None
    """When to tidy the journal, if nobody is being served then; None while it is tidy."""
    view: View | None = None
    shown_scene: int = -1

    @property
    def clerk(self) -> str | None:
        """The number of the clerk who is signed in."""
        return self.on_duty.clerk if self.on_duty else None

    @property
    def timing(self) -> Timing:
        """How long things last here."""
        return self.setup.timing

    def ticket(self, rid: str) -> Ticket | None:
        """Return the redemption of this id; None where it is not, or no longer, on the list."""
        return next((ticket for ticket in self.tickets if ticket.rid == rid), None)

    def confirmed_with(self, ticket: Ticket) -> tuple[Ticket, ...]:
        """Return what was confirmed at one press with a redemption, that one included, in order."""
        return tuple(one for one in self.tickets if one.rid == ticket.rid or (one.group and one.group == ticket.group))

    @property
    def unseen(self) -> tuple[Ticket, ...]:
        """Redemptions that have ended and whose answer was not shown, oldest first.

        A green that the next customer's code took off the screen is not settled: the console asks about it, and this
        kiosk after a restart.
        """
        return tuple(ticket for ticket in self.tickets if not ticket.request.is_open and not ticket.green)

    @property
    def still_open(self) -> tuple[Ticket, ...]:
        """Redemptions whose end is not known."""
        return self.tickets and tuple(ticket for ticket in self.tickets if ticket.request.is_open)


Step: TypeAlias = "tuple[Counter, tuple[Effect, ...]]"


def enter(counter: Counter, phase: Phase) -> Counter:
    """Turn the screen to a new phase."""
    return replace(counter, phase=phase, scene=counter.scene + 1)


def rest(counter: Counter, now: float, pause_s: float = 0.0) -> Counter:
    """Go to rest; whatever waits comes up after ``pause_s``."""
    return enter(counter, Idle(question_at=now + pause_s))


def with_ticket(counter: Counter, ticket: Ticket) -> Counter:
    """Put a redemption on the list, in the place it had."""
    if counter.ticket(ticket.rid) is None:
        return replace(counter, tickets=(*counter.tickets, ticket))
    return replace(counter, tickets=tuple(ticket if one.rid == ticket.rid else one for one in counter.tickets))


def without_ticket(counter: Counter, rid: str) -> Counter:
    """Take a redemption off the list."""
    return replace(counter, tickets=tuple(ticket for ticket in counter.tickets if ticket.rid != rid))
