"""The tables of practice (练习): apart from the books, so that nothing that counts those can count it."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Index, LargeBinary, String, Table, Text, and_

from headoffice.tables.columns import ID, NAME, RID, WORD, Utc, metadata

#: Practice vouchers, each of one store and good once.
practice_vouchers = Table(
    "practice_vouchers",
    metadata,
    Column("id", RID, primary_key=True),
    Column("code", String(64), nullable=False, unique=True),
    Column("store", ForeignKey("stores.id"), nullable=False),
    Column("by", NAME, nullable=False),
    Column("at", Utc, nullable=False),
    Column("until", Utc, nullable=False),
    Index(None, "store", "at"),
)

#: Rids at practice vouchers, their undos too.
practice_redemptions = Table(
    "practice_redemptions",
    metadata,
    Column("rid", RID, primary_key=True),
    Column("requester", ID, nullable=False),
    Column("gateway", ForeignKey("gateways.id")),
    Column("store", ForeignKey("stores.id"), nullable=False),
    Column("voucher", ForeignKey("practice_vouchers.id"), index=True),
    # The intent without its code and offer; the digest is what a repeat is compared by.
    Column("intent", Text, nullable=False),
    Column("intent_digest", LargeBinary(32), nullable=False),
    Column("verdict", WORD, nullable=False),
    Column("answer", Text, nullable=False),
    Column("at", Utc, nullable=False),
    Column("undone_by", RID),
    Column("settled_at", Utc),
    Column("handed_over", Boolean),
    Index(None, "store", "at"),
)
_SPENT = and_(practice_redemptions.c.verdict == "redeemed", practice_redemptions.c.undone_by.is_(None))
#: The claim: a practice voucher is spent once, as every voucher is.
Index(
    "uq_practice_redemptions_spent",
    practice_redemptions.c.voucher,
    unique=True,
    sqlite_where=_SPENT,
    postgresql_where=_SPENT,
)

#: What gateways have told last of the stores that are tried out.
store_statuses = Table(
    "store_statuses",
    metadata,
    Column("store", ForeignKey("stores.id"), primary_key=True),
    Column("gateway", ForeignKey("gateways.id"), nullable=False),
    Column("heard_at", Utc, nullable=False),
    # As it came: ``protocol.status.StoreStatus``.
    Column("body", Text, nullable=False),
)
