"""The rules for platforms broken on purpose, one at a time."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from protocol import platform
from protocol.messages import Detail
from protocol.platform import Case, Phase, Query, Seen, Write
from protocol.upstream import AskRedeem, AskResolve
from protocol.values import replace
from protocol.vocabulary import Verdict
from simulator.histories.kinds import Kind
from simulator.histories.mutant import broken

if TYPE_CHECKING:
    from protocol.platform import Step
    from simulator.histories.mutant import Whatever


def _no_precheck(take: Whatever) -> Whatever:
    def mutant(known: Case | None, ask: AskRedeem | AskResolve, now: float) -> Step:
        if known is not None or isinstance(ask, AskResolve):
            return take(known, ask, now)  # type: ignore[no-any-return]
        case = Case(requester=ask.requester, store=ask.store, intent=ask.intent, claimed_at=now, left_at=now)
        return platform._consume(case, now)  # noqa: SLF001

    return mutant


def _no_tombstone(take: Whatever) -> Whatever:
    def mutant(known: Case | None, ask: AskRedeem | AskResolve, now: float) -> Step:
        case, effects = take(known, ask, now)
        forgets = known is None and isinstance(ask, AskResolve)
        return case, [effect for effect in effects if not (forgets and isinstance(effect, Write))]

    return mutant


def _aborts_what_has_left(take: Whatever) -> Whatever:
    def mutant(known: Case | None, ask: AskRedeem | AskResolve, now: float) -> Step:
        if known is not None and known.answer is None and isinstance(ask, AskResolve):
            return platform._end(known, Verdict.ABORTED, Detail())  # noqa: SLF001
        return take(known, ask, now)  # type: ignore[no-any-return]

    return mutant


def _takes_any_precheck(checked: Whatever) -> Whatever:
    def mutant(case: Case, *args: object, **rest: object) -> Step:
        return checked(case, *args, **{**rest, "query": case.queries, "took_s": 0.0})  # type: ignore[no-any-return]

    return mutant


def _acts_after_abort(checked: Whatever) -> Whatever:
    def mutant(case: Case, *args: object, **rest: object) -> Step:
        if case.answer is not None and case.answer.verdict is Verdict.ABORTED:
            alive = replace(case, phase=Phase.CLAIMED)
            return checked(alive, *args, query=case.queries, took_s=0.0)  # type: ignore[no-any-return]
        return checked(case, *args, **rest)  # type: ignore[no-any-return]

    return mutant


def _finding_not_written(consume: Whatever) -> Whatever:
    return lambda case, now: consume(replace(case, voucher=None), now)


def _sent_before_written(consume: Whatever) -> Whatever:
    def mutant(case: Case, now: float) -> Step:
        leaving, (write, send) = consume(case, now)
        return leaving, (send, write)

    return mutant


def _rivals_let_in(checked: Whatever) -> Whatever:
    def mutant(case: Case, seen: Seen, holder: Case | None, now: float, **rest: object) -> Step:
        del holder
        return checked(case, seen, None, now, **rest)  # type: ignore[no-any-return]

    return mutant


def _query_then_fail(tick: Whatever) -> Whatever:
    def mutant(case: Case, now: float) -> Step:
        if case.phase is Phase.SENT and now >= platform.due(case):
            asking = replace(case, queries=case.queries + 1, left_at=now)
            return asking, (Write(asking), Query(asking.queries))
        return tick(case, now)  # type: ignore[no-any-return]

    return mutant


def _fails_by_query(checked: Whatever) -> Whatever:
    def mutant(case: Case, seen: Seen, *args: object, **rest: object) -> Step:
        if case.phase is Phase.SENT and seen.verdict is Verdict.REDEEMABLE:
            return platform._end(case, Verdict.UPSTREAM_UNAVAILABLE, Detail())  # noqa: SLF001
        return checked(case, seen, *args, **rest)  # type: ignore[no-any-return]

    return mutant


def _silence_is_refusal(tick: Whatever) -> Whatever:
    def mutant(case: Case, now: float) -> Step:
        if case.phase is Phase.SENT and now >= platform.due(case):
            return platform._end(case, Verdict.UPSTREAM_UNAVAILABLE, Detail())  # noqa: SLF001
        return tick(case, now)  # type: ignore[no-any-return]

    return mutant


def _any_no_is_the_end(consumed: Whatever) -> Whatever:
    return lambda case, _, verdict: consumed(replace(case, attempts=1), 1, verdict)


def _no_to_the_first_is_the_end(consumed: Whatever) -> Whatever:
    def mutant(case: Case, attempt: int, verdict: Verdict) -> Step:
        only = attempt == 1 and not case.forgotten
        return consumed(replace(case, attempts=1) if only else case, attempt, verdict)  # type: ignore[no-any-return]

    return mutant


def _used_is_ours(consumed: Whatever) -> Whatever:
    def mutant(case: Case, attempt: int, verdict: Verdict) -> Step:
        used = verdict is Verdict.ALREADY_REDEEMED and case.attempts == 1
        return consumed(case, attempt, Verdict.REDEEMED if used else verdict)  # type: ignore[no-any-return]

    return mutant


def _used_again_is_ours(consumed: Whatever) -> Whatever:
    def mutant(case: Case, attempt: int, verdict: Verdict) -> Step:
        used = verdict is Verdict.ALREADY_REDEEMED and case.attempts > 1
        return consumed(case, attempt, Verdict.REDEEMED if used else verdict)  # type: ignore[no-any-return]

    return mutant


def _believes_every_event(reported: Whatever) -> Whatever:
    return lambda case, ours: reported(replace(case, single=True), ours=ours)


def _consumes_uses_again(tick: Whatever) -> Whatever:
    return lambda case, now: tick(replace(case, single=True), now)


def _nobody_drives(tick: Whatever) -> Whatever:
    def mutant(case: Case, now: float) -> Step:
        return (case, ()) if case.phase is Phase.SENT else tick(case, now)

    return mutant


def _claims_for_ever(_: object) -> property:
    return property(lambda case: case.voucher is not None)


def _nothing_is_forgotten(_: object) -> property:
    return property(lambda _: False)


def _only_use_is_nobodys(recalled: Whatever) -> Whatever:
    return lambda known, answer: replace(recalled(known, answer), voucher=None)


_broken = partial(broken, kind=Kind.PLATFORM)

PLATFORM = (
    _broken("no precheck", 5, (platform, "take", _no_precheck)),
    _broken("a stale precheck is accepted", 5, (platform, "checked", _takes_any_precheck)),
    _broken("a late precheck is acted on after the abort", 5, (platform, "checked", _acts_after_abort)),
    _broken("what the precheck found is not written", 5, (platform, "_consume", _finding_not_written)),
    _broken("the attempt is written after it is sent", 5, (platform, "_consume", _sent_before_written)),
    _broken("two at one voucher at once", 3, (platform, "checked", _rivals_let_in)),
    _broken(
        "query, then fail",
        6,
        (platform, "tick", _query_then_fail),
        (platform, "checked", _fails_by_query),
    ),
    _broken("silence is a refusal", 6, (platform, "tick", _silence_is_refusal)),
    _broken("no after an unanswered consume is a refusal", 6, (platform, "consumed", _any_no_is_the_end)),
    _broken("no to one consume is the end of others", 6, (platform, "consumed", _no_to_the_first_is_the_end)),
    _broken("already used at the first consume is ours", 7, (platform, "consumed", _used_is_ours)),
    _broken(
        "already used after an unanswered consume is ours",
        7,
        (platform, "consumed", _used_again_is_ours),
    ),
    _broken(
        "an event of a voucher with several uses is believed",
        7,
        (platform, "reported", _believes_every_event),
    ),
    _broken("several uses are consumed again after silence", 6, (platform, "tick", _consumes_uses_again)),
    _broken("abort after a consume has left", 8, (platform, "take", _aborts_what_has_left)),
    _broken("no tombstone for a platform's rid", 8, (platform, "take", _no_tombstone)),
    _broken("the claim is kept after an abort", 8, (Case, "claims", _claims_for_ever)),
    _broken("nobody drives what has left", 8, (platform, "tick", _nobody_drives)),
    _broken("restored books forget that a consume may have left", 11, (Case, "forgotten", _nothing_is_forgotten)),
    _broken("restored books forget whose the only use was", 11, (platform, "recalled", _only_use_is_nobodys)),
    _broken("a person may decide at once", 6, (platform, "QUIET_S", lambda _: 0.0)),
)
