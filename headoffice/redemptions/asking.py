"""What a gateway's ask comes to: the moment at which it is ruled on, and what is said of the message itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from headoffice.redemptions.online import BY_POST
from headoffice.registry import ONLINE_STORE
from protocol.comparing import AskRecorded, TellDiffering
from protocol.duty import AskActivate, AskCode, AskStaff
from protocol.messages import Method, Notice
from protocol.owner import Moment
from protocol.upstream import AskHello, AskLeased, AskLook, AskRedeem, AskResolve, AskSettled, AskUpload
from protocol.vocabulary import Verdict

if TYPE_CHECKING:
    from datetime import datetime

    from headoffice.vouchers.books import Store
    from protocol.upstream import UpstreamRequest


#: Of a gateway that asks for another's store.
NOT_ITS_STORE = "this gateway may not speak for the store; bind them with `hexiao provision store add`"


def moment(ask: AskLook | AskRedeem | AskResolve, store: Store, at: datetime, gateway: str | None) -> Moment:
    """Return where and when something is asked."""
    method = ask.method if isinstance(ask, AskLook) else ask.intent.method
    return Moment(
        store=store.id,
        store_name=store.name,
        kiosk=ask.requester,
        at=at.astimezone(store.zone),
        gateway=gateway,
        own_number=method is Method.WEB,
        on_page=store.id == ONLINE_STORE,
        by_post=store.id == ONLINE_STORE and ask.requester == BY_POST,
    )


def notice(ask: UpstreamRequest, hint: str) -> Notice:
    """Return a fault that is about a message, not about what it asks for."""
    match ask:
        case AskRedeem(intent=intent) | AskResolve(intent=intent):
            return Notice(verdict=Verdict.FAULT, rid=intent.rid, hint=hint)
        case AskSettled(rid=rid):
            return Notice(verdict=Verdict.FAULT, rid=rid, hint=hint)
        case (
            AskLook()
            | AskHello()
            | AskUpload()
            | AskLeased()
            | AskRecorded()
            | TellDiffering()
            | AskActivate()
            | AskStaff()
            | AskCode()
        ):
            return Notice(verdict=Verdict.FAULT, hint=hint)
        case _:
            assert_never(ask)
