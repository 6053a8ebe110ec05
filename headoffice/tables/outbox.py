"""The tables of what is told to others; ``schema`` has them with all the others.

No foreign key leads from a delivery to what it is about: it is written in the transaction of a redemption, which must
wait for nobody who changes a webhook.
"""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, String, Table, Text, text

from headoffice.tables.columns import ID, NAME, RID, SERIAL, WORD, Utc, metadata

#: Longest name of a type of event.
TYPE = String(40)
#: A voucher's id, or a platform's name and behind a slash its own name of the voucher.
SUBJECT = String(200)

webhooks = Table(
    "webhooks",
    metadata,
    Column("id", String(12), primary_key=True),
    Column("url", String(1000), nullable=False),
    # What it is sent: events as they are, or messages for a bot.
    Column("form", WORD, nullable=False),
    Column("secret", String(200), nullable=False),
    # The one before, with which everything is signed too for a while.
    Column("old_secret", String(200)),
    Column("old_until", Utc),
    Column("paused", Boolean, nullable=False),
    Column("added_at", Utc, nullable=False),
)

#: Which events a webhook is told; the type ``*`` stands for all of them.
webhook_types = Table(
    "webhook_types",
    metadata,
    Column("type", TYPE, primary_key=True),
    Column("webhook", ForeignKey("webhooks.id"), primary_key=True),
)

#: Which deliveries are notices: those by a channel (``headoffice.notices.kinds``). Word for word as the index has it.
IS_NOTICE = "webhook IN ('sms', 'wechat', 'email')"

#: One row for an event and each webhook that is told of it, and one for each notice to a customer.
deliveries = Table(
    "deliveries",
    metadata,
    # Counted within the transaction of the event, whose voucher is held: in the order of what happened to that.
    Column("id", SERIAL, primary_key=True),
    # Or the channel of a notice, which is no webhook's id.
    Column("webhook", String(12), nullable=False),
    # What a receiver knows a repeat by: of a redemption its rid.
    Column("event", RID, nullable=False, index=True),
    Column("type", TYPE, nullable=False),
    Column("at", Utc, nullable=False, index=True),
    # Events of one subject are told one after the other.
    Column("subject", SUBJECT),
    Column("store", ID),
    Column("clerk", NAME),
    # What else there is to say, as JSON.
    Column("facts", Text, nullable=False),
    Column("state", WORD, nullable=False),
    # Since when it waits to be delivered, when it is tried next, and how often it has been.
    Column("since", Utc, nullable=False),
    Column("due", Utc, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("delivered_at", Utc),
    # Why the last try came to nothing.
    Column("error", String(200), nullable=False),
    Index(
        "ix_deliveries_due",
        "webhook",
        "due",
        sqlite_where=text("state = 'waiting'"),
        postgresql_where=text("state = 'waiting'"),
    ),
    Index(
        "ix_deliveries_order",
        "webhook",
        "subject",
        "id",
        sqlite_where=text("state <> 'delivered'"),
        postgresql_where=text("state <> 'delivered'"),
    ),
    Index("ix_deliveries_notices", "subject", "id", sqlite_where=text(IS_NOTICE), postgresql_where=text(IS_NOTICE)),
)
