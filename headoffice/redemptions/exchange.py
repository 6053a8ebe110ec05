"""What gateways and these books tell each other beside redemptions: greetings, journals, leases, comparisons."""

from __future__ import annotations

import logging
from collections import Counter
from typing import TYPE_CHECKING, assert_never

from headoffice.redemptions import comparing, leases, standing, uploads
from headoffice.vouchers.signing import valid_keys
from protocol.comparing import AskRecorded, TellDiffering
from protocol.upstream import AskHello, AskLeased, AskUpload, Met

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

    from headoffice.platforms.desk import Platforms
    from headoffice.redemptions.standing import Peer
    from protocol.upstream import UpstreamAnswer

_log = logging.getLogger(__name__)

Asked = AskHello | AskUpload | AskLeased | AskRecorded | TellDiffering
#: Those that write nothing.
READING = (AskLeased, AskRecorded)


def answer(connection: Connection, peer: Peer, ask: Asked, at: datetime, platforms: Platforms | None) -> UpstreamAnswer:
    """Answer a gateway, inside the caller's transaction; the books are not stopped."""
    match ask:
        case AskHello():
            # What was accepted is told by its journal, too.
            ended = 0 if peer.wants_upload else leases.take_back(connection, peer, ask.returned, at)
            held = leases.held_by(connection, peer, at)
            met = Met(upload=peer.wants_upload, keys=valid_keys(connection), leases=held)
            # Each is counted: books that forget that it has ended are older than their gateway remembers.
            return standing.advance(connection, peer, by=ended).stamped(met)
        case AskUpload():
            return _take_up(connection, peer, ask, at, platforms)
        case AskLeased():
            return peer.stamped(leases.leased(connection, peer, ask.lease, ask.after))
        case AskRecorded():
            return peer.stamped(comparing.recorded(connection, peer, ask))
        case TellDiffering():
            comparing.keep(connection, peer, ask, at)
            return peer.stamped(Met())
        case _:
            assert_never(ask)


def _take_up(
    connection: Connection, peer: Peer, ask: AskUpload, at: datetime, platforms: Platforms | None
) -> UpstreamAnswer:
    if not peer.wants_upload:
        return peer.stamped(Met())
    uploads.hold(connection, ask.entries)
    recorded = Counter({peer.id: 0})
    for entry in ask.entries:
        recorded.update(uploads.take_up(connection, peer, entry, at, platforms))
    standing.count(connection, recorded)
    peer = standing.advance(connection, peer, by=0)
    if ask.last:
        standing.uploaded(connection, peer, at)
        _log.warning("event=journal_taken_up gateway=%s generation=%s", peer.id, peer.books.generation)
    return peer.stamped(Met(upload=not ask.last))
