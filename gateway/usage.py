"""A row of the books: one request that was made, or one refusal at a look, as people and tables read it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

from protocol.ids import code_tail
from protocol.messages import Action, Detail, Intent, Method
from protocol.records import MASK
from protocol.vocabulary import Verdict

if TYPE_CHECKING:
    from datetime import tzinfo

#: Codes of which nothing is kept, not even the tail.
PRIVATE = frozenset({Verdict.PAYMENT_CODE, Verdict.SETUP_CODE})


class Usage(msgspec.Struct, frozen=True, kw_only=True):
    """One row. ``rid`` is None for a refusal at a look, which has none."""

    n: int = 0
    """Its number in the journal, among requests or among refusals: later ones have higher numbers."""
    rid: str | None = None
    at: float
    """When the gateway wrote it down: seconds since 1970."""
    kiosk: str
    """The requester's identity; the gateway's own for what was typed on its page."""
    store: str
    verdict: Verdict
    final: bool = True
    code_tail: str | None = None
    action: Action = Action.REDEEM
    method: Method = Method.SCAN
    clerk: str | None = None
    approver: str | None = None
    amount: int | None = None
    """Amount received, fen."""
    undoes: str | None = None
    undone_by: str | None = None
    settled: bool = False
    handed_over: bool | None = None
    detail: Detail = Detail()
    practice: bool = False
    """Whether it was practice, which is shown and counted nowhere."""

    def time(self, zone: tzinfo) -> str:
        """Return when it was, in the store's own time: ISO 8601 with offset."""
        return datetime.fromtimestamp(self.at, zone).isoformat(timespec="seconds")


def erased(intent: Intent) -> Intent:
    """Return an intent as it is kept once its redemption has ended: the code down to its tail, the offer gone."""
    code = None if intent.code is None else MASK + code_tail(intent.code)
    return msgspec.structs.replace(intent, code=code, offer=None)
