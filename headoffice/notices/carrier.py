"""Carries notices to customers: a lane for each channel, the words and their truth looked up when one leaves."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, literal_column, select

from headoffice.notices.composing import Later, Never, compose
from headoffice.notices.kinds import Channel
from headoffice.notices.ports import Notice, Unsent
from headoffice.notices.queueing import way_after
from headoffice.outbox import queue
from headoffice.outbox.queue import Tried
from headoffice.outbox.telling import State
from headoffice.tables.columns import Utc
from headoffice.tables.outbox import deliveries

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from sqlalchemy import Connection

    from headoffice.notices.ports import Sender
    from headoffice.outbox.queue import Delivery

_log = logging.getLogger(__name__)

#: Word for word as the partial index has it.
_DUE = (
    select(deliveries.c.id)
    .where(
        deliveries.c.state == literal_column(f"'{State.WAITING}'"),
        deliveries.c.webhook == bindparam("channel"),
        deliveries.c.due <= bindparam("now", type_=Utc()),
    )
    .limit(1)
)
#: A way that has taken nothing for so long is given up for the next one, where there is one.
PATIENCE = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Taken:
    """A notice on its way, what it says now, and by which way it goes where this one fails."""

    delivery: Delivery
    found: Notice | Never | Later
    otherwise: Channel | None
    late: bool
    """It has been tried for so long that the other way is taken whatever keeps this one."""


class Notices:
    """The channels of this process. A notice for one that is not configured says so, until it is given up."""

    def __init__(self, senders: Mapping[Channel, Sender], page: Callable[[str], str]) -> None:
        """Keep the parts; ``page`` makes the address of a voucher's page from its token."""
        self._senders = senders
        self._page = page

    async def start(self) -> None:
        """Make ready to send; raise StartError for what the operator has to mend."""
        for sender in self._senders.values():
            await sender.start()

    async def close(self) -> None:
        """Hang up."""
        for sender in self._senders.values():
            await sender.close()

    @staticmethod
    def lanes(connection: Connection, at: datetime) -> list[str]:
        """Return the channels by which a notice is due."""
        return [one for one in Channel if connection.execute(_DUE, {"channel": one, "now": at}).first() is not None]

    def take(self, connection: Connection, lane: str, most: int, at: datetime) -> list[Taken]:
        """Take what is to be sent now, with what it says."""
        return [
            Taken(
                one,
                compose(connection, one, at, self._page),
                way_after(connection, one.row["subject"], lane),
                late=at - one.since >= PATIENCE,
            )
            for one in queue.take(connection, lane, most, at)
        ]

    async def attempt(self, taken: Taken) -> Tried:
        """Send one notice, where it is still one."""
        delivery = taken.delivery
        match taken.found:
            case Never(why):
                _log.info("event=notice_dropped channel=%s id=%s why=%s", delivery.webhook, delivery.event, why)
                return Tried(delivery, why, over=True)
            case Later(at):
                return Tried(delivery, "waits for the morning", again_at=at)
            case Notice():
                return await self._send(taken, taken.found)

    async def _send(self, taken: Taken, notice: Notice) -> Tried:
        delivery = taken.delivery
        channel = Channel(delivery.webhook)
        sender = self._senders.get(channel)
        if sender is None:
            return Tried(delivery, f"there is no [notices.{channel}] in the configuration", instead=taken.otherwise)
        said = await sender.send(notice)
        if isinstance(said, Unsent):
            _log.warning(
                "event=notice_not_sent channel=%s id=%s tries=%s error=%s",
                channel,
                delivery.event,
                delivery.tries,
                said.why,
            )
            instead = taken.otherwise if said.over or taken.late else None
            return Tried(delivery, said.why, over=said.over and instead is None, instead=instead)
        _log.info("event=notice_sent channel=%s id=%s receipt=%s", channel, delivery.event, said.number)
        return Tried(delivery, None)
