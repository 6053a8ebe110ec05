"""Whether books that were put back may rule already, or wait for a journal that may know more (rule 11)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headoffice.redemptions import standing
from protocol import owner

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from headoffice.redemptions.standing import Peer
    from protocol.owner import Voucher
    from protocol.upstream import AskRedeem, AskResolve


def awaited(connection: Connection, peer: Peer, voucher: Voucher | None) -> bool:
    """Whether some journal is missing that may know more: of this voucher, or (None) of anything.

    That of who asks is, also where it was declared lost and nobody else waits for it: it has come back, and uploads.
    """
    if peer.wants_upload:
        return True
    if not peer.books.restoring:
        return False
    of_type = None if voucher is None else standing.type_of(connection, voucher.id)
    return bool(standing.awaited(connection, peer.books, of_type, most=1))


def must_wait(connection: Connection, peer: Peer, ask: AskRedeem | AskResolve, voucher: Voucher | None) -> bool:
    """Whether nothing may be ruled yet on a rid that these books do not know."""
    missing = awaited(connection, peer, None)
    return owner.must_wait(
        ask, voucher, missing=missing, missing_of_voucher=missing and awaited(connection, peer, voucher)
    )
