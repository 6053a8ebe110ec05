"""The table of what is to be sent by post; ``schema`` has it with all the others."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, String, Table

from headoffice.tables.columns import NAME, Utc, metadata

#: What was redeemed by post, by the redemption that did it. One that was undone is to be sent no more.
parcels = Table(
    "parcels",
    metadata,
    Column("rid", ForeignKey("redemptions.rid"), primary_key=True),
    Column("voucher", ForeignKey("vouchers.id"), nullable=False, index=True),
    Column("ordered_at", Utc, nullable=False),
    # Where to; none once the customer was forgotten.
    Column("name", NAME),
    Column("phone", String(40)),
    Column("address", String(200)),
    Column("sent_at", Utc),
    Column("carrier", NAME),
    Column("number", String(64)),
)
Index(
    "ix_parcels_waiting",
    parcels.c.ordered_at,
    sqlite_where=parcels.c.sent_at.is_(None),
    postgresql_where=parcels.c.sent_at.is_(None),
)
