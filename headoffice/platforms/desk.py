"""What a gateway's ask becomes where a platform owns the voucher, inside the transaction that the ledger holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from headoffice.platforms import cases
from headoffice.platforms.connectors import seen
from protocol import platform
from protocol.messages import Answer, Notice
from protocol.upstream import AskLook, AskRedeem, AskResolve, Looked
from protocol.vocabulary import Verdict

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

    from headoffice.platforms.cases import Done, Filed
    from headoffice.platforms.ports import Worth

#: A platform's voucher is asked about again before it is consumed, so nothing hangs on the version of an offer.
_TERMS = 1


class Platforms(Protocol):
    """What owns vouchers that are not the chain's own."""

    def recognises(self, code: str | None) -> bool:
        """Whether a code may be one of theirs."""

    def heard(self, gateway: str, run: str) -> None:
        """Note that a gateway has spoken, and remembers no more than is in this run of the books.

        May be called from any thread.
        """

    def call(self, done: Done) -> None:
        """Make the calls that a step wants, now that it is in the books; may be called from any thread."""


@dataclass(frozen=True, slots=True)
class Ruled:
    """An answer, whether anything was written with it, and the step whose calls follow once that is committed."""

    answer: Answer | Notice
    recorded: bool = False
    done: Done | None = None


def take(connection: Connection, gateway: str, filed: Filed, ask: AskRedeem | AskResolve, at: datetime) -> Ruled:
    """Rule on a rid that has a case which has not ended."""
    step = platform.take(filed.case, ask, at.timestamp())
    done = cases.carry_out(connection, gateway, step, at)
    return _ruled(done, ask)


def begin(
    connection: Connection, gateway: str, ask: AskRedeem | AskResolve, at: datetime, refusal: Answer | None = None
) -> Ruled:
    """Rule on a rid that the books do not have; ``refusal`` is why the chain itself lets it not begin.

    It has a case however it ends: of two that overlap, the case's key lets one begin.
    Nothing begins at a code of which another rid may have consumed the voucher before the books were put back: the two
    could not be told apart any more.
    """
    begins = isinstance(ask, AskRedeem) and refusal is None
    if begins and any(case.intent.code == ask.intent.code for case in cases.forgotten(connection)):
        return Ruled(pending(ask))
    now = at.timestamp()
    step = platform.take(None, ask, now) if refusal is None else platform.refused(ask, refusal, now)
    done = cases.carry_out(connection, gateway, step, at, begins=True)
    return _ruled(done, ask)


def look(connection: Connection, ask: AskLook, worth: Worth) -> Looked:
    """Answer a look by what the platform says, and by what the books know of others at its voucher."""
    found = seen(worth, ask.code, ask.store, 1)
    verdict, detail = platform.judged(found, cases.holder(connection, found.voucher))
    return Looked(
        verdict=verdict,
        detail=detail,
        voucher=found.voucher or None,
        terms=_TERMS,
        stores=None if worth.stores is None else tuple(worth.stores),
        max_quantity=max(1, worth.left),
    )


def _ruled(done: Done, ask: AskRedeem | AskResolve) -> Ruled:
    return Ruled(done.reply or pending(ask), done.wrote, done if done.calls else None)


def pending(ask: AskRedeem | AskResolve) -> Answer:
    """Return that somebody is at work on a rid."""
    return Answer(rid=ask.intent.rid, verdict=Verdict.PENDING, final=False)
