"""What is lent stays as it was lent: while a lease of a type has not ended, its holder goes by the terms of then."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import bindparam, select

from headoffice.errors import NotAllowedError
from headoffice.tables.schema import leases, voucher_types

if TYPE_CHECKING:
    from sqlalchemy import Connection

#: Vouchers of the type are issued meanwhile all the same: those change no key of its row.
_HOLD = select(voucher_types.c.id).where(voucher_types.c.id == bindparam("type")).with_for_update(key_share=True)
_LENT = select(leases.c.id).where(leases.c.type == bindparam("type"), leases.c.ended_at.is_(None)).order_by(leases.c.id)
_LENT_TO = _LENT.where(leases.c.store == bindparam("store"))


def hold_type(connection: Connection, type_id: str) -> None:
    """Hold a type until the transaction ends: it is neither changed nor lent by anybody else."""
    connection.execute(_HOLD, {"type": type_id})


def require_not_lent(connection: Connection, type_id: str, store: str | None = None) -> None:
    """Raise NotAllowedError where a lease of a type, in this store, has not ended; the type is held."""
    hold_type(connection, type_id)
    statement = _LENT if store is None else _LENT_TO
    lease = connection.execute(statement, {"type": type_id, "store": store} if store else {"type": type_id}).scalar()
    if lease is not None:
        msg = f"vouchers of the type {type_id} are under the lease {lease}; recall that first, and wait for its end"
        raise NotAllowedError(msg)
