"""Offline leases, and which voucher is in which.

Revision ID: 0007
Revises: 0006
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

_AT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the table, and let vouchers point into it."""
    op.create_table(
        "leases",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("type", sa.String(length=63), nullable=False),
        sa.Column("store", sa.String(length=63), nullable=False),
        sa.Column("gateway", sa.String(length=63), nullable=False),
        sa.Column("gateway_gen", sa.BigInteger(), nullable=False),
        sa.Column("at", _AT, nullable=False),
        sa.Column("until", _AT, nullable=False),
        sa.Column("most_uses", sa.Integer(), nullable=False),
        sa.Column("most_value", sa.BigInteger(), nullable=True),
        sa.Column("recalled_at", _AT, nullable=True),
        sa.Column("recalled_by", sa.String(length=100), nullable=True),
        sa.Column("ended_at", _AT, nullable=True),
        sa.Column("ended_by", sa.String(length=100), nullable=True),
        sa.Column("why", sa.String(length=400), nullable=True),
        sa.ForeignKeyConstraint(["gateway"], ["gateways.id"], name=op.f("fk_leases_gateway")),
        sa.ForeignKeyConstraint(["store"], ["stores.id"], name=op.f("fk_leases_store")),
        sa.ForeignKeyConstraint(["type"], ["voucher_types.id"], name=op.f("fk_leases_type")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_leases")),
    )
    op.create_index(op.f("ix_leases_gateway"), "leases", ["gateway"], unique=False)
    # No foreign key: SQLite would have to write every voucher anew for one.
    op.add_column("vouchers", sa.Column("lease", sa.String(length=32), nullable=True))
    op.create_index(op.f("ix_vouchers_lease"), "vouchers", ["lease"], unique=False)
    conflicts = sa.text("verdict = 'offline_conflict'")
    op.create_index(
        "ix_redemptions_conflicts", "redemptions", ["at"], sqlite_where=conflicts, postgresql_where=conflicts
    )
