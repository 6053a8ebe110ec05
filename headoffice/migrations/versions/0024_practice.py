"""Stores that are tried out before they are live, and practice vouchers; stores that are there already are live.

Revision ID: 0024
Revises: 0023
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"

_SPENT = sa.text("verdict = 'redeemed' AND undone_by IS NULL")


def upgrade() -> None:
    """Add the column and the tables."""
    with op.batch_alter_table("stores") as table:
        table.add_column(sa.Column("testing_since", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "practice_vouchers",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("store", sa.String(length=63), nullable=False),
        sa.Column("by", sa.String(length=100), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["store"], ["stores.id"], name=op.f("fk_practice_vouchers_store")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_practice_vouchers")),
        sa.UniqueConstraint("code", name=op.f("uq_practice_vouchers_code")),
    )
    op.create_index(op.f("ix_practice_vouchers_store_at"), "practice_vouchers", ["store", "at"])
    op.create_table(
        "practice_redemptions",
        sa.Column("rid", sa.String(length=32), nullable=False),
        sa.Column("requester", sa.String(length=63), nullable=False),
        sa.Column("gateway", sa.String(length=63), nullable=True),
        sa.Column("store", sa.String(length=63), nullable=False),
        sa.Column("voucher", sa.String(length=32), nullable=True),
        sa.Column("intent", sa.Text(), nullable=False),
        sa.Column("intent_digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("verdict", sa.String(length=20), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("undone_by", sa.String(length=32), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("handed_over", sa.Boolean(), nullable=True),
        sa.ForeignKeyConstraint(["gateway"], ["gateways.id"], name=op.f("fk_practice_redemptions_gateway")),
        sa.ForeignKeyConstraint(["store"], ["stores.id"], name=op.f("fk_practice_redemptions_store")),
        sa.ForeignKeyConstraint(["voucher"], ["practice_vouchers.id"], name=op.f("fk_practice_redemptions_voucher")),
        sa.PrimaryKeyConstraint("rid", name=op.f("pk_practice_redemptions")),
    )
    op.create_index(op.f("ix_practice_redemptions_voucher"), "practice_redemptions", ["voucher"])
    op.create_index(op.f("ix_practice_redemptions_store_at"), "practice_redemptions", ["store", "at"])
    op.create_index(
        "uq_practice_redemptions_spent",
        "practice_redemptions",
        ["voucher"],
        unique=True,
        sqlite_where=_SPENT,
        postgresql_where=_SPENT,
    )
    op.create_table(
        "store_statuses",
        sa.Column("store", sa.String(length=63), nullable=False),
        sa.Column("gateway", sa.String(length=63), nullable=False),
        sa.Column("heard_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["gateway"], ["gateways.id"], name=op.f("fk_store_statuses_gateway")),
        sa.ForeignKeyConstraint(["store"], ["stores.id"], name=op.f("fk_store_statuses_store")),
        sa.PrimaryKeyConstraint("store", name=op.f("pk_store_statuses")),
    )
