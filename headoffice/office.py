"""What the two doors share: the database, the ledger, and who may administer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from headoffice.changes import Changes
from headoffice.notices.kinds import Channel
from headoffice.outbox.addresses import Reach
from protocol.classify import CLAIM_PATH

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from headoffice.database import Database
    from headoffice.platforms.driver import Driver
    from headoffice.redemptions.ledger import Ledger
    from headoffice.vouchers.signing import Signer


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """One running head office."""

    database: Database
    ledger: Ledger
    token: str
    url: str
    """Address at which customers' phones reach the public door, without a slash at its end."""
    clock: Callable[[], datetime]
    driver: Driver | None = None
    """What asks the platforms, where there are any."""
    follow: str = ""
    """What the QR of the chain's account holds; empty: no page shows one."""
    frames: tuple[str, ...] = ()
    """Origins that may show a customer's page inside theirs."""
    reach: Reach = field(default_factory=Reach)
    """What webhooks may be sent to."""
    changes: Changes = field(default_factory=Changes)
    """Who waits for a voucher to change."""
    ways: frozenset[Channel] = frozenset(Channel)
    """By which ways customers can be told here; pages ask for no address that nothing would be sent to."""
    tries_out: bool = False
    """Whether a new store is tried out (测试中) until somebody sets it live."""
    signer: Signer | None = None
    """What signs vouchers; None: nothing signed is issued."""

    @property
    def testing_since(self) -> datetime | None:
        """Since when a store is tried out that is added now; None where new stores are live at once."""
        return self.clock() if self.tries_out else None

    def page(self, token: str) -> str:
        """Return the address of a customer's page."""
        return f"{self.url}/v/{token}"

    def wallet(self, token: str) -> str:
        """Return the address of a customer's wallet."""
        return f"{self.url}/w/{token}"

    def claim(self, campaign: str, source: str) -> str:
        """Return the address of a claim page, which is what a campaign's QR holds."""
        return f"{self.url}{CLAIM_PATH}{campaign}/{source}"

    def gift(self, token: str) -> str:
        """Return the address at which a gift is received."""
        return f"{self.url}/g/{token}"
