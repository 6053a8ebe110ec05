"""What gateways have found different in these books; ``schema`` has this table with all the others."""

from __future__ import annotations

from sqlalchemy import Column, Date, ForeignKey, Index, Integer, Table, Text

from headoffice.tables.columns import Utc, metadata

#: The newest comparison of a store's day with its gateway's journal.
comparisons = Table(
    "comparisons",
    metadata,
    Column("gateway", ForeignKey("gateways.id"), primary_key=True),
    Column("store", ForeignKey("stores.id"), primary_key=True),
    Column("day", Date, primary_key=True),
    Column("at", Utc, nullable=False),
    Column("compared", Integer, nullable=False),
    Column("differing", Integer, nullable=False),
    # The first of those that differ, as a list of protocol.comparing.Differing.
    Column("listed", Text, nullable=False),
    Index(None, "day"),
)
