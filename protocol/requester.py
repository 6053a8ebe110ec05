"""The requester's side of one redemption: a kiosk's, a console's or a till's.

The whole promise of this side is three rules (numbers are those of docs/redemption.md):

* the intent is written, durably, before a byte of it leaves (1), and a repeat never changes it;
* for ten seconds from OK the requester asks for the redemption; after that, after a restart and on giving up it only
  asks how the redemption ended (8): the customer may have left, so nothing new may start;
* only a final answer ends it. Silence, a notice, a closed link end nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from protocol.messages import Answer, Confirm, Intent, Resolve
from protocol.values import Value, replace

if TYPE_CHECKING:
    from collections.abc import Sequence

    from protocol.leasing import Accepted

#: From OK, seconds in which a requester still asks for the redemption itself.
ASKING_S = 10.0
#: Pause before a repeat. Short enough that an answer is there within five seconds of the network's return.
REPEAT_S = 1.0
RESOLVE_REPEAT_S = 3.0
#: The same of what was accepted offline: its goods have left, and the gateway tells its end by itself.
ACCEPTED_REPEAT_S = 30.0


class Request(Value, frozen=True, kw_only=True):
    """One rid as its requester knows it. ``answer`` is the latest; the request is open until that is final."""

    intent: Intent
    asking_until: float | None
    """Monotonic end of the time in which REQ may be sent; None where only RESOLVE may."""
    send_at: float
    answer: Answer | None = None
    reason: str | None = None
    forgone: bool = False
    """Whether no word that it was accepted offline counts any more: its gateway knows nothing of it (rule 11)."""

    @property
    def rid(self) -> str:
        """The redemption id."""
        return self.intent.rid

    @property
    def is_open(self) -> bool:
        """Whether no final answer is there yet."""
        return self.answer is None or not self.answer.final

    @property
    def accepted(self) -> Accepted | None:
        """What a gateway has accepted of it as the owner, while that is all that is known."""
        return self.answer.accepted if self.answer is not None and self.is_open else None


class Write(Value, frozen=True):
    """Write the request to the journal; it is on disk before the next effect is carried out."""

    request: Request


class Forgo(Value, frozen=True):
    """Write to the journal that the request is forgone; where it cannot be, no RESOLVE that says so may leave."""

    request: Request


class Send(Value, frozen=True):
    """Hand this message to the link; it may be lost."""

    message: Confirm | Resolve


Effect = Write | Forgo | Send
Step = tuple[Request, "Sequence[Effect]"]


def confirm(intent: Intent, now: float) -> Step:
    """Begin a redemption that has just been confirmed, with a fresh rid."""
    request = Request(intent=intent, asking_until=now + ASKING_S, send_at=now + REPEAT_S)
    return request, (Write(request), Send(Confirm(intent=intent)))


def restart(intent: Intent, now: float, accepted: Answer | None = None, *, forgone: bool = False) -> Step:
    """Take up a rid found open in the journal, accepted offline or forgone: only its end is asked for."""
    request = Request(
        intent=intent,
        asking_until=None,
        send_at=now + RESOLVE_REPEAT_S,
        answer=accepted,
        reason="restarted",
        forgone=forgone,
    )
    return request, (Send(_resolve(request)),)


def tick(request: Request, now: float) -> Step:
    """Repeat what is due at monotonic time ``now``."""
    if not request.is_open or now < request.send_at:
        return request, ()
    return _send(request, now)


def reconnected(request: Request, now: float) -> Step:
    """Ask at once, because the link has just come back."""
    return _send(request, now) if request.is_open else (request, ())


def give_up(request: Request, now: float, reason: str) -> Step:
    """Stop asking for the redemption and ask how it ended; the answer may well be that it was redeemed."""
    if not request.is_open or request.asking_until is None:
        return request, ()
    return _send(replace(request, asking_until=None, reason=reason), now)


def turned_away(request: Request, now: float, reason: str) -> Step:
    """Ask only for the end of what its gateway says it has not begun, and cannot begin any more.

    A gateway that had accepted it offline, and whose journal was put back since, says so too. Where its word on that is
    not here by now it comes too late: it is forgone, for good, and only then does the owner hear of this rid.
    """
    if not request.is_open or request.accepted is not None or request.forgone:
        return request, ()
    request, resolve = _send(replace(request, asking_until=None, reason=reason, forgone=True), now)
    return request, (Forgo(request), *resolve)


def not_forgone(request: Request) -> Request:
    """Take back what could not be written down; its gateway will say again that it has not begun it."""
    return replace(request, forgone=False)


def not_accepted(request: Request) -> Request:
    """Take back an acceptance that could not be written down; its gateway will say it again when it is asked."""
    return replace(request, answer=None)


def heard(request: Request, answer: Answer) -> Step:
    """Take an answer to this rid. A final one is written down and is never replaced by another.

    So is that it was accepted offline, once: from then on every RESOLVE says so, to whichever gateway it comes, and
    none of them makes a tombstone of it.
    """
    if answer.rid != request.rid or not request.is_open:
        return request, ()
    if not answer.final and (request.accepted is not None or (request.forgone and answer.accepted is not None)):
        return request, ()
    taken = replace(request, answer=answer)
    if taken.accepted is not None:
        taken = replace(taken, asking_until=None, reason="accepted offline")
    return taken, (Write(taken),) if answer.final or taken.accepted is not None else ()


def _send(request: Request, now: float) -> Step:
    if request.asking_until is not None and now < request.asking_until:
        again = replace(request, send_at=min(now + REPEAT_S, request.asking_until))
        return again, (Send(Confirm(intent=request.intent)),)
    reason = request.reason or "no answer in time"
    pause_s = RESOLVE_REPEAT_S if request.accepted is None else ACCEPTED_REPEAT_S
    again = replace(request, asking_until=None, reason=reason, send_at=now + pause_s)
    return again, (Send(_resolve(again)),)


def _resolve(request: Request) -> Resolve:
    return Resolve(intent=request.intent, reason=request.reason, accepted=request.accepted, forgone=request.forgone)
