"""A head office that has a key, signs vouchers with it, leases them to a gateway, and then falls silent."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from protocol.lease import Clock
from protocol.leasing import Lease, LeasedVoucher, PublicKey
from protocol.signed import SignedCode
from protocol.upstream import AskLeased, Leased, Met
from protocol.values import replace
from tests.gateway.shop import Shop, SilentOwner

if TYPE_CHECKING:
    from protocol.upstream import UpstreamAnswer

LEASE = Lease(
    id="1ea5e" + "0" * 27, store="nanjing-lu", at="2026-11-21T12:00:00+08:00", age_s=100.0, left_s=3600.0, most_uses=3,
    most_value=10_000, title="拿铁一杯", value="¥32", value_fen=3200, terms=7, weekdays=tuple(range(7)),
)  # fmt: skip


class Chain:
    """A head office with a key, which leases vouchers and then falls silent."""

    def __init__(self, owner: SilentOwner | None = None) -> None:
        self._private = Ed25519PrivateKey.generate()
        raw = self._private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.key = PublicKey(id=hashlib.sha256(raw).hexdigest()[:8], public=raw.hex())
        self.vouchers: list[LeasedVoucher] = []
        self.owner = owner or SilentOwner()

    def issue(self, **facts: Any) -> str:
        """Issue a signed voucher into the lease and return its code."""
        voucher = f"{len(self.vouchers) + 1:032x}"
        self.vouchers.append(LeasedVoucher(id=voucher, uses=facts.pop("uses", 1), **facts))
        unsigned = SignedCode(key=self.key.id, voucher=voucher)
        return replace(unsigned, signature=self._private.sign(unsigned.statement)).text

    async def lease(self, shop: Shop, *leases: Lease, keys: tuple[PublicKey, ...] | None = None) -> None:
        """Tell a gateway what it holds, as the answer to a greeting of this moment."""
        met = Met(keys=(self.key,) if keys is None else keys, leases=leases or (LEASE,))
        before, self.owner.answer = self.owner.answer, self._part
        await shop.leases.met(met, Clock("boot-1", shop.machine.now), shop.owner)
        self.owner.answer = before

    def _part(self, ask: AskLeased) -> UpstreamAnswer:
        return Leased(vouchers=tuple(self.vouchers), last=True)
