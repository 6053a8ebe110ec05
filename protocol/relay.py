"""The gateway's side of one redemption: it keeps what it was asked, passes it on, and repeats what the owner said.

A relay decides nothing about a rid. It may only make a redemption less likely: where the gateway would refuse, where
ten seconds have passed, and after its own restart, it sends RESOLVE instead of REQ, and the owner says what became of
the rid (rules 4 and 8 of docs/redemption.md).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from protocol.ids import parking_number
from protocol.messages import Answer, Detail, Intent, Notice
from protocol.upstream import AskRedeem, AskResolve
from protocol.values import Value, replace
from protocol.vocabulary import Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from protocol.leasing import Accepted

#: Seconds that a requester waits for the head office before it is told that the gateway itself has accepted.
TELL_S = 2.0
#: Seconds after it was journalled in which a gateway still relays REQ.
ASKING_S = 10.0
FIRST_RETRY_S = 0.5
LONGEST_RETRY_S = 3.0
#: Why a REQ becomes a RESOLVE where its voucher is promised to somebody else.
PROMISED = "this voucher was accepted offline and is still to be uploaded"
#: Why nobody is told of a success any more of which the owner now says that it was none.
TWO_ENDS = "this gateway was told that it is redeemed, the head office has another end of it: ask the manager"


class Relay(Value, frozen=True, kw_only=True):
    """One rid as its gateway keeps it. The fields down to ``answer`` are journalled; the rest is of this run only."""

    requester: str
    store: str
    """Fixed when the rid is first journalled; a kiosk that is moved later does not take it along (rule 12)."""
    intent: Intent
    terms: int = 0
    closed: bool = False
    """No more REQ for this rid, whatever still comes in."""
    reason: str | None = None
    answer: Answer | None = None
    asking_until: float | None = None
    flying: bool = False
    """Whether a request upstream has not come back yet."""
    retry_at: float | None = None
    retry_s: float = FIRST_RETRY_S
    kept: bool = False
    """Whether this is how the journal has it; before that nobody is told of an end."""
    tell_at: float | None = None
    """When its requester is told that it was accepted here, if the owner's word is not there before."""

    @property
    def is_open(self) -> bool:
        """Whether the owner has not said a final word yet."""
        return self.answer is None or not self.answer.final

    @property
    def accepted(self) -> Accepted | None:
        """What this gateway has accepted by itself under a lease (``protocol.lease``), or another did before it."""
        return None if self.answer is None or self.answer.final else self.answer.accepted


class Write(Value, frozen=True):
    """Write the relay to the journal.

    ``durable``: it is on disk before the next effect; else it may ride with a later one.
    """

    relay: Relay
    durable: bool = True
    claim: bool = False
    """Together with the uses that were accepted, which nobody else can claim in this journal then."""


class Ask(Value, frozen=True):
    """Send this upstream, once; report back with ``heard`` or ``unheard``."""

    message: AskRedeem | AskResolve


class Reply(Value, frozen=True):
    """Answer the requester."""

    message: Answer | Notice


Effect = Write | Ask | Reply
Step = tuple[Relay, "Sequence[Effect]"]


def take_confirm(known: Relay | None, asked: Relay, objection: str | None, now: float) -> Step:
    """Take a REQ.

    ``asked`` is the relay as it would be journalled, ``objection`` why the gateway would not begin it. The rid is
    looked up before any business check: an objection counts only for a rid that is not known yet. Where the gateway
    accepts it under a lease, ``asked`` carries that answer: it is the owner then, and no REQ leaves.
    """
    if known is not None:
        return _again(known, asked, close=False, now=now)
    if asked.accepted is not None:
        fresh = replace(asked, closed=True, tell_at=now + TELL_S)
        return _ask(fresh, now, first=(Write(fresh, claim=True),))
    fresh = replace(asked, asking_until=now + ASKING_S, closed=objection is not None, reason=objection)
    return _ask(fresh, now, first=(Write(fresh),))


