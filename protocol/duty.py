"""Clerks on the wire: who is signed in at a kiosk, and what can be undone there."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from protocol.envelope import Message
from protocol.ids import Rid

Text = Annotated[str, Meta(max_length=400)]
Pin = Annotated[str, Meta(pattern=r"^[0-9]{6}\Z")]
#: What a clerk holds before the camera; a code of theirs is no longer than a voucher's.
Shown = Annotated[str, Meta(min_length=1, max_length=512)]
ClerkNumber = Annotated[str, Meta(pattern=r"^[0-9]{1,12}\Z")]


class OnDuty(msgspec.Struct, frozen=True, kw_only=True):
    """Who is signed in at a kiosk, as its gateway has it."""

    sign_in: Rid
    """Names this one sign-in: the same clerk's next one is another."""
    clerk: ClerkNumber
    name: Text


class Done(msgspec.Struct, frozen=True, kw_only=True):
    """A redemption that can still be undone."""

    rid: Rid
    title: Text = ""
    code_tail: str | None = None
    at: str
    left_s: float
    """How much longer, as far as the gateway knows the owner's window."""


# --- what clerks ask at a kiosk ------------------------------------------------------------------------------------


class SignIn(Message, frozen=True, kw_only=True, tag="sign_in"):
    """A clerk comes, by badge or number and PIN; or goes, by the same badge or by neither."""

    look: int
    boot: str
    badge: Shown | None = None
    number: ClerkNumber | None = None
    pin: Pin | None = None
    holds: Rid | None = None  # what the kiosk knows of: only that one can be ended, so that a repeat is harmless


class AskUndoable(Message, frozen=True, kw_only=True, tag="ask_undoable"):
    """What can still be undone at this kiosk? Answered by Undoable or Notice with the same number."""

    look: int
    boot: str


class AskUndo(Message, frozen=True, kw_only=True, tag="ask_undo"):
    """May the clerk with this PIN, who is signed in, begin this undo? Answered by Offered, Refused or Notice."""

    look: int
    boot: str
    undoes: Rid
    reason: Text
    pin: Pin | None = None
