"""What gateways have found different in these books.

Revision ID: 0015
Revises: 0014
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "comparisons",
        sa.Column("gateway", sa.String(length=63), nullable=False),
        sa.Column("store", sa.String(length=63), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("compared", sa.Integer(), nullable=False),
        sa.Column("differing", sa.Integer(), nullable=False),
        sa.Column("listed", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["gateway"], ["gateways.id"], name=op.f("fk_comparisons_gateway")),
        sa.ForeignKeyConstraint(["store"], ["stores.id"], name=op.f("fk_comparisons_store")),
        sa.PrimaryKeyConstraint("gateway", "store", "day", name=op.f("pk_comparisons")),
    )
    op.create_index(op.f("ix_comparisons_day"), "comparisons", ["day"], unique=False)