def take_resolve(known: Relay | None, asked: Relay, reason: str | None, now: float) -> Step:
    """Take a RESOLVE: from now on no REQ leaves for this rid, and that is on disk before the owner is asked.

    ``asked`` carries what the requester knows to have been accepted: by this gateway, whose journal may have lost it,
    or by the one where the kiosk stood before.
    """
    if known is not None:
        if known.is_open and known.accepted is None and asked.accepted is not None:
            known = replace(known, answer=asked.answer, closed=False)
        return _again(known, asked, close=True, now=now, reason=reason)
    fresh = replace(asked, closed=True, reason=reason)
    return _ask(fresh, now, first=(Write(fresh),))


def give_way(of_code: Sequence[Relay], now: float) -> list[Step]:
    """Let what is open for a code give way to what was accepted for it offline: a REQ could spend the promised use.

    A gateway whose journal was put back learns of that late, and may have begun with somebody else meanwhile.
    """
    if all(relay.accepted is None for relay in of_code):
        return []
    rivals = (relay for relay in of_code if relay.is_open and not relay.closed and relay.accepted is None)
    return [_again(relay, relay, close=True, now=now, reason=PROMISED) for relay in rivals]


def restart(relay: Relay, now: float) -> Step:
    """Take up a rid found open in the journal: how long it lay there nobody knows, so only its end is asked for."""
    return _ask(replace(relay, closed=True, asking_until=None, reason=relay.reason or "gateway restarted"), now)


def heard(relay: Relay, answer: Answer | Notice, now: float) -> Step:
    """Take the owner's word. A final answer is kept and passed down; a pending one is passed down and asked again."""
    landed = replace(relay, flying=False)
    if not relay.is_open:
        return _heard_again(landed, answer)
    if isinstance(answer, Notice):
        # What the head office says about a message ends no rid; the requester goes on waiting.
        return _later(landed, now), ()
    if not answer.final and relay.accepted is not None:
        return _later(landed, now), ()  # the head office takes its time; what was accepted stays so
    if not answer.final:
        return _later(replace(landed, answer=answer), now), (Reply(answer),)
    ended = replace(landed, answer=answer, retry_at=None, kept=False)
    # On disk before anybody is told: where the owner's books are put back, this may be all that still knows of it.
    return ended, (Write(ended), Reply(answer))


def unheard(relay: Relay, now: float) -> Step:
    """Note that the request upstream brought no answer: nothing is known, so nothing is concluded."""
    landed = replace(relay, flying=False)
    return (_later(landed, now), ()) if relay.is_open else (landed, (Write(landed, durable=False),))


def tick(relay: Relay, now: float) -> Step:
    """Ask again, or tell what was accepted, where that is due at ``now`` by its gateway's clock."""
    if relay.tell_at is not None and now >= relay.tell_at:
        return _tell(replace(relay, tell_at=None))
    if relay.retry_at is None or now < relay.retry_at or relay.flying or not relay.is_open:
        return relay, ()
    return _ask(relay, now)


def time_left(relay: Relay, message: AskRedeem | AskResolve, now: float) -> float | None:
    """Return for how long a message may still leave and be waited for, seconds; None: without limit.

    For a REQ none is left once a RESOLVE has come, or the time run out, while the journal was being written.
    """
    if not isinstance(message, AskRedeem):
        return None
    return 0.0 if relay.closed or relay.asking_until is None else max(0.0, relay.asking_until - now)


def has_two_ends(answer: Answer) -> bool:
    """Whether an end says that the rid has two: its owner's, and the one that this gateway was told before."""
    return answer.final and answer.verdict is Verdict.FAULT


def recorded(known: Relay, asked: Relay) -> Answer | Notice:
    """Return what can be said of a known rid without its owner: a contradiction, an end on disk, else that it pends.

    A success is no such end: it may have been undone since (rule 10).
    """
    answer = known.answer
    if _contradicts(known, asked):
        return _contradiction(asked)
    if answer is not None and answer.final and known.kept and not _may_be_undone(answer):
        return answer
    return Answer(rid=known.intent.rid, verdict=Verdict.PENDING, final=False)


def undone(relay: Relay, by: str) -> Step:
    """Note that a rid's uses were given back: from now on its answer says so.

    One that the owner has not ended here will be told so by the owner itself.
    """
    if relay.answer is None or not relay.answer.final:
        return relay, ()
    marked = replace(relay, answer=msgspec.structs.replace(relay.answer, undone_by=by), kept=False)
    return marked, (Write(marked, durable=False),)


