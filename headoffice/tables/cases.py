"""The table of the rids at platforms; ``schema`` has it with all the others."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Double, ForeignKey, Index, Integer, String, Table, Text, text

from headoffice.tables.columns import ID, RID, WORD, metadata

#: Rids at vouchers that a platform owns, until their end and, where that was a success, ever after.
cases = Table(
    "cases",
    metadata,
    Column("rid", RID, primary_key=True),
    Column("requester", ID, nullable=False),
    Column("gateway", ForeignKey("gateways.id"), nullable=False),
    Column("store", ForeignKey("stores.id"), nullable=False),
    # The whole intent, code included; it goes with the rid's end.
    Column("intent", Text),
    Column("phase", WORD, nullable=False),
    Column("queries", Integer, nullable=False),
    # Consumes that have left: in the books before they leave.
    Column("attempts", Integer, nullable=False),
    # Seconds since 1970.
    Column("claimed_at", Double, nullable=False),
    Column("left_at", Double, nullable=False),
    # When it is to be driven on; null: it waits for others.
    Column("due", Double),
    # The platform's name and, behind a slash, its own name of the voucher.
    Column("voucher", String(200)),
    Column("single", Boolean, nullable=False),
    Column("claims", Boolean, nullable=False),
    Column("detail", Text, nullable=False),
    Index(
        "ix_cases_unfinished", "due", sqlite_where=text("phase <> 'ended'"), postgresql_where=text("phase <> 'ended'")
    ),
)
#: The claim on a platform's voucher: one rid at a time, and one alone where the voucher has one use.
Index(
    "uq_cases_claim",
    cases.c.voucher,
    unique=True,
    sqlite_where=cases.c.claims.is_(True),
    postgresql_where=cases.c.claims.is_(True),
)
