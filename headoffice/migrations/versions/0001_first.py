"""The first schema: stores, gateways, clerks, vouchers and the ledger.

Revision ID: 0001
Revises:
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the tables."""
    _people_and_places()
    _vouchers()
    _redemptions()
    _claims_and_refusals()


def _people_and_places() -> None:
    op.create_table(
        "stores",
        sa.Column("id", sa.String(length=63), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("timezone", sa.String(length=64), nullable=False),
        sa.Column("address", sa.String(length=200), nullable=False),
        sa.Column("phone", sa.String(length=40), nullable=False),
        sa.Column("hours", sa.String(length=100), nullable=False),
        sa.Column("clerk_policy", sa.String(length=20), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stores")),
    )
    op.create_table(
        "gateways",
        sa.Column("id", sa.String(length=63), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gateways")),
    )
    op.create_table(
        "gateway_stores",
        sa.Column("gateway", sa.String(length=63), nullable=False),
        sa.Column("store", sa.String(length=63), nullable=False),
        sa.ForeignKeyConstraint(["gateway"], ["gateways.id"], name=op.f("fk_gateway_stores_gateway")),
        sa.ForeignKeyConstraint(["store"], ["stores.id"], name=op.f("fk_gateway_stores_store")),
        sa.PrimaryKeyConstraint("gateway", "store", name=op.f("pk_gateway_stores")),
    )
    op.create_index(op.f("ix_gateway_stores_store"), "gateway_stores", ["store"], unique=False)
    op.create_table(
        "clerks",
        sa.Column("number", sa.String(length=12), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("pin_hash", sa.String(length=200), nullable=False),
        sa.Column("badge_digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("disabled", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_clerks")),
        sa.UniqueConstraint("badge_digest", name=op.f("uq_clerks_badge_digest")),
    )
    op.create_table(
        "clerk_stores",
        sa.Column("clerk", sa.String(length=12), nullable=False),
        sa.Column("store", sa.String(length=63), nullable=False),
        sa.ForeignKeyConstraint(["clerk"], ["clerks.number"], name=op.f("fk_clerk_stores_clerk")),
        sa.ForeignKeyConstraint(["store"], ["stores.id"], name=op.f("fk_clerk_stores_store")),
        sa.PrimaryKeyConstraint("clerk", "store", name=op.f("pk_clerk_stores")),
    )
    op.create_index(op.f("ix_clerk_stores_store"), "clerk_stores", ["store"], unique=False)


def _vouchers() -> None:
    op.create_table(
        "voucher_types",
        sa.Column("id", sa.String(length=63), nullable=False),
        sa.Column("terms", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("title", sa.String(length=100), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("brand", sa.String(length=100), nullable=False),
        sa.Column("colour", sa.String(length=7), nullable=False),
        sa.Column("logo", sa.Text(), nullable=False),
        sa.Column("value_fen", sa.Integer(), nullable=True),
        sa.Column("value_text", sa.String(length=100), nullable=False),
        sa.Column("details", sa.Text(), nullable=False),
        sa.Column("uses", sa.Integer(), nullable=False),
        sa.Column("everywhere", sa.Boolean(), nullable=False),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=True),
        sa.Column("valid_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("valid_days", sa.Integer(), nullable=True),
        sa.Column("weekdays", sa.Integer(), nullable=False),
        sa.Column("hours_from", sa.Time(), nullable=True),
        sa.Column("hours_until", sa.Time(), nullable=True),
        sa.Column("offline", sa.Boolean(), nullable=False),
        sa.Column("online", sa.Boolean(), nullable=False),
        sa.Column("mail", sa.Boolean(), nullable=False),
        sa.CheckConstraint("uses >= 1", name=op.f("ck_voucher_types_uses")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_voucher_types")),
    )
    op.create_table(
        "voucher_type_stores",
        sa.Column("type", sa.String(length=63), nullable=False),
        sa.Column("store", sa.String(length=63), nullable=False),
        sa.ForeignKeyConstraint(["store"], ["stores.id"], name=op.f("fk_voucher_type_stores_store")),
        sa.ForeignKeyConstraint(["type"], ["voucher_types.id"], name=op.f("fk_voucher_type_stores_type")),
        sa.PrimaryKeyConstraint("type", "store", name=op.f("pk_voucher_type_stores")),
    )
    op.create_table(
        "vouchers",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("code", sa.String(length=512), nullable=False),
        sa.Column("type", sa.String(length=63), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("page_token", sa.String(length=43), nullable=False),
        sa.Column("uses", sa.Integer(), nullable=False),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=True),
        sa.Column("valid_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("uses >= 1", name=op.f("ck_vouchers_uses")),
        sa.ForeignKeyConstraint(["type"], ["voucher_types.id"], name=op.f("fk_vouchers_type")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vouchers")),
        sa.UniqueConstraint("code", name=op.f("uq_vouchers_code")),
        sa.UniqueConstraint("page_token", name=op.f("uq_vouchers_page_token")),
    )
    op.create_index(op.f("ix_vouchers_type"), "vouchers", ["type"], unique=False)
    op.create_table(
        "voucher_events",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("voucher", sa.String(length=32), nullable=False),
        sa.Column("step", sa.String(length=20), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["voucher"], ["vouchers.id"], name=op.f("fk_voucher_events_voucher")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_voucher_events")),
    )
    op.create_index(op.f("ix_voucher_events_voucher"), "voucher_events", ["voucher"], unique=False)


def _redemptions() -> None:
    op.create_table(
        "redemptions",
        sa.Column("rid", sa.String(length=32), nullable=False),
        sa.Column("requester", sa.String(length=63), nullable=False),
        sa.Column("gateway", sa.String(length=63), nullable=True),
        sa.Column("store", sa.String(length=63), nullable=False),
        sa.Column("clerk", sa.String(length=100), nullable=True),
        sa.Column("action", sa.String(length=20), nullable=False),
        sa.Column("intent_digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("method", sa.String(length=20), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.String(length=400), nullable=True),
        sa.Column("undoes", sa.String(length=32), nullable=True),
        sa.Column("voucher", sa.String(length=32), nullable=True),
        sa.Column("spent", sa.Text(), nullable=False),
        sa.Column("verdict", sa.String(length=20), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("code_tail", sa.String(length=4), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("undone_by", sa.String(length=32), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("handed_over", sa.Boolean(), nullable=True),
        sa.ForeignKeyConstraint(["gateway"], ["gateways.id"], name=op.f("fk_redemptions_gateway")),
        sa.ForeignKeyConstraint(["store"], ["stores.id"], name=op.f("fk_redemptions_store")),
        sa.ForeignKeyConstraint(["voucher"], ["vouchers.id"], name=op.f("fk_redemptions_voucher")),
        sa.PrimaryKeyConstraint("rid", name=op.f("pk_redemptions")),
    )
    op.create_index(op.f("ix_redemptions_at_rid"), "redemptions", ["at", "rid"], unique=False)
    op.create_index(op.f("ix_redemptions_store_at_rid"), "redemptions", ["store", "at", "rid"], unique=False)
    op.create_index(op.f("ix_redemptions_voucher"), "redemptions", ["voucher"], unique=False)
    op.create_index(
        "uq_redemptions_undone",
        "redemptions",
        ["undoes"],
        unique=True,
        sqlite_where=sa.text("verdict = 'undone'"),
        postgresql_where=sa.text("verdict = 'undone'"),
    )


def _claims_and_refusals() -> None:
    op.create_table(
        "uses",
        sa.Column("voucher", sa.String(length=32), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("rid", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["rid"], ["redemptions.rid"], name=op.f("fk_uses_rid")),
        sa.ForeignKeyConstraint(["voucher"], ["vouchers.id"], name=op.f("fk_uses_voucher")),
        sa.PrimaryKeyConstraint("voucher", "number", name=op.f("pk_uses")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "refusals",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("requester", sa.String(length=63), nullable=False),
        sa.Column("gateway", sa.String(length=63), nullable=False),
        sa.Column("store", sa.String(length=63), nullable=False),
        sa.Column("clerk", sa.String(length=100), nullable=True),
        sa.Column("method", sa.String(length=20), nullable=False),
        sa.Column("voucher", sa.String(length=32), nullable=True),
        sa.Column("verdict", sa.String(length=20), nullable=False),
        sa.Column("code_tail", sa.String(length=4), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["gateway"], ["gateways.id"], name=op.f("fk_refusals_gateway")),
        sa.ForeignKeyConstraint(["store"], ["stores.id"], name=op.f("fk_refusals_store")),
        sa.ForeignKeyConstraint(["voucher"], ["vouchers.id"], name=op.f("fk_refusals_voucher")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refusals")),
    )
    op.create_index(op.f("ix_refusals_at_id"), "refusals", ["at", "id"], unique=False)
    op.create_index(op.f("ix_refusals_store_at_id"), "refusals", ["store", "at", "id"], unique=False)
    op.create_index(op.f("ix_refusals_voucher"), "refusals", ["voucher"], unique=False)
