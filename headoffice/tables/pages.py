"""The tables of the customers' pages; ``schema`` has them with all the others."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, LargeBinary, String, Table

from headoffice.tables.columns import ID, NAME, RID, WORD, Utc, metadata

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
    # Of a friend coupon: the page of the friend who opened it; none: its owner's.
    Column("share", String(43)),
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

#: A customer's own vouchers under one secret address.
wallets = Table(
    "wallets",
    metadata,
    Column("id", RID, primary_key=True),
    Column("token", String(43), nullable=False, unique=True),
    # How the shop knows the customer; none where a browser is all that is known.
    Column("customer", NAME, unique=True),
    Column("at", Utc, nullable=False),
)

#: In whose wallet a voucher is.
holdings = Table(
    "holdings",
    metadata,
    Column("voucher", ForeignKey("vouchers.id"), primary_key=True),
    Column("wallet", ForeignKey("wallets.id"), nullable=False, index=True),
    Column("at", Utc, nullable=False),
    # When its customer was told that it is about to expire.
    Column("reminded_at", Utc),
)

#: How a customer can be reached, and by what they have agreed to that. Without an address: they have ended it.
contacts = Table(
    "contacts",
    metadata,
    Column("wallet", ForeignKey("wallets.id"), primary_key=True),
    Column("channel", WORD, primary_key=True),
    Column("address", String(200), nullable=False),
    Column("lang", String(2), nullable=False),
    Column("agreed_at", Utc, nullable=False),
    Column("agreed_by", String(200), nullable=False),
    Column("ended_at", Utc),
)

#: The link under which a voucher that is given away can be received, once; a new gift of it replaces the old link.
gifts = Table(
    "gifts",
    metadata,
    Column("voucher", ForeignKey("vouchers.id"), primary_key=True),
    Column("token", String(43), nullable=False, unique=True),
    Column("at", Utc, nullable=False),
    # The voucher that was issued for it to whoever received it.
    Column("became", ForeignKey("vouchers.id")),
)

#: Vouchers that anybody can claim behind a code which hangs on a wall.
campaigns = Table(
    "campaigns",
    metadata,
    Column("id", ID, primary_key=True),
    Column("type", ForeignKey("voucher_types.id"), nullable=False),
    Column("begins_at", Utc),
    Column("ends_at", Utc),
    # How many vouchers there are; null: as many as are wanted.
    Column("stock", Integer),
    # How many of them one person gets.
    Column("each", Integer, nullable=False),
    Column("paused", Boolean, nullable=False),
    Column("claimed", Integer, nullable=False),
)

#: Where a campaign's code hangs or is printed, each with a code of its own.
campaign_sources = Table(
    "campaign_sources",
    metadata,
    Column("campaign", ForeignKey("campaigns.id"), primary_key=True),
    Column("source", ID, primary_key=True),
)

#: Vouchers that were claimed. The key is the form's: sent twice, it claims once.
claims = Table(
    "claims",
    metadata,
    Column("key", RID, primary_key=True),
    Column("campaign", ForeignKey("campaigns.id"), nullable=False),
    Column("source", ID, nullable=False),
    Column("wallet", ForeignKey("wallets.id"), nullable=False),
    Column("voucher", ForeignKey("vouchers.id"), nullable=False, unique=True),
    Column("at", Utc, nullable=False),
    Index(None, "campaign", "wallet"),
)
