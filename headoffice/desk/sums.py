"""Sums of money as a form has them: yuan with at most two decimals; everywhere else they are integers, in fen."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

from headoffice.errors import RefusedError

_FEN = 100


def fen(text: str) -> int | None:
    """Return a sum that was typed, in fen; None where nothing was; raise RefusedError."""
    if not text:
        return None
    try:
        found = Decimal(text) * _FEN
    except InvalidOperation:
        found = Decimal("NaN")
    if not found.is_finite() or found != found.to_integral_value():
        msg = f"{text}: a sum in yuan is written as 20 or 12.50"
        raise RefusedError(msg)
    return int(found)
