"""The tables. Alembic's revisions lead a database here step by step; a test holds the two together.

Times are UTC. Nothing here is ever deleted but use rows, by the transaction that records an undo.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    Time,
    UniqueConstraint,
    false,
    text,
)

from headoffice.tables import (  # noqa: F401 - their tables are of this schema, too
    alarms,
    bundles,
    cases,
    comparison,
    desk,
    keys,
    outbox,
    pages,
    parcels,
    practice,
    standing,
)
from headoffice.tables.clerks import activations as activations  # noqa: PLC0414 - as are these
from headoffice.tables.clerks import clerk_stores as clerk_stores  # noqa: PLC0414
from headoffice.tables.clerks import clerks as clerks  # noqa: PLC0414
from headoffice.tables.columns import ID, NAME, RID, SERIAL, WORD, Utc
from headoffice.tables.columns import metadata as metadata  # noqa: PLC0414 - whoever asks for the tables finds it here

stores = Table(
    "stores",
    metadata,
    Column("id", ID, primary_key=True),
    Column("name", NAME, nullable=False),
    Column("timezone", String(64), nullable=False),
    Column("address", String(200), nullable=False),
    Column("phone", String(40), nullable=False),
    Column("hours", NAME, nullable=False),
    Column("map", String(400), nullable=False, server_default=text("''")),
    Column("claim_qr", String(53), nullable=False, server_default=text("''")),
    Column("clerk_policy", WORD, nullable=False),
    Column("day_ends", Time, nullable=False, server_default="00:00:00"),
    # From this value on a redemption is approved by the clerk's PIN or by a manager.
    Column("approve_from_fen", BigInteger),
    # Since when it is tried out (测试中) and redeems practice vouchers only; null: it is live (已上线).
    Column("testing_since", Utc),
)

gateways = Table(
    "gateways",
    metadata,
    Column("id", ID, primary_key=True),
    Column("name", NAME, nullable=False),
    # Rids of this gateway that were ever recorded: what it has seen of these books.
    Column("seq", BigInteger, nullable=False, server_default="0"),
    # The highest mark that it has shown of its own journal.
    Column("heard_gen", BigInteger, nullable=False, server_default="0"),
    Column("heard_seq", BigInteger, nullable=False, server_default="0"),
    # The newest generation of these books that has its whole journal.
    Column("uploaded", BigInteger, nullable=False, server_default="0"),
)

gateway_stores = Table(
    "gateway_stores",
    metadata,
    Column("gateway", ForeignKey("gateways.id"), primary_key=True),
    Column("store", ForeignKey("stores.id"), primary_key=True, index=True),
)

voucher_types = Table(
    "voucher_types",
    metadata,
    Column("id", ID, primary_key=True),
    Column("terms", Integer, nullable=False),
    # What is written here was approved; drafts that wait for that stand in type_drafts.
    Column("state", WORD, nullable=False),
    Column("title", NAME, nullable=False),
    Column("kind", WORD, nullable=False),
    Column("brand", NAME, nullable=False),
    Column("colour", String(7), nullable=False),
    Column("logo", Text, nullable=False),
    Column("value_fen", Integer),
    Column("value_text", NAME, nullable=False),
    Column("details", Text, nullable=False),
    Column("uses", Integer, nullable=False),
    Column("everywhere", Boolean, nullable=False),
    Column("valid_from", Utc),
    Column("valid_until", Utc),
    Column("valid_days", Integer),
    # Bit n is weekday n, Monday is 0.
    Column("weekdays", Integer, nullable=False),
    Column("hours_from", Time),
    Column("hours_until", Time),
    Column("offline", Boolean, nullable=False),
    Column("online", Boolean, nullable=False),
    Column("mail", Boolean, nullable=False),
    # Of a discount: what is paid, in hundredths; 85 is 8.5 折.
    Column("rate", Integer),
    Column("minimum_fen", Integer),
    Column("asks_amount", Boolean, nullable=False, server_default=false()),
    Column("price_fen", Integer),
    # What its customer's page shows once it was redeemed there.
    Column("given", Text, nullable=False, server_default=text("''")),
    # How long before and after its time a booking is honoured.
    Column("early_minutes", Integer, nullable=False, server_default="30"),
    Column("late_minutes", Integer, nullable=False, server_default="30"),
    # By which channels customers are told of their vouchers, the first that reaches them: "wechat,sms"; none: by none.
    Column("notices", WORD, nullable=False, server_default=text("''")),
    # So many days before it ends a customer is reminded; null: never.
    Column("remind_days", Integer),
    CheckConstraint("uses >= 1", name="uses"),
)

#: What somebody has drawn up as a type, or as its next version, until somebody else approves it.
type_drafts = Table(
    "type_drafts",
    metadata,
    Column("type", ID, primary_key=True),
    Column("state", WORD, nullable=False),
    # The type as the API takes it.
    Column("body", Text, nullable=False),
    Column("author", NAME, nullable=False),
    Column("at", Utc, nullable=False),
    Column("decided_by", NAME),
    Column("reason", String(400)),
)

voucher_type_stores = Table(
    "voucher_type_stores",
    metadata,
    Column("type", ForeignKey("voucher_types.id"), primary_key=True),
    Column("store", ForeignKey("stores.id"), primary_key=True),
)

#: Pieces that lie ready in a store; a type that has no row there is not counted. An upload can bring one below zero.
stock = Table(
    "stock",
    metadata,
    Column("type", ForeignKey("voucher_types.id"), primary_key=True),
    Column("store", ForeignKey("stores.id"), primary_key=True),
    Column("pieces", Integer, nullable=False),
)

vouchers = Table(
    "vouchers",
    metadata,
    # Random, never counted: a database that was put back to an older copy gives no number twice.
    Column("id", RID, primary_key=True),
    Column("code", String(512), nullable=False),
    Column("type", ForeignKey("voucher_types.id"), nullable=False),
    Column("state", WORD, nullable=False),
    Column("page_token", String(43), nullable=False),
    # Fixed at issue: a later change of the type neither shortens a card nor a date that a customer holds.
    Column("uses", Integer, nullable=False),
    Column("valid_from", Utc),
    Column("valid_until", Utc),
    Column("issued_at", Utc, nullable=False),
    # Of a pick-up: how far the shop has come with it.
    Column("stage", WORD),
    # Of a booking: its time; from when until when it is honoured was reckoned from it at issue.
    Column("booked_for", Utc),
    # The lease that it is under: then one store is its only home, until the lease has ended.
    Column("lease", RID, index=True),
    # Whether its code changes every 30 s, and its own number is none that a kiosk accepts.
    Column("dynamic", Boolean, nullable=False, server_default=false()),
    UniqueConstraint("code"),
    UniqueConstraint("page_token"),
    # Of a type those that are about to expire.
    Index(None, "type", "valid_until"),
    CheckConstraint("uses >= 1", name="uses"),
)

_REFUNDING = text("state = 'refunding'")
Index("ix_vouchers_refunding", vouchers.c.id, sqlite_where=_REFUNDING, postgresql_where=_REFUNDING)

voucher_events = Table(
    "voucher_events",
    metadata,
    Column("id", SERIAL, primary_key=True),
    Column("voucher", ForeignKey("vouchers.id"), nullable=False, index=True),
    Column("step", WORD, nullable=False),
    Column("at", Utc, nullable=False),
)

redemptions = Table(
    "redemptions",
    metadata,
    Column("rid", RID, primary_key=True),
    Column("requester", ID, nullable=False),
    Column("gateway", ForeignKey("gateways.id")),
    Column("store", ForeignKey("stores.id"), nullable=False),
    Column("clerk", NAME),
    # The manager who approved it, where one had to.
    Column("approver", NAME),
    Column("action", WORD, nullable=False),
    # The intent without its code and offer; the digest is what a repeat is compared by.
    Column("intent_digest", LargeBinary(32), nullable=False),
    # Of an undo: the uses that it gave back.
    Column("quantity", Integer, nullable=False),
    Column("method", WORD, nullable=False),
    Column("amount", BigInteger),
    Column("reason", String(400)),
    Column("undoes", RID),
    Column("voucher", ForeignKey("vouchers.id"), index=True),
    # Of a voucher that a platform owns: the platform's name in the configuration.
    Column("platform", WORD),
    # Numbers of the uses that it spent, such as "1,2"; they stay when an undo gives the uses back.
    Column("spent", Text, nullable=False),
    Column("verdict", WORD, nullable=False),
    Column("answer", Text, nullable=False),
    Column("code_tail", String(4)),
    Column("at", Utc, nullable=False),
    Column("undone_by", RID),
    Column("settled_at", Utc),
    Column("handed_over", Boolean),
    # Who has said how it ended, where only a person could; the reason is that person's.
    Column("decided_by", NAME),
    Index(None, "at", "rid"),
    Index(None, "store", "at", "rid"),
)
# At most one undo of a redemption has succeeded.
Index(
    "uq_redemptions_undone",
    redemptions.c.undoes,
    unique=True,
    sqlite_where=redemptions.c.verdict == "undone",
    postgresql_where=redemptions.c.verdict == "undone",
)

Index(
    "ix_redemptions_conflicts",
    redemptions.c.at,
    sqlite_where=redemptions.c.verdict == "offline_conflict",
    postgresql_where=redemptions.c.verdict == "offline_conflict",
)

#: A gateway's right to accept a type's signed vouchers by itself in one store.
leases = Table(
    "leases",
    metadata,
    Column("id", RID, primary_key=True),
    Column("type", ForeignKey("voucher_types.id"), nullable=False),
    Column("store", ForeignKey("stores.id"), nullable=False),
    Column("gateway", ForeignKey("gateways.id"), nullable=False, index=True),
    # The gateway's own generation when it was granted: a journal that was put back since has forgotten what it did.
    Column("gateway_gen", BigInteger, nullable=False),
    Column("at", Utc, nullable=False),
    Column("until", Utc, nullable=False),
    Column("most_uses", Integer, nullable=False),
    Column("most_value", BigInteger),
    Column("recalled_at", Utc),
    Column("recalled_by", NAME),
    Column("ended_at", Utc),
    # Who declared the gateway lost; none where it gave the lease back.
    Column("ended_by", NAME),
    Column("why", String(400)),
)

#: The claim: a use of a voucher is spent once, whatever else goes wrong.
uses = Table(
    "uses",
    metadata,
    Column("voucher", ForeignKey("vouchers.id"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("rid", ForeignKey("redemptions.rid"), nullable=False),
    sqlite_with_rowid=False,
)

#: Looks that ended in a refusal.
refusals = Table(
    "refusals",
    metadata,
    Column("id", SERIAL, primary_key=True),
    Column("requester", ID, nullable=False),
    Column("gateway", ForeignKey("gateways.id"), nullable=False),
    Column("store", ForeignKey("stores.id"), nullable=False),
    Column("clerk", NAME),
    Column("method", WORD, nullable=False),
    Column("voucher", ForeignKey("vouchers.id"), index=True),
    Column("platform", WORD),
    Column("verdict", WORD, nullable=False),
    Column("code_tail", String(4)),
    Column("at", Utc, nullable=False),
    Index(None, "at", "id"),
    Index(None, "store", "at", "id"),
)
