"""The adapters of the channels that the operator has configured."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headoffice.notices import sms, wechat
from headoffice.notices.config import ANYWHERE
from headoffice.notices.kinds import Channel
from headoffice.notices.mail import MailServer
from headoffice.outbox.sender import Sender as Posts

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from headoffice.notices.config import Configured
    from headoffice.notices.ports import Sender


def ways_of(config: Configured) -> set[Channel]:
    """Return the channels that there are."""
    return {channel for channel in Channel if getattr(config, channel) is not None}


def senders_of(config: Configured, clock: Callable[[], datetime]) -> dict[Channel, Sender]:
    """Return an adapter for each channel that there is; nothing is connected before it is started."""
    found: dict[Channel, Sender] = {}
    if config.sms is not None:
        found[Channel.SMS] = sms.TextMessages(config.sms, Posts(ANYWHERE, config.authority), clock)
    if config.wechat is not None:
        found[Channel.WECHAT] = wechat.Account(config.wechat, Posts(ANYWHERE, config.authority))
    if config.email is not None:
        found[Channel.EMAIL] = MailServer(config.email, config.authority)
    return found
