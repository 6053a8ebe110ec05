"""What the console's handlers work with: the gateway's own parts, handed to each of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gateway.books import Books
    from gateway.changes import Changes
    from gateway.comparing import Comparing
    from gateway.desk import Desk
    from gateway.journal import Journal
    from gateway.link import Link
    from gateway.presence import Attendance
    from gateway.registry import Registry
    from gateway.relays import Relays
    from gateway.staff import Staff
    from gateway.standing import Standing
    from gateway.storelist import StoreList
    from gateway.upstream import Upstream
    from gateway.webcounter import WebCounter


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """One running gateway."""

    identity: str
    registry: Registry
    journal: Journal
    books: Books
    comparing: Comparing
    relays: Relays
    standing: Standing
    desk: Desk
    counter: WebCounter
    store_list: StoreList
    staff: Staff
    attendance: Attendance
    link: Link
    upstream: Upstream
    changes: Changes
    call: str = ""
    """Whom to call where a redemption does not end."""
