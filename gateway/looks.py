"""Looks: what a code is worth in this store. They spend nothing, keep only refusals, and may be asked again."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

import msgspec

from gateway.binding import Bound, needs_approval, refusal_before_asking, verdict_here
from gateway.changes import Changes, Topic
from gateway.offers import VALID_S, Offer, Seal
from gateway.usage import PRIVATE, Usage
from protocol.bundle import Also
from protocol.classify import classify, is_activation, is_badge, is_practice
from protocol.ids import code_tail
from protocol.messages import Detail, Look, Notice, Offered, Refused
from protocol.upstream import AskLook, Looked
from protocol.vocabulary import Verdict
from service.clock import since_boot_s

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.journal import Journal
    from gateway.leases import Leases
    from gateway.limits import Limit
    from gateway.ports import Owner
    from gateway.relays import Relays
    from protocol.bundle import Beside

log = logging.getLogger(__name__)


class Looks:
    """Answers looks: by the store's own rules, by the head office's word, and by both together."""

    def __init__(  # noqa: PLR0913 - the parts that a look passes through, once each
        self,
        *,
        owner: Owner,
        journal: Journal,
        relays: Relays,
        leases: Leases,
        seal: Seal,
        guesses: Limit,
        changes: Changes,
        clock: Callable[[], float] = since_boot_s,
        wall: Callable[[], float] = time.time,
    ) -> None:
        """Keep the parts; ``guesses`` counts looks at codes that do not exist, ``clock`` gives seconds since boot."""
        self._owner = owner
        self._journal = journal
        self._relays = relays
        self._leases = leases
        self._seal = seal
        self._guesses = guesses
        self._changes = changes
        self._clock = clock
        self._wall = wall
        self._refused: dict[str, tuple[str, int]] = {}

    async def answer(self, bound: Bound, look: Look, sign_in: str | None = None) -> Offered | Refused | Notice:
        """Return what this code is worth to whoever stands there; a refusal becomes a row of the books, once a look.

        ``sign_in`` is that of the clerk in the look, at the kiosk that asks.
        """
        if self._guesses.reached(bound.identity, self._clock()):
            return Notice(verdict=Verdict.RATE_LIMITED, look=look.look, boot=look.boot)
        # What a clerk shows to the kiosk's camera is nobody else's business.
        clerks_own = is_badge(look.code) or is_activation(look.code)
        shape = Verdict.BAD_CODE if clerks_own else classify(look.code).verdict
        early = shape or refusal_before_asking(bound, look.clerk)
        if early is not None:
            return self._refuse(bound, look, early, Detail(code_tail=_tail(look.code, early)))
        ask = AskLook(
            requester=bound.identity,
            store=bound.store.id,
            code=look.code,
            method=look.method,
            clerk=look.clerk,
        )
        looked = None
        if not self._relays.has_accepted(look.code):
            looked = await self._owner.ask(ask, self._leases.patience_s(bound, look.code))
        if looked is None and not bound.store.testing:  # a store that is not live accepts nothing by itself either
            looked = self._leases.look(bound, look.code)
        if isinstance(looked, Looked):
            return self._judge(bound, look, looked, sign_in)
        if looked is not None:
            hint = looked.hint if isinstance(looked, Notice) else None
            log.error("look_not_answered kiosk=%s store=%s hint=%s", bound.identity, bound.store.id, hint)
            return self._refuse(bound, look, Verdict.FAULT, Detail(code_tail=code_tail(look.code), reason=hint))
        # "Nothing spent" is true of this look; where a redemption of this very code is open, it could be read as a lie.
        away = Verdict.OFFLINE_REFUSED if self._leases.any else Verdict.UPSTREAM_UNAVAILABLE
        verdict = Verdict.BUSY if self._relays.holds(look.code) else away
        return self._refuse(bound, look, verdict, Detail(code_tail=code_tail(look.code)))

    def _judge(self, bound: Bound, look: Look, looked: Looked, sign_in: str | None) -> Offered | Refused:
        verdict = verdict_here(looked, bound)
        if verdict is not Verdict.REDEEMABLE:
            if verdict is not looked.verdict:
                log.warning("look_overruled store=%s said=%s here=%s", bound.store.id, looked.verdict, verdict)
            if verdict is Verdict.UNKNOWN_CODE and self._guesses.count(bound.identity, self._clock()):
                log.error("guessing_suspected kiosk=%s store=%s see=console", bound.identity, bound.store.id)
            return self._refuse(bound, look, verdict, looked.detail)
        offer = Offer(
            made_at=self._clock(),
            kiosk=bound.identity,
            store=bound.store.id,
            clerk=look.clerk,
            voucher=looked.voucher,
            terms=looked.terms,
            code=self._seal.hash(look.code),
            sign_in=sign_in,
            approval=needs_approval(looked, bound, look.method),
        )
        # Where a redemption uses a sign-in or an approval up there is none left for the second of them.
        others = () if bound.store.clerk_each or offer.approval else looked.others
        return Offered(
            look=look.look,
            boot=look.boot,
            offer=self._seal.close(offer),
            others=tuple(Also(code=other.code, offer=self._with(offer, other)) for other in others),
            detail=looked.detail,
            max_quantity=looked.max_quantity,
            valid_s=VALID_S,
            asks_amount=looked.asks_amount,
            approval=offer.approval,
        )

    def _with(self, offer: Offer, other: Beside) -> str:
        """Return a sealed offer of another voucher, in all else like this one."""
        code = self._seal.hash(other.code)
        return self._seal.close(msgspec.structs.replace(offer, voucher=other.voucher, terms=other.terms, code=code))

    def _refuse(self, bound: Bound, look: Look, verdict: Verdict, detail: Detail) -> Refused:
        if self._first_time(bound.identity, look):
            tail = _tail(look.code, verdict)
            usage = Usage(
                at=self._wall(),
                kiosk=bound.identity,
                store=bound.store.id,
                verdict=verdict,
                code_tail=tail,
                method=look.method,
                clerk=look.clerk,
                detail=msgspec.structs.replace(detail, code_tail=tail, practice=is_practice(look.code)),
            )
            self._journal.refuse(usage).add_done_callback(lambda _: self._changes.tell(Topic.RECORDS))
            log.info("refused kiosk=%s store=%s verdict=%s tail=%s", bound.identity, bound.store.id, verdict, tail)
        return Refused(look=look.look, boot=look.boot, verdict=verdict, detail=detail)

    def _first_time(self, identity: str, look: Look) -> bool:
        """Whether this look was not refused before: a kiosk that heard nothing repeats it under the same number."""
        boot, number = self._refused.get(identity, ("", 0))
        if boot == look.boot and look.look <= number:
            return False
        self._refused[identity] = (look.boot, look.look)
        return True


def _tail(code: str, verdict: Verdict) -> str | None:
    """Return the tail that a refusal may show: none of a payment or setup code."""
    return None if verdict in PRIVATE else code_tail(code)
