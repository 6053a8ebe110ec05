"""The owner's side where a platform owns the voucher: it can be asked, cannot be undone, and knows no request key.

WeChat cards are of this class. A consume that was not answered may have landed, or may land later, and no query tells
whose it was. So (rules 5 to 8 of docs/redemption.md):

* the platform is asked first, and only its answer to the newest question, in time, lets a consume leave;
* the claim and the attempt's number are on disk, in one commit, before the consume leaves;
* "no" to the only consume that ever left is the end; after one that was not answered, "no" ends nothing;
* then the platform's event, its record or a person says whose it was. Green is never inferred.

A case is what the books keep of a rid; each function is one transaction on it, by whichever process gets there first.
``now`` is seconds of the books' clock, which may be set; it only decides when something is tried again, or given up of
which nothing has left. What safety hangs on is counted by the monotonic clock of the process that has waited.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

import msgspec

from protocol.messages import Answer, Detail, Intent, Notice
from protocol.upstream import AskRedeem, AskResolve
from protocol.values import Value, replace
from protocol.vocabulary import Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

#: An answer to a query counts where it took no longer; after that the platform is asked again.
QUERY_S = 3.0
#: After the claim, how long a platform that does not answer is asked again.
BEGIN_S = 10.0
#: After the claim, when a rid is aborted that nobody has driven: its consume has not left.
ABORT_S = 60.0
#: Counted from before its attempt is on disk, a consume leaves within so long or never, and is answered within it or
#: counts as unanswered; the pause before the next attempt doubles up to the longest.
CONSUME_S = 5.0
LONGEST_PAUSE_S = 60.0
#: Between two questions about what restored books have forgotten, which may have to wait for another rid.
LONGEST_ASKING_S = 10.0
#: No consume can still be under way after so long. Before that nobody can say that it spent nothing.
QUIET_S = 60.0

_NO_DETAIL = Detail()
#: Of a voucher that another rid is at, these may be otherwise once that has ended.
_MAY_CHANGE = frozenset({Verdict.REDEEMABLE, Verdict.NOT_ENOUGH_USES, Verdict.USES_EXHAUSTED})


class Phase(StrEnum):
    """How far a case has come."""

    CLAIMED = "claimed"
    """The platform is asked what the code is worth; no consume has left."""
    SENT = "sent"
    """A consume has left, as far as anybody can know."""
    OPEN = "open"
    """It cannot be known from answers any more whether this rid has spent the use: the attribution is open."""
    ENDED = "ended"


class Case(Value, frozen=True, kw_only=True):
    """One rid at a platform, as the books keep it."""

    requester: str
    store: str
    intent: Intent
    claimed_at: float
    phase: Phase = Phase.CLAIMED
    queries: int = 0
    """Number of the newest query."""
    attempts: int = 0
    """Consumes that have left, as far as anybody can know; one that restored books have forgotten counts (rule 11)."""
    left_at: float
    """When the newest query or consume left."""
    voucher: str | None = None
    """The platform's own name of the voucher, from the precheck: codes can be written in more than one way."""
    single: bool = True
    """Whether the voucher has one use. Only then a second consume can do no harm, and an event leaves no doubt."""
    detail: Detail = _NO_DETAIL
    answer: Answer | None = None

    @property
    def rid(self) -> str:
        """The redemption id."""
        return self.intent.rid

    @property
    def forgotten(self) -> bool:
        """Whether the books were put back, and what has left of this rid since then is not in them."""
        return self.phase is Phase.CLAIMED and self.attempts > 0

    @property
    def claims(self) -> bool:
        """Whether this case keeps others from its voucher; the books let one case a voucher do so."""
        spent = self.answer is not None and self.answer.verdict is Verdict.REDEEMED and self.single
        return self.voucher is not None and (self.phase is not Phase.ENDED or spent)


class Seen(Value, frozen=True, kw_only=True):
    """What a query says a code is worth here and now: the platform's word and the chain's own rules together."""

    verdict: Verdict
    voucher: str
    uses: int = 1
    """Uses that the voucher was sold with."""
    detail: Detail = _NO_DETAIL


class Write(Value, frozen=True):
    """Commit the case, its claim with it; nothing after this is done before."""

    case: Case


class Query(Value, frozen=True):
    """Ask the platform what the code is worth; report with ``checked`` under this number."""

    number: int


class Consume(Value, frozen=True):
    """Send the consume, once, with nothing between that could repeat it; report its answer with ``consumed``."""

    attempt: int


class Reply(Value, frozen=True):
    """Tell whoever asks."""

    message: Answer | Notice


