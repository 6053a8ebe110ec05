"""The tables of clerks; ``schema`` has them with all the others."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, LargeBinary, String, Table, UniqueConstraint

from headoffice.tables.columns import NAME, WORD, Utc, metadata

clerks = Table(
    "clerks",
    metadata,
    Column("number", String(12), primary_key=True),
    Column("name", NAME, nullable=False),
    Column("pin_hash", String(200), nullable=False),
    Column("badge_digest", LargeBinary(32), nullable=False),
    Column("disabled", Boolean, nullable=False),
    Column("role", WORD, nullable=False, server_default="clerk"),
    UniqueConstraint("badge_digest"),
)

clerk_stores = Table(
    "clerk_stores",
    metadata,
    Column("clerk", ForeignKey("clerks.number"), primary_key=True),
    Column("store", ForeignKey("stores.id"), primary_key=True, index=True),
)

#: One-time codes by which clerks set their PINs, one a clerk. A spent one is kept, so that a repeat is known as one.
activations = Table(
    "activations",
    metadata,
    Column("clerk", ForeignKey("clerks.number"), primary_key=True),
    Column("code_digest", LargeBinary(32), nullable=False, unique=True),
    Column("until", Utc, nullable=False),
    # The hash of the PIN that it has set; null while it can still be used.
    Column("pin_hash", String(200)),
)
