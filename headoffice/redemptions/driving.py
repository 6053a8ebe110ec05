"""Rids that were uploaded without an end, brought to it: each is driven forward before anybody else has its use.

An attempt of theirs has left, and somebody may have been shown its success (rule 11).
"""

from __future__ import annotations

import logging
from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING

from headoffice.redemptions import accepted, asking, rids, standing, uploads
from headoffice.redemptions.rids import Record
from headoffice.vouchers.books import store_in_books, voucher_by_id
from protocol import owner
from protocol.upstream import AskRedeem, AskResolve

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection, Select

_log = logging.getLogger(__name__)


def drive(connection: Connection, voucher: str, at: datetime, asks: str | None = None) -> bool:
    """Bring the rids at a voucher that is held to their end; return whether there were any without one.

    ``asks``: the gateway whose own number is held behind theirs, for what it asks.
    """
    return _count(connection, _drive(connection, voucher, at), asks)


def drive_all(connection: Connection, of: Select[str], at: datetime, asks: str) -> None:
    """Bring the rids at these vouchers, all of which are held, to their end; ``asks`` as in ``drive``."""
    found = uploads.with_open(connection, of)
    _count(connection, [gateway for voucher in found for gateway in _drive(connection, voucher, at)], asks)


def _count(connection: Connection, driven: list[str], asks: str | None) -> bool:
    """Count what was driven, once nothing more is held for it; return whether there was anything."""
    if driven:
        standing.count(connection, ({} if asks is None else {asks: 0}) | Counter(driven))
    return bool(driven)


def _drive(connection: Connection, voucher: str, at: datetime) -> list[str]:
    """Bring the rids at a voucher to their end; return the gateways of which that is recorded."""
    found = uploads.open_at(connection, voucher)
    for gateway, entry in found:
        uploads.open_lost(connection, gateway, entry, at)
        store = store_in_books(connection, entry.store)
        said = entry.answer.accepted if entry.answer is not None else None
        ask = AskResolve(requester=entry.requester, store=entry.store, intent=entry.intent, accepted=said)
        ask, store = accepted.at_home(connection, ask, store)
        moment = asking.moment(ask, store, at, gateway)
        if entry.intent.undoes is not None:
            target = rids.known_under(connection, entry.intent.undoes)
            undo = AskRedeem(requester=entry.requester, store=entry.store, intent=entry.intent)
            ruling = owner.rule_undo(undo, None, target, moment, timedelta.max)
        elif said is not None:
            ruling = accepted.rule(connection, ask, voucher_by_id(connection, voucher, store), moment)
        else:
            ruling = owner.rule_driven(ask, voucher_by_id(connection, voucher, store), moment)
        rids.record(connection, Record(gateway=gateway, ask=ask, ruling=ruling, voucher=voucher, at=at))
        uploads.ended(connection, entry.intent.rid)
        _log.warning("event=driven rid=%s gateway=%s verdict=%s", entry.intent.rid, gateway, ruling.answer.verdict)
    return [gateway for gateway, _ in found]
