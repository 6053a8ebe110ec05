"""How a delivery is written for its receiver, and what the receiver's answer means."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, assert_never

from headoffice.outbox import bots, signature
from headoffice.outbox.bodies import body_of
from headoffice.outbox.hooks import Form

if TYPE_CHECKING:
    from datetime import datetime

    from headoffice.outbox.hooks import Webhook
    from headoffice.outbox.queue import Delivery
    from headoffice.outbox.sender import Reply


@dataclass(frozen=True, slots=True)
class Written:
    """What is posted, and where."""

    url: str
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


def written(webhook: Webhook, delivery: Delivery, at: datetime) -> Written:
    """Return a delivery as its receiver wants it, signed at this moment."""
    told = body_of(delivery.row)
    match webhook.form:
        case Form.EVENT:
            body = json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()
            headers = signature.headers(webhook.secrets, delivery.event, int(at.timestamp()), body)
            return Written(webhook.url, body, headers)
        case Form.WECOM:
            return Written(webhook.url, bots.message(told))
        case Form.DINGTALK:
            return Written(bots.signed(webhook.url, webhook.secrets[0], at), bots.message(told))
        case _:
            assert_never(webhook.form)


def judged(form: Form, answer: Reply) -> str | None:
    """Return why an answer says that the delivery has not arrived; None where it has."""
    if form is not Form.EVENT:
        return bots.objection(answer)
    good = HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES
    return None if good else f"answered {answer.status}"
