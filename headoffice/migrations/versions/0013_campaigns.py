"""Campaigns, the places where their codes hang, and what was claimed there.

Revision ID: 0013
Revises: 0012
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

_ID = sa.String(length=63)
_RID = sa.String(length=32)
_AT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "campaigns",
        sa.Column("id", _ID, nullable=False),
        sa.Column("type", _ID, nullable=False),
        sa.Column("begins_at", _AT, nullable=True),
        sa.Column("ends_at", _AT, nullable=True),
        sa.Column("stock", sa.Integer(), nullable=True),
        sa.Column("each", sa.Integer(), nullable=False),
        sa.Column("paused", sa.Boolean(), nullable=False),
        sa.Column("claimed", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["type"], ["voucher_types.id"], name=op.f("fk_campaigns_type")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaigns")),
    )
    op.create_table(
        "campaign_sources",
        sa.Column("campaign", _ID, nullable=False),
        sa.Column("source", _ID, nullable=False),
        sa.ForeignKeyConstraint(["campaign"], ["campaigns.id"], name=op.f("fk_campaign_sources_campaign")),
        sa.PrimaryKeyConstraint("campaign", "source", name=op.f("pk_campaign_sources")),
    )
    op.create_table(
        "claims",
        sa.Column("key", _RID, nullable=False),
        sa.Column("campaign", _ID, nullable=False),
        sa.Column("source", _ID, nullable=False),
        sa.Column("wallet", _RID, nullable=False),
        sa.Column("voucher", _RID, nullable=False),
        sa.Column("at", _AT, nullable=False),
        sa.ForeignKeyConstraint(["campaign"], ["campaigns.id"], name=op.f("fk_claims_campaign")),
        sa.ForeignKeyConstraint(["voucher"], ["vouchers.id"], name=op.f("fk_claims_voucher")),
        sa.ForeignKeyConstraint(["wallet"], ["wallets.id"], name=op.f("fk_claims_wallet")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_claims")),
        sa.UniqueConstraint("voucher", name=op.f("uq_claims_voucher")),
    )
    op.create_index(op.f("ix_claims_campaign_wallet"), "claims", ["campaign", "wallet"], unique=False)
