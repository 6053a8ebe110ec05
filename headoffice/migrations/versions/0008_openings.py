"""Codes that change while a page shows them, and the pages of friend coupons.

Revision ID: 0008
Revises: 0007
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

_RID = sa.String(length=32)
_AT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Add the column, and make the tables."""
    op.add_column("vouchers", sa.Column("dynamic", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.create_table(
        "openings",
        sa.Column("id", sa.String(length=8), nullable=False),
        sa.Column("voucher", _RID, nullable=False),
        sa.Column("key", sa.LargeBinary(length=32), nullable=False),
        sa.Column("opened_at", _AT, nullable=False),
        sa.Column("heard_at", _AT, nullable=False),
        sa.Column("closed", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["voucher"], ["vouchers.id"], name=op.f("fk_openings_voucher")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_openings")),
    )
    op.create_index(op.f("ix_openings_voucher"), "openings", ["voucher"], unique=False)
    op.create_table(
        "shares",
        sa.Column("token", sa.String(length=43), nullable=False),
        sa.Column("voucher", _RID, nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("at", _AT, nullable=False),
        sa.ForeignKeyConstraint(["voucher"], ["vouchers.id"], name=op.f("fk_shares_voucher")),
        sa.PrimaryKeyConstraint("token", name=op.f("pk_shares")),
    )
    op.create_index(op.f("ix_shares_voucher"), "shares", ["voucher"], unique=False)
