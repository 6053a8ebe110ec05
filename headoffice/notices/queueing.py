"""Notices are written down in the transaction that makes them true, for a customer who has agreed to be told.

They wait among the deliveries, in a lane for each channel, under the rid of a redemption and else an id of their own.
No address is written there: it is looked up when the notice is sent, so whoever is forgotten is so at once.
"""

from __future__ import annotations

import json
import secrets
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, insert, select

from headoffice.notices.kinds import Channel, Occasion, channels_in, type_of
from headoffice.outbox.telling import State
from headoffice.tables.outbox import deliveries
from headoffice.tables.pages import contacts, holdings
from headoffice.tables.schema import voucher_types, vouchers
from headoffice.vouchers.life import Step
from protocol.owner import VoucherState
from protocol.vocabulary import Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Connection, Row

    from headoffice.redemptions.rids import Record
    from headoffice.vouchers.life import Coming
    from headoffice.vouchers.orders import OrderStep
    from protocol.messages import Answer

#: Few vouchers have a row here, and of others nothing is read but that they have none.
_REACHED = (
    select(contacts.c.channel, voucher_types.c.notices, vouchers.c.state)
    .select_from(holdings)
    .join(contacts, contacts.c.wallet == holdings.c.wallet)
    .join(vouchers, vouchers.c.id == holdings.c.voucher)
    .join(voucher_types, voucher_types.c.id == vouchers.c.type)
    .where(holdings.c.voucher == bindparam("voucher"), contacts.c.ended_at.is_(None), voucher_types.c.notices != "")
)
_OF_STEP: dict[str, Occasion] = {
    Step.PAY: Occasion.ISSUED,
    Step.GRANT_REFUND: Occasion.REFUNDED,
    Step.REFUSE_REFUND: Occasion.REFUND_REFUSED,
}
_OF_VERDICT = {Verdict.REDEEMED: Occasion.REDEEMED, Verdict.UNDONE: Occasion.UNDONE}


def came(connection: Connection, voucher: str, at: datetime) -> None:
    """Tell of a voucher that has come into a wallet; of one that is not paid its customer hears once it is."""
    _queue(connection, Occasion.ISSUED, voucher, at, only_in=VoucherState.ACTIVE)


def stepped(connection: Connection, voucher: str, step: Step | OrderStep | Coming, at: datetime) -> None:
    """Tell of a step in a voucher's life, where it is one that customers hear of."""
    occasion = _OF_STEP.get(step)
    if occasion is not None:
        _queue(connection, occasion, voucher, at)


def ruled(connection: Connection, entry: Record, answer: Answer) -> None:
    """Tell what became of a rid, where uses were spent or given back."""
    occasion = _OF_VERDICT.get(answer.verdict)
    if occasion is None or entry.voucher is None:
        return
    intent = entry.ask.intent
    facts = {"undoes": intent.undoes, "uses": answer.detail.quantity or intent.quantity}
    _queue(connection, occasion, entry.voucher, entry.at, event=intent.rid, store=entry.ask.store, facts=facts)


def posted(connection: Connection, voucher: str, rid: str, at: datetime) -> None:
    """Tell that what was redeemed by post was sent; by whom is looked up when that is told."""
    _queue(connection, Occasion.POSTED, voucher, at, facts={"rid": rid})


def expiring(connection: Connection, voucher: str, at: datetime) -> None:
    """Tell of a voucher that is about to expire."""
    _queue(connection, Occasion.EXPIRING, voucher, at)


def way_after(connection: Connection, voucher: str, channel: str) -> Channel | None:
    """Return by which way its customer is told of a voucher where this one fails; None: there is no other."""
    ways = _in_order(connection.execute(_REACHED, {"voucher": voucher}).all())
    after = ways[ways.index(Channel(channel)) + 1 :] if channel in ways else []
    return after[0] if after else None


def _in_order(found: Sequence[Row[*tuple[Any, ...]]]) -> list[Channel]:
    """Return the ways of a type that reach a customer, the one that is tried first at the front."""
    reached = {row.channel for row in found}
    return [one for one in channels_in(found[0].notices) if one in reached] if found else []


def _queue(
    connection: Connection,
    occasion: Occasion,
    voucher: str,
    at: datetime,
    *,
    only_in: VoucherState | None = None,
    **more: Any,  # noqa: ANN401 - columns
) -> None:
    found = connection.execute(_REACHED, {"voucher": voucher}).all()
    if not found or (only_in is not None and found[0].state != only_in):
        return
    ways = _in_order(found)
    if not ways:
        return
    told = {"webhook": ways[0], "type": type_of(occasion), "subject": voucher, "at": at}
    fresh = {"event": secrets.token_hex(16), "store": None, "facts": json.dumps(more.pop("facts", {}))}
    waiting = {"state": State.WAITING, "since": at, "due": at, "tries": 0, "error": ""}
    connection.execute(insert(deliveries), {**fresh, **told, **waiting, **more})