def _again(known: Relay, asked: Relay, *, close: bool, now: float, reason: str | None = None) -> Step:
    """Answer a repeat: what is recorded, or another try upstream; a contradiction changes nothing."""
    if _contradicts(known, asked):
        return known, (Reply(_contradiction(asked)),)
    if known.answer is not None and known.answer.final:
        return _repeat(known, known.answer, now)
    told = _tell(known)[1] if known.accepted is not None and known.tell_at is None else ()
    closing = close and not known.closed
    row = replace(known, closed=known.closed or close, reason=known.reason or reason)
    first: tuple[Effect, ...] = (Write(row), *told) if closing else tuple(told)
    if row.flying:
        return row, first
    return _ask(row, now, first=first)


def _contradicts(known: Relay, asked: Relay) -> bool:
    return known.requester != asked.requester or known.intent != asked.intent


def _contradiction(asked: Relay) -> Notice:
    hint = "this rid is recorded with other fields, or for another requester"
    return Notice(verdict=Verdict.FAULT, rid=asked.intent.rid, hint=hint)


def _may_be_undone(answer: Answer) -> bool:
    """Whether an end may have changed elsewhere since: a success, of which nobody has said here that it is undone."""
    return answer.verdict is Verdict.REDEEMED and answer.undone_by is None


def _repeat(known: Relay, answer: Answer, now: float) -> Step:
    """Answer for a rid that has ended: with what is recorded, unless it may have been undone elsewhere since.

    Then only the owner knows (rule 10), and nobody is told of a success until the owner has said it again.
    """
    if not _may_be_undone(answer):
        return known, (Reply(answer),) if known.kept else (Write(known), Reply(answer))
    return (known, ()) if known.flying else _ask(replace(known, closed=True), now)


def _heard_again(relay: Relay, answer: Answer | Notice) -> Step:
    """Take the owner's word on a rid that has ended here: it is passed down; only that it was undone is news.

    A late one of before that is not passed down: what was undone is never shown as a success (rule 10). Where the owner
    has another end neither is: who asks is told that there are two, which ends the asking, and nobody's record changes.
    """
    known = relay.answer
    if known is None or not isinstance(answer, Answer) or not answer.final:
        return relay, (Write(relay, durable=False),)
    same = answer.verdict is known.verdict
    if not same and known.undone_by is None:
        return relay, (Write(relay, durable=not relay.kept), Reply(_two_ends(known)))
    news = same and answer.undone_by is not None
    latest = answer if news or known.undone_by is None else known
    if not news and relay.kept:
        return relay, (Write(relay, durable=False), Reply(latest))
    said = replace(relay, answer=answer if news else known, kept=False)
    return said, (Write(said), Reply(latest))


def _two_ends(known: Answer) -> Answer:
    """Return what is told of a rid whose end here is not the owner's: no success, and by which number to ask."""
    told = known.detail
    detail = Detail(
        title=told.title, code_tail=told.code_tail, at=told.at, reason=TWO_ENDS, case=parking_number(known.rid)
    )
    return Answer(rid=known.rid, verdict=Verdict.FAULT, final=True, detail=detail)


def _tell(relay: Relay) -> Step:
    """Tell the requester what was accepted, once that is on disk."""
    if relay.answer is None or not relay.is_open:
        return relay, ()
    return relay, (Reply(relay.answer),) if relay.kept else (Write(relay), Reply(relay.answer))


def _ask(relay: Relay, now: float, first: tuple[Effect, ...] = ()) -> Step:
    expired = relay.asking_until is None or now >= relay.asking_until
    message: AskRedeem | AskResolve
    if relay.closed or expired:
        message = AskResolve(
            requester=relay.requester,
            store=relay.store,
            intent=relay.intent,
            terms=relay.terms,
            reason=relay.reason,
            accepted=relay.accepted,
        )
    else:
        message = AskRedeem(requester=relay.requester, store=relay.store, intent=relay.intent, terms=relay.terms)
    return replace(relay, flying=True, retry_at=None), (*first, Ask(message))


def _later(relay: Relay, now: float) -> Relay:
    return replace(relay, retry_at=now + relay.retry_s, retry_s=min(relay.retry_s * 2, LONGEST_RETRY_S))
