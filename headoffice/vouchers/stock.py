"""Pieces that lie ready in a store: counted only where somebody has said how many there are.

A redemption takes its pieces in the transaction that spends its uses, and an undo brings them back in its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import bindparam, delete, select, update

from headoffice.registry import known_stores, put
from headoffice.tables.schema import redemptions, stock, vouchers
from headoffice.vouchers.lent import require_not_lent

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Connection, Select


def pieces_of(type_id: ColumnElement[str]) -> Select[int]:
    """Return the statement for the pieces of a type in the store that is bound as ``store``."""
    return select(stock.c.pieces).where(stock.c.store == bindparam("store"), stock.c.type == type_id)


_LOCKED = pieces_of(bindparam("type")).with_for_update()
_MOVE = (
    update(stock)
    .where(
        stock.c.type == select(vouchers.c.type).where(vouchers.c.id == bindparam("of_voucher")).scalar_subquery(),
        stock.c.store == select(redemptions.c.store).where(redemptions.c.rid == bindparam("of_rid")).scalar_subquery(),
    )
    .values(pieces=stock.c.pieces - bindparam("taken"))
)


def locked(connection: Connection, type_id: str, store: str) -> int | None:
    """Return how many pieces of a type a store has, None where they are not counted.

    Nobody else takes one until the transaction ends. The caller holds the voucher already.
    """
    return connection.execute(_LOCKED, {"type": type_id, "store": store}).scalar()


def take(connection: Connection, voucher: str | None, rid: str, taken: int) -> None:
    """Take the pieces of a redemption where it was made, or bring them back (``taken`` is negative)."""
    if taken:
        connection.execute(_MOVE, {"of_voucher": voucher, "of_rid": rid, "taken": taken})


def put_pieces(connection: Connection, type_id: str, store: str, number: int | None) -> None:
    """Say how many pieces of a type a store has now; None: they are not counted.

    Raises RefusedError, NotAllowedError where the type is lent to the store: its holder knows of no count.
    """
    known_stores(connection, [store])
    if number is None:
        connection.execute(delete(stock).where(stock.c.type == type_id, stock.c.store == store))
    else:
        require_not_lent(connection, type_id, store)
        put(connection, stock, {"type": type_id, "store": store}, {"pieces": number})


def all_pieces(connection: Connection, type_id: str) -> dict[str, int]:
    """Return the pieces of a type by store."""
    found = select(stock.c.store, stock.c.pieces).where(stock.c.type == type_id).order_by(stock.c.store)
    return {row.store: row.pieces for row in connection.execute(found)}