Effect = Write | Query | Consume | Reply
Step = tuple[Case, "Sequence[Effect]"]


def take(known: Case | None, ask: AskRedeem | AskResolve, now: float) -> Step:
    """Take a REQ or a RESOLVE. The rid is looked up first; a RESOLVE ends a rid whose consume has not left."""
    if known is None:
        case = _fresh(ask, now)
        if isinstance(ask, AskResolve):
            return _end(case, Verdict.ABORTED, Detail(reason=ask.reason))
        return _query(case, now)
    if known.requester != ask.requester or known.intent != ask.intent:
        hint = "this rid is recorded with other fields, or for another requester"
        return known, (Reply(Notice(verdict=Verdict.FAULT, rid=ask.intent.rid, hint=hint)),)
    if known.answer is not None:
        return known, (Reply(known.answer),)
    if isinstance(ask, AskResolve) and known.phase is Phase.CLAIMED and not known.forgotten:
        return _end(known, Verdict.ABORTED, Detail(reason=ask.reason))
    return known, (Reply(Answer(rid=known.rid, verdict=Verdict.PENDING, final=False)),)


def refused(ask: AskRedeem | AskResolve, why: Answer, now: float) -> Step:
    """Take a REQ that the chain itself lets not begin, of a rid that is not known: it is in the books all the same."""
    return _end(_fresh(ask, now), why.verdict, why.detail)


def presume(requester: str, store: str, intent: Intent, now: float) -> Case:
    """Return the case of a rid that restored books have lost: an attempt counts as having left without an answer."""
    return Case(requester=requester, store=store, intent=intent, claimed_at=now, left_at=now, attempts=1)


def recalled(known: Case, answer: Answer) -> Case:
    """Return a case that had ended in what restored books have lost: a voucher's only use stays that rid's.

    Without its claim an event, or a person who reads the platform's record, would find another rid in its place. The
    answer tells of uses that are left where the voucher has more than one.
    """
    single = answer.detail.uses_left is None
    return replace(known, phase=Phase.ENDED, answer=answer, voucher=answer.voucher or known.voucher, single=single)


def outdone(case: Case, by: Case) -> Step:
    """End a case whose voucher's only use is another's, as restored books learn from a gateway's journal."""
    return _end(case, Verdict.ALREADY_REDEEMED, by.answer.detail if by.answer else _NO_DETAIL)


def judged(seen: Seen, holder: Case | None) -> tuple[Verdict, Detail]:
    """Return what a code is worth beside the rid that claims its voucher, with what a person wants to know of it.

    That uses are wanting is only said where spent ones alone are in the way; else it is ``busy`` (rule 3). The platform
    may answer from before a use that the books know of.
    """
    if holder is None:
        return seen.verdict, seen.detail
    if holder.answer is None:
        return Verdict.BUSY if seen.verdict in _MAY_CHANGE else seen.verdict, seen.detail
    if seen.verdict in {Verdict.REDEEMABLE, Verdict.ALREADY_REDEEMED}:
        return Verdict.ALREADY_REDEEMED, holder.answer.detail
    return seen.verdict, seen.detail


def checked(  # noqa: PLR0913 - what there is to know about an answer
    case: Case, seen: Seen, holder: Case | None, now: float, *, query: int, took_s: float
) -> Step:
    """Take the answer to the query of this number, which took so long by the clock of the process that asked.

    ``holder`` is the case that claims the voucher which the answer names, if one does. An answer to an older query, in
    another phase or out of time is thrown away.
    """
    if case.phase is not Phase.CLAIMED or query != case.queries or took_s > QUERY_S:
        return case, ()
    holder = holder if holder is None or holder.rid != case.rid else None
    verdict, detail = judged(seen, holder)
    if case.forgotten:
        return _remember(case, seen, holder, now)
    if verdict is not Verdict.REDEEMABLE:
        return _end(case, verdict, detail)
    return _consume(replace(case, voucher=seen.voucher, single=seen.uses == 1, detail=seen.detail), now)


def consumed(case: Case, attempt: int, verdict: Verdict) -> Step:
    """Take a definite answer to the consume of this number: REDEEMED, or why the platform refuses it.

    Books that were put back may know of fewer consumes than have left; then "no" to a later one is not to the only one.
    """
    if case.phase is Phase.ENDED:
        return case, ()
    if verdict is Verdict.REDEEMED or (attempt == case.attempts == 1 and not case.forgotten):
        return _end(case, verdict, case.detail)
    left = replace(case, attempts=max(case.attempts, attempt))
    if left.forgotten:
        return left, (Write(left),)
    return _open(left)


