"""Offline leases in a soak: signed vouchers that a store accepts by itself while its head office is out of reach.

A gateway whose journal was put back holds no lease of before and cannot give one back. A person then declares it lost,
as the head office's manual has it; what it had accepted and never told may end in a conflict, which is listed.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from simulator.layout import GATEWAY, STORES
from simulator.soak.verbs import hexiao

if TYPE_CHECKING:
    from pathlib import Path

    from simulator.soak.shop import Shop

#: Longer than any soak, and than its clock is ever wrong.
LEASED = timedelta(days=30)
SIGNER = "Soak"


class Leases:
    """The leases of one soak's first store."""

    def __init__(self, shop: Shop, config: Path) -> None:
        """Keep the shop, and where its head office's configuration is."""
        self._shop = shop
        self._config = config
        self._types = 0
        self._live: list[str] = []
        """Leases that nobody has declared lost."""
        self._lost: list[str] = []
        """Leases whose gateway was put back since, and which are to be declared lost."""

    async def begin(self) -> None:
        """Make a key to sign by, of which the head office learns as it starts again; raise ShopError."""
        await hexiao("headoffice", "key", "make", "-c", str(self._config))
        for action in ("kill", "start"):
            await self._shop.call("POST", f"/api/parts/headoffice/{action}")

    async def issue(self, count: int) -> list[str]:
        """Issue signed vouchers of a type of their own under a lease, and return the codes; fewer where calls fail."""
        self._types += 1
        kind = f"offline-{self._types}"
        drawn = await self._ask("PUT", f"types/{kind}", {"title": "soak", "author": SIGNER, "value": 1000})
        if drawn is None or await self._ask("POST", f"types/{kind}/approve", {"by": "Another"}) is None:
            return []
        issued = [await self._ask("POST", "vouchers", {"type": kind, "signed": True}) for _ in range(count)]
        until = (datetime.now(UTC) + LEASED).isoformat()
        wish = {"type": kind, "store": STORES[0].id, "gateway": GATEWAY, "until": until, "most_uses": count}
        if (lease := await self._ask("POST", "leases", wish)) is not None:
            self._live.append(lease["id"])
        return [voucher["qr_text"] for voucher in issued if voucher is not None]

    def put_back(self) -> None:
        """Note that the gateway's journal was put back."""
        self._lost, self._live = self._lost + self._live, []

    async def declare_lost(self) -> bool:
        """Declare lost what is; return whether nothing is left to declare."""
        word = {"by": SIGNER, "why": "its journal was put back to an older copy"}
        for lease in [*self._lost]:
            if await self._ask("POST", f"leases/{lease}/lost", word) is None and not await self._has_ended(lease):
                return False
            self._lost.remove(lease)
        return True

    async def conflicts(self) -> list[dict[str, Any]] | None:
        """Return what could not be redeemed after all; None where the head office does not tell."""
        found: list[dict[str, Any]] | None = await self._ask("GET", "conflicts")
        return found

    async def _has_ended(self, lease: str) -> bool:
        found = await self._ask("GET", "leases")
        return found is not None and all(row["ended_at"] for row in found if row["id"] == lease)

    async def _ask(self, method: str, path: str, body: Any = None) -> Any | None:  # noqa: ANN401 - JSON
        return await self._shop.office(method, f"/api/v1/{path}", body)
