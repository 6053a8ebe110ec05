"""Carries events to webhooks: each a POST, in a lane of its webhook's own."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from headoffice.outbox import hooks, queue
from headoffice.outbox.forms import judged, written
from headoffice.outbox.queue import Tried
from headoffice.outbox.sender import Unanswered

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from sqlalchemy import Connection

    from headoffice.outbox.hooks import Webhook
    from headoffice.outbox.queue import Delivery
    from headoffice.outbox.sender import Sender

_log = logging.getLogger(__name__)


class Posting:
    """The webhooks of this process."""

    def __init__(self, sender: Sender, clock: Callable[[], datetime]) -> None:
        """Keep the parts; ``clock`` tells the time with which a body is signed."""
        self._sender = sender
        self._clock = clock

    async def start(self) -> None:
        """Make ready to send."""
        await self._sender.start()

    async def close(self) -> None:
        """Hang up."""
        await self._sender.close()

    @staticmethod
    def lanes(connection: Connection, at: datetime) -> list[str]:  # noqa: ARG004 - whatever is due, they are few
        """Return the webhooks that are told at once."""
        return hooks.not_paused(connection)

    @staticmethod
    def take(connection: Connection, lane: str, most: int, at: datetime) -> list[tuple[Webhook, Delivery]]:
        """Take what a webhook is to be told now."""
        webhook = hooks.find(connection, lane, at)
        return [] if webhook is None else [(webhook, one) for one in queue.take(connection, lane, most, at)]

    async def attempt(self, taken: tuple[Webhook, Delivery]) -> Tried:
        """Post one event."""
        webhook, delivery = taken
        sent = written(webhook, delivery, self._clock())
        answer = await self._sender.post(sent.url, sent.body, sent.headers)
        error = answer.why if isinstance(answer, Unanswered) else judged(webhook.form, answer)
        if error is None:
            _log.info("event=delivered webhook=%s id=%s tries=%s", webhook.id, delivery.event, delivery.tries)
        else:
            _log.warning(
                "event=not_delivered webhook=%s id=%s tries=%s error=%s",
                webhook.id,
                delivery.event,
                delivery.tries,
                error,
            )
        return Tried(delivery, error)
