"""What is to be sent by post.

Revision ID: 0022
Revises: 0021
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"

_AT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "parcels",
        sa.Column("rid", sa.String(length=32), nullable=False),
        sa.Column("voucher", sa.String(length=32), nullable=False),
        sa.Column("ordered_at", _AT, nullable=False),
        sa.Column("name", sa.String(length=100), nullable=True),
        sa.Column("phone", sa.String(length=40), nullable=True),
        sa.Column("address", sa.String(length=200), nullable=True),
        sa.Column("sent_at", _AT, nullable=True),
        sa.Column("carrier", sa.String(length=100), nullable=True),
        sa.Column("number", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(["rid"], ["redemptions.rid"], name=op.f("fk_parcels_rid_redemptions")),
        sa.ForeignKeyConstraint(["voucher"], ["vouchers.id"], name=op.f("fk_parcels_voucher_vouchers")),
        sa.PrimaryKeyConstraint("rid", name=op.f("pk_parcels")),
    )
    op.create_index(op.f("ix_parcels_voucher"), "parcels", ["voucher"])
    unsent = sa.text("sent_at IS NULL")
    op.create_index("ix_parcels_waiting", "parcels", ["ordered_at"], sqlite_where=unsent, postgresql_where=unsent)
