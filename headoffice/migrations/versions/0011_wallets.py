"""Wallets of customers, and gifts that are received by a link.

Revision ID: 0011
Revises: 0010
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

_RID = sa.String(length=32)
_TOKEN = sa.String(length=43)
_AT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Add the column, and make the tables."""
    op.add_column("openings", sa.Column("share", _TOKEN, nullable=True))
    op.create_table(
        "wallets",
        sa.Column("id", _RID, nullable=False),
        sa.Column("token", _TOKEN, nullable=False),
        sa.Column("customer", sa.String(length=100), nullable=True),
        sa.Column("at", _AT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wallets")),
        sa.UniqueConstraint("customer", name=op.f("uq_wallets_customer")),
        sa.UniqueConstraint("token", name=op.f("uq_wallets_token")),
    )
    op.create_table(
        "holdings",
        sa.Column("voucher", _RID, nullable=False),
        sa.Column("wallet", _RID, nullable=False),
        sa.Column("at", _AT, nullable=False),
        sa.ForeignKeyConstraint(["voucher"], ["vouchers.id"], name=op.f("fk_holdings_voucher")),
        sa.ForeignKeyConstraint(["wallet"], ["wallets.id"], name=op.f("fk_holdings_wallet")),
        sa.PrimaryKeyConstraint("voucher", name=op.f("pk_holdings")),
    )
    op.create_index(op.f("ix_holdings_wallet"), "holdings", ["wallet"], unique=False)
    op.create_table(
        "gifts",
        sa.Column("voucher", _RID, nullable=False),
        sa.Column("token", _TOKEN, nullable=False),
        sa.Column("at", _AT, nullable=False),
        sa.Column("became", _RID, nullable=True),
        sa.ForeignKeyConstraint(["became"], ["vouchers.id"], name=op.f("fk_gifts_became")),
        sa.ForeignKeyConstraint(["voucher"], ["vouchers.id"], name=op.f("fk_gifts_voucher")),
        sa.PrimaryKeyConstraint("voucher", name=op.f("pk_gifts")),
        sa.UniqueConstraint("token", name=op.f("uq_gifts_token")),
    )
