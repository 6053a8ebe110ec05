"""Cases: rids at vouchers that a platform owns.

Revision ID: 0004
Revises: 0003
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_ID = sa.String(length=63)
_UNFINISHED = sa.text("phase <> 'ended'")
_CLAIMS = sa.column("claims", sa.Boolean()).is_(True)


def upgrade() -> None:
    """Make the table, and note at which platform a voucher was."""
    for books in ("redemptions", "refusals"):
        op.add_column(books, sa.Column("platform", sa.String(length=20), nullable=True))
    op.create_table(
        "cases",
        sa.Column("rid", sa.String(length=32), nullable=False),
        sa.Column("requester", _ID, nullable=False),
        sa.Column("gateway", _ID, nullable=False),
        sa.Column("store", _ID, nullable=False),
        sa.Column("intent", sa.Text(), nullable=True),
        sa.Column("phase", sa.String(length=20), nullable=False),
        sa.Column("queries", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("claimed_at", sa.Double(), nullable=False),
        sa.Column("left_at", sa.Double(), nullable=False),
        sa.Column("due", sa.Double(), nullable=True),
        sa.Column("voucher", sa.String(length=200), nullable=True),
        sa.Column("single", sa.Boolean(), nullable=False),
        sa.Column("claims", sa.Boolean(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["gateway"], ["gateways.id"], name=op.f("fk_cases_gateway")),
        sa.ForeignKeyConstraint(["store"], ["stores.id"], name=op.f("fk_cases_store")),
        sa.PrimaryKeyConstraint("rid", name=op.f("pk_cases")),
    )
    op.create_index("ix_cases_unfinished", "cases", ["due"], sqlite_where=_UNFINISHED, postgresql_where=_UNFINISHED)
    op.create_index("uq_cases_claim", "cases", ["voucher"], unique=True, sqlite_where=_CLAIMS, postgresql_where=_CLAIMS)
