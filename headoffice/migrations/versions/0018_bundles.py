"""What was bought together.

Revision ID: 0018
Revises: 0017
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "bundles",
        sa.Column("voucher", sa.String(length=32), nullable=False),
        sa.Column("bundle", sa.String(length=100), nullable=False),
        sa.ForeignKeyConstraint(["voucher"], ["vouchers.id"], name=op.f("fk_bundles_voucher")),
        sa.PrimaryKeyConstraint("voucher", name=op.f("pk_bundles")),
    )
    op.create_index(op.f("ix_bundles_bundle"), "bundles", ["bundle"])
