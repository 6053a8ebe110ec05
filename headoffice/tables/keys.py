"""The table of the keys that sign vouchers; ``schema`` has it with all the others."""

from __future__ import annotations

from sqlalchemy import Column, LargeBinary, String, Table

from headoffice.tables.columns import NAME, Utc, metadata

#: Public halves of the keys that sign vouchers; the private one is in no database.
signing_keys = Table(
    "signing_keys",
    metadata,
    Column("id", String(8), primary_key=True),
    Column("public", String(64), nullable=False),
    Column("added_at", Utc, nullable=False),
    Column("revoked_at", Utc),
    Column("revoked_by", NAME),
    Column("why", String(400)),
    # Seals the ids of the leases of what is signed; this one stays here.
    Column("lease_key", LargeBinary(32), nullable=False),
)
