"""The tables of the customers' pages; ``headoffice.schema`` has them with all the others."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, LargeBinary, String, Table

from headoffice.columns import NAME, Utc, metadata

#: Pages that have shown the codes of a voucher. A row is only of use while its page is open, and for a while after that
#: to say what is the matter with a code of it.
openings = Table(
    "openings",
    metadata,
    # The first half of each of its codes; the other half is made with the key.
    Column("id", String(8), primary_key=True),
    Column("voucher", ForeignKey("vouchers.id"), nullable=False, index=True),
    Column("key", LargeBinary(32), nullable=False),
    Column("opened_at", Utc, nullable=False),
    Column("heard_at", Utc, nullable=False),
    Column("closed", Boolean, nullable=False),
)

#: Pages of a friend coupon beside its owner's: whoever has one can open the code.
shares = Table(
    "shares",
    metadata,
    Column("token", String(43), primary_key=True),
    Column("voucher", ForeignKey("vouchers.id"), nullable=False, index=True),
    Column("name", NAME, nullable=False),
    Column("at", Utc, nullable=False),
)
