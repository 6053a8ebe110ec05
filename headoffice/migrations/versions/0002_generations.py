"""Generations: how far these books have come, as gateways remember it, and what follows a restore.

Revision ID: 0002
Revises: 0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_ID = sa.String(length=63)
_AT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Add the marks to the gateways, and make the tables."""
    for name in ("seq", "heard_gen", "heard_seq", "uploaded"):
        op.add_column("gateways", sa.Column(name, sa.BigInteger(), server_default="0", nullable=False))
    op.create_table(
        "stops",
        sa.Column("generation", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("gateway", _ID, nullable=False),
        sa.Column("shown", sa.String(length=50), nullable=False),
        sa.Column("at", _AT, nullable=False),
        sa.ForeignKeyConstraint(["gateway"], ["gateways.id"], name=op.f("fk_stops_gateway")),
        sa.PrimaryKeyConstraint("generation", name=op.f("pk_stops")),
    )
    op.create_table(
        "restores",
        sa.Column("generation", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("by", sa.String(length=100), nullable=False),
        sa.Column("at", _AT, nullable=False),
        sa.Column("ended_at", _AT, nullable=True),
        sa.PrimaryKeyConstraint("generation", name=op.f("pk_restores")),
    )
    op.create_table(
        "losses",
        sa.Column("gateway", _ID, nullable=False),
        sa.Column("generation", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("by", sa.String(length=100), nullable=False),
        sa.Column("why", sa.String(length=400), nullable=False),
        sa.Column("at", _AT, nullable=False),
        sa.ForeignKeyConstraint(["gateway"], ["gateways.id"], name=op.f("fk_losses_gateway")),
        sa.PrimaryKeyConstraint("gateway", "generation", name=op.f("pk_losses")),
    )
    op.create_table(
        "uploaded_open",
        sa.Column("rid", sa.String(length=32), nullable=False),
        sa.Column("gateway", _ID, nullable=False),
        sa.Column("voucher", sa.String(length=32), nullable=False),
        sa.Column("entry", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["gateway"], ["gateways.id"], name=op.f("fk_uploaded_open_gateway")),
        sa.ForeignKeyConstraint(["voucher"], ["vouchers.id"], name=op.f("fk_uploaded_open_voucher")),
        sa.PrimaryKeyConstraint("rid", name=op.f("pk_uploaded_open")),
    )
    op.create_index(op.f("ix_uploaded_open_voucher"), "uploaded_open", ["voucher"], unique=False)
    op.create_table(
        "unplaced_uses",
        sa.Column("voucher", sa.String(length=32), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("rid", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["rid"], ["redemptions.rid"], name=op.f("fk_unplaced_uses_rid")),
        sa.ForeignKeyConstraint(["voucher"], ["vouchers.id"], name=op.f("fk_unplaced_uses_voucher")),
        sa.PrimaryKeyConstraint("voucher", "number", "rid", name=op.f("pk_unplaced_uses")),
    )
    op.create_table(
        "discrepancies",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("rid", sa.String(length=32), nullable=False),
        sa.Column("gateway", _ID, nullable=False),
        sa.Column("what", sa.String(length=200), nullable=False),
        sa.Column("at", _AT, nullable=False),
        sa.ForeignKeyConstraint(["gateway"], ["gateways.id"], name=op.f("fk_discrepancies_gateway")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_discrepancies")),
    )
