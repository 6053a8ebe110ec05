"""Every kind of voucher: drafts of types, orders and their stock, bookings, minimum spend.

Revision ID: 0005
Revises: 0004
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

_ID = sa.String(length=63)
_WORD = sa.String(length=20)
_AT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Add the columns, and make the tables."""
    for name in ("rate", "minimum_fen", "price_fen"):
        op.add_column("voucher_types", sa.Column(name, sa.Integer(), nullable=True))
    for name in ("early_minutes", "late_minutes"):
        op.add_column("voucher_types", sa.Column(name, sa.Integer(), server_default="30", nullable=False))
    op.add_column("vouchers", sa.Column("stage", _WORD, nullable=True))
    op.add_column("vouchers", sa.Column("booked_for", _AT, nullable=True))
    op.create_table(
        "type_drafts",
        sa.Column("type", _ID, nullable=False),
        sa.Column("state", _WORD, nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("author", sa.String(length=100), nullable=False),
        sa.Column("at", _AT, nullable=False),
        sa.Column("decided_by", sa.String(length=100), nullable=True),
        sa.Column("reason", sa.String(length=400), nullable=True),
        sa.PrimaryKeyConstraint("type", name=op.f("pk_type_drafts")),
    )
    op.create_table(
        "stock",
        sa.Column("type", _ID, nullable=False),
        sa.Column("store", _ID, nullable=False),
        sa.Column("pieces", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["store"], ["stores.id"], name=op.f("fk_stock_store")),
        sa.ForeignKeyConstraint(["type"], ["voucher_types.id"], name=op.f("fk_stock_type")),
        sa.PrimaryKeyConstraint("type", "store", name=op.f("pk_stock")),
    )
