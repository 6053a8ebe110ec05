"""A notice that only tries the way: what an operator sends to themselves, with an example's words, past the queue."""

from __future__ import annotations

import asyncio
import secrets
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from headoffice.errors import StartError
from headoffice.notices import words
from headoffice.notices.kinds import Channel, Occasion
from headoffice.notices.ports import Notice
from headoffice.notices.ways import senders_of

if TYPE_CHECKING:
    from headoffice.notices.config import Configured
    from headoffice.notices.ports import Receipt, Sender, Unsent

_TITLES = {"zh": "测试券", "en": "A test"}


def try_out(config: Configured, channel: str, to: str, lang: str, page: str) -> Receipt | Unsent:
    """Send the notice of a voucher that is none, and return what its carrier says; raise StartError."""
    sender = senders_of(config, lambda: datetime.now(UTC)).get(Channel(channel))
    if sender is None:
        msg = f"there is no [notices.{channel}] in the configuration"
        raise StartError(msg)
    values = {"title": _TITLES[lang], "store": "-", "at": "-", "uses": "1", "left": "1"}
    notice = Notice(
        id=secrets.token_hex(16),
        occasion=Occasion.ISSUED,
        to=to,
        lang=lang,
        values={**values, "valid": words.valid(None, lang), "page": page},
        page=page,
    )
    return asyncio.run(_sent(sender, notice))


async def _sent(sender: Sender, notice: Notice) -> Receipt | Unsent:
    try:
        await sender.start()
        return await sender.send(notice)
    finally:
        await sender.close()
