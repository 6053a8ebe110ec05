"""The tables of books that were put back, and of what came back into them; ``schema`` has them with all the others."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Integer, String, Table, Text

from headoffice.tables.columns import NAME, RID, SERIAL, Utc, metadata

#: Times at which the books were found to be an older copy: nothing is decided until a person says ``restore``.
stops = Table(
    "stops",
    metadata,
    Column("generation", BigInteger, primary_key=True, autoincrement=False),
    Column("gateway", ForeignKey("gateways.id"), nullable=False),
    Column("shown", String(50), nullable=False),
    Column("at", Utc, nullable=False),
)

#: Generations but the first. One has ended once every gateway has uploaded its journal or was declared lost.
restores = Table(
    "restores",
    metadata,
    Column("generation", BigInteger, primary_key=True, autoincrement=False),
    Column("by", NAME, nullable=False),
    Column("at", Utc, nullable=False),
    Column("ended_at", Utc),
)

#: Gateways whose journal nobody will ever see, as a named person has declared.
losses = Table(
    "losses",
    metadata,
    Column("gateway", ForeignKey("gateways.id"), primary_key=True),
    Column("generation", BigInteger, primary_key=True, autoincrement=False),
    Column("by", NAME, nullable=False),
    Column("why", String(400), nullable=False),
    Column("at", Utc, nullable=False),
)

#: Rids that a gateway has uploaded without an end: an attempt of each has left, so it is driven forward.
uploaded_open = Table(
    "uploaded_open",
    metadata,
    Column("rid", RID, primary_key=True),
    Column("gateway", ForeignKey("gateways.id"), nullable=False),
    Column("voucher", ForeignKey("vouchers.id"), nullable=False, index=True),
    # The whole entry, code included; the row goes with the rid's end.
    Column("entry", Text, nullable=False),
)

#: Uses that an uploaded rid was told it has spent, and that somebody else holds in the books: given to it once they are
#: free again, because an undo may be uploaded later than what came after it.
unplaced_uses = Table(
    "unplaced_uses",
    metadata,
    Column("voucher", ForeignKey("vouchers.id"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("rid", ForeignKey("redemptions.rid"), primary_key=True),
)

#: What was uploaded and does not go together with what is in the books, for people to look at.
discrepancies = Table(
    "discrepancies",
    metadata,
    Column("id", SERIAL, primary_key=True),
    Column("rid", RID, nullable=False),
    Column("gateway", ForeignKey("gateways.id"), nullable=False),
    Column("what", String(200), nullable=False),
    Column("at", Utc, nullable=False),
)
