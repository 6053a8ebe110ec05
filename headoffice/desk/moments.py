"""Moments as a form has them: in the chain's own time, as a browser's field for date and time writes one."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from headoffice.errors import RefusedError

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo


def written(at: datetime | None, zone: ZoneInfo) -> str:
    """Return a moment as the field shows it; empty where there is none."""
    return "" if at is None else f"{at.astimezone(zone):%Y-%m-%dT%H:%M}"


def moment(text: str, zone: ZoneInfo) -> datetime | None:
    """Return a moment that was typed; None where nothing was; raise RefusedError."""
    if not text:
        return None
    try:
        return datetime.fromisoformat(text).replace(tzinfo=zone)
    except ValueError as error:
        msg = f"{text}: a moment is written as 2026-12-31T22:00"
        raise RefusedError(msg) from error
