"""What customers are told, how they are reached, and the vouchers of a type in the order in which they expire.

Revision ID: 0023
Revises: 0022
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"

_AT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the table, add the columns, and let the index on a type end with the date."""
    op.create_table(
        "contacts",
        sa.Column("wallet", sa.String(length=32), nullable=False),
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("address", sa.String(length=200), nullable=False),
        sa.Column("lang", sa.String(length=2), nullable=False),
        sa.Column("agreed_at", _AT, nullable=False),
        sa.Column("agreed_by", sa.String(length=200), nullable=False),
        sa.Column("ended_at", _AT, nullable=True),
        sa.ForeignKeyConstraint(["wallet"], ["wallets.id"], name=op.f("fk_contacts_wallet")),
        sa.PrimaryKeyConstraint("wallet", "channel", name=op.f("pk_contacts")),
    )
    op.add_column("holdings", sa.Column("reminded_at", _AT, nullable=True))
    op.add_column("voucher_types", sa.Column("notices", sa.String(length=20), nullable=False, server_default=""))
    op.add_column("voucher_types", sa.Column("remind_days", sa.Integer(), nullable=True))
    op.create_index(op.f("ix_vouchers_type_valid_until"), "vouchers", ["type", "valid_until"], unique=False)
    notices = sa.text("webhook IN ('sms', 'wechat', 'email')")
    op.create_index(
        "ix_deliveries_notices", "deliveries", ["subject", "id"], sqlite_where=notices, postgresql_where=notices
    )
    op.drop_index(op.f("ix_vouchers_type"), table_name="vouchers")