def reminded(case: Case, of: Case, holder: Case | None) -> Case:
    """Return a case as books have it that were put back after a consume had left; ``of`` is what it was by then.

    Consumes that they count may be others of the same numbers: those of before count beside them, so that none of them
    was the only one. ``holder`` is the case that claims the voucher there, if one does.
    """
    counted = replace(case, attempts=case.attempts + of.attempts)
    if case.phase is not Phase.CLAIMED or holder is not None:
        return counted
    return replace(counted, voucher=of.voucher, single=of.single, detail=of.detail)


def reported(case: Case, *, ours: bool) -> Step:
    """Take the platform's event that the voucher was consumed, by this chain or by somebody else."""
    if case.phase not in {Phase.SENT, Phase.OPEN} or not case.single:
        return case, ()
    return _end(case, Verdict.REDEEMED if ours else Verdict.ALREADY_REDEEMED, case.detail)


def decided(case: Case, verdict: Verdict, reason: str, watched_s: float) -> Step:
    """Take the word of the platform's record, or of a person who has read it; ``reason`` says whose word and why.

    That nothing was spent is only taken once no consume can be under way any more: once the process that takes it has
    itself known the case to be open for ``watched_s``, by its monotonic clock.
    """
    if case.phase is not Phase.OPEN or (verdict is not Verdict.REDEEMED and watched_s < QUIET_S):
        return case, ()
    return _end(case, verdict, msgspec.structs.replace(case.detail, reason=reason))


def tick(case: Case, now: float) -> Step:
    """Do what is due at ``now``: the owner drives by itself what has left, and aborts what never did."""
    if now < case.left_at:  # the clock was set back: count on from here
        back = replace(case, claimed_at=case.claimed_at - (case.left_at - now), left_at=now)
        return back, (Write(back),)
    if now < due(case):
        return case, ()
    if case.phase is Phase.SENT:
        return _consume(case, now) if case.single else _open(case)
    if case.forgotten:
        return _query(case, now)
    if now >= case.claimed_at + ABORT_S:
        return _end(case, Verdict.ABORTED, Detail(reason="it was not begun in time"))
    if now >= case.claimed_at + BEGIN_S:
        return _end(case, Verdict.UPSTREAM_UNAVAILABLE, case.detail)
    return _query(case, now)


def due(case: Case) -> float:
    """Return when the case wants a tick, if the clock is not set back before; infinity where it waits for others."""
    if case.forgotten:
        return case.left_at + QUERY_S + min(2.0**case.queries, LONGEST_ASKING_S)
    if case.phase is Phase.CLAIMED:
        return case.left_at + QUERY_S
    if case.phase is Phase.SENT:
        return case.left_at + CONSUME_S + min(2.0 ** (case.attempts - 1), LONGEST_PAUSE_S)
    return float("inf")


def _remember(case: Case, seen: Seen, holder: Case | None, now: float) -> Step:
    """Go on with a rid of which a consume may have left that is not in the books: whatever is seen, it ends nothing."""
    if holder is not None and holder.answer is None:
        return case, ()  # asked again, until that one has ended
    if holder is not None and holder.answer is not None:
        return outdone(case, holder)
    named = replace(case, voucher=seen.voucher or None, single=seen.uses == 1, detail=seen.detail)
    if seen.verdict is Verdict.REDEEMABLE and named.single:
        return _consume(named, now)
    return _open(named)


def _fresh(ask: AskRedeem | AskResolve, now: float) -> Case:
    return Case(requester=ask.requester, store=ask.store, intent=ask.intent, claimed_at=now, left_at=now)


def _query(case: Case, now: float) -> Step:
    asking = replace(case, queries=case.queries + 1, left_at=now)
    return asking, (Write(asking), Query(asking.queries))


def _consume(case: Case, now: float) -> Step:
    leaving = replace(case, phase=Phase.SENT, attempts=case.attempts + 1, left_at=now)
    return leaving, (Write(leaving), Consume(leaving.attempts))


def _open(case: Case) -> Step:
    """Leave the attribution open: no further consume is sent, and others say how it ended."""
    doubtful = replace(case, phase=Phase.OPEN)
    return doubtful, (Write(doubtful),)


def _end(case: Case, verdict: Verdict, detail: Detail) -> Step:
    voucher = case.voucher if verdict is Verdict.REDEEMED else None
    answer = Answer(rid=case.rid, verdict=verdict, final=True, detail=detail, voucher=voucher)
    ended = replace(case, phase=Phase.ENDED, answer=answer)
    return ended, (Write(ended), Reply(answer))
