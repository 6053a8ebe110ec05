"""What an event says to a receiver: ids with their names, money in fen, of a code the tail alone."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from protocol.ids import code_tail
from protocol.records import masked

if TYPE_CHECKING:
    from collections.abc import Mapping

_UTC = "UTC"


def body_of(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return an event as it is told; ``row`` is a delivery with the names of what it is about."""
    facts: dict[str, Any] = json.loads(row["facts"])
    tail, platform = facts.pop("code_tail", None), facts.pop("platform", None)
    if row["code"] is not None:
        tail = code_tail(row["code"])
    data = {**facts}
    if row["store"] is not None:
        data["store"] = {"id": row["store"], "name": row["store_name"]}
    if "kiosk" in facts:
        data["clerk"] = None if row["clerk"] is None else {"id": row["clerk"], "name": row["clerk_name"]}
    if tail or platform:
        data["voucher"] = _voucher(row, masked(tail), platform)
    at = row["at"].astimezone(ZoneInfo(row["timezone"] or _UTC))
    return {"type": row["type"], "timestamp": at.isoformat(timespec="seconds"), "data": data}


def _voucher(row: Mapping[str, Any], code: str | None, platform: str | None) -> dict[str, Any]:
    """Return a voucher; the id that a platform gives its own is none of the chain's to tell, it may be the code."""
    if row["code"] is None:
        return {"id": None, "code": code, "type": None, "platform": platform}
    of_type = {"id": row["voucher_type"], "title": row["title"], "kind": row["kind"]}
    return {"id": row["subject"], "code": code, "type": of_type, "platform": None}
