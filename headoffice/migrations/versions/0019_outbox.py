"""Webhooks, and what they are told.

Revision ID: 0019
Revises: 0018
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"

_AT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "webhooks",
        sa.Column("id", sa.String(length=12), nullable=False),
        sa.Column("url", sa.String(length=1000), nullable=False),
        sa.Column("form", sa.String(length=20), nullable=False),
        sa.Column("secret", sa.String(length=200), nullable=False),
        sa.Column("old_secret", sa.String(length=200), nullable=True),
        sa.Column("old_until", _AT, nullable=True),
        sa.Column("paused", sa.Boolean(), nullable=False),
        sa.Column("added_at", _AT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhooks")),
    )
    op.create_table(
        "webhook_types",
        sa.Column("type", sa.String(length=40), nullable=False),
        sa.Column("webhook", sa.String(length=12), nullable=False),
        sa.ForeignKeyConstraint(["webhook"], ["webhooks.id"], name=op.f("fk_webhook_types_webhook")),
        sa.PrimaryKeyConstraint("type", "webhook", name=op.f("pk_webhook_types")),
    )
    op.create_table(
        "deliveries",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("webhook", sa.String(length=12), nullable=False),
        sa.Column("event", sa.String(length=32), nullable=False),
        sa.Column("type", sa.String(length=40), nullable=False),
        sa.Column("at", _AT, nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=True),
        sa.Column("store", sa.String(length=63), nullable=True),
        sa.Column("clerk", sa.String(length=100), nullable=True),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("since", _AT, nullable=False),
        sa.Column("due", _AT, nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("delivered_at", _AT, nullable=True),
        sa.Column("error", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deliveries")),
    )
    op.create_index(op.f("ix_deliveries_at"), "deliveries", ["at"], unique=False)
    op.create_index(op.f("ix_deliveries_event"), "deliveries", ["event"], unique=False)
    waiting, undelivered = sa.text("state = 'waiting'"), sa.text("state <> 'delivered'")
    op.create_index(
        "ix_deliveries_due", "deliveries", ["webhook", "due"], sqlite_where=waiting, postgresql_where=waiting
    )
    op.create_index(
        "ix_deliveries_order",
        "deliveries",
        ["webhook", "subject", "id"],
        sqlite_where=undelivered,
        postgresql_where=undelivered,
    )
