"""The book of what was done at the desk, by whom: a line is written in the transaction that does it."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select

from headoffice.tables.desk import deeds, people

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

MOST_SHOWN = 300


class Deed(StrEnum):
    """What can be done at the desk."""

    SIGNED_IN = "signed-in"
    JOINED = "joined"
    PASSWORD = "password"  # noqa: S105 - a deed's name
    ADD_PERSON = "add-person"
    CHANGE_PERSON = "change-person"
    LINK = "link"
    SIGN_OUT_PERSON = "sign-out-person"
    ADD_CLERK = "add-clerk"
    CHANGE_CLERK = "change-clerk"
    RESET_CLERK = "reset-clerk"
    ACTIVATE_CLERK = "activate-clerk"
    PUT_STORE = "put-store"
    PRACTISE = "practise"
    GO_LIVE = "go-live"
    BACK_TO_TESTING = "back-to-testing"
    DRAW_UP = "draw-up"
    APPROVE = "approve"
    REJECT = "reject"
    PUT_CAMPAIGN = "put-campaign"
    ADD_WEBHOOK = "add-webhook"
    CHANGE_WEBHOOK = "change-webhook"
    GRANT_REFUND = "grant-refund"
    REFUSE_REFUND = "refuse-refund"
    SEND = "send"
    MOVE_ORDER = "move-order"
    PUT_STOCK = "put-stock"
    WITHDRAW = "withdraw"
    UNDO = "undo"
    FORGET = "forget"
    PUT_CONTACT = "put-contact"
    NOTICE_AGAIN = "notice-again"
    END_NOTICES = "end-notices"
    DECIDE = "decide"


def note(connection: Connection, at: datetime, by: str, deed: Deed, about: str = "", why: str = "") -> None:  # noqa: PLR0913, PLR0917 - a row's columns
    """Write a line."""
    row = {"at": at, "by": by, "deed": deed, "about": about[:200], "why": why[:400]}
    connection.execute(insert(deeds), row)


def newest(connection: Connection) -> list[dict[str, Any]]:
    """Return the newest lines, the newest first."""
    found = (
        select(deeds, people.c.name)
        .outerjoin(people, people.c.login == deeds.c.by)
        .order_by(deeds.c.at.desc(), deeds.c.id.desc())
        .limit(MOST_SHOWN)
    )
    return [dict(row) for row in connection.execute(found).mappings()]
