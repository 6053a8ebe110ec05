"""The table of what was bought together; ``schema`` has it with all the others."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Table

from headoffice.tables.columns import NAME, metadata

#: In which order, by its number at whoever sold it, a voucher was bought.
bundles = Table(
    "bundles",
    metadata,
    Column("voucher", ForeignKey("vouchers.id"), primary_key=True),
    Column("bundle", NAME, nullable=False, index=True),
)
